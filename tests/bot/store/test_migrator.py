"""Migrations, on SQLite and PostgreSQL."""

import asyncio
import logging
import sqlite3
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from bot.errors import StoreUnavailable
from bot.store import SqlStore, inspect_database, open_store, parse_database_url
from bot.store.connections.database_errors import diagnose_database_error
from bot.store.connections.database_url import sqlite_path
from bot.store.connections.engine import create_engine as create_async
from bot.store.migrator import MIGRATIONS_DIR
from bot.store.rows import claim_to_row, job_to_row
from bot.store.schema import claims, jobs, metadata
from tests.fakes.sample_rows import NOON, a_claim, a_job, later, open_jobs

_CLAIM_COLUMNS_0001 = (
    "id", "person_id", "guild_id", "message_id", "task_id", "button", "made_at", "state", "child_id",
)  # fmt: skip


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
    logged = [record.getMessage() for record in caplog.records if record.name == "bot.store.migrator"]
    assert logged == ["database schema migrated from nothing to 0010"]


async def test_open_rows_of_the_first_schema_are_taken_over(either_url: str) -> None:
    """An open job and a submit on its way, without owners."""

    def first_schema(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS_DIR))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")

    first_columns = set(_CLAIM_COLUMNS_0001)
    later_columns = {"notified", "redraws", "redraw_at", "language"}
    address = parse_database_url(either_url)
    if file := sqlite_path(address):
        file.parent.mkdir()
    engine = create_async(address, pooled=False)
    async with engine.begin() as connection:
        await connection.run_sync(first_schema)
        row = {name: value for name, value in job_to_row(a_job(1)).items() if name not in later_columns}
        await connection.execute(jobs.insert().values(**row, closed_at=None))
        row = {name: value for name, value in claim_to_row(a_claim(1)).items() if name in first_columns}
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


_FOREIGN = [
    (["CREATE TABLE jobs (id INTEGER)"], "jobs"),
    (["CREATE TABLE people (id INTEGER)", "CREATE TABLE orders (id INTEGER)"], "people"),
    (["CREATE TABLE processes (pid INTEGER)"], "processes"),
    (["CREATE TABLE refusals (ability TEXT, refused_at TEXT, expires_at TEXT)"], "refusals"),
    (["CREATE TABLE orders (id INTEGER)", "CREATE VIEW claims AS SELECT id FROM orders"], "claims"),
    (["CREATE TABLE alembic_version (version_num TEXT)", "CREATE TABLE orders (id INTEGER)"], "alembic_version"),
    (
        ["CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('1975ea83b712')"],
        "alembic_version",
    ),
    # Another program may number its revisions as the bot does.
    (
        ["CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('0008')"],
        "alembic_version",
    ),
    (
        [
            "CREATE TABLE alembic_version (version_num TEXT)",
            "INSERT INTO alembic_version VALUES ('0003')",
            "CREATE TABLE jobs (id INTEGER)",
        ],
        "jobs",
    ),
    (
        ["CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('a'), ('b')"],
        "alembic_version",
    ),
    (["CREATE TABLE alembic_version (id INTEGER)"], "alembic_version"),
]


async def _execute(url: str, statements: list[str]) -> None:
    address = parse_database_url(url)
    if file := sqlite_path(address):
        file.parent.mkdir()
    engine = create_async(address, pooled=False)
    async with engine.begin() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)
    await engine.dispose()


@pytest.mark.parametrize(("statements", "table"), _FOREIGN)
async def test_a_database_of_another_program_is_refused(either_url: str, statements: list[str], table: str) -> None:
    """By the check and by the start, in the same words, and nothing is written."""
    await _execute(either_url, statements)
    expected = f"holds the table `{table}` of another program."
    for _ in range(2):
        with pytest.raises(StoreUnavailable) as checked:
            await inspect_database(either_url)
        with pytest.raises(StoreUnavailable) as started:
            async with open_store(either_url, now=lambda: NOON):
                pass
        assert checked.value.problem == started.value.problem == expected
        assert checked.value.advice == "Set DATABASE_URL to a database of the bot's own."


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE orders (id INTEGER)"],
        ["CREATE TABLE job (id INTEGER)", "CREATE TABLE mjbot_jobs (id INTEGER)"],
        ["CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"],
    ],
)
async def test_tables_of_other_names_may_share_the_database(either_url: str, statements: list[str]) -> None:
    """And so may the empty table that a migration leaves which was undone."""
    await _execute(either_url, statements)
    pending = await inspect_database(either_url)
    assert pending is not None
    assert not pending.found
    async with open_store(either_url, now=lambda: NOON):
        assert await inspect_database(either_url) is None


async def test_sqlite_does_not_tell_capitals_apart(url: str) -> None:
    await _execute(url, ["CREATE TABLE Jobs (id INTEGER)"])
    with pytest.raises(StoreUnavailable, match="table `jobs` of another program"):
        await inspect_database(url)


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.OperationalError("index jobs_open already exists"),
        asyncpg.DuplicateTableError('relation "jobs_open" already exists'),
        asyncpg.DuplicateObjectError('type "people" already exists'),
    ],
)
def test_a_name_that_is_taken_otherwise_is_explained(error: Exception) -> None:
    """Such as an index of another program, which is only found when the bot creates its own."""
    assert diagnose_database_error(error)[0] == "holds tables of another program."
