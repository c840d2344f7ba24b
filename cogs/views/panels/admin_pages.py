"""Render the pages of the operator's panel. Pure.

Values that the environment fixes are marked with 🔒: they are upper bounds, and are changed in the environment only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import discord
from discord import ui

from bot.entities import Block, LedgerTotal, OperatorRules, ReportAudience, ServerAccess, ServerGrant
from bot.entities.rules import Limits
from bot.errors import GuildRefusal
from bot.money import name_action
from bot.policy.prices import NEVER_BILLED, Price
from cogs.components.event_item import build_view
from cogs.text import limits
from cogs.text.amounts import format_amount
from cogs.text.balance import WITHOUT_PRICES
from cogs.text.markdown import clean_and_cut, escape_markdown, format_code, mention_person
from cogs.text.rule_texts import describe_limits
from cogs.views.colors import ACTIVE_COLOR
from cogs.views.panels.admin_controls import (
    AdminAction,
    AdminItem,
    AdminPage,
    build_button,
    build_channel_menu,
    build_menu,
)
from cogs.views.panels.report_list import build_list_button
from cogs.views.panels.server_snapshot import join_lines

SERVERS_PER_PAGE: Final = 10
NOT_AN_OPERATOR: Final = "Only the operator of this bot, who owns its Discord application, can use this."
OWNERS_UNKNOWN: Final = "Discord hasn't told me yet who owns this application. Try again in a minute."
STALE_ADMIN_PANEL: Final = "This panel is from another version of the bot. Run `/mjadmin` again."
_FIXED: Final = "🔒"
_NAME_LENGTH: Final = 50
_MAX_BLOCKS: Final = 10
_MENU_NAMES: Final[Mapping[AdminPage, str]] = {
    AdminPage.SERVERS: "Servers",
    AdminPage.LIMITS: "Limits",
    AdminPage.PRICES: "Prices",
    AdminPage.MONEY: "Money",
    AdminPage.EVERYTHING: "Everything",
}
_STATES: Final[Mapping[GuildRefusal, str]] = {
    "not listed": f"may not draw: not in ALLOWED_GUILDS {_FIXED}",
    "not managed": "may not draw: you don't manage it, and haven't allowed it here",
    "owners unknown": "Discord hasn't told yet who you are",
    "managers unknown": "Discord hasn't told who manages it",
}
_SOURCES: Final = {"log": "the relay's log", "relay": "the relay's price list", "settings": "set"}

_View = tuple[discord.Embed, ui.View]


@dataclass(frozen=True, kw_only=True)
class ServerLine:
    """A server as the panel shows it; `refusal` is why its members may not spend there by the settings."""

    guild_id: int
    name: str
    refusal: GuildRefusal | None
    grant: ServerGrant = field(default_factory=ServerGrant)
    used: LedgerTotal | None = None
    is_joined: bool = True

    @property
    def title(self) -> str:
        """The name in one line, or the id."""
        return clean_and_cut(self.name, _NAME_LENGTH) or f"Server {self.guild_id}"

    @property
    def state(self) -> str:
        """Whether its members may draw, and why."""
        if self.grant.access is ServerAccess.DENIED:
            return "denied by you"
        if self.refusal:
            return _STATES[self.refusal]
        return "may draw, allowed by you" if self.grant.access is ServerAccess.ALLOWED else "may draw"


@dataclass(frozen=True, kw_only=True)
class AdminContext:
    """What all pages need: the operator's rules, the currency, and what the environment fixes."""

    operator: OperatorRules
    currency: str
    has_allowed_guilds: bool = False
    daily_submits_per_person: int = 0
    daily_submits: int = 0

    def describe_limits(self, settings: Limits) -> str:
        """Describe limits in words."""
        return describe_limits(settings, self.format_amount) or "no limits"

    def format_amount(self, amount: Decimal) -> str:
        """Format an amount in the currency of the prices."""
        return format_amount(amount, self.currency) if self.currency else "an amount (no price is known)"


def render_servers(context: AdminContext, lines: Sequence[ServerLine], number: int, pages: int) -> _View:
    """Render one page of the servers, with a menu of them; `number` counts from 0."""
    text = "\n".join(_describe_line(context, line) for line in lines) or "I'm in no server yet."
    if context.has_allowed_guilds:
        text += f"\n\n{_FIXED} `ALLOWED_GUILDS` is set: only the servers that it names may draw."
    embed = _build_embed(f"Servers{f', page {number + 1} of {pages}' if pages > 1 else ''}", text)
    items: list[AdminItem] = []
    if lines:
        options = [
            discord.SelectOption(
                label=line.title, value=str(line.guild_id), description=limits.cut(line.state, limits.OPTION_TEXT)
            )
            for line in lines
        ]
        items.append(build_menu(AdminAction.PICK_SERVER, "Choose a server …", options, row=1))
    if pages > 1:
        before, after = max(number - 1, 0), min(number + 1, pages - 1)
        # The values differ also where both lead to the same page: Discord takes each custom_id once.
        items.append(build_button(AdminAction.LIST_SERVERS, "◀", row=2, value=f"b{before}", disabled=number == 0))
        items.append(
            build_button(AdminAction.LIST_SERVERS, "▶", row=2, value=f"n{after}", disabled=number >= pages - 1)
        )
    return embed, _build_view(AdminPage.SERVERS, items)


