"""Waits that end early: after a limited time, without canceling the work, or when the process stops."""

import asyncio
from collections.abc import Awaitable, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

_T = TypeVar("_T")

_unfinished: set[asyncio.Future[Any]] = set()
"""Keeps references to work that may outlive its caller: the event loop itself holds only weak ones."""


async def wait_at_most(work: Awaitable[_T], seconds: float) -> _T:
    """Return the result of `work`, or raise TimeoutError after that many seconds and let the work finish unobserved.

    It is not canceled: a read of the store delays its cancellation until the statement has ended, and asyncio.timeout
    would wait for that.
    """
    future = asyncio.ensure_future(work)
    _unfinished.add(future)
    future.add_done_callback(_forget_finished)
    done, _ = await asyncio.wait({future}, timeout=seconds)
    if not done:
        raise TimeoutError
    return future.result()


@contextmanager
def raise_if_canceled(error: Exception) -> Generator[None]:
    """Raise `error` where the block is canceled because the process stops.

    It is for waits before a submit: now it is known that none is on its way, which a cancellation would not tell.
    """
    try:
        yield
    except asyncio.CancelledError:
        raise error from None


def _forget_finished(future: asyncio.Future[Any]) -> None:
    _unfinished.discard(future)
    if not future.cancelled():
        future.exception()  # mark it as retrieved, so that asyncio does not log it as never retrieved
