"""The interactions that this process is answering right now."""

import asyncio
from collections.abc import Awaitable, Generator
from contextlib import contextmanager, suppress
from typing import TypeVar

_T = TypeVar("_T")

FIRST_RESPONSE_SECONDS = 10.0
"""The timeout of a first response: Discord accepts none after 3 s, but may confirm one late."""
_YIELD_SECONDS = 1.0
"""How long work yields to the first responses of other interactions at most: those have 3 s, work has 15 minutes."""
_SETTLE_SECONDS = 0.005
"""How long no first response may be on its way before work goes on: the next frame of a burst may be being read."""


class OpenInteractions:
    """Counts the interactions that are being answered, so that a shutdown can wait for them; one per bot."""

    def __init__(self) -> None:
        self._open = 0
        self._first_responses = 0
        self._closed = asyncio.Event()
        self._all_responded = asyncio.Event()

    @contextmanager
    def track(self) -> Generator[None]:
        """Count one interaction as open while the block runs."""
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1
            self._closed.set()

    async def wait_until_closed(self) -> None:
        """Wait until no interaction is open."""
        while self._open:
            self._closed.clear()
            await self._closed.wait()

    async def send_first_response(self, response: Awaitable[_T]) -> _T:
        """Send a first response, then let other interactions send theirs, because each has only 3 s.

        Raises:
            TimeoutError: Discord did not confirm the response in time.
        """
        with self.track():
            self._first_responses += 1
            self._all_responded.clear()
            try:
                async with asyncio.timeout(FIRST_RESPONSE_SECONDS):
                    sent = await response
            finally:
                self._first_responses -= 1
                if not self._first_responses:
                    self._all_responded.set()
            if self._first_responses:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_YIELD_SECONDS):
                        await self._wait_for_others()
            return sent

    async def _wait_for_others(self) -> None:
        """Wait until no first response is on its way."""
        while self._first_responses:
            await self._all_responded.wait()
            await asyncio.sleep(_SETTLE_SECONDS)
