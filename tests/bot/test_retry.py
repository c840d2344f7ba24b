"""Retries: how often something is called, after which pauses, and which errors are raised."""

from itertools import repeat

import pytest

from bot.retry import retry
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
