"""Whether requests to Discord's REST API succeed: the gateway's sockets may live while every request fails."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.clock import Clock

log = logging.getLogger(__name__)

FAILING_SECONDS = 60.0
"""For how long every request must have failed before the bot counts as not ready."""
_PROBE_SECONDS = 20.0
"""How often a request is sent to see whether Discord answers again: an idle bot sends none of its own."""


class RestHealth:
    """Tracks since when every request to Discord has failed, and sends one from time to time until one succeeds."""

    def __init__(self, clock: Clock) -> None:
        self._monotonic = clock.monotonic
        self._sleep = clock.sleep
        self._failing_since: float | None = None
        self._reason = ""
        self._failed = asyncio.Event()

    def record_success(self) -> None:
        """Record a response that shows that Discord serves this bot, whatever it says."""
        self._failing_since = None
        self._failed.clear()

    def record_failure(self, reason: str) -> None:
        """Record a request that got no response, or one that says that Discord does not serve this bot now."""
        if self._failing_since is None:
            self._failing_since = self._monotonic()
        self._reason = reason
        self._failed.set()

    def find_problem(self) -> str:
        """Return for how long every request has failed, and why, if that is a minute or more."""
        seconds = self._count_failing_seconds()
        if seconds < FAILING_SECONDS:
            return ""
        return f"every request to Discord has failed for {seconds:.0f} s ({self._reason})"

    async def run(self, probe: Callable[[], Awaitable[object]]) -> None:
        """Send a probe from time to time while every request fails, until canceled; log when that begins and ends."""
        while True:
            await self._failed.wait()
            await self._probe_until_success(probe)

    async def _probe_until_success(self, probe: Callable[[], Awaitable[object]]) -> None:
        reported, seconds = False, 0.0
        while True:
            await self._sleep(_PROBE_SECONDS)
            if self._failing_since is None:
                break
            seconds = self._count_failing_seconds()
            if not reported and (problem := self.find_problem()):
                reported = True
                log.warning("Not ready: %s.", problem)
            await self._send(probe)
        if reported:
            log.warning("Discord answers again, after about %.0f s.", seconds)

    @staticmethod
    async def _send(probe: Callable[[], Awaitable[object]]) -> None:
        """Send a probe, whose result is recorded like that of every other request."""
        try:
            await probe()
        except Exception as error:  # noqa: BLE001 - any failure means the same here
            log.debug("The probe of Discord failed: %s.", type(error).__name__)

    def _count_failing_seconds(self) -> float:
        return 0.0 if self._failing_since is None else self._monotonic() - self._failing_since
