"""The operator's rules: who may use paid commands and buttons, where, and how often."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

from bot.entities import ServerAccess, Usage
from bot.errors import (
    CooldownActive,
    DailyLimitReached,
    GuildRefusal,
    NotTheRequester,
    PersonNotAllowed,
    RequesterUnknown,
    ServerDenied,
    ServerNotAllowed,
)
from bot.policy.prices import PriceList
from bot.settings import Settings

PressPolicy = Literal["anyone", "requester"]


@dataclass(frozen=True)
class Spender:
    """The person who wants to use a paid command or button, and where.

    `guild_id` is 0 in DMs and where only the person installed the bot; `unjoined_guild_id` is the server in the second
    case. `is_trusted_guild`: the application's owner, or a member of its team, owns or manages the server; None where
    Discord did not tell. `requester_id` is the requester of the pressed message: 0 where it is unknown, None for a
    command.

    `role_ids` are the person's in the server. `channel_ids` are the channel's and, for a thread, its parent's.
    `is_age_restricted` is None where Discord does not tell. `is_private`: the result is shown to this person only.
    `denied_commands` are the paid commands that Discord's Integrations page denies them here, and `needed_commands`
    those that they must all be allowed to use for what they ask for.
    """

    person_id: int
    guild_id: int
    is_trusted_guild: bool | None = False
    requester_id: int | None = None
    unjoined_guild_id: int = 0
    role_ids: Collection[int] = ()
    channel_ids: Collection[int] = ()
    is_age_restricted: bool | None = None
    is_private: bool = False
    denied_commands: Collection[str] = ()
    needed_commands: Collection[str] = ()

    @property
    def denied_command(self) -> str:
        """The first command that they need and may not use, "" without one."""
        return next((name for name in self.needed_commands if name in self.denied_commands), "")

    def require(self, *commands: str) -> "Spender":
        """Return the spender of something for which these commands must be allowed as well."""
        return replace(self, needed_commands=(*self.needed_commands, *commands))


@dataclass(frozen=True, kw_only=True)
class SpendingPolicy:
    """The operator's settings.

    An empty `allowed_guilds` allows trusted servers; an empty `allowed_users` allows the application's owners in DMs.
    A request that costs more than `confirm_above` must be confirmed; None for no such price.
    """

    allowed_guilds: Collection[int]
    allowed_users: Collection[int]
    application_owners: Collection[int]
    press_policy: PressPolicy
    cooldown: timedelta
    daily_submits_per_person: int
    daily_submits: int
    prices: PriceList = field(default_factory=PriceList, compare=False)
    confirm_above: Decimal | None = None

    def check_permission(self, spender: Spender, access: ServerAccess = ServerAccess.DEFAULT) -> None:
        """Raise a subclass of PolicyRefused unless this person may use paid commands and buttons here.

        `access` is what the operator set for the server in Discord.
        """
        is_operator = spender.person_id in self.application_owners
        if spender.guild_id and access is ServerAccess.DENIED:
            raise ServerDenied("operator")
        if spender.guild_id:
            if refusal := self.judge_guild(spender.guild_id, is_trusted=spender.is_trusted_guild, access=access):
                raise ServerNotAllowed(spender.guild_id, refusal, is_operator=is_operator)
        elif spender.person_id not in self.people_outside_guilds:
            unjoined = spender.unjoined_guild_id if spender.unjoined_guild_id in self.allowed_guilds else 0
            raise PersonNotAllowed(
                spender.person_id,
                is_operator=is_operator,
                unjoined_guild_id=unjoined,
                owners_unknown=not self.people_outside_guilds,
            )
        if self.press_policy == "requester" and spender.requester_id is not None:
            if not spender.requester_id:
                raise RequesterUnknown
            if spender.requester_id != spender.person_id:
                raise NotTheRequester

    def judge_guild(
        self, guild_id: int, *, is_trusted: bool | None, access: ServerAccess = ServerAccess.DEFAULT
    ) -> GuildRefusal | None:
        """Return why the members of a server may not spend there, None where they may; see Spender for `is_trusted`.

        What the operator allows in Discord counts as trusted; it adds no server to those of ALLOWED_GUILDS.
        """
        if self.allowed_guilds:
            return None if guild_id in self.allowed_guilds else "not listed"
        if is_trusted or access is ServerAccess.ALLOWED:
            return None
        if not self.application_owners:
            return "owners unknown"
        return "managers unknown" if is_trusted is None else "not managed"

    @property
    def people_outside_guilds(self) -> Collection[int]:
        """Return the ids of the people who may spend in DMs, and where they installed the bot only for themselves."""
        return self.allowed_users or self.application_owners

    @property
    def is_drawing_off(self) -> bool:
        """Whether a daily limit of 0 refuses every paid request."""
        return min(self.daily_submits_per_person, self.daily_submits) <= 0

    def count_left_today(self, usage: Usage) -> int:
        """Return how many more tasks the daily limits of the settings allow this person."""
        own = self.daily_submits_per_person - usage.person_submits_today
        return max(min(own, self.daily_submits - usage.all_submits_today), 0)

    def check_limits(self, usage: Usage, *, tasks: int = 1) -> None:
        """Raise a subclass of PolicyRefused if so many more tasks exceed a limit; called while their claim is written.

        Every time in it is compared with `usage.at`, which comes from the same clock.
        """
        if self.is_drawing_off:
            whose: Literal["person", "everyone"] = "everyone" if self.daily_submits <= 0 else "person"
            raise DailyLimitReached(0, whose, next_utc_midnight(usage.at), tasks=tasks)
        # A last claim further ahead was made by a clock that has been put back since: it must not lock the person out.
        if usage.last_claim_at is not None and usage.last_claim_at - usage.at < self.cooldown:
            left = usage.last_claim_at + self.cooldown - usage.at
            if left > timedelta():
                raise CooldownActive(min(left, self.cooldown).total_seconds())
        self._check_daily_limit(usage, self.daily_submits_per_person - usage.person_submits_today, "person", tasks)
        self._check_daily_limit(usage, self.daily_submits - usage.all_submits_today, "everyone", tasks)

    def _check_daily_limit(self, usage: Usage, left: int, whose: Literal["person", "everyone"], tasks: int) -> None:
        if left < tasks:
            limit = self.daily_submits_per_person if whose == "person" else self.daily_submits
            raise DailyLimitReached(limit, whose, next_utc_midnight(usage.at), tasks=tasks, left=max(left, 0))


def build_policy(settings: Settings, owners: Collection[int]) -> SpendingPolicy:
    """Build the operator's rules; `owners` may be filled later, when Discord has told who owns the application."""
    prices = PriceList()
    prices.set_configured(settings.prices)
    return SpendingPolicy(
        allowed_guilds=settings.allowed_guilds,
        allowed_users=settings.allowed_users,
        application_owners=owners,
        press_policy=settings.press_policy,
        cooldown=timedelta(seconds=settings.press_cooldown_seconds),
        daily_submits_per_person=settings.daily_submits_per_person,
        daily_submits=settings.daily_submits,
        prices=prices,
        confirm_above=settings.confirm_above,
    )


def next_utc_midnight(now: datetime) -> datetime:
    """Return the next midnight in UTC, when the daily counts are reset."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)
