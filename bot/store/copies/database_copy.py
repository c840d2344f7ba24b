"""Copy every row from one database to another, SQLite or PostgreSQL, and go on with a copy that was interrupted."""

import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, delete, func, inspect, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import queries
from bot.store.connections.database_url import sqlite_path
from bot.store.copies.copy_side import BATCH_ROWS, CopyRefused, CopySide, Row, get_key, parse_side, translate_errors
from bot.store.migrator import UNFINISHED_COPY, migrate
from bot.store.schema import metadata, processes, refusals
from bot.store.schema import secrets as stored_secrets

_WRITTEN_BY_A_START = frozenset({processes.name, refusals.name, stored_secrets.name})
"""Tables that have rows once the bot was started on an empty database; they are replaced."""
_PROGRESS_ROWS = 40 * BATCH_ROWS


@dataclass(frozen=True)
class TableCopy:
    """How far a table is: so many rows were read; when it is done, `source` and `target` are both row counts.

    `changed` counts the rows of an interrupted copy that differed, and `deleted` those that FROM no longer has.
    """

    table: str
    read: int
    is_done: bool = False
    source: int = 0
    target: int = 0
    changed: int = 0
    deleted: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether both databases have as many rows of the table."""
        return self.is_done and self.source == self.target


async def copy_database(source_url: str, target_url: str) -> AsyncGenerator[TableCopy]:
    """Copy all rows of a DATABASE_URL to another, and yield how far each table is; the last yields are its counts.

    The target gets the newest schema. It must be empty, or the target of a copy that was interrupted: then the source
    wins, row by row. The bot does not start on it until the copy is finished. PostgreSQL stores no NUL character in
    texts, so that it becomes U+FFFD there. Where the target has all rows already, nothing is written.

    Raises:
        CopyRefused: A database cannot be used, is in use by a bot, or has rows that are not the source's.
    """
    source_address, target_address = parse_side("FROM", source_url), parse_side("TO", target_url)
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(CopySide.open("FROM", source_address, writes=False))
        await _require_source(source)
        with translate_errors("TO"):
            if file := sqlite_path(target_address):
                file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                file.touch(mode=0o600)
        target = await stack.enter_async_context(CopySide.open("TO", target_address, writes=True))
        if await source.find_identity() == await target.find_identity():
            raise CopyRefused("", "FROM and TO are the same database.", "Name two different ones.")
        copy = DatabaseCopy(source, target)
        if await copy.begin():
            async for state in copy.copy_tables():
                yield state
        async for state in copy.verify():
            yield state


async def _require_source(source: CopySide) -> None:
    """Raise CopyRefused unless it is a database of this version that no bot uses."""
    version = await source.find_schema_version()
    if not version.found:
        raise CopyRefused("FROM", "holds no database of the bot.", "Check the address.")
    if version.is_newer:
        problem = f"was written by a newer version (its schema is {version.found})."
        raise CopyRefused("FROM", problem, "Copy it with that version.")
    if version.found != version.newest:
        problem = f"has the schema {version.found} of an older version, and this one needs {version.newest}."
        raise CopyRefused("FROM", problem, "Start the bot of this version on it once, or on a backup of it.")
    if await source.is_unfinished_copy():
        raise CopyRefused("FROM", "is a copy that was not finished.", "Copy the database that it was made from.")
    await source.require_no_bot()


class DatabaseCopy:
    """One run of a copy between two open databases; a later run on the same target stops this one."""

    def __init__(self, source: CopySide, target: CopySide) -> None:
        self._source, self._target = source, target
        self._run = secrets.token_hex(8)
        self._is_resumed = False
        self._tables: dict[str, TableCopy] = {}
        self._replaces_nul = (source.dialect, target.dialect) == ("sqlite", "postgresql")

    async def begin(self) -> bool:
        """Migrate the target, and mark it as unfinished; return False if it has all rows already."""
        version = await self._target.find_schema_version()
        if version.is_newer:
            problem = f"was written by a newer version (its schema is {version.found})."
            raise CopyRefused("TO", problem, "Copy with that version.")
        counts = await self._target.count_rows()
        self._is_resumed = await self._target.is_unfinished_copy()
        if counts and not self._is_resumed:
            if processes.name in counts:
                await self._target.require_no_bot()
            if await self._find_finished(counts):
                return False
        with translate_errors("TO"):
            await migrate(self._target.address, is_copied=True)
        async with self._target.transaction() as connection:
            await self._mark(connection)
        return True

    async def _find_finished(self, counts: Mapping[str, int]) -> bool:
        """Return whether the target has all rows; raise CopyRefused if it has others than those of a first start."""
        used = {name: rows for name, rows in counts.items() if rows and name not in _WRITTEN_BY_A_START}
        if not used:
            return False
        if counts == await self._source.count_rows():
            return True
        name, rows = next(iter(used.items()))
        raise CopyRefused(
            "TO",
            f"already has rows ({rows:,} in {name}), and they are not from an interrupted copy.",
            "Name an empty database, or empty this one if you don't need what is in it.",
        )

    async def _mark(self, connection: AsyncConnection) -> None:
        """Make the target unusable for the bot until the copy is finished, and stop an earlier run."""
        if self._is_resumed:
            await connection.execute(text(f"DELETE FROM {UNFINISHED_COPY}"))  # noqa: S608 - a constant
        else:
            await connection.execute(text(f"CREATE TABLE {UNFINISHED_COPY} (run TEXT NOT NULL)"))
            for name in _WRITTEN_BY_A_START:
                await connection.execute(delete(metadata.tables[name]))
        await connection.execute(text(f"INSERT INTO {UNFINISHED_COPY} VALUES (:run)"), {"run": self._run})  # noqa: S608

    async def copy_tables(self) -> AsyncGenerator[TableCopy]:
        """Copy each table, and yield how far it is."""
        for table in metadata.sorted_tables:
            read = 0
            async for state in self._copy_table(table):
                self._tables[table.name] = state
                if state.read > read and state.read % _PROGRESS_ROWS == 0:
                    yield state
                read = state.read

    async def _copy_table(self, table: Table) -> AsyncGenerator[TableCopy]:
        read = changed = 0
        async for found in self._source.walk(table, list(table.columns)):
            rows = [self._clean(row) for row in found]
            read += len(rows)
            if self._is_resumed:
                rows, updated = await self._drop_equal(table, rows)
                changed += updated
            if rows:
                await self._write(table, rows)
            yield TableCopy(table.name, read, changed=changed)
        deleted = await self._delete_others(table) if self._is_resumed else 0
        yield TableCopy(table.name, read, changed=changed, deleted=deleted)

    def _clean(self, row: Row) -> Row:
        if not self._replaces_nul:
            return row
        return {
            name: value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value
            for name, value in row.items()
        }

    async def _drop_equal(self, table: Table, rows: Sequence[Row]) -> tuple[list[Row], int]:
        """Return the rows that the target lacks or has otherwise, and the number of the latter."""
        keys = [get_key(table, row) for row in rows]
        known = {get_key(table, row): row for row in await self._target.find(table, list(table.columns), keys)}
        different = [row for row, key in zip(rows, keys, strict=True) if known.get(key) != row]
        return different, sum(get_key(table, row) in known for row in different)

    async def _write(self, table: Table, rows: Sequence[Row]) -> None:
        async with self._target.transaction() as connection:
            await self._require_own_run(connection)
            await connection.execute(queries.upsert(table, self._target.dialect), [dict(row) for row in rows])

    async def _delete_others(self, table: Table) -> int:
        """Delete the rows that the source no longer has, as it was used between two runs; return their number."""
        key, deleted = list(table.primary_key.columns), 0
        async for rows in self._target.walk(table, key):
            keys = [get_key(table, row) for row in rows]
            known = {get_key(table, row) for row in await self._source.find(table, key, keys)}
            others = [one for one in keys if one not in known]
            if others:
                async with self._target.transaction() as connection:
                    await self._require_own_run(connection)
                    await connection.execute(delete(table).where(tuple_(*key).in_(others)))
            deleted += len(others)
        return deleted

    async def _require_own_run(self, connection: AsyncConnection) -> None:
        """Lock the mark of this run until the transaction ends; raise CopyRefused if another run replaced it."""
        is_marked = await connection.run_sync(lambda sync: inspect(sync).has_table(UNFINISHED_COPY))
        own: Any = text(f"UPDATE {UNFINISHED_COPY} SET run = run WHERE run = :run")  # noqa: S608 - a constant
        if not is_marked or (await connection.execute(own, {"run": self._run})).rowcount != 1:
            raise CopyRefused("TO", "is being copied to by a later run of this command.", "Let that one end.")

    async def verify(self) -> AsyncGenerator[TableCopy]:
        """Yield the row counts of each table, and remove the mark if they are equal and no bot uses the source."""
        complete = True
        for table in metadata.sorted_tables:
            state = self._tables.get(table.name, TableCopy(table.name, 0))
            counts = await self._source.count(table), await self._target.count(table)
            done = TableCopy(table.name, state.read, True, *counts, state.changed, state.deleted)  # noqa: FBT003
            complete = complete and done.is_complete
            yield done
        await self._source.require_no_bot()
        if complete and self._tables:
            await self._finish()

    async def _finish(self) -> None:
        async with self._target.transaction() as connection:
            await self._require_own_run(connection)
            if self._target.dialect == "postgresql":
                await _set_sequences(connection)
            await connection.execute(text(f"DROP TABLE {UNFINISHED_COPY}"))


async def _set_sequences(connection: AsyncConnection) -> None:
    """Let the next generated id of each table be larger than all that were copied."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        highest = await connection.scalar(select(func.max(column)))
        if highest is not None:
            await connection.execute(select(func.setval(sequence, highest)))
