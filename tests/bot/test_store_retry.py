"""Calls of the store that are repeated until the database answers."""

import pytest

from bot.errors import StoreUnavailable
from bot.store_retry import STORE_RETRY_SECONDS, retry_until_store_answers


async def test_a_call_is_repeated_until_the_store_answers(caplog: pytest.LogCaptureFixture) -> None:
    outcomes: list[int | StoreUnavailable] = [StoreUnavailable("gone"), StoreUnavailable("gone"), 7]
    pauses: list[float] = []

    async def call() -> int:
        outcome = outcomes.pop(0)
        if isinstance(outcome, StoreUnavailable):
            raise outcome
        return outcome

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    assert await retry_until_store_answers(call, sleep=sleep, subject="Job 42") == 7
    assert pauses == [STORE_RETRY_SECONDS] * 2
    assert "Job 42" in caplog.text


async def test_other_errors_are_raised_at_once() -> None:
    async def call() -> None:
        raise ValueError

    async def sleep(_: float) -> None:
        pytest.fail("nothing is waited for")

    with pytest.raises(ValueError):  # noqa: PT011 (it carries no message)
        await retry_until_store_answers(call, sleep=sleep, subject="Job 42")
