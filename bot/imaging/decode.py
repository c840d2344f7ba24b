"""Open a picture's bytes: what is broken, a bomb, or moving is told as an error of ours, before a pixel is decoded."""

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps

from bot.errors import MjbotError, PictureWorkAborted
from bot.imaging.reencode import DECODE_ERRORS, MAX_PIXELS, has_too_many_scans

SUPPORTED_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
# A camera's two views in one JPEG are no animation.
_STILL = {"JPEG", "MPO"}
_STRIP = 256
_PIXELS = re.compile(r"([0-9]{1,18}) pixels")


@dataclass(frozen=True)
class DecodeErrors:
    """The errors that whoever opens a picture wants for what may be wrong with it; `too_large` is told the pixels."""

    unreadable: Callable[[], MjbotError]
    too_large: Callable[[int], MjbotError]
    animated: Callable[[], MjbotError]


@contextmanager
def open_image(data: bytes, wrong: DecodeErrors) -> Generator[Image.Image]:
    """Open a still picture of at most MAX_PIXELS, and turn whatever Pillow raises meanwhile into an error of ours."""
    if has_too_many_scans(data):
        raise wrong.unreadable()
    try:
        with Image.open(BytesIO(data), formats=SUPPORTED_FORMATS) as image:
            pixels = image.width * image.height
            if pixels > MAX_PIXELS:
                raise wrong.too_large(pixels)
            if image.format not in _STILL and getattr(image, "is_animated", False):
                raise wrong.animated()
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        found = _PIXELS.search(str(error))
        raise wrong.too_large(int(found[1]) if found else MAX_PIXELS + 1) from error
    except MemoryError as error:
        raise PictureWorkAborted("", "out of memory") from error
    except DECODE_ERRORS as error:
        raise wrong.unreadable() from error


def decode_upright(image: Image.Image, longest: int = 0) -> Image.Image:
    """Decode a picture the way it is meant to be seen, at about `longest` pixels a side where that is given."""
    if longest:
        # A JPEG is decoded at a fraction of its size where that still is enough.
        image.draft(None, (longest, longest))
    image.load()
    ImageOps.exif_transpose(image, in_place=True)  # a copy would be up to 128 MiB
    if longest and longest < max(image.size):
        scale = longest / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        if image.mode not in {"L", "LA", "RGB", "RGBA"}:
            image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        return resize_image(image, size, Image.Resampling.LANCZOS)
    return image


def resize_image(image: Image.Image, size: tuple[int, int], how: Image.Resampling) -> Image.Image:
    """Bring a picture to a size."""
    return image.resize(size, how, reducing_gap=2.0)  # pyright: ignore[reportUnknownMemberType]


def apply_threshold(image: Image.Image, least: int, *, below: bool = False) -> Image.Image:
    """Make what is `least` or more of one channel white and the rest black, or the other way round."""
    table = [255 if (level >= least) is not below else 0 for level in range(256)]
    return image.point(table)  # pyright: ignore[reportUnknownMemberType]


def has_transparency(image: Image.Image) -> bool:
    """Whether something shows through; looked at in strips, as Pillow holds the interpreter's lock for a channel."""
    if not image.has_transparency_data:
        return False
    image = _rgba(image)
    width, height = image.size
    strips = (image.crop((0, top, width, min(top + _STRIP, height))) for top in range(0, height, _STRIP))
    return any(strip.getchannel("A").getextrema() != (255, 255) for strip in strips)


def flatten_on_white(image: Image.Image) -> Image.Image:
    """Return the plain colours of a picture, laid on white where something shows through."""
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    image = _rgba(image)
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def _rgba(image: Image.Image) -> Image.Image:
    return image if image.mode == "RGBA" else image.convert("RGBA")
