"""How late an event loop comes back; as a process, one that does nothing else: so late is the machine itself."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from benchmarks.environment import ROOT

_TICK = 0.002

Delay = tuple[float, float]
"""From when to when the loop was late, in seconds of a clock that all processes of the machine share."""


async def measure_delays(work: Callable[[], Awaitable[object]]) -> list[Delay]:
    """Return how late the loop came back to a clock that asks every 2 ms while the work runs."""
    late: list[Delay] = []
    done = asyncio.Event()

    async def watch() -> None:
        while not done.is_set():
            due = time.perf_counter() + _TICK
            await asyncio.sleep(_TICK)
            late.append((due, time.perf_counter()))

    watching = asyncio.create_task(watch())
    await asyncio.sleep(_TICK)
    await work()
    done.set()
    await watching
    return late


def find_longest(late: Sequence[Delay], beside: Sequence[Delay] = ()) -> float:
    """Return the longest delay, in milliseconds, without the time in which the loops beside were late as well."""
    found = 0.0
    for due, woke in sorted(late, key=lambda one: one[0] - one[1]):
        if woke - due <= found:
            break
        found = max(found, woke - due - _shared(due, woke, beside))
    return found * 1000


def _shared(due: float, woke: float, beside: Sequence[Delay]) -> float:
    return sum(max(0.0, min(woke, until) - max(due, since)) for since, until in beside)


@asynccontextmanager
async def run_idle_loop() -> AsyncGenerator[list[Delay]]:
    """Let an idle process watch during the block; its delays are in the list when the block has ended."""
    late: list[Delay] = []
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.idle_loop"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    await process.stdout.readline()
    yield late
    process.stdin.close()
    said, _ = await process.communicate()
    numbers = [float(word) for word in said.split()]
    late += zip(numbers[::2], numbers[1::2], strict=True)


async def _watch() -> None:
    print("watching", flush=True)
    for due, woke in await measure_delays(lambda: asyncio.to_thread(sys.stdin.read)):
        if woke - due > _TICK:
            print(due, woke)


if __name__ == "__main__":
    asyncio.run(_watch())
