"""Render usage: a person's own with what is left, and reports with the bars of their chart. Pure.

A button's custom_id holds the page that it opens: pressed twice, or after a restart, it does the same.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Self

import discord
from discord import ui

from bot.entities import CostKind, CountScope, LedgerEntry, LedgerGroup, LedgerOutcome, LimitSetting, Period
from bot.features.limits_overview import LimitsOverview
from bot.features.usage_report import OwnUsage, Spent, UsageLine, UsageRange, UsageReport, add_lines
from bot.imaging.chart_drawer import Bar
from bot.policy.rules import SpendingPolicy, next_utc_midnight
from bot.policy.spending_limits import SpendingLimit
from bot.policy.time_zones import format_zone
from cogs.components.event_item import EventItem, build_view
from cogs.languages import N_, _, join_list, join_sentences
from cogs.languages.formats import localize_number
from cogs.text import limits
from cogs.text.amounts import format_amount
from cogs.text.limit_errors import count_jobs
from cogs.text.markdown import clean_and_cut, escape_markdown, format_code, format_relative_time, mention_person
from cogs.views.colors import ACTIVE_COLOR

USAGE_CLICK_EVENT: Final = "usage_click"
"""The event of a click: `on_usage_click(interaction, choice)`."""
CHART_NAME: Final = "usage.png"
MAX_LINES: Final = 15
"""How many groups a report names; its chart has room for as many numbers."""

_TEMPLATE = r"mj:usage:(?P<verb>[a-z]{1,9}):(?P<page>[a-z]{1,9}):(?P<which>[a-z]{1,9}):(?P<group>[a-z]{1,9})"
_MAX_CURRENCIES: Final = 3
_NAME_LENGTH: Final = 60
_CURRENCY_LENGTH: Final = 12
_RANGES: Final = {
    UsageRange.TODAY: (N_("Today"), N_("today")),
    UsageRange.WEEK: (N_("7 days"), N_("7 days")),
    UsageRange.MONTH: (N_("This month"), N_("this month")),
    UsageRange.LAST_MONTH: (N_("Last month"), N_("last month")),
}
"""On a button, and inside a sentence."""
_GROUPS: Final = {
    LedgerGroup.PERSON: (N_("By person"), N_("by person")),
    LedgerGroup.SERVER: (N_("By server"), N_("by server")),
    LedgerGroup.ACTION: (N_("By action"), N_("by action")),
    LedgerGroup.DAY: (N_("By day"), N_("by day")),
}
"""On a button, and inside a sentence."""
_OUTCOMES: Final = {
    LedgerOutcome.REFUSED: N_("refused, not charged"),
    LedgerOutcome.RUNNING: N_("running"),
    LedgerOutcome.DONE: N_("done"),
    LedgerOutcome.FAILED: N_("failed"),
    LedgerOutcome.CREDITED: N_("failed, credited"),
    LedgerOutcome.UNKNOWN: N_("answer lost"),
}
_KINDS: Final = {
    CostKind.VIDEO: (N_("{count} videos"), N_("videos")),
    CostKind.TURBO: (N_("{count} turbo jobs"), N_("turbo jobs")),
    CostKind.HD: (N_("{count} HD jobs"), N_("HD jobs")),
    CostKind.SEVERAL: (N_("{count} jobs at once"), N_("several jobs at once")),
}
"""Counted, and what an amount may be spent for."""
_SCOPES: Final = {
    CountScope.PERSON: N_("you, everywhere"),
    CountScope.MEMBER: N_("you, in this server"),
    CountScope.SERVER: N_("this server's members together"),
    CountScope.EVERYONE: N_("everyone together"),
}
_SCOPES_OF_OTHERS: Final = _SCOPES | {
    CountScope.PERSON: N_("they, everywhere"),
    CountScope.MEMBER: N_("they, in this server"),
}
"""For a report about a person who is not its reader."""


class UsagePage(StrEnum):
    """Whose usage is shown."""

    MINE = "mine"
    SERVER = "server"
    ALL = "all"


_PAGES: Final = {UsagePage.MINE: N_("You"), UsagePage.SERVER: N_("This server"), UsagePage.ALL: N_("Everything")}
_TITLES: Final = {UsagePage.SERVER: N_("Usage of this server"), UsagePage.ALL: N_("Usage of all servers")}


@dataclass(frozen=True)
class UsageChoice:
    """What a button shows; `is_file`: it sends the ledger as a file."""

    page: UsagePage = UsagePage.MINE
    which: UsageRange = UsageRange.MONTH
    group: LedgerGroup = LedgerGroup.PERSON
    is_file: bool = False

    def get_custom_id(self, row: str) -> str:
        """Return the custom_id of a button of a row; two rows may have a button for the same page."""
        return f"mj:usage:{'file' if self.is_file else row}:{self.page}:{self.which}:{self.group}"

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self | None:
        """Read what the template found in a custom_id; None for what only another version of the bot knows."""
        try:
            page, which, group = UsagePage(match["page"]), UsageRange(match["which"]), LedgerGroup(match["group"])
        except ValueError:
            return None
        return cls(page, which, group, match["verb"] == "file")


class UsageButton(EventItem[ui.Button[Any]], template=_TEMPLATE):
    """A button of the panel."""

    def get_event(self) -> tuple[str, UsageChoice | None]:
        """Dispatch the choice; None for one that this version does not know."""
        return USAGE_CLICK_EVENT, UsageChoice.parse(self.match)


def render_own_usage(
    own: OwnUsage, policy: SpendingPolicy, refusal: str, pages: Collection[UsagePage]
) -> tuple[discord.Embed, ui.View]:
    """Render a person's own usage; `refusal` says why they cannot draw now, "" where they can.

    `pages` are those that the person may open.
    """
    embed = discord.Embed(title=_("Your usage"), color=ACTIVE_COLOR)
    blocked = join_sentences(_("**You can't draw here now.**"), refusal) if refusal else ""
    last = "\n".join([_("**Your last requests**"), *map(_format_entry, own.recent)]) if own.recent else ""
    nothing = "" if last else _("You haven't asked for anything that costs yet. `/imagine` draws something.")
    embed.description = limits.join_fitting((blocked, last, nothing), limits.EMBED_DESCRIPTION, "\n\n")
    for name, line in ((_("Today"), own.today), (_("This month"), own.month)):
        embed.add_field(name=name, value=_format_use(line, has_detail=True))
    left = limits.join_fitting(list_limits(own.overview, policy), limits.FIELD_VALUE)
    embed.add_field(name=_("What is left"), value=left, inline=False)
    choice = UsageChoice()
    buttons = _build_page_row(choice, pages) if len(pages) > 1 else []
    return embed, build_view([*buttons, _build_button("again", _("Refresh"), choice, row=1)])


def render_report(
    report: UsageReport,
    choice: UsageChoice,
    pages: Collection[UsagePage],
    *,
    name_server: Callable[[int], str],
    has_chart: bool,
) -> tuple[discord.Embed, ui.View]:
    """Render a report; `name_server` returns the name of a server, "" where it is not known."""
    embed = discord.Embed(title=_(_TITLES[choice.page]), color=ACTIVE_COLOR)
    # Translators: {range} is such as "This month", {group} such as "by person".
    head = _("**{range}**, {group}. Days begin at midnight, {zone}.").format(
        range=_(_RANGES[report.which][0]), group=_(_GROUPS[report.group][1]), zone=format_zone(report.zone)
    )
    total = _("**Total**: {use}").format(use=_format_use(report.total, has_detail=True))
    lines = limits.join_fitting(_list_lines(report, name_server), limits.EMBED_DESCRIPTION - 700)
    parts = (f"{head}\n{total}", lines or _("Nothing was drawn in this time."), _explain(report, has_chart=has_chart))
    embed.description = limits.join_fitting(parts, limits.EMBED_DESCRIPTION, "\n\n")
    if has_chart:
        embed.set_image(url=f"attachment://{CHART_NAME}")
    return embed, build_view(_build_buttons(choice, pages))


def list_bars(report: UsageReport) -> Sequence[Bar]:
    """List the bars of a report's chart: numbered as its lines are, or with the day of the month."""
    return [
        Bar(confirmed=confirmed, unconfirmed=unconfirmed, label=label)
        for label, line in _number_lines(report)
        for confirmed, unconfirmed in [_measure(line, report.currency)]
    ]


