"""Delete rows for good: those of messages that are gone, and what has expired. Each call is part of a transaction."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import queries
from bot.store.schema import jobs, people, refusals, snapshots

_BATCH: Final = 1000
"""How many rows of a table one transaction deletes, which must fit into a statement's time limit."""


async def delete_jobs(connection: AsyncConnection, message_ids: Collection[int]) -> None:
    """Delete the rows of messages, and keep where those of submits were: a private task stays private."""
    await connection.execute(queries.insert_deleted_messages(message_ids, connection.dialect.name))
    await connection.execute(delete(jobs).where(jobs.c.message_id.in_(message_ids)))


async def delete_expired_batch(connection: AsyncConnection, before: datetime) -> int:
    """Delete one batch of expired rows, and return how many jobs and snapshots it had."""
    task_ids = list((await connection.execute(queries.select_expired_snapshots(before, _BATCH))).scalars())
    ended = select(jobs.c.message_id).where(jobs.c.closed_at < before).limit(_BATCH)
    message_ids = list((await connection.execute(ended)).scalars())
    if task_ids:
        await connection.execute(queries.update_child_statuses(task_ids))
        await connection.execute(delete(snapshots).where(snapshots.c.task_id.in_(task_ids)))
    if message_ids:
        await delete_jobs(connection, message_ids)
    await connection.execute(delete(refusals).where(refusals.c.expires_at < before))
    await connection.execute(delete(people).where(*queries.match_default_settings()))
    return len(task_ids) + len(message_ids)
