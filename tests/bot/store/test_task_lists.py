"""A person's own tasks and the recent ones, on every kind of store."""

import pytest

from bot.entities import Person, TaskFilter, TaskSummary
from bot.midjourney.task import Status, Task
from bot.ports import Store
from tests.fakes.sample_rows import a_job, later


async def test_recent_tasks_have_one_entry_for_each_task_of_the_person(store: Store) -> None:
    """The newest message counts; other people's tasks and unsent submits are left out."""
    for job in (a_job(1), a_job(2, "t2"), a_job(3), a_job(4, ""), a_job(5, "t3", requester=Person(8, "ann"))):
        await store.open_job(job)
    await store.save_snapshot(
        Task.model_validate({"id": "t1", "prompt": "a cat", "status": "IN_PROGRESS", "progress": "46%"})
    )
    cat = TaskSummary("t1", "a cat", "IN_PROGRESS", 46, a_job(3).place.link, later(3), is_followed=True)
    unseen = TaskSummary("t2", "", "", None, a_job(2).place.link, later(2), is_followed=True)
    assert [cat, unseen] == list(await store.list_recent_tasks(7, 10))
    assert [cat] == list(await store.list_recent_tasks(7, 1))


async def test_recent_tasks_name_the_pressed_button_and_the_result(store: Store) -> None:
    """The names come from any of the person's messages; the result also from the task's buttons and action."""
    picks = [{"customId": f"MJ::JOB::upsample::{number}::x"} for number in range(1, 5)]
    for job in (
        a_job(1, pressed="V1", done="Varied"),
        a_job(2, "t2", pressed="U2", done="Picture 2"),
        a_job(3, pressed="", done=""),
        a_job(4, "t2", pressed="Theirs", done="Z", requester=Person(8, "ann")),
        a_job(5, "t3", pressed="", done=""),
    ):
        await store.open_job(job)
    await store.save_snapshot(Task.model_validate({"id": "t1", "action": "VARIATION", "buttons": picks}))
    await store.save_snapshot(Task.model_validate({"id": "t3", "action": "SWAP_FACE"}))
    told = [(one.task_id, one.pressed, one.result_description) for one in await store.list_recent_tasks(7, 10)]
    assert told == [("t3", "", "Swap face"), ("t1", "V1", "Four pictures"), ("t2", "U2", "Picture 2")]
    listed, _ = await store.list_tasks(7, TaskFilter.ALL, skip=0, limit=10)
    assert {(one.task_id, one.pressed, one.result_description) for one in listed} == set(told)


@pytest.mark.parametrize(
    ("which", "listed"),
    [
        (TaskFilter.ALL, ["t4", "t1", "t6", "t5", "t3", "t2"]),
        (TaskFilter.RUNNING, ["t4", "t1"]),
        (TaskFilter.DONE, ["t6", "t3"]),
        (TaskFilter.FAILED, ["t5", "t2"]),
    ],
)
async def test_task_pages_have_running_tasks_first(store: Store, which: TaskFilter, listed: list[str]) -> None:
    """Each task of the filter appears once, newest first after the running ones; each page has the total."""
    ends = {2: Status.CANCEL, 3: Status.SUCCESS, 4: Status.IN_PROGRESS, 5: Status.FAILURE, 6: Status.SUCCESS}
    for number in range(1, 7):
        await store.open_job(a_job(number, f"t{number}"))
        if number in ends:
            await store.save_snapshot(Task(id=f"t{number}", status=ends[number]))
    for message_id in (2, 3, 5):
        await store.close_job(message_id)
    await store.open_job(a_job(8, "t9", requester=Person(8, "ann")))
    await store.open_job(a_job(7, ""))
    found: list[str] = []
    for skip in range(0, len(listed), 2):
        part, total = await store.list_tasks(7, which, skip=skip, limit=2)
        assert total == len(listed)
        found += [one.task_id for one in part]
    assert found == listed
    assert await store.list_tasks(7, which, skip=len(listed), limit=2) == ([], 0)


async def test_an_ephemeral_message_has_no_link(store: Store) -> None:
    await store.open_job(a_job(1, ephemeral=True))
    assert [one.link for one in await store.list_recent_tasks(7, 1)] == [""]


async def test_an_unfinished_task_without_an_open_job_is_not_running(store: Store) -> None:
    await store.open_job(a_job(1))
    await store.open_job(a_job(2, "t2"))
    await store.save_snapshot(Task(id="t1", status=Status.IN_PROGRESS))
    await store.close_job(1)
    found, _ = await store.list_tasks(7, TaskFilter.ALL, skip=0, limit=9)
    assert [(one.task_id, one.is_followed) for one in found] == [("t2", True), ("t1", False)]
    assert [one.task_id for one in (await store.list_tasks(7, TaskFilter.RUNNING, skip=0, limit=9))[0]] == ["t2"]
