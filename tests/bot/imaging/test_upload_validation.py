"""Uploaded pictures are prepared for relays, or refused with their reason before anything is billed."""

import base64
import json
from time import process_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.errors import (
    PictureUnreadable,
    UploadAnimated,
    UploadRefused,
    UploadTooLarge,
    UploadTooSmall,
    UploadTypeUnsupported,
    UploadUnreadable,
)
from bot.imaging.decode import MAX_PIXELS
from bot.imaging.masks import read_mask
from bot.imaging.reencode import fit_to_limit
from bot.imaging.upload_validation import MAX_SENT_BYTES, MAX_UPLOAD_BYTES, MIN_SIDE_PIXELS, prepare_upload
from bot.relay.requests import Describe, encode_body
from tests.pictures import (
    decode,
    draw_noise,
    encode,
    make_animation,
    make_awkward_metadata,
    make_bomb,
    make_jpeg_of_many_scans,
)

AWKWARD = make_awkward_metadata()

NAME = "fox.png"


def open_upload(picture: bytes) -> str:
    """Open a picture as the relay receives it."""
    body: dict[str, str] = json.loads(b"".join(encode_body(Describe(picture=picture).body)))
    return body["base64"]


@pytest.mark.parametrize(("kind", "mime"), [("PNG", "png"), ("JPEG", "jpeg")])
def test_png_and_jpeg_within_the_limit_are_unchanged(kind: str, mime: str) -> None:
    data = encode(draw_noise(100, 80), kind)
    upload = prepare_upload(data, name=NAME)
    assert (data, mime, 100, 80) == (upload.data, upload.kind, upload.width, upload.height)
    head, _, body = open_upload(upload.data).partition(",")
    assert (f"data:image/{mime};base64", data) == (head, base64.b64decode(body, validate=True))


def test_chunks_of_a_long_data_url_join() -> None:
    data = encode(draw_noise(800, 700))
    assert len(data) > 2 * 3 * 256 * 1024
    assert data == base64.b64decode(open_upload(prepare_upload(data, name=NAME).data).partition(",")[2], validate=True)


@pytest.mark.parametrize(("kind", "mode"), [("WEBP", "RGB"), ("GIF", "RGB"), ("JPEG", "CMYK")])
def test_webp_still_gif_and_cmyk_jpeg_are_reencoded(kind: str, mode: str) -> None:
    upload = prepare_upload(encode(draw_noise(100, 80, "RGB").convert(mode), kind), name=NAME)
    again = decode(upload.data)
    assert ("jpeg", "JPEG", "RGB", (100, 80)) == (upload.kind, again.format, again.mode, again.size)


def test_transparent_webp_becomes_png_or_jpeg_on_white() -> None:
    image = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    image.paste(draw_noise(100, 200, "RGB"), (0, 0))
    data = encode(image, "WEBP", lossless=True)
    upload = prepare_upload(data, name=NAME)
    assert ("png", "RGBA") == (upload.kind, decode(upload.data).mode)
    upload = prepare_upload(data, name=NAME, limit=20_000)
    assert ("jpeg", True) == (upload.kind, len(upload.data) <= 20_000)
    color = decode(upload.data).getpixel((upload.width - 5, 50))
    assert isinstance(color, tuple)
    assert min(color) > 230


def test_exif_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    upload = prepare_upload(encode(draw_noise(100, 80), "JPEG", exif=exif), name=NAME)
    assert (80, 100) == (upload.width, upload.height) == decode(upload.data).size
    assert 0 == len(decode(upload.data).getexif())


def test_mpo_is_not_an_animation() -> None:
    data = encode(draw_noise(100, 80), "MPO", save_all=True, append_images=[draw_noise(100, 80)])
    assert "jpeg" == prepare_upload(data, name=NAME).kind


def test_picture_over_the_sent_limit_is_reencoded() -> None:
    data = encode(draw_noise(900, 600))
    upload = prepare_upload(data, name=NAME, limit=100_000)
    assert ("jpeg", True) == (upload.kind, len(upload.data) <= 100_000)
    assert pytest.approx(1.5, abs=0.02) == upload.width / upload.height
    assert 5 * MAX_SENT_BYTES * 4 / 3 < 32 * 2**20


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animations_are_refused(kind: str) -> None:
    with pytest.raises(UploadAnimated):
        prepare_upload(make_animation(kind), name=NAME)


