"""JSON values of any type are read leniently."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.json_values import coerce_milliseconds, coerce_text, list_links
from tests.cpu_time import compare_cost


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1754300000123417", "1754300000123417"),
        (17543000001234179, "17543000001234179"),
        (0, "0"),
        (1.7543e15, ""),
        (True, ""),
        (10**30, ""),
        pytest.param(10**5000, "", id="5,001 digits"),
        (None, ""),
        ([], ""),
        ({}, ""),
        ("a\ud800b", "a?b"),
        ("a\0b", "a\ufffdb"),
    ],
)
def test_coerce_text(value: object, expected: str) -> None:
    """Whole numbers become their digits, floats never an id, and no text holds what a database cannot store."""
    assert expected == coerce_text(value)


NOON = 1754308800000  # 2025-08-04T12:00:00Z


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1754300000123, 1754300000123),
        ("1754300000123", 1754300000123),
        (1754300000123.9, 1754300000123),
        (1754308800, NOON),
        ("1754308800", NOON),
        (1754308800.25, NOON + 250),
        ("1754308800.250", NOON + 250),
        (1754308800_000_000, NOON),
        (1754308800_000_000_000, NOON),
        ("2025-08-04T12:00:00Z", NOON),
        ("2025-08-04 12:00:00", NOON),
        ("2025-08-04T12:00:00.250Z", NOON + 250),
        ("2025-08-04T20:00:00+08:00", NOON),
        ("2025-08-04 20:00:00.123456789 +0800 CST m=+0.01", NOON + 123),
        ("2025/8/4 12:00", NOON),
        ("2025年8月4日 12:00:00", NOON),
        ("20250804120000", NOON),
        (20250804120000, NOON),
        ("20250804T120000Z", NOON),
        ("Mon, 04 Aug 2025 12:00:00 GMT", NOON),
        ("/Date(1754308800000)/", NOON),
        ([2025, 8, 4, 12, 0], NOON),
        ([2025, 8, 4, 12, 0, 0, 250_000_000], NOON),
        (5, 5),
        (0, 0),
        (-5, 0),
        (10**30, 0),
        (float("inf"), 0),
        (float("nan"), 0),
        ("nan", 0),
        ("9" * 5000, 0),
        (99999999999999, 0),
        ("2025-13-40T99:00:00Z", 0),
        ("soon", 0),
        ("", 0),
        (True, 0),
        (None, 0),
        ([1], 0),
        ([2025, 13, 4], 0),
        ({}, 0),
    ],
)
def test_coerce_milliseconds(value: object, expected: int) -> None:
    """A time is a number of any common unit or a date, within a calendar; or it is unknown."""
    assert expected == coerce_milliseconds(value)


@given(st.integers() | st.floats() | st.text() | st.datetimes().map(str) | st.lists(st.integers(0, 3000), max_size=8))
def test_a_time_is_read_again_as_it_was(value: object) -> None:
    """The store keeps milliseconds."""
    time = coerce_milliseconds(value)
    assert time == coerce_milliseconds(time)


@pytest.mark.parametrize("separator", [",", " ", ";", "| ", " ,\n", "\u3000"])
def test_a_text_of_separators_is_read_once(separator: str) -> None:
    """It costs no more than a text of words, and a long separator still separates two links."""
    size = 40_000
    assert compare_cost(list_links, (separator * size)[:size], "a," * (size // 2)) < 5
    links = ("https://a.example/1.png", "https://a.example/2.png")
    assert list_links((separator * 100).join(links)) == links
