"""The beat of the event loop: how late it comes, and when it came last."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from bot.metrics import LOOP_DELAY

_BEAT_SECONDS = 0.5


class LoopLagMonitor:
    """Sleeps briefly, again and again, and measures by how much it overslept; `now` is monotonic, in seconds."""

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._beat_at = now()

    @property
    def seconds_since_beat(self) -> float:
        """How many seconds ago the last beat was; before the first, how long we exist."""
        return self._now() - self._beat_at

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            asleep_at = self._now()
            await self._sleep(_BEAT_SECONDS)
            self._beat_at = self._now()
            LOOP_DELAY.observe(max(0.0, self._beat_at - asleep_at - _BEAT_SECONDS))
