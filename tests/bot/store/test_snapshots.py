"""Snapshots of tasks: how they are saved, grouped into transactions, and read back."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from bot.clock import utc_now
from bot.errors import StoreUnavailable
from bot.midjourney.task import Button, Properties, Status, Task
from bot.ports import Store
from bot.store import SqlStore, open_store
from bot.store.rows import task_from_row, task_to_row
from tests.postgres import Postgres


async def test_the_latest_snapshot_replaces_earlier_ones(store: Store) -> None:
    """Also if only the progress changed."""
    task = Task(id="t1", prompt="a cat \x00", status=Status.IN_PROGRESS, buttons=(Button(custom_id="x"),))
    for progress in (None, 3, 46, 46):
        await store.save_snapshot(task.model_copy(update={"progress": progress}))
    assert task.model_copy(update={"progress": 46}) == await store.find_snapshot("t1")
    assert await store.find_snapshot("t2") is None


def measure_wal(store: SqlStore) -> int:
    return Path(f"{store.database.file}-wal").stat().st_size


async def test_saving_an_unchanged_snapshot_writes_nothing(sql: SqlStore) -> None:
    """The write-ahead log does not grow."""
    await sql.save_snapshot(Task(id="t1", prompt="a cat"))
    size = measure_wal(sql)
    for _ in range(20):
        await sql.save_snapshot(Task(id="t1", prompt="a cat"))
    assert size == measure_wal(sql)
    await sql.save_snapshot(Task(id="t1", prompt="a dog"))
    assert size < measure_wal(sql)


async def test_concurrent_snapshots_share_a_transaction(sql: SqlStore) -> None:
    """200 snapshots of 50 tasks take at most two commits, and the last of each task is saved."""
    commits: list[object] = []
    event.listen(sql.database.read_engine.sync_engine, "commit", commits.append)
    await asyncio.gather(*(sql.save_snapshot(Task(id=f"t{n % 50}", prompt=f"{n}")) for n in range(200)))
    assert len(commits) <= 2
    assert [f"{n}" for n in range(150, 200)] == [
        kept.prompt for n in range(50) if (kept := await sql.find_snapshot(f"t{n}"))
    ]


async def test_a_failed_group_of_snapshots_does_not_stop_the_next(sql: SqlStore) -> None:
    """Each caller gets the error."""
    async with sql.database.read_engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA query_only=ON")
    ended = await asyncio.gather(*(sql.save_snapshot(Task(id=f"t{n}")) for n in range(3)), return_exceptions=True)
    assert [StoreUnavailable] * 3 == [type(end) for end in ended]
    async with sql.database.read_engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA query_only=OFF")
    await sql.save_snapshot(Task(id="t9"))
    assert Task(id="t9") == await sql.find_snapshot("t9")


@pytest.mark.parametrize("ahead", [timedelta(days=40), timedelta(days=3), timedelta(days=365 * 70)])
async def test_postgresql_says_what_is_old(postgres: Postgres, ahead: timedelta) -> None:
    """A process whose clock is ahead deletes nothing."""
    async with open_store(await postgres.migrated_database(), now=utc_now) as store:
        await store.save_snapshot(Task(id="t1"))
        assert await store.delete_expired(utc_now() + ahead, timedelta(days=2)) == 0
        assert await store.delete_expired(utc_now() + ahead) == 1


words = st.text(max_size=20)
tasks = st.builds(
    Task,
    id=st.text(min_size=1, max_size=20),
    prompt=words,
    status=st.sampled_from(Status),
    fail_reason=words,
    image_urls=st.lists(words.filter(bool), max_size=2),
    buttons=st.lists(st.builds(Button, custom_id=words, label=words), max_size=2),
    properties=st.builds(Properties, final_prompt=words),
)


@given(task=tasks, progress=st.none() | st.integers(0, 100))
def test_any_snapshot_survives_the_round_trip(task: Task, progress: int | None) -> None:
    """The model itself parses progress from "46%", and takes 100% with a fail reason as a failure."""
    kept = task.model_copy(update={"progress": progress})
    assert kept == task_from_row(task_to_row(kept))