def describe_chart(report: UsageReport) -> str:
    """Describe a chart for people who do not see it: what it shows, and the height of each bar."""
    text = (
        # Translators: {group} is such as "by person", {range} such as "this month", {heights} such as "1: 20, 2: 7".
        _("Bar chart of amounts in {currency} {group}, {range}. {heights}.")
        if report.currency
        else _("Bar chart of numbers of jobs {group}, {range}. {heights}.")
    )
    heights = (
        f"{label}: {localize_number(f'{sum(_measure(line, report.currency)):f}')}"
        for label, line in _number_lines(report)
    )
    shown = text.format(
        currency=clean_and_cut(report.currency, _CURRENCY_LENGTH),
        group=_(_GROUPS[report.group][1]),
        range=_(_RANGES[report.which][1]),
        heights=join_list(heights),
    )
    return limits.cut(shown, limits.ALT_TEXT)


def _measure(line: UsageLine, currency: str) -> tuple[Decimal, Decimal]:
    if not currency:
        return Decimal(line.tasks), Decimal(0)
    spent = line.get_spent(currency)
    return spent.amount - spent.unconfirmed, spent.unconfirmed


def _number_lines(report: UsageReport) -> Iterator[tuple[str, UsageLine]]:
    """Yield the label of each bar and its line."""
    if report.group is LedgerGroup.DAY:
        yield from ((line.key[-2:].lstrip("0"), line) for line in report.lines)
    else:
        yield from ((str(number), line) for number, line in enumerate(report.lines[:MAX_LINES], 1))


