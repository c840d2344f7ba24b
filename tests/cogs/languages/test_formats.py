"""Numbers, lists and sentences in each language."""

from decimal import Decimal

import pytest

from cogs.languages import Language, format_number, join_list, join_sentences, use_language
from cogs.languages.formats import join_alternatives


@pytest.mark.parametrize(
    ("language", "numbers"),
    [
        (Language.ENGLISH, ["1,234.5", "12", "-1,000,000"]),
        (Language.VIETNAMESE, ["1.234,5", "12", "-1.000.000"]),
        (Language.SIMPLIFIED_CHINESE, ["1,234.5", "12", "-1,000,000"]),
        (Language.TRADITIONAL_CHINESE, ["1,234.5", "12", "-1,000,000"]),
    ],
)
def test_numbers_have_the_separators_of_the_language(language: Language, numbers: list[str]) -> None:
    with use_language(language):
        assert numbers == [format_number(one) for one in (Decimal("1234.5"), 12, -1_000_000)]


@pytest.mark.parametrize(
    ("language", "joined"),
    [
        (Language.ENGLISH, ["a, b, c", "One. Two."]),
        (Language.VIETNAMESE, ["a, b, c", "One. Two."]),
        (Language.SIMPLIFIED_CHINESE, ["a、b、c", "One.Two."]),
        (Language.TRADITIONAL_CHINESE, ["a、b、c", "One.Two."]),
    ],
)
def test_lists_and_sentences_are_joined_as_the_language_does(language: Language, joined: list[str]) -> None:
    with use_language(language):
        assert joined == [join_list("abc"), join_sentences("One.", "", "Two.")]


def test_alternatives_end_with_or() -> None:
    assert ["", "a", "a or b", "a, b or c"] == [join_alternatives(items) for items in ("", "a", "ab", "abc")]
