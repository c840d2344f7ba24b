"""Check a picture that somebody gave, from its bytes, and make of it what a relay's base64Array takes."""

from dataclasses import dataclass
from io import BytesIO
from typing import Literal

from PIL import Image

from bot.errors import (
    PictureTooLarge,
    PictureUnreadable,
    UploadAnimated,
    UploadTooLarge,
    UploadTooSmall,
    UploadTypeUnsupported,
    UploadUnreadable,
)
from bot.imaging.decode import DecodeErrors, decode_upright, flatten_on_white, has_transparency, open_image
from bot.imaging.reencode import MAX_PIXELS, fit_to_limit

MAX_UPLOAD_BYTES = 32 * 1024 * 1024
"""What we take of one picture."""
MIN_SIDE_PIXELS = 64
"""Fewer pixels than this show nothing that could be drawn from."""
MAX_SENT_BYTES = 4 * 1024 * 1024
"""What we send: five of them, in base64, stay under the 32 MiB at which relays and what stands before them end."""

_TRANSPOSED = 0x0112  # EXIF's orientation
_QUALITY = 95

# Files that people take for pictures, by their first bytes.
_MAGIC = (
    (b"%PDF", "PDF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"8BPS", "PSD"),
    (b"PK\x03\x04", "ZIP"),
    (b"\x1a\x45\xdf\xa3", "WebM"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\0\0\1\0", "ICO"),
)
_BRANDS = {b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIC", b"msf1": "HEIC"}
_TAKEN = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8")


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture ready to be sent: its bytes, and its size in pixels."""

    data: bytes
    kind: Literal["png", "jpeg"]
    width: int
    height: int


def prepare_upload(data: bytes, *, name: str, limit: int = MAX_SENT_BYTES) -> Upload:
    """Check a picture and make it fit `limit` bytes, blocking the calling thread meanwhile.

    PNG and JPEG that fit stay as they are. WebP and a GIF that stands still are re-encoded, as not every proxy knows
    them; what is turned by its EXIF is turned for good. An animation is refused rather than cut: Midjourney would take
    its first frame, which of a clip is as good as never the one that was meant.

    Raises:
        UploadRefused: One of its leaves, by what is wrong.
    """
    check_upload_file(data, name)
    with open_image(data, make_upload_errors(name)) as image:
        if min(image.size) < MIN_SIDE_PIXELS:
            raise UploadTooSmall(name, *image.size, MIN_SIDE_PIXELS)
        as_it_is = image.format in {"PNG", "JPEG"} and image.mode != "CMYK" and image.getexif().get(_TRANSPOSED, 1) == 1
        if as_it_is and len(data) <= limit:
            kind: Literal["png", "jpeg"] = "png" if image.format == "PNG" else "jpeg"
            return Upload(_whole(data, name), kind, *image.size)
        return _encoded(decode_upright(image), name, limit)


def check_upload_file(data: bytes, name: str) -> None:
    """Refuse what is too large, or no picture that we take, by its first bytes."""
    if len(data) > MAX_UPLOAD_BYTES:
        raise UploadTooLarge(name, len(data), MAX_UPLOAD_BYTES)
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    if not webp and not data.startswith(_TAKEN):
        raise UploadTypeUnsupported(name, _kind(data))


def make_upload_errors(name: str) -> DecodeErrors:
    """Return what is raised for a file of somebody's."""
    return DecodeErrors(
        unreadable=lambda: UploadUnreadable(name),
        too_large=lambda pixels: UploadTooLarge(name, pixels, MAX_PIXELS, pixels=True),
        animated=lambda: UploadAnimated(name),
    )


def _kind(data: bytes) -> str:
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "MP4")
    if data.lstrip()[:5].lower() in {b"<?xml", b"<svg ", b"<svg>"} and b"<svg" in data[:4096]:
        return "SVG"
    return next((kind for magic, kind in _MAGIC if data.startswith(magic)), "")


def _encoded(image: Image.Image, name: str, limit: int) -> Upload:
    """Write it as PNG where something shows through and that fits, else as JPEG, on white."""
    if has_transparency(image):
        data = _written(image.convert("RGBA"), "PNG", compress_level=6)
        if len(data) <= limit:
            return Upload(data, "png", *image.size)
    data = _written(flatten_on_white(image), "JPEG", quality=_QUALITY, subsampling=0)
    if len(data) <= limit:
        return Upload(data, "jpeg", *image.size)
    try:
        picture = fit_to_limit(data, name=name, limit=limit, url=name)
    except PictureTooLarge as error:
        raise UploadTooLarge(name, len(data), limit) from error
    return Upload(picture.data, "jpeg", picture.width, picture.height)


def _written(image: Image.Image, kind: str, **options: int) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _whole(data: bytes, name: str) -> bytes:
    try:
        return fit_to_limit(data, name=name, limit=len(data), url=name).data
    except PictureUnreadable as error:
        raise UploadUnreadable(name) from error
