"""The interactions that this process is answering right now."""

import asyncio
from collections.abc import Awaitable, Generator
from contextlib import contextmanager
from typing import TypeVar

_T = TypeVar("_T")

FIRST_RESPONSE_SECONDS = 10.0
"""The timeout of a first response: Discord accepts none after 3 s, but may confirm one late."""
_YIELD_TURNS, _YIELD_SECONDS = 12, 0.02
"""How often, and how long each time, work yields to first responses of other interactions: 240 ms at most."""


class OpenInteractions:
    """Counts the interactions that are being answered, so that a shutdown can wait for them; one per bot."""

    def __init__(self) -> None:
        self._open = 0
        self._first_responses = 0
        self._closed = asyncio.Event()

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
            try:
                async with asyncio.timeout(FIRST_RESPONSE_SECONDS):
                    sent = await response
            finally:
                self._first_responses -= 1
            for _ in range(_YIELD_TURNS):
                if not self._first_responses:
                    break
                await asyncio.sleep(_YIELD_SECONDS)
            return sent
