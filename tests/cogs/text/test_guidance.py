"""Guidance says what to do next."""

from bot.midjourney.task_ids import MAX_TASK_IDS
from cogs.text.guidance import NO_IDS_HERE, NO_TASKS_YET, STALE_BUTTON, TOO_MANY_IDS, malformed_task_id


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
