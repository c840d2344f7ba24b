"""A grid is cut into its four pictures, each a file that fits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from bot.errors import PictureTooLarge, PictureUnreadable
from bot.imaging.grid_split import split_grid
from tests.pictures import bomb, decoded, encoded, moving, noise

LIMIT = 10 * 1024 * 1024


def test_a_png_is_cut_without_loss_in_reading_order() -> None:
    """1 2 above 3 4, every pixel as it was."""
    grid = noise(200, 160)
    pictures = split_grid(encoded(grid), name="fox", limit=LIMIT)
    assert ["fox_1.png", "fox_2.png", "fox_3.png", "fox_4.png"] == [picture.name for picture in pictures]
    boxes = [(0, 0, 100, 80), (100, 0, 200, 80), (0, 80, 100, 160), (100, 80, 200, 160)]
    for picture, box in zip(pictures, boxes, strict=True):
        assert (100, 80, False) == (picture.width, picture.height, picture.is_reencoded)
        assert ImageChops.difference(decoded(picture.data), grid.crop(box)).getbbox() is None


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 60), st.integers(2, 60))
def test_no_pixel_of_an_odd_grid_is_lost(width: int, height: int) -> None:
    """The four laid side by side are the grid again."""
    grid = noise(width, height)
    one, two, three, four = (decoded(each.data) for each in split_grid(encoded(grid), name="a", limit=LIMIT))
    again = Image.new("RGB", (width, height))
    again.paste(one, (0, 0))
    again.paste(two, (one.width, 0))
    again.paste(three, (0, one.height))
    again.paste(four, (one.width, one.height))
    assert ImageChops.difference(again, grid).getbbox() is None


@pytest.mark.parametrize(("kind", "extension"), [("JPEG", "jpg"), ("WEBP", "jpg"), ("PNG", "png")])
def test_each_kind_becomes_files_that_everybody_opens(kind: str, extension: str) -> None:
    """What was lossy stays so, and not much larger than it was."""
    grid = Image.linear_gradient("L").resize((400, 300)).convert("RGB")
    pictures = split_grid(encoded(grid, kind), name="fox", limit=LIMIT)
    assert [f"fox_{number}.{extension}" for number in range(1, 5)] == [picture.name for picture in pictures]
    assert {(200, 150)} == {(picture.width, picture.height) for picture in pictures}


def test_what_shows_through_still_does() -> None:
    """A transparent WebP is cut into transparent PNGs."""
    pictures = split_grid(encoded(noise(40, 40, "RGBA"), "WEBP", lossless=True), name="fox", limit=LIMIT)
    assert {("fox_1.png", "RGBA")} <= {(picture.name, decoded(picture.data).mode) for picture in pictures}


def test_each_fits_the_limit() -> None:
    """What is too large for Discord is re-encoded, and says so."""
    for picture in split_grid(encoded(noise(600, 400)), name="fox", limit=60_000):
        assert len(picture.data) <= 60_000
        assert (True, ".jpg") == (picture.is_reencoded, picture.name[-4:])


@pytest.mark.parametrize("data", [b"nothing", encoded(noise(1, 9)), encoded(noise(99, 99))[:500], moving("WEBP")])
def test_what_is_no_grid_is_unreadable(data: bytes) -> None:
    """A line, half a file, or clips are not cut."""
    with pytest.raises(PictureUnreadable):
        split_grid(data, name="fox", limit=LIMIT)


def test_a_bomb_is_too_large() -> None:
    """It is counted, not decoded."""
    with pytest.raises(PictureTooLarge):
        split_grid(bomb(20_000, 20_000), name="fox", limit=LIMIT)
