"""Show over a picture what of it will be repainted, so that a person sees it at a glance."""

from io import BytesIO

from PIL import Image, ImageChops, ImageDraw, ImageOps

from bot.errors import PictureTooLarge, PictureUnreadable
from bot.imaging.decode import DecodeErrors, decode_upright, flatten_on_white, open_image, resize_image
from bot.imaging.masks import Mask
from bot.imaging.reencode import Picture, fit_to_limit

MAX_SIDE_PIXELS = 1024
"""Pixels on the longer side: what Discord shows is smaller still."""

TINT = (255, 45, 120)
"""A pink that little in nature has."""
_TINTED = 0.30
_STRIPE = 0.34
_EVERY = 30
_DIMMED = 0.56
_LINE = 3


def draw_mask_preview(data: bytes, mask: Mask, *, name: str, limit: int, url: str = "") -> Picture:
    """Draw the picture with its mask: the part to be repainted tinted, striped and outlined, the rest dimmed.

    Blocks the calling thread meanwhile.

    Raises:
        PictureError: The picture is too large, or none.
    """
    with open_image(data, make_picture_errors(url)) as image:
        picture = flatten_on_white(decode_upright(image, MAX_SIDE_PIXELS))
    with Image.open(BytesIO(mask.data)) as image:
        area = resize_image(image, picture.size, Image.Resampling.NEAREST)
    grey = ImageOps.grayscale(picture).convert("RGB")
    kept = Image.blend(Image.new("RGB", picture.size, (16, 16, 20)), Image.blend(grey, picture, 0.6), _DIMMED)
    tint = Image.new("RGB", picture.size, TINT)
    tinted = Image.blend(picture, tint, _TINTED)
    striped = Image.composite(Image.blend(tinted, tint, _STRIPE), tinted, _stripes(picture.size))
    shown = Image.composite(striped, kept, area)
    shown.paste((20, 10, 15), mask=_outline(area, _LINE + 2))
    shown.paste((255, 255, 255), mask=_outline(area, _LINE))
    buffer = BytesIO()
    shown.save(buffer, "JPEG", quality=90, subsampling=0)
    return fit_to_limit(buffer.getvalue(), name=name, limit=limit, url=url)


def make_picture_errors(url: str) -> DecodeErrors:
    """Return what is raised for a picture of a task's."""
    return DecodeErrors(
        unreadable=lambda: PictureUnreadable(url, "not a picture, or half of one"),
        too_large=lambda pixels: PictureTooLarge(url, f"{pixels} pixels"),
        animated=lambda: PictureUnreadable(url, "it moves"),
    )


def _stripes(size: tuple[int, int]) -> Image.Image:
    width, height = size
    image = Image.new("L", size, 0)
    draw = ImageDraw.Draw(image)
    for x in range(-height, width, _EVERY):
        draw.line((x, height, x + height, 0), fill=255, width=_EVERY // 4)
    return image


def _outline(area: Image.Image, thick: int) -> Image.Image:
    """Return a line along the edges within the picture; by shifts, as a filter would hold the interpreter's lock."""
    edge = Image.new("L", area.size, 0)
    framed = ImageOps.expand(area, thick, 0)
    width, height = area.size
    for across, down in ((thick, 0), (-thick, 0), (0, thick), (0, -thick)):
        box = (thick + across, thick + down, thick + across + width, thick + down + height)
        edge = ImageChops.lighter(edge, ImageChops.subtract(area, framed.crop(box)))
    return edge
