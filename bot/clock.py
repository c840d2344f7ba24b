"""The time, injected: tests advance it by hand, and the sandbox borrows the clock of its simulated Discord."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

Now = Callable[[], datetime]
"""Returns the current time as an aware datetime in UTC."""
Monotonic = Callable[[], float]
"""Returns a count of seconds that setting the system's time does not change."""


def utc_now() -> datetime:
    """Return the current time as an aware datetime in UTC."""
    return datetime.now(UTC)


_DATE_PRECISION: Final = timedelta(seconds=1)
"""A Date header names the second in which the response was made."""
_TOLERANCE: Final = timedelta(seconds=1)
"""A smaller error is not corrected, so that a clock that is right does not move with every response."""
_EARLIEST_DATE: Final = datetime(2015, 1, 1, tzinfo=UTC)
"""Where Discord's ids begin; a server that names an earlier date does not know the time."""


@lru_cache(maxsize=16)  # in a burst of requests, all responses have the same few dates
def parse_http_date(text: str) -> datetime | None:
    """Return the time of a Date header; None for a text that is none."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    date = date.replace(tzinfo=date.tzinfo or UTC)
    return date.astimezone(UTC) if date > _EARLIEST_DATE else None


def _ignore_date(_: datetime, __: float) -> None:
    """Ignore the time that a server told: this clock is not corrected."""


def _measure_nothing() -> None:
    """Return None for the error of a clock with which no other was compared."""


@dataclass(frozen=True)
class Clock:
    """The current time, a sleep of so many seconds, and a count of seconds that setting the time does not change.

    `record_date` takes the Date of a response, and the count of seconds at which its request was sent.
    `measure_system_error` returns how far the system's time is ahead of that of such dates; None before there was one.
    """

    now: Now = utc_now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    monotonic: Monotonic = time.monotonic
    record_date: Callable[[datetime, float], None] = _ignore_date
    measure_system_error: Callable[[], timedelta | None] = _measure_nothing

    def convert_to_monotonic(self, at: datetime) -> float:
        """Return the count of seconds at a time; setting the system's time later does not move it."""
        return self.monotonic() + (at - self.now()).total_seconds()

    def convert_to_time(self, seconds: float) -> datetime:
        """Return the time at a count of seconds, by the system's time as it is set now."""
        return self.now() + timedelta(seconds=seconds - self.monotonic())


class CorrectedTime:
    """The time of a process: the system's at its start, corrected by servers' Date headers, counted monotonically.

    So neither a system's time that is wrong nor setting it moves the times that the bot writes and compares.
    """

    def __init__(self, system: Clock) -> None:
        self._system = system
        self._time_at_zero = system.now() - timedelta(seconds=system.monotonic())
        self._has_date = False

    @property
    def clock(self) -> Clock:
        """This time, as a clock with the sleep and the seconds of the system's."""
        return Clock(self.now, self._system.sleep, self._system.monotonic, self.record_date, self.measure_system_error)

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return self._convert(self._system.monotonic())

    def record_date(self, date: datetime, sent_at: float) -> None:
        """Correct the time by the Date of a response just received; `sent_at` is when its request was sent.

        The response was made between both, so only a time outside of these bounds is wrong.
        """
        self._has_date = True
        too_late = self._convert(sent_at) - (date + _DATE_PRECISION)
        too_early = date - self.now()
        if too_late > _TOLERANCE:
            self._time_at_zero -= too_late
        elif too_early > _TOLERANCE:
            self._time_at_zero += too_early

    def measure_system_error(self) -> timedelta | None:
        """Return how far the system's time is ahead of this one; None before a server told the time."""
        return self._system.now() - self.now() if self._has_date else None

    def _convert(self, seconds: float) -> datetime:
        return self._time_at_zero + timedelta(seconds=seconds)


async def wait_for_first(*awaitables: Awaitable[object]) -> None:
    """Wait until one of the awaitables is done, and cancel the others."""
    futures = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    try:
        await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for future in futures:
            future.cancel()


async def wait_for_event(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event for at most that many real seconds, and return whether it was set."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
