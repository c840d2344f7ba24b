"""Leases on jobs: this process renews its lease, takes over jobs without a living owner, and releases its own."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.clock import Clock, wait_for_first
from bot.entities import FORM_BUTTON, ClaimState, Job
from bot.errors import StoreUnavailable
from bot.metrics import DATABASE_WRITABLE
from bot.midjourney.task import Task
from bot.ports import ProcessLeases, Store
from bot.recovery.lost_answers import LostAnswerSearch, is_past_form
from bot.recovery.lost_messages import LostMessageSearch
from bot.retry import STORE_OUTAGE
from bot.scene import JobEnding
from bot.tracking.tracker import JobTracker

log = logging.getLogger(__name__)

_BATCH = 200
"""How many jobs are taken over in one step, so that processes that start together share them."""
_SHUTDOWN_LEASE = timedelta(seconds=15)
"""Longer than a shutdown takes, so that no other process treats the last submits as orphaned."""
_ROUNDS_PER_LEASE = 3
_TAKEOVER_SHARE = 1 / 6
"""How much of LEASE_SECONDS is kept for the takeover, so that messages go on elsewhere within it."""
_LEASE_MARGIN = timedelta(milliseconds=50)
"""How long after the end of another process's lease its jobs are taken over."""
_MAX_CLOCK_DRIFT = timedelta(seconds=1)
"""By how much the system's time may move between two rounds against the seconds that passed, without being set."""


