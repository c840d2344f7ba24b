"""The Store of bot.ports on SQLite or PostgreSQL. Each method that writes is one transaction."""

import time
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime, timedelta

from sqlalchemy import Executable, delete, func, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Now
from bot.entities import (
    Claim,
    ClaimState,
    Job,
    LineagePair,
    PersonSettings,
    PressedButton,
    Rules,
    SentCost,
    TaskFilter,
    TaskOrigin,
    TaskSummary,
    Usage,
)
from bot.languages import Language
from bot.midjourney.task import Task
from bot.ports.store import PlanSpending
from bot.store import queries
from bot.store.connections.database_url import parse_database_url, sqlite_path
from bot.store.connections.engine import create_engine, translate_database_errors
from bot.store.database import Database
from bot.store.deletion import delete_expired_batch, delete_jobs
from bot.store.group_commit import GroupCommit, TakeRows
from bot.store.migrator import migrate
from bot.store.personal.sql_departures import SqlDepartures
from bot.store.personal.sql_personal_data import SqlPersonalData
from bot.store.processes.notify_listener import NotifyListener
from bot.store.processes.process_leases import SqlProcessLeases
from bot.store.processes.process_locks import ProcessLocks
from bot.store.queries import NEWEST_FIRST
from bot.store.records_start import RecordsStart
from bot.store.rows import (
    claim_from_row,
    job_from_row,
    job_to_row,
    task_origin_from_row,
    task_summary_from_row,
)
from bot.store.schema import RELEASED_OWNER, claims, jobs
from bot.store.sql_capabilities import SqlCapabilities
from bot.store.sql_claims import SqlClaims
from bot.store.sql_ledger import SqlLedger
from bot.store.sql_people import SqlPeople
from bot.store.sql_reports import SqlReports
from bot.store.sql_rules import SqlRules
from bot.store.sql_snapshots import SqlSnapshots

_TOKENS_AT_ONCE = 500


@asynccontextmanager
async def open_store(
    url: str,
    *,
    now: Now,
    owner: str = "",
    monotonic: Callable[[], float] = time.monotonic,
    migrates: bool = True,
) -> AsyncGenerator["SqlStore"]:
    """Open the database of a DATABASE_URL, migrate its schema unless told not to, and close it at the end.

    `owner` is this process's name among the processes that share the database; `monotonic` counts seconds, whatever
    the system's time does.

    Raises:
        SettingsError: parse_database_url does not accept the URL.
        StoreUnavailable: The database cannot be reached or written.
    """
    address = parse_database_url(url)
    file = sqlite_path(address)
    with translate_database_errors():
        if file and migrates:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # The file holds tokens that can act as the bot. SQLite gives its other files the same mode.
            file.touch(mode=0o600)
        if migrates:
            await migrate(address)
    database = Database(create_engine(address), now=now, file=file)
    locks = ProcessLocks(file, owner) if file and owner else None
    with locks.hold() if locks else nullcontext():
        async with NotifyListener.listen(address, database) as listener:
            try:
                if migrates:
                    await database.load_pseudonyms()
                yield SqlStore(database, owner, listener, locks, monotonic)
            finally:
                await database.close()


