"""The gate before submits: closed until a read succeeded, and again after one that was refused."""

import asyncio
from datetime import timedelta

import pytest

from bot.entities import MAX_CLAIM_AGE_TO_SEND
from bot.errors import KeyLimited, RelayBusy, RelayError, RelayUnreachable
from bot.relay.submit_gate import MAX_WAIT_SECONDS, SubmitGate
from tests.fakes.clock import FakeClock


class Check:
    """A read that takes a second, and fails with `error`."""

    def __init__(self, clock: FakeClock, error: RelayError | None = None) -> None:
        self.clock = clock
        self.error = error
        self.asked = 0

    async def __call__(self) -> None:
        """Try it."""
        self.asked += 1
        await self.clock.sleep(1)
        if self.error is not None:
            raise self.error


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_it_opens_with_one_check_and_stays_open(clock: FakeClock) -> None:
    check = Check(clock)
    gate = SubmitGate(check)
    for _ in range(3):
        await clock.run_until(gate.wait_until_open())
    assert check.asked == 1


@pytest.mark.parametrize("error", [KeyLimited(), RelayUnreachable("HTTP 502"), RelayBusy(retry_after=5)])
async def test_what_the_check_fails_with_keeps_each_submit_back(error: RelayError, clock: FakeClock) -> None:
    check = Check(clock, error)
    gate = SubmitGate(check)
    for asked in (1, 2):
        with pytest.raises(type(error)):
            await clock.run_until(gate.wait_until_open())
        assert check.asked == asked
    check.error = None
    await clock.run_until(gate.wait_until_open())
    assert check.asked == 3


async def test_an_ordinary_read_opens_and_closes_it(clock: FakeClock) -> None:
    check = Check(clock, KeyLimited())
    gate = SubmitGate(check)
    gate.open()
    await gate.wait_until_open()
    assert check.asked == 0
    gate.close()
    with pytest.raises(KeyLimited):
        await clock.run_until(gate.wait_until_open())


@pytest.mark.parametrize("error", [None, KeyLimited()])
async def test_submits_that_come_together_share_one_check(error: RelayError | None, clock: FakeClock) -> None:
    check = Check(clock, error)
    gate = SubmitGate(check)
    ended = await clock.run_until(asyncio.gather(*(gate.wait_until_open() for _ in range(8)), return_exceptions=True))
    assert check.asked == 1
    assert [type(one) for one in ended] == [type(error)] * 8


async def test_a_check_that_was_answered_lets_all_pass_that_waited_for_it(clock: FakeClock) -> None:
    """Even where the relay refuses other reads all the time: no submit waits for a second check."""
    check = Check(clock)
    gate = SubmitGate(check)
    waiting = [asyncio.ensure_future(gate.wait_until_open()) for _ in range(4)]
    waiting[0].add_done_callback(lambda _: gate.close())
    await clock.run_until(waiting[0])
    gate.close()
    await clock.run_until(asyncio.gather(*waiting))
    assert check.asked == 1
    await clock.run_until(gate.wait_until_open())
    assert check.asked == 2


async def test_a_check_without_an_end_keeps_no_submit_for_long(clock: FakeClock) -> None:
    """Its claim was held before, and others may claim the same after a while: nothing is sent then."""
    check = Check(clock)
    gate = SubmitGate(check, patience=0.0)
    for _ in range(2):
        with pytest.raises(RelayUnreachable):
            await gate.wait_until_open()
    gate.open()
    await gate.wait_until_open()
    assert check.asked == 2
    assert timedelta(seconds=MAX_WAIT_SECONDS) < MAX_CLAIM_AGE_TO_SEND / 4


async def test_one_who_leaves_during_the_check_leaves_it_to_the_next(clock: FakeClock) -> None:
    check = Check(clock)
    gate = SubmitGate(check)
    first, second = asyncio.ensure_future(gate.wait_until_open()), asyncio.ensure_future(gate.wait_until_open())
    await clock.settle()
    first.cancel()
    await clock.run_until(second)
    assert (first.cancelled(), check.asked) == (True, 2)


async def test_a_read_that_is_answered_meanwhile_counts_more_than_a_check_that_fails(clock: FakeClock) -> None:
    check = Check(clock, RelayUnreachable("HTTP 502"))
    gate = SubmitGate(check)
    waiting = asyncio.ensure_future(gate.wait_until_open())
    await clock.settle()
    gate.open()
    await clock.run_until(waiting)
    await gate.wait_until_open()
    assert check.asked == 1
