"""The use case of a lost answer: find out what became of a submit whose answer nobody has, and tell it; all free.

Two sources may tell. new-api's log of the key has a row for each submit that it billed, with the id of its task, which
carries the claim's tag as `state`; without a row it was not billed. midjourney-proxy, which bills nothing, lists all of
its tasks with their `state`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

from bot.account_calls import AccountCalls
from bot.actions import find, meaning
from bot.clock import Clock
from bot.errors import ActionUnsupported, PlaceGone, PlaceUnreachable, RelayBusy, RelayError, StoreUnavailable
from bot.jobs import Jobs
from bot.models import Status, Task
from bot.ports import Ending, Now, Store
from bot.records import Claim, ClaimState, Job
from bot.relay_log import LogRow, model_of
from bot.supervisor import Supervisor

log = logging.getLogger(__name__)

_T = TypeVar("_T")

LOOKS: Final = (5.0, 20.0, 45.0, 70.0, 92.0, 120.0)
"""When the relay is asked, in seconds from the beginning: until its first poll new-api gives every task an empty
`state`, and a row of its log is written a moment after the answer."""
LATE_LOOKS: Final = (180.0, 300.0)
"""When it is asked after these, where the last one left something open: a fork's polls may be two minutes apart."""
MOST_CANDIDATES: Final = 10
"""How many tasks are fetched in one look."""

_ANSWERED: Final = timedelta(seconds=4)
"""How long after its answer a relay may still write its log."""
# new-api gives its upstream 60 s. Counted from when the answer was missed, as a process that was killed told nobody
# when it sent.
_UNANSWERED: Final = timedelta(seconds=90)
"""How long a relay may still be working on a submit whose answer never came."""
_FRESH: Final = timedelta(seconds=30)
"""How old what was read of the log may be, while the relay may still be working."""
_ABSENT: Final = timedelta(hours=1)
"""How long a relay is not asked again for a list that it does not have."""
_EARLY: Final = timedelta(minutes=1)
"""How much the relay's clock may be behind ours."""
_LATE: Final = timedelta(minutes=15)
"""The longest from a claim to its row in the log: ten minutes before a full queue, and the submit."""
_WATCHED: Final = timedelta(minutes=1)
"""How much of the time for which a task is watched may be over when it is found."""
_STORE_SECONDS: Final = 5.0
_WAITING: Final = frozenset({Status.FRESH, Status.MODAL})
"""What a task says that may still wait for its form."""
_FORM: Final = "mj_modal"
"""What new-api bills a form as, whichever action its window was opened by."""


class Midjourney(Protocol):
    """What is asked of the relay here, all of it free; every method raises RelayError where it cannot be had."""

    async def fetch(self, task_id: str) -> Task:
        """Fetch one task."""
        ...

    async def log(self) -> Sequence[LogRow]:
        """Read what the relay billed to this key, or raise ActionUnsupported where it has no such log."""
        ...

    async def task_of_state(self, state: str) -> Task | None:
        """Find a task by its state, or raise ActionUnsupported where the relay has no list of all tasks."""
        ...


@dataclass(frozen=True)
class _Reading:
    """What the log said at that time."""

    at: datetime
    rows: Sequence[LogRow]


class _Absences:
    """Remembers which lists this relay does not have."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._until: dict[str, datetime] = {}

    def note(self, what: str) -> None:
        self._until[what] = self._now() + _ABSENT

    def has(self, what: str) -> bool:
        return what in self._until and self._now() < self._until[what]


class _Log:
    """The relay's log, read for all searches together: its calls are counted."""

    def __init__(self, api: Midjourney, calls: AccountCalls, absences: _Absences, now: Now) -> None:
        self._api = api
        self._calls = calls
        self._absences = absences
        self._now = now
        self._last: _Reading | None = None
        self._one = asyncio.Lock()

    async def read(self, since: datetime) -> _Reading | None:
        """Return what it says, read since then; None where it cannot be read."""
        async with self._one:
            if self._last is not None and self._last.at >= since:
                return self._last
            if self._absences.has("log") or not self._calls.take():
                return None
            at = self._now()
            try:
                self._last = _Reading(at, await self._api.log())
            except RelayBusy as busy:
                self._calls.hold(busy.retry_after)
            except ActionUnsupported:
                self._absences.note("log")
            except RelayError as error:
                log.info("The relay's log cannot be read: %s (%s).", type(error).__name__, error.reason)
            else:
                return self._last
            return None


@dataclass
class _Search:
    """One lost answer: what is looked for, and what is known so far; `over_at` is when the relay is done with it."""

    claim: Claim
    over_at: datetime
    model: str = ""
    others: set[str] = field(default_factory=set[str])
    """Tasks that turned out to carry another state."""
    is_open: bool = False
    """Whether a later look may tell what the last one could not."""


@dataclass(frozen=True)
class _Found:
    """The task of the submit, by its id and, where it has been fetched, as it is."""

    task_id: str
    task: Task | None = None


