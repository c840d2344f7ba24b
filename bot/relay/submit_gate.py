"""Keeps submits back until a read has succeeded: a key that cannot read must not spend."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from bot.errors import RelayError, RelayUnreachable

MAX_WAIT_SECONDS: Final = 20.0
"""How long a submit waits here, in seconds: its claim was held before, and grows old meanwhile."""


class SubmitGate:
    """Closed at the start, and after every read that was refused; open after one that was answered.

    The ordinary reads open and close it; `check` is a read of its own, made only while it is closed.
    """

    def __init__(self, check: Callable[[], Awaitable[None]], *, patience: float = MAX_WAIT_SECONDS) -> None:
        self._check = check
        self._patience = patience
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

    async def wait_until_open(self) -> None:
        """Let one submit pass; while the gate is closed, check first, once, which submits that come together share.

        Raises:
            RelayError: What the check failed with, or that it took too long: nothing may be sent.
        """
        if self._is_open:
            return
        try:
            async with asyncio.timeout(self._patience):
                await self._share_a_check()
        except TimeoutError:
            raise RelayUnreachable(f"no answer within {self._patience:g} s") from None

    async def _share_a_check(self) -> None:
        earlier = self._checks
        async with self._lock:
            if self._checks == earlier and not self._is_open:
                await self._ask()
            # A read that was refused since the check was answered closes the gate for those who come later.
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
