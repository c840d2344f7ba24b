"""Wait for work for so long at most, and let it come to its end by itself."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

_T = TypeVar("_T")

_late: set[asyncio.Future[Any]] = set()
"""What nobody waits for any more; the loop itself would not keep it."""


async def wait_at_most(work: Awaitable[_T], seconds: float) -> _T:
    """Return what comes of the work in that time, else raise a TimeoutError.

    It is not cancelled: a read of the store holds cancellations back until it has ended, and asyncio.timeout would
    wait for that.
    """
    running = asyncio.ensure_future(work)
    _late.add(running)
    running.add_done_callback(_ended)
    done, _ = await asyncio.wait({running}, timeout=seconds)
    if not done:
        raise TimeoutError
    return running.result()


def _ended(running: asyncio.Future[Any]) -> None:
    _late.discard(running)
    if not running.cancelled():
        running.exception()  # looked at, so that asyncio does not complain that nobody did