def render_server(context: AdminContext, line: ServerLine) -> _View:
    """Render one server: its state, budget and use, and what can be changed."""
    embed = _build_embed(escape_markdown(line.title), f"`{line.guild_id}`: {line.state}.")
    embed.add_field(name="Budget", value=_cut_field(context.describe_limits(line.grant.server_limits)), inline=False)
    embed.add_field(name="This month", value=_describe_used(line.used), inline=False)
    if not line.is_joined:
        embed.add_field(name="Not joined", value="I'm not in this server, or another process serves it.", inline=False)
    if context.has_allowed_guilds and line.refusal:
        note = f"{_FIXED} `ALLOWED_GUILDS` doesn't name it. To allow it, add its id there and restart me."
        embed.add_field(name="ALLOWED_GUILDS", value=note, inline=False)
    value, access = str(line.guild_id), line.grant.access
    choices = (
        (AdminAction.ALLOW, "Allow", ServerAccess.ALLOWED),
        (AdminAction.DENY, "Deny", ServerAccess.DENIED),
        (AdminAction.DEFAULT, "As the settings say", ServerAccess.DEFAULT),
    )
    items = [
        build_button(action, label, row=1, value=value, style="success" if access is one else "secondary")
        for action, label, one in choices
    ]
    items.append(build_button(AdminAction.EDIT_BUDGET, "Budget", row=2, value=value))
    items.append(build_button(AdminAction.LIST_SERVERS, "Back", row=2, value="0"))
    return embed, _build_view(AdminPage.SERVERS, items)


def render_limits_page(context: AdminContext) -> _View:
    """Render the limits for everything."""
    embed = _build_embed("Limits", "They hold everywhere, as well as the limits of the environment.")
    operator = context.operator
    embed.add_field(
        name="Each person",
        value=_cut_field(
            f"{_FIXED} {context.daily_submits_per_person:,} jobs a day (`DAILY_SUBMITS_PER_PERSON`)\n"
            f"Set here: {context.describe_limits(operator.person_limits)}"
        ),
        inline=False,
    )
    embed.add_field(
        name="Everyone together",
        value=_cut_field(
            f"{_FIXED} {context.daily_submits:,} jobs a day (`DAILY_SUBMITS`)\n"
            f"Set here: {context.describe_limits(operator.total_limits)}"
        ),
        inline=False,
    )
    items = [
        build_button(AdminAction.EDIT_LIMITS, "Each person", row=1, value="person"),
        build_button(AdminAction.EDIT_LIMITS, "Everyone together", row=1, value="total"),
    ]
    return embed, _build_view(AdminPage.LIMITS, items)


def render_prices(context: AdminContext, prices: Mapping[str, Price], *, is_fixed: bool, unpriced: str = "") -> _View:
    """Render the known prices with their sources, and what is told of actions without one."""
    if prices:
        text = limits.join_fitting(_list_prices(prices, is_fixed=is_fixed), limits.EMBED_DESCRIPTION)
    else:
        text = (
            "No price is known, so none is shown anywhere. Set them here if the relay doesn't tell them. "
            f"{WITHOUT_PRICES}"
        )
    embed = _build_embed("Prices", text)
    if unpriced:
        embed.add_field(name="Without a price", value=_cut_field(unpriced), inline=False)
    if is_fixed:
        embed.set_footer(text=f"{_FIXED} PRICES is set in the environment, so prices can't be set here.")
    elif context.operator.prices:
        embed.add_field(name="Set here", value=_cut_field(format_code(context.operator.prices)), inline=False)
    return embed, _build_view(
        AdminPage.PRICES, [build_button(AdminAction.EDIT_PRICES, "Set prices", row=1, disabled=is_fixed)]
    )


def render_money(context: AdminContext, balance: Sequence[str], alarm_at: Decimal | None, *, in_server: bool) -> _View:
    """Render the balance, its alarm, and where alarms and changes are shown."""
    operator = context.operator
    embed = _build_embed("Money", f"The balance {' '.join(filter(None, balance))}")
    embed.add_field(name="Alarm", value=_describe_alarm(context, alarm_at), inline=False)
    channel = f"<#{operator.log_channel_id}>" if operator.log_channel_id else "None. Alarms are in the bot's log only."
    if not in_server:
        channel += "\nTo choose one, run `/mjadmin` in its server."
    embed.add_field(name="Operator's log channel", value=channel, inline=False)
    by_dm = "On, where the log channel can't be used." if operator.alarms_by_dm else "Off."
    embed.add_field(name="Alarms by direct message", value=by_dm, inline=False)
    items: list[AdminItem] = []
    if in_server:
        items.append(build_channel_menu(AdminAction.PICK_LOG, "Choose the operator's log channel …", row=1))
    label, value = ("Alarms by DM: on", "off") if operator.alarms_by_dm else ("Alarms by DM: off", "on")
    style = "success" if operator.alarms_by_dm else "secondary"
    items.append(build_button(AdminAction.SET_ALARMS, label, row=2, value=value, style=style))
    if operator.log_channel_id:
        items.append(build_button(AdminAction.REMOVE_LOG, "No log channel", row=2))
    return embed, _build_view(AdminPage.MONEY, items)


