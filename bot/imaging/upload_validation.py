"""Validate a picture that a person uploaded, by its bytes, and prepare it for a relay's base64Array."""

from dataclasses import dataclass
from typing import Final, Literal

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
from bot.imaging.decode import (
    MAX_PIXELS,
    DecodeErrors,
    decode_upright,
    encode_image,
    flatten_on_white,
    has_transparency,
    open_image,
    read_orientation,
)
from bot.imaging.reencode import fit_to_limit

MAX_UPLOAD_BYTES: Final = 32 * 1024 * 1024
"""The most we accept for one picture."""
MIN_SIDE_PIXELS: Final = 64
"""A smaller picture shows too little to draw from."""
MAX_SENT_BYTES: Final = 4 * 1024 * 1024
"""The most we send for one picture: five in base64 stay under the 32 MiB that relays and web servers allow."""

_JPEG_QUALITY: Final = 95

# Files that people mistake for pictures, by their first bytes.
_FOREIGN_SIGNATURES: Final = (
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
_BRANDS: Final = {
    b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIC", b"msf1": "HEIC",
}  # fmt: skip
_ACCEPTED_SIGNATURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8")


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture ready to be sent to the relay: its bytes, and its size in pixels."""

    data: bytes
    kind: Literal["png", "jpeg"]
    width: int
    height: int


def prepare_upload(data: bytes, *, name: str, limit: int = MAX_SENT_BYTES) -> Upload:
    """Validate a picture and make it fit `limit` bytes; blocks the calling thread.

    PNG and JPEG within the limit stay as they are. WebP and GIFs of one frame are re-encoded, because not every proxy
    accepts them; an EXIF orientation is applied. An animation is refused: Midjourney would use its first frame, which
    is rarely the one that the person means.

    Raises:
        UploadRefused: One of its subclasses says what is wrong.
    """
    check_upload_file(data, name)
    with open_image(data, make_upload_errors(name)) as image:
        if min(image.size) < MIN_SIDE_PIXELS:
            raise UploadTooSmall(name, *image.size, MIN_SIDE_PIXELS)
        is_plain = image.format in {"PNG", "JPEG"} and image.mode != "CMYK"
        if is_plain and read_orientation(image) == 1 and len(data) <= limit:
            kind: Literal["png", "jpeg"] = "png" if image.format == "PNG" else "jpeg"
            return Upload(_check_complete(data, name), kind, *image.size)
        return _encode_upload(decode_upright(image), name, limit)


def check_upload_file(data: bytes, name: str) -> None:
    """Refuse a file that is too large or, by its first bytes, not of an accepted type."""
    if len(data) > MAX_UPLOAD_BYTES:
        raise UploadTooLarge(name, len(data), MAX_UPLOAD_BYTES)
    is_webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    if not is_webp and not data.startswith(_ACCEPTED_SIGNATURES):
        raise UploadTypeUnsupported(name, _detect_foreign_type(data))


def make_upload_errors(name: str) -> DecodeErrors:
    """Return the errors for a file that a person uploaded."""
    return DecodeErrors(
        unreadable=lambda: UploadUnreadable(name),
        too_large=lambda pixels: UploadTooLarge(name, pixels, MAX_PIXELS, pixels=True),
        animated=lambda: UploadAnimated(name),
    )


def _detect_foreign_type(data: bytes) -> str:
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "MP4")
    if data.lstrip()[:5].lower() in {b"<?xml", b"<svg ", b"<svg>"} and b"<svg" in data[:4096]:
        return "SVG"
    return next((kind for signature, kind in _FOREIGN_SIGNATURES if data.startswith(signature)), "")


def _encode_upload(image: Image.Image, name: str, limit: int) -> Upload:
    """Encode as PNG if the picture is transparent and fits as PNG, else as JPEG on white."""
    if has_transparency(image):
        data = encode_image(image.convert("RGBA"), "PNG", compress_level=6)
        if len(data) <= limit:
            return Upload(data, "png", *image.size)
    data = encode_image(flatten_on_white(image), "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    if len(data) <= limit:
        return Upload(data, "jpeg", *image.size)
    try:
        picture = fit_to_limit(data, name=name, limit=limit, url=name)
    except PictureTooLarge as error:
        raise UploadTooLarge(name, len(data), limit) from error
    return Upload(picture.data, "jpeg", picture.width, picture.height)


def _check_complete(data: bytes, name: str) -> bytes:
    try:
        return fit_to_limit(data, name=name, limit=len(data), url=name).data
    except PictureUnreadable as error:
        raise UploadUnreadable(name) from error
