"""Whose a job is: several processes on one fake store, in virtual time."""

import logging
from collections.abc import Collection
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from bot.entities import Claim, ClaimState
from bot.errors import RelayUnreachable, StoreUnavailable
from bot.midjourney.task import Status, Task
from bot.scene import JobEnding
from tests.fakes.clock import START
from tests.fakes.sample_entities import CHILD, PARENT, job, task
from tests.fakes.store import FakeStore
from tests.worlds.services import LEASE, ServiceWorld

OVER = LEASE.total_seconds() * 2


@pytest.fixture
def world() -> ServiceWorld:
    return ServiceWorld()


def claim(state: ClaimState = ClaimState.SUBMITTING, child_id: str = "") -> Claim:
    return Claim(
        id=50,
        person_id=1,
        guild_id=6,
        message_id=600,
        task_id=PARENT,
        button="k",
        made_at=START,
        state=state,
        child_id=child_id,
    )


def drawn(world: ServiceWorld, message_id: int = 700) -> list[int | None]:
    return [scene.task.progress if scene.task else None for scene in world.editor.scenes_of(message_id)]


async def test_each_job_is_polled_and_drawn_by_one_process(world: ServiceWorld) -> None:
    """A second process takes over nothing while the first one lives."""
    world.relay.set(task(progress=10))
    async with world.process() as first, world.process(beside=True) as second:
        await first.jobs.follow_job(job(), task(progress=10))
        await world.clock.advance(OVER)
        assert (first.jobs.running_message_ids, second.jobs.running_message_ids) == ({700}, set())
        assert len(second.poller.watch_list) == 0
    assert drawn(world) == [10]


async def test_released_jobs_are_resumed_at_once_by_another_process(world: ServiceWorld) -> None:
    """The ending process notifies it. Progress never goes back, and the new process draws its first state once more."""
    world.relay.set(task(progress=10))
    async with world.process(beside=True) as second:
        async with world.process(beside=True) as first:
            await first.jobs.follow_job(job(), task(progress=10))
            await world.clock.advance(1.0)
            world.relay.set(task(progress=60))
            await world.clock.advance(6.0)
            await first.supervisor.cancel_ordinary_work()
            await first.job_leases.release_jobs()
            await world.clock.advance(0.5)
            assert second.jobs.running_message_ids == {700}
        world.relay.set(task(progress=70))
        await world.clock.advance(6.0)
        world.relay.set(task(status=Status.SUCCESS))
        await world.clock.advance(6.0)
    assert drawn(world)[:4] == [10, 60, 60, 70]
    assert world.store.closed == {700}


async def test_jobs_of_a_dead_process_are_resumed_when_its_lease_ends(world: ServiceWorld) -> None:
    """Not before, and within LEASE_SECONDS after the process ended, whenever it renewed its lease last."""
    world.relay.set(task(progress=10))
    async with world.process(beside=True) as second:
        async with world.process(beside=True) as first:
            await first.jobs.follow_job(job())
            await world.clock.advance(1.0)
        await world.clock.advance(LEASE.total_seconds() / 2)
        assert second.jobs.running_message_ids == set()
        await world.clock.advance(LEASE.total_seconds() / 2)
        assert second.jobs.running_message_ids == {700}


async def test_a_job_that_another_process_took_over_is_stopped(world: ServiceWorld) -> None:
    """A form was answered there. The first process stops drawing, and does not close the job."""
    world.relay.set(task(progress=10))
    async with world.process(beside=True) as first, world.process(beside=True) as second:
        await first.jobs.follow_job(job())
        await world.clock.advance(1.0)
        await second.jobs.continue_job(job(form_sent=True))
        await world.clock.advance(1.0)
        assert (first.jobs.running_message_ids, second.jobs.running_message_ids) == (set(), {700})
        await first.jobs.close_job(job())
        assert world.store.closed == set()


