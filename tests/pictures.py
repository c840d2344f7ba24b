"""Picture files for tests: noise that no codec can compress, animations, bombs."""

import io
import random
import struct
import zlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo


def draw_noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Draw deterministic noise, which no codec can compress."""
    pixels = random.Random(width).randbytes(width * height * len(mode))  # noqa: S311 - noise, no secret
    return Image.frombytes(mode, (width, height), pixels)


def encode(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:  # noqa: ANN401 - Pillow's own options
    """Encode a picture."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def decode(data: bytes) -> Image.Image:
    """Decode a picture file completely."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@cache
def make_animation(kind: str, width: int = 100, height: int = 80) -> bytes:
    """Encode an animation of two frames."""
    first = draw_noise(width, height)
    if kind == "GIF":  # its writer would look for the best palette of noise, which takes long
        first = first.quantize(method=Image.Quantize.FASTOCTREE)
    return encode(first, kind, save_all=True, append_images=[first.rotate(180)], duration=100, loop=0)


def make_bomb(width: int, height: int) -> bytes:
    """Make a tiny PNG that announces `width` x `height` pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@cache
def make_jpeg_of_many_scans(scans: int = 2000) -> bytes:
    """Make a small JPEG whose last scan is repeated; decoding each scan is a pass over all pixels."""
    data = encode(Image.new("RGB", (4096, 4096), "white"), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * scans + data[-2:]


@cache
def make_awkward_metadata() -> Mapping[str, bytes]:
    """Encode the same picture of 128 x 96 pixels with metadata that Pillow reads, and cannot write or understand."""
    image = draw_noise(128, 96)
    files = {
        "gif-long-comment": encode(image.quantize(method=Image.Quantize.FASTOCTREE), "GIF", comment=b"a fox " * 20_000),
        "jpeg-broken-exif": encode(image, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"),
        "jpeg-exif-of-another-kind": encode(image, "JPEG", exif=b"Exif\0\0no TIFF at all"),
        "webp-broken-exif": encode(image, "WEBP", exif=b"II*\0\xff\xff\xff\xff", xmp=b"<x:xmpmeta"),
        "jpeg-xmp": encode(image, "JPEG", xmp=b"<tiff:Orientation>9</tiff:Orientation>"),
    }
    for name in ("comment", "icc_profile", "transparency", "exif", "xmp", "Raw profile type exif", "gamma", "dpi"):
        text = PngInfo()
        text.add_text(name, "a fox " * 20_000)
        files[f"png-text-{name}"] = encode(image, "PNG", pnginfo=text)
    return files
