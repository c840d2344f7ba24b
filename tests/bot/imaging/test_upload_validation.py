"""A picture that somebody gave is what a relay takes, or is refused with its reason, before anything is paid."""

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
from tests.pictures import bomb, decoded, encoded, endless, moving, noise

NAME = "fox.png"


def sent(picture: bytes) -> str:
    """Return a picture as a relay gets it."""
    body: dict[str, str] = json.loads(b"".join(encode_body(Describe(picture=picture).body)))
    return body["base64"]


@pytest.mark.parametrize(("kind", "said"), [("PNG", "png"), ("JPEG", "jpeg")])
def test_what_relays_know_stays_as_it_is(kind: str, said: str) -> None:
    """PNG and JPEG within the limit go out byte by byte, as a data URL of their own type."""
    data = encoded(noise(100, 80), kind)
    upload = prepare_upload(data, name=NAME)
    assert (data, said, 100, 80) == (upload.data, upload.kind, upload.width, upload.height)
    head, _, body = sent(upload.data).partition(",")
    assert (f"data:image/{said};base64", data) == (head, base64.b64decode(body, validate=True))


def test_a_long_data_url_is_one_piece() -> None:
    """It is written in steps, and reads as if it were not."""
    data = encoded(noise(800, 700))
    assert len(data) > 2 * 3 * 256 * 1024
    assert data == base64.b64decode(sent(prepare_upload(data, name=NAME).data).partition(",")[2], validate=True)


@pytest.mark.parametrize(("kind", "mode"), [("WEBP", "RGB"), ("GIF", "RGB"), ("JPEG", "CMYK")])
def test_other_kinds_become_what_relays_know(kind: str, mode: str) -> None:
    """WebP, a GIF that stands still and printers' JPEG are re-encoded at their size."""
    upload = prepare_upload(encoded(noise(100, 80, "RGB").convert(mode), kind), name=NAME)
    again = decoded(upload.data)
    assert ("jpeg", "JPEG", "RGB", (100, 80)) == (upload.kind, again.format, again.mode, again.size)


def test_what_shows_through_stays_so_where_it_fits() -> None:
    """A transparent WebP becomes a transparent PNG; too large, it is laid on white."""
    image = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    image.paste(noise(100, 200, "RGB"), (0, 0))
    data = encoded(image, "WEBP", lossless=True)
    upload = prepare_upload(data, name=NAME)
    assert ("png", "RGBA") == (upload.kind, decoded(upload.data).mode)
    upload = prepare_upload(data, name=NAME, limit=20_000)
    assert ("jpeg", True) == (upload.kind, len(upload.data) <= 20_000)
    colour = decoded(upload.data).getpixel((upload.width - 5, 50))
    assert isinstance(colour, tuple)
    assert min(colour) > 230


def test_what_is_turned_by_exif_is_turned_for_good() -> None:
    """Nobody behind us need know EXIF."""
    exif = Image.Exif()
    exif[0x0112] = 6
    upload = prepare_upload(encoded(noise(100, 80), "JPEG", exif=exif), name=NAME)
    assert (80, 100) == (upload.width, upload.height) == decoded(upload.data).size
    assert 0 == len(decoded(upload.data).getexif())


def test_a_camera_s_two_views_are_no_animation() -> None:
    """A JPEG that holds a second picture counts as the first."""
    data = encoded(noise(100, 80), "MPO", save_all=True, append_images=[noise(100, 80)])
    assert "jpeg" == prepare_upload(data, name=NAME).kind


def test_what_is_too_large_for_the_relay_is_made_to_fit() -> None:
    """More bytes than we send are re-encoded, in the same proportions."""
    data = encoded(noise(900, 600))
    upload = prepare_upload(data, name=NAME, limit=100_000)
    assert ("jpeg", True) == (upload.kind, len(upload.data) <= 100_000)
    assert pytest.approx(1.5, abs=0.02) == upload.width / upload.height
    assert 5 * MAX_SENT_BYTES * 4 / 3 < 32 * 2**20


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_what_moves_is_refused(kind: str) -> None:
    """An animation gets its own reason, whichever kind it is."""
    with pytest.raises(UploadAnimated):
        prepare_upload(moving(kind), name=NAME)


@pytest.mark.parametrize("size", [(2, 2), (MIN_SIDE_PIXELS - 1, 500), (4000, 1)])
def test_too_few_pixels_are_refused(size: tuple[int, int]) -> None:
    """A picture of four pixels, or a line, is nothing to draw from."""
    with pytest.raises(UploadTooSmall) as refused:
        prepare_upload(encoded(Image.new("RGB", size)), name=NAME)
    assert (*size, MIN_SIDE_PIXELS) == (refused.value.width, refused.value.height, refused.value.least)
    assert (
        prepare_upload(encoded(Image.new("RGB", (MIN_SIDE_PIXELS, MIN_SIDE_PIXELS))), name=NAME).width
        == MIN_SIDE_PIXELS
    )


@pytest.mark.parametrize("side", [5793, 10_000, 60_000])
def test_a_pixel_bomb_is_refused_with_its_figures(side: int) -> None:
    """More pixels than we take are counted, and none is decoded."""
    with pytest.raises(UploadTooLarge) as refused:
        prepare_upload(bomb(side, side), name=NAME)
    assert (True, side * side, MAX_PIXELS) == (refused.value.pixels, refused.value.size, refused.value.limit)


def test_sixty_megabytes_are_refused_unopened() -> None:
    """So many bytes are not even looked at."""
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
def test_other_files_are_told_by_their_bytes(data: bytes, kind: str) -> None:
    """Whatever a file is called, its bytes say what it is."""
    with pytest.raises(UploadTypeUnsupported) as refused:
        prepare_upload(data, name=NAME)
    assert (NAME, kind) == (refused.value.name, refused.value.kind)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_half_a_picture_is_unreadable(kind: str, kept: float) -> None:
    """A file that ends early is refused."""
    data = encoded(noise(200, 200), kind)
    with pytest.raises(UploadUnreadable):
        prepare_upload(data[: int(len(data) * kept)], name=NAME)


SAMPLES = [encoded(noise(70, 66), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF")] + [moving("GIF"), moving("PNG")]


def test_a_file_of_endless_scans_is_not_decoded() -> None:
    """Thirty bytes a scan, and a pass over all pixels for each: it would hold up everybody's pictures for minutes."""
    data, begun = endless(), process_time()
    for limit in (MAX_SENT_BYTES, 3_000):
        with pytest.raises(UploadUnreadable):
            prepare_upload(data, name=NAME, limit=limit)
    with pytest.raises(UploadUnreadable):
        read_mask(data, (4096, 4096), name=NAME)
    with pytest.raises(PictureUnreadable):
        fit_to_limit(data, name=NAME, limit=MAX_SENT_BYTES, url="")
    assert prepare_upload(endless(20), name=NAME).kind == "jpeg"
    assert process_time() - begun < 20.0


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 255)), max_size=12),
    st.sampled_from([3_000, MAX_SENT_BYTES]),
)
def test_damaged_bytes_are_taken_or_refused(sample: bytes, damage: list[tuple[int, int]], limit: int) -> None:
    """Whatever is wrong with a file, the caller meets an Upload or an UploadRefused."""
    data = bytearray(sample)
    for place, value in damage:
        data[place % len(data)] = value
    try:
        upload = prepare_upload(bytes(data), name=NAME, limit=limit)
    except UploadRefused:
        return
    assert len(upload.data) <= limit
    assert decoded(upload.data).format in {"PNG", "JPEG"}
