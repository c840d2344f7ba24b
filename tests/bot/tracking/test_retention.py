"""What is forgotten, and when, in virtual time."""

import asyncio
import logging
from datetime import datetime, timedelta

import pytest

from bot.midjourney.task import Task
from bot.tracking.retention import Retention
from tests.fakes.clock import FakeClock
from tests.fakes.rows import job
from tests.fakes.store import FakeStore


async def test_old_rows_go_within_the_hour_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    """A sweep soon after the start, then one an hour; what is younger than the days given stays."""
    caplog.set_level(logging.INFO, "bot.tracking.retention")
    clock = FakeClock()
    store = FakeStore(clock.now, "a")
    retention = Retention(store, store.process_leases, days=2, clock=clock.clock)
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
    assert [record.getMessage() for record in caplog.records] == ["Old messages and tasks deleted: 2."]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_the_first_sweep_comes_soon_and_then_one_an_hour() -> None:
    """A minute after the start, when there is more urgent work."""
    clock = FakeClock()
    store = FakeStore(clock.now, "a")
    swept: list[float] = []

    async def forget(before: datetime) -> int:
        swept.append(clock.time)
        return await FakeStore.delete_expired(store, before)

    store.delete_expired = forget  # type: ignore[method-assign]
    running = asyncio.ensure_future(Retention(store, store.process_leases, days=2, clock=clock.clock).run())
    await clock.advance(3 * 3600.0)
    assert swept == [60.0, 3660.0, 7260.0]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_store_that_is_gone_is_swept_next_time(caplog: pytest.LogCaptureFixture) -> None:
    """A sweep that fails is a warning, and ends nothing."""
    clock = FakeClock()
    store = FakeStore(clock.now, "a")
    retention = Retention(store, store.process_leases, days=1, clock=clock.clock)
    await store.save_snapshot(Task(id="t1"))
    clock.time += timedelta(days=2).total_seconds()
    store.down = True
    await retention.delete_old_rows()
    assert "could not be deleted" in caplog.text
    store.down = False
    await retention.delete_old_rows()
    assert store.snapshots == {}
