"""The limits that are set in Discord: which hold, from when to when they count, and when they are reached."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.entities import (
    Cost,
    CostKind,
    CountScope,
    LimitSetting,
    OperatorRules,
    Period,
    Rules,
    ServerGrant,
    ServerRules,
    Spending,
    SpendingCount,
)
from bot.errors import SpendingLimitReached
from bot.policy.spending_limits import check_spending, choose_member_limits, find_period, find_time_zone, list_limits

NOON = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
TODAY = NOON.replace(hour=0)


def tasks(most: int, period: Period = Period.DAY, kind: CostKind | None = None) -> LimitSetting:
    return LimitSetting(period=period, tasks=most, kind=kind)


def amount(most: str, period: Period = Period.DAY) -> LimitSetting:
    return LimitSetting(period=period, amount=Decimal(most))


@pytest.mark.parametrize(
    ("role_limits", "roles", "expected"),
    [
        ({}, (1,), [5]),
        ({9: (tasks(50),)}, (1,), [5]),
        ({1: (tasks(3),)}, (1,), [3]),
        ({1: (tasks(3),), 2: (tasks(10),)}, (1, 2), [10]),
        ({1: (tasks(0),), 2: (tasks(1),)}, (2, 1), [1]),
        ({1: (tasks(3),), 2: ()}, (1, 2), []),
        ({1: (tasks(3), amount("1")), 2: (tasks(2), amount("2.5"))}, (1, 2), [3, Decimal("2.5")]),
        ({1: (tasks(3), tasks(1, kind=CostKind.VIDEO)), 2: (tasks(4),)}, (1, 2), [4, 1]),
        ({1: (tasks(1),), 2: (tasks(2, Period.MONTH),)}, (1, 2), [1, 2]),
        ({1: (tasks(1),), 2: (amount("2"),)}, (1, 2), [1, 2]),
    ],
)
def test_limits_of_roles_replace_the_members(
    role_limits: dict[int, tuple[LimitSetting, ...]], roles: Sequence[int], expected: list[Any]
) -> None:
    """Of several roles all hold, the largest of each kind and period; only a role without any limit frees."""
    server = ServerRules(member_limits=(tasks(5),), role_limits=role_limits)
    assert [limit.most for limit in choose_member_limits(server, roles)] == expected


def test_limits_of_all_levels_hold() -> None:
    """Outside servers only the operator's do."""
    rules = Rules(
        operator=OperatorRules(person_limits=(tasks(1),), total_limits=(tasks(2, Period.MONTH),)),
        grant=ServerGrant(server_limits=(amount("3"),)),
        server=ServerRules(member_limits=(tasks(4),), server_limits=(tasks(5),)),
    )
    found = [
        (limit.level, limit.count.scope, limit.setting.tasks or limit.setting.amount)
        for limit in list_limits(rules, (), 6, NOON)
    ]
    assert found == [
        ("operator", CountScope.PERSON, 1),
        ("operator", CountScope.EVERYONE, 2),
        ("operator", CountScope.SERVER, 3),
        ("server", CountScope.MEMBER, 4),
        ("server", CountScope.SERVER, 5),
    ]
    assert [limit.level for limit in list_limits(rules, (), 0, NOON)] == ["operator", "operator"]


@pytest.mark.parametrize(
    ("period", "zone", "begin", "end"),
    [
        (Period.DAY, "UTC", "2026-03-31T00:00", "2026-04-01T00:00"),
        (Period.MONTH, "UTC", "2026-03-01T00:00", "2026-04-01T00:00"),
        (Period.DAY, "Asia/Ho_Chi_Minh", "2026-03-30T17:00", "2026-03-31T17:00"),
        (Period.MONTH, "Asia/Shanghai", "2026-02-28T16:00", "2026-03-31T16:00"),
        (Period.MONTH, "Europe/Berlin", "2026-02-28T23:00", "2026-03-31T22:00"),  # summer time begins in March
        (Period.DAY, "No/Such_Zone", "2026-03-31T00:00", "2026-04-01T00:00"),
        (Period.DAY, "../../etc/passwd", "2026-03-31T00:00", "2026-04-01T00:00"),
    ],
)
def test_periods_follow_the_time_zone(period: Period, zone: str, begin: str, end: str) -> None:
    """An unknown zone counts as UTC."""
    found = find_period(period, NOON, find_time_zone(zone))
    assert [time.strftime("%Y-%m-%dT%H:%M") for time in found] == [begin, end]
    assert found[0].tzinfo is UTC


@pytest.mark.parametrize(
    ("limit", "used", "cost", "wanted", "left"),
    [
        (tasks(3), Spending(2), {}, 1, None),
        (tasks(3), Spending(3), {}, 1, 0),
        (tasks(3), Spending(2), {}, 2, 1),
        (tasks(3), Spending(9), {}, 1, 0),
        (tasks(0), Spending(), {}, 1, 0),
        (amount("0.3"), Spending(0, Decimal("0.2")), {"expected": Decimal("0.1")}, 1, None),
        (amount("0.3"), Spending(0, Decimal("0.200001")), {"expected": Decimal("0.1")}, 1, Decimal("0.099999")),
        (amount("0.3"), Spending(0, Decimal("0.29")), {}, 1, None),
        (amount("0.3"), Spending(0, Decimal("0.3")), {}, 1, 0),
        (amount("0"), Spending(), {}, 1, 0),
        (tasks(1, kind=CostKind.VIDEO), Spending(1), {}, 1, None),
        (tasks(1, kind=CostKind.VIDEO), Spending(1), {"kinds": frozenset({CostKind.VIDEO})}, 1, 0),
    ],
)
def test_limit_is_reached(
    limit: LimitSetting,
    used: Spending,
    cost: dict[str, Any],
    wanted: int,
    left: Any,  # noqa: ANN401
) -> None:
    """A request without a known price is refused only where nothing is left of an amount."""
    limits = list_limits(Rules(server=ServerRules(member_limits=(limit,))), (), 6, NOON)
    counted = {SpendingCount(CountScope.MEMBER, TODAY, limit.kind): used}
    if left is None:
        check_spending(limits, counted, Cost(**cost), wanted)
        return
    with pytest.raises(SpendingLimitReached) as refused:
        check_spending(limits, counted, Cost(**cost), wanted)
    told = refused.value
    assert (told.level, told.scope, told.left, told.most) == ("server", "member", left, limit.most)
    assert told.resets_at == datetime(2026, 4, 1, tzinfo=UTC)


@given(
    st.lists(st.lists(st.tuples(st.sampled_from(Period), st.integers(0, 9)), max_size=4), max_size=4),
    st.integers(0, 9),
)
def test_limits_of_several_roles_are_neither_lost_nor_added(roles: list[list[tuple[Period, int]]], used: int) -> None:
    """What each of the roles allows, all allow together; what none allows in a period, they do not together either."""
    limits = {number: tuple(tasks(most, period) for period, most in own) for number, own in enumerate(roles, 1)}

    def may_draw(role_ids: Sequence[int]) -> bool:
        held = list_limits(Rules(server=ServerRules(role_limits=limits)), role_ids, 6, NOON)
        try:
            check_spending(held, {limit.count: Spending(used) for limit in held}, Cost(), 1)
        except SpendingLimitReached:
            return False
        return True

    if all(may_draw([role]) for role in limits) or not all(roles):
        assert may_draw(list(limits))
    largest = [max((most for own in roles for one, most in own if one is period), default=99) for period in Period]
    if roles and all(roles) and used >= min(largest):
        assert not may_draw(list(limits))
