"""The balance: how it is read on each kind of relay, how often, and when the operator is warned."""

from decimal import Decimal
from typing import Any

import pytest

from bot.billing.balance import Balance, BalanceMonitor, BalanceReader
from bot.errors import BalanceExhausted, KeyRefused, RelayBusy, RelayUnreachable
from bot.metrics import BALANCE
from bot.money import parse_prices
from bot.policy.prices import PriceList
from bot.relay.account_rate_limiter import AccountRateLimiter
from bot.relay.client import RelayClient
from bot.relay.responses.account_responses import NO_RELAY_MONEY, UNLIMITED, KeyQuota, RelayMoney
from tests.fakes.clock import FakeClock
from tests.fakes.relay_account import DOLLARS, NOT_OFFERED, UNITS, YUAN, FakeRelayAccount
from tests.fakes.store import FakeStore
from tests.sandbox.relay_program_caller import asking

TEN = Decimal(10)


class World:
    """A relay, and a monitor whose alarm is at 5; `requests` is how many requests were sent."""

    def __init__(self, alarm_at: str | None = "5") -> None:
        self.relay, self.clock, self.prices = FakeRelayAccount(), FakeClock(), PriceList()
        self.prices.set_relay_money(DOLLARS)
        self.store = FakeStore(self.clock.now)
        self.limiter = AccountRateLimiter(self.clock.now)
        self.reader = BalanceReader(self.relay, self.prices, self.limiter, self.clock.clock)
        self.requests = 0
        self.alarms: list[str] = []
        self.alarm_at = Decimal(alarm_at) if alarm_at else None
        self.monitor = self.start()

    def start(self) -> BalanceMonitor:
        """Start the monitor of another process, or of the same one again."""
        monitor = BalanceMonitor(
            self.reader,
            self.store.rules,
            self.clock.clock,
            count_requests=lambda: self.requests,
            alarm_at=self.alarm_at,
            describe=lambda balance, alarm: f"{balance.amount or 0:.2f} <= {alarm}",
        )
        monitor.alarm = self.note_alarm
        return monitor

    async def note_alarm(self, text: str) -> None:
        self.alarms.append(text)

    async def read(self) -> Balance:
        found = await self.reader.read()
        assert found is not None
        return found

    async def draw(self, left: str) -> None:
        """Send a request that leaves so much, and let the monitor read it."""
        self.requests += 1
        self.relay.balance = (Decimal(left), TEN)
        await self.clock.advance(301)
        await self.monitor.read_if_due()


@pytest.fixture
def world() -> World:
    BALANCE.clear()
    return World()


def describe(found: Balance) -> tuple[str, str]:
    return (found.state, "" if found.amount is None else f"{found.amount.normalize():f} {found.currency}")