@pytest.mark.parametrize("size", [(2, 2), (MIN_SIDE_PIXELS - 1, 500), (4000, 1)])
def test_too_small_pictures_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UploadTooSmall) as refused:
        prepare_upload(encode(Image.new("RGB", size)), name=NAME)
    assert (*size, MIN_SIDE_PIXELS) == (refused.value.width, refused.value.height, refused.value.least)
    assert (
        prepare_upload(encode(Image.new("RGB", (MIN_SIDE_PIXELS, MIN_SIDE_PIXELS))), name=NAME).width == MIN_SIDE_PIXELS
    )


@pytest.mark.parametrize("side", [5793, 10_000, 60_000])
def test_pixel_bomb_is_refused_with_its_pixel_count(side: int) -> None:
    with pytest.raises(UploadTooLarge) as refused:
        prepare_upload(make_bomb(side, side), name=NAME)
    assert (True, side * side, MAX_PIXELS) == (refused.value.pixels, refused.value.size, refused.value.limit)


def test_sixty_megabytes_are_refused_unopened() -> None:
    size = 60 * 2**20
    with pytest.raises(UploadTooLarge) as refused:
        prepare_upload(bytes(size), name=NAME)
    assert (False, size, MAX_UPLOAD_BYTES) == (refused.value.pixels, refused.value.size, refused.value.limit)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", ""),
        (b"hello", ""),
        (b"<!doctype html><html></html>", ""),
        (b"%PDF-1.7", "PDF"),
        (b"BM" + bytes(60), "BMP"),
        (b"II*\0" + bytes(60), "TIFF"),
        (b"8BPS" + bytes(60), "PSD"),
        (b"PK\x03\x04", "ZIP"),
        (b"\0\0\0\x20ftypheic" + bytes(60), "HEIC"),
        (b"\0\0\0\x20ftypavif" + bytes(60), "AVIF"),
        (b"\0\0\0\x20ftypisom" + bytes(60), "MP4"),
        (b"\x1a\x45\xdf\xa3" + bytes(60), "WebM"),
        (b" <svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<?xml version='1.0'?><svg/>", "SVG"),
        (b"<?xml version='1.0'?><html/>", ""),
        (b"RIFF\0\0\0\0WAVE", ""),
    ],
)
def test_other_file_types_are_detected_by_their_bytes(data: bytes, kind: str) -> None:
    with pytest.raises(UploadTypeUnsupported) as refused:
        prepare_upload(data, name=NAME)
    assert (NAME, kind) == (refused.value.name, refused.value.kind)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_truncated_picture_is_unreadable(kind: str, kept: float) -> None:
    data = encode(draw_noise(200, 200), kind)
    with pytest.raises(UploadUnreadable):
        prepare_upload(data[: int(len(data) * kept)], name=NAME)


SAMPLES = [encode(draw_noise(70, 66), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF")] + [
    make_animation("GIF"),
    make_animation("PNG"),
]


def test_jpeg_with_too_many_scans_is_not_decoded() -> None:
    """A scan of thirty bytes costs a pass over all pixels, which could block everyone's pictures for minutes."""
    data, begun = make_jpeg_of_many_scans(), process_time()
    for limit in (MAX_SENT_BYTES, 3_000):
        with pytest.raises(UploadUnreadable):
            prepare_upload(data, name=NAME, limit=limit)
    with pytest.raises(UploadUnreadable):
        read_mask(data, (4096, 4096), name=NAME)
    with pytest.raises(PictureUnreadable):
        fit_to_limit(data, name=NAME, limit=MAX_SENT_BYTES, url="")
    assert prepare_upload(make_jpeg_of_many_scans(20), name=NAME).kind == "jpeg"
    assert process_time() - begun < 20.0


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 255)), max_size=12),
    st.sampled_from([3_000, MAX_SENT_BYTES]),
)
def test_damaged_bytes_are_prepared_or_refused(sample: bytes, damage: list[tuple[int, int]], limit: int) -> None:
    data = bytearray(sample)
    for place, value in damage:
        data[place % len(data)] = value
    try:
        upload = prepare_upload(bytes(data), name=NAME, limit=limit)
    except UploadRefused:
        return
    assert len(upload.data) <= limit
    assert decode(upload.data).format in {"PNG", "JPEG"}


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("kind", AWKWARD)
def test_metadata_that_cannot_be_written_is_left_out(kind: str) -> None:
    for limit in (MAX_SENT_BYTES, 10_000):
        assert len(prepare_upload(AWKWARD[kind], name="fox", limit=limit).data) <= limit
