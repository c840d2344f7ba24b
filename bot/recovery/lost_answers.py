"""Find out what became of submits whose answer was lost, settle their claims, and tell their requesters."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final, TypeGuard, TypeVar

from bot.clock import Clock
from bot.entities import FORM_BUTTON, Claim, ClaimState, Job
from bot.errors import PlaceGone, PlaceUnreachable, StoreUnavailable
from bot.midjourney.task import Status, Task
from bot.ports import Relay, Store
from bot.recovery.submit_lookup import FoundTask, LostSubmit, SubmitLookup, Verdict
from bot.relay.account_rate_limiter import AccountRateLimiter
from bot.relay.billing_log import BillingLogReader
from bot.retry import retry_until_store_answers
from bot.scene import JobEnding
from bot.tracking.task_supervisor import TaskSupervisor, WorkKey
from bot.tracking.tracker import JobTracker, make_job_key

log = logging.getLogger(__name__)

_T = TypeVar("_T")

SEARCH_SECONDS: Final = (5.0, 20.0, 32.0, 54.0, 70.0, 92.0, 120.0)
"""When the relay is asked, in seconds after the answer was lost: new-api gives a task an empty `state` until it polls
it for the first time, and writes a row of its log a moment after the answer."""
LATE_SEARCH_SECONDS: Final = (180.0, 205.0, 300.0)
"""When it is asked after these, if a later lookup may find out more: the polls of a fork may be two minutes apart."""

_DONE_AFTER_ANSWER: Final = 30.0
"""How many seconds after its answer a relay may still write its log."""
# new-api gives its upstream 60 s. They are counted from when the answer was missed, as a killed process left no record
# of when it sent the submit.
_DONE_WITHOUT_ANSWER: Final = 90.0
"""For how many seconds a relay may still be working on a submit whose answer never came."""
_MAX_WATCH_TIME_USED: Final = timedelta(minutes=1)
"""How much of the time for which a task is watched may be used up when the task is found."""
_WAITING: Final = frozenset({Status.FRESH, Status.MODAL})
"""The statuses of a task that may still wait for its form."""
_FORM_MODEL: Final = "mj_modal"
"""The model that new-api bills a form as, whichever action opened it."""


class LostAnswerSearch:
    """Searches for the tasks of lost answers in the background; `limiter` limits requests for the relay's log."""

    def __init__(
        self,
        relay: Relay,
        store: Store,
        jobs: JobTracker,
        supervisor: TaskSupervisor,
        limiter: AccountRateLimiter,
        *,
        clock: Clock,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._supervisor = supervisor
        self._now = clock.now
        self._sleep = clock.sleep
        self._monotonic = clock.monotonic
        self._lookup = SubmitLookup(relay, store, limiter, clock)

    @property
    def billing_log(self) -> BillingLogReader:
        """The reader of the relay's log; whatever else reads the log must share it, with its rate limit."""
        return self._lookup.log

    def search_task(
        self,
        claim: Claim,
        job: Job,
        *,
        answered: bool = False,
        named_task: str = "",
        is_billed: bool | None = None,
        ending: JobEnding = JobEnding.ANSWER_LOST,
    ) -> None:
        """Search for the task of an UNKNOWN claim; `answered`: the relay answered, but did not say what it did.

        `named_task` is the task that an answer named which also says that the submit failed; it is followed if it can
        be read. `is_billed`: the relay said that it took the submit, or did not; None where that is not known.

        The job ends with `ending` if nothing is found. Its row stays open until then, so that a process that takes it
        over searches again.
        """
        start = partial(self._start_search, claim, answered=answered, named_task=named_task, is_billed=is_billed)
        self._supervisor.start(make_job_key(job.id), lambda: self._search_task(start(), job, ending=ending))

    def search_form(self, claim: Claim, job: Job, *, answered: bool = False) -> None:
        """Find out whether a form arrived, while its task is watched as usual.

        The claim is the form's own, or that of the press which the form followed. If the log shows that the form was
        not billed, the task waits for its form again; otherwise the task's own status tells what happened.
        """
        self._supervisor.start(WorkKey("form", claim.id), lambda: self._search_form(claim, job, answered=answered))

    def show_not_billed(self, job: Job) -> None:
        """End a job whose claim is marked as unbilled already, but whose message does not say so yet."""
        self._supervisor.start(make_job_key(job.id), lambda: self._show_not_billed(job))

    async def _search_task(self, lost: LostSubmit, job: Job, *, ending: JobEnding) -> None:
        claim = lost.claim
        if self._may_find(lost):
            await self._try_drawing(job, self._jobs.messages.show_searching(job, ending))
            for seconds in (*SEARCH_SECONDS, *LATE_SEARCH_SECONDS):
                if not self._may_find(lost) or (seconds in LATE_SEARCH_SECONDS and not lost.may_find_more):
                    break
                await self._sleep_until(lost.lost_at + seconds)
                match await self._lookup.look_up(lost):
                    case FoundTask() as found:
                        await self._follow_found_task(claim, job, found)
                        return
                    case Verdict.NOT_BILLED:
                        await self._mark_unbilled(claim, job)
                        return
                    case Verdict.UNDECIDED:
                        continue
        if not await self._try_drawing(job, self._jobs.end_job(job, ending)):
            await self._jobs.close_job(job)

    def _may_find(self, lost: LostSubmit) -> bool:
        return self._lookup.has_sources or bool(lost.named_task)

    async def _search_form(self, claim: Claim, job: Job, *, answered: bool) -> None:
        lost = self._start_search(claim, answered=answered)
        lost.model, lost.form_task_id = _FORM_MODEL, job.task_id
        for seconds in SEARCH_SECONDS:
            if not self._lookup.has_log:
                return
            await self._sleep_until(lost.lost_at + seconds)
            with suppress(StoreUnavailable):  # the next look may find it again
                if await self._look_for_form(lost, job):
                    return

    def _start_search(
        self, claim: Claim, *, answered: bool, named_task: str = "", is_billed: bool | None = None
    ) -> LostSubmit:
        now = self._monotonic()
        done_by = now + (_DONE_AFTER_ANSWER if answered else _DONE_WITHOUT_ANSWER)
        return LostSubmit(claim, now, done_by, named_task=named_task, is_billed=is_billed)

    async def _sleep_until(self, at: float) -> None:
        await self._sleep(at - self._monotonic())

    async def _look_for_form(self, lost: LostSubmit, job: Job) -> bool:
        """Look once, and return whether the search is over."""
        claim = lost.claim
        task = await self._store.find_snapshot(job.task_id)
        if is_past_form(task):
            # The task goes on: with this form if it carries the claim's tag, otherwise with another one.
            if task.state == claim.tag:
                await self._settle_arrived_form(claim, job.task_id)
            return True
        result = await self._lookup.look_in_log(lost)
        if result is Verdict.UNDECIDED:
            return False
        if isinstance(result, FoundTask):
            await self._settle_arrived_form(claim, job.task_id)
            return True
        task = await self._store.find_snapshot(job.task_id)
        if is_past_form(task) and task.status is not Status.CANCEL:
            return False
        log.info("Claim %d: its form is not in the relay's log, and was not charged.", claim.id)
        if await self._settle_unbilled_form(claim):
            task = await self._retry(lambda: self._store.find_snapshot(job.task_id))
            if not is_past_form(task):  # otherwise it was dropped meanwhile
                await self._jobs.continue_job(replace(job, form_sent=False), form_again=True)
        return True

    async def _settle_arrived_form(self, claim: Claim, task_id: str) -> None:
        """Mark a form's own claim as accepted; the claim of the press that it followed is accepted already."""
        known = await self._retry(lambda: self._store.find_claim(claim.id))
        if known is not None and known.state is ClaimState.UNKNOWN:
            await self._settle_claim(claim, ClaimState.ACCEPTED, task_id)

    async def _settle_unbilled_form(self, claim: Claim) -> bool:
        """Write that a form was not billed, and return whether the form may be submitted again.

        The claim of the press that the form followed stays accepted, with one billed submit less.
        """
        known = await self._retry(lambda: self._store.find_claim(claim.id))
        if known is None:
            return False
        if known.state is ClaimState.UNKNOWN:
            if await self._retry(lambda: self._store.mark_claim_unbilled(claim.id)):
                return True
            return _is_unbilled(await self._retry(lambda: self._store.find_claim(claim.id)))
        if known.state is not ClaimState.ACCEPTED or known.button == FORM_BUTTON:
            return False
        billed = max((1 if known.submits is None else known.submits) - 1, 0)
        await self._settle_claim(claim, ClaimState.ACCEPTED, known.child_id, submits=billed)
        return True

    async def _follow_found_task(self, claim: Claim, job: Job, found: FoundTask) -> None:
        log.info("Claim %d, whose answer was lost, was accepted as task %s.", claim.id, found.task_id)
        await self._settle_claim(claim, ClaimState.ACCEPTED, found.task_id)
        born_at = max(job.born_at, self._now() - _MAX_WATCH_TIME_USED)
        await self._jobs.continue_job(replace(job, task_id=found.task_id, born_at=born_at), found.task)

    async def _mark_unbilled(self, claim: Claim, job: Job) -> None:
        """Mark the claim as unbilled and end the job; follow the task if it was found meanwhile."""
        if await self._retry(lambda: self._store.mark_claim_unbilled(claim.id)):
            log.info("Claim %d, whose answer was lost, is not in the relay's log: it was not charged.", claim.id)
            await self._show_not_billed(job)
            return
        known = await self._retry(lambda: self._store.find_claim(claim.id))
        if known is not None and known.state is ClaimState.ACCEPTED:
            await self._follow_found_task(known, job, FoundTask(known.child_id))
        elif _is_unbilled(known):  # the answer to this process's own write was lost
            await self._show_not_billed(job)
        else:
            await self._jobs.close_job(job)

    async def _show_not_billed(self, job: Job) -> None:
        if not await self._try_drawing(job, self._jobs.end_job(job, JobEnding.NOT_BILLED)):
            await self._jobs.close_job(job)

    async def _try_drawing(self, job: Job, drawing: Awaitable[None]) -> bool:
        """Draw a message, and return whether that worked; searches and claims go on without it."""
        try:
            await drawing
        except (PlaceGone, PlaceUnreachable):
            log.info("The message of job %d is gone.", job.id)
        except Exception:
            log.exception("Job %d cannot be drawn.", job.id)
        else:
            return True
        return False

    async def _settle_claim(
        self, claim: Claim, state: ClaimState, child_id: str = "", *, submits: int | None = None
    ) -> None:
        await self._retry(lambda: self._store.settle_claim(claim.id, state, child_id, submits=submits))

    async def _retry(self, call: Callable[[], Awaitable[_T]]) -> _T:
        return await retry_until_store_answers(call, sleep=self._sleep, subject="The end of a lost answer")


def is_past_form(task: Task | None) -> TypeGuard[Task]:
    """Return whether a task is known not to wait for its form any more."""
    return task is not None and task.status not in _WAITING


def _is_unbilled(claim: Claim | None) -> bool:
    return claim is not None and claim.state is ClaimState.REFUSED and claim.submits == 0