@pytest.mark.parametrize(
    ("money", "balance", "quota", "expected"),
    [
        (DOLLARS, (Decimal("4.2"), TEN), NOT_OFFERED, ("known", "4.2 USD")),
        (DOLLARS, (Decimal("-0.2"), TEN), NOT_OFFERED, ("known", "-0.2 USD")),
        (YUAN, (Decimal(73), Decimal(100)), NOT_OFFERED, ("known", "73 CNY")),
        (NO_RELAY_MONEY, (Decimal(4), TEN), NOT_OFFERED, ("known", "4 USD")),
        (DOLLARS, (UNLIMITED - 8, UNLIMITED), NOT_OFFERED, ("unlimited", "")),
        (YUAN, (UNLIMITED - 8, UNLIMITED), NOT_OFFERED, ("unlimited", "")),
        (UNITS, (Decimal(250_000), Decimal(500_000)), NOT_OFFERED, ("known", "0.5 USD")),
        (UNITS, (UNLIMITED - 8, UNLIMITED), NOT_OFFERED, ("unlimited", "")),
        (UNITS, (UNLIMITED - 8, UNLIMITED), KeyQuota(left=None), ("unlimited", "")),
        (UNITS, (Decimal(50_000_000), UNLIMITED), KeyQuota(left=Decimal(50_000_000)), ("known", "100 USD")),
        (DOLLARS, NOT_OFFERED, KeyQuota(left=Decimal(-50_000)), ("known", "-0.1 USD")),
        (DOLLARS, KeyRefused("no"), KeyQuota(left=None), ("unlimited", "")),
        (NO_RELAY_MONEY, NOT_OFFERED, KeyQuota(left=Decimal(50_000)), ("not told", "")),
        (DOLLARS, NOT_OFFERED, NOT_OFFERED, ("not told", "")),
        (DOLLARS, RelayUnreachable("down"), NOT_OFFERED, ("unreadable", "")),
        (DOLLARS, RelayBusy("busy"), NOT_OFFERED, ("unreadable", "")),
        (DOLLARS, BalanceExhausted("used up"), NOT_OFFERED, ("known", "0 USD")),
        (DOLLARS, (Decimal(10) ** 14, Decimal(1)), NOT_OFFERED, ("unreadable", "")),
    ],
)
async def test_what_a_relay_tells(
    world: World,
    money: RelayMoney,
    balance: tuple[Decimal, Decimal] | Exception,
    quota: KeyQuota | Exception,
    expected: tuple[str, str],
) -> None:
    world.prices.set_relay_money(money)
    world.relay.balance, world.relay.quota = balance, quota
    assert describe(await world.read()) == expected


@pytest.mark.parametrize(
    ("configured", "shown", "comparable"),
    [
        ("", "73 CNY", "73"),
        ("imagine=1, currency=USD", "10 USD", "10"),
        ("imagine=1, currency=EUR", "73 CNY", None),
    ],
)
async def test_the_currency_is_that_of_the_prices(
    world: World, configured: str, shown: str, comparable: str | None
) -> None:
    world.prices.set_relay_money(YUAN)
    world.prices.set_configured(parse_prices(configured))
    world.relay.balance = (Decimal(73), Decimal(100))
    found = await world.read()
    assert describe(found) == ("known", shown)
    assert found.comparable == (None if comparable is None else Decimal(comparable))


async def test_a_route_that_is_missing_is_tried_again_after_an_hour(world: World) -> None:
    world.relay.balance = NOT_OFFERED
    for _ in range(2):
        assert (await world.read()).state == "not told"
    assert world.relay.calls == ["balance", "quota"]
    await world.clock.advance(3601)
    await world.read()
    assert world.relay.calls == ["balance", "quota"] * 2


async def test_calls_are_left_to_the_billing_log(world: World) -> None:
    """The account routes share 20 calls in 20 minutes."""
    while world.limiter.calls_left > 10:
        assert world.limiter.try_acquire()
    assert await world.reader.read() is None
    assert world.relay.calls == []


async def test_429_pauses_all_account_routes(world: World) -> None:
    world.relay.balance = RelayBusy("", retry_after=60)
    assert (await world.read()).state == "unreadable"
    assert world.limiter.calls_left == 0
    await world.clock.advance(61)
    assert world.limiter.calls_left > 0


