"""Render the pages of the operator's panel. Pure.

Values that the environment fixes are marked with 🔒: they are upper bounds, and are changed in the environment only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
from cogs.languages import N_, _, format_number, join_list, join_sentences
from cogs.text import limits
from cogs.text.amounts import format_amount
from cogs.text.balance import WITHOUT_PRICES
from cogs.text.limit_errors import count_jobs
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
NOT_AN_OPERATOR: Final = N_("Only the operator of this bot, who owns its Discord application, can use this.")
OWNERS_UNKNOWN: Final = N_("Discord hasn't told me yet who owns this application. Try again in a minute.")
STALE_ADMIN_PANEL: Final = N_("This panel is from another version of the bot. Run `/mjadmin` again.")
_NAME_LENGTH: Final = 50
_MAX_BLOCKS: Final = 10
_MENU_NAMES: Final[Mapping[AdminPage, str]] = {
    AdminPage.SERVERS: N_("Servers"),
    AdminPage.LIMITS: N_("Limits"),
    AdminPage.PRICES: N_("Prices"),
    AdminPage.MONEY: N_("Money"),
    AdminPage.EVERYTHING: N_("Everything"),
}
_STATES: Final[Mapping[GuildRefusal, str]] = {
    "not listed": N_("may not draw: not in ALLOWED_GUILDS 🔒"),
    "not managed": N_("may not draw: you don't manage it, and haven't allowed it here"),
    "owners unknown": N_("Discord hasn't told yet who you are"),
    "managers unknown": N_("Discord hasn't told who manages it"),
}
_SOURCES: Final = {"log": N_("the relay's log"), "relay": N_("the relay's price list")}

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
        return clean_and_cut(self.name, _NAME_LENGTH) or _("Server {id}").format(id=self.guild_id)

    @property
    def state(self) -> str:
        """Whether its members may draw, and why."""
        if self.grant.access is ServerAccess.DENIED:
            return _("denied by you")
        if self.refusal:
            return _(_STATES[self.refusal])
        return _("may draw, allowed by you") if self.grant.access is ServerAccess.ALLOWED else _("may draw")


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
        return describe_limits(settings, self.format_amount) or _("no limits")

    def format_amount(self, amount: Decimal) -> str:
        """Format an amount in the currency of the prices."""
        return format_amount(amount, self.currency) if self.currency else _("an amount (no price is known)")


def render_servers(context: AdminContext, lines: Sequence[ServerLine], number: int, pages: int) -> _View:
    """Render one page of the servers, with a menu of them; `number` counts from 0."""
    text = "\n".join(_describe_line(context, line) for line in lines) or _("I'm in no server yet.")
    if context.has_allowed_guilds:
        text += "\n\n" + _("🔒 `ALLOWED_GUILDS` is set: only the servers that it names may draw.")
    several = _("Servers, page {number} of {pages}").format(number=number + 1, pages=pages)
    embed = _build_embed(several if pages > 1 else _("Servers"), text)
    items: list[AdminItem] = []
    if lines:
        options = [
            discord.SelectOption(
                label=line.title, value=str(line.guild_id), description=limits.cut(line.state, limits.OPTION_TEXT)
            )
            for line in lines
        ]
        items.append(build_menu(AdminAction.PICK_SERVER, _("Choose a server …"), options, row=1))
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
    embed = _build_embed(escape_markdown(line.title), _("`{id}`: {state}.").format(id=line.guild_id, state=line.state))
    embed.add_field(name=_("Budget"), value=_cut_field(context.describe_limits(line.grant.server_limits)), inline=False)
    embed.add_field(name=_("This month"), value=_describe_used(line.used), inline=False)
    if not line.is_joined:
        why = _("I'm not in this server, or another process serves it.")
        embed.add_field(name=_("Not joined"), value=why, inline=False)
    if context.has_allowed_guilds and line.refusal:
        note = _("🔒 `ALLOWED_GUILDS` doesn't name it. To allow it, add its id there and restart me.")
        embed.add_field(name="ALLOWED_GUILDS", value=note, inline=False)
    value, access = str(line.guild_id), line.grant.access
    choices = (
        (AdminAction.ALLOW, _("Allow"), ServerAccess.ALLOWED),
        (AdminAction.DENY, _("Deny"), ServerAccess.DENIED),
        (AdminAction.DEFAULT, _("As the settings say"), ServerAccess.DEFAULT),
    )
    items = [
        build_button(action, label, row=1, value=value, style="success" if access is one else "secondary")
        for action, label, one in choices
    ]
    items.append(build_button(AdminAction.EDIT_BUDGET, _("Budget"), row=2, value=value))
    items.append(build_button(AdminAction.LIST_SERVERS, _("Back"), row=2, value="0"))
    return embed, _build_view(AdminPage.SERVERS, items)


def render_limits_page(context: AdminContext) -> _View:
    """Render the limits for everything."""
    embed = _build_embed(_("Limits"), _("They hold everywhere, as well as the limits of the environment."))
    operator = context.operator
    person = _("🔒 {count} jobs a day (`DAILY_SUBMITS_PER_PERSON`)").format(
        count=format_number(context.daily_submits_per_person)
    )
    total = _("🔒 {count} jobs a day (`DAILY_SUBMITS`)").format(count=format_number(context.daily_submits))
    for name, fixed, settings in (
        (_("Each person"), person, operator.person_limits),
        (_("Everyone together"), total, operator.total_limits),
    ):
        own = _("Set here: {limits}").format(limits=context.describe_limits(settings))
        embed.add_field(name=name, value=_cut_field(f"{fixed}\n{own}"), inline=False)
    items = [
        build_button(AdminAction.EDIT_LIMITS, _("Each person"), row=1, value="person"),
        build_button(AdminAction.EDIT_LIMITS, _("Everyone together"), row=1, value="total"),
    ]
    return embed, _build_view(AdminPage.LIMITS, items)


def render_prices(context: AdminContext, prices: Mapping[str, Price], *, is_fixed: bool, unpriced: str = "") -> _View:
    """Render the known prices with their sources, and what is told of actions without one."""
    if prices:
        text = limits.join_fitting(_list_prices(prices, is_fixed=is_fixed), limits.EMBED_DESCRIPTION)
    else:
        text = join_sentences(
            _("No price is known, so none is shown anywhere. Set them here if the relay doesn't tell them."),
            _(WITHOUT_PRICES),
        )
    embed = _build_embed(_("Prices"), text)
    if unpriced:
        embed.add_field(name=_("Without a price"), value=_cut_field(unpriced), inline=False)
    if is_fixed:
        embed.set_footer(text=_("🔒 PRICES is set in the environment, so prices can't be set here."))
    elif context.operator.prices:
        embed.add_field(name=_("Set here"), value=_cut_field(format_code(context.operator.prices)), inline=False)
    return embed, _build_view(
        AdminPage.PRICES, [build_button(AdminAction.EDIT_PRICES, _("Set prices"), row=1, disabled=is_fixed)]
    )


def render_money(context: AdminContext, balance: Sequence[str], alarm_at: Decimal | None, *, in_server: bool) -> _View:
    """Render the balance, its alarm, and where alarms and changes are shown."""
    operator = context.operator
    state, *advice = balance
    # Translators: {state} is such as "can't be read: this relay tells it to no key." or "$5.00 left at the relay."
    text = join_sentences(_("The balance {state}").format(state=state), *advice)
    embed = _build_embed(_("Money"), text)
    embed.add_field(name=_("Alarm"), value=_describe_alarm(context, alarm_at), inline=False)
    channel = f"<#{operator.log_channel_id}>"
    if not operator.log_channel_id:
        channel = _("None. Alarms are in the bot's log only.")
    if not in_server:
        channel += "\n" + _("To choose one, run `/mjadmin` in its server.")
    embed.add_field(name=_("Operator's log channel"), value=channel, inline=False)
    by_dm = _("On, where the log channel can't be used.") if operator.alarms_by_dm else _("Off.")
    embed.add_field(name=_("Alarms by direct message"), value=by_dm, inline=False)
    return embed, _build_view(AdminPage.MONEY, _build_money_items(operator, in_server=in_server))


def _build_money_items(operator: OperatorRules, *, in_server: bool) -> Iterator[AdminItem]:
    if in_server:
        yield build_channel_menu(AdminAction.PICK_LOG, _("Choose the operator's log channel …"), row=1)
    label, value, style = (
        (_("Alarms by DM: on"), "off", "success")
        if operator.alarms_by_dm
        else (_("Alarms by DM: off"), "on", "secondary")
    )
    yield build_button(AdminAction.SET_ALARMS, label, row=2, value=value, style=style)
    if operator.log_channel_id:
        yield build_button(AdminAction.REMOVE_LOG, _("No log channel"), row=2)


def render_everything(context: AdminContext, blocks: Sequence[Block], open_reports: int = 0) -> _View:
    """Render what holds for everything: the pause, the people who are blocked everywhere, reports, and the export."""
    is_paused = context.operator.paused
    text = _("⏸️ All drawing is **paused** everywhere.") if is_paused else _("Drawing is on.")
    embed = _build_embed(_("Everything"), text)
    lines = [_describe_block(block) for block in blocks[:_MAX_BLOCKS]]
    if len(blocks) > _MAX_BLOCKS:
        lines.append(_("… and {count} more").format(count=len(blocks) - _MAX_BLOCKS))
    embed.add_field(name=_("Blocked everywhere"), value=join_lines(lines) or _("No one"), inline=False)
    pause = (AdminAction.RESUME, _("Resume all drawing")) if is_paused else (AdminAction.PAUSE, _("Pause all drawing"))
    items: list[ui.Item[Any]] = [
        build_button(*pause, row=1, style="success" if is_paused else "danger"),
        build_button(AdminAction.BLOCK, _("Block a person"), row=2),
        build_button(AdminAction.UNBLOCK, _("Unblock a person"), row=2, disabled=not blocks),
        build_button(AdminAction.EXPORT, _("Export the ledger"), row=3),
        build_list_button(ReportAudience.OPERATOR, open_reports, row=3),
    ]
    return embed, _build_view(AdminPage.EVERYTHING, items)


def _describe_line(context: AdminContext, line: ServerLine) -> str:
    parts = [line.state]
    if line.grant.server_limits:
        parts.append(_("budget: {limits}").format(limits=context.describe_limits(line.grant.server_limits)))
    parts.append(_("this month: {used}").format(used=_describe_used(line.used)))
    shown = limits.cut(" · ".join(parts), 300)
    return f"**{escape_markdown(line.title)}** · {shown}"


def _describe_used(used: LedgerTotal | None) -> str:
    if used is None or not used.tasks:
        return _("nothing")
    jobs = count_jobs(used.tasks)
    if not used.currency or not used.amount:
        return jobs
    return join_list((jobs, format_amount(used.amount, used.currency, is_about=bool(used.unconfirmed))))


def _list_prices(prices: Mapping[str, Price], *, is_fixed: bool) -> Iterator[str]:
    """List the prices by the names that the form takes, and their source once where all have the same."""
    sources = {_name_source(price, is_fixed=is_fixed) for price in prices.values()}
    if len(sources) == 1:
        yield _("All from {source}:").format(source=next(iter(sources)))
    for model, price in prices.items():
        shown = format_amount(price.amount, price.currency, is_about=price.source != "log")
        if model in NEVER_BILLED and not price.amount:
            shown = _("free until the form is sent")
        if len(sources) > 1:
            shown = _("{price}, from {source}").format(price=shown, source=_name_source(price, is_fixed=is_fixed))
        yield f"{format_code(name_action(model) or model)} {shown}"


def _describe_alarm(context: AdminContext, alarm_at: Decimal | None) -> str:
    """Say below which balance there is an alarm, where that is set, and where alarms go."""
    if alarm_at is None:
        return _("🔒 off. Set in the environment below which balance to warn, for example `BALANCE_ALARM=5`.")
    fixed = _("🔒 at {amount}, set in the environment (`BALANCE_ALARM`).").format(
        amount=format_amount(alarm_at, context.currency)
    )
    match bool(context.operator.log_channel_id), context.operator.alarms_by_dm:
        case True, True:
            goes = _("Alarms go to {channel}, or by direct message to you where that fails.")
        case True, False:
            goes = _("Alarms go to {channel}.")
        case False, True:
            goes = _("Alarms go by direct message to you.")
        case _:
            goes = _("Alarms go to the bot's log only.")
    return join_sentences(fixed, goes.format(channel=f"<#{context.operator.log_channel_id}>"))


def _name_source(price: Price, *, is_fixed: bool) -> str:
    if price.source != "settings":
        return _(_SOURCES[price.source])
    return "PRICES 🔒" if is_fixed else _("what you set here")


def _describe_block(block: Block) -> str:
    person = mention_person(block.person_id)
    if block.until is None:
        return _("{person} without an end").format(person=person)
    return _("{person} until {date}").format(person=person, date=f"<t:{int(block.until.timestamp())}:f>")


def _cut_field(text: str) -> str:
    return limits.cut(text, limits.FIELD_VALUE)


def _build_embed(title: str, text: str) -> discord.Embed:
    return discord.Embed(title=title, color=ACTIVE_COLOR, description=limits.cut(text, limits.EMBED_DESCRIPTION))


def _build_view(page: AdminPage, items: Iterable[ui.Item[Any]]) -> ui.View:
    pages: list[ui.Item[Any]] = [
        build_button(AdminAction.OPEN_PAGE, _(name), row=0, value=one, style="primary" if one is page else "secondary")
        for one, name in _MENU_NAMES.items()
    ]
    return build_view([*pages, *items])
