"""The store of bot.ports on a database; whatever a method writes is one transaction."""

import logging
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, delete, func, select, text, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Now
from bot.entities import (
    DUPLICATE_PRESS_WINDOW,
    MAX_CLAIM_AGE_TO_RENEW,
    MAX_CLAIM_AGE_TO_SEND,
    Claim,
    ClaimState,
    Job,
    LineagePair,
    PersonSettings,
    PressedButton,
    TaskFilter,
    TaskSummary,
    Usage,
)
from bot.errors import AlreadyClaimed, ClaimLost
from bot.midjourney.buttons import name_result
from bot.midjourney.task import Status, Task
from bot.store import queries
from bot.store.database import Database
from bot.store.engine import create_engine, parse_database_url, sqlite_path, translate_database_errors
from bot.store.group_commit import GroupCommit, TakeRows
from bot.store.migrator import migrate
from bot.store.notify_listener import NotifyListener
from bot.store.process_leases import RELEASED_OWNER, SqlProcessLeases
from bot.store.queries import NEWEST_FIRST
from bot.store.rows import (
    claim_from_row,
    job_from_row,
    job_to_row,
    person_settings_from_row,
    task_from_row,
    task_to_row,
)
from bot.store.schema import claims, jobs, people, refusals, snapshots

log = logging.getLogger(__name__)

_KNOWN = (ClaimState.ACCEPTED, ClaimState.REFUSED)
_CLAIM_LOCK = 0x6D6A_626F_7401
_SWEPT = 1000
"""How many rows of a kind are forgotten in one transaction."""


@asynccontextmanager
async def open_store(url: str, *, now: Now, owner: str = "") -> AsyncGenerator["SqlStore"]:
    """Open the database of a DATABASE_URL, bring its schema up to date, and close it at the end.

    `owner` is this process's name among those that share the database.

    Raises:
        SettingsError: The URL is none that database_url takes.
        StoreUnavailable: The database cannot be reached or written.
    """
    address = parse_database_url(url)
    file = sqlite_path(address)
    with translate_database_errors():
        if file:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Tokens that can act as the bot stand in it; SQLite gives its other files the same mode.
            file.touch(mode=0o600)
        await migrate(address)
    database = Database(create_engine(address), now=now, file=file)
    async with NotifyListener.listen(address) as hints:
        try:
            yield SqlStore(database, owner, hints)
        finally:
            await database.close()


