"""Measure how long the live messages of a killed process wait until another process edits them."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from sqlalchemy import select

from benchmarks.environment import (
    ChildProcess,
    add_running_tasks,
    build_mjbot_environment,
    serve_relay,
    start_process,
    wait_for,
    write_jobs,
)
from benchmarks.table import Row
from bot.store import open_store
from bot.store.schema import processes
from sandbox.relay import RelaySettings
from tests.postgres import running, temporary_folder
from tests.wire.loopback import LoopbackDiscord
from tests.wire.relay_clock import TASK_SECONDS, HeldTime

POLL_SECONDS = 5.0
"""The default POLL_SECONDS."""
AT_ONCE_SECONDS = POLL_SECONDS + 0.5
"""How long after READY the first edit of a message is at once: what any change at the relay may take to be shown."""
_ROUNDS_PER_LEASE = 3
"""How often a process renews its lease while it lasts, see bot/recovery/job_leases.py."""
_START_SECONDS = 60.0
_MESSAGES_PER_CHANNEL = 4


@dataclass(frozen=True)
class Takeover:
    """The live messages of the killed process, its LEASE_SECONDS, and how often this is measured on each database."""

    messages: int
    lease: float
    kills: int


@dataclass(frozen=True)
class TakeoverResult:
    """The figures of one kill, in seconds after it: the first edit of each message (inf: none), and READY.

    READY and the start are those of the process that edits; 0 where it ran already.
    """

    waits: list[float]
    started: float
    ready: float
    refused: int


async def measure_takeovers(folder: Path, takeover: Takeover) -> list[Row]:
    """Kill the process that follows all messages, beside another on PostgreSQL, and before another on SQLite.

    The kills are spread over the time between two renewals of the lease. The first one comes right after a renewal,
    when the lease has longest to run.
    """
    pauses = [number / takeover.kills * takeover.lease / _ROUNDS_PER_LEASE for number in range(takeover.kills)]
    with temporary_folder() as data, running(data) as postgres:
        shared = [await _measure(folder, await postgres.database(), takeover, pause) for pause in pauses]
    files = [f"sqlite:///{folder / f'takeover-{time.monotonic_ns()}-{number}.db'}" for number in range(takeover.kills)]
    alone = [await _measure(folder, url, takeover, pause) for url, pause in zip(files, pauses, strict=True)]
    return [_build_shared_row(shared, takeover), _build_file_row(alone, takeover)]


def _build_shared_row(results: Sequence[TakeoverResult], takeover: Takeover) -> Row:
    longest = [max(result.waits) for result in results]
    return _build_row(
        what=f"{takeover.messages} live messages, kill -9 to the other process's edit, PostgreSQL, longest",
        figures=f"{max(longest):.1f} s (medians {_format_seconds([median(result.waits) for result in results])})",
        longest=max(longest),
        limit=takeover.lease,
        target=f"<= {takeover.lease:.1f} s, the lease",
        results=results,
    )


def _build_file_row(results: Sequence[TakeoverResult], takeover: Takeover) -> Row:
    after_ready = max(max(0.0, max(result.waits) - result.ready) for result in results)
    after_start = max(max(result.waits) - result.started for result in results)
    return _build_row(
        what=f"{takeover.messages} live messages, READY after a kill -9 to the edit, one SQLite file, longest",
        figures=f"{after_ready:.1f} s ({after_start:.1f} s from the start)",
        longest=after_ready,
        limit=AT_ONCE_SECONDS,
        target=f"at once, <= {AT_ONCE_SECONDS:.1f} s",
        results=results,
    )


def _build_row(
    *, what: str, figures: str, longest: float, limit: float, target: str, results: Sequence[TakeoverResult]
) -> Row:
    refused = sum(result.refused for result in results)
    return Row(
        what=what,
        mjbot=figures + (f", {refused} refused" if refused else ""),
        naive="never, it forgets them",
        ratio=0.0 if math.isfinite(longest) else 1.0,  # divided by infinity
        target=target,
        met=longest <= limit and not refused,
    )


def _format_seconds(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.1f}" for value in values)


async def _measure(folder: Path, url: str, takeover: Takeover, pause: float) -> TakeoverResult:
    """Kill the owner `pause` seconds after it has renewed its lease, and wait for the first edits.

    The tasks do not change before the kill, so that no edit of the killed process is still on its way; they all change
    in the moment of the kill.
    """
    clock, shared = HeldTime(), url.startswith("postgres")
    async with (
        serve_relay(RelaySettings(seconds_per_task=TASK_SECONDS, picture_side=128), now=clock.now) as relay,
        LoopbackDiscord(channels=math.ceil(takeover.messages / _MESSAGES_PER_CHANNEL), schema=False) as discord,
        AsyncExitStack() as stack,
    ):
        ends = [time.time() + 0.9 * TASK_SECONDS] * takeover.messages
        followed = add_running_tasks(discord, relay, ends, tokens=0.5)
        messages = [one.message for one in followed]
        await write_jobs(url, discord, followed)
        env = build_mjbot_environment(discord, relay, url) | {
            "LEASE_SECONDS": str(takeover.lease),
            "POLL_SECONDS": str(POLL_SECONDS),
        }

        async def start() -> ChildProcess:
            return await stack.enter_async_context(start_process(folder, "bot", **env))

        owner = await start()
        await _wait_or_fail(lambda: all(one.edits for one in messages), owner)
        owner_id = await _find_only_process(url)
        if shared:
            standby = await start()
            await _wait_or_fail(lambda: len(discord.gateway.connected) > 1, standby)
        await _wait_for_renewal(url, owner_id, takeover.lease)
        await asyncio.sleep(pause)
        edits, identified, killed_at = [len(one.history) for one in messages], discord.identifies, time.monotonic()
        await owner.kill()
        clock.let_tasks_progress()
        started = ready = 0.0
        if not shared:
            started = time.monotonic() - killed_at
            standby = await start()
            await discord.until(lambda: discord.identifies > identified, _START_SECONDS)
            ready = time.monotonic() - killed_at
        await wait_for(
            lambda: all(len(one.history) > count for one, count in zip(messages, edits, strict=True)),
            2 * takeover.lease + _START_SECONDS,
            standby,
        )
        waits = [
            one.history[count].at - killed_at if len(one.history) > count else math.inf
            for one, count in zip(messages, edits, strict=True)
        ]
        return TakeoverResult(waits, started, ready, len(discord.refused) + len(discord.rate_limited))


async def _wait_or_fail(condition: Callable[[], bool], process: ChildProcess) -> None:
    if not await wait_for(condition, _START_SECONDS, process):
        raise RuntimeError("a measured process did not start")


async def _find_only_process(url: str) -> str:
    async with open_store(url, now=lambda: datetime.now(UTC)) as store:
        (row,) = await store.database.read(select(processes.c.id))
        return str(row["id"])


async def _wait_for_renewal(url: str, owner_id: str, lease: float) -> None:
    """Wait until the process of that id renews its lease."""
    query = select(processes.c.expires_at).where(processes.c.id == owner_id)
    async with open_store(url, now=lambda: datetime.now(UTC)) as store, asyncio.timeout(lease + _START_SECONDS):
        before = await store.database.read(query)
        while await store.database.read(query) == before:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.05)
