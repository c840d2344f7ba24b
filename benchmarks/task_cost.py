"""Measure the memory and processor time of a process for each task that it watches."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environment import add_running_tasks, run_mjbot, run_naive_bot, serve_relay, wait_for
from benchmarks.table import Row, ratio
from sandbox.relay import RelaySettings
from tests.wire.loopback import LoopbackDiscord

KIB = 1024
TARGET_KIB = 12.0
TARGET_CORE = 0.25
_LINEAR_TOLERANCE = 1.25
"""How many times the memory per task may grow from the smaller to the larger measurement, and still count as linear."""
_NEVER = 1e7  # seconds: these tasks show no change while they are measured
_FIRST_EDIT_SECONDS = 90.0


@dataclass(frozen=True)
class TaskCost:
    """Resident memory in bytes and the used share of one core of a process that watches `tasks` tasks.

    `refused` counts Discord's refusals.
    """

    tasks: int
    resident: int
    core: float
    refused: int


@dataclass(frozen=True)
class Scales:
    """The two numbers of tasks, and how long the core is measured (`seconds`) after a rest (`settle` seconds)."""

    few: int
    many: int
    seconds: float
    settle: float


async def measure_task_costs(folder: Path, scales: Scales) -> list[Row]:
    """Measure mjbot and a naive bot with few and with many tasks, and compare."""
    empty, *ours_by_size = [
        await _measure(folder, size, scales, is_naive=False) for size in (0, scales.few, scales.many)
    ]
    theirs_by_size = [await _measure(folder, size, scales, is_naive=True) for size in (scales.few, scales.many)]
    mine, other, from_zero = (
        _kib_per_task(*ours_by_size),
        _kib_per_task(*theirs_by_size),
        _kib_per_task(empty, ours_by_size[0]),
    )
    core = ours_by_size[1].core, theirs_by_size[1].core
    refused = sum(cost.refused for cost in ours_by_size)
    return [
        Row(
            what=f"memory of a watched task, {scales.few} to {scales.many} (RSS)",
            mjbot=f"{mine:.1f} KiB (0 to {scales.few}: {from_zero:.1f})",
            naive=f"{other:.1f} KiB",
            ratio=ratio(mine, other),
            target=f"linear, <= {TARGET_KIB:.0f} KiB",
            met=mine <= min(TARGET_KIB, _LINEAR_TOLERANCE * from_zero) and not refused,
        ),
        Row(
            what=f"{scales.many} watched tasks, share of a core",
            mjbot=f"{core[0]:.2f}",
            naive=f"{core[1]:.2f}",
            ratio=ratio(*core),
            target=f"< {TARGET_CORE}",
            met=core[0] < TARGET_CORE and not refused,
        ),
    ]


def _kib_per_task(few: TaskCost, many: TaskCost) -> float:
    return (many.resident - few.resident) / (many.tasks - few.tasks) / KIB


async def _measure(folder: Path, tasks: int, scales: Scales, *, is_naive: bool) -> TaskCost:
    async with (
        serve_relay(RelaySettings(seconds_per_task=_NEVER)) as relay,
        LoopbackDiscord(channels=250, schema=False, limits=False, keep=False) as discord,
    ):
        followed = add_running_tasks(discord, relay, [time.time() + _NEVER - 1] * tasks)
        start = (
            run_naive_bot(folder, "loops", discord, relay, followed)
            if is_naive
            else run_mjbot(folder, discord, relay, followed)
        )
        async with start as running:
            await wait_for(lambda: bool(discord.gateway.connected), 30, running)
            await wait_for(lambda: all(one.message.edits for one in followed), _FIRST_EDIT_SECONDS, running)
            await asyncio.sleep(scales.settle)
            cpu, started = running.cpu_seconds, time.monotonic()
            await asyncio.sleep(scales.seconds if tasks == scales.many else 0.1)
            core = (running.cpu_seconds - cpu) / (time.monotonic() - started)
            return TaskCost(tasks, running.resident_bytes, core, len(discord.refused))
