"""Previews of masks: what they show, and how large they are."""

import pytest
from PIL import Image

from bot.errors import (
    PictureTooLarge,
    PictureUnreadable,
)
from bot.imaging.mask_preview import MAX_SIDE_PIXELS, draw_mask_preview
from bot.imaging.masks import Region, draw_mask
from tests.pictures import decode, encode, make_animation, make_awkward_metadata, make_bomb

AWKWARD = make_awkward_metadata()

SIZE = (300, 200)


def test_preview_tints_the_masked_area_and_dims_the_rest() -> None:
    picture = encode(Image.new("RGB", SIZE, (90, 140, 90)))
    shown = draw_mask_preview(picture, draw_mask(Region.LEFT, SIZE), name="fox", limit=10**6)
    image = decode(shown.data)
    assert ("fox.jpg", SIZE) == (shown.name, image.size)
    inside, outside, line = (image.getpixel((x, 100)) for x in (75, 225, 148))
    assert isinstance(inside, tuple)
    assert isinstance(outside, tuple)
    assert isinstance(line, tuple)
    assert inside[0] > 130 > inside[1]
    assert max(outside) < 110
    assert min(line) > 200


@pytest.mark.parametrize(("kind", "size"), [("PNG", (2100, 1400)), ("JPEG", (1400, 2100)), ("WEBP", (2101, 1401))])
def test_preview_of_a_large_picture_is_scaled(kind: str, size: tuple[int, int]) -> None:
    picture = encode(Image.effect_noise(size, 60).convert("RGB"), kind)
    shown = draw_mask_preview(picture, draw_mask(Region.CENTER, size), name="fox", limit=100_000)
    assert len(shown.data) <= 100_000
    assert max(shown.width, shown.height) <= MAX_SIDE_PIXELS
    assert pytest.approx(size[0] / size[1], abs=0.02) == shown.width / shown.height


def test_preview_of_other_bytes_raises_picture_error() -> None:
    mask = draw_mask(Region.LEFT, SIZE)
    for data in (b"nothing", make_animation("GIF")):
        with pytest.raises(PictureUnreadable):
            draw_mask_preview(data, mask, name="fox", limit=10**6)
    with pytest.raises(PictureTooLarge):
        draw_mask_preview(make_bomb(10_000, 10_000), mask, name="fox", limit=10**6)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("kind", AWKWARD)
def test_awkward_metadata_of_the_picture_is_ignored(kind: str) -> None:
    mask = draw_mask(Region.LEFT, (128, 96))
    preview = draw_mask_preview(AWKWARD[kind], mask, name="fox", limit=1024 * 1024)
    assert (preview.width, preview.height) == (128, 96)
