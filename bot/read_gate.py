"""Keeps submits back until a read has succeeded: a key that cannot read must not spend."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.errors import RelayError


class ReadGate:
    """Closed at the start, and after every read that was refused; open after one that was answered.

    The ordinary reads open and close it; `check` is a read of its own, made only while it is closed.
    """

    def __init__(self, check: Callable[[], Awaitable[None]]) -> None:
        self._check = check
        self._is_open = False
        self._checks = 0
        self._failure: RelayError | None = None
        self._lock = asyncio.Lock()

    def open(self) -> None:
        """Let submits pass: a read was answered."""
        self._is_open = True

    def close(self) -> None:
        """Keep submits back: a read was refused."""
        self._is_open = False

    async def admit(self) -> None:
        """Let one submit pass; while the gate is closed, check first. Submits that wait together share one check.

        Raises:
            RelayError: What the check failed with: nothing may be sent.
        """
        while not self._is_open:
            earlier = self._checks
            async with self._lock:
                if self._checks == earlier and not self._is_open:
                    await self._ask()
                if self._failure is not None and not self._is_open:
                    raise self._failure

    async def _ask(self) -> None:
        self._failure = None
        try:
            await self._check()
        except RelayError as failure:
            self._failure = failure
        else:
            self.open()
        self._checks += 1
