"""What the operator sets: stored with one row of the audit for each change, announced, and used at once."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from decimal import Decimal
from typing import Any, cast

import pytest

from bot.entities import LedgerFilter, LedgerGroup, LedgerTotal, LimitSetting, Period, RuleChange, ServerAccess
from bot.errors import StoreUnavailable
from bot.features.operator_rules import OperatorRulesService
from bot.policy.prices import PriceList
from bot.ports.ledger import Ledger
from tests.fakes.clock import FakeClock
from tests.fakes.rules import FakeRules

OPERATOR, SERVER = 5, 6


class TotalsLedger:
    """A ledger that only adds up."""

    asked: LedgerFilter | None = None

    async def add_up(self, wanted: LedgerFilter, group: LedgerGroup, zone: tzinfo) -> Sequence[LedgerTotal]:
        del zone
        assert group is LedgerGroup.SERVER
        self.asked = wanted
        return [LedgerTotal(key=str(SERVER), tasks=3), LedgerTotal(key="", tasks=1)]


class World:
    def __init__(self, *, has_fixed_prices: bool = False) -> None:
        self.clock = FakeClock()
        self.rules = FakeRules(self._answer)
        self.prices = PriceList()
        self.announced: list[RuleChange] = []
        self.ledger = TotalsLedger()
        self.is_away = False
        self.service = OperatorRulesService(
            self.rules,
            cast(Ledger, self.ledger),
            self.prices,
            self.announced.extend,
            clock=self.clock.clock,
            has_fixed_prices=has_fixed_prices,
        )

    def _answer(self) -> None:
        if self.is_away:
            raise StoreUnavailable


async def test_each_change_is_one_row_and_is_announced() -> None:
    """A value that is set again is no change."""
    world = World()
    service = world.service
    limits = (LimitSetting(period=Period.DAY, tasks=5),)
    for _ in range(2):
        await service.set_access(SERVER, OPERATOR, ServerAccess.DENIED)
        await service.set_budget(SERVER, OPERATOR, limits)
        await service.set_limits("person", OPERATOR, limits)
        await service.set_limits("total", OPERATOR, (LimitSetting(period=Period.MONTH, amount=Decimal(5)),))
        await service.set_prices(OPERATOR, " imagine=0.10, currency=USD ")
        await service.set_log_channel(OPERATOR, 60)
        await service.set_alarms_by_dm(OPERATOR, is_on=True)
    assert world.announced == world.rules.changes
    assert [(one.guild_id, one.what, one.before, one.after) for one in world.announced] == [
        (SERVER, "may spend (by the operator)", "default", "denied"),
        (SERVER, "budget (by the operator)", "no limits", "5 jobs a day"),
        (0, "limits of each person", "no limits", "5 jobs a day"),
        (0, "limits of everyone together", "no limits", "5 a month"),
        (0, "prices", "none", "imagine=0.10, currency=USD"),
        (0, "operator's log channel", "none", "<#60>"),
        (0, "alarms by DM", "off", "on"),
    ]
    assert world.rules.grants[SERVER].server_limits == limits
    assert (world.rules.operator.person_limits, world.rules.operator.log_channel_id) == (limits, 60)


@pytest.mark.parametrize("text", ["imagine=0.10", "imagine=cheap, currency=USD", "currency=USD"])
async def test_malformed_prices_change_nothing(text: str) -> None:
    world = World()
    with pytest.raises(ValueError, match=r".+"):
        await world.service.set_prices(OPERATOR, text)
    assert (world.rules.changes, world.rules.operator.prices) == ([], "")


@pytest.mark.parametrize("has_fixed_prices", [False, True])
async def test_prices_of_another_process_are_used(*, has_fixed_prices: bool) -> None:
    """Within half a minute, also after the database was away; not where PRICES is set."""
    world = World(has_fixed_prices=has_fixed_prices)

    loop = asyncio.create_task(world.service.run())
    world.is_away = True
    await world.clock.advance(1.0)
    other = World()
    other.rules.operator = world.rules.operator
    await other.service.set_prices(OPERATOR, "imagine=0.10, currency=USD")
    world.rules.operator = other.rules.operator
    world.is_away = False
    await world.clock.advance(31.0)
    assert (world.prices.find_price("mj_imagine") is None) is has_fixed_prices
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)


async def test_the_use_of_a_month_is_by_server() -> None:
    """Since the month began in UTC."""
    world = World()
    used: Mapping[int, Any] = await world.service.add_up_month()
    assert {key: total.tasks for key, total in used.items()} == {SERVER: 3}
    assert world.ledger.asked is not None
    assert world.ledger.asked.since == world.clock.clock.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
