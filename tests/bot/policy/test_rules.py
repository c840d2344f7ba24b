"""Who may spend: the whole table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from bot.entities import Usage
from bot.errors import (
    CooldownActive,
    DailyLimitReached,
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
    now=lambda: NOW,
)
ALLOWED = None


@pytest.mark.parametrize(
    ("rules", "asker", "verdict"),
    [
        # ALLOWED_GUILDS empty: only servers of the application's owner or team.
        ({}, Spender(9, 6, is_trusted_guild=True), ALLOWED),
        ({}, Spender(9, 6, is_trusted_guild=False), ServerNotAllowed),
        ({}, Spender(1, 6, is_trusted_guild=False), ServerNotAllowed),
        # Set: those, and no others, whoever owns them.
        ({"allowed_guilds": {6}}, Spender(9, 6), ALLOWED),
        ({"allowed_guilds": {6}}, Spender(9, 7, is_trusted_guild=True), ServerNotAllowed),
        # ALLOWED_USERS empty: the application's owners, in DMs and as a user-installed app.
        ({}, Spender(1, 0), ALLOWED),
        ({}, Spender(9, 0), PersonNotAllowed),
        ({"application_owners": ()}, Spender(1, 0), PersonNotAllowed),
        # Set: those, and no others.
        ({"allowed_users": {9}}, Spender(9, 0), ALLOWED),
        ({"allowed_users": {9}}, Spender(1, 0), PersonNotAllowed),
        # Neither opens the other.
        ({"allowed_users": {9}}, Spender(9, 6), ServerNotAllowed),
        ({"allowed_guilds": {6}}, Spender(9, 0), PersonNotAllowed),
        # PRESS_POLICY=requester binds presses, and no commands.
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
def test_who_may_spend_where(rules: dict[str, Any], asker: Spender, verdict: type[PolicyRefused] | None) -> None:
    """Empty lists trust the application's owners, and nobody else."""
    admission = replace(RULES, **rules)
    if verdict is None:
        admission.check_permission(asker)
    else:
        with pytest.raises(verdict) as refused:
            admission.check_permission(asker)
        assert refused.type is verdict


@pytest.mark.parametrize(("ago", "left"), [(0.0, 3.0), (1.0, 2.0), (2.9, 0.1)])
def test_a_second_submit_within_the_cooldown_is_refused(ago: float, left: float) -> None:
    """And told how long it lasts."""
    with pytest.raises(CooldownActive) as refused:
        RULES.check_limits(Usage(0, 0, NOW - timedelta(seconds=ago)))
    assert refused.value.retry_after == pytest.approx(left)


@pytest.mark.parametrize("ahead", [1.0, 86400.0 * 365])
def test_a_clock_that_was_ahead_locks_nobody_out(ahead: float) -> None:
    """A last press in the future is waited for as if it were of this moment, and no longer."""
    with pytest.raises(CooldownActive) as refused:
        RULES.check_limits(Usage(0, 0, NOW + timedelta(seconds=ahead)))
    assert refused.value.retry_after == pytest.approx(3.0)


@pytest.mark.parametrize("ago", [3.0, 3.1, 86400.0])
def test_the_cooldown_ends(ago: float) -> None:
    """At its last moment."""
    RULES.check_limits(Usage(1, 1, NOW - timedelta(seconds=ago)))


def test_no_cooldown_is_none() -> None:
    """PRESS_COOLDOWN_SECONDS=0."""
    replace(RULES, cooldown=timedelta(0)).check_limits(Usage(1, 1, NOW))


@pytest.mark.parametrize(
    ("person", "everybody", "limit", "whose"),
    [(29, 499, 0, ""), (30, 0, 30, "person"), (31, 600, 30, "person"), (0, 500, 500, "everybody")],
)
def test_a_day_has_its_limits(person: int, everybody: int, limit: int, whose: str) -> None:
    """The thirtieth goes through, the next does not; the refusal says when it ends."""
    usage = Usage(person, everybody, None)
    if not limit:
        RULES.check_limits(usage)
        return
    with pytest.raises(DailyLimitReached) as refused:
        RULES.check_limits(usage)
    told = refused.value
    assert (told.limit, told.whose, told.resets_at) == (limit, whose, datetime(2026, 1, 2, tzinfo=UTC))


@pytest.mark.parametrize("rules", [{"daily_submits_per_person": 0}, {"daily_submits": 0}])
def test_a_limit_of_nothing_lets_nobody_spend(rules: dict[str, Any]) -> None:
    """An operator may switch spending off."""
    with pytest.raises(DailyLimitReached):
        replace(RULES, **rules).check_limits(Usage(0, 0, None))


@pytest.mark.parametrize(
    ("now", "midnight"),
    [
        (datetime(2026, 1, 1, 0, 0, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)),
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        (datetime(2026, 1, 2, 1, 0, tzinfo=timezone(timedelta(hours=7))), datetime(2026, 1, 2, tzinfo=UTC)),
    ],
)
def test_days_are_those_of_utc(now: datetime, midnight: datetime) -> None:
    """Wherever the operator's clock is set."""
    assert next_utc_midnight(now) == midnight