def _list_lines(report: UsageReport, name_server: Callable[[int], str]) -> Iterator[str]:
    if report.group is LedgerGroup.DAY:
        yield from (f"{_format_day(line.key)} · {_format_use(line)}" for line in report.lines if line.tasks)
        return
    for label, line in _number_lines(report):
        yield f"`{label:>2}` {_name_key(report.group, line.key, name_server)} · {_format_use(line)}"
    if rest := report.lines[MAX_LINES:]:
        # Translators: The end of a list of people, servers or actions; {use} is such as "3 jobs · $0.30".
        more = _("and {count} more · {use}")
        yield more.format(count=len(rest), use=_format_use(add_lines(rest)))


def _name_key(group: LedgerGroup, key: str, name_server: Callable[[int], str]) -> str:
    if group is LedgerGroup.ACTION:
        return format_action(key)
    number = int(key) if key.removeprefix("-").isdecimal() else 0
    if group is LedgerGroup.PERSON:
        return mention_person(number)
    if not number:
        return _("Direct messages")
    name = clean_and_cut(name_server(number), _NAME_LENGTH)
    return escape_markdown(name) if name else format_code(str(number))


def format_action(action: str) -> str:
    """Format the API's word for an action: "Imagine", "Inpaint"; "Other" where it is not known."""
    words = clean_and_cut(action, _NAME_LENGTH).replace("_", " ").strip()
    return escape_markdown(words.capitalize()) if words else _("Other")


def _format_day(key: str) -> str:
    """Format a day as Discord does, in the reader's language: noon in UTC is the same day almost everywhere."""
    try:
        noon = datetime.combine(datetime.fromisoformat(key).date(), time(12), UTC)
    except ValueError:
        return format_code(key)
    return f"<t:{int(noon.timestamp())}:D>"


def _format_use(line: UsageLine, *, has_detail: bool = False) -> str:
    """Format tasks and amounts: "3 jobs · about $0.30"."""
    spent = sorted(line.spent.items(), key=lambda one: -one[1].amount)[:_MAX_CURRENCIES]
    amounts = " + ".join(_format_spent(currency, amount, has_detail=has_detail) for currency, amount in spent)
    return " · ".join(filter(None, (count_jobs(line.tasks), amounts)))


def _format_spent(currency: str, spent: Spent, *, has_detail: bool) -> str:
    shown = _cut_currency(currency)
    text = format_amount(spent.amount, shown, is_about=spent.unconfirmed > 0)
    if has_detail and 0 < spent.unconfirmed < spent.amount:
        unconfirmed = format_amount(spent.unconfirmed, shown)
        return _("{amount} ({unconfirmed} of it not confirmed yet)").format(amount=text, unconfirmed=unconfirmed)
    return text


def _cut_currency(currency: str) -> str:
    """Cut the name of a currency, which a relay chooses, and escape it."""
    return escape_markdown(clean_and_cut(currency, _CURRENCY_LENGTH))


def _explain(report: UsageReport, *, has_chart: bool) -> str:
    """Say what the colors of the chart mean, or that it is missing."""
    if not has_chart:
        return _("The chart couldn't be drawn now.") if report.total.tasks else ""
    if not report.currency:
        return _("🟦 jobs")
    is_partly = report.total.get_spent(report.currency).unconfirmed > 0
    confirmed = _("🟦 {currency}, confirmed by the service's log").format(currency=_cut_currency(report.currency))
    return " · ".join([confirmed, *([_("🟧 striped: not confirmed yet")] if is_partly else [])])


