"""One of the two databases of a copy: how it is reached, and what is in it."""

from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    ColumnElement,
    DateTime,
    Executable,
    Interval,
    Table,
    func,
    inspect,
    literal,
    select,
    text,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import utc_now
from bot.errors import SettingsError, StoreUnavailable
from bot.store.connections.database_url import parse_database_url, sqlite_path
from bot.store.connections.engine import create_engine, translate_database_errors
from bot.store.migrator import UNFINISHED_COPY, SchemaVersion, find_schema_version
from bot.store.queries import LONGEST_LEASE, select_live_processes
from bot.store.schema import UtcDateTime, metadata, processes
from bot.text_cleaning import clean_text

Row = Mapping[str, Any]
_MAX_PROBLEM = 200
BATCH_ROWS = 500
"""How many rows are in memory at once, and in one transaction."""


class CopyRefused(Exception):
    """The copy cannot be made, or not finished: `side` is FROM or TO, or "" for both, and `problem` what is wrong."""

    def __init__(self, side: str, problem: str, advice: str) -> None:
        super().__init__(f"{side} {problem} {advice}".strip())
        self.side, self.problem, self.advice = side, problem, advice


def parse_side(name: str, url: str) -> URL:
    """Parse one of the two addresses; raise CopyRefused, without the address, for one that is not valid."""
    try:
        return parse_database_url(url)
    except SettingsError as error:
        [(_, problem)] = error.problems
        advice = "" if problem.endswith(("?", ".")) else "."
        raise CopyRefused(name, f"{problem}{advice}", "") from None


class CopySide:
    """A database of a copy, with one connection; every method raises CopyRefused where it fails."""

    def __init__(self, name: str, address: URL, connection: AsyncConnection) -> None:
        self.name = name
        self.address = address
        self.connection = connection
        self.dialect = connection.dialect.name

    @classmethod
    @asynccontextmanager
    async def open(cls, name: str, address: URL, *, writes: bool) -> AsyncGenerator["CopySide"]:
        """Connect to a database that exists, and close the connection at the end."""
        with translate_errors(name):
            if (file := sqlite_path(address)) and not file.exists():
                raise CopyRefused(name, f"has no file {file}.", "Check the path.")
            engine = create_engine(address, pooled=False).execution_options(immediate=writes)
        try:
            with translate_errors(name):
                connection = await engine.connect()
            try:
                yield cls(name, address, connection)
            finally:
                await connection.close()
        finally:
            await engine.dispose()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncConnection]:
        """Begin a transaction, and commit it at the end of the block."""
        with translate_errors(self.name):
            async with self.connection.begin():
                yield self.connection

    async def read(self, query: Executable) -> Sequence[Row]:
        """Return the rows of a query, in a transaction of its own: PostgreSQL ends those that wait."""
        async with self.transaction() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    async def find_schema_version(self) -> SchemaVersion:
        """Return which schema the database has; another program's tables are refused."""
        async with self.transaction() as connection:
            return await connection.run_sync(find_schema_version)

    async def is_unfinished_copy(self) -> bool:
        """Return whether a copy to this database was begun, and not finished."""
        async with self.transaction() as connection:
            return await connection.run_sync(lambda sync: inspect(sync).has_table(UNFINISHED_COPY))

    async def count_rows(self) -> dict[str, int]:
        """Return how many rows each table has that is there."""
        async with self.transaction() as connection:
            present = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
        tables = [table for table in metadata.sorted_tables if table.name in present]
        return {table.name: await self.count(table) for table in tables}

    async def count(self, table: Table) -> int:
        """Return how many rows a table has."""
        [row] = await self.read(select(func.count().label("rows")).select_from(table))
        return int(row["rows"])

    async def require_no_bot(self) -> None:
        """Raise CopyRefused if the lease of a process is valid."""
        now: ColumnElement[datetime] = literal(utc_now(), UtcDateTime)
        latest: ColumnElement[datetime] = literal(utc_now() + LONGEST_LEASE, UtcDateTime)
        if self.dialect == "postgresql":
            now = func.clock_timestamp(type_=DateTime(timezone=True))
            latest = now + literal(LONGEST_LEASE, Interval())
        live = select(processes.c.id).where(processes.c.id.in_(select_live_processes(now, latest)))
        if await self.read(live):
            advice = "Stop it first. If it was killed, wait until its lease ends: LEASE_SECONDS, 15 if not set."
            raise CopyRefused(self.name, "is in use by a running bot.", advice)

    async def find_identity(self) -> tuple[object, ...]:
        """Return what is the same for all addresses of one database."""
        if file := sqlite_path(self.address):
            return ("sqlite", _identify(file))
        query = text(
            "SELECT pg_postmaster_start_time() AS started, current_schema() AS schema, "
            "(SELECT oid FROM pg_database WHERE datname = current_database()) AS id"
        )
        [row] = await self.read(query)
        return ("postgresql", row["started"], row["schema"], row["id"])

    async def walk(self, table: Table, columns: Sequence[Column[Any]]) -> AsyncGenerator[Sequence[Row]]:
        """Yield the rows of a table in batches, ordered by its primary key, which must be among the columns."""
        key = list(table.primary_key.columns)
        query = select(*columns).order_by(*key).limit(BATCH_ROWS)
        rows = await self.read(query)
        while rows:
            yield rows
            if len(rows) < BATCH_ROWS:
                return
            after = tuple_(*(literal(rows[-1][column.name], column.type) for column in key))
            rows = await self.read(query.where(tuple_(*key) > after))

    async def find(self, table: Table, columns: Sequence[Column[Any]], keys: Sequence[tuple[Any, ...]]) -> list[Row]:
        """Return the rows that have one of these primary keys."""
        is_listed = tuple_(*table.primary_key.columns).in_(keys)
        return list(await self.read(select(*columns).where(is_listed)))


def _identify(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_dev, found.st_ino


def get_key(table: Table, row: Row) -> tuple[Any, ...]:
    """Return the primary key of a row."""
    return tuple(row[column.name] for column in table.primary_key.columns)


@contextmanager
def translate_errors(name: str) -> Generator[None]:
    """Raise CopyRefused for this side in place of any error of a database."""
    try:
        with translate_database_errors():
            yield
    except StoreUnavailable as error:
        advice = error.advice.replace("DATABASE_URL", name).replace("The bot tries again by itself", "Try again later")
        raise CopyRefused(name, error.problem, advice) from error
    except ValueError as error:  # of SQLAlchemy, for a text in place of a time in SQLite
        problem = f"holds a value that cannot be read ({clean_text(str(error))[:_MAX_PROBLEM]})."
        raise CopyRefused(name, problem, "Change or delete that row, or use a backup.") from error
