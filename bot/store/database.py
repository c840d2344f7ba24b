"""One database for all of a process's rows: its transactions, the end of what runs in them, and how it fails."""

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
from bot.store.engine import translate_database_errors
from bot.store.group_commit import run_to_completion
from bot.store.schema import UtcDateTime

_T = TypeVar("_T")


class Database:
    """Reads and writes on an engine; `now` dates what is kept, `file` is SQLite's.

    Every method raises StoreUnavailable where the database does not answer.
    """

    def __init__(self, engine: AsyncEngine, *, now: Now, file: Path | None = None) -> None:
        self.read_engine = engine
        self.write_engine = engine.execution_options(immediate=True)
        self.dialect = engine.dialect.name
        self.now = now
        self.file = file
        self._closed = False
        self._running: set[asyncio.Task[Any]] = set()

    @property
    def is_postgresql(self) -> bool:
        """Whether many processes on many machines may share it."""
        return self.dialect == "postgresql"

    def clock_expression(self, ahead: timedelta = timedelta()) -> ColumnElement[datetime]:
        """Return the time by which leases end: the server's where machines share one, as their clocks may differ."""
        if self.is_postgresql:
            return func.clock_timestamp(type_=DateTime(timezone=True)) + literal(ahead, Interval())
        return literal(self.now() + ahead, UtcDateTime)

    async def close(self) -> None:
        """Let what is being written end, then leave; from here on every call raises StoreUnavailable."""
        self._closed = True
        if self._running:
            await asyncio.wait(self._running)
        # SQLite's last connection takes the write-ahead log with it.
        await self.read_engine.dispose()

    async def write(
        self, statement: Executable, row: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> None:
        """Carry out one statement in a transaction of its own."""
        await self.transaction(lambda connection: connection.execute(statement, row))

    async def read(self, query: Executable) -> Sequence[Mapping[str, Any]]:
        """Return the rows of a query."""
        return await run_to_completion(self._rows(query))

    async def transaction(self, work: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
        """Do `work` in a transaction that writes from its first moment on, and commit it."""
        return await run_to_completion(self.unshielded_transaction(work))

    async def unshielded_transaction(self, work: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
        """Do the same for a caller who holds cancellations back already."""
        # SQLite would go on in a file that is deleted already, and nothing would outlive the process.
        if self.file and not self.file.exists():
            raise StoreUnavailable("the database's file is gone")
        with self._busy():
            async with self.write_engine.begin() as connection:
                return await work(connection)

    async def _rows(self, query: Executable) -> Sequence[Mapping[str, Any]]:
        with self._busy():
            async with self.read_engine.connect() as connection:
                return [dict(row) for row in (await connection.execute(query)).mappings()]

    @contextmanager
    def _busy(self) -> Generator[None]:
        task = asyncio.current_task()
        if self._closed or task is None:
            raise StoreUnavailable("the store is closed")
        self._running.add(task)
        try:
            with translate_database_errors():
                yield
        finally:
            self._running.discard(task)
