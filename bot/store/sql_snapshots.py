"""Snapshots of tasks in the database; a final one also writes into the ledger how the task ended."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.midjourney.blanking import blank_words
from bot.midjourney.task import Task
from bot.store import queries
from bot.store.database import Database
from bot.store.group_commit import GroupCommit, Row, TakeRows
from bot.store.personal.origins import find_tasks_of_deleted
from bot.store.rows import task_from_row, task_to_row
from bot.store.schema import snapshots
from bot.store.sql_ledger import write_final_outcomes


class SqlSnapshots:
    """Saves and finds the latest known states of tasks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._commits = GroupCommit(self._write)

    async def save(self, task: Task) -> None:
        """Save the latest state of a task; concurrent calls share a transaction, unchanged rows are not written."""
        await self._commits.add(task.id, {**task_to_row(task), "kept_at": self._database.now()})

    async def find_many(self, task_ids: Collection[str]) -> dict[str, Task]:
        """Return the latest saved states of many tasks, by id; tasks without a readable one are left out."""
        rows = await self._database.read(select(snapshots).where(snapshots.c.task_id.in_(task_ids)))
        return {row["task_id"]: task for row in rows if (task := task_from_row(row))}

    async def _write(self, take_rows: TakeRows) -> None:
        statement = queries.upsert(snapshots, self._database.dialect, timestamp="kept_at")

        async def write(connection: AsyncConnection) -> None:
            rows = take_rows()
            if self._database.pseudonyms.is_used:
                rows = await _blank_rows(connection, rows)
            await connection.execute(statement, rows)
            ended = [task for row in rows if row["final"] and (task := task_from_row(row))]
            await write_final_outcomes(connection, ended)

        await self._database.unshielded_transaction(write)


async def _blank_rows(connection: AsyncConnection, rows: Sequence[Row]) -> Sequence[Row]:
    """Leave out the words of people whose data was deleted: the relay sends them again with every poll."""
    blank = await find_tasks_of_deleted(connection, [row["task_id"] for row in rows])
    return [blank_row(row) if row["task_id"] in blank else row for row in rows]


def blank_row(row: Row) -> Row:
    """Return a row of `snapshots` without the words of its prompt."""
    task = task_from_row(row)
    return row if task is None else {**row, **task_to_row(blank_words(task))}
