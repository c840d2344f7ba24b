"""The sentence for each problem of a pasted list of blocked words."""

from typing import get_args

import pytest

from bot.policy.blocked_words import WordProblem, WordProblemKind
from cogs.text.word_problems import describe_word_problem


@pytest.mark.parametrize("kind", get_args(WordProblemKind))
def test_each_problem_is_one_line_that_can_end_no_code_span(kind: WordProblemKind) -> None:
    sentence = describe_word_problem(WordProblem(kind, "`@everyone`\n" + "x" * 80))
    assert sentence.endswith(".")
    assert len(sentence) < 200
    assert "\n" not in sentence
    assert "@everyone" not in sentence


def test_a_problem_names_its_entry() -> None:
    assert describe_word_problem(WordProblem("inner wildcard", "c*t")) == (
        "`c*t` has a `*` inside. It works only as the first or the last character: `cat*`, `*cat`, `*cat*`."
    )
