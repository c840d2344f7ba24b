"""Turn downloaded bytes into a picture that Discord takes: known by its bytes, whole, within the limit."""

import math
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps

from bot.errors import PictureTooLarge, PictureUnreadable

# Twice Midjourney's largest; decoded they take 128 MiB.
MAX_PIXELS = 8192 * 4096

_EXTENSIONS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
_STILL = {"JPEG", "MPO"}
_STEPS: dict[str, tuple[dict[str, int], ...]] = {
    "JPEG": (
        {"quality": 95, "subsampling": 0},
        {"quality": 95, "subsampling": 2},
        {"quality": 85, "subsampling": 2},
    ),
    # Method 0 is several times faster than the default, for a few per cent of size.
    "WEBP": ({"quality": 90, "method": 0}, {"quality": 75, "method": 0}),
}
# What a codec takes, and what it encodes in a second or so, within bounded memory.
_LONGEST_SIDE = {"JPEG": 65_500, "WEBP": 16_383}
_MOST_PIXELS = {"JPEG": 4096 * 4096, "WEBP": 2048 * 2048}
# Encoders write ten or so; a camera's file may hold two views and two thumbnails.
_MOST_SCANS = 100
_SCAN = b"\xff\xda"
_TRIES = 8
_AIM = 0.95
_ENOUGH = 0.85
# What Pillow's decoders raise on hostile bytes, found by feeding them some.
DECODE_ERRORS = (
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


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, or a short video, ready to be attached.

    `name` is ASCII and ends as the bytes say; `width` and `height` are pixels, 0 for a video;
    `shrunk` tells that the bytes were re-encoded to fit, so that a link to the original is owed.
    """

    data: bytes
    name: str
    width: int
    height: int
    is_reencoded: bool


def fit_to_limit(data: bytes, *, name: str, limit: int, url: str) -> Picture:
    """Make a Picture of at most `limit` bytes, blocking the calling thread meanwhile.

    `name` comes without extension; `url` only tells where the bytes are from. Bytes that fit stay as they are.
    Raises PictureTooLarge (also for more than MAX_PIXELS, and for what moves and does not fit) or PictureUnreadable.
    """
    if extension := _video(data):
        if len(data) > limit:
            raise PictureTooLarge(url, "the video exceeds the upload limit")
        return Picture(data, f"{name}.{extension}", 0, 0, is_reencoded=False)
    try:
        return _fit_image(data, name, limit, url)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise PictureTooLarge(url, "too many pixels") from error
    except DECODE_ERRORS as error:
        raise PictureUnreadable(url, "not a picture, or half of one") from error


def has_too_many_scans(data: bytes) -> bool:
    """Whether a JPEG has more scans than any encoder writes: each is a pass over all pixels, for thirty bytes."""
    # Within a scan's own bytes the mark cannot stand.
    return data.startswith(b"\xff\xd8") and data.count(_SCAN) > _MOST_SCANS


def _video(data: bytes) -> str:
    if data[4:8] == b"ftyp" and data[8:12] not in {b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1"}:
        return "mp4"
    return "webm" if data.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in data[:64] else ""


def _fit_image(data: bytes, name: str, limit: int, url: str) -> Picture:
    if has_too_many_scans(data):
        raise PictureUnreadable(url, "more scans than a picture has")
    with Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP", "GIF")) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise PictureTooLarge(url, f"{width} x {height} pixels")
        kind = image.format or ""
        if len(data) > limit:
            if kind not in _STILL and getattr(image, "is_animated", False):
                raise PictureTooLarge(url, "the animation exceeds the upload limit")
            return _shrink(image, name, limit, url)
        # A draft is decoded at an eighth of the size, which finds a truncated JPEG with a fraction of the memory.
        image.draft("RGB", (1, 1))
        image.load()
    if (kind == "PNG" and data.rfind(b"IEND") < 0) or (kind == "GIF" and not data.rstrip(b"\0").endswith(b";")):
        raise PictureUnreadable(url, "half a picture")
    return Picture(data, f"{name}.{_EXTENSIONS[kind]}", width, height, is_reencoded=False)


def _shrink(image: Image.Image, name: str, limit: int, url: str) -> Picture:
    """Re-encode at falling quality, then at falling size, and take the first that fits."""
    ImageOps.exif_transpose(image, in_place=True)
    image, kind = _plain(image)
    width, height = image.size
    scale = min(1.0, _LONGEST_SIDE[kind] / max(width, height), math.sqrt(_MOST_PIXELS[kind] / (width * height)))
    scaled = _scaled(image, scale)
    size = 0
    for step in _STEPS[kind]:
        data = _encode(scaled, kind, step)
        size = len(data)
        if size <= limit:
            break
    else:
        found = _largest(image, kind, scale, size, limit)
        if found is None:
            raise PictureTooLarge(url, "no size of it fits")
        data, scaled = found
    return Picture(data, f"{name}.{_EXTENSIONS[kind]}", *scaled.size, is_reencoded=True)


def _largest(image: Image.Image, kind: str, scale: float, size: int, limit: int) -> tuple[bytes, Image.Image] | None:
    """Search the scale that nearly fills `limit`, below one known to give `size` bytes: too many."""
    low, high = 0.0, scale
    best = None
    for _ in range(_TRIES):
        # Bytes grow about as the area does; the margins keep a bad guess from stalling the search.
        margin = (high - low) / 10
        guess = scale * math.sqrt(limit * _AIM / size)
        scale = min(max(guess, low + margin), high - margin)
        scaled = _scaled(image, scale)
        data = _encode(scaled, kind, _STEPS[kind][-1])
        size = len(data)
        if size > limit:
            high = scale
            continue
        low, best = scale, (data, scaled)
        if size >= limit * _ENOUGH:
            break
    return best


def _plain(image: Image.Image) -> tuple[Image.Image, str]:
    """Take the pixels alone, and the format that suits them: WebP where something shows through, else JPEG."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        if not _opaque(image):
            return image, "WEBP"
    return image if image.mode == "RGB" else image.convert("RGB"), "JPEG"


def _opaque(image: Image.Image) -> bool:
    # In strips: Pillow holds the interpreter's lock while it takes a channel.
    width, height = image.size
    strips = (image.crop((0, top, width, min(top + 256, height))) for top in range(0, height, 256))
    return all(strip.getchannel("A").getextrema() == (255, 255) for strip in strips)


def _scaled(image: Image.Image, scale: float) -> Image.Image:
    if scale == 1:
        return image
    width, height = image.size
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)  # pyright: ignore[reportUnknownMemberType]


def _encode(image: Image.Image, kind: str, step: dict[str, int]) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **step)
    return buffer.getvalue()
