"""Prompt lines are parsed and written."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from bot.midjourney.prompts.parameters import ModelVersion, Parameter
from bot.midjourney.prompts.prompt_parser import Prompt, parse_prompt
from tests.bot.midjourney.prompt_lines import LINES, PNG


def test_a_finished_prompt_is_parsed_into_its_parts() -> None:
    """Words, links, parameters and version of a prompt as Midjourney repeats it."""
    prompt = parse_prompt(f"{PNG} a fox in snow --ar 3:2 --v 7.0 --stylize 250 --tile --foo bar")
    expected = (
        Parameter("ar", "3:2"),
        Parameter("v", "7.0"),
        Parameter("stylize", "250"),
        Parameter("tile"),
    )
    assert ("a fox in snow", (PNG,), expected) == (prompt.words, prompt.links, prompt.parameters)
    assert (Parameter("foo", "bar"),) == prompt.unknown_parameters
    assert ModelVersion(is_niji=False, number=7) == prompt.model
    assert ("3:2", "", None) == (prompt.get_value("ar"), prompt.get_value("tile"), prompt.get_value("chaos"))
    assert prompt.line == str(prompt)
    assert "--ar 3:2 --v 7.0 --stylize 250 --tile --foo bar" == prompt.parameter_text


@given(LINES | st.text())
@example("--p a--tile")
@example("0--TILE - - AR 0")
def test_parsing_a_parsed_line_changes_nothing(line: str) -> None:
    once = parse_prompt(line)
    again = parse_prompt(once.line)
    assert once.line == again.line
    assert (once.words, once.links, once.parameters) == (again.words, again.links, again.parameters)


@given(LINES | st.text())
def test_no_word_is_lost(line: str) -> None:
    """Every letter and digit of the text is in the line, wherever it was moved."""
    kept = re.findall(r"[^\W_]{4,}", line)
    whole = parse_prompt(line).line.lower()
    for word in kept:
        assert (
            word.lower() in whole
            or word.isdigit()
            or word.lower() in {"aspect", "quality", "profile", "style", "version"}
        )


def test_an_empty_prompt_is_an_empty_line() -> None:
    assert ("", Prompt()) == (Prompt().line, parse_prompt("\u200b "))
