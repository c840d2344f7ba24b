"""Grids are split into four pictures that fit."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from bot.errors import PictureTooLarge, PictureUnreadable
from bot.imaging.grid_split import split_grid
from tests.pictures import decode, draw_noise, encode, make_animation, make_awkward_metadata, make_bomb

LIMIT = 10 * 1024 * 1024
AWKWARD = make_awkward_metadata()


def test_png_is_split_losslessly_in_reading_order() -> None:
    grid = draw_noise(200, 160)
    pictures = split_grid(encode(grid), name="fox", limit=LIMIT)
    assert ["fox_1.png", "fox_2.png", "fox_3.png", "fox_4.png"] == [picture.name for picture in pictures]
    boxes = [(0, 0, 100, 80), (100, 0, 200, 80), (0, 80, 100, 160), (100, 80, 200, 160)]
    for picture, box in zip(pictures, boxes, strict=True):
        assert (100, 80, False) == (picture.width, picture.height, picture.is_reencoded)
        assert ImageChops.difference(decode(picture.data), grid.crop(box)).getbbox() is None


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 60), st.integers(2, 60))
def test_no_pixel_of_an_odd_grid_is_lost(width: int, height: int) -> None:
    grid = draw_noise(width, height)
    one, two, three, four = (decode(each.data) for each in split_grid(encode(grid), name="a", limit=LIMIT))
    again = Image.new("RGB", (width, height))
    again.paste(one, (0, 0))
    again.paste(two, (one.width, 0))
    again.paste(three, (0, one.height))
    again.paste(four, (one.width, one.height))
    assert ImageChops.difference(again, grid).getbbox() is None


@pytest.mark.parametrize(("kind", "extension"), [("JPEG", "jpg"), ("WEBP", "jpg"), ("PNG", "png")])
def test_lossy_grids_become_lossy_pictures_of_similar_size(kind: str, extension: str) -> None:
    grid = Image.linear_gradient("L").resize((400, 300)).convert("RGB")
    pictures = split_grid(encode(grid, kind), name="fox", limit=LIMIT)
    assert [f"fox_{number}.{extension}" for number in range(1, 5)] == [picture.name for picture in pictures]
    assert {(200, 150)} == {(picture.width, picture.height) for picture in pictures}


def test_transparent_webp_becomes_transparent_pngs() -> None:
    pictures = split_grid(encode(draw_noise(40, 40, "RGBA"), "WEBP", lossless=True), name="fox", limit=LIMIT)
    assert {("fox_1.png", "RGBA")} <= {(picture.name, decode(picture.data).mode) for picture in pictures}


def test_pictures_over_the_limit_are_reencoded() -> None:
    for picture in split_grid(encode(draw_noise(600, 400)), name="fox", limit=60_000):
        assert len(picture.data) <= 60_000
        assert (True, ".jpg") == (picture.is_reencoded, picture.name[-4:])


@pytest.mark.parametrize(
    "data", [b"nothing", encode(draw_noise(1, 9)), encode(draw_noise(99, 99))[:500], make_animation("WEBP")]
)
def test_other_files_are_unreadable(data: bytes) -> None:
    with pytest.raises(PictureUnreadable):
        split_grid(data, name="fox", limit=LIMIT)


def test_pixel_bomb_is_too_large() -> None:
    with pytest.raises(PictureTooLarge):
        split_grid(make_bomb(20_000, 20_000), name="fox", limit=LIMIT)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("kind", AWKWARD)
def test_metadata_that_cannot_be_written_is_left_out(kind: str) -> None:
    pictures = split_grid(AWKWARD[kind], name="fox", limit=LIMIT)
    assert [(picture.width, picture.height) for picture in pictures] == [(64, 48)] * 4
    assert all(len(picture.data) < 20_000 for picture in pictures)
