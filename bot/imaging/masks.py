"""Masks for Vary (Region): which part of a picture to repaint. White is repainted, black is kept."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import Final

from PIL import Image, ImageDraw

from bot.errors import MaskAmbiguous, MaskAspectRatioWrong, MaskEmpty, MaskFull
from bot.imaging.decode import (
    apply_threshold,
    decode_upright,
    encode_image,
    flatten_on_white,
    has_transparency,
    load_pixels,
    open_image,
    resize_image,
)
from bot.imaging.upload_validation import check_upload_file, make_upload_errors
from bot.languages import N_

MIN_SHARE: Final = 0.001
"""A smaller masked share is a slip of the pen; a smaller unmasked share counts as none."""

_MAX_SKEW: Final = 0.05
_DARK, _LIGHT = 64, 192
_HALF: Final = 128
_MIN_CLEAR_SHARE: Final = 0.8
"""The share of a mask that must be nearly black or white: edges are soft, and JPEG blurs."""
_MAX_COLOR_SPREAD: Final = 32
"""How far apart the values of one paint color may lie."""
_OUTLIERS: Final = 0.02


class Region(StrEnum):
    """A predefined part of a picture that a person can choose by name."""

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
        """The region's name in English; it also stands in messages that are already posted."""
        return _LABELS[self]


_LABELS: Final = {
    Region.LEFT: N_("Left half"),
    Region.RIGHT: N_("Right half"),
    Region.TOP: N_("Top half"),
    Region.BOTTOM: N_("Bottom half"),
    Region.LEFT_THIRD: N_("Left third"),
    Region.MIDDLE_COLUMN: N_("Middle column"),
    Region.RIGHT_THIRD: N_("Right third"),
    Region.TOP_THIRD: N_("Top third"),
    Region.MIDDLE_ROW: N_("Middle row"),
    Region.BOTTOM_THIRD: N_("Bottom third"),
    Region.TOP_LEFT: N_("Top left corner"),
    Region.TOP_RIGHT: N_("Top right corner"),
    Region.BOTTOM_LEFT: N_("Bottom left corner"),
    Region.BOTTOM_RIGHT: N_("Bottom right corner"),
    Region.CENTER: N_("Centre"),
    Region.BORDER: N_("Border"),
}


# Left, top, right and bottom, as fractions of the picture; the border is everything outside its box.
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
    """A black-and-white PNG of its picture's size; `repainted_share` is the white part, 0 to 1."""

    data: bytes
    width: int
    height: int
    repainted_share: float


def draw_mask(region: Region, size: tuple[int, int]) -> Mask:
    """Draw the mask of a predefined region for a picture of `size`; blocks the calling thread."""
    width, height = size
    inside, outside = (0, 255) if region is Region.BORDER else (255, 0)
    image = Image.new("L", size, outside)
    left, top, right, bottom = _BOXES[region]
    box = (round(left * width), round(top * height), round(right * width) - 1, round(bottom * height) - 1)
    if box[0] <= box[2] and box[1] <= box[3]:
        ImageDraw.Draw(image).rectangle(box, fill=inside)
    return _encode_mask(image)


def read_mask(data: bytes, size: tuple[int, int], *, name: str) -> Mask:
    """Make the mask for a picture of `size` from a picture that a person painted; blocks the calling thread.

    Accepted are a black-and-white picture; a copy of the picture with a transparent hole where to repaint; and paint on
    a transparent background, of one color, or white where to repaint and black where to keep.

    Raises:
        UploadRefused: The file is not an accepted picture.
        MaskRefused: One of its subclasses says why the mask cannot be read.
    """
    check_upload_file(data, name)
    with open_image(data, make_upload_errors(name)) as image:
        if abs(image.width * size[1] - image.height * size[0]) > _MAX_SKEW * image.width * size[1] + max(size):
            raise MaskAspectRatioWrong(image.size, size)
        load_pixels(image)
        read = _read_transparent if has_transparency(image) else _read_black_and_white
        painted = read(decode_upright(image))
        if painted.size != size:
            painted = apply_threshold(resize_image(painted, size, Image.Resampling.BILINEAR), _HALF)
        return _encode_mask(painted)


def read_own_mask(data: bytes, *, name: str) -> Mask:
    """Read a mask that the bot made, at its own size; raises what `read_mask` raises."""
    check_upload_file(data, name)
    with open_image(data, make_upload_errors(name)) as image:
        size = image.size
    return read_mask(data, size, name=name)


def _encode_mask(image: Image.Image) -> Mask:
    share = image.histogram()[255] / (image.width * image.height)
    if share < MIN_SHARE:
        raise MaskEmpty
    if share > 1 - MIN_SHARE:
        raise MaskFull
    return Mask(encode_image(image, "PNG"), *image.size, share)


def _read_black_and_white(image: Image.Image) -> Image.Image:
    gray = flatten_on_white(image).convert("L")
    counts = gray.histogram()
    if sum(counts[:_DARK]) + sum(counts[_LIGHT:]) < _MIN_CLEAR_SHARE * sum(counts):
        raise MaskAmbiguous
    return apply_threshold(gray, _HALF)


def _read_transparent(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    alpha = image.getchannel("A")
    paint = apply_threshold(alpha, _HALF)
    hole = apply_threshold(alpha, _HALF, inverted=True)
    painted_share = paint.histogram()[255] / (image.width * image.height)
    if painted_share < MIN_SHARE:
        raise MaskEmpty
    gray = image.convert("L")
    counts = gray.histogram(paint)
    dark, light = (sum(part) / sum(counts) for part in (counts[:_DARK], counts[_LIGHT:]))
    if min(dark, light) > _OUTLIERS and dark + light > 1 - _OUTLIERS:
        black = Image.new("L", image.size, 0)
        return Image.composite(apply_threshold(gray, _HALF), black, paint)
    channels = image.convert("RGB").histogram(paint)
    if all(_has_one_value(channels[start : start + 256]) for start in (0, 256, 512)):
        # Mostly black with a hole means: repaint the hole. Some black paint on a clear background means: repaint it.
        return hole if dark > 1 - _OUTLIERS and painted_share > 1 / 2 else paint
    return hole


def _has_one_value(counts: list[int]) -> bool:
    """Whether nearly all values of a channel, given its histogram, lie close together."""
    outliers = _OUTLIERS / 2 * sum(counts)
    lowest, highest = _skip_outliers(counts, outliers), 255 - _skip_outliers(counts[::-1], outliers)
    return highest - lowest <= _MAX_COLOR_SPREAD


def _skip_outliers(counts: list[int], outliers: float) -> int:
    """Return the first index up to which more than `outliers` pixels are counted."""
    return next(index for index, total in enumerate(accumulate(counts)) if total > outliers)
