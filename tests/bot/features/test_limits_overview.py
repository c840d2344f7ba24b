"""What a person may still spend where they are."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.entities import LimitSetting, OperatorRules, Period, ServerRules
from bot.errors import DailyLimitReached, DrawingPaused, PolicyRefused, ServerNotAllowed, SpendingLimitReached
from bot.features.limits_overview import LimitsReader
from bot.policy.rules import Spender, SpendingPolicy
from tests.fakes.sample_rows import NOON, a_claim, allow
from tests.fakes.store import FakeStore

MEMBER = Spender(7, 30)


def reader(store: FakeStore, *, guild_id: int = 30, daily: int = 30) -> LimitsReader:
    policy = SpendingPolicy(
        allowed_guilds={guild_id},
        allowed_users=(),
        application_owners=(),
        press_policy="anyone",
        cooldown=timedelta(hours=1),
        daily_submits_per_person=daily,
        daily_submits=500,
    )
    return LimitsReader(store, policy)


async def test_limits_are_read_with_their_use() -> None:
    """Without the cooldown, which ends by itself."""
    store = FakeStore(lambda: NOON)
    await store.create_claim(a_claim(1, made_at=NOON), allow)
    limits = (LimitSetting(period=Period.DAY, tasks=3), LimitSetting(period=Period.MONTH, amount=Decimal(2)))
    await store.rules.change_server_rules(30, lambda _: (ServerRules(member_limits=limits), []))
    found = await reader(store).read(MEMBER)
    assert found.refusal is None
    assert [limit.measure_left(found.usage.spending) for limit in found.limits] == [2, 2]
    assert found.rules.server.member_limits == limits


@pytest.mark.parametrize(
    ("operator", "server", "given", "expected"),
    [
        ({"paused": True}, {}, {}, DrawingPaused),
        ({}, {"paused": True}, {}, DrawingPaused),
        ({}, {}, {"guild_id": 31}, ServerNotAllowed),
        ({}, {}, {"daily": 1}, DailyLimitReached),
        ({}, {"server_limits": (LimitSetting(period=Period.DAY, tasks=1),)}, {}, SpendingLimitReached),
    ],
)
async def test_first_refusal_is_told_and_the_limits_all_the_same(
    operator: dict[str, object], server: dict[str, object], given: dict[str, int], expected: type[PolicyRefused]
) -> None:
    """A person who may not draw still sees what the limits are."""
    store = FakeStore(lambda: NOON)
    await store.create_claim(a_claim(1, made_at=NOON), allow)
    await store.rules.change_operator_rules(lambda _: (OperatorRules.model_validate(operator), []))
    limits = (LimitSetting(period=Period.DAY, tasks=5),)
    await store.rules.change_server_rules(30, lambda _: (ServerRules(member_limits=limits, **server), []))  # type: ignore[arg-type]
    found = await reader(store, **given).read(MEMBER)
    assert type(found.refusal) is expected
    assert found.limits[0].measure_left(found.usage.spending) == 4
