"""Cancelling: at the relay if it can, else no longer watched; and who may do that."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import NotOwnerOrModerator, RelayMoved, RelayUnreachable, StoreUnavailable, TaskUnknown
from bot.features.cancel import CancelOutcome, CancelService
from bot.features.message_permissions import MessageActor
from bot.midjourney.task import Status
from bot.scene import JobEnding
from tests.fakes.sample_entities import LIEN, MINH, PARENT, job, place, task, viewer
from tests.worlds.services import ServiceProcess, ServiceWorld

HERS = MessageActor(LIEN, LIEN.id, is_moderator=False)
OWN = job(claim_id=9)


@pytest.fixture
def world() -> ServiceWorld:
    made = ServiceWorld()
    made.relay.set(task(progress=30))
    return made


@pytest.fixture
async def process(world: ServiceWorld) -> AsyncGenerator[ServiceProcess]:
    async with world.process() as running:
        yield running


def make_service(world: ServiceWorld, process: ServiceProcess) -> CancelService:
    return CancelService(world.relay, world.store, process.jobs, clock=world.clock.clock)


async def test_a_task_that_the_message_submitted_is_cancelled(world: ServiceWorld, process: ServiceProcess) -> None:
    """The relay is asked once; the message is drawn until the task's status shows it."""
    await process.jobs.follow_job(OWN)
    await world.clock.advance(1.0)
    assert (
        await make_service(world, process).cancel_task(PARENT, place(), HERS, viewer(clicked=place()))
        is CancelOutcome.REQUESTED
    )
    assert len(world.relay.asked("cancel")) == 1
    await world.clock.advance(15.0)
    last = world.editor.scenes_of(700)[-1]
    assert (last.ending, last.task and last.task.status) == (None, Status.CANCEL)


async def test_a_relay_that_cannot_cancel_is_remembered(world: ServiceWorld, process: ServiceProcess) -> None:
    """Watching stops; for a day the relay is not asked again, and the buttons show it."""
    world.relay.cancels = False
    for message_id in (700, 701):
        await process.jobs.follow_job(job(message_id, claim_id=9))
        await world.clock.advance(1.0)
        fresh = place(message_id, born=world.clock.now())
        assert (
            await make_service(world, process).cancel_task(PARENT, fresh, HERS, viewer(clicked=fresh))
            is CancelOutcome.UNSUPPORTED
        )
        last = world.editor.scenes_of(message_id)[-1]
        assert (last.ending, last.job.place) == (JobEnding.WATCH_STOPPED, fresh)
        assert message_id in world.store.closed
    assert len(world.relay.asked("cancel")) == 1
    await process.jobs.follow_job(job(702, claim_id=9))
    await world.clock.advance(6.0)
    assert set(world.editor.scenes_of(702)[-1].marks.missing_capabilities) == {"cancel"}
    assert await world.store.find_missing_capabilities(world.clock.now() + timedelta(days=1)) == {}


