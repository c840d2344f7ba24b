"""Why the rules that are set in Discord refuse a paid request. Each names the level that set the rule."""

from collections.abc import Collection
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from bot.errors.claims import PolicyRefused, PressUnrecorded, RepeatUnconfirmed


class RuleRefused(PolicyRefused):
    """Base of the refusals by a rule of this level: "operator" or "server"."""

    level: Literal["operator", "server"] = "server"


class DrawingPaused(RuleRefused):
    """All drawing is paused: in this server, or by the operator everywhere."""


class PersonBlocked(RuleRefused):
    """The person is blocked; `until` is None for no end."""

    until: datetime | None = field(default=None, kw_only=True)


class ServerDenied(RuleRefused):
    """The operator denied the server in `/mjadmin`."""


class RoleMissing(RuleRefused):
    """Only members with one of these roles may draw."""

    role_ids: Collection[int] = field(default=(), kw_only=True)


class RoleDenied(RuleRefused):
    """Members with this role may not draw."""

    role_id: int = field(default=0, kw_only=True)


class ChannelNotAllowed(RuleRefused):
    """Drawing is allowed only in these channels and their threads."""

    channel_ids: Collection[int] = field(default=(), kw_only=True)


class PrivateAnswersOff(RuleRefused):
    """Private answers are switched off in this server."""


class AgeRestrictedOnly(RuleRefused):
    """Drawing is allowed only in age-restricted channels."""


class WordBlocked(RuleRefused):
    """The finished prompt contains these words of the server's list, as they are written there."""

    words: Collection[str] = field(default=(), kw_only=True)


class CommandDenied(RuleRefused):
    """Discord's Integrations page denies this person the command `command` here, and with it the paid buttons."""

    command: str = field(default="", kw_only=True)


class SpendingLimitReached(RuleRefused):
    """A limit that was set in Discord is used up; a limit of 0 switches drawing off.

    `scope` says whose use it counts, `kind` which expensive requests ("" all). `most` and `left` are tasks, or amounts
    in `currency` where `is_amount`, or where that is not empty. `wanted` is what the request would have used; where its
    price is not known, an amount that is assumed, or 0.
    """

    scope: Literal["person", "member", "server", "everyone"] = field(default="member", kw_only=True)
    period: Literal["day", "month"] = field(default="day", kw_only=True)
    kind: str = field(default="", kw_only=True)
    most: Decimal = field(kw_only=True)
    left: Decimal = field(kw_only=True)
    wanted: Decimal = field(default=Decimal(1), kw_only=True)
    currency: str = field(default="", kw_only=True)
    is_amount: bool = field(default=False, kw_only=True)
    is_price_known: bool = field(default=True, kw_only=True)
    resets_at: datetime = field(kw_only=True)


class ConfirmationNeeded(PolicyRefused):
    """The request is expensive or makes several tasks, and the person has not confirmed it.

    `price` is for all `tasks` together; None where no price is known. `kind` is a CostKind's value, "" for what is not
    expensive by its kind. `tasks_left` and `amount_left` are what the limits leave to this person before it, None where
    none limits that. `earlier` is the other reason to ask, so that one answer is enough for both. `has_risen`: the
    person has confirmed a lower price.
    """

    tasks: int = 1
    kind: str = field(default="", kw_only=True)
    price: Decimal | None = field(default=None, kw_only=True)
    currency: str = field(default="", kw_only=True)
    tasks_left: int | None = field(default=None, kw_only=True)
    amount_left: Decimal | None = field(default=None, kw_only=True)
    earlier: RepeatUnconfirmed | PressUnrecorded | None = field(default=None, kw_only=True)
    has_risen: bool = field(default=False, kw_only=True)
