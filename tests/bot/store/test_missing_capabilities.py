"""Capabilities that the relay refused, on every kind of store."""

from bot.ports import Store
from tests.fakes.sample_rows import NOON, later


async def test_a_missing_capability_expires(store: Store) -> None:
    """The last refusal replaces earlier ones."""
    await store.save_missing_capability("p", "no pan", at=NOON, until=later(600))
    await store.save_missing_capability("a", "down", at=NOON, until=later(60))
    await store.save_missing_capability("p", "no pan at all", at=later(1), until=later(500))
    assert await store.find_missing_capabilities(later(59)) == {"p": "no pan at all", "a": "down"}
    assert await store.clear_missing_capabilities() == 2
    assert await store.find_missing_capabilities(later(59)) == {}
    assert await store.clear_missing_capabilities() == 0
    await store.save_missing_capability("p", "no pan at all", at=later(1), until=later(500))
    await store.save_missing_capability("a", "down", at=NOON, until=later(60))
    assert await store.find_missing_capabilities(later(60)) == {"p": "no pan at all"}
    assert await store.find_missing_capabilities(later(500)) == {}


async def test_the_time_of_the_last_refusal_is_found_until_it_expires(store: Store) -> None:
    assert await store.find_refusal_time("p", NOON) is None
    await store.save_missing_capability("p", "no pan", at=NOON, until=later(60))
    await store.save_missing_capability("p", "no pan", at=later(1), until=later(60))
    assert await store.find_refusal_time("p", later(59)) == later(1)
    assert await store.find_refusal_time("p", later(60)) is None
    assert await store.find_refusal_time("a", later(59)) is None


async def test_refusals_of_another_relay_are_forgotten(store: Store) -> None:
    """Also those of an earlier version, which did not remember the address; it is no refusal itself."""
    await store.save_missing_capability("p", "no pan", at=NOON, until=later(600))
    assert await store.clear_capabilities_of_other_relay("https://a.example", NOON) == 1
    await store.save_missing_capability("p", "no pan", at=NOON, until=later(600))
    assert await store.clear_capabilities_of_other_relay("https://a.example", later(1)) == 0
    assert await store.find_missing_capabilities(later(2)) == {"p": "no pan"}
    assert await store.clear_capabilities_of_other_relay("https://b.example", later(3)) == 1
    assert await store.find_missing_capabilities(later(4)) == {}
    await store.delete_expired(later(10**6))
    await store.save_missing_capability("p", "no pan", at=NOON, until=later(10**7))
    assert await store.clear_capabilities_of_other_relay("https://b.example", later(10**6)) == 0
    assert await store.clear_missing_capabilities() == 1
    assert await store.clear_missing_capabilities() == 0
