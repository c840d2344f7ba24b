"""Masks: predefined regions, and masks that people painted."""

import base64
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from bot.errors import (
    MaskAmbiguous,
    MaskAspectRatioWrong,
    MaskEmpty,
    MaskFull,
    MaskRefused,
    UploadAnimated,
    UploadRefused,
    UploadTooLarge,
    UploadTypeUnsupported,
    UploadUnreadable,
)
from bot.imaging.masks import Mask, Region, draw_mask, read_mask
from bot.relay.requests import SubmitModal, encode_body
from tests.pictures import decode, draw_noise, encode, make_animation, make_awkward_metadata, make_bomb

AWKWARD = make_awkward_metadata()

SIZE = (300, 200)
NAME = "mask.png"
WHITE, BLACK, CLEAR, RED = (255, 255, 255, 255), (0, 0, 0, 255), (0, 0, 0, 0), (220, 30, 30, 255)
BOX = (30, 20, 149, 119)
SHARE = 120 * 100 / (300 * 200)


def read_gray(data: bytes) -> Image.Image:
    """Decode a mask: one channel, only black and white."""
    image = decode(data)
    assert ("PNG", "L") == (image.format, image.mode)
    assert sum(image.histogram()[1:255]) == 0
    return image


def is_white_at(mask: Mask, x: float, y: float) -> bool:
    """Whether the mask is white at a position given as fractions of the picture."""
    return read_gray(mask.data).getpixel((int(x * mask.width), int(y * mask.height))) == 255


@pytest.mark.parametrize(
    ("region", "share", "white", "black"),
    [
        (Region.LEFT, 1 / 2, (0.4, 0.9), (0.6, 0.1)),
        (Region.RIGHT, 1 / 2, (0.6, 0.1), (0.4, 0.9)),
        (Region.TOP, 1 / 2, (0.9, 0.4), (0.1, 0.6)),
        (Region.BOTTOM, 1 / 2, (0.1, 0.6), (0.9, 0.4)),
        (Region.LEFT_THIRD, 1 / 3, (0.3, 0.9), (0.4, 0.1)),
        (Region.MIDDLE_COLUMN, 1 / 3, (0.5, 0.0), (0.7, 0.5)),
        (Region.RIGHT_THIRD, 1 / 3, (0.7, 0.1), (0.6, 0.9)),
        (Region.TOP_THIRD, 1 / 3, (0.9, 0.3), (0.1, 0.4)),
        (Region.MIDDLE_ROW, 1 / 3, (0.0, 0.5), (0.5, 0.7)),
        (Region.BOTTOM_THIRD, 1 / 3, (0.1, 0.7), (0.9, 0.6)),
        (Region.TOP_LEFT, 1 / 4, (0.1, 0.1), (0.6, 0.6)),
        (Region.TOP_RIGHT, 1 / 4, (0.9, 0.1), (0.1, 0.1)),
        (Region.BOTTOM_LEFT, 1 / 4, (0.1, 0.9), (0.1, 0.1)),
        (Region.BOTTOM_RIGHT, 1 / 4, (0.9, 0.9), (0.1, 0.9)),
        (Region.CENTER, 1 / 4, (0.5, 0.5), (0.1, 0.5)),
        (Region.BORDER, 5 / 9, (0.05, 0.5), (0.5, 0.5)),
    ],
)
def test_regions_are_white_in_their_part_only(
    region: Region, share: float, white: tuple[float, float], black: tuple[float, float]
) -> None:
    mask = draw_mask(region, SIZE)
    assert SIZE == (mask.width, mask.height) == read_gray(mask.data).size
    assert pytest.approx(share, abs=0.01) == mask.repainted_share
    assert (True, False) == (is_white_at(mask, *white), is_white_at(mask, *black))


def test_halves_thirds_and_corners_cover_each_pixel_once() -> None:
    """Also with odd sizes."""
    size = (301, 199)
    for parts in (
        (Region.LEFT, Region.RIGHT),
        (Region.TOP, Region.BOTTOM),
        (Region.LEFT_THIRD, Region.MIDDLE_COLUMN, Region.RIGHT_THIRD),
        (Region.TOP_THIRD, Region.MIDDLE_ROW, Region.BOTTOM_THIRD),
        (Region.TOP_LEFT, Region.TOP_RIGHT, Region.BOTTOM_LEFT, Region.BOTTOM_RIGHT),
    ):
        assert pytest.approx(1) == sum(draw_mask(region, size).repainted_share for region in parts)


def test_every_region_has_a_label_and_becomes_a_data_url() -> None:
    assert "Top left corner" == Region.TOP_LEFT.label
    assert len(Region) == len({region.label for region in Region}) == 16
    mask = draw_mask(Region.CENTER, SIZE)
    sent = json.loads(b"".join(encode_body(SubmitModal(task_id="1", prompt="", mask=mask.data).body)))["maskBase64"]
    assert mask.data == base64.b64decode(sent.removeprefix("data:image/png;base64,"), validate=True)


@given(st.sampled_from(Region), st.tuples(st.integers(1, 40), st.integers(1, 40)))
def test_region_of_a_tiny_picture_may_be_empty_or_full(region: Region, size: tuple[int, int]) -> None:
    try:
        mask = draw_mask(region, size)
    except (MaskEmpty, MaskFull):
        assert min(size) < 8
        return
    assert size == read_gray(mask.data).size


