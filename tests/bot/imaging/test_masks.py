"""Masks: white where a picture is to be repainted, of its size, drawn or read; and what a person is shown of them."""

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
    PictureTooLarge,
    PictureUnreadable,
    UploadAnimated,
    UploadRefused,
    UploadTooLarge,
    UploadTypeUnsupported,
    UploadUnreadable,
)
from bot.imaging.mask_preview import MAX_SIDE_PIXELS, draw_mask_preview
from bot.imaging.masks import Mask, Region, draw_mask, read_mask
from bot.relay.requests import SubmitModal, encode_body
from tests.pictures import bomb, decoded, encoded, moving, noise

SIZE = (300, 200)
NAME = "mask.png"
WHITE, BLACK, CLEAR, RED = (255, 255, 255, 255), (0, 0, 0, 255), (0, 0, 0, 0), (220, 30, 30, 255)
BOX = (30, 20, 149, 119)
SHARE = 120 * 100 / (300 * 200)


def grey(data: bytes) -> Image.Image:
    """Decode a mask: one channel of black and white alone."""
    image = decoded(data)
    assert ("PNG", "L") == (image.format, image.mode)
    assert sum(image.histogram()[1:255]) == 0
    return image


def white_at(mask: Mask, x: float, y: float) -> bool:
    """Whether the mask is white at a place given in parts of the picture."""
    return grey(mask.data).getpixel((int(x * mask.width), int(y * mask.height))) == 255


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
def test_every_ready_region_is_where_it_says(
    region: Region, share: float, white: tuple[float, float], black: tuple[float, float]
) -> None:
    """White in its part, black elsewhere, of the picture's size."""
    mask = draw_mask(region, SIZE)
    assert SIZE == (mask.width, mask.height) == grey(mask.data).size
    assert pytest.approx(share, abs=0.01) == mask.repainted_share
    assert (True, False) == (white_at(mask, *white), white_at(mask, *black))


def test_halves_thirds_and_corners_make_the_whole() -> None:
    """No pixel belongs to two of them, and none to neither, odd sizes included."""
    size = (301, 199)
    for parts in (
        (Region.LEFT, Region.RIGHT),
        (Region.TOP, Region.BOTTOM),
        (Region.LEFT_THIRD, Region.MIDDLE_COLUMN, Region.RIGHT_THIRD),
        (Region.TOP_THIRD, Region.MIDDLE_ROW, Region.BOTTOM_THIRD),
        (Region.TOP_LEFT, Region.TOP_RIGHT, Region.BOTTOM_LEFT, Region.BOTTOM_RIGHT),
    ):
        assert pytest.approx(1) == sum(draw_mask(region, size).repainted_share for region in parts)


def test_every_region_has_a_name_and_a_data_url() -> None:
    """What a person chooses, and what maskBase64 takes."""
    assert "Top left corner" == Region.TOP_LEFT.label
    assert len(Region) == len({region.label for region in Region}) == 16
    mask = draw_mask(Region.CENTER, SIZE)
    sent = json.loads(b"".join(encode_body(SubmitModal(task_id="1", prompt="", mask=mask.data).body)))["maskBase64"]
    assert mask.data == base64.b64decode(sent.removeprefix("data:image/png;base64,"), validate=True)


@given(st.sampled_from(Region), st.tuples(st.integers(1, 40), st.integers(1, 40)))
def test_a_region_of_any_picture_is_a_mask_or_none(region: Region, size: tuple[int, int]) -> None:
    """Of the smallest pictures a part may be nothing or everything, which is said."""
    try:
        mask = draw_mask(region, size)
    except (MaskEmpty, MaskFull):
        assert min(size) < 8
        return
    assert size == grey(mask.data).size