class SqlStore:
    """A bot.ports.Store on a migrated database; `fleet` is the bot.ports.Fleet on the same."""

    def __init__(self, database: Database, owner: str, hints: NotifyListener) -> None:
        self.database = database
        self.process_leases = SqlProcessLeases(database, owner, hints)
        self._owner = owner
        self._snapshots = GroupCommit(self._write_snapshots)

    async def open_job(self, job: Job, *, form_again: bool = False) -> None:
        """Write a job, or open it again: it is this process's from here on, whoever had it."""
        statement = queries.upsert(jobs, self.database.dialect, lasting="" if form_again else "form_sent")
        row = {**job_to_row(job), "closed_at": None, "owner": self._owner}

        async def write(connection: AsyncConnection) -> None:
            before = await connection.scalar(select(jobs.c.owner).where(jobs.c.message_id == job.id))
            await connection.execute(statement, row)
            if before not in {None, RELEASED_OWNER, self._owner}:
                await self.process_leases.notify_ownership_change(connection)

        await self.database.transaction(write)

    async def update_job(self, job: Job) -> None:
        """Write the job's fields anew; a closed one stays closed."""
        form_sent = true() if job.form_sent else jobs.c.form_sent
        row = {**job_to_row(job), "form_sent": form_sent}
        await self.database.write(update(jobs).where(jobs.c.message_id == job.id).values(row))

    async def close_job(self, message_id: int) -> None:
        """Mark the job as ended, if it is still this process's."""
        own = (jobs.c.message_id == message_id) & (jobs.c.owner == self._owner)
        await self.database.write(update(jobs).where(own).values(closed_at=self.database.now()))

    async def delete_job(self, message_id: int) -> None:
        """Delete the row of a message that is gone; whoever runs it finds that it is lost."""
        await self.database.write(delete(jobs).where(jobs.c.message_id == message_id))

    async def count_open_jobs(self) -> int:
        """Count the jobs that have not ended, whosever they are."""
        rows = await self.database.read(select(func.count().label("found")).where(jobs.c.closed_at.is_(None)))
        return int(rows[0]["found"])

    async def find_job(self, message_id: int) -> Job | None:
        """Return the job of a message, open or closed."""
        return _first(await self._jobs(select(jobs).where(jobs.c.message_id == message_id)))

    async def list_jobs_of_task(self, task_id: str) -> Sequence[Job]:
        """Return the jobs of a task, newest first; the empty id is no task."""
        if not task_id:
            return []
        return await self._jobs(select(jobs).where(jobs.c.task_id == task_id).order_by(*NEWEST_FIRST))

    async def list_jobs_of_tasks(self, task_ids: Collection[str], limit: int) -> Sequence[Job]:
        """Return the newest jobs of many tasks, newest first; the empty id is no task."""
        wanted = jobs.c.task_id.in_([task_id for task_id in task_ids if task_id])
        return await self._jobs(select(jobs).where(wanted).order_by(*NEWEST_FIRST).limit(limit))

    async def list_lineage_pairs(self, task_ids: Collection[str], limit: int) -> Sequence[LineagePair]:
        """Return the parents and children of tasks, pair by pair, the oldest first."""
        rows = await self.database.read(
            queries.select_lineage_pairs([task_id for task_id in task_ids if task_id], limit)
        )
        return [LineagePair(row["parent_id"], row["child_id"]) for row in rows]

    async def find_job_of_claim(self, claim_id: int) -> Job | None:
        """Return the newest job that a claim opened; 0 is no claim."""
        if not claim_id:
            return None
        return _first(
            await self._jobs(select(jobs).where(jobs.c.claim_id == claim_id).order_by(*NEWEST_FIRST).limit(1))
        )

    async def list_recent_tasks(self, person_id: int, limit: int) -> Sequence[TaskSummary]:
        """Return a person's own tasks, newest first, each once: that of its newest message."""
        rows = await self.database.read(queries.select_recent_tasks(person_id, limit))
        return [_recent(row) for row in rows]

    async def list_tasks(
        self, person_id: int, which: TaskFilter, *, skip: int, limit: int
    ) -> tuple[Sequence[TaskSummary], int]:
        """Return a part of a person's own tasks, running ones first, then newest first; and how many there are."""
        rows = await self.database.read(queries.select_tasks(person_id, which, skip=skip, limit=limit))
        return [_recent(row) for row in rows], int(rows[0]["total"]) if rows else 0

    async def save_snapshot(self, task: Task) -> None:
        """Keep the snapshot of a task; one that is kept already costs no write, many at once one transaction."""
        await self._snapshots.add(task.id, {**task_to_row(task), "kept_at": self.database.now()})

    async def find_snapshot(self, task_id: str) -> Task | None:
        """Return the last snapshot kept of a task."""
        return (await self.find_snapshots([task_id])).get(task_id)

    async def find_snapshots(self, task_ids: Collection[str]) -> dict[str, Task]:
        """Return the last snapshots kept of many tasks, by id; those without one are missing."""
        rows = await self.database.read(select(snapshots).where(snapshots.c.task_id.in_(task_ids)))
        return {row["task_id"]: task for row in rows if (task := _readable(row))}

    async def create_claim(self, claim: Claim, judge: Callable[[Usage], None]) -> None:
        """Write a claim if nothing speaks against it; a refused press may be tried again at once.

        The transaction holds the database's only right to claim from before it reads until after it wrote.
        """

        async def check_and_write(connection: AsyncConnection) -> None:
            if self.database.is_postgresql:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CLAIM_LOCK})
            if rival := (await connection.execute(queries.select_conflicting_claim(claim))).first():
                raise AlreadyClaimed(rival.id, rival.person_id)
            judge(Usage(*(await connection.execute(queries.select_usage(claim))).one()))
            await connection.execute(claims.insert().values(**asdict(claim), owner=self._owner))

        await self.database.transaction(check_and_write)

    async def settle_claim(
        self, claim_id: int, state: ClaimState, child_id: str = "", *, submits: int | None = None
    ) -> None:
        """Write how a submit ended; what is known is not forgotten again."""
        row = claims.c.id == claim_id
        if state not in _KNOWN:
            row &= claims.c.state.not_in(_KNOWN)
        end: dict[str, Any] = {"state": state, "child_id": child_id}
        if submits is not None:
            end["submits"] = submits
        await self.database.write(update(claims).where(row).values(end))

    async def mark_claim_unbilled(self, claim_id: int) -> bool:
        """Write that the submit of a claim without an end was not billed; return whether that stands."""
        lost = (claims.c.id == claim_id) & (claims.c.state == ClaimState.UNKNOWN)
        giving = update(claims).where(lost).values(state=ClaimState.REFUSED, submits=0)
        return bool(await self.database.transaction(lambda connection: _changed(connection, giving)))

    async def verify_claim(self, claim_id: int) -> None:
        """Make sure, right before the submit, that a claim is still this process's and on its way.

        Raises:
            ClaimLost: It is not, or so old that others may claim the same: nothing may be sent.
        """
        since = self.database.now() - MAX_CLAIM_AGE_TO_SEND
        held = (claims.c.id == claim_id) & (claims.c.state == ClaimState.SUBMITTING) & (claims.c.owner == self._owner)
        taking = update(claims).where(held, claims.c.made_at > since).values(state=ClaimState.SUBMITTING)
        if not await self.database.transaction(lambda connection: _changed(connection, taking)):
            raise ClaimLost

    async def renew_claim(self, claim_id: int) -> None:
        """Date a claim anew; a little back, so that it is no twin of the same person's next press.

        Raises:
            ClaimLost: It is not this process's and on its way any more, or so old that another may hold the same.
        """
        since = self.database.now() - MAX_CLAIM_AGE_TO_RENEW
        held = (claims.c.id == claim_id) & (claims.c.state == ClaimState.SUBMITTING) & (claims.c.owner == self._owner)
        dating = (
            update(claims)
            .where(held, claims.c.made_at > since)
            .values(made_at=self.database.now() - DUPLICATE_PRESS_WINDOW)
        )
        if not await self.database.transaction(lambda connection: _changed(connection, dating)):
            raise ClaimLost

    async def find_claim(self, claim_id: int) -> Claim | None:
        """Return a claim, however it ended."""
        rows = await self.database.read(select(claims).where(claims.c.id == claim_id))
        return claim_from_row(rows[0]) if rows else None

    async def list_claims(self, state: ClaimState) -> Sequence[Claim]:
        """Return the claims in that state, oldest first."""
        rows = await self.database.read(
            select(claims).where(claims.c.state == state).order_by(claims.c.made_at, claims.c.id)
        )
        return [claim_from_row(row) for row in rows]

    async def list_billed_claims(self, before: datetime, limit: int) -> Sequence[Claim]:
        """Return the newest claims made before then that led to a task and are not known to be free."""
        rows = await self.database.read(queries.select_billed_claims(before, limit))
        return [claim_from_row(row) for row in rows]

    async def list_claims_of_children(self, task_ids: Collection[str]) -> Sequence[Claim]:
        """Return the claims that led to one of the tasks, oldest first; the empty id is no task."""
        led = claims.c.child_id.in_([task_id for task_id in task_ids if task_id])
        rows = await self.database.read(select(claims).where(led).order_by(claims.c.made_at, claims.c.id))
        return [claim_from_row(row) for row in rows]

    async def find_pressed_buttons(self, task_id: str) -> dict[str, PressedButton]:
        """Return the newest accepted press of each of the task's buttons whose child has come, or is followed still."""
        presses = await self.database.read(queries.select_presses(task_id))
        shown = await self._jobs(queries.select_visible_child_jobs(task_id))
        return {press["button"]: _mark(press, shown) for press in presses}

    async def save_missing_capability(self, ability: str, reason: str, *, at: datetime, until: datetime) -> None:
        """Remember that the relay lacks an ability, until then."""
        row = {"ability": ability, "reason": reason, "refused_at": at, "expires_at": until}
        await self.database.write(queries.upsert(refusals, self.database.dialect), row)

    async def find_missing_capabilities(self, at: datetime) -> dict[str, str]:
        """Return the abilities that the relay lacks at that time, with the reason."""
        rows = await self.database.read(select(refusals).where(refusals.c.expires_at > at))
        return {row["ability"]: row["reason"] for row in rows}

    async def find_refusal_time(self, ability: str, at: datetime) -> datetime | None:
        """Return when the relay last refused an ability that it lacks at that time; None where it does not."""
        held = (refusals.c.ability == ability) & (refusals.c.expires_at > at)
        rows = await self.database.read(select(refusals.c.refused_at).where(held))
        return rows[0]["refused_at"] if rows else None

    async def find_person_settings(self, person_id: int) -> PersonSettings:
        """Return what a person has chosen, the defaults where that is nothing."""
        rows = await self.database.read(select(people).where(people.c.person_id == person_id))
        return person_settings_from_row(rows[0]) if rows else PersonSettings()

    async def update_person_settings(
        self, person_id: int, change: Callable[[PersonSettings], PersonSettings]
    ) -> PersonSettings:
        """Write what `change` makes of a person's settings; two changes at once both count.

        Who chose nothing, or nothing any more, has no row.
        """
        own = people.c.person_id == person_id

        async def write(connection: AsyncConnection) -> PersonSettings:
            # First a row that can be locked: PostgreSQL locks none that is not there.
            row, found = {"person_id": person_id, **asdict(PersonSettings())}, None
            while found is None:  # another change may delete it in between
                await connection.execute(queries.insert_if_absent(people, self.database.dialect), row)
                found = (await connection.execute(select(people).where(own).with_for_update())).mappings().first()
            changed = change(person_settings_from_row(dict(found)))
            kept = update(people).where(own).values(asdict(changed))
            await connection.execute(delete(people).where(own) if changed == PersonSettings() else kept)
            return changed

        return await self.database.transaction(write)

    async def clear_missing_capabilities(self) -> int:
        """Let everything that the relay refused be tried anew; return how many abilities that were."""

        async def clear(connection: AsyncConnection) -> int:
            return (await connection.execute(delete(refusals))).rowcount

        return await self.database.transaction(clear)

    async def delete_expired(self, before: datetime) -> int:
        """Delete what ended before then, and what nobody follows; return how many jobs and snapshots that were.

        Claims stay: what was paid for is not paid for again, and they learn how their child ended.
        """
        forgotten = 0
        while swept := await self.database.transaction(lambda connection: _sweep(connection, before)):
            forgotten += swept
        return forgotten

    async def _write_snapshots(self, take: TakeRows) -> None:
        statement = queries.upsert(snapshots, self.database.dialect, undated="kept_at")
        await self.database.unshielded_transaction(lambda connection: connection.execute(statement, take()))

    async def _jobs(self, query: Executable) -> Sequence[Job]:
        return [job_from_row(row) for row in await self.database.read(query)]


