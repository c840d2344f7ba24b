"""The time, injected: tests advance it by hand, and the sandbox borrows the clock of its simulated Discord."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
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
"""Where Discord's ids begin; who names an earlier date does not know the time."""
_LATEST_DATE: Final = datetime(2100, 1, 1, tzinfo=UTC)
_AGREEING_DATES: Final = 3
"""How many responses in a row must agree before they correct the time: a start makes so many requests."""
_DRIFT: Final = timedelta(seconds=5)
"""How much a time that is settled may be corrected by Date headers alone, after `_DRIFT_SECONDS` of agreement."""
_DRIFT_SECONDS: Final = 60.0
_LONGEST_DELIVERY: Final = timedelta(seconds=5)
"""How old an interaction is at most when it arrives: Discord accepts no response after 3 s."""
_CACHE_HEADERS: Final = ("X-Cache", "X-Cache-Lookup", "X-Proxy-Cache", "CF-Cache-Status")
_CACHED: Final = ("HIT", "STALE", "UPDATING", "REVALIDATED")
"""What these headers say of a response that was made earlier: https://developers.cloudflare.com/cache/concepts/."""


def is_plausible(time: datetime) -> bool:
    """Return whether a time can be the current one, as far as its year tells."""
    return _EARLIEST_DATE < time < _LATEST_DATE


