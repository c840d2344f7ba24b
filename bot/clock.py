"""The time, injected: a test turns it by hand, the sandbox borrows its Discord's."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the time in UTC, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Clock:
    """`now` gives the time in UTC, aware; `sleep` waits in seconds."""

    now: Callable[[], datetime] = utc_now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


async def wait_for_first(*waits: Awaitable[object]) -> None:
    """Wait until one of them is done, and cancel the others."""
    waiting = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()


async def wait_for_event(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, for so many real seconds at most; tell whether it came."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
