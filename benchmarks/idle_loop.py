"""Measure the delays of an event loop; run as an idle process, this measures the delays of the machine itself."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_TICK_SECONDS = 0.002

Delay = tuple[float, float]
"""When the loop was due and when it ran, in seconds of a clock that all processes of the machine share."""


async def measure_delays(work: Callable[[], Awaitable[object]]) -> list[Delay]:
    """Run `work` and return the delays of a timer that fires every 2 ms meanwhile."""
    delays: list[Delay] = []
    done = asyncio.Event()

    async def watch() -> None:
        while not done.is_set():
            due = time.perf_counter() + _TICK_SECONDS
            await asyncio.sleep(_TICK_SECONDS)
            delays.append((due, time.perf_counter()))

    watcher = asyncio.create_task(watch())
    await asyncio.sleep(_TICK_SECONDS)
    await work()
    done.set()
    await watcher
    return delays


def find_longest(delays: Sequence[Delay], beside: Sequence[Delay] = ()) -> float:
    """Return the longest delay in milliseconds, not counting times in which the loops `beside` were late too."""
    longest = 0.0
    for due, woke in sorted(delays, key=lambda one: one[0] - one[1]):
        if woke - due <= longest:
            break
        longest = max(longest, woke - due - _shared_seconds(due, woke, beside))
    return longest * 1000


def _shared_seconds(due: float, woke: float, beside: Sequence[Delay]) -> float:
    return sum(max(0.0, min(woke, until) - max(due, since)) for since, until in beside)


@asynccontextmanager
async def run_idle_loop() -> AsyncGenerator[list[Delay]]:
    """Run an idle process during the block; its delays are in the list after the block."""
    delays: list[Delay] = []
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.idle_loop"),
        cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    await process.stdout.readline()
    yield delays
    process.stdin.close()
    output, _ = await process.communicate()
    numbers = [float(word) for word in output.split()]
    delays += zip(numbers[::2], numbers[1::2], strict=True)


async def _run_process() -> None:
    print("watching", flush=True)
    for due, woke in await measure_delays(lambda: asyncio.to_thread(sys.stdin.read)):
        if woke - due > _TICK_SECONDS:
            print(due, woke)


if __name__ == "__main__":
    asyncio.run(_run_process())
