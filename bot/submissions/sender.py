"""What presses and commands share: a claim is written before its submit is sent, and settled however that ends."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator, Hashable
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from bot.clock import Clock
from bot.entities import MAX_CLAIM_AGE_TO_SEND, Claim, ClaimState, Job
from bot.errors import (
    ClaimLost,
    ParentBusy,
    PlaceGone,
    PlaceUnreachable,
    QueueFull,
    RelayError,
    StoreUnavailable,
    SubmitOutcomeUnknown,
)
from bot.metrics import PRESSES
from bot.midjourney.task import Task
from bot.ports import InteractionFollowups, Store
from bot.recovery.lost_answers import LostAnswerSearch
from bot.scene import RetryReason
from bot.tracking.task_supervisor import TaskSupervisor, Work
from bot.tracking.tracker import JobTracker

_T = TypeVar("_T")

log = logging.getLogger(__name__)

QUEUE_RETRY_SECONDS, RETRY_GROWTH_FACTOR, MAX_QUEUE_RETRY_SECONDS = 30.0, 1.5, 120.0
"""How long a submit waits before a full queue, in seconds; by what that grows; and the longest."""
QUEUE_TIMEOUT = timedelta(minutes=10)
"""How long it waits altogether: the interaction's token must live to tell how it ended."""
PARENT_RETRY_SECONDS, MAX_PARENT_RETRY_SECONDS = 15.0, 30.0
"""How many seconds a press first waits for a parent that has not settled, one tick of new-api; and the longest."""
PARENT_TIMEOUT = timedelta(minutes=5)
"""How long it waits altogether."""
_STORE_SECONDS = 5.0
"""How long the end of a submit waits before a store that is gone is tried again."""