@pytest.mark.parametrize(
    ("name", "changed", "expected"),
    [
        ("newapi-2025", {"key_quota": 5_000_000}, ("known", "10 USD")),
        ("newapi-2026", {"key_quota": 5_000_000}, ("known", "10 USD")),
        ("newapi-2026", {"key_quota": 5_000_000, "display_type": "CNY"}, ("known", "73 CNY")),
        ("newapi-2026", {"key_quota": 5_000_000, "display_type": "TOKENS"}, ("known", "10 USD")),
        ("newapi-2026", {"key_quota": 100_000_000, "display_type": "TOKENS"}, ("known", "200 USD")),
        ("newapi-2026", {"key_quota": 5_000_000, "display_type": "CUSTOM", "custom_rate": 2.0}, ("known", "20 \u00a4")),
        ("newapi-2025", {}, ("unlimited", "")),
        ("newapi-2026", {"display_type": "CNY"}, ("unlimited", "")),
        ("newapi-2026", {"display_type": "TOKENS"}, ("unlimited", "")),
        ("onehub", {"account_quota": 1_000_000}, ("known", "2 USD")),
        ("newapi-2026", {"has_account_routes": False}, ("not told", "")),
        ("midjourney-proxy", {}, ("not told", "")),
    ],
)
async def test_real_relay_software(name: str, changed: dict[str, Any], expected: tuple[str, str]) -> None:
    """The sandbox's relay tells what real software told."""
    clock, prices = FakeClock(), PriceList()
    async with asking(name, **changed) as asker, RelayClient.open(asker.relay.url, "sk-sandbox") as api:
        if name != "midjourney-proxy" and changed.get("has_account_routes", True):
            prices.set_relay_money(await api.fetch_money())
        found = await BalanceReader(api, prices, api.account_rate_limiter, clock.clock).read()
        assert found is not None
        assert describe(found) == expected


async def test_it_is_read_at_the_start_and_then_only_after_requests(world: World) -> None:
    for _ in range(4):
        await world.monitor.read_if_due()
        await world.clock.advance(400)
    assert world.relay.calls == ["balance"]
    world.requests += 1
    await world.monitor.read_if_due()
    world.requests += 1
    await world.clock.advance(290)
    await world.monitor.read_if_due()
    assert world.relay.calls == ["balance"] * 2
    await world.clock.advance(11)
    await world.monitor.read_if_due()
    assert world.relay.calls == ["balance"] * 3


async def test_what_could_not_be_read_is_read_again(world: World) -> None:
    world.relay.balance = RelayUnreachable("down")
    await world.monitor.read_if_due()
    await world.clock.advance(301)
    world.relay.balance = (Decimal(8), TEN)
    await world.monitor.read_if_due()
    assert describe(world.monitor.balance) == ("known", "8 USD")


async def test_the_metric_is_absent_while_the_balance_is_not_known(world: World) -> None:
    await world.draw("4.5")
    ((sample,),) = (metric.samples for metric in BALANCE.collect())
    assert (sample.labels, sample.value) == ({"currency": "USD"}, 4.5)
    world.requests += 1
    world.relay.balance = RelayUnreachable("down")
    await world.clock.advance(301)
    await world.monitor.read_if_due()
    assert [metric.samples for metric in BALANCE.collect()] == [[]]


async def test_one_alarm_for_each_crossing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    for left in ("6", "5", "4", "6", "5.01", "3", "2"):
        await world.draw(left)
    assert world.alarms == ["5.00 <= 5", "3.00 <= 5"]
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == world.alarms


async def test_neither_a_restart_nor_another_process_warns_again(world: World) -> None:
    await world.draw("4")
    world.monitor = world.start()
    await world.draw("3")
    assert world.alarms == ["4.00 <= 5"]
    assert world.store.rules.changes == []


async def test_an_alarm_waits_for_the_database(world: World) -> None:
    world.store.down = True
    await world.draw("4")
    assert world.alarms == []
    world.store.down = False
    await world.monitor.read_if_due()
    assert world.alarms == ["4.00 <= 5"]
    assert world.relay.calls == ["balance"]


async def test_without_a_comparable_balance_there_is_no_alarm(world: World) -> None:
    world.prices.set_configured(parse_prices("imagine=1, currency=EUR"))
    await world.draw("0")
    world.prices.set_configured(parse_prices(""))
    world.requests += 1
    world.relay.balance = (UNLIMITED - 8, UNLIMITED)
    await world.clock.advance(301)
    await world.monitor.read_if_due()
    assert world.alarms == []
    assert not world.store.rules.operator.balance_is_low


async def test_without_the_setting_there_is_no_alarm() -> None:
    world = World(alarm_at=None)
    await world.draw("-1")
    assert world.alarms == []
