"""Migrations, on SQLite and PostgreSQL."""

import asyncio
import logging
from dataclasses import asdict
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from bot.store import SqlStore, open_store, parse_database_url
from bot.store.connections.database_url import sqlite_path
from bot.store.connections.engine import create_engine as create_async
from bot.store.migrator import MIGRATIONS_DIR
from bot.store.rows import job_to_row
from bot.store.schema import claims, jobs, metadata
from tests.fakes.sample_rows import NOON, a_claim, a_job, later, open_jobs


async def test_migrations_lead_to_the_schema_in_the_code(either_url: str) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with (
        open_store(either_url, now=lambda: NOON) as store,
        store.database.read_engine.connect() as connection,
    ):
        assert await connection.run_sync(differences) == []


async def test_concurrent_starts_migrate_and_log_once(either_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """A later start logs nothing."""

    async def start() -> None:
        async with open_store(either_url, now=lambda: NOON) as store:
            assert list(await open_jobs(store)) == []

    with caplog.at_level(logging.INFO):
        await asyncio.gather(*(start() for _ in range(4)))
        await start()
    assert [record.getMessage() for record in caplog.records] == ["database schema migrated from nothing to 0007"]


async def test_open_rows_of_the_first_schema_are_taken_over(either_url: str) -> None:
    """An open job and a submit on its way, without owners."""

    def first_schema(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS_DIR))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")

    later_columns = {"notified", "redraws", "redraw_at"}
    address = parse_database_url(either_url)
    if file := sqlite_path(address):
        file.parent.mkdir()
    engine = create_async(address, pooled=False)
    async with engine.begin() as connection:
        await connection.run_sync(first_schema)
        row = {name: value for name, value in job_to_row(a_job(1)).items() if name not in later_columns}
        await connection.execute(jobs.insert().values(**row, closed_at=None))
        row = {name: value for name, value in asdict(a_claim(1)).items() if name != "submits"}
        await connection.execute(claims.insert().values(row))
    await engine.dispose()
    async with open_store(either_url, now=lambda: later(600), owner="new") as store:
        assert [a_job(1)] == list(await store.process_leases.take_over_jobs(9))
        assert [a_claim(1)] == list(await store.process_leases.list_orphaned_claims())


async def test_a_newer_schema_is_left_alone(sql: SqlStore, url: str) -> None:
    """During a deployment an old process may start beside a new one; migrations only add."""
    async with sql.database.write_engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    async with open_store(url, now=lambda: NOON) as old:
        await old.open_job(a_job(1))
        assert await old.find_job(1) == a_job(1)
        versions = await old.database.read(text("SELECT version_num FROM alembic_version"))
        assert [row["version_num"] for row in versions] == ["9999"]
