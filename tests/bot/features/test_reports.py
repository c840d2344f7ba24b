"""Reports, and moderators who resolve them at once, in two processes, or while Discord or the database is away."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.entities import Person, Report, ReportReason, ReportState, RuleChange
from bot.errors import DisplayFailed, PlaceUnreachable, StoreUnavailable
from bot.features.delete import DeleteService
from bot.features.moderation import Moderation
from bot.features.reports import MAX_COMMENT_LENGTH, REPORTS_PER_HOUR, ReportOutcome, ReportService
from bot.ports import Store
from bot.store import open_store
from tests.fakes.clock import START
from tests.fakes.sample_entities import LIEN, MINH, job
from tests.worlds.services import ServiceProcess, ServiceWorld

MODERATOR, SECOND = Person(8, "mod"), Person(9, "second")


@pytest.fixture
def world() -> ServiceWorld:
    made = ServiceWorld()
    made.store.jobs = {700: job()}
    made.store.closed = {700}
    return made


@pytest.fixture
async def process(world: ServiceWorld) -> AsyncGenerator[ServiceProcess]:
    async with world.process() as running:
        yield running


@pytest.fixture
def service(world: ServiceWorld, process: ServiceProcess) -> ReportService:
    return make_service(world, process, world.store)


def make_service(world: ServiceWorld, process: ServiceProcess, store: Store) -> ReportService:
    """Make the service of a process, on that store."""
    delete = DeleteService(world.store, world.editor, process.jobs)
    moderation = Moderation(store.rules, lambda _: None, now=world.clock.now)  # type: ignore[attr-defined]
    return ReportService(store.reports, store, moderation, delete, now=world.clock.now)  # type: ignore[attr-defined]


def report(message_id: int = 700, reporter_id: int = MINH.id, **more: object) -> Report:
    given = {
        "guild_id": 6, "channel_id": 5, "message_id": message_id, "task_id": "", "reporter_id": reporter_id,
        "reason": ReportReason.HATE, "comment": "look", "made_at": START, **more,
    }  # fmt: skip
    return Report(**given)  # type: ignore[arg-type]


async def add(service: ReportService, **more: object) -> int:
    outcome, number = await service.add_report(report(**more))  # type: ignore[arg-type]
    assert outcome is ReportOutcome.ADDED
    return number


async def find_state(service: ReportService, number: int) -> ReportState:
    [found, *_] = await service.list_case(number)
    return found.state


def audit(world: ServiceWorld) -> list[tuple[int, str, str]]:
    return [(one.person_id, one.before, one.after) for one in world.store.rules.changes]


async def test_a_report_is_bounded_and_knows_its_task(service: ReportService) -> None:
    """In a direct message, too; the sixth within an hour is refused, and one more an hour later is not."""
    number = await add(service, comment="x\n\u202e" * 1_000_000)
    [found] = await service.list_case(number)
    assert len(found.comment) <= MAX_COMMENT_LENGTH
    assert found.task_id == job().task_id
    assert await service.add_report(report()) == (ReportOutcome.REPORTED_BEFORE, 0)
    for message_id in range(1, REPORTS_PER_HOUR):
        await add(service, message_id=message_id, guild_id=0)
    assert await service.add_report(report(99)) == (ReportOutcome.TOO_MANY, 0)
    assert await service.count_open_cases(None) == REPORTS_PER_HOUR
    assert await service.count_open_cases(6) == 1


async def test_too_many_reports_are_taken_again_an_hour_later(world: ServiceWorld, service: ReportService) -> None:
    for message_id in range(REPORTS_PER_HOUR):
        await add(service, message_id=message_id + 1)
    world.clock.time += timedelta(hours=1, seconds=1).total_seconds()
    await add(service, message_id=99)


@pytest.mark.parametrize("error", [DisplayFailed("away"), PlaceUnreachable()])
async def test_a_message_that_is_not_deleted_opens_its_case_again(
    world: ServiceWorld, service: ReportService, error: Exception
) -> None:
    """With both changes in the audit; the next click deletes it."""
    number = await add(service)
    world.editor.broken[700] = error  # type: ignore[assignment]
    with pytest.raises(type(error)):
        await service.delete_message(number, MODERATOR, reachable=True)
    assert await find_state(service, number) is ReportState.OPEN
    assert audit(world) == [(8, "open", "deleted"), (8, "deleted", "open")]
    del world.editor.broken[700]
    resolution = await service.delete_message(number, SECOND, reachable=True)
    assert (resolution.is_new, resolution.case[0].resolver_id) == (True, SECOND.id)
    assert [one.message_id for one in world.editor.removed] == [700]
    assert world.store.jobs == {}


async def test_a_process_that_ends_before_it_deletes_leaves_it_to_the_next_click(
    world: ServiceWorld, service: ReportService
) -> None:
    """The case was resolved, and its message is still there; that Discord fails now does not open it again."""
    number = await add(service)
    change = RuleChange(guild_id=6, person_id=8, made_at=START, what="x", before="open", after="deleted")
    await world.store.reports.resolve(number, ReportState.DELETED, change)
    world.editor.broken[700] = DisplayFailed("away")
    with pytest.raises(DisplayFailed):
        await service.delete_message(number, SECOND, reachable=True)
    assert await find_state(service, number) is ReportState.DELETED
    del world.editor.broken[700]
    resolution = await service.delete_message(number, SECOND, reachable=True)
    assert (resolution.is_new, resolution.case[0].resolver_id) == (False, 8)
    assert [one.message_id for one in world.editor.removed] == [700]


@pytest.mark.parametrize("hours", [0.0, -1.0, float("nan"), float("inf"), 1e9])
async def test_hours_that_are_none_change_nothing(world: ServiceWorld, service: ReportService, hours: float) -> None:
    number = await add(service)
    with pytest.raises(ValueError, match="a block lasts"):
        await service.block_requester(number, LIEN.id, 6, MODERATOR, hours=hours, reason="")
    assert await find_state(service, number) is ReportState.OPEN
    assert audit(world) == []


async def test_nothing_is_done_without_the_database(world: ServiceWorld, service: ReportService) -> None:
    number = await add(service)
    world.store.down = True
    for work in (
        service.add_report(report(1)),
        service.dismiss(number, MODERATOR),
        service.delete_message(number, MODERATOR, reachable=True),
        service.block_requester(number, LIEN.id, 6, MODERATOR, hours=None, reason=""),
    ):
        with pytest.raises(StoreUnavailable):
            await work
    world.store.down = False
    assert await find_state(service, number) is ReportState.OPEN
    assert world.editor.removed == []


async def test_a_report_that_is_gone_resolves_nothing(world: ServiceWorld, service: ReportService) -> None:
    for work in (service.dismiss(5, MODERATOR), service.delete_message(5, MODERATOR, reachable=True)):
        resolution = await work
        assert (resolution.case, resolution.is_new) == ((), False)
    assert world.editor.removed == []
    assert audit(world) == []


async def test_the_requester_is_known_by_the_message(world: ServiceWorld, service: ReportService) -> None:
    """No one is named in place of a person who deleted their data, whose row has a pseudonym."""
    found = await service.find_requester(report())
    assert found is not None
    assert (found.id, found.name) == (LIEN.id, LIEN.name)
    world.store.jobs[700] = replace(job(), requester=Person(-5, ""))
    assert await service.find_requester(report()) is None
    assert await service.find_requester(report(1)) is None


async def test_two_moderators_in_two_processes_resolve_a_case_once(
    world: ServiceWorld, process: ServiceProcess, migrated_url: str
) -> None:
    """Dismiss and Delete at once, many times: the message is deleted only if Delete was first."""
    async with (
        open_store(migrated_url, now=lambda: START, owner="a", migrates=False) as first,
        open_store(migrated_url, now=lambda: START, owner="b", migrates=False) as second,
    ):
        services = [make_service(world, process, one) for one in (first, second)]
        for turn in range(6):
            message_id, at = 800 + turn, turn % 2
            number = await add(services[0], message_id=message_id, reporter_id=100 + turn)
            other = await add(services[1], message_id=message_id, reporter_id=200 + turn)
            dismissed, deleted = await asyncio.gather(
                services[at].dismiss(number, MODERATOR),
                services[1 - at].delete_message(other, SECOND, reachable=True),
            )
            assert sorted((dismissed.is_new, deleted.is_new)) == [False, True]
            assert {one.state for one in dismissed.case} == {one.state for one in deleted.case}
            is_deleted = message_id in {one.message_id for one in world.editor.removed}
            assert is_deleted is deleted.is_new
            changes = await first.rules.list_changes(6, 99)
            assert sum(one.what.endswith(str(message_id)) for one in changes) == 1
