"""Downloaded bytes become pictures with their true type, complete, within the limit."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.errors import PictureError, PictureTooLarge, PictureUnreadable
from bot.imaging.decode import MAX_PIXELS
from bot.imaging.reencode import fit_to_limit
from tests.pictures import decode, draw_noise, encode, make_animation, make_awkward_metadata, make_bomb

AWKWARD = make_awkward_metadata()

LIMIT = 10 * 1024 * 1024
URL = "https://cdn.example/a"


@pytest.mark.parametrize(("kind", "extension"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("GIF", "gif")])
def test_picture_within_the_limit_is_unchanged(kind: str, extension: str) -> None:
    data = encode(draw_noise(40, 30), kind)
    picture = fit_to_limit(data, name="a", limit=LIMIT, url=URL)
    assert (data, f"a.{extension}", 40, 30, False) == (
        picture.data,
        picture.name,
        picture.width,
        picture.height,
        picture.is_reencoded,
    )


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animation_is_never_reencoded(kind: str) -> None:
    data = make_animation(kind)
    assert fit_to_limit(data, name="a", limit=len(data), url=URL).data == data
    with pytest.raises(PictureTooLarge, match="animation"):
        fit_to_limit(data, name="a", limit=len(data) - 1, url=URL)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_truncated_picture_is_unreadable(kind: str, kept: float) -> None:
    data = encode(draw_noise(200, 200), kind)
    with pytest.raises(PictureUnreadable):
        fit_to_limit(data[: int(len(data) * kept)], name="a", limit=LIMIT, url=URL)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_truncated_animation_is_unreadable(kind: str) -> None:
    """Its first frame is complete, its last is not."""
    data = make_animation(kind)
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
def test_other_files_are_unreadable(data: bytes) -> None:
    with pytest.raises(PictureUnreadable):
        fit_to_limit(data, name="a", limit=LIMIT, url=URL)


@pytest.mark.parametrize(
    ("data", "extension"),
    [(b"\x00\x00\x00\x20ftypisom" + bytes(90), "mp4"), (b"\x1a\x45\xdf\xa3\x42\x82\x84webm" + bytes(90), "webm")],
)
def test_video_is_not_decoded(data: bytes, extension: str) -> None:
    picture = fit_to_limit(data, name="a", limit=len(data), url=URL)
    assert (data, f"a.{extension}", 0, 0) == (picture.data, picture.name, picture.width, picture.height)
    with pytest.raises(PictureTooLarge, match="video"):
        fit_to_limit(data, name="a", limit=len(data) - 1, url=URL)


@pytest.mark.parametrize("side", [5793, 10_000, 60_000])
def test_pixel_bomb_is_too_large(side: int) -> None:
    """Whether or not Pillow objects."""
    assert side * side > MAX_PIXELS
    with pytest.raises(PictureTooLarge):
        fit_to_limit(make_bomb(side, side), name="a", limit=LIMIT, url=URL)


def test_quality_is_reduced_before_size() -> None:
    data = encode(draw_noise(300, 200), "PNG")
    picture = fit_to_limit(data, name="a", limit=len(data) // 2, url=URL)
    assert (picture.name, picture.width, picture.height, picture.is_reencoded) == ("a.jpg", 300, 200, True)
    assert len(picture.data) <= len(data) // 2
    assert decode(picture.data).size == (300, 200)


def test_size_is_reduced_when_quality_is_not_enough() -> None:
    limit = 10_000
    picture = fit_to_limit(encode(draw_noise(600, 400), "PNG"), name="a", limit=limit, url=URL)
    assert limit * 0.85 <= len(picture.data) <= limit
    assert decode(picture.data).size == (picture.width, picture.height)
    assert pytest.approx(1.5, abs=0.02) == picture.width / picture.height


def test_transparency_survives() -> None:
    """An alpha channel without a transparent pixel is dropped."""
    through = encode(draw_noise(300, 200, "RGBA"), "PNG")
    picture = fit_to_limit(through, name="a", limit=len(through) // 2, url=URL)
    assert (picture.name, decode(picture.data).mode) == ("a.webp", "RGBA")
    image = draw_noise(300, 200, "RGBA")
    image.putalpha(255)
    solid = encode(image, "PNG")
    assert fit_to_limit(solid, name="a", limit=len(solid) // 2, url=URL).name == "a.jpg"


def test_side_beyond_the_codecs_limit_is_scaled_first() -> None:
    """WebP allows 16,383 pixels."""
    data = encode(draw_noise(20_000, 20, "RGBA"), "PNG")
    picture = fit_to_limit(data, name="a", limit=len(data) - 1, url=URL)
    assert (picture.width, picture.height) == (16_383, 16)


def test_very_large_picture_is_scaled_first() -> None:
    data = encode(Image.effect_noise((6000, 4000), 1).convert("RGB"), "PNG", compress_level=1)
    picture = fit_to_limit(data, name="a", limit=len(data) - 1, url=URL)
    assert (picture.width, picture.height) == (5016, 3344)


def test_orientation_is_applied_and_metadata_dropped() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "a camera"
    data = encode(draw_noise(300, 200), "JPEG", quality=100, exif=exif, icc_profile=b"profile" * 20)
    picture = fit_to_limit(data, name="a", limit=len(data) // 2, url=URL)
    again = decode(picture.data)
    assert (200, 300) == (picture.width, picture.height) == again.size
    assert (len(again.getexif()), again.info.get("icc_profile")) == (0, None)
    assert fit_to_limit(data, name="a", limit=len(data), url=URL).data == data


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK"])
def test_every_pixel_mode_is_reencoded(mode: str) -> None:
    data = encode(draw_noise(300, 200).convert(mode), "JPEG" if mode == "CMYK" else "PNG")
    assert fit_to_limit(data, name="a", limit=4_000, url=URL).is_reencoded


def test_limit_that_no_size_meets_is_too_large() -> None:
    with pytest.raises(PictureTooLarge, match="no size"):
        fit_to_limit(encode(draw_noise(60, 60), "PNG"), name="a", limit=100, url=URL)


SAMPLES = [encode(draw_noise(24, 16), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF")] + [
    make_animation("GIF"),
    make_animation("PNG"),
]


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 255)), max_size=12),
    st.sampled_from([600, LIMIT]),
)
def test_damaged_bytes_give_a_picture_or_picture_error(
    sample: bytes, damage: list[tuple[int, int]], limit: int
) -> None:
    data = bytearray(sample)
    for place, value in damage:
        data[place % len(data)] = value
    try:
        picture = fit_to_limit(bytes(data), name="a", limit=limit, url=URL)
    except PictureError:
        return
    assert len(picture.data) <= limit


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("kind", AWKWARD)
def test_metadata_that_cannot_be_written_is_left_out(kind: str) -> None:
    """If the picture is re-encoded at all."""
    data = AWKWARD[kind]
    whole = fit_to_limit(data, name="fox", limit=len(data), url="")
    assert (whole.data, whole.is_reencoded) == (data, False)
    small = fit_to_limit(data, name="fox", limit=5_000, url="")
    assert (len(small.data) <= 5_000, small.is_reencoded) == (True, True)
