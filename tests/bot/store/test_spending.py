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
    LedgerFilter,
    LimitSetting,
    Period,
    Rules,
    SentCost,
    ServerRules,
    Spending,
    SpendingCount,
    SpendingPlan,
    Usage,
)
from bot.errors import DrawingPaused
from bot.money import MAX_AMOUNT
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


@pytest.mark.parametrize(
    ("ahead", "counted"), [(timedelta(hours=23), 1), (timedelta(days=1), 0), (timedelta(days=200), 0)]
)
async def test_claim_of_a_wrong_clock_fills_no_limit(
    store: SqlStore | FakeStore, ahead: timedelta, counted: int
) -> None:
    """One that is dated a little ahead counts, as the clocks of processes differ; neither by day, nor in the plan."""
    await store.create_claim(a_claim(1, cost=_CHEAP), allow)
    (made_at,) = [entry.made_at for entry in await store.ledger.list_entries(LedgerFilter(), limit=9)]
    await store.create_claim(a_claim(2, "b", cost=_CHEAP, made_at=made_at + ahead), allow)
    seen: list[Usage] = []
    plan = SpendingPlan(counts=_COUNTS[:1], currency="USD")
    await store.create_claim(a_claim(3, "c", made_at=made_at), seen.append, plan=lambda rules, at: plan)
    assert seen[0].spending[_COUNTS[0]].tasks == 1 + counted
    assert (seen[0].person_submits_today, seen[0].all_submits_today) == (1 + counted, 1 + counted)


@pytest.mark.parametrize(
    ("currency", "rates", "amount"),
    [
        ("USD", {}, "0.5"),
        ("", {}, "0.5"),
        ("CNY", {}, "0.5"),
        ("CNY", {"USD": "7.3"}, "1.13"),
        ("USD", {"CNY": "0.25"}, "0.2"),
    ],
)
async def test_amounts_in_another_currency_count(
    store: SqlStore | FakeStore, currency: str, rates: dict[str, str], amount: str
) -> None:
    """By the rate where it is known, and otherwise as they are: what was spent never counts nothing."""
    await store.create_claim(a_claim(1, "a", cost=replace(_CHEAP, currency="CNY", expected=Decimal("0.4"))), allow)
    await store.create_claim(a_claim(2, "b", cost=_CHEAP), allow)
    plan = SpendingPlan(
        counts=_COUNTS[:1], currency=currency, rates={name: Decimal(rate) for name, rate in rates.items()}
    )
    usage = await store.find_usage(7, 30, lambda rules, at: plan)
    assert usage.spending[_COUNTS[0]] == Spending(2, Decimal(amount))


async def test_tasks_without_a_price_count_as_the_dearest(store: SqlStore | FakeStore) -> None:
    """Each of them, until a row of the log tells what it cost."""
    await store.create_claim(a_claim(1, "a", cost=_CHEAP), allow)
    await store.create_claim(a_claim(2, "b", cost=replace(_CHEAP, expected=None, currency=""), submits=2), allow)
    plan = SpendingPlan(counts=_COUNTS[:1], currency="USD", dearest=Decimal("0.8"))
    usage = await store.find_usage(7, 30, lambda rules, at: plan)
    assert usage.spending[_COUNTS[0]] == Spending(3, Decimal("1.7"))
    await store.ledger.confirm({2: Decimal("0.3")}, "USD")
    usage = await store.find_usage(7, 30, lambda rules, at: plan)
    assert usage.spending[_COUNTS[0]] == Spending(3, Decimal("0.4"))


async def test_sums_of_the_largest_amounts_do_not_overflow(sql: SqlStore) -> None:
    """An amount above the largest is stored as the largest."""
    for number in range(3):
        await sql.create_claim(a_claim(number + 1, str(number), cost=_CHEAP), allow)
    await sql.ledger.confirm(dict.fromkeys((1, 2, 3), Decimal(10) ** 15), "USD")
    assert (await count(sql))[_COUNTS[0]] == Spending(3, 3 * MAX_AMOUNT)
    rates = {"USD": Decimal(10) ** 9, "VND": Decimal(10) ** -12}
    plan = SpendingPlan(counts=_COUNTS[:1], currency="CNY", rates=rates)
    usage = await sql.find_usage(7, 30, lambda rules, at: plan)
    assert usage.spending[_COUNTS[0]].amount >= 3 * MAX_AMOUNT


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


_DIME = Decimal("0.1")


@pytest.mark.parametrize(
    ("claimed", "submits", "sent", "stored", "expected"),
    [
        pytest.param(None, None, None, None, _DIME, id="as it was claimed"),
        pytest.param(None, 2, None, 2, 2 * _DIME, id="more submits"),
        pytest.param(4, 1, None, 1, _DIME / 4, id="fewer submits"),
        pytest.param(None, 0, None, 0, Decimal(0), id="nothing billed"),
        pytest.param(0, 1, None, 1, _DIME, id="nothing was counted"),
        pytest.param(None, None, "0.35", None, Decimal("0.35"), id="another amount"),
        pytest.param(None, 2, "0.35", 2, Decimal("0.35"), id="another amount and number"),
        pytest.param(None, 2, "", 2, None, id="no known amount"),
    ],
)
async def test_settling_corrects_what_a_claim_costs(
    store: SqlStore | FakeStore,
    claimed: int | None,
    submits: int | None,
    sent: str | None,
    stored: int | None,
    expected: Decimal | None,
) -> None:
    """An amount that was sent along holds; else it changes as the number of submits does."""
    await store.create_claim(a_claim(1, cost=_CHEAP, submits=claimed), allow)
    cost = replace(_VIDEO, expected=Decimal(sent) if sent else None)
    given = None if sent is None else SentCost(cost=cost)
    await store.settle_claim(1, ClaimState.ACCEPTED, "c1", submits=submits, sent=given)
    found = await store.find_claim(1)
    assert found
    assert (found.submits, found.cost.expected) == (stored, expected)


async def test_settling_keeps_where_a_claim_was_made(store: SqlStore | FakeStore) -> None:
    """Its action, model, speed and kinds become those that were sent."""
    await store.create_claim(a_claim(1, cost=replace(_CHEAP, channel_id=31, is_private=True)), allow)
    sent = replace(_VIDEO, speed="turbo", kinds=frozenset({CostKind.VIDEO, CostKind.TURBO}), channel_id=99)
    await store.settle_claim(1, ClaimState.ACCEPTED, "c1", sent=SentCost(cost=sent))
    found = await store.find_claim(1)
    assert found
    assert found.cost == replace(sent, channel_id=31, is_private=True)


async def test_request_id_is_kept_until_another_is_told(store: SqlStore | FakeStore) -> None:
    """An end that comes too late changes nothing."""
    await store.create_claim(a_claim(1, cost=_CHEAP), allow)
    ids: list[str] = []
    for state, request_id in (
        (ClaimState.UNKNOWN, "r1"),
        (ClaimState.UNKNOWN, ""),
        (ClaimState.ACCEPTED, "r1 r2"),
        (ClaimState.UNKNOWN, "r3"),
    ):
        await store.settle_claim(1, state, "c1", sent=SentCost(cost=_CHEAP, request_id=request_id))
        (entry,) = await store.ledger.list_entries(LedgerFilter(), limit=9)
        ids.append(entry.request_id)
    assert ids == ["r1", "r1", "r1 r2", "r1 r2"]
