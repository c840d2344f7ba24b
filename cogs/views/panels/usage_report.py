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

from bot.entities import CostKind, CountScope, LedgerEntry, LedgerGroup, LedgerOutcome, Period
from bot.features.limits_overview import LimitsOverview
from bot.features.usage_report import OwnUsage, Spent, UsageLine, UsageRange, UsageReport, add_lines
from bot.imaging.chart_drawer import Bar
from bot.policy.rules import SpendingPolicy, next_utc_midnight
from bot.policy.spending_limits import SpendingLimit
from bot.policy.time_zones import format_zone
from cogs.components.event_item import EventItem, build_view
from cogs.text import limits
from cogs.text.amounts import format_amount
from cogs.text.markdown import clean_and_cut, escape_markdown, format_code, format_relative_time, mention_person
from cogs.text.rule_errors import count_jobs
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
    UsageRange.TODAY: "Today",
    UsageRange.WEEK: "7 days",
    UsageRange.MONTH: "This month",
    UsageRange.LAST_MONTH: "Last month",
}
_GROUPS: Final = {
    LedgerGroup.PERSON: "By person",
    LedgerGroup.SERVER: "By server",
    LedgerGroup.ACTION: "By action",
    LedgerGroup.DAY: "By day",
}
_OUTCOMES: Final = {
    LedgerOutcome.REFUSED: "refused, not charged",
    LedgerOutcome.RUNNING: "running",
    LedgerOutcome.DONE: "done",
    LedgerOutcome.FAILED: "failed",
    LedgerOutcome.CREDITED: "failed, credited",
    LedgerOutcome.UNKNOWN: "answer lost",
}
_KINDS: Final = {CostKind.VIDEO: "videos", CostKind.TURBO: "turbo jobs", CostKind.HD: "HD jobs"}
_SCOPES: Final = {
    CountScope.PERSON: "you, everywhere",
    CountScope.MEMBER: "you, in this server",
    CountScope.SERVER: "this server's members together",
    CountScope.EVERYONE: "everyone together",
}
_SCOPES_OF_OTHERS: Final = _SCOPES | {
    CountScope.PERSON: "they, everywhere",
    CountScope.MEMBER: "they, in this server",
}
"""For a report about a person who is not its reader."""
_PERIODS: Final = {Period.DAY: "today", Period.MONTH: "this month"}


class UsagePage(StrEnum):
    """Whose usage is shown."""

    MINE = "mine"
    SERVER = "server"
    ALL = "all"


_PAGES: Final = {UsagePage.MINE: "You", UsagePage.SERVER: "This server", UsagePage.ALL: "Everything"}
_TITLES: Final = {UsagePage.SERVER: "Usage of this server", UsagePage.ALL: "Usage of all servers"}


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
    embed = discord.Embed(title="Your usage", color=ACTIVE_COLOR)
    blocked = f"**You can't draw here now.** {refusal}" if refusal else ""
    last = "\n".join(["**Your last requests**", *map(_format_entry, own.recent)]) if own.recent else ""
    nothing = "" if last else "You haven't asked for anything that costs yet. `/imagine` draws something."
    embed.description = limits.join_fitting((blocked, last, nothing), limits.EMBED_DESCRIPTION, "\n\n")
    for name, line in (("Today", own.today), ("This month", own.month)):
        embed.add_field(name=name, value=_format_use(line, has_detail=True))
    left = limits.join_fitting(list_limits(own.overview, policy), limits.FIELD_VALUE)
    embed.add_field(name="What is left", value=left, inline=False)
    choice = UsageChoice()
    buttons = _build_page_row(choice, pages) if len(pages) > 1 else []
    return embed, build_view([*buttons, _build_button("again", "Refresh", choice, row=1)])


def render_report(
    report: UsageReport,
    choice: UsageChoice,
    pages: Collection[UsagePage],
    *,
    name_server: Callable[[int], str],
    has_chart: bool,
) -> tuple[discord.Embed, ui.View]:
    """Render a report; `name_server` returns the name of a server, "" where it is not known."""
    embed = discord.Embed(title=_TITLES[choice.page], color=ACTIVE_COLOR)
    zone = format_zone(report.zone)
    head = f"**{_RANGES[report.which]}**, {_GROUPS[report.group].lower()}. Days begin at midnight, {zone}."
    total = f"**Total**: {_format_use(report.total, has_detail=True)}"
    lines = limits.join_fitting(_list_lines(report, name_server), limits.EMBED_DESCRIPTION - 700)
    parts = (f"{head}\n{total}", lines or "Nothing was drawn in this time.", _explain(report, has_chart=has_chart))
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
    what = f"amounts in {clean_and_cut(report.currency, _CURRENCY_LENGTH)}" if report.currency else "numbers of jobs"
    group = _GROUPS[report.group].lower()
    heights = (f"{label}: {sum(_measure(line, report.currency)):f}" for label, line in _number_lines(report))
    text = f"Bar chart of {what} {group}, {_RANGES[report.which].lower()}. {', '.join(heights)}."
    return limits.cut(text, limits.ALT_TEXT)


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
        yield f"and {len(rest)} more · {_format_use(add_lines(rest))}"


