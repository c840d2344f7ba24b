"""The gate for submits: closed until a read has succeeded, and again after a refused read."""

import asyncio

import pytest

from bot.errors import KeyLimited, RelayBusy, RelayError, RelayUnreachable
from bot.relay.submit_gate import SubmitGate
from tests.fakes.clock import FakeClock


class Check:
    """A check that takes a second, and fails with `error`."""

    def __init__(self, clock: FakeClock, error: RelayError | None = None) -> None:
        self.clock = clock
        self.error = error
        self.asked = 0

    async def __call__(self) -> None:
        """Run the check."""
        self.asked += 1
        await self.clock.sleep(1)
        if self.error is not None:
            raise self.error


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_one_check_opens_the_gate(clock: FakeClock) -> None:
    check = Check(clock)
    gate = SubmitGate(check)
    for _ in range(3):
        await clock.run_until(gate.wait_until_open())
    assert check.asked == 1


@pytest.mark.parametrize("error", [KeyLimited(), RelayUnreachable("HTTP 502"), RelayBusy(retry_after=5)])
async def test_failed_check_raises_its_error_for_each_submit(error: RelayError, clock: FakeClock) -> None:
    check = Check(clock, error)
    gate = SubmitGate(check)
    for asked in (1, 2):
        with pytest.raises(type(error)):
            await clock.run_until(gate.wait_until_open())
        assert check.asked == asked
    check.error = None
    await clock.run_until(gate.wait_until_open())
    assert check.asked == 3


async def test_ordinary_reads_open_and_close_the_gate(clock: FakeClock) -> None:
    check = Check(clock, KeyLimited())
    gate = SubmitGate(check)
    gate.open()
    await gate.wait_until_open()
    assert check.asked == 0
    gate.close()
    with pytest.raises(KeyLimited):
        await clock.run_until(gate.wait_until_open())


@pytest.mark.parametrize("error", [None, KeyLimited()])
async def test_concurrent_submits_share_one_check(error: RelayError | None, clock: FakeClock) -> None:
    check = Check(clock, error)
    gate = SubmitGate(check)
    ended = await clock.run_until(asyncio.gather(*(gate.wait_until_open() for _ in range(8)), return_exceptions=True))
    assert check.asked == 1
    assert [type(one) for one in ended] == [type(error)] * 8


async def test_successful_check_passes_all_waiting_submits(clock: FakeClock) -> None:
    """Even if the relay refuses other reads all the time, no submit waits for a second check."""
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


async def test_check_over_the_time_limit_fails_the_submit(clock: FakeClock) -> None:
    """The button of the submit's claim is blocked meanwhile."""
    check = Check(clock)
    gate = SubmitGate(check, patience=0.0)
    for _ in range(2):
        with pytest.raises(RelayUnreachable):
            await gate.wait_until_open()
    gate.open()
    await gate.wait_until_open()
    assert check.asked == 2


async def test_cancelled_check_is_repeated_by_the_next_submit(clock: FakeClock) -> None:
    check = Check(clock)
    gate = SubmitGate(check)
    first, second = asyncio.ensure_future(gate.wait_until_open()), asyncio.ensure_future(gate.wait_until_open())
    await clock.settle()
    first.cancel()
    await clock.run_until(second)
    assert (first.cancelled(), check.asked) == (True, 2)


async def test_successful_read_during_a_failing_check_opens_the_gate(clock: FakeClock) -> None:
    check = Check(clock, RelayUnreachable("HTTP 502"))
    gate = SubmitGate(check)
    waiting = asyncio.ensure_future(gate.wait_until_open())
    await clock.settle()
    gate.open()
    await clock.run_until(waiting)
    await gate.wait_until_open()
    assert check.asked == 1
