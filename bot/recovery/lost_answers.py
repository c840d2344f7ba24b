"""The use case of a lost answer: find out what became of a submit whose answer never came, and tell it; all free.

Two sources may tell. new-api's log of the key has a row for each submit that it billed, with the id of its task, which
carries the claim's tag as `state`; what a log without such a row proves is judged in `bot/recovery/log_evidence.py`.
midjourney-proxy, which bills nothing, lists all of its tasks with their `state`.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from bot.clock import Clock
from bot.entities import Claim, ClaimState, Job
from bot.errors import ActionUnsupported, PlaceGone, PlaceUnreachable, RelayError, StoreUnavailable
from bot.midjourney.buttons import find_button, resolve_action
from bot.midjourney.task import Status, Task
from bot.ports import Relay, Store
from bot.recovery import log_evidence as evidence
from bot.relay.account_rate_limiter import AccountRateLimiter
from bot.relay.billing_log import BillingLogReader, BillingReading, MissingEndpoints, get_billing_model
from bot.scene import JobEnding
from bot.store_retry import retry_until_store_answers
from bot.tracking.task_supervisor import TaskSupervisor, WorkKey
from bot.tracking.tracker import JobTracker, make_job_key

log = logging.getLogger(__name__)

_T = TypeVar("_T")

SEARCH_SECONDS: Final = (5.0, 20.0, 32.0, 54.0, 70.0, 92.0, 120.0)
"""When the relay is asked, in seconds from the beginning: until its first poll new-api gives every task an empty
`state`, and a row of its log is written a moment after the answer."""
LATE_SEARCH_SECONDS: Final = (180.0, 205.0, 300.0)
"""When it is asked after these, where the last one left something open: a fork's polls may be two minutes apart."""
MAX_CANDIDATES: Final = 10
"""How many tasks are fetched in one look."""

_ANSWERED: Final = timedelta(seconds=30)
"""How long after its answer a relay may still write its log."""
# new-api gives its upstream 60 s. Counted from when the answer was missed, as a process that was killed left no word of
# when it sent.
_UNANSWERED: Final = timedelta(seconds=90)
"""How long a relay may still be working on a submit whose answer never came."""
_AGREEING: Final = timedelta(seconds=20)
"""How far two readings are apart which both show that nothing was billed: a log may lag, or be read from a copy."""
_LAG: Final = timedelta(seconds=30)
"""How old a claim is whose row must be in the log."""
_FRESH: Final = timedelta(seconds=30)
"""How old what was read of the log may be, while the relay may still be working."""
_STALE: Final = timedelta(seconds=50)
"""How old it may be afterwards, where it tells neither way."""
_WATCHED: Final = timedelta(minutes=1)
"""How much of the time for which a task is watched may be over when it is found."""
_WAITING: Final = frozenset({Status.FRESH, Status.MODAL})
"""What a task says that may still wait for its form."""
_OWN: Final = "form"
"""The button of a claim that is a form's own; any other is that of the press which the form followed."""
_FORM: Final = "mj_modal"
"""What new-api bills a form as, whichever action its window was opened by."""


@dataclass
class _Search:
    """One lost answer: what is looked for, and what is known so far; `over_at` is when the relay is done with it.

    `child_id` is the task that a lost form was for; `""` for every other submit.
    """

    claim: Claim
    began: datetime
    over_at: datetime
    model: str = ""
    child_id: str = ""
    others: dict[str, Task] = field(default_factory=dict[str, Task])
    """Tasks that turned out to carry another state."""
    absent_at: datetime | None = None
    """Since when every reading has shown that nothing was billed."""
    is_open: bool = False
    """Whether a later look may tell what the last one could not."""


@dataclass(frozen=True)
class _Found:
    """The task of the submit, by its id and, where it has been fetched, as it is."""

    task_id: str
    task: Task | None = None