def painted(back: tuple[int, int, int, int], front: tuple[int, int, int, int], size: tuple[int, int] = SIZE) -> bytes:
    """Paint a box of the picture, an eighth and a bit of it, in another colour."""
    image = Image.new("RGBA", size, back)
    left, top, right, bottom = (value * size[0] // SIZE[0] for value in BOX)
    ImageDraw.Draw(image).rectangle((left, top, right, bottom), fill=front)
    return encoded(image)


def photo_with_a_hole() -> bytes:
    """A copy of a picture out of which somebody erased the box."""
    image = noise(*SIZE).convert("RGBA")
    ImageDraw.Draw(image).rectangle(BOX, fill=CLEAR)
    return encoded(image)


@pytest.mark.parametrize(
    "data",
    [
        painted(BLACK, WHITE),
        painted((10, 10, 10, 255), (240, 240, 240, 255)),
        painted(CLEAR, WHITE),
        painted(CLEAR, RED),
        painted(CLEAR, BLACK),
        painted(BLACK, CLEAR),
        painted((255, 255, 255, 0), (0, 90, 200, 255)),
        photo_with_a_hole(),
        encoded(decoded(painted(BLACK, WHITE)).convert("1")),
        encoded(decoded(painted(BLACK, WHITE)).convert("P")),
        encoded(decoded(painted(BLACK, WHITE)).convert("RGB"), "JPEG", quality=60),
        encoded(decoded(painted(BLACK, WHITE)).convert("RGB"), "WEBP"),
    ],
    ids=lambda data: f"{decoded(data).format} {decoded(data).mode}",
)
def test_a_painted_picture_is_understood(data: bytes) -> None:
    """White on black, paint on something transparent, or a hole: the box is what shall be repainted."""
    mask = read_mask(data, SIZE, name=NAME)
    assert pytest.approx(SHARE, abs=0.005) == mask.repainted_share
    assert (True, False) == (white_at(mask, 0.3, 0.3), white_at(mask, 0.8, 0.8))
    assert SIZE == grey(mask.data).size


def test_black_and_white_on_something_transparent_is_taken_at_its_word() -> None:
    """White is repainted, black kept, and so is what nobody touched."""
    image = decoded(painted(CLEAR, WHITE))
    ImageDraw.Draw(image).rectangle((200, 100, 299, 199), fill=BLACK)
    mask = read_mask(encoded(image), SIZE, name=NAME)
    assert pytest.approx(SHARE, abs=0.005) == mask.repainted_share
    assert (True, False, False) == (white_at(mask, 0.3, 0.3), white_at(mask, 0.9, 0.9), white_at(mask, 0.8, 0.1))


@pytest.mark.parametrize("factor", [0.25, 0.5, 3])
def test_a_mask_of_another_size_is_brought_to_the_picture_s(factor: float) -> None:
    """Painted on a smaller or a larger copy, it falls on the same place."""
    size = (int(SIZE[0] * factor), int(SIZE[1] * factor))
    mask = read_mask(painted(BLACK, WHITE, size), SIZE, name=NAME)
    assert SIZE == (mask.width, mask.height) == grey(mask.data).size
    assert pytest.approx(SHARE, abs=0.02) == mask.repainted_share


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (painted(BLACK, BLACK), MaskEmpty),
        (painted(WHITE, WHITE), MaskFull),
        (painted(CLEAR, CLEAR), MaskEmpty),
        (encoded(noise(*SIZE)), MaskAmbiguous),
        (encoded(Image.new("RGB", SIZE, (128, 128, 128))), MaskAmbiguous),
        (encoded(Image.new("RGB", (200, 200), "black")), MaskAspectRatioWrong),
        (encoded(Image.new("RGB", (200, 300), "black")), MaskAspectRatioWrong),
        (moving("GIF", *SIZE), UploadAnimated),
        (b"%PDF", UploadTypeUnsupported),
        (painted(BLACK, WHITE)[:200], UploadUnreadable),
        (bomb(10_000, 6_666), UploadTooLarge),
    ],
)
def test_a_mask_that_says_nothing_is_refused_with_its_reason(
    data: bytes, expected: type[MaskRefused | UploadRefused]
) -> None:
    """All black, all white, a photograph, other proportions, or no picture at all."""
    with pytest.raises(expected):
        read_mask(data, SIZE, name=NAME)


def test_misshapen_tells_both_sizes() -> None:
    """So that the sentence can."""
    with pytest.raises(MaskAspectRatioWrong) as refused:
        read_mask(encoded(Image.new("L", (200, 200))), SIZE, name=NAME)
    assert ((200, 200), SIZE) == (refused.value.mask, refused.value.picture)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([painted(BLACK, WHITE, (60, 40)), painted(CLEAR, RED, (60, 40)), encoded(noise(60, 40))]),
    st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 255)), max_size=9),
)
def test_damaged_masks_are_read_or_refused(sample: bytes, damage: list[tuple[int, int]]) -> None:
    """Whatever arrives: a mask of black and white of the right size, or one of our errors."""
    data = bytearray(sample)
    for place, value in damage:
        data[place % len(data)] = value
    try:
        mask = read_mask(bytes(data), SIZE, name=NAME)
    except (MaskRefused, UploadRefused):
        return
    assert SIZE == grey(mask.data).size
    assert 0 < mask.repainted_share < 1


def test_a_preview_tints_what_will_be_repainted() -> None:
    """Pink and bright on the one side, dimmed on the other, and a white line between."""
    picture = encoded(Image.new("RGB", SIZE, (90, 140, 90)))
    shown = draw_mask_preview(picture, draw_mask(Region.LEFT, SIZE), name="fox", limit=10**6)
    image = decoded(shown.data)
    assert ("fox.jpg", SIZE) == (shown.name, image.size)
    inside, outside, line = (image.getpixel((x, 100)) for x in (75, 225, 148))
    assert isinstance(inside, tuple)
    assert isinstance(outside, tuple)
    assert isinstance(line, tuple)
    assert inside[0] > 130 > inside[1]
    assert max(outside) < 110
    assert min(line) > 200


@pytest.mark.parametrize(("kind", "size"), [("PNG", (2100, 1400)), ("JPEG", (1400, 2100)), ("WEBP", (2101, 1401))])
def test_a_preview_is_no_larger_than_anyone_looks(kind: str, size: tuple[int, int]) -> None:
    """Large pictures are shown scaled, in their proportions, within the limit."""
    picture = encoded(Image.effect_noise(size, 60).convert("RGB"), kind)
    shown = draw_mask_preview(picture, draw_mask(Region.CENTER, size), name="fox", limit=100_000)
    assert len(shown.data) <= 100_000
    assert max(shown.width, shown.height) <= MAX_SIDE_PIXELS
    assert pytest.approx(size[0] / size[1], abs=0.02) == shown.width / shown.height


def test_a_preview_of_no_picture_is_an_error_of_pictures() -> None:
    """The picture is the task's, so its errors are those of tasks' pictures."""
    mask = draw_mask(Region.LEFT, SIZE)
    for data in (b"nothing", moving("GIF")):
        with pytest.raises(PictureUnreadable):
            draw_mask_preview(data, mask, name="fox", limit=10**6)
    with pytest.raises(PictureTooLarge):
        draw_mask_preview(bomb(10_000, 10_000), mask, name="fox", limit=10**6)