class JobLeases:
    """Shares the jobs of one database among processes: each job is polled and drawn by the process that owns it.

    A process renews its lease while it runs. When the lease ends, other processes take over its jobs: they look for
    such jobs a few times per lease, when a lease ends, and at once when a process reports that it released some.
    """

    def __init__(
        self,
        store: Store,
        process_leases: ProcessLeases,
        jobs: JobTracker,
        lost_answers: LostAnswerSearch,
        lost_messages: LostMessageSearch,
        *,
        lease: timedelta,
        clock: Clock,
    ) -> None:
        self._store = store
        self._process_leases = process_leases
        self._jobs = jobs
        self._lost_answers = lost_answers
        self._lost_messages = lost_messages
        self._lease = lease * (1 - _TAKEOVER_SHARE)
        self._pause = self._longest_pause = self._lease / _ROUNDS_PER_LEASE
        self._now = clock.now
        self._sleep = clock.sleep
        self._monotonic = clock.monotonic
        self._last_round: tuple[datetime, float] | None = None
        self._clock_set_at: float | None = None
        self._store_error: StoreUnavailable | None = None
        self._renewed_at: float | None = None
        self._may_miss_jobs = False
        """Whether this process may own jobs that it does not run, as an error came after they were taken over."""

    def find_problem(self) -> str:
        """Return why the database cannot be written, in a few words; "" where it can."""
        if self._store_error is not None:
            return "the database cannot be written"
        if self._renewed_at is None or self._monotonic() - self._renewed_at > self._lease.total_seconds():
            return "the database has not answered for a while"
        return ""

    async def run(self) -> None:
        """Run a round a few times per lease, when another lease ends, and when a process reports changed owners."""
        while True:
            await wait_for_first(
                self._process_leases.wait_for_ownership_change(), self._sleep(self._pause.total_seconds())
            )
            await self.run_once()

    async def run_once(self) -> None:
        """Renew the lease, settle orphaned claims, stop lost jobs, and take over jobs without a living owner."""
        self._pause = self._longest_pause
        is_time_reliable = self._check_time()
        try:
            await self._renew_lease()
            await self._process_leases.end_leases_of_ended_processes()
            if is_time_reliable:
                await self._settle_orphaned_claims()
            await self._stop_lost_jobs()
            await self._resume_missed_jobs()
            if is_time_reliable:
                await self._take_over_jobs()
            if shortest_lease := await self._process_leases.measure_shortest_lease():
                self._pause = min(self._longest_pause, shortest_lease + _LEASE_MARGIN)
        except StoreUnavailable as error:
            self._may_miss_jobs = True
            begins = self._store_error is None
            still = "" if begins else "still "
            event = f"The database {still}cannot be written; nothing is submitted until it can."
            STORE_OUTAGE.report(log, event, error, even_if_known=begins)
            self._store_error = error
            DATABASE_WRITABLE.set(0)
        except Exception:
            self._may_miss_jobs = True
            # A row that this version cannot read must not end the lease, and with it every message's updates.
            log.exception("A round of job leases failed; the next one tries again.")
        else:
            if STORE_OUTAGE.end():
                log.info("The database can be written again.")
            self._store_error = None
            DATABASE_WRITABLE.set(1)

    def _check_time(self) -> bool:
        """Return whether leases can be compared with the system's time: not for one lease after that was set.

        On SQLite the leases of living processes look expired, or too long, until these have renewed them.
        """
        now, seconds = self._now(), self._monotonic()
        if self._last_round is not None:
            passed = timedelta(seconds=seconds - self._last_round[1])
            if abs(now - self._last_round[0] - passed) > _MAX_CLOCK_DRIFT:
                log.warning("The system's time was set: other processes' jobs are left alone for one lease.")
                self._clock_set_at = seconds
        self._last_round = now, seconds
        return self._clock_set_at is None or seconds - self._clock_set_at > self._lease.total_seconds()

    async def release_jobs(self) -> None:
        """Release this process's jobs, except those whose submit is on its way: its lease stays valid for them."""
        try:
            await self._process_leases.renew_lease(max(self._lease, _SHUTDOWN_LEASE))
            await self._process_leases.release_jobs()
        except StoreUnavailable as error:
            STORE_OUTAGE.report(log, "The jobs are not released: they are taken over when the lease ends.", error)

    async def end_lease(self) -> None:
        """End this process's lease and release all of its jobs."""
        try:
            await self._process_leases.end_lease()
        except StoreUnavailable as error:
            STORE_OUTAGE.report(log, "The lease of this process is not ended.", error)

    async def _renew_lease(self) -> None:
        if not await self._process_leases.renew_lease(self._lease) and self._renewed_at is not None:
            log.warning("The lease of this process had ended; other processes may have taken over its jobs.")
        self._renewed_at = self._monotonic()

    async def _settle_orphaned_claims(self) -> None:
        """Mark claims whose process ended as UNKNOWN; the process that takes over the job searches for the task."""
        for claim in await self._process_leases.list_orphaned_claims():
            if await self._store.find_job_of_claim(claim.id) is None:
                # A submit is sent only after its job is written, so this one was never sent.
                await self._store.settle_claim(claim.id, ClaimState.REFUSED)
                continue
            log.warning("The process of claim %d ended during its submit, which may have been accepted.", claim.id)
            await self._store.settle_claim(claim.id, ClaimState.UNKNOWN)

    async def _stop_lost_jobs(self) -> None:
        """Stop running jobs that another process owns, for example because a form was answered there."""
        running = self._jobs.running_message_ids
        for message_id in await self._process_leases.find_lost_jobs(running) if running else ():
            log.info("Job %d belongs to another process now.", message_id)
            self._jobs.stop_running(message_id)
            self._may_miss_jobs = True  # this process may have become the owner again in the same moment

    async def _resume_missed_jobs(self) -> None:
        """Run the jobs that this process owns but does not run, if an error may have left some."""
        if not self._may_miss_jobs:
            return
        jobs = [
            job for job in await self._process_leases.list_own_jobs() if job.id not in self._jobs.running_message_ids
        ]
        await self._resume_jobs(jobs)
        self._may_miss_jobs = False

    async def _take_over_jobs(self) -> None:
        taken = 0
        while jobs := await self._process_leases.take_over_jobs(_BATCH):
            await self._resume_jobs(jobs)
            taken += len(jobs)
            if len(jobs) == _BATCH:
                await self._renew_lease()  # thousands of jobs may take longer than the lease
        if taken:
            log.info("Resuming %d unfinished jobs.", taken)

    async def _resume_jobs(self, jobs: Sequence[Job]) -> None:
        snapshots = await self._store.find_snapshots({job.task_id for job in jobs if job.task_id})
        for job in jobs:
            try:
                await self._resume_job(job, snapshots.get(job.task_id))
            except StoreUnavailable:
                raise
            except Exception:  # the other jobs must go on
                log.exception("Job %d cannot be resumed; its row stays as it is.", job.id)

    async def _resume_form_search(self, job: Job, snapshot: Task | None) -> None:
        """Search for a form whose process ended during its submit, if its task may still wait for it."""
        if not job.form_sent or not job.claim_id or is_past_form(snapshot):
            return
        claim = await self._store.find_claim(job.claim_id)
        if claim is None:
            return
        # A form that was typed before the press has the press's claim, which was accepted before the form was sent.
        is_press = claim.state is ClaimState.ACCEPTED and claim.button != FORM_BUTTON
        if claim.state is ClaimState.UNKNOWN or is_press:
            self._lost_answers.search_form(claim, job)
        elif claim.state is ClaimState.REFUSED and claim.submits == 0:
            # The process that found the form unbilled ended before it let the form be answered again.
            await self._jobs.continue_job(replace(job, form_sent=False), form_again=True)

    async def _resume_job(self, job: Job, snapshot: Task | None) -> None:
        if job.place.is_reserved:
            self._lost_messages.search(job)
            return
        if job.task_id:
            self._jobs.resume_job(job, snapshot)
            await self._resume_form_search(job, snapshot)
            return
        claim = await self._store.find_claim(job.claim_id)
        if claim is not None and claim.state is ClaimState.REFUSED and claim.submits == 0:
            self._lost_answers.show_not_billed(job)
        elif not job.claim_id:
            self._jobs.start_ending(job, JobEnding.NOT_SENT)
        elif claim is not None and claim.state is ClaimState.REFUSED:
            # Usually the message of a refused submit was deleted; one that was not must not say "Sending" forever.
            self._jobs.start_ending(job, JobEnding.NOT_ACCEPTED)
        elif claim is None:
            await self._store.close_job(job.id)
        elif claim.state is ClaimState.ACCEPTED:
            job = replace(job, task_id=claim.child_id)
            await self._store.update_job(job)
            self._jobs.resume_job(job, None)
        else:
            await self._store.settle_claim(claim.id, ClaimState.UNKNOWN)
            self._lost_answers.search_task(claim, job)
