"""The rate limit of the account routes: 20 calls in 20 minutes, and pauses after a 429."""

from datetime import timedelta

import pytest

from bot.relay.account_rate_limiter import MAX_CALLS, RATE_LIMIT_WINDOW, AccountRateLimiter
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def limiter(clock: FakeClock) -> AccountRateLimiter:
    return AccountRateLimiter(clock.now)


def test_twenty_calls_are_allowed(limiter: AccountRateLimiter) -> None:
    assert [limiter.try_acquire() for _ in range(MAX_CALLS + 2)] == [True] * MAX_CALLS + [False, False]
    assert limiter.calls_left == 0


async def test_each_call_is_regained_after_its_own_window(limiter: AccountRateLimiter, clock: FakeClock) -> None:
    assert limiter.try_acquire()
    await clock.advance(60)
    for _ in range(MAX_CALLS - 1):
        assert limiter.try_acquire()
    await clock.advance(RATE_LIMIT_WINDOW.total_seconds() - 61)
    assert not limiter.try_acquire()
    await clock.advance(1)
    assert (limiter.try_acquire(), limiter.try_acquire()) == (True, False)


def test_window_is_not_shorter_than_the_relays() -> None:
    assert timedelta(minutes=20) <= RATE_LIMIT_WINDOW <= timedelta(minutes=21)


async def test_429_pauses_calls_for_its_time(limiter: AccountRateLimiter, clock: FakeClock) -> None:
    limiter.pause(1179)
    await clock.advance(1178)
    assert not limiter.try_acquire()
    await clock.advance(1)
    assert limiter.try_acquire()


async def test_429_without_time_pauses_calls_for_a_window(limiter: AccountRateLimiter, clock: FakeClock) -> None:
    limiter.pause()
    await clock.advance(RATE_LIMIT_WINDOW.total_seconds() - 1)
    assert not limiter.try_acquire()
    await clock.advance(1)
    assert limiter.try_acquire()


@pytest.mark.parametrize("seconds", [-5.0, 0.0])
def test_429_of_zero_seconds_pauses_nothing(limiter: AccountRateLimiter, seconds: float) -> None:
    limiter.pause(seconds)
    assert limiter.try_acquire()


async def test_pause_is_an_hour_at_most(limiter: AccountRateLimiter, clock: FakeClock) -> None:
    limiter.pause(1e6)
    await clock.advance(3600)
    assert limiter.try_acquire()


async def test_clock_set_back_does_not_block_calls(limiter: AccountRateLimiter, clock: FakeClock) -> None:
    for _ in range(MAX_CALLS):
        limiter.try_acquire()
    limiter.pause(600)
    clock.time -= 86_400
    assert limiter.try_acquire()
