"""Transactions that are shared by many writers, and that are not cut short by a cancellation."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
Row = Mapping[str, Any]
TakeRows = Callable[[], Sequence[Row]]


def _retrieve_error(task: asyncio.Future[Any]) -> None:
    """Retrieve an error whose caller may be gone, so that asyncio does not log it as never retrieved."""
    if not task.cancelled():
        task.exception()


async def run_to_completion(work: Awaitable[T]) -> T:
    """Await a transaction, and delay a cancellation until the transaction has ended.

    A statement canceled half-way costs SQLAlchemy the connection. On SQLite it also keeps the write lock until the
    garbage collector finds its cursor, and all other writers wait in vain.
    """
    task = asyncio.ensure_future(work)
    task.add_done_callback(_retrieve_error)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


class GroupCommit:
    """Writes the rows of all concurrent callers in one transaction; each call returns after the commit.

    `write` begins a transaction and only then calls its argument to get the rows: rows may be added until then.
    """

    def __init__(self, write: Callable[[TakeRows], Awaitable[None]]) -> None:
        self._write = write
        self._rows: dict[str, Row] = {}
        self._commit: asyncio.Task[None] | None = None

    async def add(self, key: str, row: Row) -> None:
        """Write a row; of several rows with one key in one transaction, only the last is written."""
        self._rows[key] = row
        if self._commit is None:
            self._commit = asyncio.create_task(self._run())
        await run_to_completion(self._commit)

    async def _run(self) -> None:
        try:
            await self._write(self._take_rows)
        finally:
            # If no transaction began, all waiting callers fail together, and the next call starts a new one.
            if self._commit is asyncio.current_task():
                self._take_rows()

    def _take_rows(self) -> Sequence[Row]:
        rows, self._rows, self._commit = self._rows, {}, None
        # All processes write in the same order, or two of them that write the same rows could deadlock.
        return [rows[key] for key in sorted(rows)]
