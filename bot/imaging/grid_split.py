"""Split a finished grid into its four pictures."""

from PIL import Image

from bot.errors import PictureUnreadable
from bot.imaging.decode import (
    decode_upright,
    encode_image,
    flatten_on_white,
    has_transparency,
    make_picture_errors,
    open_image,
)
from bot.imaging.reencode import Picture, fit_to_limit


def split_grid(data: bytes, *, name: str, limit: int, url: str = "") -> tuple[Picture, Picture, Picture, Picture]:
    """Split a grid into pictures 1, 2 (top), 3, 4 (bottom) of at most `limit` bytes each; blocks the calling thread.

    No pixel is lost: if a side is odd, the right or lower picture gets one more. A PNG is split losslessly, other
    formats at a quality without visible loss; a picture that is still too large is re-encoded to fit.

    Raises:
        PictureError: The grid is too large, or is no still picture of at least two pixels a side.
    """
    with open_image(data, make_picture_errors(url)) as image:
        is_lossless = image.format == "PNG"
        grid = decode_upright(image)
        if min(grid.size) < 2:
            raise PictureUnreadable(url, "too small to be a grid")
        if not is_lossless:
            is_lossless = has_transparency(grid)
            grid = grid if is_lossless else flatten_on_white(grid)
        quarters = [_encode_quarter(grid.crop(box), is_lossless=is_lossless) for box in _list_boxes(*grid.size)]
    one, two, three, four = (
        fit_to_limit(quarter, name=f"{name}_{number}", limit=limit, url=url)
        for number, quarter in enumerate(quarters, 1)
    )
    return one, two, three, four


def _list_boxes(width: int, height: int) -> list[tuple[int, int, int, int]]:
    """Return left, top, right and bottom of each picture of a grid of that size."""
    columns, rows = (0, width // 2, width), (0, height // 2, height)
    return [(columns[x], rows[y], columns[x + 1], rows[y + 1]) for y in (0, 1) for x in (0, 1)]


def _encode_quarter(image: Image.Image, *, is_lossless: bool) -> bytes:
    if is_lossless:
        # Level 3 takes a third of the default level's time, and makes files a few percent larger.
        return encode_image(image, "PNG", compress_level=3)
    return encode_image(image, "JPEG", quality=95, subsampling=0)
