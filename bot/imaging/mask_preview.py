"""Draw a preview of what a mask selects, so that a person sees at a glance what will be repainted."""

from io import BytesIO
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageOps

from bot.imaging.decode import (
    decode_upright,
    encode_image,
    flatten_on_white,
    make_picture_errors,
    open_image,
    resize_image,
)
from bot.imaging.masks import Mask
from bot.imaging.reencode import Picture, fit_to_limit

MAX_SIDE_PIXELS: Final = 1024
"""The preview's longer side at most; Discord shows it smaller still."""

TINT: Final = (255, 45, 120)
"""A pink that is rare in pictures."""
_TINT_OPACITY: Final = 0.30
_STRIPE_OPACITY: Final = 0.34
_STRIPE_SPACING: Final = 30
_DIMMED_BRIGHTNESS: Final = 0.56
_OUTLINE_WIDTH: Final = 3


def draw_mask_preview(data: bytes, mask: Mask, *, name: str, limit: int, url: str = "") -> Picture:
    """Draw the picture with its mask: the masked area tinted, striped and outlined, the rest dimmed.

    Blocks the calling thread.

    Raises:
        PictureError: The picture is too large, or not a picture.
    """
    with open_image(data, make_picture_errors(url)) as image:
        picture = flatten_on_white(decode_upright(image, MAX_SIDE_PIXELS))
    with Image.open(BytesIO(mask.data)) as image:
        area = resize_image(image, picture.size, Image.Resampling.NEAREST)
    gray = ImageOps.grayscale(picture).convert("RGB")
    dark = Image.new("RGB", picture.size, (16, 16, 20))
    dimmed = Image.blend(dark, Image.blend(gray, picture, 0.6), _DIMMED_BRIGHTNESS)
    tint = Image.new("RGB", picture.size, TINT)
    tinted = Image.blend(picture, tint, _TINT_OPACITY)
    striped = Image.composite(Image.blend(tinted, tint, _STRIPE_OPACITY), tinted, _draw_stripes(picture.size))
    preview = Image.composite(striped, dimmed, area)
    preview.paste((20, 10, 15), mask=_draw_outline(area, _OUTLINE_WIDTH + 2))
    preview.paste((255, 255, 255), mask=_draw_outline(area, _OUTLINE_WIDTH))
    return fit_to_limit(encode_image(preview, "JPEG", quality=90, subsampling=0), name=name, limit=limit, url=url)


def _draw_stripes(size: tuple[int, int]) -> Image.Image:
    width, height = size
    image = Image.new("L", size, 0)
    draw = ImageDraw.Draw(image)
    for x in range(-height, width, _STRIPE_SPACING):
        draw.line((x, height, x + height, 0), fill=255, width=_STRIPE_SPACING // 4)
    return image


def _draw_outline(area: Image.Image, thickness: int) -> Image.Image:
    """Draw a line along the area's inner edges; it shifts copies, because a filter would hold the GIL."""
    edge = Image.new("L", area.size, 0)
    framed = ImageOps.expand(area, thickness, 0)
    width, height = area.size
    for dx, dy in ((thickness, 0), (-thickness, 0), (0, thickness), (0, -thickness)):
        box = (thickness + dx, thickness + dy, thickness + dx + width, thickness + dy + height)
        edge = ImageChops.lighter(edge, ImageChops.subtract(area, framed.crop(box)))
    return edge
