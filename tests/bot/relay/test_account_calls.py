"""The budget that the usage and the log of the key share: 20 calls in 20 minutes, and what a 429 adds."""

from datetime import timedelta

import pytest

from bot.relay.account_calls import CALLS, WINDOW, AccountCalls
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that is turned by hand."""
    return FakeClock()


@pytest.fixture
def budget(clock: FakeClock) -> AccountCalls:
    """Return the budget as the relay of 2026 sets it."""
    return AccountCalls(clock.now)


def test_twenty_calls_are_made_and_no_more(budget: AccountCalls) -> None:
    assert [budget.take() for _ in range(CALLS + 2)] == [True] * CALLS + [False, False]
    assert budget.left == 0


async def test_each_call_comes_back_when_its_own_window_has_passed(budget: AccountCalls, clock: FakeClock) -> None:
    assert budget.take()
    await clock.advance(60)
    for _ in range(CALLS - 1):
        assert budget.take()
    await clock.advance(WINDOW.total_seconds() - 61)
    assert not budget.take()
    await clock.advance(1)
    assert (budget.take(), budget.take()) == (True, False)


def test_the_window_is_no_shorter_than_the_relays() -> None:
    assert timedelta(minutes=20) <= WINDOW <= timedelta(minutes=21)


async def test_a_429_holds_every_call_for_as_long_as_it_says(budget: AccountCalls, clock: FakeClock) -> None:
    budget.hold(1179)
    await clock.advance(1178)
    assert not budget.take()
    await clock.advance(1)
    assert budget.take()


async def test_a_429_without_a_time_holds_for_a_window(budget: AccountCalls, clock: FakeClock) -> None:
    budget.hold()
    await clock.advance(WINDOW.total_seconds() - 1)
    assert not budget.take()
    await clock.advance(1)
    assert budget.take()


@pytest.mark.parametrize("seconds", [-5.0, 0.0])
def test_a_429_of_no_time_holds_nothing(budget: AccountCalls, seconds: float) -> None:
    budget.hold(seconds)
    assert budget.take()


async def test_no_429_holds_for_longer_than_an_hour(budget: AccountCalls, clock: FakeClock) -> None:
    budget.hold(1e6)
    await clock.advance(3600)
    assert budget.take()


async def test_a_clock_that_was_put_back_blocks_nothing_forever(budget: AccountCalls, clock: FakeClock) -> None:
    for _ in range(CALLS):
        budget.take()
    budget.hold(600)
    clock.time -= 86_400
    assert budget.take()
