"""Texts are kept within Discord's limits, and what is no emoji is told from what is one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.text.limits import cut, is_emoji, length


def test_length_is_the_larger_count() -> None:
    """A character outside of the basic plane counts twice."""
    assert length("a😀é") == 4


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 5, "short"),
        ("longer text", 6, "longe…"),
        ("two words", 5, "two…"),
        ("😀😀", 3, "😀…"),
        ("😀😀", 2, "…"),
        ("a👨‍👩‍👧b", 6, "a…"),
        ("ae\u0301e\u0301", 3, "a…"),
        ("🇻🇳🇻🇳", 7, "🇻🇳…"),
        ("👍🏻x", 3, "…"),
        ("abc", 0, ""),
    ],
)
def test_cut_keeps_characters_whole(text: str, limit: int, expected: str) -> None:
    """What is cut ends with an ellipsis, within the limit, and never inside of what is drawn as one."""
    assert expected == cut(text, limit)
    assert length(expected) <= limit


@given(st.text(max_size=60), st.integers(1, 40))
def test_cut_never_exceeds_the_limit(text: str, limit: int) -> None:
    """Any text fits once it is cut, and still begins as it did."""
    shortened = cut(text, limit)
    assert length(shortened) <= limit
    assert text.startswith(shortened.removesuffix("…"))


@pytest.mark.parametrize("text", ["🔄", "⬆️", "⬅", "❤", "❤️", "🪄", "1️⃣", "🎉", "🖌️", "🎞️", "🇻🇳", "👨‍👩‍👧"])
def test_real_emoji(text: str) -> None:
    """What Unicode calls an emoji is one, keycaps and arrows included."""
    assert is_emoji(text)


@pytest.mark.parametrize("text", ["", "upscale_1", ":tada:", "ὐ4", "1", "🔄🔄", "🏻", "\ufe0f", "🫩"])
def test_false_emoji(text: str) -> None:
    """Names, broken escapes, pairs, parts, and what is newer than Discord draws are none."""
    assert not is_emoji(text)
