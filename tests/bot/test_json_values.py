"""JSON values of any type are read leniently."""

import pytest

from bot.json_values import coerce_text


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
