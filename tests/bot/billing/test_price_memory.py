"""What is known of prices and the relay's money outlives a restart."""

from decimal import Decimal

from bot.billing.price_memory import PriceMemory
from bot.policy.prices import PriceList
from tests.fakes.clock import FakeClock
from tests.fakes.relay_account import DOLLARS, YUAN
from tests.fakes.store import FakeStore


async def test_money_outlives_a_restart() -> None:
    """The relay's own answer then counts more; what it lists by itself is the dearest price from then on."""
    clock = FakeClock()
    store, old, new = FakeStore(clock.now), PriceList(), PriceList()
    old.set_relay_money(YUAN)
    old.set_relay_prices({"mj_imagine": Decimal("0.1"), "mj_video": Decimal(1)})
    await PriceMemory(store.rules, old, clock.clock).save_if_changed()
    assert (await store.rules.list_changes(0, 9)) == []

    await PriceMemory(store.rules, new, clock.clock).load()
    assert (new.money, new.currency, new.dearest) == (YUAN, "CNY", Decimal("7.3"))
    assert new.find_price("mj_imagine") is None
    assert new.known_money == old.known_money
    new.set_relay_prices({"mj_imagine": Decimal("0.1")})
    new.set_relay_money(DOLLARS)
    assert (new.currency, new.dearest) == ("USD", Decimal("0.1"))


async def test_only_what_has_changed_is_saved() -> None:
    """Nothing, as long as no currency is known."""
    clock = FakeClock()
    store, prices = FakeStore(clock.now), PriceList()
    memory = PriceMemory(store.rules, prices, clock.clock)
    await memory.load()
    await memory.save_if_changed()
    assert (await store.rules.find_rules(0, 0)).operator.last_money is None
    prices.set_relay_money(DOLLARS)
    await memory.save_if_changed()
    assert (await store.rules.find_rules(0, 0)).operator.last_money == prices.known_money
    await store.rules.change_operator_rules(lambda rules: (rules.model_copy(update={"last_money": None}), ()))
    await memory.save_if_changed()
    assert (await store.rules.find_rules(0, 0)).operator.last_money is None
