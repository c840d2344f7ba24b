"""Open pictures safely and convert their pixels: broken, huge and animated files become our errors before decoding."""

import re
import struct
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

from bot.errors import MjbotError, PictureTooLarge, PictureUnreadable, PictureWorkAborted

MAX_PIXELS: Final = 8192 * 4096
"""Twice Midjourney's largest; decoded, they take 128 MiB."""
SUPPORTED_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")
# A camera's MPO file holds two views in one JPEG; it is no animation.
STILL_FORMATS: Final = frozenset({"JPEG", "MPO"})
# What Pillow's decoders raise for hostile bytes, as found by fuzzing.
DECODE_ERRORS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    ArithmeticError,
    LookupError,
    TypeError,
    RuntimeError,
    struct.error,
    zlib.error,
)

# Encoders write ten scans or so; a camera's file may hold two views and two thumbnails.
_MAX_SCANS: Final = 100
_SCAN_MARKER: Final = b"\xff\xda"
_STRIP_HEIGHT: Final = 256
_EXIF_ORIENTATION: Final = 0x0112
_PIXEL_COUNT: Final = re.compile(r"([0-9]{1,18}) pixels")


@dataclass(frozen=True)
class DecodeErrors:
    """The errors to raise for one kind of picture; `too_large` receives the number of pixels."""

    unreadable: Callable[[], MjbotError]
    too_large: Callable[[int], MjbotError]
    animated: Callable[[], MjbotError]


def make_picture_errors(url: str) -> DecodeErrors:
    """Return the errors for a picture that a task made; `url` is where it came from."""
    return DecodeErrors(
        unreadable=lambda: PictureUnreadable(url, "not a picture, or half of one"),
        too_large=lambda pixels: PictureTooLarge(url, f"{pixels} pixels"),
        animated=lambda: PictureUnreadable(url, "it moves"),
    )


def has_too_many_scans(data: bytes) -> bool:
    """Whether a JPEG has more scans than any encoder writes; each costs a pass over all pixels, for thirty bytes."""
    # The marker cannot occur within a scan's own bytes.
    return data.startswith(b"\xff\xd8") and data.count(_SCAN_MARKER) > _MAX_SCANS


@contextmanager
def open_image(data: bytes, errors: DecodeErrors) -> Generator[Image.Image]:
    """Open a still picture of at most MAX_PIXELS; whatever Pillow raises in the block becomes one of `errors`."""
    if has_too_many_scans(data):
        raise errors.unreadable()
    try:
        with Image.open(BytesIO(data), formats=SUPPORTED_FORMATS) as image:
            pixels = image.width * image.height
            if pixels > MAX_PIXELS:
                raise errors.too_large(pixels)
            if image.format not in STILL_FORMATS and getattr(image, "is_animated", False):
                raise errors.animated()
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        match = _PIXEL_COUNT.search(str(error))
        raise errors.too_large(int(match[1]) if match else MAX_PIXELS + 1) from error
    except MemoryError as error:
        raise PictureWorkAborted("", "out of memory") from error
    except DECODE_ERRORS as error:
        raise errors.unreadable() from error


def decode_upright(image: Image.Image, max_side: int = 0) -> Image.Image:
    """Decode a picture and apply its EXIF orientation; shrink its longer side to about `max_side`, if given."""
    if max_side:
        # Decode a JPEG at a fraction of its size if that is still large enough.
        image.draft(None, (max_side, max_side))
    load_pixels(image)
    turn_upright(image)
    if max_side and max_side < max(image.size):
        scale = max_side / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        if image.mode not in {"L", "LA", "RGB", "RGBA"}:
            image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        return resize_image(image, size, Image.Resampling.LANCZOS)
    return image


def load_pixels(image: Image.Image) -> None:
    """Decode the pixels, and drop a transparent color that is none: a PNG's text may have any of Pillow's names."""
    image.load()
    if not isinstance(image.info.get("transparency"), int | bytes | tuple):
        image.info.pop("transparency", None)


def read_orientation(image: Image.Image) -> int:
    """Return the EXIF orientation; 1, which is upright, where there is none or it is broken."""
    with suppress(*DECODE_ERRORS):
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    return 1


def turn_upright(image: Image.Image) -> None:
    """Apply the EXIF orientation in place, as a copy would take up to 128 MiB; broken EXIF data is ignored."""
    with suppress(*DECODE_ERRORS):
        ImageOps.exif_transpose(image, in_place=True)


def resize_image(image: Image.Image, size: tuple[int, int], resampling: Image.Resampling) -> Image.Image:
    """Return the picture resized to (width, height)."""
    return image.resize(size, resampling, reducing_gap=2.0)  # pyright: ignore[reportUnknownMemberType]


def apply_threshold(image: Image.Image, threshold: int, *, inverted: bool = False) -> Image.Image:
    """Make a channel's values of at least `threshold` white and the others black; `inverted` swaps the two."""
    table = [255 if (value >= threshold) is not inverted else 0 for value in range(256)]
    return image.point(table)  # pyright: ignore[reportUnknownMemberType]


def has_transparency(image: Image.Image) -> bool:
    """Whether some pixel is not opaque; reads strips, because Pillow holds the GIL while it extracts a channel."""
    if not image.has_transparency_data:
        return False
    image = convert_to_rgba(image)
    width, height = image.size
    tops = range(0, height, _STRIP_HEIGHT)
    strips = (image.crop((0, top, width, min(top + _STRIP_HEIGHT, height))) for top in tops)
    return any(strip.getchannel("A").getextrema() != (255, 255) for strip in strips)


def flatten_on_white(image: Image.Image) -> Image.Image:
    """Return the picture as RGB, laid on white where it is transparent."""
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    image = convert_to_rgba(image)
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def convert_to_rgba(image: Image.Image) -> Image.Image:
    """Return the picture as RGBA; itself if it is RGBA already."""
    return image if image.mode == "RGBA" else image.convert("RGBA")


def encode_image(image: Image.Image, image_format: str, **options: int) -> bytes:
    """Encode a picture with Pillow's options for `image_format`.

    Of its metadata only the transparent color and the color profile are written, and not even these where the encoder
    cannot write them: a comment may be longer than the format allows, or text where Pillow expects bytes.
    """
    info = image.info
    kept = {name: value for name, value in info.items() if name == "transparency" or _is_color_profile(name, value)}
    try:
        image.info = kept
        return _save_image(image, image_format, options)
    except DECODE_ERRORS:
        if not kept:
            raise
        image.info = {}
        return _save_image(image, image_format, options)
    finally:
        image.info = info


def _is_color_profile(name: object, value: object) -> bool:
    return name == "icc_profile" and isinstance(value, bytes)


def _save_image(image: Image.Image, image_format: str, options: dict[str, int]) -> bytes:
    buffer = BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()
