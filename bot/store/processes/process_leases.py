"""Leases of the processes that share a database, and the jobs and claims that they own."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, ScalarSelect, and_, delete, exists, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.entities import CLAIM_BLOCKING_TIME, Claim, ClaimState, Job
from bot.store import queries
from bot.store.database import Database
from bot.store.processes.notify_listener import NotifyListener, notify
from bot.store.processes.process_locks import ProcessLocks
from bot.store.rows import claim_from_row, job_from_row
from bot.store.schema import RELEASED_OWNER, claims, jobs, processes

_MAX_LISTED_VALUES = 10_000
"""How many values one statement may list: SQLite and PostgreSQL both accept three times as many."""


class SqlProcessLeases:
    """A bot.ports.ProcessLeases for the process named `owner`."""

    def __init__(
        self, database: Database, owner: str, listener: NotifyListener, locks: ProcessLocks | None = None
    ) -> None:
        self._database = database
        self._locks = locks
        self._owner = owner
        self._listener = listener

    async def renew_lease(self, lease: timedelta) -> bool:
        """Extend this process's lease, and return whether it was still valid."""

        async def write(connection: AsyncConnection) -> bool:
            own = processes.c.id == self._owner
            alive = await connection.scalar(
                select(processes.c.expires_at > self._database.clock_expression()).where(own)
            )
            row = {"id": self._owner, "expires_at": self._database.clock_expression(lease)}
            await connection.execute(queries.upsert(processes, self._database.dialect).values(row))
            return bool(alive)

        return await self._database.transaction(write)

    async def end_leases_of_ended_processes(self) -> None:
        """End the leases of other processes on the same SQLite file that have ended.

        On PostgreSQL, whose processes may run on other machines, only the time of a lease shows that.
        """
        if self._locks is None:
            return
        found = await self._database.read(select(processes.c.id).where(self._is_other_live_process()))
        if ended := [row["id"] for row in found if self._locks.has_ended(row["id"])]:
            now = self._database.clock_expression()
            await self._database.write(update(processes).where(processes.c.id.in_(ended)).values(expires_at=now))

    async def measure_shortest_lease(self) -> timedelta | None:
        """Return how long the shortest lease of another live process lasts; None without such a process."""
        query = select(func.min(processes.c.expires_at).label("end"), self._database.clock_expression().label("now"))
        [row] = await self._database.read(query.where(self._is_other_live_process()))
        return None if row["end"] is None else row["end"] - row["now"]

    async def take_over_jobs(self, most: int) -> Sequence[Job]:
        """Become the owner of at most `most` open jobs without a living owner; return them, oldest first."""
        ownerless = queries.select_ownerless_jobs(
            self._owner, self._select_live_processes(), self._database.clock_expression(-CLAIM_BLOCKING_TIME), most
        )
        taking = update(jobs).where(jobs.c.message_id.in_(ownerless)).values(owner=self._owner).returning(*jobs.c)

        async def take(connection: AsyncConnection) -> Sequence[Job]:
            return [job_from_row(dict(row)) for row in (await connection.execute(taking)).mappings()]

        return sorted(await self._database.transaction(take), key=lambda job: (job.born_at, job.id))

    async def find_lost_jobs(self, message_ids: Collection[int]) -> set[int]:
        """Return those of the jobs that this process no longer owns."""
        ids, found = list(message_ids), set[int]()
        not_owned = or_(jobs.c.owner.is_(None), jobs.c.owner != self._owner)
        for start in range(0, len(ids), _MAX_LISTED_VALUES):
            some = jobs.c.message_id.in_(ids[start : start + _MAX_LISTED_VALUES])
            rows = await self._database.read(select(jobs.c.message_id).where(some, not_owned))
            found.update(row["message_id"] for row in rows)
        return found

    async def release_jobs(self) -> None:
        """Let other processes take over this process's jobs, except those whose submit is on its way."""
        await self._release(jobs.c.task_id != "")

    async def end_lease(self) -> None:
        """End this process's lease and release all of its jobs."""
        await self.renew_lease(timedelta())
        await self._release(true())

    async def _release(self, which: ColumnElement[bool]) -> None:
        own = (jobs.c.owner == self._owner) & jobs.c.closed_at.is_(None)

        async def write(connection: AsyncConnection) -> None:
            await connection.execute(update(jobs).where(own, which).values(owner=RELEASED_OWNER))
            await self.notify_ownership_change(connection)

        await self._database.transaction(write)

    async def list_orphaned_claims(self) -> Sequence[Claim]:
        """Return the claims whose submit was on its way when its process ended, oldest first."""
        lately = self._database.clock_expression(-CLAIM_BLOCKING_TIME)
        found = await self._database.read(
            queries.select_orphaned_claims(self._owner, self._select_live_processes(), lately)
        )
        return [claim_from_row(row) for row in found]

    async def list_own_jobs(self) -> Sequence[Job]:
        """Return this process's open jobs, oldest first, except those that it is submitting or opening.

        Those have no task yet, and a claim of this process or none.
        """
        own = (jobs.c.owner == self._owner) & jobs.c.closed_at.is_(None)
        is_followed = (jobs.c.task_id != "") & (jobs.c.message_id > 0)
        own_claim = exists().where(claims.c.id == jobs.c.claim_id, claims.c.owner == self._owner)
        is_taken_over = (jobs.c.task_id == "") & (jobs.c.claim_id != 0) & ~own_claim
        found = select(jobs).where(own, or_(is_followed, is_taken_over))
        rows = await self._database.read(found.order_by(jobs.c.born_at, jobs.c.message_id))
        return [job_from_row(row) for row in rows]

    def _is_other_live_process(self) -> ColumnElement[bool]:
        return and_(processes.c.id != self._owner, processes.c.id.in_(self._select_live_processes()))

    def _select_live_processes(self) -> ScalarSelect[str]:
        return queries.select_live_processes(
            self._database.clock_expression(), self._database.clock_expression(queries.LONGEST_LEASE)
        )

    async def delete_dead_processes(self, since: timedelta) -> None:
        """Delete the rows of processes whose lease ended that long ago and that own no open job or claim."""
        owns = exists().where(jobs.c.owner == processes.c.id, jobs.c.closed_at.is_(None))
        submits = exists().where(claims.c.owner == processes.c.id, claims.c.state == ClaimState.SUBMITTING)
        long_ago = processes.c.expires_at <= self._database.clock_expression(-since)
        await self._database.write(delete(processes).where(long_ago, ~owns, ~submits))

    async def wait_for_ownership_change(self) -> None:
        """Wait until another process reports that jobs were released or taken over; on SQLite that never happens."""
        await self._listener.wait_for_notification()

    async def notify_ownership_change(self, connection: AsyncConnection) -> None:
        """Notify the other processes, when the transaction commits, that jobs were released or taken over."""
        if self._database.is_postgresql:
            await notify(connection)

    async def find_notification_problem(self) -> str:
        """Return why such reports cannot be received, so that released jobs are looked for; "" where they can."""
        return await self._listener.find_problem()
