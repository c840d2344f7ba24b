"""The SQLite file, cancellations, and the plans of queries."""

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.entities import ClaimState, TaskFilter
from bot.ports import Store
from bot.store import SqlStore, open_store, parse_database_url
from bot.store.schema import metadata
from tests.fakes.sample_rows import NOON, a_claim, a_job, allow, open_jobs


async def test_rows_survive_closing(url: str) -> None:
    """Closing leaves no write-ahead log."""
    async with open_store(url, now=lambda: NOON) as store:
        await store.open_job(a_job(1))
    path = Path(str(parse_database_url(url).database))
    assert [path.name] == [file.name for file in path.parent.iterdir()]
    async with open_store(url, now=lambda: NOON) as store:
        assert [a_job(1)] == list(await open_jobs(store))


async def test_sqlite_uses_a_write_ahead_log_and_waits_for_locks(sql: SqlStore) -> None:
    pragmas = {"journal_mode": "wal", "synchronous": 1, "busy_timeout": 5000, "foreign_keys": 1}
    async with sql.database.read_engine.connect() as connection:
        found = {name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar() for name in pragmas}
    assert pragmas == found


async def test_only_the_owner_can_read_the_sqlite_files(url: str, tmp_path: Path) -> None:
    """They hold interaction tokens."""
    before = os.umask(0o022)
    try:
        async with open_store(url, now=lambda: NOON) as store:
            await store.open_job(a_job(1))
            folder = tmp_path / "data"
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    finally:
        os.umask(before)
    private = {"mjbot.db": 0o600, "mjbot.db-wal": 0o600, "mjbot.db-shm": 0o600}
    assert {"data": 0o700, **private} == modes


async def test_a_canceled_call_leaves_the_store_usable(sql: SqlStore) -> None:
    """The only connection is returned, and no lock is left."""
    for steps in range(25):
        call = asyncio.ensure_future(sql.create_claim(a_claim(steps + 1, f"b{steps}"), allow))
        for _ in range(steps):
            await asyncio.sleep(0.0002)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
    async with asyncio.timeout(60):
        await sql.create_claim(a_claim(99, "last"), allow)
    assert 99 in [claim.id for claim in await sql.list_claims(ClaimState.SUBMITTING)]


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda store: store.count_open_jobs(), "jobs_open"),
        (lambda store: store.list_jobs_of_task("t1"), "jobs_by_task"),
        (lambda store: store.list_jobs_of_tasks(["t1", "t2"], 9), "jobs_by_task"),
        (lambda store: store.list_lineage_pairs(["t1", "t2"], 9), "claims_by_task"),
        (lambda store: store.list_lineage_pairs(["t1", "t2"], 9), "claims_by_child"),
        (lambda store: store.list_lineage_pairs(["t1", "t2"], 9), "jobs_by_task"),
        (lambda store: store.find_job_of_claim(1), "jobs_by_claim"),
        (lambda store: store.list_task_origins(["t1"], claim_id=1), "jobs_by_task"),
        (lambda store: store.list_task_origins(["t1"], claim_id=1), "jobs_by_claim"),
        (lambda store: store.list_task_origins(["t1"], claim_id=1), "claims_by_child"),
        (lambda store: store.list_task_origins(["t1"], claim_id=1), "deleted_messages_by_task"),
        (lambda store: store.list_recent_tasks(7, 10), "jobs_by_requester"),
        (lambda store: store.list_tasks(7, TaskFilter.FAILED, skip=20, limit=10), "jobs_by_requester"),
        (lambda store: store.list_claims(ClaimState.SUBMITTING), "claims_by_state"),
        (lambda store: store.find_pressed_buttons("t1"), "claims_by_task"),
        (lambda store: store.create_claim(a_claim(1), allow), "claims_by_person"),
        (lambda store: store.create_claim(a_claim(1), allow), "claims_by_day"),
    ],
)
async def test_queries_use_their_index_and_scan_no_table(
    sql: SqlStore, ask: Callable[[Store], Any], index: str
) -> None:
    """As SQLite's query plan says."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: tuple[Any, ...], *_: object) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(sql.database.read_engine.sync_engine, "before_cursor_execute", note)
    await ask(sql)
    event.remove(sql.database.read_engine.sync_engine, "before_cursor_execute", note)
    plan: list[str] = []
    async with sql.database.read_engine.connect() as connection:
        for statement, parameters in asked:
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plan += [str(row.detail) for row in rows]
    assert any(index in line for line in plan), plan
    scans = [line for line in plan if line.startswith("SCAN ") and "INDEX" not in line]
    assert [line for line in scans if line.split()[1] in metadata.tables] == [], plan
