"""Draw what the sandbox's Midjourney answers with: grids, single pictures, changes of given ones, previews, clips."""

from sandbox.pictures.files import finished, preview
from sandbox.pictures.film import Film, Format, Motion, clip
from sandbox.pictures.photo import Photo, look
from sandbox.pictures.shots import (
    DRAWN,
    Shot,
    Way,
    aspect_of,
    blended,
    draw,
    edited,
    four_shots,
    given,
    grid,
    size_of,
    swapped,
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
    "blended",
    "clip",
    "draw",
    "edited",
    "finished",
    "four_shots",
    "given",
    "grid",
    "look",
    "preview",
    "size_of",
    "swapped",
]
