"""Queries that are shared by many readers, as GroupCommit's transactions are by many writers."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database
from bot.store.group_commit import run_to_completion

K = TypeVar("K", bound=Any)
V = TypeVar("V")

_MAX_KEYS = 500
"""How many keys one query has at most: both databases limit the parameters of a statement."""


class GroupRead(Generic[K, V]):
    """Reads what concurrent callers look for by one query; it begins after each of their calls.

    When hundreds of tasks end together, each of their messages needs several values. On SQLite, whose statements
    wait for each other, one query for each of them takes seconds.
    `read` gets a connection and the keys, and returns the values that there are.
    """

    def __init__(
        self, database: Database, read: Callable[[AsyncConnection, Collection[K]], Awaitable[Mapping[K, V]]]
    ) -> None:
        self._database = database
        self._read = read
        self._keys: set[K] = set()
        self._reading: asyncio.Task[Mapping[K, V]] | None = None

    async def find(self, key: K) -> V | None:
        """Return the value of a key, None if there is none."""
        return (await self.find_many([key])).get(key)

    async def find_many(self, keys: Collection[K]) -> dict[K, V]:
        """Return the values of those keys that have one."""
        if not keys:
            return {}
        self._keys.update(keys)
        if self._reading is None:
            self._reading = asyncio.create_task(self._run())
        found = await run_to_completion(self._reading)
        return {key: found[key] for key in keys if key in found}

    async def _run(self) -> Mapping[K, V]:
        try:
            return await self._database.read_together(self._read_keys)
        finally:
            # If no query began, all waiting callers fail together, and the next call starts a new one.
            if self._reading is asyncio.current_task():
                self._take_keys()

    async def _read_keys(self, connection: AsyncConnection) -> Mapping[K, V]:
        keys = self._take_keys()
        found: dict[K, V] = {}
        for start in range(0, len(keys), _MAX_KEYS):
            found.update(await self._read(connection, keys[start : start + _MAX_KEYS]))
        return found

    def _take_keys(self) -> list[K]:
        keys, self._keys, self._reading = self._keys, set(), None
        return list(keys)
