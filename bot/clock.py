"""The time, injected: tests advance it by hand, and the sandbox borrows the clock of its simulated Discord."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

Now = Callable[[], datetime]
"""Returns the current time as an aware datetime in UTC."""
Monotonic = Callable[[], float]
"""Returns a count of seconds that setting the system's time does not change."""


def utc_now() -> datetime:
    """Return the current time as an aware datetime in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Clock:
    """The current time, a sleep of so many seconds, and a count of seconds that setting the time does not change."""

    now: Now = utc_now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    monotonic: Monotonic = time.monotonic

    def convert_to_monotonic(self, at: datetime) -> float:
        """Return the count of seconds at a time; setting the system's time later does not move it."""
        return self.monotonic() + (at - self.now()).total_seconds()

    def convert_to_time(self, seconds: float) -> datetime:
        """Return the time at a count of seconds, by the system's time as it is set now."""
        return self.now() + timedelta(seconds=seconds - self.monotonic())


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