def _name_key(group: LedgerGroup, key: str, name_server: Callable[[int], str]) -> str:
    if group is LedgerGroup.ACTION:
        return format_action(key)
    number = int(key) if key.removeprefix("-").isdecimal() else 0
    if group is LedgerGroup.PERSON:
        return mention_person(number)
    if not number:
        return "Direct messages"
    name = clean_and_cut(name_server(number), _NAME_LENGTH)
    return escape_markdown(name) if name else format_code(str(number))


def format_action(action: str) -> str:
    """Format the API's word for an action: "Imagine", "Inpaint"; "Other" where it is not known."""
    words = clean_and_cut(action, _NAME_LENGTH).replace("_", " ").strip()
    return escape_markdown(words.capitalize()) if words else "Other"


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
        text += f" ({format_amount(spent.unconfirmed, shown)} of it not confirmed yet)"
    return text


def _cut_currency(currency: str) -> str:
    """Cut the name of a currency, which a relay chooses, and escape it."""
    return escape_markdown(clean_and_cut(currency, _CURRENCY_LENGTH))


def _explain(report: UsageReport, *, has_chart: bool) -> str:
    """Say what the colors of the chart mean, or that it is missing."""
    if not has_chart:
        return "The chart couldn't be drawn now." if report.total.tasks else ""
    if not report.currency:
        return "🟦 jobs"
    is_partly = report.total.get_spent(report.currency).unconfirmed > 0
    confirmed = f"🟦 {_cut_currency(report.currency)}, confirmed by the service's log"
    return f"{confirmed} · 🟧 striped: not confirmed yet" if is_partly else confirmed


def _format_entry(entry: LedgerEntry) -> str:
    price = ""
    if entry.amount is not None:
        price = format_amount(entry.amount, _cut_currency(entry.currency), is_about=entry.confirmed is None)
    link = f"[message]({entry.link})" if entry.link and not entry.is_private else "private" if entry.is_private else ""
    what = format_action(entry.action)
    several = f" x{entry.tasks}" if entry.tasks > 1 else ""
    parts = (format_relative_time(entry.made_at), f"{what}{several}", price, _OUTCOMES[entry.outcome], link)
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
        left = max(most - used, 0)
        yield _format_left(str(left), f"{most} jobs", "today", whose, midnight, is_used_up=left <= 0)
    for limit in overview.limits:
        if limit.is_amount and not policy.prices.currency:
            continue  # no sum of money is shown where no price is known
        whose = scopes[limit.count.scope]
        yield _format_limit(limit, limit.measure_left(usage.spending), policy.prices.currency, whose)


def _format_limit(limit: SpendingLimit, left: Decimal, currency: str, whose: str) -> str:
    setting = limit.setting
    kind = f"for {_KINDS.get(setting.kind, 'several jobs at once')}" if setting.kind else ""
    if limit.is_amount:
        shown = _cut_currency(currency)
        rest, most = format_amount(left, shown), format_amount(setting.most, shown)
    else:
        noun = _KINDS.get(setting.kind, "jobs at once") if setting.kind else "jobs"
        rest, most, kind = f"{left:f}", f"{setting.most:f} {noun}", ""
    period = " ".join(filter(None, (_PERIODS[setting.period], kind)))
    return _format_left(rest, most, period, whose, limit.resets_at, is_used_up=left <= 0)


def _format_left(left: str, most: str, period: str, whose: str, resets_at: datetime, *, is_used_up: bool) -> str:
    mark = "⛔ " if is_used_up else ""
    return f"{mark}**{left}** of {most} {period} ({whose}), resets {format_relative_time(resets_at)}"


def _build_buttons(choice: UsageChoice, pages: Collection[UsagePage]) -> Iterable[UsageButton]:
    yield from _build_page_row(choice, pages)
    for which, label in _RANGES.items():
        yield _build_button("range", label, replace(choice, which=which), row=1, chosen=which is choice.which)
    for group, label in _GROUPS.items():
        if group is LedgerGroup.SERVER and choice.page is not UsagePage.ALL:
            continue
        yield _build_button("group", label, replace(choice, group=group), row=2, chosen=group is choice.group)
    yield _build_button("file", "CSV file", replace(choice, is_file=True), row=3)


def _build_page_row(choice: UsageChoice, pages: Collection[UsagePage]) -> list[UsageButton]:
    return [
        _build_button("page", _PAGES[page], UsageChoice(page, choice.which), row=0, chosen=page is choice.page)
        for page in UsagePage
        if page in pages
    ]


def _build_button(row_name: str, label: str, choice: UsageChoice, *, row: int, chosen: bool = False) -> UsageButton:
    style = discord.ButtonStyle.success if chosen else discord.ButtonStyle.secondary
    return UsageButton(ui.Button(label=label, style=style, custom_id=choice.get_custom_id(row_name), row=row))
