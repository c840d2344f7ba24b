"""What people used and spent: a person's own usage with what is left, and reports about a server or all of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Final

from bot.clock import Now
from bot.entities import LedgerEntry, LedgerFilter, LedgerGroup, LedgerTotal, Period
from bot.features.limits_overview import LimitsOverview, LimitsReader
from bot.policy.rules import Spender
from bot.policy.spending_limits import find_period, find_time_zone
from bot.ports import Store
from bot.ports.ledger import Ledger

RECENT_ENTRIES: Final = 10
"""How many of their own last requests a person sees."""


class UsageRange(StrEnum):
    """Which days a report covers, in the server's time zone."""

    TODAY = "today"
    WEEK = "week"
    """Today and the six days before."""
    MONTH = "month"
    LAST_MONTH = "last"


@dataclass(frozen=True)
class Spent:
    """An amount in one currency; `unconfirmed` is the part of it that no row of the relay's log confirmed."""

    amount: Decimal = Decimal(0)
    unconfirmed: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class UsageLine:
    """The tasks of one group, and what they cost by currency; `key` is that of LedgerTotal, "" for all groups.

    `spent` is empty where no price is known.
    """

    key: str = ""
    tasks: int = 0
    spent: Mapping[str, Spent] = field(default_factory=dict[str, Spent])

    def get_spent(self, currency: str) -> Spent:
        """Return the amount in one currency."""
        return self.spent.get(currency, Spent())


@dataclass(frozen=True, kw_only=True)
class OwnUsage:
    """What a person used today and this month, everywhere; what is left; and their last requests, newest first."""

    today: UsageLine
    month: UsageLine
    overview: LimitsOverview
    recent: Sequence[LedgerEntry]


@dataclass(frozen=True, kw_only=True)
class UsageReport:
    """What the members of a server, or of all servers (`guild_id` None), used in a range, by group.

    The largest lines come first. By day there is a line for each day of the range, in order. `currency` is the one of
    the chart, in which most was spent; "" where no price is known. `zone` is the name of the time zone of its days.
    """

    guild_id: int | None
    which: UsageRange
    group: LedgerGroup
    zone: str
    lines: Sequence[UsageLine]
    total: UsageLine
    currency: str


@dataclass(frozen=True, kw_only=True)
class RangeBounds:
    """When a range begins and ends; `zone` is that of its days."""

    since: datetime
    before: datetime
    zone: tzinfo

    def list_days(self) -> Sequence[str]:
        """List its days, as LedgerTotal names them."""
        first, end = self.since.astimezone(self.zone).date(), self.before.astimezone(self.zone)
        last = (end - timedelta(microseconds=1)).date()
        return [str(first + timedelta(days=number)) for number in range((last - first).days + 1)]


class UsageReader:
    """Reads usage from the ledger; days begin in the server's time zone, or in UTC. Ports: `ledger`, `store`."""

    def __init__(self, ledger: Ledger, store: Store, limits: LimitsReader, *, now: Now) -> None:
        self._ledger = ledger
        self._store = store
        self._limits = limits
        self._now = now

    async def read_own(self, spender: Spender) -> OwnUsage:
        """Read a person's own usage.

        Raises:
            StoreUnavailable: The database does not answer.
        """
        overview = await self._limits.read(spender)
        zone = find_time_zone(overview.rules.server.time_zone) if spender.guild_id else UTC
        at = overview.usage.at
        wanted = LedgerFilter(person_id=spender.person_id, since=find_period(Period.MONTH, at, zone)[0])
        days = merge_totals(await self._ledger.add_up(wanted, LedgerGroup.DAY, zone))
        today = str(at.astimezone(zone).date())
        return OwnUsage(
            today=add_lines(line for line in days if line.key == today),
            month=add_lines(days),
            overview=overview,
            recent=await self._ledger.list_entries(LedgerFilter(person_id=spender.person_id), limit=RECENT_ENTRIES),
        )

    async def read_report(self, guild_id: int | None, which: UsageRange, group: LedgerGroup) -> UsageReport:
        """Read a report about a server, or about all (None).

        Raises:
            StoreUnavailable: The database does not answer.
        """
        bounds = await self.find_bounds(guild_id, which)
        totals = await self._ledger.add_up(filter_range(guild_id, bounds), group, bounds.zone)
        lines = merge_totals(totals)
        total = add_lines(lines)
        currency = max(total.spent, key=lambda one: (total.spent[one].amount, one), default="")
        if group is LedgerGroup.DAY:
            by_day = {line.key: line for line in lines}
            lines = [by_day.get(day, UsageLine(key=day)) for day in bounds.list_days()]
        else:
            lines = sorted(lines, key=lambda line: (-line.get_spent(currency).amount, -line.tasks, line.key))
        return UsageReport(
            guild_id=guild_id,
            which=which,
            group=group,
            zone=str(bounds.zone),
            lines=lines,
            total=total,
            currency=currency,
        )

    async def find_bounds(self, guild_id: int | None, which: UsageRange) -> RangeBounds:
        """Return when a range begins and ends in the time zone of a server, or in UTC.

        Raises:
            StoreUnavailable: The database does not answer.
        """
        rules = await self._store.find_rules(guild_id, 0) if guild_id else None
        zone = find_time_zone(rules.server.time_zone) if rules else UTC
        return compute_bounds(which, self._now(), zone)


def compute_bounds(which: UsageRange, at: datetime, zone: tzinfo) -> RangeBounds:
    """Return when a range begins and ends; those that go on end with the day."""
    today, tomorrow = find_period(Period.DAY, at, zone)
    month = find_period(Period.MONTH, at, zone)[0]
    match which:
        case UsageRange.TODAY:
            since = today
        case UsageRange.WEEK:
            since = _begin_day(today.astimezone(zone).date() - timedelta(days=6), zone)
        case UsageRange.MONTH:
            since = month
        case UsageRange.LAST_MONTH:
            since = find_period(Period.MONTH, month - timedelta(days=1), zone)[0]
    return RangeBounds(since=since, before=month if which is UsageRange.LAST_MONTH else tomorrow, zone=zone)


def filter_range(guild_id: int | None, bounds: RangeBounds) -> LedgerFilter:
    """Return the filter for the entries of a server, or of all (None), in a range."""
    return LedgerFilter(guild_id=guild_id, since=bounds.since, before=bounds.before)


def merge_totals(totals: Iterable[LedgerTotal]) -> Sequence[UsageLine]:
    """Merge the totals of each key, of which the ledger may return one for each currency."""
    by_key: dict[str, list[UsageLine]] = {}
    for one in totals:
        spent = {one.currency: Spent(one.amount, one.unconfirmed)} if one.currency or one.amount else {}
        by_key.setdefault(one.key, []).append(UsageLine(key=one.key, tasks=one.tasks, spent=spent))
    return [add_lines(lines, key) for key, lines in by_key.items()]


def add_lines(lines: Iterable[UsageLine], key: str = "") -> UsageLine:
    """Add up lines; amounts of different currencies stay apart."""
    tasks, spent = 0, dict[str, Spent]()
    for line in lines:
        tasks += line.tasks
        for currency, more in line.spent.items():
            now = spent.get(currency, Spent())
            spent[currency] = Spent(now.amount + more.amount, now.unconfirmed + more.unconfirmed)
    return UsageLine(key=key, tasks=tasks, spent=spent)


def _begin_day(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
