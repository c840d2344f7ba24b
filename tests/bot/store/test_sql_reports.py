"""The reports of messages, and the audit of how they were resolved, on every kind of store."""

import asyncio
from datetime import timedelta

import pytest

from bot.entities import Report, ReportAudience, ReportLine, ReportReason, ReportState, RuleChange
from bot.store.sql_store import SqlStore
from tests.fakes.sample_rows import NOON
from tests.fakes.store import FakeStore

AnyStore = SqlStore | FakeStore


def report(message_id: int = 700, reporter_id: int = 1, minutes: int = 0, guild_id: int = 6) -> Report:
    return Report(
        guild_id=guild_id,
        channel_id=5,
        message_id=message_id,
        task_id="9001",
        reporter_id=reporter_id,
        reason=ReportReason.HATE,
        comment="look",
        made_at=NOON + timedelta(minutes=minutes),
    )


def change(person_id: int = 8, after: str = ReportState.DISMISSED) -> RuleChange:
    return RuleChange(guild_id=6, person_id=person_id, made_at=NOON, what="report", before="open", after=after)


async def add(store: AnyStore, *reports: Report) -> list[int | None]:
    since = NOON - timedelta(minutes=30)
    return [await store.reports.add_report(one, since=since, most=3) for one in reports]


async def test_report_is_read_as_it_was_written(store: AnyStore) -> None:
    [number] = await add(store, report())
    assert number
    found = await store.reports.find_report(number)
    assert found is not None
    assert (found.reason, found.comment, found.made_at, found.is_open) == (ReportReason.HATE, "look", NOON, True)
    assert (found.resolver_id, found.resolved_at, found.server_line, found.operator_line) == (0, None, None, None)
    assert await store.reports.find_report(number + 1) is None
    assert list(await store.reports.list_case(number + 1)) == []


async def test_person_reports_a_message_once_and_few_an_hour(store: AnyStore) -> None:
    """Each person on their own; reports from before do not count."""
    old = report(1, minutes=-40)
    assert all(await add(store, old, report(2), report(3), report(4)))
    assert await add(store, report(3), report(5)) == [0, None]
    assert await add(store, old) == [0]
    assert all(await add(store, report(3, reporter_id=2)))


async def test_reports_of_one_message_are_one_case(store: AnyStore) -> None:
    """Of one server, or of all; oldest first, page by page."""
    await add(store, report(1), report(2, guild_id=0), report(1, 2), report(3, 2))
    cases, total = await store.reports.list_open_cases(6, skip=0, limit=9)
    assert ([[one.reporter_id for one in case] for case in cases], total) == ([[1, 2], [2]], 2)
    cases, total = await store.reports.list_open_cases(None, skip=1, limit=1)
    assert ([[one.message_id for one in case] for case in cases], total) == ([[2]], 3)
    assert await store.reports.list_open_cases(7, skip=0, limit=9) == ([], 0)


async def test_case_is_resolved_once(store: AnyStore) -> None:
    """All its reports together, with one row of the audit; the second moderator changes nothing."""
    numbers = [number or 0 for number in await add(store, report(1), report(1, 2), report(2))]
    changes = [change(8), change(9, ReportState.DELETED)]
    states = (ReportState.DISMISSED, ReportState.DELETED)
    won = await asyncio.gather(
        *(store.reports.resolve(numbers[at], states[at], changes[at]) for at in (0, 1)),
    )
    assert sorted(won) == [False, True]
    case = await store.reports.list_case(numbers[0])
    winner = changes[won.index(True)]
    assert {(one.state, one.resolver_id, one.resolved_at) for one in case} == {(winner.after, winner.person_id, NOON)}
    assert len(case) == 2
    assert list(await store.rules.list_changes(6, 9)) == [winner]
    assert (await store.reports.list_open_cases(6, skip=0, limit=9))[1] == 1
    assert not await store.reports.resolve(99, ReportState.DELETED, change())


async def test_later_report_of_a_resolved_message_is_a_case_of_its_own(store: AnyStore) -> None:
    numbers = [number or 0 for number in await add(store, report(1))]
    await store.reports.resolve(numbers[0], ReportState.DISMISSED, change())
    numbers += [number or 0 for number in await add(store, report(1, 2))]
    assert [[one.reporter_id for one in await store.reports.list_case(number)] for number in numbers] == [[1], [2]]


async def test_case_is_opened_again(store: AnyStore) -> None:
    numbers = [number or 0 for number in await add(store, report(1), report(1, 2))]
    await store.reports.resolve(numbers[0], ReportState.DELETED, change())
    await store.reports.reopen(numbers[0], change(after=ReportState.OPEN))
    case = await store.reports.list_case(numbers[1])
    assert [(one.is_open, one.resolver_id) for one in case] == [(True, 0), (True, 0)]
    assert len(await store.rules.list_changes(6, 9)) == 2


@pytest.mark.parametrize("audience", ReportAudience)
async def test_case_has_one_line_of_a_kind(store: AnyStore, audience: ReportAudience) -> None:
    """The first that is saved counts, until it is forgotten."""
    [number] = await add(store, report())
    assert number
    first, second = ReportLine(50, 1), ReportLine(50, 2)
    assert await store.reports.save_line(number, audience, first)
    assert not await store.reports.save_line(number, audience, second)
    found = await store.reports.find_report(number)
    assert found is not None
    assert [found.find_line(one) for one in ReportAudience if one is audience] == [first]
    assert [found.find_line(one) for one in ReportAudience if one is not audience] == [None]
    assert await store.reports.save_line(number, audience, None)
    assert await store.reports.save_line(number, audience, second)


async def test_old_reports_are_deleted(store: AnyStore) -> None:
    await add(store, report(1, minutes=-40), report(2))
    assert await store.reports.delete_old_reports(NOON) == 1
    assert (await store.reports.list_open_cases(None, skip=0, limit=9))[1] == 1
