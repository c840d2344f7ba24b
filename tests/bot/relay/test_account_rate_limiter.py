"""The budget that the usage and the log of the key share: 20 calls in 20 minutes, and what a 429 adds."""

from datetime import timedelta

import pytest

from bot.relay.account_rate_limiter import MAX_CALLS, RATE_LIMIT_WINDOW, AccountRateLimiter
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that is turned by hand."""
    return FakeClock()


@pytest.fixture
def budget(clock: FakeClock) -> AccountRateLimiter:
    """Return the budget as the relay of 2026 sets it."""
    return AccountRateLimiter(clock.now)


def test_twenty_calls_are_made_and_no_more(budget: AccountRateLimiter) -> None:
    assert [budget.try_acquire() for _ in range(MAX_CALLS + 2)] == [True] * MAX_CALLS + [False, False]
    assert budget.calls_left == 0


async def test_each_call_comes_back_when_its_own_window_has_passed(
    budget: AccountRateLimiter, clock: FakeClock
) -> None:
    assert budget.try_acquire()
    await clock.advance(60)
    for _ in range(MAX_CALLS - 1):
        assert budget.try_acquire()
    await clock.advance(RATE_LIMIT_WINDOW.total_seconds() - 61)
    assert not budget.try_acquire()
    await clock.advance(1)
    assert (budget.try_acquire(), budget.try_acquire()) == (True, False)


def test_the_window_is_no_shorter_than_the_relays() -> None:
    assert timedelta(minutes=20) <= RATE_LIMIT_WINDOW <= timedelta(minutes=21)


async def test_a_429_holds_every_call_for_as_long_as_it_says(budget: AccountRateLimiter, clock: FakeClock) -> None:
    budget.pause(1179)
    await clock.advance(1178)
    assert not budget.try_acquire()
    await clock.advance(1)
    assert budget.try_acquire()


async def test_a_429_without_a_time_holds_for_a_window(budget: AccountRateLimiter, clock: FakeClock) -> None:
    budget.pause()
    await clock.advance(RATE_LIMIT_WINDOW.total_seconds() - 1)
    assert not budget.try_acquire()
    await clock.advance(1)
    assert budget.try_acquire()


@pytest.mark.parametrize("seconds", [-5.0, 0.0])
def test_a_429_of_no_time_holds_nothing(budget: AccountRateLimiter, seconds: float) -> None:
    budget.pause(seconds)
    assert budget.try_acquire()


async def test_no_429_holds_for_longer_than_an_hour(budget: AccountRateLimiter, clock: FakeClock) -> None:
    budget.pause(1e6)
    await clock.advance(3600)
    assert budget.try_acquire()


async def test_a_clock_that_was_put_back_blocks_nothing_forever(budget: AccountRateLimiter, clock: FakeClock) -> None:
    for _ in range(MAX_CALLS):
        budget.try_acquire()
    budget.pause(600)
    clock.time -= 86_400
    assert budget.try_acquire()
