"""Time that a test turns by hand, or that turns by itself whenever nothing else is left to do."""

import asyncio
import heapq
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TypeVar

from bot.clock import Clock

_T = TypeVar("_T")

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


class FakeClock:
    """A bot.clock.Clock in `clock`, whose seconds cost nothing; `time` is what has passed of them."""

    def __init__(self, start: datetime = START) -> None:
        self.start = start
        self.time = 0.0
        self.clock = Clock(now=self.now, sleep=self.sleep, monotonic=lambda: self.time)
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._settling = 0

    def now(self) -> datetime:
        """Tell the virtual time."""
        return self.start + timedelta(seconds=self.time)

    def step(self, seconds: float) -> None:
        """Set the wall clock forward or back, as an operator or NTP does: no sleeper wakes, and no second passes."""
        self.start += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Sleep until the time has been turned that far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.time + seconds, next(self._numbers), woken))
        await woken

    async def settle(self) -> None:
        """Let everything run that can run without time passing."""
        ready = vars(asyncio.get_running_loop())["_ready"]
        self._settling += 1
        try:
            for _ in range(100_000):
                await asyncio.sleep(0)
                if len(ready) < self._settling:  # only other callers that wait for the same
                    return
            raise AssertionError("something spins without time passing")
        finally:
            self._settling -= 1

    async def advance(self, seconds: float) -> None:
        """Turn the time, waking every sleeper at its own moment."""
        end = self.time + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            await self._wake_next()
        self.time = end
        await self.settle()

    async def run_until(self, awaitable: Awaitable[_T], *, within: float = 6 * 3600.0) -> _T:
        """Turn the time until this is done; seconds beyond `within` are a test that hangs."""
        done = asyncio.ensure_future(awaitable)
        end = self.time + within
        await self.settle()
        while not done.done():
            if not self._sleepers or self._sleepers[0][0] > end:
                done.cancel()
                raise AssertionError(f"not done within {within:g} s")
            await self._wake_next()
        return done.result()

    async def _wake_next(self) -> None:
        at, _, woken = heapq.heappop(self._sleepers)
        if not woken.done():  # a cancelled sleeper is skipped
            self.time = max(self.time, at)
            woken.set_result(None)
            await self.settle()
