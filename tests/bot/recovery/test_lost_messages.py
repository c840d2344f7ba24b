"""Messages whose rows were only reserved when their process died."""

from dataclasses import replace

import pytest

from bot.entities import Job
from bot.errors import DisplayError, DisplayFailed, PlaceGone, PlaceUnreachable
from bot.midjourney.task import Status
from bot.scene import JobEnding
from bot.submissions.child_messages import reserve_extra_job
from tests.fakes.sample_entities import CHILD, job, place, task
from tests.worlds.services import ServiceWorld

INTERACTION = 1200


def reserved(task_id: str = "") -> Job:
    """Return the row that a dead process reserved for the answer to a press."""
    return job(task_id=task_id, place=place(-INTERACTION), pressed="U2", parent_id="7")


async def recover(world: ServiceWorld, row: Job, *, seconds: float = 100.0) -> None:
    """Let the next process find the row of a dead one."""
    world.store.jobs[row.id] = row
    world.store.owners[row.id] = "dead"
    async with world.process():
        await world.clock.advance(seconds)


@pytest.mark.parametrize("failures", [0, 1, 2])
async def test_message_of_an_unsent_press_is_found_and_ended(world: ServiceWorld, failures: int) -> None:
    """Discord may fail at first."""
    world.editor.answers[INTERACTION] = [place(801)]
    world.editor.errors = [DisplayFailed("503")] * failures
    await recover(world, reserved())
    assert world.editor.endings(801) == [JobEnding.NOT_SENT]
    assert set(world.store.jobs) == world.store.closed == {801}
    assert world.editor.unsent == []


@pytest.mark.parametrize("seconds", [0.0, 9.0, 65.0])
async def test_message_that_comes_late_is_found_and_ended(world: ServiceWorld, seconds: float) -> None:
    """Discord may take it after its process has died."""
    row = reserved()
    world.store.jobs[row.id], world.store.owners[row.id] = row, "dead"
    async with world.process():
        await world.clock.advance(seconds)
        world.editor.answers[INTERACTION] = [place(801)]
        await world.clock.advance(100.0)
    assert world.editor.endings(801) == [JobEnding.NOT_SENT]


async def test_message_of_a_known_task_is_followed(world: ServiceWorld) -> None:
    """A further child of a press that the relay answered with several ids, for example."""
    world.editor.answers[INTERACTION] = [place(801)]
    world.relay.set(task(CHILD, Status.SUCCESS))
    await recover(world, reserved(CHILD))
    (row,) = world.store.jobs.values()
    assert (row.id, row.task_id) == (801, CHILD)
    assert world.editor.scenes_of(801)[-1].picture is not None


async def test_message_that_has_a_row_is_another_one(world: ServiceWorld) -> None:
    """The first child of a press has its row already when the second is opened."""
    world.editor.answers[INTERACTION] = [place(801), place(802)]
    world.store.jobs[801] = job(801, CHILD)
    world.store.closed.add(801)
    await recover(world, reserved())
    assert world.editor.endings(801) == []
    assert world.editor.endings(802) == [JobEnding.NOT_SENT]


async def test_requester_of_a_message_that_is_not_found_is_told(world: ServiceWorld) -> None:
    """That nothing was sent."""
    await recover(world, reserved())
    assert [one.pressed for one in world.editor.unsent] == ["U2"]
    assert world.store.jobs == {}


@pytest.mark.parametrize("failures", [0, 3, 5])
async def test_known_task_whose_message_is_not_found_gets_a_new_one(world: ServiceWorld, failures: int) -> None:
    """It was paid for, so it is shown as soon as Discord takes the message."""
    world.relay.set(task(CHILD, Status.SUCCESS))
    world.editor.errors = [DisplayFailed("503")] * failures
    await recover(world, reserved(CHILD), seconds=1500.0)
    assert {row.id: row.task_id for row in world.store.jobs.values()} == {900: CHILD}
    assert world.editor.scenes_of(900)[-1].picture is not None
    assert world.editor.unsent == []


@pytest.mark.parametrize("error", [PlaceGone("10003"), PlaceUnreachable()])
async def test_known_task_that_can_get_no_message_keeps_its_row(world: ServiceWorld, error: DisplayError) -> None:
    """The row tells whose the task is."""
    private = replace(reserved(CHILD), place=place(-INTERACTION, ephemeral=True, reachable=False))
    world.editor.errors = [error]
    await recover(world, private)
    assert world.store.closed == {-INTERACTION}


@pytest.mark.parametrize("found", [0, 1, 3])
async def test_tasks_of_one_press_get_different_messages(world: ServiceWorld, found: int) -> None:
    """The messages that were sent before the process died, and new ones for the rest."""
    world.editor.answers[INTERACTION] = [place(801 + number) for number in range(found)]
    ids = ["9101", "9102", "9103"]
    for task_id in ids:
        row = reserve_extra_job(job(800, CHILD, claim_id=INTERACTION), task_id)
        world.store.jobs[row.id], world.store.owners[row.id] = row, "dead"
        world.relay.set(task(task_id, Status.SUCCESS))
    async with world.process():
        await world.clock.advance(100.0)
    assert sorted(row.task_id for row in world.store.jobs.values()) == ids
    assert sorted(world.store.jobs) == [801, 802, 803][:found] + [900, 901, 902][: 3 - found]


async def test_requester_of_a_private_message_is_told_at_once(world: ServiceWorld) -> None:
    """The bot cannot search for it, because only its reader sees it."""
    private = replace(reserved(), place=place(-INTERACTION, ephemeral=True, reachable=False))
    await recover(world, private, seconds=1.0)
    assert [one.pressed for one in world.editor.unsent] == ["U2"]
    assert world.store.jobs == {}


async def test_answer_to_a_command_that_names_no_claim_is_ended(world: ServiceWorld) -> None:
    """Its id is known before it is sent."""
    await recover(world, job(801, ""), seconds=5.0)
    assert world.editor.endings(801) == [JobEnding.NOT_SENT]
    assert world.store.closed == {801}
