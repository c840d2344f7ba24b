"""Measure the lag of the event loop, and note when it last ran."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from bot.metrics import LOOP_DELAY

_INTERVAL_SECONDS = 0.5


class LoopLagMonitor:
    """Sleeps for a fixed interval again and again, and observes the delay; `now` is monotonic, in seconds."""

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._ran_at = now()

    @property
    def seconds_since_last_run(self) -> float:
        """How long ago the loop last woke the monitor, or the monitor was created."""
        return self._now() - self._ran_at

    async def run(self) -> None:
        """Measure until canceled."""
        while True:
            started_at = self._now()
            await self._sleep(_INTERVAL_SECONDS)
            self._ran_at = self._now()
            LOOP_DELAY.observe(max(0.0, self._ran_at - started_at - _INTERVAL_SECONDS))
