"""Every method raises StoreUnavailable, for each fault of the database."""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from bot.entities import ClaimState, TaskFilter
from bot.errors import StoreUnavailable
from bot.midjourney.task import Task
from bot.ports import Store
from bot.store import SqlStore, open_store, parse_database_url
from bot.store.schema import metadata
from tests.fakes.sample_rows import NOON, a_claim, a_job, allow, open_jobs
from tests.fakes.store import FakeStore


async def find_answering_methods(store: Store) -> list[str]:
    """Call every method; return the names of those that did not raise StoreUnavailable."""
    calls: dict[str, Callable[[], Any]] = {
        "open_job": lambda: store.open_job(a_job(1)),
        "update_job": lambda: store.update_job(a_job(1)),
        "close_job": lambda: store.close_job(1),
        "delete_job": lambda: store.delete_job(1),
        "count_open_jobs": store.count_open_jobs,
        "save_redraw": lambda: store.save_redraw(1, 1, NOON),
        "mark_posted": lambda: store.mark_posted(1),
        "find_job": lambda: store.find_job(1),
        "list_jobs_of_task": lambda: store.list_jobs_of_task("t"),
        "list_jobs_of_tasks": lambda: store.list_jobs_of_tasks(["t"], 1),
        "list_lineage_pairs": lambda: store.list_lineage_pairs(["t"], 1),
        "find_job_of_claim": lambda: store.find_job_of_claim(1),
        "list_recent_tasks": lambda: store.list_recent_tasks(7, 1),
        "list_tasks": lambda: store.list_tasks(7, TaskFilter.ALL, skip=0, limit=1),
        "save_snapshot": lambda: store.save_snapshot(Task(id="t")),
        "find_snapshot": lambda: store.find_snapshot("t"),
        "find_snapshots": lambda: store.find_snapshots(["t"]),
        "find_claim": lambda: store.find_claim(1),
        "verify_claim": lambda: store.verify_claim(1),
        "withdraw_claim": lambda: store.withdraw_claim(1),
        "find_usage": lambda: store.find_usage(7),
        "find_rules": lambda: store.find_rules(6, 7),
        "find_claim_age": lambda: store.find_claim_age(1),
        "delete_expired": lambda: store.delete_expired(NOON),
        "create_claim": lambda: store.create_claim(a_claim(1), allow),
        "settle_claim": lambda: store.settle_claim(1, ClaimState.REFUSED),
        "list_claims": lambda: store.list_claims(ClaimState.ACCEPTED),
        "mark_claim_unbilled": lambda: store.mark_claim_unbilled(1),
        "list_billed_claims": lambda: store.list_billed_claims(NOON, 1),
        "list_claims_of_children": lambda: store.list_claims_of_children(["t"]),
        "list_task_origins": lambda: store.list_task_origins(["t"]),
        "has_claim": lambda: store.has_claim("t", {"b"}),
        "start_records": store.start_records,
        "find_records_start": store.find_records_start,
        "find_pressed_buttons": lambda: store.find_pressed_buttons("t"),
        "save_missing_capability": lambda: store.save_missing_capability("p", "no", at=NOON, until=NOON),
        "clear_missing_capabilities": store.clear_missing_capabilities,
        "clear_capabilities_of_other_relay": lambda: store.clear_capabilities_of_other_relay("https://a", NOON),
        "find_missing_capabilities": lambda: store.find_missing_capabilities(NOON),
        "find_refusal_time": lambda: store.find_refusal_time("p", NOON),
        "clear_expired_tokens": lambda: store.clear_expired_tokens(NOON),
        "find_person_settings": lambda: store.find_person_settings(7),
        "list_person_languages": store.list_person_languages,
        "update_person_settings": lambda: store.update_person_settings(7, lambda settings: settings),
    }
    names = {name for name, member in vars(Store).items() if iscoroutinefunction(member)}
    assert names == set(calls)
    answered: list[str] = []
    for name, call in calls.items():
        try:
            await call()
        except StoreUnavailable:
            continue
        answered.append(name)
    return answered


