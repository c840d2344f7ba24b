"""All rows of one database in another, in each direction, whatever interrupts the copy."""

import os
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing, closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Integer, Table, Text, delete, insert, select, text, update

from bot.clock import utc_now
from bot.errors import StoreUnavailable
from bot.store import CopyRefused, SqlStore, TableCopy, copy_database, inspect_database, open_store
from bot.store.copies import copy_side
from bot.store.copies.database_copy import DatabaseCopy
from bot.store.records_start import NEVER
from bot.store.schema import Amount, UtcDateTime, jobs, metadata, people, processes, reports, rule_changes, snapshots
from tests.fakes.sample_rows import NOON, a_job
from tests.migrated_database import create_migrated_file
from tests.old_databases import get_file, write_old_sqlite
from tests.postgres import Postgres

MakeUrl = Callable[[str], Awaitable[str]]
DIRECTIONS = [(one, other) for one in ("sqlite", "postgresql") for other in ("sqlite", "postgresql")]
TEXTS = (
    "",
    "Ärger",
    "zoo",
    "Zoo",
    "a lighthouse 🗼 at dawn",
    "'quoted' \"twice\" \\ %s :name",
    "一二三",
    "é",
    "e\u0301",
)
NUMBERS = (0, 1, -1, 2**63 - 1, -(2**63), 1_187_000_000_000_000_001)
AMOUNTS = (Decimal(0), Decimal("0.000001"), Decimal("12.345678"), Decimal(-3), Decimal("899999999.999999"))
TIMES = (NOON, NOON + timedelta(microseconds=1), NEVER, datetime(1970, 1, 1, tzinfo=UTC))
ROWS = 11


@pytest.fixture
def make_url(tmp_path: Path, request: pytest.FixtureRequest) -> MakeUrl:
    """Returns the URL of a new migrated database, or of an empty one, of a kind."""
    numbers = count()

    async def make(kind: str) -> str:
        name, _, state = kind.partition(" ")
        if name == "sqlite":
            file = tmp_path / f"{next(numbers)}.db"
            if not state:
                create_migrated_file(file)
            return f"sqlite:///{file}"
        server: Postgres = request.getfixturevalue("postgres")
        return await (server.database() if state else server.migrated_database())

    return make


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make several batches of a few rows."""
    monkeypatch.setattr(copy_side, "BATCH_ROWS", 4)


def make_value(column: Column[Any], number: int) -> object:
    """Return one of the values that a column can have, all of which come up in a few rows; keys are unique."""
    if column.primary_key:
        return f"{TEXTS[number % len(TEXTS)]}{number}" if isinstance(column.type, Text) else number * 7 + 1
    if column.nullable and number % 3 == 2:
        return None
    kind = column.type
    if isinstance(kind, Boolean):
        return bool(number % 2)
    if isinstance(kind, UtcDateTime):
        return TIMES[number % len(TIMES)]
    if isinstance(kind, Amount):
        return AMOUNTS[number % len(AMOUNTS)]
    if isinstance(kind, Text):
        return TEXTS[number % len(TEXTS)] * (1 + number % 2)
    return number if isinstance(kind, Integer) and kind.__class__ is Integer else NUMBERS[number % len(NUMBERS)]


def make_row(table: Table, number: int) -> dict[str, object]:
    row = {column.name: make_value(column, number) for column in table.columns}
    return row | ({"expires_at": NOON} if table is processes else {})


def opened(url: str) -> AbstractAsyncContextManager[SqlStore]:
    """Open a database without a look at its schema, which takes longer than all else here."""
    return open_store(url, now=lambda: NOON, migrates=False)


async def fill(url: str, rows: int = ROWS) -> None:
    """Write rows into every table."""
    async with opened(url) as store, store.database.write_engine.begin() as connection:
        for table in metadata.sorted_tables:
            await connection.execute(insert(table), [make_row(table, number) for number in range(rows)])


async def read_all(url: str) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of all tables."""
    found: dict[str, list[dict[str, Any]]] = {}
    async with opened(url) as store:
        for table in metadata.sorted_tables:
            key = [column.name for column in table.primary_key]
            rows = [dict(row) for row in await store.database.read(select(table))]
            found[table.name] = sorted(rows, key=lambda row: [str(row[name]) for name in key])
    return found


async def execute(url: str, *statements: Any) -> None:  # noqa: ANN401 - statements of any kind
    async with opened(url) as store:
        for statement in statements:
            await store.database.write(statement)


async def copy(source: str, target: str) -> dict[str, TableCopy]:
    """Copy all rows, and return what is told at the end of each table."""
    async with aclosing(copy_database(source, target)) as states:
        return {state.table: state async for state in states if state.is_done}


