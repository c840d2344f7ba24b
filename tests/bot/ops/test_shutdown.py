"""Stopping the process: the order of the steps, and their deadlines."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.ops import shutdown
from bot.ops.shutdown import StopRequested, run_unless_stopped, run_with_deadline, shut_down
from bot.tracking.task_supervisor import TaskSupervisor, WorkKey

DEADLINES = (
    "GATEWAY_CLOSE_SECONDS",
    "INTERACTION_SECONDS",
    "JOB_RELEASE_SECONDS",
    "SUBMISSION_SECONDS",
    "SHUTDOWN_SECONDS",
    "CANCEL_SECONDS",
)


class Leases:
    """Records when this process's jobs are released, and when its lease ends."""

    def __init__(self, log: list[str], work: Callable[[], Awaitable[object]] | None = None) -> None:
        self._log = log
        self._work = work

    async def release_jobs(self) -> None:
        self._log.append("jobs released")
        if self._work:
            await self._work()

    async def end_lease(self) -> None:
        self._log.append("lease ended")
        if self._work:
            await self._work()


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every deadline pass at once."""
    for name in DEADLINES:
        monkeypatch.setattr(shutdown, name, 0)


def recorder(
    log: list[str], name: str, work: Callable[[], Awaitable[object]] | None = None
) -> Callable[[], Awaitable[None]]:
    """Return a step that records its name and then does `work`."""

    async def step() -> None:
        log.append(name)
        if work:
            await work()

    return step


async def test_submissions_finish_after_everything_else_has_stopped() -> None:
    """The gateway closes first, and the lease ends last."""
    log, supervisor, finish = list[str](), TaskSupervisor(), asyncio.Event()

    async def edit_message() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            log.append("work canceled")
            finish.set()

    async def submit() -> None:
        await finish.wait()
        await asyncio.sleep(0)
        log.append("submission finished")

    async with supervisor.serve():
        supervisor.start(WorkKey("job", 1), edit_message)
        supervisor.start(WorkKey("claim", 1), submit, critical=True)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        leases: object = Leases(log)
        await shut_down(
            recorder(log, "gateway closed"),
            recorder(log, "interactions finished"),
            supervisor,
            leases,  # type: ignore[arg-type]
        )
    assert sorted(log[3:5]) == ["jobs released", "submission finished"]
    assert [*log[:3], *log[5:]] == ["gateway closed", "interactions finished", "work canceled", "lease ended"]


@pytest.mark.usefixtures("no_time")
async def test_steps_that_hang_delay_no_other_step() -> None:
    """Each has a deadline of its own."""
    log, supervisor, hang = list[str](), TaskSupervisor(), asyncio.Event().wait
    async with supervisor.serve():
        leases: object = Leases(log, hang)
        await shut_down(
            recorder(log, "gateway closed", hang),
            recorder(log, "interactions finished", hang),
            supervisor,
            leases,  # type: ignore[arg-type]
        )
        await asyncio.sleep(0)
    assert log == ["gateway closed", "interactions finished", "jobs released", "lease ended"]
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


async def test_work_is_canceled_by_a_stop() -> None:
    """The caller learns of the stop by an exception."""
    stop, is_canceled = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        stop.set()
        try:
            await asyncio.Event().wait()
        finally:
            is_canceled.set()

    with pytest.raises(StopRequested):
        await run_unless_stopped(stop, work())
    assert is_canceled.is_set()


async def test_errors_of_work_are_raised() -> None:
    """Unless the process stops: then an error is only logged."""

    async def fail() -> None:
        raise ZeroDivisionError

    async def fail_while_stopping() -> None:
        stop.set()
        raise ZeroDivisionError

    stop = asyncio.Event()
    with pytest.raises(ZeroDivisionError):
        await run_unless_stopped(stop, fail())
    with pytest.raises(ZeroDivisionError):
        await run_with_deadline(stop, fail())
    await run_with_deadline(stop, fail_while_stopping())


async def test_a_shutdown_that_takes_too_long_is_canceled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process does not wait for a platform to kill it."""
    monkeypatch.setattr(shutdown, "SHUTDOWN_SECONDS", 0)
    stop, is_canceled = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        stop.set()
        try:
            await asyncio.Event().wait()
        finally:
            is_canceled.set()

    await run_with_deadline(stop, hang())
    assert is_canceled.is_set()


def test_the_steps_fit_into_the_shutdown() -> None:
    """Even if each takes as long as it may."""
    steps = (
        shutdown.GATEWAY_CLOSE_SECONDS
        + shutdown.INTERACTION_SECONDS
        + 2 * shutdown.JOB_RELEASE_SECONDS
        + shutdown.SUBMISSION_SECONDS
    )
    assert steps < shutdown.SHUTDOWN_SECONDS


def test_the_shutdown_fits_into_the_time_that_platforms_give() -> None:
    """That is 10 s, even if everything hangs."""
    assert shutdown.SHUTDOWN_SECONDS + shutdown.CANCEL_SECONDS + shutdown.HTTP_SERVER_SECONDS < 10
