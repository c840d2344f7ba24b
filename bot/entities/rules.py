"""The rules that are set in Discord: by the operator, for each server by the operator, and by a server's managers.

They are stored as JSON. Fields that only a newer version knows are kept when this one changes others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, NonNegativeInt, model_validator

from bot.entities.ledger import CostKind, CountScope

RuleLevel = Literal["operator", "server"]
"""Who set a rule: the operator of the bot, or the managers of the server."""


class Period(StrEnum):
    """After how long a limit starts again, in the time zone of the level that set it."""

    DAY = "day"
    MONTH = "month"


class AgePolicy(StrEnum):
    """What happens to pictures outside age-restricted channels."""

    ALLOW = "allow"
    SPOILER = "spoiler"
    REFUSE = "refuse"


class ServerAccess(StrEnum):
    """Whether the operator lets a server spend."""

    DEFAULT = "default"
    """As ALLOWED_GUILDS says, or else whoever runs the server."""
    ALLOWED = "allowed"
    DENIED = "denied"


def _add_time_zone(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)


_Time = Annotated[datetime, AfterValidator(_add_time_zone)]
"""A time that can be compared with others: one that is stored without a time zone is in UTC."""


class _RulesModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


class LimitSetting(_RulesModel):
    """One limit: `tasks` or `amount` per period, of one expensive kind or of all requests (None)."""

    period: Period
    kind: CostKind | None = None
    tasks: NonNegativeInt | None = None
    amount: Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=6)] | None = None

    @model_validator(mode="after")
    def _check_unit(self) -> "LimitSetting":
        if (self.tasks is None) == (self.amount is None):
            raise ValueError("a limit has either a number of tasks or an amount")
        return self

    @property
    def most(self) -> Decimal:
        """The limit as a number, whatever its unit."""
        return Decimal(self.tasks) if self.tasks is not None else self.amount or Decimal(0)


Limits = tuple[LimitSetting, ...]


@dataclass(frozen=True, kw_only=True)
class LimitUsedUp:
    """A limit of which a request used the last one, or the last of the amount; see SpendingLimit for its parts."""

    period: Period
    scope: CountScope
    kind: CostKind | None
    is_amount: bool
    resets_at: datetime


class ServerRules(_RulesModel):
    """What the managers of a server set in `/mjserver`.

    Empty `allowed_roles` and `allowed_channels` allow all. `role_limits` replace `member_limits` for the members that
    have one of the roles; see choose_member_limits for those that have several. `server_limits` are for all members
    together. `log_prompts`: the log channel shows prompts of public requests. `guided`: the guide was answered.
    """

    allowed_roles: frozenset[int] = frozenset()
    denied_roles: frozenset[int] = frozenset()
    role_limits: Mapping[int, Limits] = Field(default_factory=dict[int, Limits])
    member_limits: Limits = ()
    server_limits: Limits = ()
    allowed_channels: frozenset[int] = frozenset()
    private_answers: bool = True
    blocked_words: tuple[str, ...] = ()
    age_policy: AgePolicy = AgePolicy.ALLOW
    log_channel_id: int = 0
    gallery_channel_id: int = 0
    log_prompts: bool = False
    time_zone: str = "UTC"
    language: str = ""
    paused: bool = False
    guided: bool = False


class ServerGrant(_RulesModel):
    """What the operator sets for one server in `/mjadmin`."""

    access: ServerAccess = ServerAccess.DEFAULT
    server_limits: Limits = ()


class KnownMoney(_RulesModel):
    """What was known last of prices and the relay's money, so that a restart does not lose what amounts mean.

    `currency` is that of the price list, and `dearest` the price of its dearest task; 0 where no price is known. The
    rest is what the relay told, see RelayMoney.
    """

    currency: str = ""
    dearest: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    relay_currency: str = ""
    balance_currency: str = "USD"
    quota_per_unit: Annotated[Decimal, Field(gt=0)] | None = None
    rates: Mapping[str, Annotated[Decimal, Field(gt=0)]] = Field(default_factory=dict[str, Decimal])


class OperatorRules(_RulesModel):
    """What the operator sets for everything in `/mjadmin`.

    `prices` are written like the setting PRICES. `alarms_by_dm`: the operator gets alarms by DM. `balance_is_low` is no
    rule: the operator was warned that the balance fell to BALANCE_ALARM, and it has not risen above it since. Nor is
    `last_money`, which the bot itself writes.
    """

    paused: bool = False
    person_limits: Limits = ()
    total_limits: Limits = ()
    prices: str = ""
    log_channel_id: int = 0
    alarms_by_dm: bool = False
    balance_is_low: bool = False
    last_money: KnownMoney | None = None


class Block(_RulesModel):
    """A person who may not draw, in one server or everywhere (`guild_id` 0); `until` is None for no end."""

    guild_id: int
    person_id: int
    until: _Time | None = None
    reason: str = ""
    blocked_by: int = 0

    def is_active(self, at: datetime) -> bool:
        """Return whether the block holds at that time."""
        return self.until is None or at < self.until


@dataclass(frozen=True, kw_only=True)
class Rules:
    """All rules that hold for one person in one server, as they are read while a claim is written.

    Outside servers, `grant` and `server` are the defaults.
    """

    operator: OperatorRules = field(default_factory=OperatorRules)
    grant: ServerGrant = field(default_factory=ServerGrant)
    server: ServerRules = field(default_factory=ServerRules)
    blocks: tuple[Block, ...] = ()


NO_RULES = Rules()
"""The rules where nothing was set in Discord."""


@dataclass(frozen=True, kw_only=True)
class RuleChange:
    """One change in the audit: who changed what, when, and from what to what, as short texts."""

    guild_id: int
    person_id: int
    made_at: datetime
    what: str
    before: str
    after: str
