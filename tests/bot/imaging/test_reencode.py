"""Bytes become pictures: known by what they are, whole, and within the limit."""

import io
import random
import struct
import zlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.errors import PictureError, PictureTooLarge, PictureUnreadable
from bot.imaging.decode import MAX_PIXELS
from bot.imaging.reencode import fit_to_limit

LIMIT = 10 * 1024 * 1024
URL = "https://cdn.example/a"


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Draw what no codec can compress, always the same."""
    pixels = random.Random(width).randbytes(width * height * len(mode))  # noqa: S311 - noise, no secret
    return Image.frombytes(mode, (width, height), pixels)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:  # noqa: ANN401 - Pillow's own options
    """Give the bytes of a picture file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def moving(kind: str) -> bytes:
    """Give the bytes of a picture of two frames."""
    return encoded(noise(40, 30), kind, save_all=True, append_images=[noise(40, 30).rotate(180)], duration=100, loop=0)


@pytest.mark.parametrize(("kind", "extension"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("GIF", "gif")])
def test_a_picture_that_fits_stays_as_it_is(kind: str, extension: str) -> None:
    """Bytes within the limit are handed on untouched, named by what they are."""
    data = encoded(noise(40, 30), kind)
    picture = fit_to_limit(data, name="a", limit=LIMIT, url=URL)
    assert (data, f"a.{extension}", 40, 30, False) == (
        picture.data,
        picture.name,
        picture.width,
        picture.height,
        picture.is_reencoded,
    )


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_what_moves_stays_or_is_too_large(kind: str) -> None:
    """An animation is never re-encoded: it fits, or it is refused."""
    data = moving(kind)
    assert fit_to_limit(data, name="a", limit=len(data), url=URL).data == data
    with pytest.raises(PictureTooLarge, match="animation"):
        fit_to_limit(data, name="a", limit=len(data) - 1, url=URL)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_half_a_picture_is_unreadable(kind: str, kept: float) -> None:
    """A file that ends early is refused, whichever kind it is."""
    data = encoded(noise(200, 200), kind)
    with pytest.raises(PictureUnreadable):
        fit_to_limit(data[: int(len(data) * kept)], name="a", limit=LIMIT, url=URL)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_half_an_animation_is_unreadable(kind: str) -> None:
    """An animation whose first frame is whole and whose last is not, is refused."""
    data = moving(kind)
    with pytest.raises(PictureUnreadable):
        fit_to_limit(data[: int(len(data) * 0.9)], name="a", limit=LIMIT, url=URL)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<!doctype html><html><body>Sign in</body></html>",
        b'{"error":"midjourney_task_not_found"}',
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"GIF89a",
        b"RIFF\x00\x00\x00\x00WEBP",
        b"BM" + bytes(60),
        b"\x00\x00\x00\x20ftypavif" + bytes(60),
        b"\x1a\x45\xdf\xa3matroska" + bytes(60),
    ],
)
def test_what_is_no_picture_is_unreadable(data: bytes) -> None:
    """HTML, JSON, nothing and foreign formats are refused by their bytes."""
    with pytest.raises(PictureUnreadable):
        fit_to_limit(data, name="a", limit=LIMIT, url=URL)


@pytest.mark.parametrize(
    ("data", "extension"),
    [(b"\x00\x00\x00\x20ftypisom" + bytes(90), "mp4"), (b"\x1a\x45\xdf\xa3\x42\x82\x84webm" + bytes(90), "webm")],
)
def test_a_video_is_taken_unopened(data: bytes, extension: str) -> None:
    """A video within the limit passes with no size known; a larger one is too large."""
    picture = fit_to_limit(data, name="a", limit=len(data), url=URL)
    assert (data, f"a.{extension}", 0, 0) == (picture.data, picture.name, picture.width, picture.height)
    with pytest.raises(PictureTooLarge, match="video"):
        fit_to_limit(data, name="a", limit=len(data) - 1, url=URL)


