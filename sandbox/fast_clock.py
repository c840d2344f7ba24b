"""Run the bot's clock faster than real time, for walks and tests under SimCord."""

import asyncio
import heapq
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count

from bot.clock import Clock

SPEED = 10.0
"""How many times faster than real time the bot's clock runs: rate limits, polls and pauses take a tenth."""

_SHORTEST_TICK, _LONGEST_TICK = 0.001, 0.008


class FastClock:
    """A bot.clock.Clock in `clock` that starts at the present time and advances at SPEED inside `run`.

    A task outside the bot wakes the sleepers: SimCord holds back timers that an interaction started, once the bot has
    taken longer than `settle_timeout`.
    """

    def __init__(self) -> None:
        self._start = datetime.now(UTC)
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self.clock = Clock(now=self._now, sleep=self._sleep, monotonic=lambda: self._now().timestamp())

    @asynccontextmanager
    async def run(self) -> AsyncGenerator[Clock]:
        """Wake sleepers when their time has come, until the block ends."""
        ticker = asyncio.create_task(self._tick())
        try:
            yield self.clock
        finally:
            ticker.cancel()
            await asyncio.gather(ticker, return_exceptions=True)

    def _now(self) -> datetime:
        return self._start + (datetime.now(UTC) - self._start) * SPEED

    async def _sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now() + timedelta(seconds=max(seconds, 0)), next(self._numbers), woken))
        await woken

    def _seconds_to_next(self) -> float:
        """Return the real seconds until the next sleeper is due, bounded, because a new one may be due earlier."""
        if not self._sleepers:
            return _LONGEST_TICK
        return min(max((self._sleepers[0][0] - self._now()).total_seconds() / SPEED, _SHORTEST_TICK), _LONGEST_TICK)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._seconds_to_next())
            while self._sleepers and self._sleepers[0][0] <= self._now():
                _, _, woken = heapq.heappop(self._sleepers)
                if not woken.done():
                    woken.set_result(None)
