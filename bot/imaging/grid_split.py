"""Cut a finished grid into its four pictures."""

from io import BytesIO

from PIL import Image

from bot.errors import PictureUnreadable
from bot.imaging.decode import decode_upright, flatten_on_white, has_transparency, open_image
from bot.imaging.mask_preview import make_picture_errors
from bot.imaging.reencode import Picture, fit_to_limit

_QUALITY = 95


def split_grid(data: bytes, *, name: str, limit: int, url: str = "") -> tuple[Picture, Picture, Picture, Picture]:
    """Cut a grid into pictures 1 2 above 3 4, each of at most `limit` bytes, blocking the calling thread meanwhile.

    No pixel is lost: of an odd number the right, or the lower, one gets one more. A PNG is cut without loss, and other
    kinds at a quality that nobody sees; what then is too large is re-encoded to fit.

    Raises:
        PictureError: The grid is too large, or no still picture of at least two pixels a side.
    """
    with open_image(data, make_picture_errors(url)) as image:
        lossless = image.format == "PNG"
        grid = decode_upright(image)
    width, height = grid.size
    if min(width, height) < 2:
        raise PictureUnreadable(url, "too small to be a grid")
    if not lossless:
        lossless = has_transparency(grid)
        grid = grid if lossless else flatten_on_white(grid)
    across, down = (0, width // 2, width), (0, height // 2, height)
    boxes = [(across[x], down[y], across[x + 1], down[y + 1]) for y in (0, 1) for x in (0, 1)]
    one, two, three, four = (
        fit_to_limit(_written(grid.crop(box), lossless=lossless), name=f"{name}_{number}", limit=limit, url=url)
        for number, box in enumerate(boxes, 1)
    )
    return one, two, three, four


def _written(image: Image.Image, *, lossless: bool) -> bytes:
    buffer = BytesIO()
    if lossless:
        # Level 3 takes a third of the default's time, for a few per cent of size.
        image.save(buffer, "PNG", compress_level=3)
    else:
        image.save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    return buffer.getvalue()