class SqlStore:
    """A bot.ports.Store on a migrated database, with the bot.ports.ProcessLeases on the same database."""

    def __init__(
        self,
        database: Database,
        owner: str,
        listener: NotifyListener,
        locks: ProcessLocks | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.database = database
        self.process_leases = SqlProcessLeases(database, owner, listener, locks)
        self.rules = SqlRules(database)
        self.reports = SqlReports(database)
        self.ledger = SqlLedger(database)
        self.personal_data = SqlPersonalData(database)
        self.departures = SqlDepartures(database)
        self._owner = owner
        self._claims = SqlClaims(database, owner, monotonic)
        self._records = RecordsStart(database)
        self._people = SqlPeople(database)
        self._snapshots = SqlSnapshots(database)
        self._closings = GroupCommit(self._close_jobs)
        self._capabilities = SqlCapabilities(database)

    async def open_job(self, job: Job, *, form_again: bool = False, replaces: int = 0) -> None:
        """Write a job as open and make this process its owner; tell other processes if one of them owned it.

        The row that was reserved as `replaces` is deleted with that.
        """
        statement = queries.upsert(
            jobs, self.database.dialect, sticky=("posted",) if form_again else ("posted", "form_sent")
        )
        row = {**job_to_row(job), "closed_at": None, "owner": self._owner}

        async def write(connection: AsyncConnection) -> None:
            before = await connection.scalar(select(jobs.c.owner).where(jobs.c.message_id == job.id))
            await connection.execute(statement, row)
            if replaces and replaces != job.id:
                await connection.execute(delete(jobs).where(jobs.c.message_id == replaces))
            if before not in {None, RELEASED_OWNER, self._owner}:
                await self.process_leases.notify_ownership_change(connection)

        await self.database.transaction(write)

    async def update_job(self, job: Job) -> None:
        """Overwrite a job's fields; a closed job stays closed."""
        form_sent = true() if job.form_sent else jobs.c.form_sent
        row = {**job_to_row(job), "form_sent": form_sent}
        await self.database.write(update(jobs).where(jobs.c.message_id == job.id).values(row))

    async def save_redraw(self, message_id: int, redraws: int, at: datetime) -> None:
        """Remember when a job's final state is drawn again, for the process that then owns it."""
        row = {"redraws": redraws, "redraw_at": at}
        await self.database.write(update(jobs).where(jobs.c.message_id == message_id).values(row))

    async def mark_posted(self, message_id: int) -> bool:
        """Mark that a gallery gets the picture of a message; return whether it was not marked before."""
        unposted = (jobs.c.message_id == message_id) & jobs.c.posted.is_not(true())
        return bool(await self.database.write(update(jobs).where(unposted).values(posted=True)))

    async def close_job(self, message_id: int) -> None:
        """Mark a job as ended, if this process still owns it."""
        await self._closings.add(str(message_id), {"message_id": message_id})

    async def delete_job(self, message_id: int) -> None:
        """Delete the row of a message that is gone; a process that runs its job finds it lost."""
        await self.database.transaction(lambda connection: delete_jobs(connection, [message_id]))

    async def count_open_jobs(self) -> int:
        """Count the jobs of all processes that have not ended."""
        count = select(func.count().label("open")).where(jobs.c.closed_at.is_(None))
        return int((await self.database.read(count))[0]["open"])

    async def find_job(self, message_id: int) -> Job | None:
        """Return the job of a message, open or closed."""
        return next(iter(await self._select_jobs(select(jobs).where(jobs.c.message_id == message_id))), None)

    async def list_jobs_of_task(self, task_id: str) -> Sequence[Job]:
        """Return the jobs of a task, newest first; no task has the id ""."""
        if not task_id:
            return []
        return await self._select_jobs(select(jobs).where(jobs.c.task_id == task_id).order_by(*NEWEST_FIRST))

    async def list_jobs_of_tasks(self, task_ids: Collection[str], limit: int) -> Sequence[Job]:
        """Return at most `limit` jobs of many tasks, newest first; no task has the id ""."""
        wanted = jobs.c.task_id.in_(list(filter(None, task_ids)))
        return await self._select_jobs(select(jobs).where(wanted).order_by(*NEWEST_FIRST).limit(limit))

    async def list_lineage_pairs(self, task_ids: Collection[str], limit: int) -> Sequence[LineagePair]:
        """Return the pairs of parent and child that any of the tasks is part of, oldest first."""
        rows = await self.database.read(queries.select_lineage_pairs(list(filter(None, task_ids)), limit))
        return [LineagePair(row["parent_id"], row["child_id"]) for row in rows]

    async def find_job_of_claim(self, claim_id: int) -> Job | None:
        """Return the newest job that a claim opened; no claim has the id 0."""
        if not claim_id:
            return None
        newest = select(jobs).where(jobs.c.claim_id == claim_id).order_by(*NEWEST_FIRST).limit(1)
        return next(iter(await self._select_jobs(newest)), None)

    async def list_recent_tasks(self, person_id: int, limit: int) -> Sequence[TaskSummary]:
        """Return a person's own tasks, newest first, each once with its newest message."""
        rows = await self.database.read(queries.select_recent_tasks(person_id, limit))
        return [task_summary_from_row(row) for row in rows]

    async def list_tasks(
        self, person_id: int, which: TaskFilter, *, skip: int, limit: int
    ) -> tuple[Sequence[TaskSummary], int]:
        """Return one page of a person's own tasks, running first, then newest first, and how many there are in all."""
        rows = await self.database.read(queries.select_tasks(person_id, which, skip=skip, limit=limit))
        return [task_summary_from_row(row) for row in rows], int(rows[0]["total"]) if rows else 0

    async def save_snapshot(self, task: Task) -> None:
        """Save the latest state of a task; concurrent calls share a transaction, unchanged rows are not written."""
        await self._snapshots.save(task)

    async def find_snapshot(self, task_id: str) -> Task | None:
        """Return the latest saved state of a task."""
        return (await self.find_snapshots([task_id])).get(task_id)

    async def find_snapshots(self, task_ids: Collection[str]) -> dict[str, Task]:
        """Return the latest saved states of many tasks, by id; tasks without a readable one are left out."""
        return await self._snapshots.find_many(task_ids)

    async def create_claim(
        self,
        claim: Claim,
        judge: Callable[[Usage], None],
        *,
        confirmed: bool = False,
        plan: PlanSpending | None = None,
    ) -> None:
        """Write a claim, unless another claim conflicts, or `plan` or `judge` raises; refused ones do not conflict."""
        await self._claims.create(claim, judge, confirmed=confirmed, plan=plan)

    async def find_usage(self, person_id: int, guild_id: int = 0, plan: PlanSpending | None = None) -> Usage:
        """Return what counts against the limits now, if the person submitted; raise what `plan` raises."""
        return await self._claims.find_usage(person_id, guild_id, plan)

    async def find_rules(self, guild_id: int, person_id: int) -> Rules:
        """Return the rules that hold for a person in a server, 0 outside servers."""
        return await self.rules.find_rules(guild_id, person_id)

    async def withdraw_claim(self, claim_id: int) -> None:
        """Mark a claim as refused that may have been written although create_claim raised StoreUnavailable."""
        await self._claims.withdraw(claim_id)

    async def settle_claim(
        self,
        claim_id: int,
        state: ClaimState,
        child_id: str = "",
        *,
        submits: int | None = None,
        sent: SentCost | None = None,
    ) -> None:
        """Write how a submit ended, and what it costs; UNKNOWN does not replace ACCEPTED or REFUSED."""
        await self._claims.settle(claim_id, state, child_id, submits=submits, sent=sent)

    async def mark_claim_unbilled(self, claim_id: int) -> bool:
        """Mark a claim in state UNKNOWN as refused with 0 billed submits, and return whether it was in that state."""
        unknown = (claims.c.id == claim_id) & (claims.c.state == ClaimState.UNKNOWN)
        return bool(
            await self.database.write(update(claims).where(unknown).values(state=ClaimState.REFUSED, submits=0))
        )

    async def verify_claim(self, claim_id: int) -> None:
        """Check, right before a submit is sent, that its claim still belongs to this process, and keep it young.

        Raises:
            ClaimLost: It does not. Nothing may be sent.
        """
        await self._claims.verify(claim_id)

    async def find_claim_age(self, claim_id: int) -> timedelta:
        """Return how long ago a claim was made, by one clock; zero for a claim that does not exist."""
        return await self._claims.find_age(claim_id)

    async def find_claim(self, claim_id: int) -> Claim | None:
        """Return a claim in any state."""
        return next(iter(await self._select_claims(select(claims).where(claims.c.id == claim_id))), None)

    async def list_claims(self, state: ClaimState) -> Sequence[Claim]:
        """Return the claims in that state, oldest first."""
        wanted = select(claims).where(claims.c.state == state)
        return await self._select_claims(wanted.order_by(claims.c.made_at, claims.c.id))

    async def list_billed_claims(self, before: datetime, limit: int) -> Sequence[Claim]:
        """Return claims made before then that led to a task and are not known to be free, newest first."""
        return await self._select_claims(queries.select_billed_claims(before, limit))

    async def list_claims_of_children(self, task_ids: Collection[str]) -> Sequence[Claim]:
        """Return the claims that led to one of the tasks, oldest first; no task has the id ""."""
        wanted = select(claims).where(claims.c.child_id.in_(list(filter(None, task_ids))))
        return await self._select_claims(wanted.order_by(claims.c.made_at, claims.c.id))

    async def list_task_origins(self, task_ids: Collection[str], *, claim_id: int = 0) -> Sequence[TaskOrigin]:
        """Return the submits that led to one of the tasks, and that of one more claim; no task has the id ""."""
        rows = await self.database.read(queries.select_task_origins(list(filter(None, task_ids)), claim_id))
        return [task_origin_from_row(row) for row in rows]

    def is_person(self, stored_id: int, person_id: int) -> bool:
        """Return whether a stored id is a person's own, or the pseudonym of what they did before a deletion."""
        return self.database.pseudonyms.is_person(stored_id, person_id)

    async def find_pressed_buttons(self, task_id: str) -> dict[str, PressedButton]:
        """Return the newest accepted press of each button whose child succeeded or is still followed, by key."""
        return await self._claims.find_pressed_buttons(task_id)

    async def has_claim(self, task_id: str, buttons: Collection[str]) -> bool:
        """Return whether there is a claim for one of these buttons of a task that was not refused."""
        return await self._claims.has_claim(task_id, buttons)

    async def start_records(self) -> bool:
        """Write since when the database keeps records, unless it knows; return whether it has no records yet."""
        return await self._records.start()

    async def find_records_start(self) -> datetime | None:
        """Return since when the database keeps records; None where that was not written yet."""
        return await self._records.find_start()

    async def save_missing_capability(self, capability: str, reason: str, *, at: datetime, until: datetime) -> None:
        """Remember until then that the relay lacks a capability."""
        await self._capabilities.save_missing(capability, reason, at=at, until=until)

    async def find_missing_capabilities(self, at: datetime) -> dict[str, str]:
        """Return the reasons of the capabilities that the relay lacks at that time, by capability."""
        return await self._capabilities.find_missing(at)

    async def find_refusal_time(self, capability: str, at: datetime) -> datetime | None:
        """Return when the relay last refused a capability that it lacks at that time; None where it has it."""
        return await self._capabilities.find_refusal_time(capability, at)

    async def find_person_settings(self, person_id: int) -> PersonSettings:
        """Return a person's settings, or the defaults."""
        return await self._people.find_settings(person_id)

    async def update_person_settings(
        self, person_id: int, change: Callable[[PersonSettings], PersonSettings]
    ) -> PersonSettings:
        """Apply `change` to a person's settings under a row lock; a row that holds only defaults is deleted."""
        return await self._people.update_settings(person_id, change)

    async def list_person_languages(self) -> Mapping[int, Language]:
        """Return the languages of the people who have chosen one, by person."""
        return await self._people.list_languages()

    async def clear_missing_capabilities(self) -> int:
        """Forget all capabilities that the relay refused; return how many there were."""
        return await self._capabilities.clear()

    async def clear_capabilities_of_other_relay(self, address: str, at: datetime) -> int:
        """Forget them if they were refused at another address than this one, which is kept in a row of its own."""
        return await self._capabilities.clear_of_other_relay(address, at)

    async def delete_expired(self, now: datetime, age: timedelta = timedelta()) -> int:
        """Delete jobs that ended so long ago and snapshots without an open job; return how many rows those were.

        Rows must be so old at `now`, and with an `age` also by PostgreSQL's clock. Claims are kept, with the status of
        their child.
        """
        before, total = now - age, 0
        if age and self.database.is_postgresql:
            (clock,) = await self.database.read(select(self.database.clock_expression(-age).label("before")))
            before = min(before, clock["before"])
        while deleted := await self.database.transaction(lambda connection: delete_expired_batch(connection, before)):
            total += deleted
        return total

    async def clear_expired_tokens(self, now: datetime) -> int:
        """Clear the interaction tokens that have expired by then; return how many those were."""
        after, total = -(1 << 63), 0
        while found := await self.database.read(queries.select_expired_tokens(now, after, _TOKENS_AT_ONCE)):
            message_ids = [row["message_id"] for row in found]
            expired = jobs.c.message_id.in_(message_ids) & (jobs.c.token_expires_at < now)
            total += await self.database.write(update(jobs).where(expired).values(token=""))
            after = message_ids[-1]
        return total

    async def _close_jobs(self, take_rows: TakeRows) -> None:
        async def write(connection: AsyncConnection) -> None:
            ended = [row["message_id"] for row in take_rows()]
            own = jobs.c.message_id.in_(ended) & (jobs.c.owner == self._owner)
            await connection.execute(update(jobs).where(own).values(closed_at=self.database.now()))

        await self.database.unshielded_transaction(write)

    async def _select_jobs(self, query: Executable) -> Sequence[Job]:
        return [job_from_row(row) for row in await self.database.read(query)]

    async def _select_claims(self, query: Executable) -> Sequence[Claim]:
        return [claim_from_row(row) for row in await self.database.read(query)]
