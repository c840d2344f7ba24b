"""Ask the relay, for free, whether it accepted a submit whose answer was lost.

Two sources can tell. new-api's log of the key has a row for each billed submit with the id of its task, and the task
carries the claim's tag as its `state`; `log_evidence` decides what a log without such a row proves. midjourney-proxy
bills nothing, but lists all of its tasks with their `state`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from typing import Final

from bot.clock import Clock
from bot.entities import Claim, ClaimState
from bot.errors import ActionUnsupported, RelayError, StoreUnavailable
from bot.midjourney.buttons import find_button, resolve_action
from bot.midjourney.task import Task
from bot.ports import Relay, Store
from bot.recovery import log_evidence
from bot.relay.account_rate_limiter import AccountRateLimiter
from bot.relay.billing_log import BillingLogReader, BillingReading, BillingRow, MissingEndpoints, get_billing_model

MAX_CANDIDATES: Final = 10
"""How many tasks one lookup fetches at most."""

_READING_INTERVAL: Final = 20.0
"""The seconds between two readings that both show no bill: a log may lag, or be read from a replica."""
_LOG_LAG: Final = timedelta(seconds=30)
"""How old a billed claim is when its row must be in the log."""
_MAX_TASK_LEAD: Final = timedelta(minutes=1)
"""How much earlier than its claim a task may be, by the relay's clock."""
_MAX_READING_AGE: Final = 30.0
"""How old a reading may be while the relay may still be working on the submit."""
_MAX_LATE_READING_AGE: Final = 50.0
"""How old a reading may be afterwards, while none has shown that nothing was billed."""


@dataclass
class LostSubmit:
    """A submit whose answer was lost, and what lookups have found out about it so far.

    Its times are seconds of the monotonic clock: setting the system's time must not end the wait for the relay.
    """

    claim: Claim
    lost_at: float
    done_by: float
    """When the relay is no longer working on the submit."""
    model: str = ""
    """The model that new-api bills the submit as; "" is any."""
    named_task: str = ""
    """The task that the relay named in an answer which also says that the submit failed; "" where it named none."""
    is_billed: bool | None = None
    """Whether the relay said that it took the submit; None where another process got its answer."""
    form_task_id: str = ""
    """The task whose form was submitted; "" for every other submit."""
    other_tasks: dict[str, Task] = field(default_factory=dict[str, Task])
    """Fetched tasks that carry another state."""
    untagged: set[str] = field(default_factory=set[str])
    """The ids of fetched tasks without a state."""
    unbilled_since: float | None = None
    """Since when every reading has shown that the submit was not billed."""
    may_find_more: bool = False
    """Whether a later lookup may find out what the last one could not."""

    def may_be_of(self, row: BillingRow) -> bool:
        """Whether the task of a row that was billed as another model has not been seen yet, and may carry the tag."""
        return bool(row.task_id) and row.task_id not in self.other_tasks and row.task_id not in self.untagged


@dataclass(frozen=True)
class FoundTask:
    """The task of the submit; `task` is None where only its id is known."""

    task_id: str
    task: Task | None = None


class Verdict(Enum):
    """What a lookup found out where it did not find the task."""

    UNDECIDED = auto()
    NOT_BILLED = auto()
    """Two readings of the log prove that the relay did not bill the submit."""


