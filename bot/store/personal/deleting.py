"""Delete a person's jobs with their snapshots, and blank the words in those that others follow."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.midjourney.blanking import contains_phrase, list_phrases
from bot.store import queries
from bot.store.deletion import delete_jobs
from bot.store.group_commit import Row
from bot.store.personal.origins import BATCH, find_submitters
from bot.store.rows import task_from_row
from bot.store.schema import claims, jobs, snapshots
from bot.store.sql_snapshots import blank_row

_MAX_GENERATIONS: Final = 20
_MAX_READS: Final = 9
"""How often a snapshot is read that others save again and again."""


@dataclass(frozen=True, kw_only=True)
class DeletedBatch:
    """What one transaction deleted; `jobs` is 0 when nothing is left."""

    jobs: int = 0
    tasks: int = 0
    blanked: int = 0


@dataclass(kw_only=True)
class _Tasks:
    """The tasks of a batch: with a snapshot that only the person follows, to be blanked, and drawn by the person."""

    deleted: list[str] = field(default_factory=list[str])
    blanked: list[Row] = field(default_factory=list[Row])
    phrases: set[str] = field(default_factory=set[str])
    own: list[str] = field(default_factory=list[str])


async def delete_batch(connection: AsyncConnection, person_id: int, pseudonym: int) -> DeletedBatch:
    """Delete some jobs of a person that have ended, and their snapshots."""
    own = (jobs.c.requester_id == person_id) & jobs.c.closed_at.is_not(None)
    rows = (await connection.execute(select(jobs.c.message_id, jobs.c.task_id).where(own).limit(BATCH))).all()
    if not rows:
        return DeletedBatch()
    tasks = await _sort_tasks(connection, {row.task_id for row in rows} - {""}, (person_id, pseudonym))
    blanked = [*tasks.blanked, *await _find_descendants(connection, tasks, person_id)]
    await blank_snapshots(connection, blanked)
    if tasks.deleted:
        await connection.execute(queries.update_child_statuses(tasks.deleted))
        await connection.execute(delete(snapshots).where(snapshots.c.task_id.in_(tasks.deleted)))
    message_ids = [row.message_id for row in rows]
    # What the deleted rows leave behind has the pseudonym, so that private tasks stay private.
    moved = update(jobs).where(jobs.c.message_id.in_(message_ids)).values(requester_id=pseudonym)
    await connection.execute(moved)
    await delete_jobs(connection, message_ids)
    return DeletedBatch(jobs=len(rows), tasks=len(tasks.deleted), blanked=len(blanked))


async def _sort_tasks(connection: AsyncConnection, task_ids: Collection[str], ids: tuple[int, int]) -> _Tasks:
    """Find what happens to the snapshot of each task.

    The words of a task that only other people submitted are theirs, and stay.
    """
    ordered, sorted_tasks = sorted(task_ids), _Tasks()
    others = jobs.c.task_id.in_(ordered) & jobs.c.requester_id.not_in(ids)
    followed = set((await connection.execute(select(jobs.c.task_id).where(others).distinct())).scalars())
    submitters = await find_submitters(connection, ordered)
    for row in await _read_snapshots(connection, ordered):
        task_id, task = row["task_id"], task_from_row(row)
        is_own = not submitters[task_id].isdisjoint(ids)
        if task is not None and is_own:
            sorted_tasks.phrases |= list_phrases(task)
        if task_id not in followed or task is None:
            sorted_tasks.deleted.append(task_id)
        elif is_own or not submitters[task_id]:
            sorted_tasks.blanked.append(row)
    sorted_tasks.own = [task_id for task_id in ordered if not submitters[task_id].isdisjoint(ids)]
    return sorted_tasks


async def _find_descendants(connection: AsyncConnection, tasks: _Tasks, person_id: int) -> list[Row]:
    """Find what other people drew from the person's pictures with the same words: relays keep the parent's prompt."""
    found, seen, parents = list[Row](), set(tasks.own), tasks.own
    for _ in range(_MAX_GENERATIONS):
        children = select(claims.c.child_id).where(claims.c.task_id.in_(parents), claims.c.child_id != "").distinct()
        parents = sorted(set((await connection.execute(children)).scalars()) - seen) if parents else []
        if not parents or not tasks.phrases:
            break
        seen.update(parents)
        mine = jobs.c.task_id.in_(parents) & (jobs.c.requester_id == person_id)
        own = set((await connection.execute(select(jobs.c.task_id).where(mine))).scalars())
        for row in await _read_snapshots(connection, [one for one in parents if one not in own]):
            if (task := task_from_row(row)) and contains_phrase(task, tasks.phrases):
                found.append(row)
    return found


async def blank_snapshots(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Blank snapshots, in the order in which all processes write them."""
    for row in sorted(rows, key=lambda row: row["task_id"]):
        await _blank_snapshot(connection, row)


async def _blank_snapshot(connection: AsyncConnection, row: Row | None) -> None:
    """Blank a snapshot as it is now: another process may have saved a later one since it was read."""
    for _ in range(_MAX_READS):
        if row is None:
            return
        own = snapshots.c.task_id == row["task_id"]
        same = update(snapshots).where(own, snapshots.c.body == row["body"])
        if (await connection.execute(same.values(body=blank_row(row)["body"]))).rowcount:
            return
        found = (await connection.execute(select(snapshots).where(own))).mappings().first()
        row = dict(found) if found else None


async def _read_snapshots(connection: AsyncConnection, task_ids: Sequence[str]) -> list[Row]:
    found: list[Row] = []
    for start in range(0, len(task_ids), BATCH):
        wanted = select(snapshots).where(snapshots.c.task_id.in_(task_ids[start : start + BATCH]))
        rows: Sequence[Any] = (await connection.execute(wanted)).mappings().all()
        found += [dict(row) for row in rows]
    return found
