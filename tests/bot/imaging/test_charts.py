"""A chart has its bars, whatever their number and size; the tests read its pixels."""

import random
from io import BytesIO
from itertools import groupby

import pytest
from PIL import Image, ImageColor

from bot.imaging.charts import CONFIRMED_COLOR, SIZE, UNCONFIRMED_COLOR, draw_bar_chart, format_tick

MAX_BYTES = 200_000
_TOLERANCE = 40


def draw(confirmed: list[float], unconfirmed: list[float] | None = None) -> Image.Image:
    """Draw a chart with numbered bars, and check what holds for each."""
    labels = tuple(str(number) for number in range(1, len(confirmed) + 1))
    data = draw_bar_chart(tuple(confirmed), tuple(unconfirmed or [0.0] * len(confirmed)), labels)
    assert len(data) < MAX_BYTES
    picture = Image.open(BytesIO(data))
    assert (picture.format, picture.size) == ("PNG", SIZE)
    return picture.convert("RGB")


def count_bars(picture: Image.Image, color: str = CONFIRMED_COLOR) -> int:
    """Count the runs of a color in the row that has most of them."""
    wanted = ImageColor.getrgb(color)
    pixels = picture.load()
    assert pixels is not None

    def is_close(x: int, y: int) -> bool:
        got = pixels[x, y]
        assert isinstance(got, tuple)
        return all(abs(one - other) <= _TOLERANCE for one, other in zip(got, wanted, strict=True))

    rows = ([is_close(x, y) for x in range(picture.width)] for y in range(picture.height))
    return max(sum(key for key, _ in groupby(row)) for row in rows)


@pytest.mark.parametrize("count", [0, 1, 2, 7, 25, 31])
def test_each_number_has_a_bar(count: int) -> None:
    assert count_bars(draw([10.0 + number for number in range(count)])) == count


def test_four_hundred_bars_are_drawn() -> None:
    """They are narrower than two pixels, so that not each can be counted; the picture stays small."""
    numbers = random.Random(1)  # noqa: S311 - bars, no secrets
    assert count_bars(draw([numbers.expovariate(1) for _ in range(400)], [0.1] * 400)) > 50


@pytest.mark.parametrize(
    "numbers", [[1e-6, 2e-6], [1e15, 8e14], [1e300, 1e300], [12345.678, 9999.0], [1e-300, 1e-300], [5.0, 5.0]]
)
def test_amounts_of_any_size_have_bars(numbers: list[float]) -> None:
    expected = 0 if max(numbers) < 1e-100 else 2
    assert count_bars(draw(numbers)) == expected


@pytest.mark.parametrize("numbers", [[0.0] * 7, [-5.0, -1.0]])
def test_nothing_spent_is_an_empty_frame(numbers: list[float]) -> None:
    assert count_bars(draw(numbers)) == 0


def test_the_unconfirmed_part_has_its_own_color() -> None:
    picture = draw([1.0, 2.0, 3.0], [2.0, 0.0, 1.0])
    assert count_bars(picture) == 3
    # The hatch cuts the orange into pieces.
    assert count_bars(picture, UNCONFIRMED_COLOR) >= 2


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.05, "0.05"), (12, "12"), (2500, "2500"), (20_000, "20k"), (1.5e6, "1.5M"), (2e15, "2,000T")],
)
def test_numbers_beside_the_axis_are_short(value: float, text: str) -> None:
    assert format_tick(value) == text