async def _changed(connection: AsyncConnection, statement: Executable) -> int:
    return int((await connection.execute(statement)).rowcount)


async def _sweep(connection: AsyncConnection, before: datetime) -> int:
    """Forget a part, small enough for the time that a statement has."""
    tasks = list((await connection.execute(queries.select_expired_snapshots(before, _SWEPT))).scalars())
    ended = select(jobs.c.message_id).where(jobs.c.closed_at < before).limit(_SWEPT)
    messages = list((await connection.execute(ended)).scalars())
    if tasks:
        await connection.execute(queries.update_child_statuses(tasks))
        await connection.execute(delete(snapshots).where(snapshots.c.task_id.in_(tasks)))
    if messages:
        await connection.execute(delete(jobs).where(jobs.c.message_id.in_(messages)))
    await connection.execute(delete(refusals).where(refusals.c.expires_at < before))
    await connection.execute(delete(people).where(*queries.match_default_settings()))
    return len(tasks) + len(messages)


def _readable(row: Mapping[str, Any]) -> Task | None:
    """Read a snapshot; one that another version wrote in its own way is as good as none, as the relay has the task."""
    try:
        return task_from_row(row)
    except ValueError:
        log.warning("The snapshot of task %s cannot be read, and is passed over.", row["task_id"])
        return None


def _first(found: Sequence[Job]) -> Job | None:
    return found[0] if found else None


def _recent(row: Mapping[str, Any]) -> TaskSummary:
    job = job_from_row(row)
    task = (_readable(row) if row["body"] else None) or Task(id=job.task_id)
    return TaskSummary(
        job.task_id,
        task.shown_prompt,
        task.status,
        task.progress,
        "" if job.place.ephemeral else job.place.link,
        job.born_at,
        is_followed=row["closed_at"] is None,
        pressed=row["told_pressed"],
        result_description=name_result(task, row["told_done"]),
    )


def _mark(press: Mapping[str, Any], shown: Sequence[Job]) -> PressedButton:
    """Point to the message that the press opened, else to another of the same child."""
    children = [job for job in shown if job.task_id == press["child_id"]]
    children.sort(key=lambda job: job.claim_id != press["id"])
    finished = Status(press["status"]).is_final
    if not children:
        return PressedButton(press["child_id"], "", finished)
    place = children[0].place
    return PressedButton(press["child_id"], place.link, finished, place.guild_id, place.channel_id)
