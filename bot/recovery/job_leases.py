"""Whose a job is: this process stays alive in the store, takes over what nobody owns, and gives its own back."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.clock import Clock, wait_for_first
from bot.entities import ClaimState, Job
from bot.errors import StoreUnavailable
from bot.metrics import DATABASE_WRITABLE
from bot.midjourney.task import Status, Task
from bot.ports import ProcessLeases, Store
from bot.recovery.lost_answers import LostAnswerSearch
from bot.tracking.tracker import JobTracker

log = logging.getLogger(__name__)

_BATCH = 200
"""How many jobs are taken over in one step: several processes that start together share what is free."""
_LAST_LEASE = timedelta(seconds=15)
"""Longer than an end takes: until then nobody is to call our last submits orphaned."""
_WAITING = frozenset({Status.FRESH, Status.MODAL})
_RENEWALS = 3
"""How many times a lease is renewed before it would end."""


class JobLeases:
    """Shares the jobs of one store among processes: each is polled and drawn by the one that owns it.

    A process that lives renews its lease; where it dies, or says goodbye, its jobs are free. Whoever is free to take
    them looks a few times a lease, and at once where another says that jobs changed hands.
    """

    def __init__(
        self,
        store: Store,
        fleet: ProcessLeases,
        jobs: JobTracker,
        lost_answers: LostAnswerSearch,
        *,
        lease: timedelta,
        clock: Clock,
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._jobs = jobs
        self._lost_answers = lost_answers
        self._lease = lease
        self._now = clock.now
        self._sleep = clock.sleep
        self._gone: StoreUnavailable | None = None
        self._renewed_at: datetime | None = None
        self._is_unsure = False
        """Whether jobs may be this process's that it does not run: something broke after they were taken."""

    def find_problem(self) -> str:
        """Say in a few words why rows cannot be written; empty where they can."""
        if self._gone is not None:
            return "the database cannot be written"
        if self._renewed_at is None or self._now() - self._renewed_at > self._lease:
            return "the database has not answered for a while"
        return ""

    async def run(self) -> None:
        """Do a round a few times a lease, and whenever there is word that jobs changed hands."""
        while True:
            await wait_for_first(
                self._fleet.wait_for_ownership_change(), self._sleep(self._lease.total_seconds() / _RENEWALS)
            )
            await self.run_once()

    async def run_once(self) -> None:
        """Renew the lease, settle what the dead left, let go of what was lost, and take over what is free."""
        try:
            await self._renew()
            await self._settle_orphans()
            await self._let_go()
            await self._make_sure()
            await self._take_over()
        except StoreUnavailable as gone:
            self._is_unsure = True
            if self._gone is None:
                log.warning("The database cannot be written: nothing is paid for until it can (%s).", gone)
            self._gone = gone
            DATABASE_WRITABLE.set(0)
        except Exception:
            self._is_unsure = True
            # A row that this version cannot read must not let the lease end, and with it everybody's messages.
            log.exception("A round of ours broke; the next one tries again.")
        else:
            if self._gone is not None:
                log.info("The database can be written again.")
            self._gone = None
            DATABASE_WRITABLE.set(1)

    async def release_jobs(self) -> None:
        """Leave this process's jobs to others, except those whose submit is on its way, for which it lives on."""
        try:
            await self._fleet.renew_lease(max(self._lease, _LAST_LEASE))
            await self._fleet.release_jobs()
        except StoreUnavailable as gone:
            log.warning("The messages cannot be handed over (%s): they are free when the lease ends.", gone)

    async def end_lease(self) -> None:
        """Be no process any more: all that is left is anybody's."""
        try:
            await self._fleet.end_lease()
        except StoreUnavailable as gone:
            log.warning("The store does not hear that this process ends: %s.", gone)

    async def _renew(self) -> None:
        if not await self._fleet.renew_lease(self._lease) and self._renewed_at is not None:
            log.warning("This process counted as dead for a while: others may have taken over its messages.")
        self._renewed_at = self._now()

    async def _settle_orphans(self) -> None:
        """Mark claims whose process ended as unknown; the process that takes over the job looks for the task."""
        for claim in await self._fleet.list_orphaned_claims():
            if await self._store.find_job_of_claim(claim.id) is None:
                # A submit is sent only after its message's row is written, and its claim held: this one never was.
                await self._store.settle_claim(claim.id, ClaimState.REFUSED)
                continue
            log.warning("Claim %d was on its way when its process ended: it may have been accepted.", claim.id)
            await self._store.settle_claim(claim.id, ClaimState.UNKNOWN)

    async def _let_go(self) -> None:
        """Stop running what another process has: somebody answered a form there, say."""
        running = self._jobs.running_message_ids
        for message_id in await self._fleet.find_lost_jobs(running) if running else ():
            log.info("Job %d is another process's now.", message_id)
            self._jobs.stop_running(message_id)
            self._is_unsure = True  # it may have come back in the same moment

    async def _make_sure(self) -> None:
        """Run what is this process's, and what it does not run, after something broke in between."""
        if not self._is_unsure:
            return
        jobs = [job for job in await self._fleet.list_own_jobs() if job.id not in self._jobs.running_message_ids]
        await self._begin(jobs)
        self._is_unsure = False

    async def _take_over(self) -> None:
        taken = 0
        while jobs := await self._fleet.take_over_jobs(_BATCH):
            await self._begin(jobs)
            taken += len(jobs)
            if len(jobs) == _BATCH:
                await self._renew()  # thousands take their time
        if taken:
            log.info("Going on with %d unfinished messages.", taken)

    async def _begin(self, jobs: Sequence[Job]) -> None:
        seeds = await self._store.find_snapshots({job.task_id for job in jobs if job.task_id})
        for job in jobs:
            await self._go_on_surely(job, seeds.get(job.task_id))

    async def _go_on_surely(self, job: Job, seed: Task | None) -> None:
        """Let one job that breaks be left alone: the others of its batch are this process's already."""
        try:
            await self._go_on(job, seed)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("Job %d cannot be gone on with; its row is left as it is.", job.id)

    async def _look_for_form(self, job: Job, seed: Task | None) -> None:
        """Have a form looked for that was on its way when its process ended, where its child still waits."""
        if not job.form_sent or not job.claim_id or (seed is not None and seed.status not in _WAITING):
            return
        claim = await self._store.find_claim(job.claim_id)
        if claim is None:
            return
        if claim.state is ClaimState.UNKNOWN:
            self._lost_answers.search_form(claim, job)
        elif claim.state is ClaimState.REFUSED and claim.submits == 0:
            # It was given back by a process that ended before it had let the form be answered again.
            await self._jobs.continue_job(replace(job, form_sent=False), form_again=True)

    async def _go_on(self, job: Job, seed: Task | None) -> None:
        if job.task_id:
            self._jobs.resume_job(job, seed)
            await self._look_for_form(job, seed)
            return
        claim = await self._store.find_claim(job.claim_id)
        if claim is not None and claim.state is ClaimState.REFUSED and claim.submits == 0:
            self._lost_answers.show_not_billed(job)
        elif claim is None or claim.state is ClaimState.REFUSED:  # its message has been taken back
            await self._store.close_job(job.id)
        elif claim.state is ClaimState.ACCEPTED:
            job = replace(job, task_id=claim.child_id)
            await self._store.update_job(job)
            self._jobs.resume_job(job, None)
        else:
            await self._store.settle_claim(claim.id, ClaimState.UNKNOWN)
            self._lost_answers.search_task(claim, job)