class LostAnswers:
    """Looks for the tasks of lost answers. Ports: `api`, `store`; `calls` is what the log may be asked."""

    def __init__(
        self,
        api: Midjourney,
        store: Store,
        jobs: Jobs,
        supervisor: Supervisor,
        calls: AccountCalls,
        *,
        clock: Clock,
    ) -> None:
        self._api = api
        self._store = store
        self._jobs = jobs
        self._supervisor = supervisor
        self._now = clock.now
        self._sleep = clock.sleep
        self._absences = _Absences(clock.now)
        self._log = _Log(api, calls, self._absences, clock.now)

    def look_for(self, claim: Claim, job: Job, *, answered: bool = False) -> None:
        """Hand a search to the supervisor; its job's row stays open, so that whoever takes it over looks again.

        The claim is unknown. `answered`: the relay has answered, and left it open.
        """
        self._supervisor.start(job.id, lambda: self._find(claim, job, answered=answered))

    def look_for_form(self, claim: Claim, job: Job, *, answered: bool = False) -> None:
        """Find out, beside the watch of its child, whether a form arrived whose answer was lost.

        The claim is the form's own, or that of the press that it was typed for. Where the log shows that the form was
        not billed the child waits for it again; in any other case its message tells by itself.
        """
        self._supervisor.start(("form", claim.id), lambda: self._find_form(claim, job, answered=answered))

    async def _find_form(self, claim: Claim, job: Job, *, answered: bool) -> None:
        began = self._now()
        search = _Search(claim, began + (_ANSWERED if answered else _UNANSWERED), _FORM)
        for seconds in LOOKS:
            if self._absences.has("log"):
                return
            await self._sleep((began + timedelta(seconds=seconds) - self._now()).total_seconds())
            try:
                child = await self._store.snapshot(job.task_id)
                is_over = child is not None and child.status not in _WAITING
                # It goes on: with this form where it carries its tag, else perhaps with another one.
                arrived = (
                    child.state == claim.tag if is_over and child else await self._has_arrived(search, job.task_id)
                )
            except StoreUnavailable:
                continue
            if is_over and not arrived:
                return
            if arrived is None:
                continue
            if not arrived:
                log.info("Claim %d: its form is not in the relay's log, and was not charged.", claim.id)
                await self._jobs.go_on(replace(job, form_sent=False), form_again=True)
            await self._settle_form(claim, job.task_id, arrived=arrived)
            return

    async def _has_arrived(self, search: _Search, child_id: str) -> bool | None:
        """Tell whether a form was billed; None where nobody knows yet."""
        reading = await self._read(search)
        if reading is None:
            return None
        rows = [row for row in reading.rows if _is_of(row, search.claim) and row.may_be(search.model)]
        if any(row.task_id == child_id for row in rows):
            return True
        named = {row.task_id for row in reading.rows if row.task_id}
        earlier = await self._store.claims_of_children(named)
        known = reading.at >= search.over_at and all(row.task_id for row in rows)
        return False if known and _is_proven(reading.rows, earlier, search.claim) else None

    async def _settle_form(self, claim: Claim, child_id: str, *, arrived: bool) -> None:
        """Write how a form ended; of one that followed its press the press stays accepted."""
        known = await self._insist(lambda: self._store.find_claim(claim.id))
        if known is None:
            return
        if known.state is ClaimState.UNKNOWN:
            await self._settle(
                claim, ClaimState.ACCEPTED if arrived else ClaimState.REFUSED, child_id if arrived else ""
            )
        elif known.state is ClaimState.ACCEPTED and not arrived:
            billed = max((1 if known.submits is None else known.submits) - 1, 0)
            await self._settle(claim, ClaimState.ACCEPTED, known.child_id, submits=billed)

    async def _find(self, claim: Claim, job: Job, *, answered: bool) -> None:
        if not self._is_blind:
            await self._tell_looking(job)
            began = self._now()
            search = _Search(claim, began + (_ANSWERED if answered else _UNANSWERED))
            for seconds in (*LOOKS, *LATE_LOOKS):
                if self._is_blind or (seconds in LATE_LOOKS and not search.is_open):
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
        await self._jobs.uncertain(job)

    @property
    def _is_blind(self) -> bool:
        """Whether this relay has nothing that could tell."""
        return self._absences.has("log") and self._absences.has("list")

    async def _tell_looking(self, job: Job) -> None:
        try:
            await self._jobs.show_looking(job)
        except (PlaceGone, PlaceUnreachable):
            log.info("Job %d has no message any more.", job.id)

    async def _look(self, search: _Search) -> _Found | bool:
        """Ask once; return the task, or whether the relay is known not to have billed any."""
        search.is_open = False
        try:
            known = await self._store.find_claim(search.claim.id)
            if known is not None and known.state is ClaimState.ACCEPTED:  # somebody looked at the task meanwhile
                return _Found(known.child_id)
            if found := await self._in_log(search):
                return found
            task = None if self._absences.has("list") else await self._in_list(search)
        except StoreUnavailable:
            search.is_open = True
            return False
        return _Found(task.id, task) if task else False

    async def _in_list(self, search: _Search) -> Task | None:
        try:
            return await self._api.task_of_state(search.claim.tag)
        except ActionUnsupported:
            self._absences.note("list")
        except RelayError:
            search.is_open = True
        return None

    async def _in_log(self, search: _Search) -> _Found | bool:
        """Look for the task among what was billed at that time; return whether the log shows that nothing was."""
        reading = await self._read(search)
        if reading is None:
            search.is_open = not self._absences.has("log")
            return False
        known = await self._store.claims_of_children({row.task_id for row in reading.rows if row.task_id})
        earlier = [claim for claim in known if claim.id != search.claim.id]
        search.model = search.model or await self._model_of(search.claim)
        rows = [row for row in reading.rows if _is_of(row, search.claim) and row.may_be(search.model)]
        search.others.update(claim.child_id for claim in earlier)
        open_rows = [row for row in rows if row.task_id not in search.others]
        found = await self._among([row.task_id for row in open_rows if row.task_id], search)
        if found is not None:
            return _Found(found.id, found)
        unexplained = any(row.task_id not in search.others for row in open_rows)
        search.is_open |= unexplained
        return reading.at >= search.over_at and not unexplained and _is_proven(reading.rows, earlier, search.claim)

    async def _read(self, search: _Search) -> _Reading | None:
        """Read the log: what it said a moment ago will do until the relay is done with the submit."""
        now = self._now()
        return await self._log.read(search.over_at if now >= search.over_at else now - _FRESH)

    async def _among(self, task_ids: Sequence[str], search: _Search) -> Task | None:
        """Fetch some of the tasks, and return the one that carries the claim's tag."""
        for task_id in list(dict.fromkeys(task_ids))[:MOST_CANDIDATES]:
            try:
                task = await self._api.fetch(task_id)
            except RelayError:
                search.is_open = True
                continue
            if task.state == search.claim.tag:
                return task
            if task.state:
                search.others.add(task_id)
        return None

    async def _model_of(self, claim: Claim) -> str:
        """Return the model under which a stock new-api bills what was claimed; "" where nobody knows."""
        what, _, _ = claim.button.partition(":")
        if not claim.task_id:
            return model_of(what)
        parent = await self._store.snapshot(claim.task_id)
        button = find(parent.buttons, what) if parent else None
        return model_of(meaning(button.custom_id).stock) if button else ""

    async def _go_on(self, claim: Claim, job: Job, found: _Found) -> None:
        log.info("Claim %d, whose answer was lost, was accepted as task %s.", claim.id, found.task_id)
        await self._settle(claim, ClaimState.ACCEPTED, found.task_id)
        since = max(job.born_at, self._now() - _WATCHED)
        await self._jobs.go_on(replace(job, task_id=found.task_id, born_at=since), found.task)

    async def _give_back(self, claim: Claim, job: Job) -> None:
        """Tell that nothing was billed, and give the claim back; told first, as a given back claim ends its job."""
        log.info("Claim %d, whose answer was lost, is not in the relay's log: it was not charged.", claim.id)
        await self._jobs.show_ending(job, Ending.NOT_RECORDED)
        await self._settle(claim, ClaimState.REFUSED)
        await self._jobs.close(job)

    async def _settle(self, claim: Claim, state: ClaimState, child_id: str = "", *, submits: int | None = None) -> None:
        await self._insist(lambda: self._store.settle(claim.id, state, child_id, submits=submits))

    async def _insist(self, call: Callable[[], Awaitable[_T]]) -> _T:
        """Call the store, however long it takes to come back: it is about what may be paid."""
        while True:
            try:
                return await call()
            except StoreUnavailable as gone:
                log.warning("The end of a lost answer waits for the store: %s.", gone)
                await self._sleep(_STORE_SECONDS)


def _is_of(row: LogRow, claim: Claim) -> bool:
    """Tell whether a row may be a claim's by its time."""
    return row.is_midjourney and claim.made_at - _EARLY <= row.at <= claim.made_at + _LATE


def _is_proven(rows: Collection[LogRow], known: Collection[Claim], lost: Claim) -> bool:
    """Tell whether the log can be believed: it shows a row of an earlier request of ours, at the time of that.

    new-api of 2025 answers a key in the header with an empty list, whosever it is. The row also shows that the log
    goes back far enough, and that its clock is ours.
    """
    of_child: dict[str, list[Claim]] = {}
    for claim in known:
        if claim.state is ClaimState.ACCEPTED and claim.made_at < lost.made_at:
            of_child.setdefault(claim.child_id, []).append(claim)
    return any(_is_of(row, claim) for row in rows for claim in of_child.get(row.task_id, ()))