async def test_a_task_that_the_message_did_not_submit_is_only_unwatched(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """A status of another person's task, or of one whose row is lost, cancels nothing."""
    await process.jobs.follow_job(job())
    await world.clock.advance(1.0)
    assert (
        await make_service(world, process).cancel_task(PARENT, place(), HERS, viewer(clicked=place()))
        is CancelOutcome.STOPPED
    )
    assert world.editor.endings(700)[-1] is JobEnding.WATCH_STOPPED
    world.store.jobs.clear()
    assert (
        await make_service(world, process).cancel_task(PARENT, place(), HERS, viewer(clicked=place()))
        is CancelOutcome.STOPPED
    )
    assert world.relay.asked("cancel") == []


async def test_a_stopped_message_is_not_drawn_again(world: ServiceWorld, process: ServiceProcess) -> None:
    """Until a person looks again, and sees how the task went on."""
    await process.jobs.follow_job(job())
    await world.clock.advance(1.0)
    await make_service(world, process).cancel_task(PARENT, place(), HERS, viewer(clicked=place()))
    drawn = len(world.editor.scenes_of(700))
    world.relay.set(task(status=Status.SUCCESS))
    await world.clock.advance(30.0)
    assert len(world.editor.scenes_of(700)) == drawn
    await world.clock.run_until(process.jobs.follow_again(PARENT, place(), LIEN, viewer()))
    await world.clock.advance(2.0)
    assert world.editor.scenes_of(700)[-1].ending is None


async def test_cancelling_a_task_that_has_ended_shows_its_result(world: ServiceWorld, process: ServiceProcess) -> None:
    """A late click cancels nothing."""
    world.relay.set(task(status=Status.SUCCESS))
    world.store.snapshots[PARENT] = task(status=Status.SUCCESS)
    assert (
        await world.clock.run_until(
            make_service(world, process).cancel_task(PARENT, place(), HERS, viewer(clicked=place()))
        )
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
async def test_only_the_requester_or_a_moderator_may_cancel(
    world: ServiceWorld, process: ServiceProcess, hand: MessageActor, *, may: bool
) -> None:
    """The store's requester counts more than the one Discord shows."""
    await process.jobs.follow_job(OWN)
    if may:
        await make_service(world, process).cancel_task(PARENT, place(), hand, viewer(clicked=place()))
        return
    with pytest.raises(NotOwnerOrModerator):
        await make_service(world, process).cancel_task(PARENT, place(), hand, viewer(clicked=place()))
    assert world.relay.asked("cancel") == []


async def test_without_a_row_discord_shows_the_requester(world: ServiceWorld, process: ServiceProcess) -> None:
    """If Discord does not either, only a moderator may."""
    with pytest.raises(NotOwnerOrModerator):
        await make_service(world, process).cancel_task(
            PARENT, place(), replace(HERS, requester_id=0), viewer(clicked=place())
        )
    assert (
        await make_service(world, process).cancel_task(PARENT, place(), HERS, viewer(clicked=place()))
        is CancelOutcome.STOPPED
    )


async def test_an_outage_of_the_relay_changes_nothing(world: ServiceWorld, process: ServiceProcess) -> None:
    """Nothing is remembered, and the message is still watched."""
    await process.jobs.follow_job(OWN)
    world.relay.failure = RelayUnreachable("down")
    with pytest.raises(RelayUnreachable):
        await make_service(world, process).cancel_task(PARENT, place(), HERS, viewer(clicked=place()))
    assert world.store.missing_capabilities == {}
    assert 700 not in world.store.closed


async def test_cancelling_raises_while_the_store_is_down(world: ServiceWorld, process: ServiceProcess) -> None:
    """It is unknown whose message it is; live messages keep their buttons."""
    world.store.down = True
    with pytest.raises(StoreUnavailable):
        await make_service(world, process).cancel_task(PARENT, place(), HERS, viewer(clicked=place()))
    assert await process.jobs.messages.capabilities.read_cached() == {}


async def test_a_redirected_cancel_stops_watching_and_is_not_remembered(
    world: ServiceWorld, process: ServiceProcess
) -> None:
    """new-api with a separate web console redirects to it what it lacks, but so does a proxy for all paths."""
    await process.jobs.follow_job(OWN)
    await world.clock.advance(1.0)
    world.relay.failure = RelayMoved("HTTP 301", address="https://console.example")
    assert (
        await make_service(world, process).cancel_task(PARENT, place(), HERS, viewer(clicked=place()))
        is CancelOutcome.UNSUPPORTED
    )
    assert world.editor.scenes_of(700)[-1].ending is JobEnding.WATCH_STOPPED
    assert await world.store.find_missing_capabilities(world.clock.now()) == {}


async def test_a_hidden_task_is_neither_shown_nor_cancelled(world: ServiceWorld, process: ServiceProcess) -> None:
    """By a click that names it on another task's message."""
    hidden = job(701, "9001", claim_id=9, requester=MINH, place=place(701, ephemeral=True))
    world.store.jobs = {700: OWN, 701: hidden}
    with pytest.raises(TaskUnknown):
        await make_service(world, process).cancel_task("9001", place(), HERS, viewer(clicked=place()))
    assert world.relay.requests == []
    assert world.editor.scenes_of(700) == []