async def require_unfinished(target: str) -> None:
    """Require that neither the bot nor its check accepts a copy that lacks rows."""
    with pytest.raises(StoreUnavailable, match="is a copy that was not finished"):
        await inspect_database(target)
    with pytest.raises(StoreUnavailable, match="is a copy that was not finished"):
        async with open_store(target, now=lambda: NOON):
            pass


async def refuse(source: str, target: str) -> CopyRefused:
    with pytest.raises(CopyRefused) as refused:
        await copy(source, target)
    return refused.value


@pytest.mark.parametrize(("one", "other"), DIRECTIONS)
async def test_all_rows_arrive_unchanged(make_url: MakeUrl, one: str, other: str) -> None:
    """Into a database that does not exist, or that has no tables; a second run writes nothing."""
    source, target = await make_url(one), await make_url(f"{other} empty")
    await fill(source)
    before = await read_all(source)
    states = await copy(source, target)
    assert await read_all(target) == before == await read_all(source)
    counts = {name: (state.source, state.target, state.is_complete) for name, state in states.items()}
    assert counts.pop("secrets") == (ROWS + 1, ROWS + 1, True), "with the key of pseudonyms, which the bot makes"
    assert {*counts.values()} == {(ROWS, ROWS, True)}
    assert list(states) == [table.name for table in metadata.sorted_tables]
    again = await copy(source, target)
    assert {state.read for state in again.values()} == {0}
    assert all(state.is_complete for state in again.values())


async def test_a_round_trip_changes_no_byte(make_url: MakeUrl, tmp_path: Path) -> None:
    """From SQLite to PostgreSQL and back, as SQLite stores the values."""
    first, second, third = await make_url("sqlite"), await make_url("postgresql empty"), await make_url("sqlite empty")
    await fill(first)
    await copy(first, second)
    await copy(second, third)
    for table in metadata.sorted_tables:
        stored = []
        for url in (first, third):
            with closing(sqlite3.connect(get_file(url))) as database:
                stored.append(sorted(database.execute(f'SELECT * FROM "{table.name}"').fetchall(), key=repr))  # noqa: S608
        assert stored[0] == stored[1]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_new_ids_follow_those_that_were_copied(make_url: MakeUrl, kind: str) -> None:
    source, target = await make_url("sqlite"), await make_url(f"{kind} empty")
    await fill(source)
    await copy(source, target)
    for table in (reports, rule_changes):
        row = make_row(table, 1)
        del row["id"]
        await execute(target, insert(table).values(row))
        ids = [row["id"] for row in (await read_all(target))[table.name]]
        assert max(ids) == (ROWS - 1) * 7 + 2


@pytest.mark.parametrize(("one", "other"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])
@pytest.mark.parametrize("writes", [0, 11, 99])
async def test_an_interrupted_copy_goes_on(
    make_url: MakeUrl, monkeypatch: pytest.MonkeyPatch, one: str, other: str, writes: int
) -> None:
    """Without a second copy of any row; what changed in the source in between is taken over, and the bot waits."""
    source, target = await make_url(one), await make_url(other)
    await fill(source)
    real, left = DatabaseCopy._write, iter(range(writes))

    async def write(self: DatabaseCopy, *batch: Any) -> None:  # noqa: ANN401 - its arguments
        if next(left, None) is None:
            raise KeyboardInterrupt
        await real(self, *batch)

    async def finish(_: DatabaseCopy) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(DatabaseCopy, "_write", write)
        patch.setattr(DatabaseCopy, "_finish", finish)
        with pytest.raises(KeyboardInterrupt):
            await copy(source, target)
    await require_unfinished(target)
    key = jobs.c.message_id
    await execute(
        source,
        update(jobs).where(key == 8).values(pressed="changed"),
        delete(jobs).where(key == 15),
        insert(jobs).values(make_row(jobs, 100)),
        insert(snapshots).values(make_row(snapshots, 101)),
    )
    states = await copy(source, target)
    assert await read_all(target) == await read_all(source)
    assert all(state.is_complete for state in states.values())
    assert (states["jobs"].changed, states["jobs"].deleted) == ((1, 1) if writes else (0, 0))


async def test_a_later_run_stops_the_earlier_one(make_url: MakeUrl) -> None:
    """They don't write at the same time, and the earlier one never ends a copy."""
    source, target = await make_url("sqlite"), await make_url("sqlite empty")
    await fill(source)
    async with copy_side.CopySide.open("FROM", copy_side.parse_side("FROM", source), writes=False) as read:
        get_file(target).touch()
        async with copy_side.CopySide.open("TO", copy_side.parse_side("TO", target), writes=True) as written:
            earlier = DatabaseCopy(read, written)
            assert await earlier.begin()
            states = earlier.copy_tables()
            await copy(source, target)
            with pytest.raises(CopyRefused, match="TO is being copied to by a later run of this command"):
                [state async for state in states]
    assert await read_all(target) == await read_all(source)


