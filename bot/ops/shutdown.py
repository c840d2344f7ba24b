"""Stop the process: the steps in order, and the deadline of each. Platforms kill a process after 10 s."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from bot.recovery.job_leases import JobLeases
from bot.tracking.task_supervisor import TaskSupervisor

log = logging.getLogger(__name__)

GATEWAY_CLOSE_SECONDS = 1.0
"""Closing the gateway's sockets: one that hangs must not use up the time that submissions need."""
INTERACTION_SECONDS = 1.5
"""Finishing the interactions that are being answered."""
JOB_RELEASE_SECONDS = 1.0
"""Releasing this process's jobs; and again, as the last step, ending its lease."""
SUBMISSION_SECONDS = 3.0
"""Finishing requests to the relay; the process that takes over a later one treats its claim as unknown."""
SHUTDOWN_SECONDS = 8.0
"""All of the above, and closing the connections to Discord, the relay and the database."""
CANCEL_SECONDS = 0.5
"""Cancelling what still runs after that; then the process exits."""
HTTP_SERVER_SECONDS = 1.0
"""Finishing requests to the health server, which closes last."""


class StopRequested(Exception):
    """SIGTERM or SIGINT asked the process to stop."""


async def shut_down(
    close_gateway: Callable[[], Awaitable[None]],
    wait_for_interactions: Callable[[], Awaitable[None]],
    supervisor: TaskSupervisor,
    leases: JobLeases,
) -> None:
    """Stop taking work, finish what was paid for, and leave everything else to other processes."""
    try:
        # Discord sends no more clicks after this, while requests to its REST API still work.
        await _cancel_after(GATEWAY_CLOSE_SECONDS, close_gateway())
        await _cancel_after(INTERACTION_SECONDS, wait_for_interactions())
        await supervisor.cancel_ordinary_work()
        await _wait_at_most(JOB_RELEASE_SECONDS, leases.release_jobs())
        await supervisor.stop_all(last_seconds=SUBMISSION_SECONDS)
    finally:
        await _wait_at_most(JOB_RELEASE_SECONDS, leases.end_lease())


async def _cancel_after(seconds: float, work: Awaitable[None]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await work


async def _wait_at_most(seconds: float, work: Coroutine[Any, Any, None]) -> None:
    """Wait for a write to the database, without canceling it: a statement that has begun cannot be cut short."""
    await asyncio.wait({asyncio.ensure_future(work)}, timeout=seconds)


async def run_unless_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Run `work` to its end; cancel it once `stop` is set.

    Raises:
        StopRequested: `stop` is set.
    """
    task, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        task.cancel()  # without effect on a task that has ended
        await asyncio.gather(task, return_exceptions=True)
    if stop.is_set():
        log.info("Stopping.")
        raise StopRequested
    task.result()


async def run_with_deadline(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Run `work`, which must end within SHUTDOWN_SECONDS after `stop` is set; otherwise cancel it, or exit.

    An error of `work` is raised, or only logged where `stop` is set.
    """
    task, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            await asyncio.wait({task}, timeout=SHUTDOWN_SECONDS)
    finally:
        stopping.cancel()
        if not task.done():
            await _cancel_or_exit(task)
    if not stop.is_set():
        task.result()
    elif task.done() and not task.cancelled() and not isinstance(error := task.exception(), StopRequested | None):
        log.warning("The shutdown did not complete (%s).", summarize_in_one_line(error))


async def _cancel_or_exit(task: asyncio.Task[None]) -> None:
    log.warning("The shutdown takes too long: canceling what still runs.")
    task.cancel()
    await asyncio.wait({task}, timeout=CANCEL_SECONDS)
    if not task.done():
        # A database that hangs keeps its statements, and Python its threads: nothing else ends them in time.
        logging.shutdown()
        os._exit(0)


def summarize_in_one_line(error: BaseException) -> str:
    """Describe an error in one line of at most about 200 characters: some contain a whole web page."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
