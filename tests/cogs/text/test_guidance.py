"""Guidance says what to do next."""

import pytest

from bot.midjourney.task_ids import MAX_TASK_IDS
from cogs.text.guidance import (
    NO_IDS_HERE,
    NO_TASKS_YET,
    STALE_BUTTON,
    TOO_MANY_IDS,
    describe_ledger_file,
    malformed_task_id,
    no_such_tasks,
)
from tests.fakes.catalog import find_untranslated


def test_guidance_names_the_next_step() -> None:
    """A malformed id is quoted, and the text says where to find ids."""
    assert malformed_task_id("abc").startswith("That isn't a task id: `abc`. An id is a long number")
    assert malformed_task_id(" \u200b").startswith("There is no task id in that. An id")
    assert "`/mjstatus` with the id itself" in NO_IDS_HERE
    assert "You have no tasks yet." in NO_TASKS_YET
    assert "with fresh ones" in STALE_BUTTON


def test_too_many_ids_names_the_limit_of_one_command() -> None:
    """The number is that of the ids that /mjstatus follows."""
    assert f"up to {['one', 'two', 'three', 'four', 'five', 'six'][MAX_TASK_IDS - 1]}," in TOO_MANY_IDS


@pytest.mark.parametrize(
    ("rows", "complete", "said"),
    [
        (0, True, "Nothing was asked for in this time, so the file has no rows."),
        (1, True, "The only request of this time. Ids begin with #, so that spreadsheets keep all of their digits."),
        (
            1200,
            True,
            "All 1,200 requests of this time. Ids begin with #, so that",
        ),
        (
            20000,
            False,
            "Only the newest 20,000 requests: the file holds no more. Ids begin",
        ),
    ],
)
def test_the_file_of_the_ledger_says_what_is_in_it(rows: int, said: str, *, complete: bool) -> None:
    assert describe_ledger_file(rows, is_complete=complete).startswith(said)


@pytest.mark.usefixtures("pseudo_language")
def test_guidance_is_translated() -> None:
    texts = [malformed_task_id("abc"), malformed_task_id(""), no_such_tasks("Finished")]
    texts += [describe_ledger_file(rows, is_complete=is_whole) for rows in (0, 1, 9) for is_whole in (True, False)]

    assert {text: words for text in texts if (words := find_untranslated(text))} == {}
