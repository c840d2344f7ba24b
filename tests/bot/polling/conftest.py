"""A poller whose loop runs on virtual time, and the relay that it reads."""

from collections.abc import AsyncIterator

import pytest

from bot.polling.poller import Poller
from tests.fakes.clock import FakeClock
from tests.fakes.feed_reader import run_poller
from tests.fakes.relay import FakeRelay


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def relay(clock: FakeClock) -> FakeRelay:
    return FakeRelay(clock)


@pytest.fixture
async def poller(clock: FakeClock, relay: FakeRelay) -> AsyncIterator[Poller]:
    """A poller whose loop runs, without jitter."""
    async with run_poller(clock, relay) as poller:
        yield poller
