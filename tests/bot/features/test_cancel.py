"""Giving up: cancelled where the relay can, else no longer watched; by whom it is theirs to, and nobody else."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import NotOwnerOrModerator, RelayUnreachable, StoreUnavailable
from bot.features.cancel import CancelOutcome, CancelService
from bot.features.message_permissions import MessageActor
from bot.midjourney.task import Status
from bot.scene import JobEnding
from tests.fakes.process import Process, World
from tests.fakes.rows import LIEN, MINH, PARENT, job, place, task

HERS = MessageActor(LIEN, LIEN.id, is_moderator=False)
OWN = job(claim_id=9)


@pytest.fixture
def world() -> World:
    made = World()
    made.relay.set(task(progress=30))
    return made


@pytest.fixture
async def process(world: World) -> AsyncGenerator[Process]:
    async with world.process() as running:
        yield running


def stops(world: World, process: Process) -> CancelService:
    return CancelService(world.relay, world.store, process.jobs, clock=world.clock.clock)


async def test_a_task_of_its_own_is_cancelled_and_says_so_itself(world: World, process: Process) -> None:
    """The relay is asked once; the message goes on until the task tells that it was."""
    await process.jobs.follow_job(OWN)
    await world.clock.advance(1.0)
    assert await stops(world, process).cancel_task(PARENT, place(), HERS) is CancelOutcome.REQUESTED
    assert len(world.relay.asked("cancel")) == 1
    await world.clock.advance(15.0)
    last = world.editor.scenes_of(700)[-1]
    assert (last.ending, last.task and last.task.status) == (None, Status.CANCEL)


async def test_what_the_relay_lacks_is_learnt(world: World, process: Process) -> None:
    """The message rests, and says how to go on; for a day nobody asks the relay again, and its buttons say so."""
    world.relay.cancels = False
    for message_id in (700, 701):
        await process.jobs.follow_job(job(message_id, claim_id=9))
        await world.clock.advance(1.0)
        fresh = place(message_id, born=world.clock.now())
        assert await stops(world, process).cancel_task(PARENT, fresh, HERS) is CancelOutcome.UNSUPPORTED
        last = world.editor.scenes_of(message_id)[-1]
        assert (last.ending, last.job.place) == (JobEnding.WATCH_STOPPED, fresh)
        assert message_id in world.store.closed
    assert len(world.relay.asked("cancel")) == 1
    await process.jobs.follow_job(job(702, claim_id=9))
    await world.clock.advance(6.0)
    assert set(world.editor.scenes_of(702)[-1].marks.missing_capabilities) == {"cancel"}
    assert await world.store.find_missing_capabilities(world.clock.now() + timedelta(days=1)) == {}


async def test_what_it_did_not_ask_for_is_only_no_longer_watched(world: World, process: Process) -> None:
    """A status of somebody else's task, or of one whose row is lost, cancels nothing."""
    await process.jobs.follow_job(job())
    await world.clock.advance(1.0)
    assert await stops(world, process).cancel_task(PARENT, place(), HERS) is CancelOutcome.STOPPED
    assert world.editor.endings(700)[-1] is JobEnding.WATCH_STOPPED
    world.store.jobs.clear()
    assert await stops(world, process).cancel_task(PARENT, place(), HERS) is CancelOutcome.STOPPED
    assert world.relay.asked("cancel") == []


async def test_a_stopped_message_is_drawn_no_more(world: World, process: Process) -> None:
    """Until somebody looks again, who sees how it went on."""
    await process.jobs.follow_job(job())
    await world.clock.advance(1.0)
    await stops(world, process).cancel_task(PARENT, place(), HERS)
    drawn = len(world.editor.scenes_of(700))
    world.relay.set(task(status=Status.SUCCESS))
    await world.clock.advance(30.0)
    assert len(world.editor.scenes_of(700)) == drawn
    await world.clock.run_until(process.jobs.follow_again(PARENT, place(), LIEN))
    await world.clock.advance(2.0)
    assert world.editor.scenes_of(700)[-1].ending is None


async def test_what_has_ended_meanwhile_shows_its_end(world: World, process: Process) -> None:
    """A click that comes late gives nothing up."""
    world.relay.set(task(status=Status.SUCCESS))
    world.store.snapshots[PARENT] = task(status=Status.SUCCESS)
    assert (
        await world.clock.run_until(stops(world, process).cancel_task(PARENT, place(), HERS))
        is CancelOutcome.ALREADY_ENDED
    )
    await world.clock.advance(2.0)
    assert world.editor.endings(700) == [None]


@pytest.mark.parametrize(
    ("hand", "may"),
    [
        (MessageActor(MINH, LIEN.id, is_moderator=False), False),
        (MessageActor(MINH, MINH.id, is_moderator=False), False),
        (MessageActor(MINH, LIEN.id, is_moderator=True), True),
        (MessageActor(LIEN, 0, is_moderator=False), True),
    ],
)
async def test_only_who_asked_or_moderates_may(
    world: World, process: Process, hand: MessageActor, *, may: bool
) -> None:
    """The store knows whose message it is better than Discord."""
    await process.jobs.follow_job(OWN)
    if may:
        await stops(world, process).cancel_task(PARENT, place(), hand)
        return
    with pytest.raises(NotOwnerOrModerator):
        await stops(world, process).cancel_task(PARENT, place(), hand)
    assert world.relay.asked("cancel") == []


async def test_where_the_row_is_lost_discord_tells_whose_it_is(world: World, process: Process) -> None:
    """And where that does not tell either, nobody may but a moderator."""
    with pytest.raises(NotOwnerOrModerator):
        await stops(world, process).cancel_task(PARENT, place(), replace(HERS, requester_id=0))
    assert await stops(world, process).cancel_task(PARENT, place(), HERS) is CancelOutcome.STOPPED


async def test_a_relay_that_is_away_leaves_all_as_it_is(world: World, process: Process) -> None:
    """Nothing is learnt, and the message is watched on."""
    await process.jobs.follow_job(OWN)
    world.relay.failure = RelayUnreachable("down")
    with pytest.raises(RelayUnreachable):
        await stops(world, process).cancel_task(PARENT, place(), HERS)
    assert world.store.missing_capabilities == {}
    assert 700 not in world.store.closed


async def test_a_store_that_is_away_is_said_and_keeps_no_drawing(world: World, process: Process) -> None:
    """Nobody knows then whose message it is; live messages show the buttons that they had."""
    world.store.down = True
    with pytest.raises(StoreUnavailable):
        await stops(world, process).cancel_task(PARENT, place(), HERS)
    assert await process.jobs.messages.capabilities.missing_capabilities() == {}