class LostAnswerSearch:
    """Looks for the tasks of lost answers. Ports: `relay`, `store`; `calls` is what the log may be asked."""

    def __init__(
        self,
        relay: Relay,
        store: Store,
        jobs: JobTracker,
        supervisor: TaskSupervisor,
        calls: AccountRateLimiter,
        *,
        clock: Clock,
    ) -> None:
        self._relay = relay
        self._store = store
        self._jobs = jobs
        self._supervisor = supervisor
        self._now = clock.now
        self._sleep = clock.sleep
        self._absences = MissingEndpoints(clock.now)
        self._log = BillingLogReader(relay.fetch_billing_log, calls, self._absences, clock.now)

    def search_task(self, claim: Claim, job: Job, *, answered: bool = False) -> None:
        """Hand a search to the supervisor; its job's row stays open, so that a process that takes it over looks again.

        The claim is unknown. `answered`: the relay has answered, and left it open.
        """
        self._supervisor.start(make_job_key(job.id), lambda: self._find(claim, job, answered=answered))

    def search_form(self, claim: Claim, job: Job, *, answered: bool = False) -> None:
        """Find out, beside the watch of its child, whether a form arrived whose answer was lost.

        The claim is the form's own, or that of the press that it was typed for. Where the log shows that the form was
        not billed the child waits for it again; in any other case its message tells by itself.
        """
        self._supervisor.start(WorkKey("form", claim.id), lambda: self._find_form(claim, job, answered=answered))

    def show_not_billed(self, job: Job) -> None:
        """Have a job end whose claim was given back by a process that ended before it had told."""
        self._supervisor.start(make_job_key(job.id), lambda: self._tell_given_back(job))

    async def _find_form(self, claim: Claim, job: Job, *, answered: bool) -> None:
        began = self._now()
        over_at = began + (_ANSWERED if answered else _UNANSWERED)
        search = _Search(claim, began, over_at, model=_FORM, child_id=job.task_id)
        for seconds in SEARCH_SECONDS:
            if self._absences.is_missing("log"):
                return
            await self._sleep((began + timedelta(seconds=seconds) - self._now()).total_seconds())
            try:
                if await self._look_for_form(search, job):
                    return
            except StoreUnavailable:
                continue

    async def _look_for_form(self, search: _Search, job: Job) -> bool:
        """Ask once; return whether there is nothing more to find out."""
        claim = search.claim
        child = await self._store.find_snapshot(job.task_id)
        if child is not None and child.status not in _WAITING:
            # It goes on: with this form where it carries its tag, else perhaps with another one.
            if child.state == claim.tag:
                await self._settle_form(claim, job.task_id, arrived=True)
            return True
        found = await self._in_log(search)
        if found is False:
            return False
        if isinstance(found, _Found):
            await self._settle_form(claim, job.task_id, arrived=True)
            return True
        child = await self._store.find_snapshot(job.task_id)
        if child is not None and child.status not in _WAITING and child.status is not Status.CANCEL:
            return False
        log.info("Claim %d: its form is not in the relay's log, and was not charged.", claim.id)
        if not await self._settle_form(claim, job.task_id, arrived=False):
            return True
        child = await self._retry(lambda: self._store.find_snapshot(job.task_id))
        if child is None or child.status in _WAITING:  # else it was dropped meanwhile
            await self._jobs.continue_job(replace(job, form_sent=False), form_again=True)
        return True

    async def _settle_form(self, claim: Claim, child_id: str, *, arrived: bool) -> bool:
        """Write how a form ended, and return whether that stands; the press that it followed stays accepted."""
        known = await self._retry(lambda: self._store.find_claim(claim.id))
        if known is None:
            return False
        if known.state is ClaimState.UNKNOWN and not arrived:
            return await self._retry(lambda: self._store.mark_claim_unbilled(claim.id))
        if known.state is ClaimState.UNKNOWN:
            await self._settle(claim, ClaimState.ACCEPTED, child_id)
        elif known.state is ClaimState.ACCEPTED and known.button != _OWN and not arrived:
            billed = max((1 if known.submits is None else known.submits) - 1, 0)
            await self._settle(claim, ClaimState.ACCEPTED, known.child_id, submits=billed)
            return True
        return arrived

    async def _find(self, claim: Claim, job: Job, *, answered: bool) -> None:
        if not self._is_blind:
            await self._drawn(job, self._jobs.messages.show_searching(job))
            began = self._now()
            search = _Search(claim, began, began + (_ANSWERED if answered else _UNANSWERED))
            for seconds in (*SEARCH_SECONDS, *LATE_SEARCH_SECONDS):
                if self._is_blind or (seconds in LATE_SEARCH_SECONDS and not search.is_open):
                    break
                await self._sleep((began + timedelta(seconds=seconds) - self._now()).total_seconds())
                match await self._look(search):
                    case _Found() as found:
                        await self._go_on(claim, job, found)
                        return
                    case True:
                        await self._give_back(claim, job)
                        return
                    case _:
                        continue
        if not await self._drawn(job, self._jobs.end_uncertain(job)):
            await self._jobs.close_job(job)

    @property
    def _is_blind(self) -> bool:
        """Whether this relay has nothing that could tell."""
        return self._absences.is_missing("log") and self._absences.is_missing("list")

    async def _drawn(self, job: Job, drawing: Awaitable[None]) -> bool:
        """Wait for what draws a message, and return whether it is drawn; no search, and no claim, depends on it."""
        try:
            await drawing
        except (PlaceGone, PlaceUnreachable):
            log.info("Job %d has no message any more.", job.id)
        except Exception:
            log.exception("Job %d cannot be drawn.", job.id)
        else:
            return True
        return False

    async def _look(self, search: _Search) -> _Found | bool:
        """Ask once; return the task, or whether the relay is known not to have billed any."""
        search.is_open = False
        try:
            known = await self._store.find_claim(search.claim.id)
            if known is not None:
                if known.state is ClaimState.ACCEPTED:  # the task was looked at meanwhile
                    return _Found(known.child_id)
                search.claim = known
            if found := await self._in_log(search):
                return found
            task = None if self._absences.is_missing("list") else await self._in_list(search)
        except StoreUnavailable:
            search.is_open = True
            return False
        return _Found(task.id, task) if task else False

    async def _in_list(self, search: _Search) -> Task | None:
        try:
            return await self._relay.find_task_by_state(search.claim.tag)
        except ActionUnsupported:
            self._absences.mark_missing("list")
        except RelayError:
            search.is_open = True
        return None

    async def _in_log(self, search: _Search) -> _Found | bool:
        """Look for the task among what was billed; return whether two readings show that nothing was."""
        reading = await self._read(search)
        if reading is None:
            search.is_open = not self._absences.is_missing("log")
            return False
        found = await self._judge(search, reading)
        if found is not True:
            search.absent_at = None
            return found
        if reading.read_at >= search.began:  # else it was read for another search, before this submit was lost
            search.absent_at = search.absent_at or reading.read_at
        agree = search.absent_at is not None and reading.read_at - search.absent_at >= _AGREEING
        if agree and reading.read_at >= search.over_at:
            return True
        search.is_open = True
        return False

    async def _judge(self, search: _Search, reading: BillingReading) -> _Found | bool:
        """Return the lost submit's task, or whether this reading shows that there is none."""
        lost, page = search.claim, reading.page
        search.model = search.model or await self._model_of(lost)
        rows = evidence.find_candidate_rows(page.rows, lost, search.model)
        if search.child_id and any(row.task_id == search.child_id for row in rows):
            return _Found(search.child_id)
        ids = {row.task_id for row in rows if row.task_id}
        known = [claim for claim in await self._store.list_claims_of_children(ids) if claim.id != lost.id]
        left = evidence.find_unexplained_rows(rows, page.rows, known)
        if task := await self._among([row.task_id for row in left if row.task_id], search):
            return _Found(task.id, task)
        if again := evidence.find_repeated_task(left, known, lost):
            return _Found(again)
        if evidence.find_doubtful_rows(left, page.rows, known, search.others):
            search.is_open = True
            return False
        if lost.submits and not search.child_id:  # it is known to be accepted: it may only be found
            return False
        before = await self._store.list_billed_claims(lost.made_at, evidence.MAX_CLAIMS)
        lately = await self._store.list_billed_claims(reading.read_at - _LAG, evidence.MAX_CLAIMS)
        before = [claim for claim in before if claim.id != lost.id]
        after = [claim for claim in lately if claim.made_at >= lost.made_at and claim.id != lost.id]
        proof = evidence.find_proving_claim(page, before, after, lost)
        return proof is not None and (not left or await self._is_echoed(proof))

    async def _is_echoed(self, claim: Claim) -> bool:
        """Tell whether the relay has kept the tag of a claim: only then another state is another application's."""
        known = await self._store.find_snapshot(claim.child_id)
        try:
            state = (known and known.state) or (await self._relay.fetch_task(claim.child_id)).state
        except RelayError:
            return False
        return state in {one.tag for one in await self._store.list_claims_of_children([claim.child_id])}

    async def _read(self, search: _Search) -> BillingReading | None:
        """Read the log; what it said a moment ago will do, until a second reading is to agree with the first."""
        now = self._now()
        if now < search.over_at:
            return await self._log.read(now - _FRESH)
        again_at = search.absent_at + _AGREEING if search.absent_at else now - _STALE
        return await self._log.read(min(max(search.over_at, again_at), now))

    async def _among(self, task_ids: Sequence[str], search: _Search) -> Task | None:
        """Fetch some of the tasks, and return the one that carries the claim's tag."""
        unknown = [task_id for task_id in dict.fromkeys(task_ids) if task_id not in search.others]
        for task_id in unknown[:MAX_CANDIDATES]:
            try:
                task = await self._relay.fetch_task(task_id)
            except RelayError:
                search.is_open = True
                continue
            if task.state == search.claim.tag:
                return task
            if task.state:
                search.others[task_id] = task
        return None

    async def _model_of(self, claim: Claim) -> str:
        """Return the model under which a stock new-api bills what was claimed; "" where that is not known."""
        what, _, _ = claim.button.partition(":")
        if not claim.task_id:
            return get_billing_model(what)
        parent = await self._store.find_snapshot(claim.task_id)
        button = find_button(parent.buttons, what) if parent else None
        return get_billing_model(resolve_action(button.custom_id).new_api_action) if button else ""

    async def _go_on(self, claim: Claim, job: Job, found: _Found) -> None:
        log.info("Claim %d, whose answer was lost, was accepted as task %s.", claim.id, found.task_id)
        await self._settle(claim, ClaimState.ACCEPTED, found.task_id)
        since = max(job.born_at, self._now() - _WATCHED)
        await self._jobs.continue_job(replace(job, task_id=found.task_id, born_at=since), found.task)

    async def _give_back(self, claim: Claim, job: Job) -> None:
        """Give the claim back, and tell that nothing was billed; go on where its task has been met meanwhile."""
        if await self._retry(lambda: self._store.mark_claim_unbilled(claim.id)):
            log.info("Claim %d, whose answer was lost, is not in the relay's log: it was not charged.", claim.id)
            await self._tell_given_back(job)
            return
        known = await self._retry(lambda: self._store.find_claim(claim.id))
        if known is not None and known.state is ClaimState.ACCEPTED:
            await self._go_on(known, job, _Found(known.child_id))
        else:
            await self._jobs.close_job(job)

    async def _tell_given_back(self, job: Job) -> None:
        await self._drawn(job, self._jobs.messages.show_ending(job, JobEnding.NOT_BILLED))
        await self._jobs.close_job(job)

    async def _settle(self, claim: Claim, state: ClaimState, child_id: str = "", *, submits: int | None = None) -> None:
        await self._retry(lambda: self._store.settle_claim(claim.id, state, child_id, submits=submits))

    async def _retry(self, call: Callable[[], Awaitable[_T]]) -> _T:
        """Call the store until it answers, as the result decides about money."""
        return await retry_until_store_answers(call, sleep=self._sleep, subject="The end of a lost answer")
