"""What the pages of a server's settings show, and what they have in common. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from bot.entities import Block, Rules, Spending, SpendingCount
from bot.entities.rules import Limits
from bot.policy.spending_limits import SpendingLimit
from cogs.components.event_item import EventItem
from cogs.languages import _
from cogs.text import limits
from cogs.text.amounts import format_amount
from cogs.text.rule_texts import describe_limits

_HIDDEN_LENGTH = 20
"""How many characters are kept free for "… and 12 more", which some languages write longer."""


@dataclass(frozen=True, kw_only=True)
class ServerSnapshot:
    """The rules of a server, and what Discord and the database tell about it, at one time.

    `roles` and `channels` are the ids of those that exist; None where Discord does not tell now. `missing` names the
    permissions that the bot lacks in the log channel and the gallery channel. `currency` is "" where no price is known.
    `limits` and `spending` are those of the server, filled for the page about money. `daily_limits` are the operator's
    settings: for each person, and for all servers together. `blocks` are those that hold, filled for their list.
    `refused_channels` says why the log channel or the gallery could not be used when the bot last tried.
    `open_reports` counts the messages that are reported, filled for the page about the log.
    """

    guild_id: int
    rules: Rules
    at: datetime
    roles: Collection[int] | None = None
    channels: Collection[int] | None = None
    missing: Mapping[int, Sequence[str]] = field(default_factory=dict[int, Sequence[str]])
    currency: str = ""
    limits: Sequence[SpendingLimit] = ()
    spending: Mapping[SpendingCount, Spending] = field(default_factory=dict[SpendingCount, Spending])
    daily_limits: tuple[int, int] = (1, 1)
    blocks: Sequence[Block] = ()
    refused_channels: Sequence[str] = ()
    open_reports: int = 0

    def format_role(self, role_id: int) -> str:
        """Format a role as a mention, which pings no one in an embed; a deleted one by its id."""
        if role_id == self.guild_id:
            return "@everyone"
        return _("deleted role `{id}`").format(id=role_id) if self.is_role_deleted(role_id) else f"<@&{role_id}>"

    def format_channel(self, channel_id: int) -> str:
        """Format a channel as a mention, a deleted one by its id."""
        is_deleted = self.is_channel_deleted(channel_id)
        return _("deleted channel `{id}`").format(id=channel_id) if is_deleted else f"<#{channel_id}>"

    def is_role_deleted(self, role_id: int) -> bool:
        """Return whether a role is known to exist no longer."""
        return self.roles is not None and role_id not in self.roles

    def is_channel_deleted(self, channel_id: int) -> bool:
        """Return whether a channel is known to exist no longer."""
        return bool(channel_id) and self.channels is not None and channel_id not in self.channels

    def format_limits(self, settings: Limits) -> str:
        """Describe limits in words; "" for none."""
        return describe_limits(settings, self.format_amount)

    def format_amount(self, amount: Decimal) -> str:
        """Format an amount in the currency of the prices."""
        return format_amount(amount, self.currency) if self.currency else _("an amount (no price is known)")

    @property
    def deleted_roles(self) -> Collection[int]:
        """The deleted roles that the rules still name."""
        server = self.rules.server
        named = {*server.allowed_roles, *server.denied_roles, *server.role_limits}
        return {role for role in named if self.is_role_deleted(role)}


@dataclass(frozen=True, kw_only=True)
class PageContent:
    """What a page shows: a text, warnings, fields, and the components in its rows 1 to 4."""

    text: str
    fields: Sequence[tuple[str, str]]
    items: Sequence[EventItem[Any]]
    warnings: Sequence[str] = ()


def join_lines(lines: Iterable[str], separator: str = "\n", *, total: int = 0) -> str:
    """Join the lines that fit a field, and say how many of `total` do not; no more lines are read than fit."""
    known = lines if total else list(lines)
    text, shown, count = "", 0, total or len(list(known))
    kept = max(_HIDDEN_LENGTH, limits.length(separator + _describe_hidden(count)))
    for line in known:
        longer = f"{text}{separator}{line}" if text else line
        if limits.length(longer) > limits.FIELD_VALUE - kept:
            break
        text, shown = longer, shown + 1
    return text if shown == count else f"{text}{separator}{_describe_hidden(count - shown)}"


def _describe_hidden(count: int) -> str:
    # Translators: The end of a list of roles, channels, words or lines.
    return _("… and {count} more").format(count=count)
