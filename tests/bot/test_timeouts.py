"""Bounded waiting: what does not heed a cancellation holds up nobody either."""

import asyncio

import pytest

from bot.store.group_commit import run_to_completion
from bot.timeouts import wait_at_most


async def test_what_comes_in_time_is_returned() -> None:
    """Or raised, as it is."""

    async def value() -> int:
        return 5

    async def failure() -> int:
        raise ValueError("no")

    assert await wait_at_most(value(), 1.0) == 5
    with pytest.raises(ValueError, match="no"):
        await wait_at_most(failure(), 1.0)


async def test_work_that_holds_cancellations_back_is_left_behind() -> None:
    """As a read of the store does, which then comes to its end by itself."""
    free, ended = asyncio.Event(), asyncio.Event()

    async def read() -> None:
        await free.wait()
        ended.set()

    async with asyncio.timeout(5):
        with pytest.raises(TimeoutError):
            await wait_at_most(run_to_completion(read()), 0.02)
        free.set()
        await ended.wait()