async def test_every_method_raises_store_unavailable_on_a_broken_database(sql: SqlStore, url: str) -> None:
    """All tables are dropped."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for table in metadata.tables:
            connection.execute(text(f"DROP TABLE {table}"))
    engine.dispose()
    assert await find_answering_methods(sql) == []


async def test_every_method_of_a_fake_store_that_is_down_raises() -> None:
    fake = FakeStore(lambda: NOON)
    fake.down = True
    assert await find_answering_methods(fake) == []


async def test_a_full_disk_writes_no_claim(sql: SqlStore) -> None:
    """The store works again when there is room."""
    async with sql.database.read_engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA max_page_count=1")
    big = a_claim(1, "x" * 100_000)
    with pytest.raises(StoreUnavailable):
        await sql.create_claim(big, allow)
    assert list(await sql.list_claims(ClaimState.SUBMITTING)) == []
    async with sql.database.read_engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    await sql.create_claim(big, allow)


async def test_a_read_only_database_writes_no_claim(sql: SqlStore) -> None:
    """Reads still work."""
    async with sql.database.read_engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA query_only=ON")
    with pytest.raises(StoreUnavailable):
        await sql.create_claim(a_claim(1), allow)
    assert list(await sql.list_claims(ClaimState.SUBMITTING)) == []


async def test_a_deleted_file_writes_no_claim(sql: SqlStore, tmp_path: Path) -> None:
    """SQLite itself would go on writing to the deleted file."""
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    with pytest.raises(StoreUnavailable):
        await sql.create_claim(a_claim(1), allow)
    (tmp_path / "elsewhere").rename(tmp_path / "data")
    assert list(await sql.list_claims(ClaimState.SUBMITTING)) == []


async def test_a_locked_database_writes_no_claim(sql: SqlStore, url: str) -> None:
    async with sql.database.read_engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA busy_timeout=10")
    other = sqlite3.connect(str(parse_database_url(url).database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable):
        await sql.create_claim(a_claim(1), allow)
    other.execute("ROLLBACK")
    other.close()
    assert list(await sql.list_claims(ClaimState.SUBMITTING)) == []


async def test_a_file_that_is_no_database_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "garbage").write_bytes(b"not a database at all " * 100)
    for path in (tmp_path / "garbage", tmp_path / "garbage" / "below" / "mjbot.db"):
        with pytest.raises(StoreUnavailable):
            async with open_store(f"sqlite:///{path}", now=lambda: NOON):
                pass


async def test_a_missing_server_cannot_be_opened() -> None:
    with pytest.raises(StoreUnavailable):
        async with open_store("postgresql://mjbot@127.0.0.1:1/mjbot", now=lambda: NOON):
            pass


async def test_errors_contain_no_token(sql: SqlStore, url: str) -> None:
    """Interaction tokens are parameters of statements, and errors are logged."""
    async with sql.database.write_engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE jobs")
    job = a_job(1)
    with pytest.raises(StoreUnavailable) as caught:
        await sql.open_job(replace(job, place=replace(job.place, token="s3cret")))
    assert "s3cret" not in f"{caught.value} {caught.value.__cause__}"


async def test_closing_waits_for_writes_and_refuses_later_calls(url: str) -> None:
    async with open_store(url, now=lambda: NOON) as store:
        calls = [
            asyncio.ensure_future(store.open_job(a_job(1))),
            asyncio.ensure_future(store.save_snapshot(Task(id="t1"))),
        ]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await asyncio.gather(*calls)
    assert await find_answering_methods(store) == []
    async with open_store(url, now=lambda: NOON) as store:
        assert [a_job(1)] == list(await open_jobs(store))
        assert Task(id="t1") == await store.find_snapshot("t1")
