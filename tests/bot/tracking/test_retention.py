"""Which rows are deleted, and when, on virtual time."""

import asyncio
import logging
from datetime import datetime, timedelta

import pytest

from bot.clock import Clock, CorrectedTime
from bot.entities import LedgerFilter, RuleChange
from bot.midjourney.task import Task
from bot.tracking.retention import Retention
from tests.fakes.clock import START, FakeClock
from tests.fakes.personal_data import FakePersonalData
from tests.fakes.sample_entities import job
from tests.fakes.sample_rows import a_claim, write_accepted_claim
from tests.fakes.store import FakeStore


def build_retention(store: FakeStore, clock: Clock, *, days: float, ledger_days: int = 400) -> Retention:
    return Retention(
        store,
        store.process_leases,
        store.rules,
        store.reports,
        FakePersonalData(),
        days=days,
        ledger_days=ledger_days,
        clock=clock,
    )


async def test_ledger_and_audit_outlive_messages(caplog: pytest.LogCaptureFixture) -> None:
    """They are deleted after a time of their own, and claims never."""
    caplog.set_level(logging.INFO, "bot.tracking.retention")
    clock = FakeClock()
    store = FakeStore(clock.now, "a")
    retention = build_retention(store, clock.clock, days=1, ledger_days=40)
    await write_accepted_claim(store, a_claim(1, made_at=START), "c1")
    change = RuleChange(guild_id=30, person_id=7, made_at=START, what="paused", before="", after="on")
    await store.rules.change_server_rules(30, lambda rules: (rules, [change]))
    for days, count in ((39, 1), (2, 0)):
        clock.time += timedelta(days=days).total_seconds()
        await retention.delete_old_rows()
        assert len(await store.ledger.list_entries(LedgerFilter(), limit=9)) == count
        assert len(await store.rules.list_changes(30, 9)) == count
    assert await store.find_claim(1) is not None
    assert "1 entries of the ledger, 1 changes of rules" in caplog.text


async def test_only_old_rows_are_deleted_within_the_hour(caplog: pytest.LogCaptureFixture) -> None:
    """Soon after the start, then once an hour."""
    caplog.set_level(logging.INFO, "bot.tracking.retention")
    clock = FakeClock()
    store = FakeStore(clock.now, "a")
    retention = build_retention(store, clock.clock, days=2)
    await store.open_job(job(1, "t1"))
    await store.open_job(job(2, "t2"))
    for task_id in ("t1", "t2"):
        await store.save_snapshot(Task(id=task_id))
    await store.close_job(1)
    await store.view_as("dead").process_leases.renew_lease(timedelta())
    running = asyncio.ensure_future(retention.run())
    await clock.advance(2 * 86_400.0)
    assert (set(store.jobs), set(store.snapshots)) == ({1, 2}, {"t1", "t2"}), "not a second too early"
    await clock.advance(3600.0)
    assert (set(store.jobs), set(store.snapshots), store.alive_until) == ({2}, {"t2"}, {})
    assert [record.getMessage() for record in caplog.records] == ["Old messages, tasks and reports deleted: 2."]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_old_rows_are_deleted_a_minute_after_the_start_and_then_hourly() -> None:
    """At the start itself other work is more urgent."""
    clock = FakeClock()
    store = FakeStore(clock.now, "a")
    swept: list[float] = []

    async def forget(now: datetime, age: timedelta = timedelta()) -> int:
        swept.append(clock.time)
        return await FakeStore.delete_expired(store, now, age)

    store.delete_expired = forget  # type: ignore[method-assign]
    running = asyncio.ensure_future(build_retention(store, clock.clock, days=2).run())
    await clock.advance(3 * 3600.0)
    assert swept == [60.0, 3660.0, 7260.0]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_failed_deletion_is_tried_again_in_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged as a warning."""
    clock = FakeClock()
    store = FakeStore(clock.now, "a")
    retention = build_retention(store, clock.clock, days=1)
    await store.save_snapshot(Task(id="t1"))
    clock.time += timedelta(days=2).total_seconds()
    store.down = True
    await retention.delete_old_rows()
    assert "are not deleted" in caplog.text
    store.down = False
    await retention.delete_old_rows()
    assert store.snapshots == {}


@pytest.mark.parametrize(
    ("system_error", "lie"),
    [
        (timedelta(), timedelta(days=40)),
        (timedelta(days=40), timedelta()),
        (timedelta(hours=2), timedelta(days=365)),
        (timedelta(days=-400), timedelta(days=400)),
    ],
)
async def test_one_clock_that_is_ahead_deletes_nothing(system_error: timedelta, lie: timedelta) -> None:
    """Neither the system's, nor Discord's, should all responses to the login lie; nor a step of the first."""
    system = FakeClock(START + system_error)
    time = CorrectedTime(system.clock)
    store = FakeStore(time.now, "a")
    store.snapshots["t1"], store.kept_at["t1"] = Task(id="t1"), START
    for _ in range(3):
        time.record_date(START + lie, system.time)
    retention = build_retention(store, time.clock, days=1)
    await retention.delete_old_rows()
    assert "t1" in store.snapshots
    system.start = START
    await system.advance(86_500.0)
    await retention.delete_old_rows()
    assert store.snapshots == {}