class SubmitLookup:
    """Looks for the tasks of lost submits in the relay's billing log and in its list of all tasks."""

    def __init__(self, relay: Relay, store: Store, limiter: AccountRateLimiter, clock: Clock) -> None:
        self._relay = relay
        self._store = store
        self._monotonic = clock.monotonic
        self._missing = MissingEndpoints(clock.monotonic)
        self.log = BillingLogReader(relay.fetch_billing_log, limiter, self._missing, clock)

    @property
    def has_log(self) -> bool:
        """Whether this relay may have a billing log."""
        return not self.log.is_missing

    @property
    def has_sources(self) -> bool:
        """Whether this relay may have a billing log or a list of all tasks."""
        return self.has_log or not self._missing.is_missing("list")

    async def look_up(self, lost: LostSubmit) -> FoundTask | Verdict:
        """Look once in the log, then in the list of all tasks."""
        lost.may_find_more = False
        try:
            claim = await self._store.find_claim(lost.claim.id)
            if claim is not None:
                if claim.state is ClaimState.ACCEPTED:  # the task was found by /mjstatus meanwhile
                    return FoundTask(claim.child_id)
                lost.claim = claim
            if named := await self._read_named_task(lost):
                return FoundTask(named.id, named)
            result = await self.look_in_log(lost)
            if result is not Verdict.UNDECIDED:
                return result
            task = await self._look_in_list(lost)
        except StoreUnavailable:
            lost.may_find_more = True
            return Verdict.UNDECIDED
        return FoundTask(task.id, task) if task else Verdict.UNDECIDED

    async def _read_named_task(self, lost: LostSubmit) -> Task | None:
        """Read the task that the relay named, unless it is known to be another submit's."""
        claim, named = lost.claim, lost.named_task
        # A failure may name the task that was pressed instead of a new one.
        if not named or named == claim.task_id:
            return None
        try:
            task = await self._relay.fetch_task(named)
        except RelayError:
            return None
        if any(other.id != claim.id for other in await self._store.list_claims_of_children([named])):
            return None
        if task.state:
            return task if task.state == claim.tag else None
        # A relay without states, or one that has not written it yet: a new task has no records, and a later time.
        jobs = await self._store.list_jobs_of_task(named)
        is_known = any(job.claim_id != claim.id for job in jobs) or await self._store.find_snapshot(named) is not None
        return None if is_known or _was_made_before(task, claim) else task

    async def look_in_log(self, lost: LostSubmit) -> FoundTask | Verdict:
        """Look once in the log; it takes two readings to prove that nothing was billed."""
        reading = await self._read_log(lost)
        if reading is None:
            lost.may_find_more = self.has_log
            return Verdict.UNDECIDED
        result = await self._judge_reading(lost, reading)
        if result is not Verdict.NOT_BILLED:
            lost.unbilled_since = None
            return result
        if reading.read_at >= lost.lost_at:  # an earlier reading was made for another submit, before this one was lost
            lost.unbilled_since = reading.read_at if lost.unbilled_since is None else lost.unbilled_since
        is_confirmed = lost.unbilled_since is not None and reading.read_at - lost.unbilled_since >= _READING_INTERVAL
        if is_confirmed and reading.read_at >= lost.done_by:
            return Verdict.NOT_BILLED
        lost.may_find_more = True
        return Verdict.UNDECIDED

    async def _look_in_list(self, lost: LostSubmit) -> Task | None:
        if self._missing.is_missing("list"):
            return None
        try:
            return await self._relay.find_task_by_state(lost.claim.tag)
        except ActionUnsupported:
            self._missing.mark_missing("list")
        except RelayError:
            lost.may_find_more = True
        return None

    async def _read_log(self, lost: LostSubmit) -> BillingReading | None:
        """Read the log, or use a recent reading, unless it must be newer to confirm an earlier one."""
        now = self._monotonic()
        if now < lost.done_by:
            return await self.log.read(now - _MAX_READING_AGE)
        unbilled_since = lost.unbilled_since
        since = now - _MAX_LATE_READING_AGE if unbilled_since is None else unbilled_since + _READING_INTERVAL
        return await self.log.read(min(max(lost.done_by, since), now))

    async def _judge_reading(self, lost: LostSubmit, reading: BillingReading) -> FoundTask | Verdict:
        """Find the submit's task in one reading, or decide whether the reading shows that it was not billed."""
        claim, page = lost.claim, reading.page
        lost.model = lost.model or await self._find_billing_model(claim)
        proof = await self._find_proof(claim, reading)
        rows = log_evidence.find_candidate_rows(page.rows, claim, proof)
        if lost.form_task_id and any(
            row.task_id == lost.form_task_id and row.may_have_model(lost.model) for row in rows
        ):
            return FoundTask(lost.form_task_id)
        task_ids = {row.task_id for row in rows if row.task_id}
        known = [other for other in await self._store.list_claims_of_children(task_ids) if other.id != claim.id]
        unexplained = log_evidence.find_unexplained_rows(rows, page.rows, known)
        if task := await self._find_tagged_task(unexplained, lost):
            return FoundTask(task.id, task)
        unexplained = [row for row in unexplained if row.may_have_model(lost.model) or lost.may_be_of(row)]
        if task_id := log_evidence.find_repeated_task(unexplained, known, claim):
            return FoundTask(task_id)
        if log_evidence.find_doubtful_rows(unexplained, page.rows, known, lost.other_tasks):
            lost.may_find_more = True
            return Verdict.UNDECIDED
        if self._is_known_to_be_billed(lost):  # its task can only be found
            return Verdict.UNDECIDED
        is_proven = proof is not None and (not unexplained or await self._keeps_tags(proof.claim))
        return Verdict.NOT_BILLED if is_proven else Verdict.UNDECIDED

    @staticmethod
    def _is_known_to_be_billed(lost: LostSubmit) -> bool:
        """Return whether the relay said that it took a submit.

        A claim's number of submits says that too, unless it is the one that a press of "Imagine all" was to make.
        """
        if lost.form_task_id:
            return False
        return bool(lost.claim.submits) if lost.is_billed is None else lost.is_billed

    async def _find_proof(self, lost: Claim, reading: BillingReading) -> log_evidence.LogProof | None:
        """Return the row of an earlier claim that proves that the reading shows every submit of the lost one's time."""
        before = await self._store.list_billed_claims(lost.made_at, log_evidence.MAX_CLAIMS)
        recent = await self._store.list_billed_claims(reading.time - _LOG_LAG, log_evidence.MAX_CLAIMS)
        before = [claim for claim in before if claim.id != lost.id]
        after = [claim for claim in recent if claim.made_at >= lost.made_at and claim.id != lost.id]
        return log_evidence.find_proof(reading.page, before, after, lost)

    async def _keeps_tags(self, claim: Claim) -> bool:
        """Return whether the relay kept a claim's tag; only then is a task with another state another application's."""
        known = await self._store.find_snapshot(claim.child_id)
        try:
            state = (known and known.state) or (await self._relay.fetch_task(claim.child_id)).state
        except RelayError:
            return False
        return state in {other.tag for other in await self._store.list_claims_of_children([claim.child_id])}

    async def _find_tagged_task(self, rows: Sequence[BillingRow], lost: LostSubmit) -> Task | None:
        """Fetch at most MAX_CANDIDATES of the rows' tasks, and return the one that carries the claim's tag.

        Rows of the claim's model come first, but a fork may bill it as another one.
        """
        by_model = sorted(rows, key=lambda row: (not row.may_have_model(lost.model), row.task_id in lost.untagged))
        task_ids = dict.fromkeys(row.task_id for row in by_model if row.task_id)
        unknown = [task_id for task_id in task_ids if task_id not in lost.other_tasks]
        for task_id in unknown[:MAX_CANDIDATES]:
            try:
                task = await self._relay.fetch_task(task_id)
            except RelayError:
                lost.may_find_more = True
                continue
            if task.state == lost.claim.tag:
                return task
            if task.state:
                lost.other_tasks[task_id] = task
            else:
                lost.untagged.add(task_id)
        return None

    async def _find_billing_model(self, claim: Claim) -> str:
        """Return the model that a stock new-api bills a claim as; "" where it is unknown."""
        key, _, _ = claim.button.partition(":")
        if not claim.task_id:
            return get_billing_model(key)
        parent = await self._store.find_snapshot(claim.task_id)
        button = find_button(parent.buttons, key) if parent else None
        return get_billing_model(resolve_action(button.custom_id).new_api_action) if button else ""


def _was_made_before(task: Task, claim: Claim) -> bool:
    """Whether one of a task's times, in milliseconds, is before the claim; without a time, that is not known."""
    earliest = int((claim.made_at - _MAX_TASK_LEAD).timestamp() * 1000)
    return any(0 < time < earliest for time in (task.submit_time, task.start_time, task.finish_time))
