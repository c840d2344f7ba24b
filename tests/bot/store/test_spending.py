"""What limits count: tasks and amounts by scope, period and kind, read in the claim's own transaction."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from bot.entities import (
    ClaimState,
    Cost,
    CostKind,
    CountScope,
    LimitSetting,
    Period,
    Rules,
    ServerRules,
    Spending,
    SpendingCount,
    SpendingPlan,
    Usage,
)
from bot.errors import DrawingPaused
from bot.store.sql_store import SqlStore
from tests.fakes.sample_rows import NOON, a_claim, allow, later
from tests.fakes.store import FakeStore

_TODAY = NOON.replace(hour=0)
_CHEAP = Cost(action="IMAGINE", model="mj_imagine", expected=Decimal("0.1"), currency="USD")
_VIDEO = replace(_CHEAP, kinds=frozenset({CostKind.VIDEO, CostKind.TURBO}), expected=Decimal("0.8"))
_COUNTS = tuple(
    SpendingCount(scope, since, kind)
    for scope in CountScope
    for since in (_TODAY, NOON + timedelta(minutes=30))
    for kind in (None, CostKind.VIDEO)
)


async def count(store: SqlStore | FakeStore, person_id: int = 7, guild_id: int = 30) -> dict[SpendingCount, Spending]:
    usage = await store.find_usage(person_id, guild_id, lambda rules, at: SpendingPlan(counts=_COUNTS, currency="USD"))
    return dict(usage.spending)


async def test_claims_are_counted_by_scope_period_and_kind(store: SqlStore | FakeStore) -> None:
    """Of two servers and two people; refused claims do not count."""
    written = [
        a_claim(1, "a", cost=_CHEAP),
        a_claim(2, "b", cost=_VIDEO, made_at=later(3600), submits=2),
        a_claim(3, "c", cost=_CHEAP, guild_id=5),
        a_claim(4, "d", cost=_VIDEO, person_id=8),
        a_claim(5, "e", cost=_CHEAP, made_at=NOON - timedelta(days=1)),
        a_claim(6, "f", cost=_CHEAP),
    ]
    for claim in written:
        await store.create_claim(claim, allow)
    await store.settle_claim(6, ClaimState.REFUSED)
    found = await count(store)
    shown = {(one.scope, one.since == _TODAY, one.kind): (used.tasks, used.amount) for one, used in found.items()}
    dime, video = Decimal("0.1"), Decimal("0.8")
    expected = {
        CountScope.PERSON: ((4, 2 * dime + video), (2, video), (2, video), (2, video)),
        CountScope.MEMBER: ((3, dime + video), (2, video), (2, video), (2, video)),
        CountScope.SERVER: ((4, dime + 2 * video), (3, 2 * video), (2, video), (2, video)),
        CountScope.EVERYONE: ((5, 2 * dime + 2 * video), (3, 2 * video), (2, video), (2, video)),
    }
    for scope, (all_today, videos_today, all_later, videos_later) in expected.items():
        assert shown[scope, True, None] == all_today, scope
        assert shown[scope, True, CostKind.VIDEO] == videos_today, scope
        assert shown[scope, False, None] == all_later, scope
        assert shown[scope, False, CostKind.VIDEO] == videos_later, scope


async def test_amounts_in_another_currency_are_not_added(store: SqlStore | FakeStore) -> None:
    """Their tasks count all the same."""
    await store.create_claim(a_claim(1, cost=replace(_CHEAP, currency="CNY")), allow)
    assert (await count(store))[_COUNTS[0]] == Spending(1, Decimal(0))


async def test_claims_of_an_older_version_count(sql: SqlStore) -> None:
    """It wrote no price, so that each of its tasks counts as much as the plan says."""
    await sql.create_claim(a_claim(1, "a", cost=_CHEAP), allow)
    await sql.create_claim(a_claim(2, "b", submits=4), allow)
    await sql.database.write(text("UPDATE claims SET action = NULL, currency = NULL, kinds = NULL WHERE id = 2"))
    plan = SpendingPlan(counts=_COUNTS[:1], currency="USD", unpriced=Decimal("0.25"))
    usage = await sql.find_usage(7, 30, lambda rules, at: plan)
    assert usage.spending[_COUNTS[0]] == Spending(5, Decimal("1.1"))


async def test_plan_gets_the_rules_and_may_refuse(store: SqlStore | FakeStore) -> None:
    """Nothing is written then; a claim that is allowed is judged with what its plan counts."""
    limits = (LimitSetting(period=Period.DAY, tasks=1),)
    await store.rules.change_server_rules(30, lambda _: (ServerRules(member_limits=limits, paused=True), []))
    seen: list[Usage] = []

    def plan(rules: Rules, at: datetime) -> SpendingPlan:
        if rules.server.paused:
            raise DrawingPaused("server")
        return SpendingPlan(counts=_COUNTS[:1], currency="USD")

    with pytest.raises(DrawingPaused):
        await store.create_claim(a_claim(1), allow, plan=plan)
    assert await store.find_claim(1) is None
    await store.rules.change_server_rules(30, lambda old: (old.model_copy(update={"paused": False}), []))
    await store.create_claim(a_claim(1, cost=_CHEAP), seen.append, plan=plan)
    assert (seen[0].rules.server.member_limits, seen[0].spending) == (limits, {_COUNTS[0]: Spending()})


async def test_cost_of_a_claim_is_stored(store: SqlStore | FakeStore) -> None:
    """With its kinds and channel; amounts are exact to a millionth."""
    cost = replace(_VIDEO, speed="turbo", channel_id=31, is_private=True, expected=Decimal("0.000001"))
    await store.create_claim(a_claim(1, cost=cost), allow)
    found = await store.find_claim(1)
    assert found is not None
    assert found.cost == cost
