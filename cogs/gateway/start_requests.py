"""What a start asks of Discord: each request is repeated until it succeeds, also where Discord refuses it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain, repeat

import discord

from bot.clock import Clock
from cogs.messaging.responses import REQUEST_ERRORS, summarize_error

log = logging.getLogger(__name__)

SOON = (5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0)
"""The pauses between tries, in seconds; the last one is repeated."""
RARELY = (3600.0,)
"""The same for what needs somebody to change something first."""

_ATTEMPT_SECONDS = 60.0


def is_refusal(error: Exception) -> bool:
    """Whether Discord understood a request and refuses it, rather than failed or asked for a pause."""
    return isinstance(error, discord.HTTPException) and 400 <= error.status < 500 and error.status != 429


class StartRequest:
    """Something that Discord must do once, such as "tell who owns this application" (`action`); `ask` sends it.

    `pauses_if_refused` are the pauses after refusals; after other failures Discord is asked again soon. `consequence`
    says what does not work meanwhile.
    """

    def __init__(
        self,
        action: str,
        ask: Callable[[], Awaitable[None]],
        clock: Clock,
        *,
        consequence: str = "",
        pauses_if_refused: Sequence[float] = SOON,
    ) -> None:
        self._action = action
        self._consequence = consequence
        self._ask = ask
        self._sleep = clock.sleep
        self._pauses_if_refused = pauses_if_refused
        self._failure = ""
        self._tried, self._done = asyncio.Event(), asyncio.Event()

    async def repeat_until_done(self) -> None:
        """Ask again after growing pauses until Discord has done it; log each new reason of a failure once."""
        soon, refused = (chain(pauses, repeat(pauses[-1])) for pauses in (SOON, self._pauses_if_refused))
        while (error := await self._try_once()) is not None:
            self._report(error)
            self._tried.set()
            await self._sleep(next(refused if is_refusal(error) else soon))
        if self._failure:
            log.warning("Discord agrees to %s now.", self._action)
        self._done.set()
        self._tried.set()

    async def wait_for_first_try(self) -> None:
        """Wait until Discord was asked once, whatever it said."""
        await self._tried.wait()

    async def wait_until_done(self) -> None:
        """Wait until Discord has done it."""
        await self._done.wait()

    def find_problem(self) -> str:
        """Return what Discord has not done yet, and why, or an empty text."""
        if self._done.is_set():
            return ""
        return f"Discord doesn't {self._action} ({self._failure or 'not asked yet'}){self._consequence}"

    async def _try_once(self) -> Exception | None:
        try:
            async with asyncio.timeout(_ATTEMPT_SECONDS):
                await self._ask()
        except REQUEST_ERRORS as error:
            return error
        except Exception as error:
            log.debug("An answer of Discord cannot be read.", exc_info=error)
            return error
        return None

    def _report(self, error: Exception) -> None:
        """Log a failure, unless it is the same as the last one."""
        failure = summarize_error(error)
        if failure == self._failure:
            return
        self._failure = failure
        refused = is_refusal(error)
        level, verb = (logging.ERROR, "refuses to") if refused else (logging.WARNING, "can't")
        log.log(level, "Discord %s %s (%s)%s; asking again.", verb, self._action, failure, self._consequence)
