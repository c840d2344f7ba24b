"""The relay's prices are read at the start and then every hour; a failure changes nothing that was read before."""

import asyncio
from contextlib import suppress
from decimal import Decimal

import pytest

from bot.billing.price_sources import PriceSources
from bot.errors import RelayBusy, RelayUnreachable
from bot.policy.prices import PriceList
from bot.relay.responses.account_responses import ListedPrice, RelayPriceList
from tests.fakes.clock import FakeClock
from tests.fakes.relay_account import NOT_OFFERED, YUAN, FakeRelayAccount


class World:
    def __init__(self) -> None:
        self.relay, self.clock, self.prices = FakeRelayAccount(), FakeClock(), PriceList()
        self.sources = PriceSources(self.relay, self.prices, self.clock.clock)

    def find(self) -> str:
        price = self.prices.find_price("mj_imagine")
        return f"{price.amount.normalize():f} {price.currency}" if price else ""


@pytest.fixture
def world() -> World:
    return World()


async def run(world: World, seconds: float) -> None:
    running = asyncio.create_task(world.sources.run())
    await world.clock.advance(seconds)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_prices_and_currency_are_read_at_the_start(world: World) -> None:
    assert world.find() == ""
    await world.sources.refresh()
    await world.sources.wait_for_first_read()
    assert world.find() == "0.1 USD"
    assert (world.sources.money_state, world.sources.prices_state) == ("works", "works")


async def test_both_are_read_again_every_hour(world: World) -> None:
    await run(world, 3599)
    assert world.relay.calls == ["money", "prices"]
    world.relay.calls.clear()
    await run(world, 3600)
    assert world.relay.calls == ["money", "prices"] * 2


@pytest.mark.parametrize("error", [RelayUnreachable("down"), RelayBusy("busy")])
async def test_what_does_not_answer_is_read_again_after_five_minutes(world: World, error: Exception) -> None:
    world.relay.prices = error
    await run(world, 301)
    assert world.relay.calls == ["money", "prices"] * 2
    assert (world.sources.prices_state, world.find()) == ("does not answer", "")


async def test_what_is_not_offered_is_asked_for_rarely(world: World) -> None:
    world.relay.prices = world.relay.money = NOT_OFFERED
    await run(world, 3599)
    assert world.relay.calls == ["money", "prices"]
    assert (world.sources.money_state, world.sources.prices_state) == ("not offered", "not offered")
    assert world.prices.currency == ""


async def test_what_was_read_holds_while_the_relay_is_away(world: World) -> None:
    world.relay.money = YUAN
    await world.sources.refresh()
    assert world.find() == "0.73 CNY"
    world.relay.money = world.relay.prices = RelayUnreachable("down")
    await world.sources.refresh()
    assert world.find() == "0.73 CNY"


async def test_the_ratio_of_the_keys_group_is_used_once_the_log_told_it(world: World) -> None:
    listed = (ListedPrice("mj_imagine", Decimal("0.1")), ListedPrice("mj_blend", Decimal("0.2")))
    world.relay.prices = RelayPriceList(listed, {"default": Decimal(1)})
    await world.sources.refresh()
    assert world.find() == "0.1 USD"
    world.prices.learn("mj_blend", "", Decimal("0.24"), "USD")
    assert world.find() == "0.12 USD"
    await world.sources.refresh()
    assert world.find() == "0.12 USD"


async def test_the_log_says_what_works_when_that_changes(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    for error in (None, None, NOT_OFFERED, RelayUnreachable("down")):
        world.relay.prices = error or world.relay.prices
        await world.sources.refresh()
    assert [record.message for record in caplog.records if record.name.endswith("price_sources")] == [
        "Prices: the relay lists 1 of Midjourney; its currency is USD.",
        "Prices: the relay shows this key no list; its currency is USD.",
        "Prices: the relay did not answer; its currency is USD.",
    ]