def _format_entry(entry: LedgerEntry) -> str:
    price = ""
    if entry.amount is not None:
        price = format_amount(entry.amount, _cut_currency(entry.currency), is_about=entry.confirmed is None)
    link = _("private") if entry.is_private else _("[message]({link})").format(link=entry.link) if entry.link else ""
    what = format_action(entry.action) + (f" x{entry.tasks}" if entry.tasks > 1 else "")
    parts = (format_relative_time(entry.made_at), what, price, _(_OUTCOMES[entry.outcome]), link)
    return " · ".join(filter(None, parts))


def list_limits(overview: LimitsOverview, policy: SpendingPolicy, *, is_other: bool = False) -> Iterator[str]:
    """List what is left of each limit: those of the settings, then those that were set in Discord.

    `is_other`: the limits are not the reader's own.
    """
    usage, scopes = overview.usage, _SCOPES_OF_OTHERS if is_other else _SCOPES
    midnight = next_utc_midnight(usage.at)
    for most, used, whose in (
        (policy.daily_submits_per_person, usage.person_submits_today, scopes[CountScope.PERSON]),
        (policy.daily_submits, usage.all_submits_today, scopes[CountScope.EVERYONE]),
    ):
        rest = max(most - used, 0)
        # Translators: Of a limit, such as "0 of 1 jobs".
        total = _("{count} jobs").format(count=most)
        # Translators: {left} and {most} are numbers or amounts, {whose} such as "you, in this server".
        text = _("**{left}** of {most} today ({whose}), resets {when}")
        when = format_relative_time(midnight)
        yield _mark_used_up(text.format(left=rest, most=total, whose=_(whose), when=when), rest)
    for limit in overview.limits:
        if limit.is_amount and not policy.prices.currency:
            continue  # no sum of money is shown where no price is known
        whose = scopes[limit.count.scope]
        left = limit.measure_left(usage.spending)
        yield _mark_used_up(_format_limit(limit, left, policy.prices.currency, _(whose)), left)


def _format_limit(limit: SpendingLimit, left: Decimal, currency: str, whose: str) -> str:
    setting = limit.setting
    is_day, fields = setting.period is Period.DAY, {"whose": whose, "when": format_relative_time(limit.resets_at)}
    if limit.is_amount and setting.kind:
        text = (
            # Translators: {left} and {most} are amounts of money, {kinds} such as "videos".
            _("**{left}** of {most} today for {kinds} ({whose}), resets {when}")
            if is_day
            else _("**{left}** of {most} this month for {kinds} ({whose}), resets {when}")
        )
        fields["kinds"] = _(_KINDS[setting.kind][1])
    else:
        text = (
            _("**{left}** of {most} today ({whose}), resets {when}")
            if is_day
            else _("**{left}** of {most} this month ({whose}), resets {when}")
        )
    return text.format(**fields, **_format_left(setting, left, currency))


def _format_left(setting: LimitSetting, left: Decimal, currency: str) -> dict[str, str]:
    if setting.amount is not None:
        shown = _cut_currency(currency)
        return {"left": format_amount(left, shown), "most": format_amount(setting.most, shown)}
    count = _(_KINDS[setting.kind][0]) if setting.kind else _("{count} jobs")
    return {"left": f"{left:f}", "most": count.format(count=f"{setting.most:f}")}


def _mark_used_up(text: str, left: Decimal | int) -> str:
    return f"⛔ {text}" if left <= 0 else text


def _build_buttons(choice: UsageChoice, pages: Collection[UsagePage]) -> Iterable[UsageButton]:
    yield from _build_page_row(choice, pages)
    for which, (label, _inside) in _RANGES.items():
        yield _build_button("range", _(label), replace(choice, which=which), row=1, chosen=which is choice.which)
    for group, (label, _inside) in _GROUPS.items():
        if group is LedgerGroup.SERVER and choice.page is not UsagePage.ALL:
            continue
        yield _build_button("group", _(label), replace(choice, group=group), row=2, chosen=group is choice.group)
    yield _build_button("file", _("CSV file"), replace(choice, is_file=True), row=3)


def _build_page_row(choice: UsageChoice, pages: Collection[UsagePage]) -> list[UsageButton]:
    return [
        _build_button("page", _(_PAGES[page]), UsageChoice(page, choice.which), row=0, chosen=page is choice.page)
        for page in UsagePage
        if page in pages
    ]


def _build_button(row_name: str, label: str, choice: UsageChoice, *, row: int, chosen: bool = False) -> UsageButton:
    style = discord.ButtonStyle.success if chosen else discord.ButtonStyle.secondary
    return UsageButton(
        ui.Button(label=limits.cut(label, limits.LABEL), style=style, custom_id=choice.get_custom_id(row_name), row=row)
    )
