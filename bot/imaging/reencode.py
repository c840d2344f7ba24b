"""Turn downloaded bytes into a picture that Discord accepts: its true type, complete, within the size limit."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image

from bot.errors import PictureTooLarge, PictureUnreadable
from bot.imaging.decode import (
    DECODE_ERRORS,
    MAX_PIXELS,
    STILL_FORMATS,
    SUPPORTED_FORMATS,
    convert_to_rgba,
    encode_image,
    has_too_many_scans,
    has_transparency,
    load_pixels,
    resize_image,
    turn_upright,
)

_EXTENSIONS: Final = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
_QUALITY_STEPS: Final[Mapping[str, tuple[dict[str, int], ...]]] = {
    "JPEG": (
        {"quality": 95, "subsampling": 0},
        {"quality": 95, "subsampling": 2},
        {"quality": 85, "subsampling": 2},
    ),
    # Method 0 is several times faster than the default, and makes files a few percent larger.
    "WEBP": ({"quality": 90, "method": 0}, {"quality": 75, "method": 0}),
}
# What the formats allow, and what can be encoded in a second or so, within bounded memory.
_MAX_SIDE: Final = {"JPEG": 65_500, "WEBP": 16_383}
_MAX_ENCODED_PIXELS: Final = {"JPEG": 4096 * 4096, "WEBP": 2048 * 2048}
_MAX_SIZE_GUESSES: Final = 8
_TARGET_FILL: Final = 0.95
_SUFFICIENT_FILL: Final = 0.85
_SIGNATURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"\x1a\x45\xdf\xa3")
_PICTURE_BRANDS: Final = frozenset({b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1"})


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture or a short video, ready to be attached.

    `name` is ASCII and has the extension of the true type. `width` and `height` are pixels, 0 for a video.
    `is_reencoded` says that the bytes were re-encoded to fit, so that the message must link to the original.
    """

    data: bytes
    name: str
    width: int
    height: int
    is_reencoded: bool


def fit_to_limit(data: bytes, *, name: str, limit: int, url: str) -> Picture:
    """Make a Picture of at most `limit` bytes; blocks the calling thread.

    `name` has no extension; `url` is only for the errors. Bytes within the limit stay as they are.

    Raises:
        PictureTooLarge: More than MAX_PIXELS, or a video or animation over the limit.
        PictureUnreadable: Not a picture, or an incomplete one.
    """
    if extension := _detect_video(data):
        if len(data) > limit:
            raise PictureTooLarge(url, "the video exceeds the upload limit")
        return Picture(data, f"{name}.{extension}", 0, 0, is_reencoded=False)
    try:
        return _fit_image(data, name, limit, url)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise PictureTooLarge(url, "too many pixels") from error
    except DECODE_ERRORS as error:
        raise PictureUnreadable(url, "not a picture, or half of one") from error


def has_file_signature(data: bytes) -> bool:
    """Whether the first bytes are those of a picture or video; a page, JSON or other text is neither."""
    is_webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return is_webp or data[4:8] == b"ftyp" or data.startswith(_SIGNATURES)


def _detect_video(data: bytes) -> str:
    """Return a video's extension, "" if the bytes are no video."""
    if data[4:8] == b"ftyp" and data[8:12] not in _PICTURE_BRANDS:
        return "mp4"
    return "webm" if data.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in data[:64] else ""


def _fit_image(data: bytes, name: str, limit: int, url: str) -> Picture:
    if has_too_many_scans(data):
        raise PictureUnreadable(url, "more scans than a picture has")
    with Image.open(BytesIO(data), formats=SUPPORTED_FORMATS) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise PictureTooLarge(url, f"{width} x {height} pixels")
        image_format = image.format or ""
        if len(data) > limit:
            if image_format not in STILL_FORMATS and getattr(image, "is_animated", False):
                raise PictureTooLarge(url, "the animation exceeds the upload limit")
            return _reencode(image, name, limit, url)
        # A JPEG draft is decoded at an eighth of the size, which detects truncation with a fraction of the memory.
        image.draft("RGB", (1, 1))
        image.load()
    is_half_png = image_format == "PNG" and data.rfind(b"IEND") < 0
    if is_half_png or (image_format == "GIF" and not data.rstrip(b"\0").endswith(b";")):
        raise PictureUnreadable(url, "half a picture")
    return Picture(data, f"{name}.{_EXTENSIONS[image_format]}", width, height, is_reencoded=False)


def _reencode(image: Image.Image, name: str, limit: int, url: str) -> Picture:
    """Re-encode at falling quality, then at falling size, and return the first result that fits."""
    load_pixels(image)
    turn_upright(image)
    image, image_format = _choose_format(image)
    width, height = image.size
    max_scale = math.sqrt(_MAX_ENCODED_PIXELS[image_format] / (width * height))
    scale = min(1.0, _MAX_SIDE[image_format] / max(width, height), max_scale)
    scaled = _scale(image, scale)
    size = 0
    for options in _QUALITY_STEPS[image_format]:
        data = encode_image(scaled, image_format, **options)
        size = len(data)
        if size <= limit:
            break
    else:
        largest = _find_largest_fit(image, image_format, scale, size, limit)
        if largest is None:
            raise PictureTooLarge(url, "no size of it fits")
        data, scaled = largest
    return Picture(data, f"{name}.{_EXTENSIONS[image_format]}", *scaled.size, is_reencoded=True)


def _find_largest_fit(
    image: Image.Image, image_format: str, scale: float, size: int, limit: int
) -> tuple[bytes, Image.Image] | None:
    """Search for the scale that nearly fills `limit`, starting below `scale`, which gives `size` bytes: too many."""
    low, high = 0.0, scale
    best = None
    for _ in range(_MAX_SIZE_GUESSES):
        # The size grows roughly with the area. The margins keep a bad guess from stalling the search.
        margin = (high - low) / 10
        guess = scale * math.sqrt(limit * _TARGET_FILL / size)
        scale = min(max(guess, low + margin), high - margin)
        scaled = _scale(image, scale)
        data = encode_image(scaled, image_format, **_QUALITY_STEPS[image_format][-1])
        size = len(data)
        if size > limit:
            high = scale
            continue
        low, best = scale, (data, scaled)
        if size >= limit * _SUFFICIENT_FILL:
            break
    return best


def _choose_format(image: Image.Image) -> tuple[Image.Image, str]:
    """Return the bare pixels, and the format for them: WebP if some are transparent, else JPEG."""
    if image.has_transparency_data:
        image = convert_to_rgba(image)
        if has_transparency(image):
            return image, "WEBP"
    return image if image.mode == "RGB" else image.convert("RGB"), "JPEG"


def _scale(image: Image.Image, scale: float) -> Image.Image:
    if scale == 1:
        return image
    width, height = image.size
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    return resize_image(image, size, Image.Resampling.LANCZOS)
