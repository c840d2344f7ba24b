"""What leads nowhere is said with the way on."""

from bot.midjourney.task_ids import MAX_TASK_IDS
from cogs.text.guidance import malformed_task_id, no_ids_here, no_tasks_yet, stale_button, too_many_ids


def test_what_leads_nowhere_says_where_to_go() -> None:
    """A malformed id is shown, with where ids come from."""
    assert malformed_task_id("abc").startswith("That is not a task id: `abc`. An id is a long number")
    assert malformed_task_id(" \u200b").startswith("There is no task id in that. An id")
    assert "`/mjstatus` with the id itself" in no_ids_here()
    assert "follow no task of yours yet" in no_tasks_yet()
    assert "with fresh ones" in stale_button()


def test_too_many_ids_are_told_how_many_one_command_takes() -> None:
    """As many as are followed."""
    assert f"up to {['one', 'two', 'three', 'four', 'five', 'six'][MAX_TASK_IDS - 1]} ids" in too_many_ids()
