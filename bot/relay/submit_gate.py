"""Hold submits back until a read has succeeded, because a key that cannot read must not spend."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from bot.errors import RelayError, RelayUnreachable

MAX_WAIT_SECONDS: Final = 20.0
"""How long a submit waits here: its claim was already written and ages meanwhile."""


class SubmitGate:
    """A gate for submits, closed at the start and after every refused read, open after a read that succeeded.

    Ordinary reads open and close it. While it is closed, a submit that arrives calls `check`, which makes a read.
    """

    def __init__(self, check: Callable[[], Awaitable[None]], *, patience: float = MAX_WAIT_SECONDS) -> None:
        self._check = check
        self._max_wait = patience
        self._is_open = False
        self._checks = 0
        self._failure: RelayError | None = None
        self._lock = asyncio.Lock()

    def open(self) -> None:
        """Let submits pass, because a read succeeded."""
        self._is_open = True

    def close(self) -> None:
        """Hold submits back, because a read was refused."""
        self._is_open = False

    async def wait_until_open(self) -> None:
        """Return once a submit may be sent; if the gate is closed, make one check, which concurrent submits share.

        Raises:
            RelayError: The check failed with this error or took too long, so nothing may be sent.
        """
        if self._is_open:
            return
        try:
            async with asyncio.timeout(self._max_wait):
                await self._share_check()
        except TimeoutError:
            raise RelayUnreachable(f"no answer within {self._max_wait:g} s") from None

    async def _share_check(self) -> None:
        checks_before = self._checks
        async with self._lock:
            if self._checks == checks_before and not self._is_open:
                await self._run_check()
            # A read that was refused after the check succeeded closes the gate for submits that arrive later.
            if self._failure is not None and not self._is_open:
                raise self._failure

    async def _run_check(self) -> None:
        self._failure = None
        try:
            await self._check()
        except RelayError as failure:
            self._failure = failure
        else:
            self.open()
        self._checks += 1
