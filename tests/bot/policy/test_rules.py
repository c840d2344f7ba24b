"""The operator's rules: permissions, the cooldown and the daily limits."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest

from bot.entities import Usage
from bot.errors import (
    CooldownActive,
    DailyLimitReached,
    GuildRefusal,
    NotTheRequester,
    PersonNotAllowed,
    PolicyRefused,
    RequesterUnknown,
    ServerNotAllowed,
)
from bot.policy.rules import Spender, SpendingPolicy, next_utc_midnight

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
RULES = SpendingPolicy(
    allowed_guilds=(),
    allowed_users=(),
    application_owners=(1,),
    press_policy="anyone",
    cooldown=timedelta(seconds=3),
    daily_submits_per_person=30,
    daily_submits=500,
)
ALLOWED = None


def find_refusal(check: Callable[[], None]) -> type[PolicyRefused] | None:
    """Return the type of the error that a check raises, None where it raises none."""
    try:
        check()
    except PolicyRefused as refused:
        return type(refused)
    return ALLOWED


@pytest.mark.parametrize(
    ("rules", "spender", "refusal"),
    [
        # ALLOWED_GUILDS empty: only servers of the application's owner or team.
        ({}, Spender(9, 6, is_trusted_guild=True), ALLOWED),
        ({}, Spender(9, 6, is_trusted_guild=False), ServerNotAllowed),
        ({}, Spender(1, 6, is_trusted_guild=False), ServerNotAllowed),
        # Set: those, and no others, even trusted ones.
        ({"allowed_guilds": {6}}, Spender(9, 6), ALLOWED),
        ({"allowed_guilds": {6}}, Spender(9, 7, is_trusted_guild=True), ServerNotAllowed),
        # ALLOWED_USERS empty: the application's owners, in DMs and as a user-installed app.
        ({}, Spender(1, 0), ALLOWED),
        ({}, Spender(9, 0), PersonNotAllowed),
        ({"application_owners": ()}, Spender(1, 0), PersonNotAllowed),
        # Set: those, and no others.
        ({"allowed_users": {9}}, Spender(9, 0), ALLOWED),
        ({"allowed_users": {9}}, Spender(1, 0), PersonNotAllowed),
        # ALLOWED_USERS does not allow servers, nor ALLOWED_GUILDS DMs.
        ({"allowed_users": {9}}, Spender(9, 6), ServerNotAllowed),
        ({"allowed_guilds": {6}}, Spender(9, 0), PersonNotAllowed),
        # PRESS_POLICY=requester restricts presses, not commands.
        ({"press_policy": "requester"}, Spender(9, 6, is_trusted_guild=True, requester_id=9), ALLOWED),
        ({"press_policy": "requester"}, Spender(9, 6, is_trusted_guild=True, requester_id=8), NotTheRequester),
        ({"press_policy": "requester"}, Spender(9, 6, is_trusted_guild=True, requester_id=0), RequesterUnknown),
        ({"press_policy": "requester"}, Spender(9, 6, is_trusted_guild=True, requester_id=None), ALLOWED),
        ({"press_policy": "requester"}, Spender(1, 0, requester_id=2), NotTheRequester),
        ({"press_policy": "requester"}, Spender(9, 6, requester_id=9), ServerNotAllowed),
        ({"press_policy": "anyone"}, Spender(9, 6, is_trusted_guild=True, requester_id=8), ALLOWED),
        ({"press_policy": "anyone"}, Spender(9, 6, is_trusted_guild=True, requester_id=0), ALLOWED),
    ],
)
def test_permissions_of_people_and_servers(
    rules: dict[str, Any], spender: Spender, refusal: type[PolicyRefused] | None
) -> None:
    assert find_refusal(lambda: replace(RULES, **rules).check_permission(spender)) is refusal


@pytest.mark.parametrize(
    ("rules", "is_trusted", "refusal"),
    [
        ({"allowed_guilds": {6}}, False, None),
        ({"allowed_guilds": {7, 8}}, True, "not listed"),
        ({"allowed_guilds": {7}, "application_owners": ()}, None, "not listed"),
        ({}, True, None),
        ({}, False, "not managed"),
        ({}, None, "managers unknown"),
        ({"application_owners": ()}, False, "owners unknown"),
    ],
)
def test_the_reason_why_a_server_may_not_spend(
    rules: dict[str, Any], *, is_trusted: bool | None, refusal: GuildRefusal | None
) -> None:
    """What the checks report is what a press meets, for the owner of the application as for any member."""
    policy = replace(RULES, **rules)
    assert policy.judge_guild(6, is_trusted=is_trusted) == refusal
    for person_id in (1, 9):
        if refusal is None:
            policy.check_permission(Spender(person_id, 6, is_trusted_guild=is_trusted))
            continue
        with pytest.raises(ServerNotAllowed) as refused:
            policy.check_permission(Spender(person_id, 6, is_trusted_guild=is_trusted))
        error = refused.value
        assert (error.guild_id, error.refusal) == (6, refusal)
        assert error.is_operator == (person_id in policy.application_owners)


@pytest.mark.parametrize(
    ("rules", "spender", "is_operator", "unjoined"),
    [
        ({"allowed_users": {9}}, Spender(1, 0), True, 0),
        ({}, Spender(9, 0), False, 0),
        ({"allowed_users": {9}, "allowed_guilds": {6}}, Spender(1, 0, unjoined_guild_id=6), True, 6),
        ({"allowed_users": {9}, "allowed_guilds": {7}}, Spender(1, 0, unjoined_guild_id=6), True, 0),
    ],
)
def test_the_refusal_of_a_person_says_who_and_where(
    rules: dict[str, Any], spender: Spender, *, is_operator: bool, unjoined: int
) -> None:
    with pytest.raises(PersonNotAllowed) as refused:
        replace(RULES, **rules).check_permission(spender)
    error = refused.value
    assert (error.person_id, error.is_operator, error.unjoined_guild_id) == (spender.person_id, is_operator, unjoined)


@pytest.mark.parametrize(("ago", "left"), [(0.0, 3.0), (1.0, 2.0), (2.9, 0.1)])
def test_a_second_submit_within_the_cooldown_is_refused_with_the_time_left(ago: float, left: float) -> None:
    with pytest.raises(CooldownActive) as refused:
        RULES.check_limits(Usage(0, 0, NOW - timedelta(seconds=ago), NOW))
    assert refused.value.retry_after == pytest.approx(left)


def test_a_last_claim_slightly_in_the_future_waits_one_cooldown() -> None:
    with pytest.raises(CooldownActive) as refused:
        RULES.check_limits(Usage(0, 0, NOW + timedelta(seconds=1), NOW))
    assert refused.value.retry_after == pytest.approx(3.0)


@pytest.mark.parametrize("ahead", [3.0, 3600.0, 86400.0 * 365])
def test_a_clock_that_was_put_back_locks_no_person_out(ahead: float) -> None:
    """Otherwise every press would be refused until the clock has caught up."""
    assert find_refusal(lambda: RULES.check_limits(Usage(0, 0, NOW + timedelta(seconds=ahead), NOW))) is ALLOWED


@pytest.mark.parametrize(
    ("person", "everyone", "tasks", "whose", "left"),
    [
        (26, 0, 4, "", 0),
        (27, 0, 4, "person", 3),
        (30, 0, 4, "person", 0),
        (0, 497, 4, "everyone", 3),
        (29, 0, 2, "person", 1),
    ],
)
def test_a_request_for_several_tasks_needs_room_for_all(
    person: int, everyone: int, tasks: int, whose: str, left: int
) -> None:
    check = partial(RULES.check_limits, Usage(person, everyone, None, NOW), tasks=tasks)
    if not whose:
        assert find_refusal(check) is ALLOWED
        return
    with pytest.raises(DailyLimitReached) as refused:
        check()
    assert (refused.value.whose, refused.value.tasks, refused.value.left) == (whose, tasks, left)


@pytest.mark.parametrize("ago", [3.0, 3.1, 86400.0])
def test_a_submit_after_the_cooldown_is_allowed(ago: float) -> None:
    usage = Usage(1, 1, NOW - timedelta(seconds=ago), NOW)
    assert find_refusal(lambda: RULES.check_limits(usage)) is ALLOWED


def test_a_cooldown_of_zero_allows_submits_at_once() -> None:
    policy = replace(RULES, cooldown=timedelta(0))
    assert find_refusal(lambda: policy.check_limits(Usage(1, 1, NOW, NOW))) is ALLOWED


@pytest.mark.parametrize(
    ("person", "everyone", "limit", "whose"),
    [(29, 499, 0, ""), (30, 0, 30, "person"), (31, 600, 30, "person"), (0, 500, 500, "everyone")],
)
def test_the_submit_after_a_daily_limit_is_refused_until_midnight(
    person: int, everyone: int, limit: int, whose: str
) -> None:
    """The thirtieth submit of a day is allowed, the next is not."""
    usage = Usage(person, everyone, None, NOW)
    if not limit:
        assert find_refusal(lambda: RULES.check_limits(usage)) is ALLOWED
        return
    with pytest.raises(DailyLimitReached) as refused:
        RULES.check_limits(usage)
    error = refused.value
    assert (error.limit, error.whose, error.resets_at) == (limit, whose, datetime(2026, 1, 2, tzinfo=UTC))


@pytest.mark.parametrize("rules", [{"daily_submits_per_person": 0}, {"daily_submits": 0}, {"daily_submits": -1}])
@pytest.mark.parametrize(("person", "last"), [(0, None), (30, None), (4, NOW)])
def test_a_daily_limit_of_zero_refuses_every_submit(rules: dict[str, Any], person: int, last: datetime | None) -> None:
    """Whatever else would refuse it too: a cooldown and another limit end, and this one does not."""
    policy = replace(RULES, **rules)
    assert policy.is_drawing_off
    with pytest.raises(DailyLimitReached) as refused:
        policy.check_limits(Usage(person, 0, last, NOW))
    assert refused.value.limit == 0


@pytest.mark.parametrize(
    ("now", "midnight"),
    [
        (datetime(2026, 1, 1, 0, 0, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)),
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        (datetime(2026, 1, 2, 1, 0, tzinfo=timezone(timedelta(hours=7))), datetime(2026, 1, 2, tzinfo=UTC)),
    ],
)
def test_daily_limits_are_reset_at_midnight_utc(now: datetime, midnight: datetime) -> None:
    assert next_utc_midnight(now) == midnight


@pytest.mark.parametrize(
    ("changes", "unknown"),
    [
        ({"application_owners": ()}, True),
        ({"application_owners": (), "allowed_guilds": {7}}, True),
        ({"application_owners": (), "allowed_users": {9}}, False),
        ({"application_owners": (1,)}, False),
    ],
)
def test_a_refusal_tells_unknown_owners_from_others(changes: dict[str, Any], *, unknown: bool) -> None:
    """Outside servers the owners decide only where ALLOWED_USERS is empty."""
    with pytest.raises(PersonNotAllowed) as refused:
        replace(RULES, **changes).check_permission(Spender(5, 0))
    assert refused.value.owners_unknown == unknown
