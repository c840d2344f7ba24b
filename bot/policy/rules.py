"""The operator's rules: who may use paid commands and buttons, where, and how often."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from bot.clock import Now
from bot.entities import Usage
from bot.errors import (
    CooldownActive,
    DailyLimitReached,
    NotTheRequester,
    PersonNotAllowed,
    RequesterUnknown,
    ServerNotAllowed,
)

PressPolicy = Literal["anyone", "requester"]


@dataclass(frozen=True)
class Spender:
    """The person who wants to use a paid command or button, and where.

    `guild_id` is 0 in DMs and where only the person installed the bot. `is_trusted_guild`: the application's owner, or
    a member of its team, owns or manages the server. `requester_id` is the requester of the pressed message: 0 where it
    is unknown, None for a command.
    """

    person_id: int
    guild_id: int
    is_trusted_guild: bool = False
    requester_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class SpendingPolicy:
    """The operator's settings.

    An empty `allowed_guilds` allows trusted servers; an empty `allowed_users` allows the application's owners in DMs.
    """

    allowed_guilds: Collection[int]
    allowed_users: Collection[int]
    application_owners: Collection[int]
    press_policy: PressPolicy
    cooldown: timedelta
    daily_submits_per_person: int
    daily_submits: int
    now: Now

    def check_permission(self, spender: Spender) -> None:
        """Raise a subclass of PolicyRefused unless this person may use paid commands and buttons here."""
        if spender.guild_id:
            if not (spender.guild_id in self.allowed_guilds if self.allowed_guilds else spender.is_trusted_guild):
                raise ServerNotAllowed
        elif spender.person_id not in (self.allowed_users or self.application_owners):
            raise PersonNotAllowed
        if self.press_policy == "requester" and spender.requester_id is not None:
            if not spender.requester_id:
                raise RequesterUnknown
            if spender.requester_id != spender.person_id:
                raise NotTheRequester

    def check_limits(self, usage: Usage) -> None:
        """Raise a subclass of PolicyRefused if one more submit exceeds a limit; called while its claim is written."""
        now = self.now()
        if usage.last_claim_at is not None:
            # A clock that was ahead for a while must not lock the person out.
            left = min((usage.last_claim_at + self.cooldown - now).total_seconds(), self.cooldown.total_seconds())
            if left > 0:
                raise CooldownActive(left)
        if usage.person_submits_today >= self.daily_submits_per_person:
            raise DailyLimitReached(self.daily_submits_per_person, "person", next_utc_midnight(now))
        if usage.all_submits_today >= self.daily_submits:
            raise DailyLimitReached(self.daily_submits, "everyone", next_utc_midnight(now))


def next_utc_midnight(now: datetime) -> datetime:
    """Return the next midnight in UTC, when the daily counts are reset."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)