def render_everything(context: AdminContext, blocks: Sequence[Block], open_reports: int = 0) -> _View:
    """Render what holds for everything: the pause, the people who are blocked everywhere, reports, and the export."""
    is_paused = context.operator.paused
    text = "⏸️ All drawing is **paused** everywhere." if is_paused else "Drawing is on."
    embed = _build_embed("Everything", text)
    lines = [f"{mention_person(block.person_id)} {_describe_end(block.until)}" for block in blocks[:_MAX_BLOCKS]]
    if len(blocks) > _MAX_BLOCKS:
        lines.append(f"… and {len(blocks) - _MAX_BLOCKS} more")
    embed.add_field(name="Blocked everywhere", value=join_lines(lines) or "No one", inline=False)
    pause = (AdminAction.RESUME, "Resume all drawing") if is_paused else (AdminAction.PAUSE, "Pause all drawing")
    items: list[ui.Item[Any]] = [
        build_button(*pause, row=1, style="success" if is_paused else "danger"),
        build_button(AdminAction.BLOCK, "Block a person", row=2),
        build_button(AdminAction.UNBLOCK, "Unblock a person", row=2, disabled=not blocks),
        build_button(AdminAction.EXPORT, "Export the ledger", row=3),
        build_list_button(ReportAudience.OPERATOR, open_reports, row=3),
    ]
    return embed, _build_view(AdminPage.EVERYTHING, items)


def _describe_line(context: AdminContext, line: ServerLine) -> str:
    budget = context.describe_limits(line.grant.server_limits) if line.grant.server_limits else ""
    parts = [line.state, budget and f"budget: {budget}", f"this month: {_describe_used(line.used)}"]
    shown = limits.cut(" · ".join(filter(None, parts)), 300)
    return f"**{escape_markdown(line.title)}** · {shown}"


def _describe_used(used: LedgerTotal | None) -> str:
    if used is None or not used.tasks:
        return "nothing"
    jobs = f"{used.tasks} {'job' if used.tasks == 1 else 'jobs'}"
    if not used.currency or not used.amount:
        return jobs
    is_about = bool(used.unconfirmed)
    return f"{jobs}, {format_amount(used.amount, used.currency, is_about=is_about)}"


def _list_prices(prices: Mapping[str, Price], *, is_fixed: bool) -> Iterator[str]:
    """List the prices by the names that the form takes, and their source once where all have the same."""
    sources = {_name_source(price, is_fixed=is_fixed) for price in prices.values()}
    if len(sources) == 1:
        yield f"All from {next(iter(sources))}:"
    for model, price in prices.items():
        shown = format_amount(price.amount, price.currency, is_about=price.source != "log")
        if model in NEVER_BILLED and not price.amount:
            shown = "free until the form is sent"
        source = f", from {_name_source(price, is_fixed=is_fixed)}" if len(sources) > 1 else ""
        yield f"{format_code(name_action(model) or model)} {shown}{source}"


def _describe_alarm(context: AdminContext, alarm_at: Decimal | None) -> str:
    """Say below which balance there is an alarm, where that is set, and where alarms go."""
    if alarm_at is None:
        return f"{_FIXED} off. Set in the environment below which balance to warn, for example `BALANCE_ALARM=5`."
    operator = context.operator
    by_dm = "by direct message to you" if operator.alarms_by_dm else ""
    if operator.log_channel_id:
        where = f"<#{operator.log_channel_id}>{f', or {by_dm} where that fails' if by_dm else ''}"
    else:
        where = by_dm or "the bot's log only"
    shown = format_amount(alarm_at, context.currency)
    goes = where if where == by_dm else f"to {where}"
    return f"{_FIXED} at {shown}, set in the environment (`BALANCE_ALARM`). Alarms go {goes}."


def _name_source(price: Price, *, is_fixed: bool) -> str:
    if price.source != "settings":
        return _SOURCES[price.source]
    return f"PRICES {_FIXED}" if is_fixed else "what you set here"


def _describe_end(until: datetime | None) -> str:
    return f"until <t:{int(until.timestamp())}:f>" if until else "without an end"


def _cut_field(text: str) -> str:
    return limits.cut(text, limits.FIELD_VALUE)


def _build_embed(title: str, text: str) -> discord.Embed:
    return discord.Embed(title=title, color=ACTIVE_COLOR, description=limits.cut(text, limits.EMBED_DESCRIPTION))


def _build_view(page: AdminPage, items: Iterable[ui.Item[Any]]) -> ui.View:
    pages: list[ui.Item[Any]] = [
        build_button(AdminAction.OPEN_PAGE, name, row=0, value=one, style="primary" if one is page else "secondary")
        for one, name in _MENU_NAMES.items()
    ]
    return build_view([*pages, *items])