async def test_a_process_whose_lease_ended_stops_the_jobs_of_others(
    world: ServiceWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """Its database was unreachable for longer than the lease. It logs that, and no job is drawn by two processes."""
    world.relay.set(task(progress=10))
    async with world.process(beside=True) as first, world.process(beside=True) as second:
        await first.jobs.follow_job(job())
        await world.clock.advance(1.0)
        name = world.store.owners[700]
        world.store.alive_until[name] = world.clock.now()
        await second.job_leases.run_once()
        await world.clock.settle()
        assert second.jobs.running_message_ids == {700}
        await first.job_leases.run_once()
        await world.clock.advance(1.0)
        assert first.jobs.running_message_ids == set()
    assert "The lease of this process had ended" in caplog.text


async def test_a_submit_of_a_living_process_is_left_alone(world: ServiceWorld) -> None:
    """When its process dies, its claim becomes unknown and its message says so."""
    async with world.process(beside=True) as second:
        async with world.process(beside=True) as first:
            mine = first.store
            await mine.create_claim(claim(), lambda _: None)
            await mine.open_job(job(701, task_id="", claim_id=50))
            await world.clock.advance(OVER)
            assert (await mine.find_claim(50)) == claim()
            assert second.jobs.running_message_ids == set()
            await first.job_leases.release_jobs()
            await world.clock.advance(1.0)
            assert second.jobs.running_message_ids == set()
        await world.clock.advance(OVER)
    assert world.store.claimed[50].state is ClaimState.UNKNOWN
    assert [scene.ending for scene in world.editor.scenes_of(701)] == [None, "uncertain"]
    assert world.store.closed == {701}


@pytest.mark.parametrize(
    ("state", "closed"), [(ClaimState.REFUSED, {701}), (None, {701}), (ClaimState.ACCEPTED, set())]
)
async def test_a_job_without_a_task_follows_what_its_claim_says(
    world: ServiceWorld, state: ClaimState | None, closed: set[int]
) -> None:
    """A missing claim closes the job, a refused one ends its message; for an accepted one the child is followed."""
    world.relay.set(task(CHILD, progress=10))
    if state is not None:
        world.store.claimed[50] = claim(state, CHILD)
    world.store.jobs = {701: job(701, task_id="", claim_id=50)}
    world.store.owners = {701: "dead"}
    async with world.process() as process:
        await world.clock.advance(1.0)
        assert process.jobs.running_message_ids == ({701} if state is ClaimState.ACCEPTED else set())
    assert world.store.closed == closed
    seen = [(scene.job.task_id, scene.ending) for scene in world.editor.scenes_of(701)]
    expected = {ClaimState.ACCEPTED: [(CHILD, None)], ClaimState.REFUSED: [("", JobEnding.NOT_ACCEPTED)], None: []}
    assert seen == expected[state]


async def test_an_orphaned_claim_without_a_job_is_refused(world: ServiceWorld) -> None:
    """A submit is sent only after its job is written."""
    world.store.claimed[50] = claim()
    world.store.submitters[50] = "dead"
    async with world.process():
        await world.clock.advance(1.0)
    assert world.store.claimed[50].state is ClaimState.REFUSED


async def test_a_resumed_job_is_not_drawn_before_the_relay_answers(world: ServiceWorld) -> None:
    """Its snapshot is older than its message. Where the relay stays silent for long, the message says so."""
    world.store.snapshots = {PARENT: task(progress=0)}
    world.store.jobs = {700: job()}
    world.relay.failure = RelayUnreachable("no answer")
    async with world.process():
        await world.clock.advance(10.0)
        assert world.editor.scenes_of(700) == []
        await world.clock.advance(20.0)
        assert [scene.silent_since is not None for scene in world.editor.scenes_of(700)] == [True]
        world.relay.failure = None
        world.relay.set(task(progress=60))
        await world.clock.advance(60.0)
    assert drawn(world)[-1] == 60


async def test_an_unavailable_store_is_logged_once_and_its_return_too(
    world: ServiceWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """/readyz reports it meanwhile; jobs are neither lost nor drawn twice."""
    caplog.set_level(logging.INFO, "bot.recovery.job_leases")
    world.relay.set(task(progress=10))
    async with world.process() as process:
        assert process.job_leases.find_problem() == ""
        await process.jobs.follow_job(job())
        world.store.down = True
        await world.clock.advance(OVER)
        assert process.job_leases.find_problem() == "the database cannot be written"
        assert REGISTRY.get_sample_value("mjbot_database_writable") == 0
        world.store.down = False
        await world.clock.advance(OVER)
        assert process.job_leases.find_problem() == ""
        assert REGISTRY.get_sample_value("mjbot_database_writable") == 1
        assert process.jobs.running_message_ids == {700}
        await process.supervisor.cancel_ordinary_work()
        await world.clock.advance(OVER)
        assert process.job_leases.find_problem() == "the database has not answered for a while"
    said = [record.getMessage() for record in caplog.records]
    assert len([line for line in said if "cannot be written" in line]) == 1
    assert len([line for line in said if "can be written again" in line]) == 1


async def test_an_unavailable_store_does_not_delay_the_shutdown(
    world: ServiceWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """Releasing jobs and ending the lease only log a warning; the lease ends by itself."""
    async with world.process() as process:
        world.store.down = True
        await process.job_leases.release_jobs()
        await process.job_leases.end_lease()
    assert "are not released" in caplog.text


async def test_a_declined_form_ends_a_job_of_another_process(world: ServiceWorld) -> None:
    """The process that got the click takes the job over, and ends it."""
    waiting = task(CHILD, Status.MODAL)
    world.relay.set(waiting)
    async with world.process(beside=True) as first, world.process(beside=True) as second:
        await first.jobs.follow_job(job(701, CHILD), waiting)
        await world.clock.advance(1.0)
        await second.jobs.end_declined(replace(job(701, CHILD)))
        await world.clock.advance(1.0)
        assert (first.jobs.running_message_ids, second.jobs.running_message_ids) == (set(), set())
    assert world.editor.scenes_of(701)[-1].ending == "dropped"
    assert world.store.closed == {701}


async def test_a_job_that_cannot_be_resumed_does_not_stop_the_others(
    world: ServiceWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """Its claim is one that this version cannot read, for example. The lease is renewed as well."""
    world.relay.set(task(progress=10))

    async def unreadable(claim_id: int) -> Claim:
        raise ValueError(claim_id)

    world.store.find_claim = unreadable  # type: ignore[method-assign]
    world.store.jobs = {701: job(701, task_id="", claim_id=50, born_at=START), 702: job(702, born_at=START)}
    world.store.owners = dict.fromkeys(world.store.jobs, "dead")
    async with world.process() as process:
        await world.clock.advance(1.0)
        assert process.jobs.running_message_ids == {702}
        await world.clock.advance(OVER)
        assert process.job_leases.find_problem() == ""
    assert "Job 701 cannot be resumed" in caplog.text
    assert 701 not in world.store.closed


async def test_jobs_that_were_taken_over_but_not_resumed_are_resumed_later(world: ServiceWorld) -> None:
    """The store fails after the takeover, when the snapshots are read."""
    world.relay.set(task(progress=10))
    world.store.jobs = {700: job()}
    failing = [StoreUnavailable("once")]

    async def snapshots_of(task_ids: Collection[str]) -> dict[str, Task]:
        if failing:
            raise failing.pop()
        return await FakeStore.find_snapshots(world.store, task_ids)

    world.store.find_snapshots = snapshots_of  # type: ignore[method-assign]
    async with world.process() as process:
        await world.clock.settle()
        assert process.jobs.running_message_ids == set()
        await world.clock.advance(OVER)
        assert process.jobs.running_message_ids == {700}


@pytest.mark.parametrize("seconds", [360.0, 86_400.0, -360.0, -86_400.0])
async def test_setting_the_time_makes_no_process_a_dead_one(world: ServiceWorld, seconds: float) -> None:
    """Its leases look expired, or too long, until it has renewed them: its submit and its jobs stay its own."""
    async with world.process() as first:
        world.store.claimed[50] = claim()
        world.store.submitters[50] = world.store.owner
        await first.store.open_job(job(701, task_id="", claim_id=50))
        async with world.process(beside=True) as second:
            await world.clock.advance(1.0)
            world.clock.step(seconds)
            await second.job_leases.run_once()
            assert world.store.claimed[50].state is ClaimState.SUBMITTING
            await world.clock.advance(60.0)
            assert world.store.claimed[50].state is ClaimState.SUBMITTING
            assert second.jobs.running_message_ids == set()


async def test_process_that_dies_after_the_time_was_set_is_a_dead_one(world: ServiceWorld) -> None:
    """A lease later its jobs go on elsewhere."""
    world.store.jobs = {701: job(701, CHILD)}
    world.store.owners = {701: "dead"}
    world.store.alive_until["dead"] = world.clock.now() + LEASE
    world.relay.set(task(CHILD, progress=10))
    async with world.process(beside=True) as process:
        await world.clock.advance(1.0)
        world.store.alive_until["dead"] = world.clock.now() + LEASE
        world.clock.step(360.0)
        await process.job_leases.run_once()
        assert process.jobs.running_message_ids == set()
        await world.clock.advance(2 * LEASE.total_seconds())
        assert process.jobs.running_message_ids == {701}
