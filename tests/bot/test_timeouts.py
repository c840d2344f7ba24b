"""wait_at_most: bounded waiting for work that delays its own cancellation."""

import asyncio

import pytest

from bot.store.group_commit import run_to_completion
from bot.timeouts import wait_at_most


async def test_a_result_or_error_in_time_is_passed_on() -> None:
    async def value() -> int:
        return 5

    async def failure() -> int:
        raise ValueError("no")

    assert await wait_at_most(value(), 1.0) == 5
    with pytest.raises(ValueError, match="no"):
        await wait_at_most(failure(), 1.0)


async def test_work_that_delays_its_cancellation_finishes_after_the_timeout() -> None:
    """A read of the store does so."""
    free, ended = asyncio.Event(), asyncio.Event()

    async def read() -> None:
        await free.wait()
        ended.set()

    async with asyncio.timeout(60):
        with pytest.raises(TimeoutError):
            await wait_at_most(run_to_completion(read()), 0.02)
        free.set()
        await ended.wait()
