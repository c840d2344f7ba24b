"""wait_at_most: bounded waiting for work that delays its own cancellation; and waits that end with the process."""

import asyncio
from collections.abc import Awaitable

import pytest

from bot.errors import ClaimLost
from bot.store.group_commit import run_to_completion
from bot.timeouts import raise_if_canceled, wait_at_most


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


async def test_cancellation_in_a_block_raises_its_error() -> None:
    """Other errors, and results, pass."""

    async def wait(work: Awaitable[int]) -> int:
        with raise_if_canceled(ClaimLost()):
            return await work

    waiting = asyncio.create_task(wait(asyncio.get_running_loop().create_future()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(ClaimLost):
        await waiting
    assert await wait(asyncio.sleep(0, 7)) == 7