async def test_an_unfinished_copy_is_no_source(make_url: MakeUrl) -> None:
    source, target = await make_url("sqlite"), await make_url("sqlite empty")
    with closing(sqlite3.connect(get_file(source))) as database:
        database.execute("CREATE TABLE mjbot_unfinished_copy (run TEXT)")
    refused = await refuse(source, target)
    assert (refused.side, refused.problem) == ("FROM", "is a copy that was not finished.")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_what_a_first_start_wrote_is_replaced(make_url: MakeUrl, kind: str) -> None:
    """As people start the bot on the new database before they think of the old one."""
    source, target = await make_url("sqlite"), await make_url(kind)
    await fill(source)
    async with open_store(target, now=lambda: NOON, owner="first start") as store:
        await store.start_records()
        await store.process_leases.renew_lease(timedelta(seconds=15))
        await store.process_leases.end_lease()
    await copy(source, target)
    assert await read_all(target) == await read_all(source)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_other_rows_are_not_overwritten(make_url: MakeUrl, kind: str) -> None:
    source, target = await make_url("sqlite"), await make_url(kind)
    await fill(source)
    await execute(target, insert(people).values(make_row(people, 3)))
    before = await read_all(target)
    refused = await refuse(source, target)
    problem = "already has rows (1 in people), and they are not from an interrupted copy."
    assert (refused.side, refused.problem) == ("TO", problem)
    assert refused.advice == "Name an empty database, or empty this one if you don't need what is in it."
    assert await read_all(target) == before


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("side", ["FROM", "TO"])
async def test_a_database_that_a_bot_uses_is_refused(make_url: MakeUrl, kind: str, side: str) -> None:
    used, other = await make_url(kind), await make_url("sqlite")
    source, target = (used, other) if side == "FROM" else (other, used)
    async with open_store(used, now=utc_now, owner="a running bot") as store:
        await store.process_leases.renew_lease(timedelta(seconds=15))
        refused = await refuse(source, target)
        assert (refused.side, refused.problem) == (side, "is in use by a running bot.")
        assert refused.advice.startswith("Stop it first.")
        await store.process_leases.end_lease()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_bot_that_starts_during_the_copy_is_noticed(make_url: MakeUrl, kind: str) -> None:
    source, target = await make_url(kind), await make_url("sqlite empty")
    await fill(source)
    async with (
        open_store(source, now=utc_now, owner="a bot") as store,
        aclosing(copy_database(source, target)) as states,
    ):
        await anext(states)
        await store.process_leases.renew_lease(timedelta(seconds=15))
        with pytest.raises(CopyRefused, match="FROM is in use by a running bot"):
            [state async for state in states]
    await require_unfinished(target)


async def test_one_database_under_two_addresses_is_noticed(make_url: MakeUrl, tmp_path: Path) -> None:
    file = await make_url("sqlite")
    (tmp_path / "link.db").symlink_to(get_file(file))
    server = await make_url("postgresql")
    for source, target in [
        (file, file),
        (file, f"sqlite:///{tmp_path}/./0.db"),
        (file, f"sqlite:///{tmp_path}/link.db"),
        (server, server),
        (server, f"{server}&sslmode=prefer&application_name=other".replace("postgres://", "postgresql://")),
    ]:
        assert str(await refuse(source, target)) == "FROM and TO are the same database. Name two different ones."


async def test_an_older_or_newer_schema_is_refused(make_url: MakeUrl, tmp_path: Path) -> None:
    """Rows would be lost with the columns that the other version doesn't have."""
    newer, target = await make_url("sqlite"), await make_url("sqlite empty")
    await execute(newer, *[_set_version("9999")])
    old = write_old_sqlite(tmp_path / "old.db")
    assert "has the schema 0003 of an older version" in (await refuse(old, target)).problem
    assert "by a newer version (its schema is 9999)" in (await refuse(newer, target)).problem
    assert not get_file(target).exists()
    assert (await refuse(await make_url("sqlite"), newer)).side == "TO"


def _set_version(version: str) -> Any:  # noqa: ANN401 - a statement
    return text(f"UPDATE alembic_version SET version_num = '{version}'")  # noqa: S608


async def test_a_target_of_an_older_schema_without_rows_is_migrated(make_url: MakeUrl, tmp_path: Path) -> None:
    source, target = await make_url("sqlite"), write_old_sqlite(tmp_path / "old.db")
    await fill(source)
    assert "already has rows" in (await refuse(source, target)).problem
    with closing(sqlite3.connect(get_file(target))) as database:
        for table in ("jobs", "snapshots", "claims", "people"):
            database.execute(f"DELETE FROM {table}")  # noqa: S608
        database.commit()
    await copy(source, target)
    assert await read_all(target) == await read_all(source)


