"""Say which part of a picture is to be repainted: white is repainted and black kept, as Vary (Region) takes it."""

import re
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO

from PIL import Image, ImageDraw

from bot.errors import MaskAmbiguous, MaskAspectRatioWrong, MaskEmpty, MaskFull
from bot.imaging.decode import (
    apply_threshold,
    decode_upright,
    flatten_on_white,
    has_transparency,
    open_image,
    resize_image,
)
from bot.imaging.upload_validation import check_upload_file, make_upload_errors

MIN_SHARE = 0.001
"""A smaller part of the picture is a slip of the pen, and all but so much of it is everything."""

_SKEW = 0.05
_DARK, _LIGHT = 64, 192
_HALF = 128
_CLEAR = 0.8
"""How much of a mask must be nearly black or white: edges are soft, and JPEG smears."""
_ONE_COLOUR = 32
"""How far apart the values of one paint may lie."""
_OUTLIERS = 0.02


class Region(StrEnum):
    """A part of a picture with a name of its own."""

    LEFT = "left-half"
    RIGHT = "right-half"
    TOP = "top-half"
    BOTTOM = "bottom-half"
    LEFT_THIRD = "left-third"
    MIDDLE_COLUMN = "middle-column"
    RIGHT_THIRD = "right-third"
    TOP_THIRD = "top-third"
    MIDDLE_ROW = "middle-row"
    BOTTOM_THIRD = "bottom-third"
    TOP_LEFT = "top-left-corner"
    TOP_RIGHT = "top-right-corner"
    BOTTOM_LEFT = "bottom-left-corner"
    BOTTOM_RIGHT = "bottom-right-corner"
    CENTER = "centre"
    BORDER = "border"

    @property
    def label(self) -> str:
        """Say it as a person does."""
        return re.sub("-", " ", self.value).capitalize()


# Left, top, right and bottom, as parts of the picture; a border is all around its box.
_BOXES = {
    Region.LEFT: (0, 0, 1 / 2, 1),
    Region.RIGHT: (1 / 2, 0, 1, 1),
    Region.TOP: (0, 0, 1, 1 / 2),
    Region.BOTTOM: (0, 1 / 2, 1, 1),
    Region.LEFT_THIRD: (0, 0, 1 / 3, 1),
    Region.MIDDLE_COLUMN: (1 / 3, 0, 2 / 3, 1),
    Region.RIGHT_THIRD: (2 / 3, 0, 1, 1),
    Region.TOP_THIRD: (0, 0, 1, 1 / 3),
    Region.MIDDLE_ROW: (0, 1 / 3, 1, 2 / 3),
    Region.BOTTOM_THIRD: (0, 2 / 3, 1, 1),
    Region.TOP_LEFT: (0, 0, 1 / 2, 1 / 2),
    Region.TOP_RIGHT: (1 / 2, 0, 1, 1 / 2),
    Region.BOTTOM_LEFT: (0, 1 / 2, 1 / 2, 1),
    Region.BOTTOM_RIGHT: (1 / 2, 1 / 2, 1, 1),
    Region.CENTER: (1 / 4, 1 / 4, 3 / 4, 3 / 4),
    Region.BORDER: (1 / 6, 1 / 6, 5 / 6, 5 / 6),
}


@dataclass(frozen=True, slots=True)
class Mask:
    """A black-and-white PNG of its picture's size; `share` is the part that will be repainted, 0 to 1."""

    data: bytes
    width: int
    height: int
    repainted_share: float


def draw_mask(region: Region, size: tuple[int, int]) -> Mask:
    """Draw a ready region as the mask of a picture of `size`, blocking the calling thread meanwhile."""
    width, height = size
    inside, outside = (0, 255) if region is Region.BORDER else (255, 0)
    image = Image.new("L", size, outside)
    left, top, right, bottom = _BOXES[region]
    box = (round(left * width), round(top * height), round(right * width) - 1, round(bottom * height) - 1)
    if box[0] <= box[2] and box[1] <= box[3]:
        ImageDraw.Draw(image).rectangle(box, fill=inside)
    return _mask(image)


def read_mask(data: bytes, size: tuple[int, int], *, name: str) -> Mask:
    """Make the mask of a picture of `size` from a picture that somebody painted, blocking the calling thread.

    Either black and white; or a copy of the picture with a transparent hole where it is to be repainted; or paint on
    something transparent, of one colour, or of white for what is repainted and black for what is kept.

    Raises:
        UploadRefused: It is no picture that we take.
        MaskRefused: One of its leaves: it does not say what is to be repainted.
    """
    check_upload_file(data, name)
    with open_image(data, make_upload_errors(name)) as image:
        if abs(image.width * size[1] - image.height * size[0]) > _SKEW * image.width * size[1] + max(size):
            raise MaskAspectRatioWrong(image.size, size)
        painted = _by_alpha(decode_upright(image)) if has_transparency(image) else _by_light(decode_upright(image))
        if painted.size != size:
            painted = apply_threshold(resize_image(painted, size, Image.Resampling.BILINEAR), _HALF)
        return _mask(painted)


def read_own_mask(data: bytes, *, name: str) -> Mask:
    """Read a mask of our own again, at its own size; raises as `read_mask` does."""
    check_upload_file(data, name)
    with open_image(data, make_upload_errors(name)) as image:
        size = image.size
    return read_mask(data, size, name=name)


def _mask(image: Image.Image) -> Mask:
    share = image.histogram()[255] / (image.width * image.height)
    if share < MIN_SHARE:
        raise MaskEmpty
    if share > 1 - MIN_SHARE:
        raise MaskFull
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return Mask(buffer.getvalue(), *image.size, share)


def _by_light(image: Image.Image) -> Image.Image:
    grey = flatten_on_white(image).convert("L")
    levels = grey.histogram()
    if sum(levels[:_DARK]) + sum(levels[_LIGHT:]) < _CLEAR * sum(levels):
        raise MaskAmbiguous
    return apply_threshold(grey, _HALF)


def _by_alpha(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    alpha = image.getchannel("A")
    paint = apply_threshold(alpha, _HALF)
    hole = apply_threshold(alpha, _HALF, below=True)
    covered = paint.histogram()[255] / (image.width * image.height)
    if covered < MIN_SHARE:
        raise MaskEmpty
    grey = image.convert("L")
    levels = grey.histogram(paint)
    dark, light = (sum(part) / sum(levels) for part in (levels[:_DARK], levels[_LIGHT:]))
    if min(dark, light) > _OUTLIERS and dark + light > 1 - _OUTLIERS:
        black = Image.new("L", image.size, 0)
        return Image.composite(apply_threshold(grey, _HALF), black, paint)
    colours = image.convert("RGB").histogram(paint)
    if all(_is_one(colours[at : at + 256]) for at in (0, 256, 512)):
        # Black with a hole in it keeps what is black; a black brush on something clear marks what is meant.
        return hole if dark > 1 - _OUTLIERS and covered > 1 / 2 else paint
    return hole


def _is_one(levels: list[int]) -> bool:
    """Whether nearly all of a channel's values lie close together."""
    rest = _OUTLIERS / 2 * sum(levels)
    low = high = 0
    below = above = 0
    for level in range(256):
        below += levels[level]
        if below > rest:
            low = level
            break
    for level in range(255, -1, -1):
        above += levels[level]
        if above > rest:
            high = level
            break
    return high - low <= _ONE_COLOUR
