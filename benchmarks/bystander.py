"""How late an event loop comes back; as a process, one that does nothing else: so late is the machine itself."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from benchmarks.stage import ROOT

_TICK = 0.002


async def delays(work: Callable[[], Awaitable[object]]) -> list[float]:
    """Return how late the loop came back to a clock that asks every 2 ms while the work runs, in milliseconds."""
    late: list[float] = []
    done = asyncio.Event()

    async def watch() -> None:
        while not done.is_set():
            begun = time.perf_counter()
            await asyncio.sleep(_TICK)
            late.append((time.perf_counter() - begun - _TICK) * 1000)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(_TICK)
    await work()
    done.set()
    await watching
    return late


@asynccontextmanager
async def bystander() -> AsyncGenerator[list[float]]:
    """Let an idle process watch during the block; its delays are in the list when the block has ended."""
    late: list[float] = []
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.bystander"),
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
    late += map(float, said.split())


async def _watch() -> None:
    print("watching", flush=True)
    print(*await delays(lambda: asyncio.to_thread(sys.stdin.read)))


if __name__ == "__main__":
    asyncio.run(_watch())