@lru_cache(maxsize=16)  # in a burst of requests, all responses have the same few dates
def parse_http_date(text: str) -> datetime | None:
    """Return the time of a Date header; None for a text that is none, and for an implausible time."""
    try:
        date = parsedate_to_datetime(text)
        date = date.replace(tzinfo=date.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if is_plausible(date) else None


def read_response_date(headers: Mapping[str, str]) -> datetime | None:
    """Return when a response was made, by its headers; None where they do not tell, or it comes from a cache."""
    caches = " ".join(headers.get(name, "") for name in _CACHE_HEADERS).upper()
    if "Age" in headers or any(word in caches for word in _CACHED):
        return None
    return parse_http_date(headers.get("Date", ""))


def _ignore_date(_: datetime, __: float) -> None:
    """Ignore the time that a server told: this clock is not corrected."""


def _ignore_id_time(_: datetime) -> None:
    """Ignore when an id was made: this clock is not corrected."""


def _measure_nothing() -> None:
    """Return None for the error of a clock with which no other was compared."""


@dataclass(frozen=True)
class Clock:
    """The current time, a sleep of so many seconds, and a count of seconds that setting the time does not change.

    `record_date` takes the Date of a response, and the count of seconds at which its request was sent.
    `record_id_time` takes when Discord made the id of an interaction that just arrived. `measure_system_error` returns
    how far the system's time is ahead of Discord's; None before that is known. `earliest` is what `find_earliest`
    returns, where that is not `now`.
    """

    now: Now = utc_now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    monotonic: Monotonic = time.monotonic
    record_date: Callable[[datetime, float], None] = _ignore_date
    record_id_time: Callable[[datetime], None] = _ignore_id_time
    measure_system_error: Callable[[], timedelta | None] = _measure_nothing
    earliest: Now | None = None

    def find_earliest(self) -> datetime:
        """Return the earliest time that it may be now: what is old by this time is old whichever clock is wrong."""
        return (self.earliest or self.now)()

    def convert_to_monotonic(self, at: datetime) -> float:
        """Return the count of seconds at a time; setting the system's time later does not move it."""
        return self.monotonic() + (at - self.now()).total_seconds()

    def convert_to_time(self, seconds: float) -> datetime:
        """Return the time at a count of seconds, by the system's time as it is set now."""
        return self.now() + timedelta(seconds=seconds - self.monotonic())


@dataclass
class _Bounds:
    """The earliest and the latest time that it may have been when the count of seconds was zero."""

    earliest: datetime
    latest: datetime

    def agrees_with(self, other: "_Bounds") -> bool:
        """Return whether both may be true, within the tolerance."""
        return self.earliest <= other.latest + _TOLERANCE and other.earliest <= self.latest + _TOLERANCE

    def measure_error(self, zero: datetime) -> timedelta:
        """Return by how much a time is outside of the bounds: positive where it is too late."""
        return max(zero - self.latest, timedelta()) - max(self.earliest - zero, timedelta())


@dataclass
class _AgreeingDates:
    """Responses in a row whose Dates agree with each other; the first one came at `began_at` of the seconds."""

    bounds: _Bounds
    began_at: float
    count: int = 1
    seconds: float = 0.0

    def add(self, bounds: _Bounds, at: float) -> None:
        """Add one that agrees."""
        earliest, latest = max(self.bounds.earliest, bounds.earliest), min(self.bounds.latest, bounds.latest)
        self.bounds = _Bounds(min(earliest, latest), max(earliest, latest))
        self.count += 1
        self.seconds = at - self.began_at


class CorrectedTime:
    """The time of a process: the system's at its start, corrected by Discord's, and counted monotonically.

    So neither a system's time that is wrong nor setting it moves the times that the bot writes and compares. A single
    Date header moves nothing either, as proxies and caches also write some. The time is settled when the responses to
    the login agree. Afterwards only an interaction's id that confirms a Date moves it by more than a few seconds.
    """

    def __init__(self, system: Clock) -> None:
        self._system = system
        self._zero = self._first_zero = system.now() - timedelta(seconds=system.monotonic())
        self._is_settled = False
        self._dates: _AgreeingDates | None = None
        self._confirming: _Bounds | None = None

    @property
    def clock(self) -> Clock:
        """This time, as a clock with the sleep and the seconds of the system's."""
        return Clock(
            self.now,
            self._system.sleep,
            self._system.monotonic,
            self.record_date,
            self.record_id_time,
            self.measure_system_error,
            self.find_earliest,
        )

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return self._zero + timedelta(seconds=self._system.monotonic())

    def find_earliest(self) -> datetime:
        """Return the earliest of this time, the system's, and the one that was settled first, counted on."""
        settled = self._first_zero + timedelta(seconds=self._system.monotonic())
        return min(self.now(), self._system.now(), settled)

    def record_date(self, date: datetime, sent_at: float) -> None:
        """Take the Date of a response just received; `sent_at` is when its request was sent.

        The response was made between both, so only a time outside of these bounds is wrong.
        """
        at = self._system.monotonic()
        if not is_plausible(date):
            return
        bounds = _Bounds(date - timedelta(seconds=at), date + _DATE_PRECISION - timedelta(seconds=sent_at))
        continues = self._dates is not None and self._dates.bounds.agrees_with(bounds)
        if self._is_settled and abs(bounds.measure_error(self._zero)) <= _TOLERANCE:
            self._dates = self._dates if continues else None  # a slow response may agree with both
        elif self._dates is not None and continues:
            self._dates.add(bounds, at)
        else:
            self._dates = _AgreeingDates(bounds, at)
        self._correct()

    def record_id_time(self, made_at: datetime) -> None:
        """Take when Discord made the id of an interaction that just arrived: it confirms a time, but sets none."""
        if not is_plausible(made_at):
            return
        zero = made_at - timedelta(seconds=self._system.monotonic())
        self._confirming = _Bounds(zero, zero + _LONGEST_DELIVERY)
        if self._is_settled and abs(self._confirming.measure_error(self._zero)) <= _TOLERANCE:
            self._dates = self._confirming = None
        self._correct()

    def measure_system_error(self) -> timedelta | None:
        """Return how far the system's time is ahead of this one; None before Discord's is known."""
        return self._system.now() - self.now() if self._is_settled else None

    def _correct(self) -> None:
        """Correct the time by the least that makes it agree with the Dates, if these are believed."""
        if self._dates is None or not self._is_believed(self._dates):
            return
        error = self._dates.bounds.measure_error(self._zero)
        if abs(error) > _TOLERANCE:
            self._zero -= error
        if not self._is_settled:
            self._is_settled, self._first_zero = True, self._zero
        self._dates = self._confirming = None

    def _is_believed(self, dates: _AgreeingDates) -> bool:
        if self._confirming is not None and self._confirming.agrees_with(dates.bounds):
            return True
        if not self._is_settled:
            return dates.count >= _AGREEING_DATES
        is_drift = abs(dates.bounds.measure_error(self._zero)) <= _DRIFT
        return is_drift and dates.count >= _AGREEING_DATES and dates.seconds >= _DRIFT_SECONDS


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