class SubmissionSender:
    """The half of a use case that pays: base of Sender and Creations."""

    def __init__(
        self,
        store: Store,
        jobs: JobTracker,
        lost_answers: LostAnswerSearch,
        supervisor: TaskSupervisor,
        *,
        clock: Clock,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._lost_answers = lost_answers
        self._supervisor = supervisor
        self._now = clock.now
        self._sleep = clock.sleep

    def start_critical_work(self, key: Hashable, work: Work) -> None:
        """Hand in work about money: a process that stops gives it time to come to its end."""
        self._supervisor.start(key, work, to_the_end=True)

    @contextmanager
    def release_claim_on_error(self, claim: Claim) -> Generator[None]:
        """Give a claim back, unpaid, where what comes before its submit fails."""
        ready = False
        try:
            yield
            ready = True
        finally:
            if not ready:
                self.release_claim(claim)

    def release_claim(self, claim: Claim) -> None:
        """Give a claim back, unpaid; by the supervisor, as a store that is gone may be why."""
        self.start_critical_work(("settle", claim.id), lambda: self._write(claim, ClaimState.REFUSED))

    async def settle_claim(
        self, claim: Claim, state: ClaimState, child_id: str = "", *, submits: int | None = None
    ) -> None:
        """Count, and write, how a submit ended; `submits`, where it is given, is how many of them the relay bills."""
        PRESSES.labels(state).inc()
        await self._write(claim, state, child_id, submits=submits)

    async def _write(self, claim: Claim, state: ClaimState, child_id: str = "", *, submits: int | None = None) -> None:
        """Write how a submit ended, however long the store takes to come back: it may have been paid."""
        while True:
            try:
                await self._store.settle_claim(claim.id, state, child_id, submits=submits)
            except StoreUnavailable as gone:
                log.warning("Claim %d is %s, and waits for the store: %s.", claim.id, state, gone)
                await self._sleep(_STORE_SECONDS)
            else:
                return

    async def send_with_retry(self, claim: Claim, job: Job, shown: Task, send: Callable[[], Awaitable[_T]]) -> _T:
        """Send again what a full queue, or a parent that has not settled, kept from being accepted.

        The message says so; `shown` is what it draws. The claim is renewed while its parent is waited for, so that it
        stays in the way of the same press by others; a press waits for room in a queue only as long as its claim holds.
        A process that stops meanwhile gives the submit up.

        Raises:
            ClaimLost: Another process gave the claim up, so nothing may be sent.
            StoreUnavailable: The claim cannot be held or renewed, so nothing was sent.
            QueueFull: There was no room all the time, or the message cannot be drawn any more.
            ParentBusy: The parent did not settle in time, or the message cannot be drawn any more.
        """
        pause, parent_pause = QUEUE_RETRY_SECONDS, PARENT_RETRY_SECONDS
        while True:
            await self.ensure_claim_is_held(claim)
            try:
                return await send()
            except QueueFull as full:
                pause = min(max(pause, full.retry_after or 0.0), MAX_QUEUE_RETRY_SECONDS)
                if self._now() + timedelta(seconds=pause) > claim.made_at + (
                    MAX_CLAIM_AGE_TO_SEND if claim.task_id else QUEUE_TIMEOUT
                ):
                    raise
                await self._wait(job, shown, pause, full, RetryReason.QUEUE_FULL)
                pause *= RETRY_GROWTH_FACTOR
            except ParentBusy as busy:
                if self._now() + timedelta(seconds=parent_pause) > claim.made_at + PARENT_TIMEOUT:
                    raise
                await self._wait(job, shown, parent_pause, busy, RetryReason.PARENT_BUSY)
                await self._store.renew_claim(claim.id)
                parent_pause = min(parent_pause * RETRY_GROWTH_FACTOR, MAX_PARENT_RETRY_SECONDS)

    async def ensure_claim_is_held(self, claim: Claim) -> None:
        """Make sure, right before a submit, that it is still ours to send."""
        if claim.task_id or self._now() - claim.made_at < MAX_CLAIM_AGE_TO_SEND:
            await self._store.verify_claim(claim.id)
            return
        # A command that waited for room: nobody else can claim the same, as of a task's button or form.
        known = await self._store.find_claim(claim.id)
        if known is None or known.state is not ClaimState.SUBMITTING:
            raise ClaimLost

    async def _wait(self, job: Job, shown: Task, pause: float, refused: RelayError, waits_for: RetryReason) -> None:
        log.info("Message %d waits %.0f s for the %s: %s.", job.id, pause, waits_for, refused.reason)
        try:
            await self._jobs.show_waiting(job, shown, self._now() + timedelta(seconds=pause), waits_for)
        except (PlaceGone, PlaceUnreachable):
            raise refused from None
        except Exception:
            # What a message shows must not decide whether a claim comes to its end.
            log.exception("Message %d cannot say what it waits for.", job.id)
        try:
            await self._sleep(pause)
        except asyncio.CancelledError:
            # The process stops: that nothing was accepted is known now, and could not be told afterwards.
            raise refused from None

    async def handle_lost_answer(self, claim: Claim, job: Job, lost: SubmitOutcomeUnknown) -> None:
        """Mark the claim as unknown, as the answer to its submit was lost, and search for its task."""
        log.warning("Claim %d: the answer to its submit was lost (%s); it is not sent again.", claim.id, lost.reason)
        # What is known to be billed is never given back, in whichever process its task is looked for.
        await self.settle_claim(claim, ClaimState.UNKNOWN, submits=1 if lost.accepted else None)
        self._lost_answers.search_task(claim, job, answered=lost.answered)

    async def retract_submission(
        self, claim: Claim, job: Job, answerer: InteractionFollowups, tell: Callable[[], Awaitable[None]]
    ) -> None:
        """Take a message back whose submit was refused, or never sent, tell why, and give the claim back."""
        try:
            # First the person, who need not wait for a store that is gone.
            await answerer.delete_child_message(job.place)
            await tell()
        finally:
            await self.settle_claim(claim, ClaimState.REFUSED)
            await self._jobs.close_job(job)
