"""The supervisor: work that is started from anywhere runs in one place."""

import asyncio
import logging

import pytest

from bot.tracking.task_supervisor import TaskSupervisor, WorkKey
from tests.fakes.clock import FakeClock


class Worker:
    """Work that counts its starts and its ends, and takes a while of both."""

    def __init__(self, clock: FakeClock, *, seconds: float = 60.0, farewell: float = 0.0) -> None:
        self._clock = clock
        self._seconds = seconds
        self._farewell = farewell
        self.log: list[str] = []

    async def work(self) -> None:
        self.log.append("started")
        try:
            await self._clock.sleep(self._seconds)
        except asyncio.CancelledError:
            await self._clock.sleep(self._farewell)
            self.log.append("cancelled")
            raise
        self.log.append("done")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_work_that_was_started_before_serving_runs(clock: FakeClock) -> None:
    """But not before."""
    supervisor, worker = TaskSupervisor(), Worker(clock)
    supervisor.start(WorkKey("a"), worker.work)
    await clock.settle()
    assert worker.log == []
    async with supervisor.serve():
        await clock.settle()
        assert len(supervisor.running_keys) == 1
        await clock.advance(60.0)
        assert worker.log == ["started", "done"]
        assert len(supervisor.running_keys) == 0


async def test_work_replaces_earlier_work_under_its_key(clock: FakeClock) -> None:
    """It begins after the earlier work has ended, so that two never draw one message."""
    supervisor, old, new = TaskSupervisor(), Worker(clock, farewell=1.0), Worker(clock)
    async with supervisor.serve():
        supervisor.start(WorkKey("a"), old.work)
        await clock.settle()
        supervisor.start(WorkKey("a"), new.work)
        await clock.settle()
        assert new.log == []
        await clock.advance(1.0)
        assert old.log == ["started", "cancelled"]
        assert new.log == ["started"]
        assert len(supervisor.running_keys) == 1


async def test_slow_cleanup_delays_only_its_own_key(clock: FakeClock) -> None:
    """Work under other keys starts at once."""
    supervisor, old, new, other = TaskSupervisor(), Worker(clock, farewell=30.0), Worker(clock), Worker(clock)
    async with supervisor.serve():
        supervisor.start(WorkKey("a"), old.work)
        await clock.settle()
        supervisor.start(WorkKey("a"), new.work)
        supervisor.start(WorkKey("b"), other.work)
        await clock.settle()
        assert other.log == ["started"]
        await clock.advance(30.0)
        assert new.log == ["started"]


async def test_only_the_newest_of_several_replacements_runs(clock: FakeClock) -> None:
    """However fast they come."""
    supervisor, workers = TaskSupervisor(), [Worker(clock, farewell=seconds) for seconds in (1.0, 1.0, 1.0, 0.0)]
    async with supervisor.serve():
        for worker in workers:
            supervisor.start(WorkKey("a"), worker.work)
        await clock.advance(10.0)
        assert workers[-1].log == ["started"]
        assert all(worker.log in ([], ["started", "cancelled"]) for worker in workers[:-1])
        assert len(supervisor.running_keys) == 1


async def test_work_can_be_stopped(clock: FakeClock) -> None:
    """Stopping a key under which nothing runs does nothing."""
    supervisor, worker, other = TaskSupervisor(), Worker(clock), Worker(clock)
    async with supervisor.serve():
        supervisor.start(WorkKey("a"), worker.work)
        supervisor.start(WorkKey("b"), other.work)
        await clock.settle()
        supervisor.stop(WorkKey("a"))
        supervisor.stop(WorkKey("c"))
        await clock.settle()
        assert worker.log == ["started", "cancelled"]
        assert other.log == ["started"]
        assert len(supervisor.running_keys) == 1


