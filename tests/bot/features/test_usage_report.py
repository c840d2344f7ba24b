"""What people used: the ranges in a server's time zone, what is added up, and what a person sees of their own."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.entities import Claim, ClaimState, Cost, LedgerGroup, LedgerTotal, ServerRules
from bot.features.limits_overview import LimitsReader
from bot.features.usage_report import Spent, UsageRange, UsageReader, add_lines, compute_bounds, merge_totals
from bot.policy.rules import Spender
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeStore
from tests.worlds.services import ServiceWorld

SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 3, 29, 20, 30, tzinfo=UTC)
"""The day on which summer time begins in Berlin; in Saigon it is the next day already."""


@pytest.mark.parametrize(
    ("which", "zone", "since", "before", "days"),
    [
        (UsageRange.TODAY, UTC, "2026-03-29T00:00", "2026-03-30T00:00", 1),
        (UsageRange.TODAY, SAIGON, "2026-03-29T17:00", "2026-03-30T17:00", 1),
        (UsageRange.TODAY, BERLIN, "2026-03-28T23:00", "2026-03-29T22:00", 1),
        (UsageRange.WEEK, UTC, "2026-03-23T00:00", "2026-03-30T00:00", 7),
        (UsageRange.WEEK, BERLIN, "2026-03-22T23:00", "2026-03-29T22:00", 7),
        (UsageRange.MONTH, UTC, "2026-03-01T00:00", "2026-03-30T00:00", 29),
        (UsageRange.MONTH, BERLIN, "2026-02-28T23:00", "2026-03-29T22:00", 29),
        (UsageRange.LAST_MONTH, UTC, "2026-02-01T00:00", "2026-03-01T00:00", 28),
        (UsageRange.LAST_MONTH, SAIGON, "2026-01-31T17:00", "2026-02-28T17:00", 28),
    ],
)
def test_ranges_begin_at_midnight_of_the_zone(which: UsageRange, zone: Any, since: str, before: str, days: int) -> None:  # noqa: ANN401
    bounds = compute_bounds(which, AT, zone)
    assert f"{bounds.since:%Y-%m-%dT%H:%M}" == since
    assert f"{bounds.before:%Y-%m-%dT%H:%M}" == before
    listed = bounds.list_days()
    assert len(listed) == days
    assert listed == sorted(set(listed))


@pytest.mark.parametrize("which", UsageRange)
@pytest.mark.parametrize("zone", [UTC, SAIGON, BERLIN, ZoneInfo("America/St_Johns")])
def test_every_range_ends_after_it_begins(which: UsageRange, zone: Any) -> None:  # noqa: ANN401
    """At any hour of two years, with their changes of the clocks."""
    for hours in range(0, 2 * 365 * 24, 37):
        at = AT + timedelta(hours=hours)
        bounds = compute_bounds(which, at, zone)
        assert bounds.since < bounds.before
        assert which is UsageRange.LAST_MONTH or bounds.since <= at < bounds.before


def test_totals_of_a_key_are_merged_by_currency() -> None:
    lines = merge_totals(
        [
            LedgerTotal(key="1", tasks=2, amount=Decimal(3), unconfirmed=Decimal(1), currency="USD"),
            LedgerTotal(key="2", tasks=1),
            LedgerTotal(key="1", tasks=1, amount=Decimal(7), currency="CNY"),
        ]
    )
    assert [(line.key, line.tasks) for line in lines] == [("1", 3), ("2", 1)]
    assert lines[0].spent == {"USD": Spent(Decimal(3), Decimal(1)), "CNY": Spent(Decimal(7))}
    assert lines[1].spent == {}
    assert add_lines(lines).tasks == 4
    assert add_lines([]).spent == {}


class Process:
    """A reader on the fakes, and requests that were accepted."""

    def __init__(self) -> None:
        self.world = ServiceWorld()
        self.store: FakeStore = self.world.store
        self.clock: FakeClock = self.world.clock
        self.reader = UsageReader(
            self.store.ledger, self.store, LimitsReader(self.store, self.world.spending_policy), now=self.clock.now
        )
        self._number = 0

    async def spend(self, person_id: int = 1, guild_id: int = 6, *, ago: timedelta = timedelta(), **cost: Any) -> int:  # noqa: ANN401
        """Write an accepted claim from so long ago, and return its id."""
        self._number += 1
        claim = Claim(
            id=self._number,
            person_id=person_id,
            guild_id=guild_id,
            message_id=0,
            task_id="",
            button=str(self._number),
            made_at=self.clock.now() - ago,
            cost=Cost(**{"action": "IMAGINE", "expected": Decimal("0.1"), "currency": "USD", **cost}),
            state=ClaimState.ACCEPTED,
            child_id=f"9{self._number}",
        )
        self.store.claimed[claim.id] = claim
        return claim.id


@pytest.fixture
def process() -> Process:
    return Process()


async def test_a_report_sorts_groups_by_amount(process: Process) -> None:
    await process.spend(1)
    await process.spend(2, expected=Decimal(5))
    await process.spend(3, expected=None, currency="")
    await process.spend(4, guild_id=66)
    report = await process.reader.read_report(6, UsageRange.TODAY, LedgerGroup.PERSON)
    assert [line.key for line in report.lines] == ["2", "1", "3"]
    assert report.total.tasks == 3
    assert report.currency == "USD"
    everything = await process.reader.read_report(None, UsageRange.TODAY, LedgerGroup.SERVER)
    assert [(line.key, line.tasks) for line in everything.lines] == [("6", 3), ("66", 1)]


async def test_a_report_by_day_has_every_day_of_its_range(process: Process) -> None:
    """In the server's time zone."""
    process.store.rules.servers[6] = ServerRules(time_zone="Asia/Ho_Chi_Minh")
    await process.spend(ago=timedelta(days=2))
    report = await process.reader.read_report(6, UsageRange.WEEK, LedgerGroup.DAY)
    assert report.zone == "Asia/Ho_Chi_Minh"
    assert [line.tasks for line in report.lines] == [0, 0, 0, 0, 1, 0, 0]


async def test_nothing_spent_has_no_currency(process: Process) -> None:
    report = await process.reader.read_report(6, UsageRange.LAST_MONTH, LedgerGroup.ACTION)
    assert (report.lines, report.total.tasks, report.currency) == ([], 0, "")


async def test_own_usage_is_everywhere_and_only_ones_own(process: Process) -> None:
    """Ten requests at most, the newest first."""
    for number in range(12):
        await process.spend(1, guild_id=6 + number % 2, ago=timedelta(minutes=12 - number))
    await process.spend(2)
    own = await process.reader.read_own(Spender(person_id=1, guild_id=6))
    assert (own.today.tasks, own.month.tasks) == (12, 12)
    assert own.month.get_spent("USD") == Spent(Decimal("1.2"), Decimal("1.2"))
    assert [entry.claim_id for entry in own.recent] == list(range(12, 2, -1))
    assert own.overview.usage.person_submits_today == 12


async def test_an_unknown_time_zone_is_utc(process: Process) -> None:
    process.store.rules.servers[6] = ServerRules(time_zone="Mars/Olympus")
    bounds = await process.reader.find_bounds(6, UsageRange.TODAY)
    assert str(bounds.zone) == "UTC"