def paint_box(back: tuple[int, int, int, int], front: tuple[int, int, int, int], size: tuple[int, int] = SIZE) -> bytes:
    """Paint a box over the picture, an eighth of it and a bit more."""
    image = Image.new("RGBA", size, back)
    left, top, right, bottom = (value * size[0] // SIZE[0] for value in BOX)
    ImageDraw.Draw(image).rectangle((left, top, right, bottom), fill=front)
    return encode(image)


def make_photo_with_hole() -> bytes:
    """Copy the picture and erase the box."""
    image = draw_noise(*SIZE).convert("RGBA")
    ImageDraw.Draw(image).rectangle(BOX, fill=CLEAR)
    return encode(image)


@pytest.mark.parametrize(
    "data",
    [
        paint_box(BLACK, WHITE),
        paint_box((10, 10, 10, 255), (240, 240, 240, 255)),
        paint_box(CLEAR, WHITE),
        paint_box(CLEAR, RED),
        paint_box(CLEAR, BLACK),
        paint_box(BLACK, CLEAR),
        paint_box((255, 255, 255, 0), (0, 90, 200, 255)),
        make_photo_with_hole(),
        encode(decode(paint_box(BLACK, WHITE)).convert("1")),
        encode(decode(paint_box(BLACK, WHITE)).convert("P")),
        encode(decode(paint_box(BLACK, WHITE)).convert("RGB"), "JPEG", quality=60),
        encode(decode(paint_box(BLACK, WHITE)).convert("RGB"), "WEBP"),
    ],
    ids=lambda data: f"{decode(data).format} {decode(data).mode}",
)
def test_painted_box_becomes_the_mask(data: bytes) -> None:
    """White on black, paint on a transparent background, or a hole."""
    mask = read_mask(data, SIZE, name=NAME)
    assert pytest.approx(SHARE, abs=0.005) == mask.repainted_share
    assert (True, False) == (is_white_at(mask, 0.3, 0.3), is_white_at(mask, 0.8, 0.8))
    assert SIZE == read_gray(mask.data).size


def test_white_paint_is_repainted_and_black_paint_is_kept() -> None:
    image = decode(paint_box(CLEAR, WHITE))
    ImageDraw.Draw(image).rectangle((200, 100, 299, 199), fill=BLACK)
    mask = read_mask(encode(image), SIZE, name=NAME)
    assert pytest.approx(SHARE, abs=0.005) == mask.repainted_share
    assert (True, False, False) == (
        is_white_at(mask, 0.3, 0.3),
        is_white_at(mask, 0.9, 0.9),
        is_white_at(mask, 0.8, 0.1),
    )


@pytest.mark.parametrize("factor", [0.25, 0.5, 3])
def test_mask_is_resized_to_the_picture(factor: float) -> None:
    size = (int(SIZE[0] * factor), int(SIZE[1] * factor))
    mask = read_mask(paint_box(BLACK, WHITE, size), SIZE, name=NAME)
    assert SIZE == (mask.width, mask.height) == read_gray(mask.data).size
    assert pytest.approx(SHARE, abs=0.02) == mask.repainted_share


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (paint_box(BLACK, BLACK), MaskEmpty),
        (paint_box(WHITE, WHITE), MaskFull),
        (paint_box(CLEAR, CLEAR), MaskEmpty),
        (encode(draw_noise(*SIZE)), MaskAmbiguous),
        (encode(Image.new("RGB", SIZE, (128, 128, 128))), MaskAmbiguous),
        (encode(Image.new("RGB", (200, 200), "black")), MaskAspectRatioWrong),
        (encode(Image.new("RGB", (200, 300), "black")), MaskAspectRatioWrong),
        (make_animation("GIF", *SIZE), UploadAnimated),
        (b"%PDF", UploadTypeUnsupported),
        (paint_box(BLACK, WHITE)[:200], UploadUnreadable),
        (make_bomb(10_000, 6_666), UploadTooLarge),
    ],
)
def test_unusable_masks_are_refused_with_their_reason(data: bytes, expected: type[MaskRefused | UploadRefused]) -> None:
    with pytest.raises(expected):
        read_mask(data, SIZE, name=NAME)


def test_aspect_ratio_error_carries_both_sizes() -> None:
    with pytest.raises(MaskAspectRatioWrong) as refused:
        read_mask(encode(Image.new("L", (200, 200))), SIZE, name=NAME)
    assert ((200, 200), SIZE) == (refused.value.mask, refused.value.picture)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([paint_box(BLACK, WHITE, (60, 40)), paint_box(CLEAR, RED, (60, 40)), encode(draw_noise(60, 40))]),
    st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 255)), max_size=9),
)
def test_damaged_masks_are_read_or_refused(sample: bytes, damage: list[tuple[int, int]]) -> None:
    data = bytearray(sample)
    for place, value in damage:
        data[place % len(data)] = value
    try:
        mask = read_mask(bytes(data), SIZE, name=NAME)
    except (MaskRefused, UploadRefused):
        return
    assert SIZE == read_gray(mask.data).size
    assert 0 < mask.repainted_share < 1


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("kind", AWKWARD)
def test_awkward_metadata_of_a_mask_is_ignored(kind: str) -> None:
    """The picture is noise, half of which is neither black nor white."""
    with pytest.raises(MaskAmbiguous):
        read_mask(AWKWARD[kind], (128, 96), name="fox")
