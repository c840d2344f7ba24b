"""The bot.ports.PersonalData on SQLite or PostgreSQL."""

import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, cast

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.entities import ClaimState, DataSection, DeletedData, StoredData
from bot.errors import StoreUnavailable
from bot.store.database import Database
from bot.store.personal.deleting import blank_snapshots, delete_batch
from bot.store.personal.moving import Moved, move_rows
from bot.store.personal.origins import find_submitters, select_snapshots_of_deleted
from bot.store.personal.sections import SECTIONS
from bot.store.rows import task_from_row
from bot.store.schema import claims, jobs
from bot.store.sql_claims import CLAIM_LOCK
from bot.store.sql_snapshots import blank_row

log = logging.getLogger(__name__)

_DELETION_LOCK: Final = 0x6D6A_626F_7403
_FOREIGN_FIELDS: Final = ("id", "status", "action", "submitTime", "finishTime")
"""What an export tells of a task that only other people submitted: not their words and pictures."""


class SqlPersonalData:
    """Counts, exports and deletes what is stored about a person; see bot.ports.PersonalData."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, person_id: int) -> StoredData:
        """Count what is stored about a person, in one look at the database."""
        await self._database.read_together(self._database.pseudonyms.load)

        async def look(connection: AsyncConnection) -> StoredData:
            counts = await _count_sections(connection, [person_id])
            pseudonym = self._database.pseudonyms.find(person_id)
            kept = await _count_sections(connection, [pseudonym]) if pseudonym != person_id else {}
            return StoredData(counts=counts, kept=kept, running=await _count_running(connection, person_id))

        return await self._database.read_together(look)

    async def read_rows(
        self, person_id: int, section: DataSection, after: str, limit: int
    ) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Return the next rows of a section, those under the pseudonym, too."""
        found, ids = SECTIONS[section], self._list_ids(person_id)
        rows = await self._database.read(found.select_page(ids, after, limit))
        values = [(str(row[found.key.name]), found.to_json(row)) for row in rows]
        return await self._hide_foreign_words(values, ids) if section is DataSection.TASKS else values

    async def delete(self, person_id: int, names: Collection[str] = ()) -> DeletedData:
        """Delete what is stored about a person; see bot.ports.PersonalData.

        The rows that stay are moved in one transaction, and jobs are deleted in batches: others can write meanwhile.
        """
        await self._database.load_pseudonyms()
        pseudonym = self._database.pseudonyms.find(person_id)
        moved = await self._database.transaction(lambda connection: self._move(connection, person_id, pseudonym, names))
        if isinstance(moved, int):
            return DeletedData(running=moved)
        deleted, tasks, blanked = 0, 0, 0

        async def delete_some(connection: AsyncConnection) -> tuple[int, int, int]:
            await self._begin_deletion(connection)
            batch = await delete_batch(connection, person_id, pseudonym)
            return batch.jobs, batch.tasks, batch.blanked

        while (batch := await self._database.transaction(delete_some))[0]:
            deleted, tasks, blanked = deleted + batch[0], tasks + batch[1], blanked + batch[2]
        with suppress(StoreUnavailable):  # everything is deleted
            await self._database.empty_log()
        log.info("The data of a person was deleted: %d messages, %d tasks, %d blanked.", deleted, tasks, blanked)
        return DeletedData(has_settings=moved.has_settings, jobs=deleted, tasks=tasks, blanked=blanked, kept=moved.rows)

    async def blank_returned_words(self) -> int:
        """Blank the words that came back into snapshots; without any deletion so far, nothing is read for it."""
        await self._database.read_together(self._database.pseudonyms.load)
        if not self._database.pseudonyms.is_used:
            return 0
        rows = await self._database.read(select_snapshots_of_deleted())
        changed = [row for row in rows if task_from_row(row) and blank_row(row)["body"] != row["body"]]
        if changed:
            await self._database.transaction(lambda connection: blank_snapshots(connection, changed))
        return len(changed)

    async def _move(
        self, connection: AsyncConnection, person_id: int, pseudonym: int, names: Collection[str]
    ) -> Moved | int:
        """Move the rows that stay; return how many jobs and submits are running instead, if there are any."""
        await self._begin_deletion(connection)
        if self._database.is_postgresql:
            # No claim is written meanwhile: its submit would be on its way for a person who is being deleted.
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CLAIM_LOCK})
        if running := await _count_running(connection, person_id):
            return running
        await self._database.pseudonyms.mark_used(connection)
        return await move_rows(connection, person_id, pseudonym, names)

    async def _begin_deletion(self, connection: AsyncConnection) -> None:
        """Let PostgreSQL delete one batch at a time; SQLite does so by itself, and is told to overwrite with zeros.

        Two deletions at once would count the same rows twice, and each would keep tasks for the other person.
        """
        if self._database.is_postgresql:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _DELETION_LOCK})
        else:
            await connection.execute(text("PRAGMA secure_delete=ON"))

    async def _hide_foreign_words(
        self, values: Sequence[tuple[str, Mapping[str, Any]]], ids: Collection[int]
    ) -> Sequence[tuple[str, Mapping[str, Any]]]:
        task_ids = [key for key, _ in values]
        submitters = await self._database.read_together(lambda connection: find_submitters(connection, task_ids))
        return [
            (key, row if not submitters[key] or submitters[key] & {*ids} else _keep_fields(row)) for key, row in values
        ]

    def _list_ids(self, person_id: int) -> tuple[int, int]:
        return person_id, self._database.pseudonyms.find(person_id)


def _keep_fields(row: Mapping[str, Any]) -> Mapping[str, Any]:
    body: Mapping[str, Any] = cast("Any", row["body"]) if isinstance(row["body"], dict) else {}
    kept = {name: body[name] for name in _FOREIGN_FIELDS if name in body}
    return {**row, "body": kept}


async def _count_sections(connection: AsyncConnection, ids: Collection[int]) -> dict[DataSection, int]:
    return {name: int(await connection.scalar(section.count(ids)) or 0) for name, section in SECTIONS.items()}


async def _count_running(connection: AsyncConnection, person_id: int) -> int:
    """Count a person's jobs that have not ended, and submits on their way that have no job yet."""
    own_jobs = (jobs.c.requester_id == person_id) & jobs.c.closed_at.is_(None)
    own_claims = (claims.c.person_id == person_id) & (claims.c.state == ClaimState.SUBMITTING)
    without_job = own_claims & claims.c.id.not_in(select(jobs.c.claim_id).where(own_jobs))
    counted = [select(func.count()).where(own_jobs), select(func.count()).where(without_job)]
    return sum([int(await connection.scalar(query) or 0) for query in counted])
