"""When a transaction begins and ends for those who wait for it: one for many, and never cut short."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
Row = Mapping[str, Any]
TakeRows = Callable[[], Sequence[Row]]


def _retrieve(task: asyncio.Future[Any]) -> None:
    """Look at an error whose caller may be gone, so that asyncio does not report it as forgotten."""
    if not task.cancelled():
        task.exception()


async def run_to_completion(work: Awaitable[T]) -> T:
    """Await a transaction, and hold a cancellation back until it has ended.

    A statement cancelled half-way costs SQLAlchemy the connection, and one of SQLite's keeps the write lock until
    the garbage collector finds its cursor: everybody else then waits in vain.
    """
    task = asyncio.ensure_future(work)
    task.add_done_callback(_retrieve)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


class GroupCommit:
    """Writes the rows of all who wait at the same moment in one transaction; each returns after its commit.

    `write` begins a transaction, and only then calls what it is given for the rows: until that moment more may join.
    """

    def __init__(self, write: Callable[[TakeRows], Awaitable[None]]) -> None:
        self._write = write
        self._rows: dict[str, Row] = {}
        self._commit: asyncio.Task[None] | None = None

    async def add(self, key: str, row: Row) -> None:
        """Write a row; of several with one key in one transaction, the last."""
        self._rows[key] = row
        if self._commit is None:
            self._commit = asyncio.create_task(self._run())
        await run_to_completion(self._commit)

    async def _run(self) -> None:
        try:
            await self._write(self._take)
        finally:
            # Where no transaction began, those who wait fail together, and the next starts afresh.
            if self._commit is asyncio.current_task():
                self._take()

    def _take(self) -> Sequence[Row]:
        rows, self._rows, self._commit = self._rows, {}, None
        # In one order everywhere: two processes that write the same rows would else wait for each other.
        return [rows[key] for key in sorted(rows)]
