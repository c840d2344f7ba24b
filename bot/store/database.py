"""Reads and transactions on one database, which end before it is closed and raise StoreUnavailable when they fail."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, DateTime, Executable, Interval, func, literal
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.clock import Now
from bot.errors import StoreUnavailable
from bot.store.connections.database_errors import FILE_GONE
from bot.store.connections.engine import translate_database_errors
from bot.store.group_commit import run_to_completion
from bot.store.personal.pseudonyms import Pseudonyms
from bot.store.schema import UtcDateTime

_T = TypeVar("_T")


class Database:
    """A database with its engine; `now` is the time that rows are written with, `file` the file of SQLite.

    Every method raises StoreUnavailable where the database does not answer.
    """

    def __init__(self, engine: AsyncEngine, *, now: Now, file: Path | None = None) -> None:
        self.read_engine = engine
        self.write_engine = engine.execution_options(immediate=True)
        self.dialect = engine.dialect.name
        self.now = now
        self.file = file
        self.pseudonyms = Pseudonyms()
        self._closed = False
        self._running: set[asyncio.Task[Any]] = set()

    @property
    def is_postgresql(self) -> bool:
        """Whether the database is PostgreSQL, which processes on many machines may share."""
        return self.dialect == "postgresql"

    def clock_expression(self, ahead: timedelta = timedelta()) -> ColumnElement[datetime]:
        """Return the time that leases are compared with, plus `ahead`.

        It is the server's time on PostgreSQL, as the clocks of machines differ, and this process's on SQLite.
        """
        if self.is_postgresql:
            return func.clock_timestamp(type_=DateTime(timezone=True)) + literal(ahead, Interval())
        return literal(self.now() + ahead, UtcDateTime)

    async def load_pseudonyms(self) -> None:
        """Read the key of pseudonyms, or make it where no process has made it yet."""
        if not await self.read_together(self.pseudonyms.load):
            await self.transaction(self.pseudonyms.create)

    async def close(self) -> None:
        """Wait for running statements and close all connections; later calls raise StoreUnavailable."""
        self._closed = True
        if self._running:
            await asyncio.wait(self._running)
        # When SQLite's last connection closes, it removes the write-ahead log.
        await self.read_engine.dispose()

    async def write(self, statement: Executable) -> int:
        """Execute one statement in a transaction of its own, and return how many rows it changed."""

        async def execute(connection: AsyncConnection) -> int:
            return (await connection.execute(statement)).rowcount

        return await self.transaction(execute)

    async def read(self, query: Executable) -> Sequence[Mapping[str, Any]]:
        """Return the rows of a query."""
        return await run_to_completion(self._read(query))

    async def read_together(self, look: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
        """Run several queries on one connection, without a write lock."""

        async def run() -> _T:
            with self._track_statement():
                async with self.read_engine.connect() as connection:
                    return await look(connection)

        return await run_to_completion(run())

    async def transaction(self, work: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
        """Run `work` in a transaction that holds the write lock from its beginning, and commit it."""
        return await run_to_completion(self.unshielded_transaction(work))

    async def unshielded_transaction(self, work: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
        """Run a transaction for a caller that delays cancellations itself."""
        # SQLite would go on writing to a deleted file, and the rows would be lost with the process.
        if self.file and not self.file.exists():
            raise StoreUnavailable(*FILE_GONE)
        with self._track_statement():
            async with self.write_engine.begin() as connection:
                return await work(connection)

    async def empty_log(self) -> None:
        """Empty SQLite's write-ahead log, which holds earlier contents of the file; not while others read it."""
        if not self.is_postgresql:
            await run_to_completion(self._empty_log())

    async def _empty_log(self) -> None:
        with self._track_statement():
            async with self.read_engine.connect() as connection:
                waits = (await connection.exec_driver_sql("PRAGMA busy_timeout")).scalar()
                await connection.exec_driver_sql("ROLLBACK")  # a checkpoint needs to be outside of a transaction
                await connection.exec_driver_sql("PRAGMA busy_timeout=0")
                await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                await connection.exec_driver_sql(f"PRAGMA busy_timeout={waits}")

    async def _read(self, query: Executable) -> Sequence[Mapping[str, Any]]:
        with self._track_statement():
            async with self.read_engine.connect() as connection:
                return [dict(row) for row in (await connection.execute(query)).mappings()]

    @contextmanager
    def _track_statement(self) -> Generator[None]:
        task = asyncio.current_task()
        if self._closed or task is None:
            raise StoreUnavailable("is closed.")
        self._running.add(task)
        try:
            with translate_database_errors():
                yield
        finally:
            self._running.discard(task)
