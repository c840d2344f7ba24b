"""What the reasons say is marked for translation, so that it is in the catalogs."""

from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file

from bot.midjourney import buttons
from bot.midjourney.reasons import account_reasons, fail_reasons, refusal_reasons, upstream_errors
from bot.midjourney.reasons.fail_reasons import FAILURES
from bot.midjourney.reasons.refusal_reasons import _OTHER_REFUSALS, _REFUSALS
from bot.midjourney.reasons.upstream_errors import _MESSAGES, DiscordErrorMeaning

MODULES = (account_reasons, fail_reasons, refusal_reasons, upstream_errors, buttons)


@pytest.fixture(scope="module")
def marked() -> set[str]:
    """All texts in N_() of those modules."""
    files = (str(Path(module.__file__ or "")) for module in MODULES)
    found = (one for file in files for one in extract_from_file("python", file, keywords={"N_": None}))
    return {message for _, message, *_ in found if isinstance(message, str)}


def list_parts(meaning: DiscordErrorMeaning) -> tuple[str, ...]:
    return (meaning.clause, meaning.title, meaning.sentence, meaning.advice)


def test_each_explanation_of_a_failure_is_marked(marked: set[str]) -> None:
    assert {text for rows in FAILURES.values() for _, *texts in rows for text in texts} <= marked
    assert {text for _, meaning in _MESSAGES for text in list_parts(meaning)} <= marked


def test_each_clause_of_a_refusal_is_marked(marked: set[str]) -> None:
    assert {clause for _, clause in (*_REFUSALS, *_OTHER_REFUSALS)} <= marked


def test_each_title_of_a_result_is_marked(marked: set[str]) -> None:
    """Those of Pan are marked one by one, in cogs/views/result_names."""
    assert {action.result_title for action in buttons.BUTTON_TABLE.values()} - {"Panned {0}"} <= marked
