"""Text results of Midjourney are parsed in the known formats and in others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.midjourney.task import Task
from bot.midjourney.text_results import (
    MAX_LINES,
    WeightedWord,
    WordWeight,
    find_numbered_line,
    parse_describe_result,
    parse_shorten_result,
)
from tests.cpu_time import compare_cost
from tests.recordings import recorded

FOUR = (
    "Watercolor of a red fox on fresh snow, loose brushwork, pale blue shadows --ar 1:1",
    "A fox sitting in deep snow, ink and wash, in the style of Beatrix Potter --ar 1:1",
    "Minimal children's book illustration of a fox, flat colors --ar 1:1",
    "Winter fox portrait, soft rim light, 35mm photo look --ar 1:1",
)


def said(name: str) -> str:
    """The words of a recorded answer."""
    return Task.model_validate(recorded(name).body).properties.final_prompt


def test_the_recorded_describe_result_has_four_lines() -> None:
    """Numbers and links are removed, parameters stay."""
    assert FOUR == parse_describe_result(said("18_fetch_describe_success"))
    assert FOUR == tuple(find_numbered_line(said("18_fetch_describe_success"), number) for number in range(1, 5))


@pytest.mark.parametrize(
    "text",
    [
        "1\ufe0f\u20e3 a fox\n\n2\ufe0f\u20e3 a dog",
        "1\u20e3 a fox\n2\u20e3 a dog",
        "1. a fox\n2. a dog",
        "1) a fox\r\n2) a dog",
        "(1) a fox\n(2) a dog",
        "[1] a fox\n[2] a dog",
        "**1.** a fox\n**2.** a dog",
        "**1** a fox\n**2** a dog",
        "- 1. a fox\n- 2. a dog",
        "1\ufe0f\u20e3a fox\n\n2\ufe0f\u20e3a dog",
        "## Prompts\n1. a\nfox\n\n2. a dog",
        "a fox\n\na dog",
        "a fox\na dog",
        "## Prompts\n\na **fox**\n\na [dog](https://a.example/b)",
    ],
)
def test_other_formats_of_a_describe_result(text: str) -> None:
    """Keycaps, numbers, paragraphs or plain lines, complete or not."""
    assert ("a fox", "a dog") == parse_describe_result(text)
    assert ("a fox", "a dog", "") == tuple(find_numbered_line(text, number) for number in (1, 2, 3))


def test_a_missing_number_does_not_shift_lines() -> None:
    """Button 3 is line 3 even without line 2; a repeated number counts once."""
    text = "1. a fox\n2.\n3. a dog\n3. a cat"
    assert ("a fox", "a dog") == parse_describe_result(text)
    assert ["a fox", "", "a dog", "", ""] == [find_numbered_line(text, number) for number in (1, 2, 3, 4, 0)]


def test_a_line_that_begins_with_a_decimal_is_not_numbered() -> None:
    assert ("35mm photo", "3.5 inches of snow") == parse_describe_result("35mm photo\n\n3.5 inches of snow")


@pytest.mark.parametrize("text", ["", " \n\n ", "\u200b"])
def test_an_empty_text_has_no_lines(text: str) -> None:
    assert ((), "", ()) == (parse_describe_result(text), find_numbered_line(text, 1), parse_shorten_result(text).words)


def test_the_recorded_shorten_result_is_ranked() -> None:
    """Words in their order with their weights, and five prompts."""
    found = parse_shorten_result(said("19_fetch_shorten_success"))
    expected = (
        WeightedWord("fox", WordWeight.STRONG),
        WeightedWord("in", WordWeight.NORMAL),
        WeightedWord("snow", WordWeight.STRONG),
        WeightedWord("highly", WordWeight.IGNORED),
        WeightedWord("detailed", WordWeight.IGNORED),
        WeightedWord("watercolor", WordWeight.STRONG),
    )
    assert expected == found.words
    assert ("fox in snow, watercolor", "fox, snow, watercolor", "fox, watercolor", "fox snow", "fox") == found.prompts
    assert ["fox", "snow", "watercolor", "in", "highly", "detailed"] == [word.text for word in found.ranked_words]
    assert "fox snow" == find_numbered_line(said("19_fetch_shorten_success"), 4)


@pytest.mark.parametrize(
    "text",
    [
        "Important tokens:\n**fox** in ~~very deep~~ snow\nShortened prompts:\n1. fox\n2. a",
        "**Important tokens:**\n**fox** in ~~very deep~~ snow\n\n**Shortened prompts:**\n1) fox\n2) a",
        "**fox** in ~~very deep~~\nsnow\n1\ufe0f\u20e3 fox\n\n2\ufe0f\u20e3 a",
    ],
)
def test_other_formats_of_a_shorten_result(text: str) -> None:
    """Headings of another kind, or none."""
    found = parse_shorten_result(text)
    assert [("fox", 2), ("in", 1), ("very deep", 0), ("snow", 1)] == [(word.text, word.weight) for word in found.words]
    assert ("fox", "a") == found.prompts


def test_a_single_bold_word_is_not_a_heading() -> None:
    """The only word that matters may have a line of its own."""
    assert (WeightedWord("fox", WordWeight.STRONG),) == parse_shorten_result(
        "## Important tokens\n**fox**\n## Shortened prompts\n1. fox"
    ).words


def test_words_or_prompts_may_be_missing() -> None:
    assert ((WeightedWord("fox", WordWeight.STRONG),), ()) == (
        parse_shorten_result("**fox**").words,
        parse_shorten_result("**fox**").prompts,
    )
    assert ((), ("fox",)) == (parse_shorten_result("1. fox").words, parse_shorten_result("1. fox").prompts)


MARKUP = st.sampled_from(["**", "~~", "1\ufe0f\u20e3 ", "2. ", "\n", "\n\n", "## ", "[a](b)", "fox", "`", ":", "3)"])


@given(st.text() | st.lists(MARKUP, max_size=40).map("".join))
def test_any_text_is_parsed(text: str) -> None:
    """It gives a few plain lines, each found by its number, and words with letters in them."""
    lines, found = parse_describe_result(text), parse_shorten_result(text)
    assert len(lines) <= MAX_LINES
    assert all(line and line == " ".join(line.split()) for line in (*lines, *found.prompts))
    assert all(word.text.strip() for word in found.words)
    assert len(found.ranked_words) <= len(found.words)
    assert set(lines) >= {line for number in range(1, 10) if (line := find_numbered_line(text, number))}


@pytest.mark.parametrize("unit", [" ", "\t", "\u3000", " \t"])
def test_a_line_of_blanks_is_read_once(unit: str) -> None:
    """It costs no more than a line of words: Midjourney's texts are read in the event loop."""
    size = 16_000
    assert compare_cost(lambda text: find_numbered_line(text, 3), unit * (size // len(unit)), "a " * (size // 2)) < 10
