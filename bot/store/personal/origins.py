"""SQL that tells whose words a task holds: the persons whose submits led to it."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import CompoundSelect, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.schema import claims, deleted_messages, jobs, snapshots

BATCH: Final = 200
"""How many tasks one statement or transaction handles."""


def select_submitters(task_ids: Collection[str]) -> CompoundSelect[Any, Any]:
    """Select the ids, or pseudonyms, of those whose submits led to the tasks."""
    submitted = jobs.c.task_id.in_(task_ids) & (jobs.c.claim_id != 0)
    return (
        select(jobs.c.task_id, jobs.c.requester_id.label("person_id"))
        .where(submitted)
        .union(
            select(claims.c.child_id, claims.c.person_id).where(claims.c.child_id.in_(task_ids)),
            select(deleted_messages.c.task_id, deleted_messages.c.requester_id).where(
                deleted_messages.c.task_id.in_(task_ids)
            ),
        )
    )


async def find_submitters(connection: AsyncConnection, task_ids: Collection[str]) -> Mapping[str, set[int]]:
    """Return those persons by task; a task that this bot did not submit has none."""
    found: dict[str, set[int]] = {task_id: set() for task_id in task_ids}
    for row in await connection.execute(select_submitters([task_id for task_id in task_ids if task_id])):
        found.setdefault(row[0], set()).add(row[1])
    return found


def select_snapshots_of_deleted() -> Select[Any]:
    """Select the snapshots of tasks that people submitted whose data was deleted since."""
    by_message = select(deleted_messages.c.task_id).where(deleted_messages.c.requester_id < 0)
    by_claim = select(claims.c.child_id).where(claims.c.person_id < 0, claims.c.child_id != "")
    return select(snapshots).where(snapshots.c.task_id.in_(by_message.union(by_claim)))


async def find_tasks_of_deleted(connection: AsyncConnection, task_ids: Collection[str]) -> set[str]:
    """Return those of the tasks that people submitted whose data was deleted since."""
    found = await find_submitters(connection, task_ids)
    return {task_id for task_id, persons in found.items() if any(person < 0 for person in persons)}
