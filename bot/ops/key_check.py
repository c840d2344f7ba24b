"""Whether the relay answers and accepts the key: read at the start and then now and again, and logged as it changes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from bot.clock import Clock
from bot.errors import BalanceExhausted, KeyRefused, RelayError, RelayUnreachable
from bot.relay.relay_problems import RelayProblem, describe_relay_problem
from bot.tracking.task_supervisor import TaskSupervisor, WorkKey

log = logging.getLogger(__name__)

_MAX_AGE_SECONDS: Final = 60.0
_WAIT_SECONDS: Final = 1.5
"""How long a caller waits for the relay, before the previous result is returned."""
_WELL_PAUSE, _BROKEN_PAUSE, _CONFIRM_PAUSE = 300.0, 60.0, 10.0
"""The seconds between two reads: while all is well, while it is not, and before a new problem is believed."""
_TICK = 5.0
"""How often it is decided whether a read is due, because others can find a problem in between."""


class KeyCheck:
    """Reads from the relay at `url` whether it accepts the key, with one request at a time.

    `run` reads by itself. `find_problem` reads on demand, once a minute at most, and its caller waits for that for
    `wait_seconds`. Every read counts, whichever caller asked for it, and each change is logged once.
    """

    def __init__(
        self,
        ask: Callable[[], Awaitable[None]],
        url: str,
        supervisor: TaskSupervisor,
        clock: Clock,
        *,
        wait_seconds: float = _WAIT_SECONDS,
    ) -> None:
        self._ask = ask
        self._url = url
        self._supervisor = supervisor
        self._clock = clock
        self._wait_seconds = wait_seconds
        self.alarm: Callable[[str], None] | None = None
        """Tells the operator in Discord what is wrong, and that it is over; never waits."""
        self._asked_at: float | None = None
        self._check_done = asyncio.Event()
        self._problem = "the relay has not confirmed the key yet"
        self._logged: str | None = None
        """The cause that the log states, "" if it says that all is well; None before the first read."""
        self._unconfirmed = ""
        """A new cause that one read has shown; the next one shows whether it was a hiccup."""

    async def run(self) -> None:
        """Read at once, and then every five minutes, or every minute while something is wrong."""
        while True:
            self._start_check(max_age=self._find_pause())
            await self._check_done.wait()
            await self._clock.sleep(_TICK)

    async def read(self) -> None:
        """Read now.

        Raises:
            RelayError: The relay does not answer, or refuses the key.
        """
        self._asked_at = self._clock.monotonic()
        try:
            await self._ask()
        except RelayError as error:
            self._record(describe_relay_problem(error, self._url))
            raise
        self._record(None)

    def report_error(self, error: RelayError) -> None:
        """Read soon, because a request of a person has failed in a way that concerns every request."""
        if isinstance(error, RelayUnreachable | KeyRefused | BalanceExhausted):
            self._start_check(max_age=_CONFIRM_PAUSE)

    async def find_problem(self) -> str:
        """Return what is wrong with the key, or with the relay that checks it."""
        self._start_check(max_age=_MAX_AGE_SECONDS)
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._check_done.wait()
        except TimeoutError:
            log.debug("The relay is slow to check the key.")
        return self._problem

    def _start_check(self, *, max_age: float) -> None:
        """Start a read if the last one is that old, in seconds, and has ended."""
        now = self._clock.monotonic()
        if self._asked_at is not None and (now - self._asked_at < max_age or not self._check_done.is_set()):
            return
        self._asked_at = now
        self._check_done.clear()
        # Under the supervisor, because the caller may be canceled before the relay answers.
        self._supervisor.start(WorkKey("key check"), self._check)

    async def _check(self) -> None:
        try:
            with suppress(RelayError):
                await self.read()
        finally:
            self._check_done.set()

    def _find_pause(self) -> float:
        return _CONFIRM_PAUSE if self._unconfirmed else _BROKEN_PAUSE if self._problem else _WELL_PAUSE

    def _record(self, found: RelayProblem | None) -> None:
        """Keep a result, and log it if it is the first, or differs from the last one and is no hiccup."""
        self._problem = cause = found.cause if found else ""
        is_new, is_first = cause != self._logged, self._logged is None
        is_believed = is_first or not cause or cause == self._unconfirmed
        self._unconfirmed = cause if is_new and not is_believed else ""
        if not is_new or not is_believed:
            return
        self._logged = cause
        if found:
            log.warning("%s", found)
            self._tell(f"{cause[0].upper()}{cause[1:]}. The bot's log and `/mjcheck` say what to do.")
        else:
            if not is_first:
                self._tell("The relay answers again, and accepts the key.")
            log.info("API key: accepted by %s%s.", self._url, "" if is_first else " again")

    def _tell(self, text: str) -> None:
        if self.alarm:
            self.alarm(text)
