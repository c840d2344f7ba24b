"""Snapshots of tasks in the database; a final one also writes into the ledger how the task ended."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.midjourney.task import Task
from bot.store import queries
from bot.store.database import Database
from bot.store.group_commit import GroupCommit, TakeRows
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
            await connection.execute(statement, rows)
            ended = [task for row in rows if row["final"] and (task := task_from_row(row))]
            await write_final_outcomes(connection, ended)

        await self._database.unshielded_transaction(write)
