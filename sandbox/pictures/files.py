"""Encode shots as the files that a relay serves: finished pictures and previews."""

from __future__ import annotations

import io
from functools import lru_cache

from PIL import ImageEnhance, ImageFilter
from PIL.PngImagePlugin import PngInfo

from sandbox.pictures.shots import Shot, draw_grid, draw_shot


@lru_cache(maxsize=24)
def render_picture(shots: tuple[Shot, ...], side: int = 1024, words: str = "") -> bytes:
    """Return the final picture as PNG, a grid for several shots; `words` become its Description."""
    image = draw_shot(shots[0], side) if len(shots) == 1 else draw_grid(shots, side // 2)
    info = PngInfo()
    if words:
        info.add_itxt("Description", words)
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1, pnginfo=info)
    return out.getvalue()


@lru_cache(maxsize=64)
def render_preview(shots: tuple[Shot, ...], percent: int, side: int = 1024) -> bytes:
    """Return a preview as WebP: the final picture, blurred more at lower `percent`."""
    side = max(32, side // 2)
    image = draw_shot(shots[0], side) if len(shots) == 1 else draw_grid(shots, side // 2)
    image = image.filter(ImageFilter.GaussianBlur((100 - percent) / 100 * side / 22))
    out = io.BytesIO()
    ImageEnhance.Color(image).enhance(0.45 + percent / 180).save(out, "WEBP", quality=72, method=0)
    return out.getvalue()