def bomb(width: int, height: int) -> bytes:
    """Give a tiny PNG that announces `width` x `height` pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [5793, 10_000, 60_000])
def test_a_pixel_bomb_is_too_large(side: int) -> None:
    """More pixels than we take are refused before one is decoded, whether or not Pillow objects."""
    assert side * side > MAX_PIXELS
    with pytest.raises(PictureTooLarge):
        fit_to_limit(bomb(side, side), name="a", limit=LIMIT, url=URL)


def opened(data: bytes) -> Image.Image:
    """Decode a result, whole."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_quality_goes_before_size() -> None:
    """A picture a little too large keeps every pixel."""
    data = encoded(noise(300, 200), "PNG")
    picture = fit_to_limit(data, name="a", limit=len(data) // 2, url=URL)
    assert (picture.name, picture.width, picture.height, picture.is_reencoded) == ("a.jpg", 300, 200, True)
    assert len(picture.data) <= len(data) // 2
    assert opened(picture.data).size == (300, 200)


def test_size_goes_where_quality_is_not_enough() -> None:
    """A picture far too large is scaled to about what fits, in its own proportions."""
    limit = 10_000
    picture = fit_to_limit(encoded(noise(600, 400), "PNG"), name="a", limit=limit, url=URL)
    assert limit * 0.85 <= len(picture.data) <= limit
    assert opened(picture.data).size == (picture.width, picture.height)
    assert pytest.approx(1.5, abs=0.02) == picture.width / picture.height


def test_transparency_survives() -> None:
    """What shows through still does, as WebP; an alpha channel that hides nothing is dropped."""
    through = encoded(noise(300, 200, "RGBA"), "PNG")
    picture = fit_to_limit(through, name="a", limit=len(through) // 2, url=URL)
    assert (picture.name, opened(picture.data).mode) == ("a.webp", "RGBA")
    image = noise(300, 200, "RGBA")
    image.putalpha(255)
    solid = encoded(image, "PNG")
    assert fit_to_limit(solid, name="a", limit=len(solid) // 2, url=URL).name == "a.jpg"


def test_a_very_long_picture_is_brought_within_the_codec() -> None:
    """WebP takes no side beyond 16,383: a longer one is scaled first."""
    data = encoded(noise(20_000, 20, "RGBA"), "PNG")
    picture = fit_to_limit(data, name="a", limit=len(data) - 1, url=URL)
    assert (picture.width, picture.height) == (16_383, 16)


def test_more_pixels_than_are_worth_it_are_scaled_first() -> None:
    """What exceeds the limit and Midjourney's largest picture is brought to the latter's size."""
    data = encoded(Image.effect_noise((6000, 4000), 1).convert("RGB"), "PNG", compress_level=1)
    picture = fit_to_limit(data, name="a", limit=len(data) - 1, url=URL)
    assert (picture.width, picture.height) == (5016, 3344)


def test_orientation_is_applied_and_metadata_dropped() -> None:
    """A re-encoded photograph stands upright and says nothing about its maker."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "a camera"
    data = encoded(noise(300, 200), "JPEG", quality=100, exif=exif, icc_profile=b"profile" * 20)
    picture = fit_to_limit(data, name="a", limit=len(data) // 2, url=URL)
    again = opened(picture.data)
    assert (200, 300) == (picture.width, picture.height) == again.size
    assert (len(again.getexif()), again.info.get("icc_profile")) == (0, None)
    assert fit_to_limit(data, name="a", limit=len(data), url=URL).data == data


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK"])
def test_every_mode_of_pixels_is_shrunk(mode: str) -> None:
    """Greys, palettes and printers' colours are re-encoded like any other."""
    data = encoded(noise(300, 200).convert(mode), "JPEG" if mode == "CMYK" else "PNG")
    assert fit_to_limit(data, name="a", limit=4_000, url=URL).is_reencoded


def test_a_limit_that_nothing_meets_is_told() -> None:
    """Where not even a thumbnail fits, the picture is too large."""
    with pytest.raises(PictureTooLarge, match="no size"):
        fit_to_limit(encoded(noise(60, 60), "PNG"), name="a", limit=100, url=URL)


SAMPLES = [encoded(noise(24, 16), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF")] + [moving("GIF"), moving("PNG")]


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 255)), max_size=12),
    st.sampled_from([600, LIMIT]),
)
def test_damaged_bytes_give_a_picture_or_our_error(sample: bytes, damage: list[tuple[int, int]], limit: int) -> None:
    """Whatever is wrong with a file, the caller meets a Picture or a PictureError."""
    data = bytearray(sample)
    for place, value in damage:
        data[place % len(data)] = value
    try:
        picture = fit_to_limit(bytes(data), name="a", limit=limit, url=URL)
    except PictureError:
        return
    assert len(picture.data) <= limit