PASSWORD = "hunter2"
NOWHERE = f"postgresql://mjbot:{PASSWORD}@127.0.0.1:9/mjbot"


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("mysql://u:hunter2@db/x", "names neither SQLite nor PostgreSQL"),
        ("postgresql://mjbot:hunter2@db:port/x", "cannot be read: check the host and the port"),
        ("hunter2", "is not a URL"),
        ("", "is not a URL"),
        ("sqlite://data/x.db", "has two slashes"),
        ("data/x.db", "is a path: use sqlite:///data/x.db"),
        ("$DATABASE_URL", "is the name of a variable"),
        ("sqlite:////proc/nothing/x.db", ""),
        (NOWHERE, "refuses connections at that address."),
        ("postgresql://mjbot:hunter2@host.invalid/mjbot", ""),
    ],
)
@pytest.mark.parametrize("side", ["FROM", "TO"])
async def test_an_address_that_leads_nowhere_is_refused_without_it(
    make_url: MakeUrl, side: str, address: str, problem: str
) -> None:
    """In one sentence, which names the side and shows no password."""
    other = await make_url("sqlite")
    refused = await refuse(*((address, other) if side == "FROM" else (other, address)))
    assert refused.side == side
    assert refused.problem.startswith(problem)
    assert PASSWORD not in str(refused)
    assert "DATABASE_URL" not in refused.advice


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "has no file"),
        (b"", "holds no database of the bot."),
        (b"nothing of ours" * 500, "is not an SQLite file."),
        ("CREATE TABLE jobs (id INTEGER)", "holds the table `jobs` of another program."),
        ("CREATE TABLE orders (id INTEGER)", "holds no database of the bot."),
    ],
)
async def test_a_source_without_the_bots_rows_is_refused(
    make_url: MakeUrl, tmp_path: Path, content: bytes | str | None, problem: str
) -> None:
    file, target = tmp_path / "other.db", await make_url("sqlite empty")
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content:
        with closing(sqlite3.connect(file)) as database:
            database.execute(content)
    refused = await refuse(f"sqlite:///{file}", target)
    assert (refused.side, refused.problem[: len(problem)]) == ("FROM", problem)
    assert file.exists() == (content is not None)
    assert not get_file(target).exists()


async def test_a_target_of_another_program_is_refused(make_url: MakeUrl, tmp_path: Path) -> None:
    source, file = await make_url("sqlite"), tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE claims (id INTEGER)")
    assert "of another program" in (await refuse(source, f"sqlite:///{file}")).problem
    assert (await refuse(source, f"sqlite:///{tmp_path}")).problem == "is a folder."


async def test_tables_of_other_names_stay(make_url: MakeUrl, tmp_path: Path) -> None:
    source, file = await make_url("sqlite"), tmp_path / "shared.db"
    await fill(source)
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE orders (id INTEGER)")
        database.execute("INSERT INTO orders VALUES (5)")
        database.commit()
    await copy(source, f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT id FROM orders").fetchall() == [(5,)]


async def test_a_text_that_postgresql_cannot_store_is_changed(make_url: MakeUrl) -> None:
    """A NUL, which became a replacement character in all that the relay sends."""
    source, target = await make_url("sqlite"), await make_url("postgresql empty")
    await execute(source, insert(jobs).values(make_row(jobs, 1) | {"pressed": "a\0b"}))
    await copy(source, target)
    assert (await read_all(target))["jobs"][0]["pressed"] == "a\ufffdb"


async def test_a_new_file_is_the_owners_alone(make_url: MakeUrl, tmp_path: Path) -> None:
    source = await make_url("sqlite")
    await copy(source, f"sqlite:///{tmp_path}/new/folder/copy.db")
    assert os.stat(tmp_path / "new" / "folder" / "copy.db").st_mode & 0o777 == 0o600  # noqa: PTH116
    assert (tmp_path / "new" / "folder").stat().st_mode & 0o777 == 0o700


async def test_a_bot_follows_its_messages_on_the_copy(make_url: MakeUrl) -> None:
    source, target = await make_url("sqlite"), await make_url("postgresql empty")
    async with open_store(source, now=utc_now, owner="before") as store:
        await store.process_leases.renew_lease(timedelta(seconds=15))
        await store.open_job(a_job(1))
        await store.process_leases.end_lease()
    await copy(source, target)
    async with open_store(target, now=utc_now, owner="after") as store:
        assert [job.id for job in await store.process_leases.take_over_jobs(9)] == [1]