async def test_a_programming_error_ends_its_work_alone(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged with its traceback; everything else goes on, also later work under that key."""

    async def break_down() -> None:
        raise ZeroDivisionError

    supervisor, worker, later = TaskSupervisor(), Worker(clock), Worker(clock)
    async with supervisor.serve():
        supervisor.start(WorkKey("a"), worker.work)
        supervisor.start(WorkKey("b"), break_down)
        await clock.settle()
        assert len(supervisor.running_keys) == 1
        supervisor.start(WorkKey("b"), later.work)
        await clock.settle()
        assert later.log == ["started"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "ZeroDivisionError" in caplog.text


async def test_leaving_cancels_all_work_and_waits_for_it(clock: FakeClock) -> None:
    """Work that is started too late does not begin."""
    supervisor, worker, late = TaskSupervisor(), Worker(clock, farewell=2.0), Worker(clock)

    async def serve() -> None:
        async with supervisor.serve():
            supervisor.start(WorkKey("a"), worker.work)
            await clock.settle()
            supervisor.start(WorkKey("b"), late.work)

    await clock.run_until(serve())
    assert worker.log == ["started", "cancelled"]
    assert late.log == []
    assert len(supervisor.running_keys) == 0
    assert len(asyncio.all_tasks()) == 1


async def test_leaving_waits_for_work_that_is_being_replaced(clock: FakeClock) -> None:
    """Its cleanup may still write."""
    supervisor, worker, new = TaskSupervisor(), Worker(clock, farewell=2.0), Worker(clock)

    async def serve() -> None:
        async with supervisor.serve():
            supervisor.start(WorkKey("a"), worker.work)
            await clock.settle()
            supervisor.start(WorkKey("a"), new.work)
            await clock.settle()

    await clock.run_until(serve())
    assert worker.log == ["started", "cancelled"]
    assert new.log == []
    assert len(asyncio.all_tasks()) == 1


async def test_an_error_in_the_block_ends_all_work(clock: FakeClock) -> None:
    """Before the error is raised."""
    supervisor, worker = TaskSupervisor(), Worker(clock)

    async def serve() -> None:
        async with supervisor.serve():
            supervisor.start(WorkKey("a"), worker.work)
            await clock.settle()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await serve()
    assert worker.log == ["started", "cancelled"]


async def test_work_may_replace_itself(clock: FakeClock) -> None:
    """It is canceled like any other."""
    supervisor, new = TaskSupervisor(), Worker(clock)

    async def work() -> None:
        supervisor.start(WorkKey("a"), new.work)
        await clock.sleep(60.0)

    async with supervisor.serve():
        supervisor.start(WorkKey("a"), work)
        await clock.settle()
        assert new.log == ["started"]
        assert len(supervisor.running_keys) == 1


async def test_nothing_begins_once_everything_was_stopped() -> None:
    """An interaction that outlasts its deadline may still start a submission, while the lease ends already."""
    supervisor, begun = TaskSupervisor(), list[str]()

    async def submit() -> None:
        begun.append("submission")

    async with supervisor.serve():
        await supervisor.stop_all(last_seconds=0)
        supervisor.start(WorkKey("submit", 1), submit, critical=True)
        for _ in range(3):
            await asyncio.sleep(0)
    assert begun == []


async def test_critical_work_is_given_time() -> None:
    """Also critical work that is started at the last moment; other work is canceled first."""
    supervisor = TaskSupervisor()
    ended: list[str] = []
    going = asyncio.Event()

    async def submit(name: str) -> None:
        await going.wait()
        ended.append(name)

    async def draw() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")
            going.set()

    async with supervisor.serve():
        supervisor.start(WorkKey("job"), draw)
        supervisor.start(WorkKey("submit 1"), lambda: submit("first"), critical=True)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        supervisor.start(WorkKey("submit 2"), lambda: submit("second"), critical=True)
        supervisor.start(WorkKey("job 2"), draw)
        await supervisor.stop_all(last_seconds=10)

    assert ["cancelled", "first", "second"] == [ended[0], *sorted(ended[1:])]


async def test_critical_work_is_cancelled_after_its_time() -> None:
    """A platform would kill the process anyway."""
    supervisor = TaskSupervisor()

    async def submit() -> None:
        await asyncio.Event().wait()

    async with supervisor.serve():
        supervisor.start(WorkKey("submit"), submit, critical=True)
        await asyncio.sleep(0)
        await supervisor.stop_all(last_seconds=0)
        assert len(supervisor.running_keys) == 0

    assert len(supervisor.running_keys) == 0
