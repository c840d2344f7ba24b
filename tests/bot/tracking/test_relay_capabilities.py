"""What the relay lacks, as learned from its refusals."""

import logging
from datetime import timedelta

import pytest

from bot.midjourney.capabilities import CANCEL_CAPABILITY, SEED_CAPABILITY
from bot.tracking.relay_capabilities import RelayCapabilities
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeStore

HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> FakeStore:
    return FakeStore(clock.now)


async def test_a_refusal_is_found_for_its_lifetime(store: FakeStore, clock: FakeClock) -> None:
    """An empty reason counts too."""
    capabilities = RelayCapabilities(store, clock.now)
    await capabilities.save_refusal(SEED_CAPABILITY, "", HOUR)
    assert await RelayCapabilities(store, clock.now).find_refusal(SEED_CAPABILITY) == ""
    assert await capabilities.find_refusal(CANCEL_CAPABILITY) is None
    await clock.advance(3600.0)
    assert await capabilities.find_refusal(SEED_CAPABILITY) is None


async def test_a_lifetime_of_zero_ends_a_refusal(store: FakeStore, clock: FakeClock) -> None:
    """The relay has shown that it has the capability."""
    capabilities = RelayCapabilities(store, clock.now)
    await capabilities.save_refusal(SEED_CAPABILITY, "no", HOUR)
    await capabilities.save_refusal(SEED_CAPABILITY, "", timedelta())
    assert await capabilities.find_refusal(SEED_CAPABILITY) is None


async def test_the_cache_shows_what_was_just_saved(store: FakeStore, clock: FakeClock) -> None:
    """What another process saves is read within a minute."""
    capabilities, other = RelayCapabilities(store, clock.now), RelayCapabilities(store, clock.now)
    assert await capabilities.read_cached() == {} == await other.read_cached()
    await capabilities.save_refusal(SEED_CAPABILITY, "no", HOUR)
    assert await capabilities.read_cached() == {SEED_CAPABILITY: "no"}
    assert await other.read_cached() == {}
    await clock.advance(60.0)
    assert await other.read_cached() == {SEED_CAPABILITY: "no"}


async def test_an_unavailable_store_ends_no_request(
    store: FakeStore, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The relay is asked again, and a refusal that cannot be saved is logged."""
    capabilities = RelayCapabilities(store, clock.now)
    store.down = True
    assert await capabilities.find_refusal(SEED_CAPABILITY) is None
    with caplog.at_level(logging.WARNING):
        await capabilities.save_refusal(SEED_CAPABILITY, "no", HOUR)
    assert SEED_CAPABILITY in caplog.text
    store.down = False
    assert await capabilities.find_refusal(SEED_CAPABILITY) is None


async def test_refusals_of_another_address_are_forgotten(store: FakeStore, clock: FakeClock) -> None:
    """After MJ_API_URL was corrected, no button stays disabled; a database that is away ends no start."""
    capabilities = RelayCapabilities(store, clock.now)
    await capabilities.forget_other_relay("https://wrong.example")
    await capabilities.save_refusal(SEED_CAPABILITY, "no", HOUR)
    await capabilities.forget_other_relay("https://wrong.example")
    assert await capabilities.find_refusal(SEED_CAPABILITY) == "no"
    store.down = True
    await capabilities.forget_other_relay("https://relay.example")
    store.down = False
    await capabilities.forget_other_relay("https://relay.example")
    assert await capabilities.find_refusal(SEED_CAPABILITY) is None
