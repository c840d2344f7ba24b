"""Who may spend, where and how much; asked before every claim, and judged once more inside it."""

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
    """Who wants to spend, and where: `guild_id` is 0 in DMs and where only the person installed the bot.

    `requester_id` is who asked for the message that was pressed, 0 where nothing tells; None for a command.
    `trusted_guild` tells that the application's owner, or a member of its team, owns or manages the server.
    """

    person_id: int
    guild_id: int
    is_trusted_guild: bool = False
    requester_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class SpendingPolicy:
    """The operator's rules. Empty `guilds`: trusted servers; empty `people`: the application's owners."""

    allowed_guilds: Collection[int]
    allowed_users: Collection[int]
    application_owners: Collection[int]
    press_policy: PressPolicy
    cooldown: timedelta
    daily_submits_per_person: int
    daily_submits: int
    now: Now

    def check_permission(self, asker: Spender) -> None:
        """Raise a leaf of AdmissionRefused unless this person may spend here at all."""
        if asker.guild_id:
            if not (asker.guild_id in self.allowed_guilds if self.allowed_guilds else asker.is_trusted_guild):
                raise ServerNotAllowed
        elif asker.person_id not in (self.allowed_users or self.application_owners):
            raise PersonNotAllowed
        if self.press_policy == "requester" and asker.requester_id is not None:
            if not asker.requester_id:
                raise RequesterUnknown
            if asker.requester_id != asker.person_id:
                raise NotTheRequester

    def check_limits(self, usage: Usage) -> None:
        """Raise a leaf of AdmissionRefused if one more submit would be too many; called inside the claim."""
        now = self.now()
        if usage.last_claim_at is not None:
            # A clock that was ahead for a while must not lock anybody out.
            left = min((usage.last_claim_at + self.cooldown - now).total_seconds(), self.cooldown.total_seconds())
            if left > 0:
                raise CooldownActive(left)
        if usage.person_submits_today >= self.daily_submits_per_person:
            raise DailyLimitReached(self.daily_submits_per_person, "person", next_utc_midnight(now))
        if usage.all_submits_today >= self.daily_submits:
            raise DailyLimitReached(self.daily_submits, "everybody", next_utc_midnight(now))


def next_utc_midnight(now: datetime) -> datetime:
    """Return the next midnight in UTC, when the daily counts start anew."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)
