"""Retries: how often something is called, after which pauses, and which errors are raised."""

import logging
from itertools import repeat

import pytest

from bot.errors import StoreUnavailable
from bot.retry import STORE_RETRY_SECONDS, StoreOutageLog, retry, retry_until_store_answers
from tests.fakes.socket_relay import Slept


class Calls:
    """A call that raises each of `errors` in turn, then returns "done"."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.count = 0

    async def __call__(self) -> str:
        """Fail or succeed."""
        self.count += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def is_os_error(error: Exception) -> bool:
    return isinstance(error, OSError)


async def test_success_is_not_retried() -> None:
    call, slept = Calls(), Slept()
    assert await retry(call, should_retry=is_os_error, delays=(1.0,), sleep=slept) == "done"
    assert (call.count, slept) == (1, [])


async def test_temporary_failure_is_retried_after_each_delay() -> None:
    call, slept = Calls(OSError(), OSError()), Slept()
    assert await retry(call, should_retry=is_os_error, delays=(1.0, 5.0), sleep=slept) == "done"
    assert (call.count, slept) == (3, [1.0, 5.0])


async def test_last_failure_is_raised() -> None:
    last = OSError("last")
    call, slept = Calls(OSError(), last), Slept()
    with pytest.raises(OSError, match="last"):
        await retry(call, should_retry=is_os_error, delays=(1.0,), sleep=slept)
    assert (call.count, slept) == (2, [1.0])


async def test_other_failures_are_raised_at_once() -> None:
    call, slept = Calls(ValueError()), Slept()
    with pytest.raises(ValueError):  # noqa: PT011 - it has no text
        await retry(call, should_retry=is_os_error, delays=repeat(1.0), sleep=slept)
    assert (call.count, slept) == (1, [])


async def test_call_is_repeated_until_store_answers(caplog: pytest.LogCaptureFixture) -> None:
    outcomes: list[int | StoreUnavailable] = [StoreUnavailable("is full.", ""), StoreUnavailable("is full.", ""), 7]
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
    assert [record.getMessage() for record in caplog.records] == [
        "Job 42 waits for the database. The database is full."
    ]


def test_each_cause_of_an_outage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever fails for it; after the outage it is logged again."""
    outage, log = StoreOutageLog(), logging.getLogger("bot.test")
    full, away = StoreUnavailable("is full.", "Make room."), StoreUnavailable("is away.", "Start it.")
    for number, error in enumerate([full, full, away, full, away]):
        outage.report(log, f"Row {number} is not written.", error)
    assert outage.end()
    assert not outage.end()
    outage.report(log, "Row 5 is not written.", full)
    outage.report(log, "Nothing is submitted.", full, even_if_known=True)
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert said == [
        "Row 0 is not written. The database is full. Make room.",
        "Row 2 is not written. The database is away. Start it.",
        "Row 5 is not written. The database is full. Make room.",
        "Nothing is submitted. The database is full. Make room.",
    ]


async def test_other_errors_than_a_missing_store_are_raised_at_once() -> None:
    async def call() -> None:
        raise ValueError

    async def sleep(_: float) -> None:
        pytest.fail("nothing is waited for")

    with pytest.raises(ValueError):  # noqa: PT011 (it carries no message)
        await retry_until_store_answers(call, sleep=sleep, subject="Job 42")
