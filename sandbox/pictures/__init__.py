"""Draw the results of the sandbox's Midjourney: grids, single pictures, edits of photos, previews, clips."""

from sandbox.pictures.files import render_picture, render_preview
from sandbox.pictures.film import Film, Format, Motion, render_clip
from sandbox.pictures.photo import Photo, open_photo
from sandbox.pictures.shots import (
    DRAWN,
    Shot,
    Way,
    aspect_of,
    blend_photos,
    compose_shots,
    draw_grid,
    draw_shot,
    edit_photo,
    size_of,
    swap_faces,
    use_photo,
)

__all__ = [
    "DRAWN",
    "Film",
    "Format",
    "Motion",
    "Photo",
    "Shot",
    "Way",
    "aspect_of",
    "blend_photos",
    "compose_shots",
    "draw_grid",
    "draw_shot",
    "edit_photo",
    "open_photo",
    "render_clip",
    "render_picture",
    "render_preview",
    "size_of",
    "swap_faces",
    "use_photo",
]
