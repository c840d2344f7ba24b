"""A store in memory; tests/bot/store runs the same tests on it and on SqlStore."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from bot.entities import (
    Claim,
    ClaimState,
    Job,
    LedgerOutcome,
    LineagePair,
    PersonSettings,
    PressedButton,
    Rules,
    SentCost,
    Spending,
    SpendingPlan,
    TaskFilter,
    TaskOrigin,
    TaskSummary,
    Usage,
)
from bot.errors import AlreadyClaimed, ClaimLost, StoreUnavailable
from bot.languages import Language
from bot.midjourney.buttons import name_result
from bot.midjourney.task import Status, Task
from bot.ports import PlanSpending
from tests.fakes.departures import FakeDepartures
from tests.fakes.ledger import FakeLedger, LedgerRows
from tests.fakes.reports import FakeReports
from tests.fakes.rules import FakeRules, is_counted

DUPLICATE_PRESS_WINDOW = timedelta(seconds=3)
CLAIM_BLOCKING_TIME = REPEAT_CONFIRMATION_AGE = timedelta(minutes=5)
LONGEST_LEASE = timedelta(minutes=10)


class FakeStore:
    """A bot.ports.Store in memory whose rows tests may read and change.

    While `down` is set, every call raises StoreUnavailable. `owner` is the process that calls.
    """

    def __init__(self, now: Callable[[], datetime], owner: str = "") -> None:
        self.now = now
        self.owner = owner
        self.listeners: list[asyncio.Event] = []
        self.process_leases = FakeProcessLeases(self)
        self.down = False
        self.owners: dict[int, str] = {}
        self.submitters: dict[int, str] = {}
        self.alive_until: dict[str, datetime] = {}
        self.ended_at: dict[int, datetime] = {}
        self.kept_at: dict[str, datetime] = {}
        self.child_statuses: dict[str, Status] = {}
        self.jobs: dict[int, Job] = {}
        self.deleted_jobs: dict[int, Job] = {}
        self.closed: set[int] = set()
        self.snapshots: dict[str, Task] = {}
        self.claimed: dict[int, Claim] = {}
        self.missing_capabilities: dict[str, tuple[str, datetime]] = {}
        self.refused_since: dict[str, datetime] = {}
        self.relay_address = ""
        self.records_start: datetime | None = None
        self.people: dict[int, PersonSettings] = {}
        self.rules = FakeRules(self._answer)
        self.reports = FakeReports(self._answer, self.rules)
        self.ledger_rows = LedgerRows()
        self.posted: set[int] = set()
        self.pseudonyms: dict[int, int] = {}
        self.departures = FakeDepartures(self.rules)
        self.ledger = FakeLedger(self)

    def view_as(self, owner: str) -> "FakeStore":
        """Return the same rows as another process sees them."""
        other = copy(self)
        other.owner = owner
        other.process_leases = FakeProcessLeases(other)
        other.ledger = FakeLedger(other)
        return other

    async def open_job(self, job: Job, *, form_again: bool = False, replaces: int = 0) -> None:
        self._answer()
        if replaces != job.id:
            self.jobs.pop(replaces, None)
        if self.owners.get(job.id, self.owner) != self.owner:
            self.process_leases.notify_ownership_change()
        self.jobs[job.id] = job if form_again else self._lasting(job)
        self.owners[job.id] = self.owner
        self.closed.discard(job.id)

    async def update_job(self, job: Job) -> None:
        self._answer()
        if job.id in self.jobs:
            self.jobs[job.id] = self._lasting(job)

    def _lasting(self, job: Job) -> Job:
        known = self.jobs.get(job.id)
        return replace(job, form_sent=job.form_sent or (known is not None and known.form_sent))

    async def save_redraw(self, message_id: int, redraws: int, at: datetime) -> None:
        self._answer()
        if message_id in self.jobs:
            self.jobs[message_id] = replace(self.jobs[message_id], redraws=redraws, redraw_at=at)

    async def mark_posted(self, message_id: int) -> bool:
        self._answer()
        is_new = message_id in self.jobs and message_id not in self.posted
        self.posted |= {message_id} if is_new else set()
        return is_new

    async def close_job(self, message_id: int) -> None:
        self._answer()
        if self.owners.get(message_id, self.owner) == self.owner and message_id in self.jobs:
            self.closed.add(message_id)
            self.ended_at[message_id] = self.now()

    async def delete_job(self, message_id: int) -> None:
        self._answer()
        self._drop_job(message_id)
        self.owners.pop(message_id, None)
        self.closed.discard(message_id)

    async def count_open_jobs(self) -> int:
        return len(self.open_jobs())

    def open_jobs(self) -> Sequence[Job]:
        """Return every job that has not ended, oldest first."""
        self._answer()
        return self._newest(lambda job: job.id not in self.closed)[::-1]

    async def find_job(self, message_id: int) -> Job | None:
        self._answer()
        return self.jobs.get(message_id)

    async def list_jobs_of_task(self, task_id: str) -> Sequence[Job]:
        self._answer()
        return self._newest(lambda job: bool(task_id) and job.task_id == task_id)

    async def list_jobs_of_tasks(self, task_ids: Collection[str], limit: int) -> Sequence[Job]:
        self._answer()
        return self._newest(lambda job: bool(job.task_id) and job.task_id in task_ids)[:limit]

    async def list_lineage_pairs(self, task_ids: Collection[str], limit: int) -> Sequence[LineagePair]:
        self._answer()
        traces = [(claim.made_at, claim.task_id, claim.child_id) for claim in self.claimed.values()]
        wanted = {one for one in task_ids if one}
        traces = [trace for trace in traces if wanted & {*trace[1:]}]
        traces += [(job.born_at, job.parent_id, job.task_id) for job in self.jobs.values() if job.task_id in wanted]
        pairs = dict.fromkeys(
            LineagePair(parent, child) for _, parent, child in sorted(traces) if "" not in {parent, child}
        )
        return [pair for pair in pairs if pair.parent_id != pair.child_id][:limit]

    async def find_job_of_claim(self, claim_id: int) -> Job | None:
        self._answer()
        return next(iter(self._newest(lambda job: bool(claim_id) and job.claim_id == claim_id)), None)

    async def list_recent_tasks(self, person_id: int, limit: int) -> Sequence[TaskSummary]:
        self._answer()
        return self._own(person_id)[:limit]

    async def list_tasks(
        self, person_id: int, which: TaskFilter, *, skip: int, limit: int
    ) -> tuple[Sequence[TaskSummary], int]:
        self._answer()
        own = [one for one in self._own(person_id) if _is(one, which)]
        own.sort(key=lambda one: not _is(one, TaskFilter.RUNNING))
        return own[skip : skip + limit], len(own) if skip < len(own) else 0

    async def save_snapshot(self, task: Task) -> None:
        self._answer()
        if self.snapshots.get(task.id) != task:
            self.kept_at[task.id] = self.now()
        self.snapshots[task.id] = task
        await self.ledger.write_outcome(task)

    async def find_snapshot(self, task_id: str) -> Task | None:
        return (await self.find_snapshots([task_id])).get(task_id)

    async def find_snapshots(self, task_ids: Collection[str]) -> dict[str, Task]:
        self._answer()
        return {task_id: self.snapshots[task_id] for task_id in task_ids if task_id in self.snapshots}

    async def create_claim(
        self,
        claim: Claim,
        judge: Callable[[Usage], None],
        *,
        confirmed: bool = False,
        plan: PlanSpending | None = None,
    ) -> None:
        self._answer()
        rivals = [
            other for other in self._spent() if _twins(claim, other) or _is_in_way(claim, other, confirmed=confirmed)
        ]
        if claim.id in self.claimed or rivals:
            rival = self.claimed.get(claim.id) or rivals[0]
            raise AlreadyClaimed(rival.id, rival.person_id)
        judge(self._judged_usage(claim.person_id, claim.guild_id, claim.made_at, plan))
        self.claimed[claim.id] = claim
        self.submitters[claim.id] = self.owner

    async def find_usage(self, person_id: int, guild_id: int = 0, plan: PlanSpending | None = None) -> Usage:
        self._answer()
        return self._judged_usage(person_id, guild_id, self.now(), plan)

    async def find_rules(self, guild_id: int, person_id: int) -> Rules:
        self._answer()
        return await self.rules.find_rules(guild_id, person_id)

    async def withdraw_claim(self, claim_id: int) -> None:
        self._answer()
        claim = self.claimed.get(claim_id)
        if claim is not None and claim.state is ClaimState.SUBMITTING and self.submitters.get(claim_id) == self.owner:
            self.claimed[claim_id] = replace(claim, state=ClaimState.REFUSED)

    async def find_claim_age(self, claim_id: int) -> timedelta:
        self._answer()
        claim = self.claimed.get(claim_id)
        return max(self.now() - claim.made_at, timedelta()) if claim else timedelta()

    async def settle_claim(
        self,
        claim_id: int,
        state: ClaimState,
        child_id: str = "",
        *,
        submits: int | None = None,
        sent: SentCost | None = None,
    ) -> None:
        self._answer()
        claim = self.claimed.get(claim_id)
        known = {ClaimState.ACCEPTED, ClaimState.REFUSED}
        if claim is None or (state not in known and claim.state in known):
            return
        billed = claim.submits if submits is None else submits
        cost = claim.cost
        if submits is not None and cost.expected is not None and _billed(claim):
            cost = replace(cost, expected=cost.expected * submits / _billed(claim))
        if sent is not None:
            cost = replace(sent.cost, channel_id=cost.channel_id, is_private=cost.is_private)
            if sent.request_id:
                self.ledger_rows.request_ids[claim_id] = sent.request_id
        self.claimed[claim_id] = replace(claim, state=state, child_id=child_id, submits=billed, cost=cost)

    async def mark_claim_unbilled(self, claim_id: int) -> bool:
        self._answer()
        claim = self.claimed.get(claim_id)
        if claim is None or claim.state is not ClaimState.UNKNOWN:
            return False
        self.claimed[claim_id] = replace(claim, state=ClaimState.REFUSED, submits=0)
        return True

    async def verify_claim(self, claim_id: int) -> None:
        self._answer()
        claim = self.claimed.get(claim_id)
        ours = claim is not None and self.submitters.get(claim_id) == self.owner
        if claim is None or not ours or claim.state is not ClaimState.SUBMITTING:
            raise ClaimLost
        if claim.made_at < self.now() - timedelta(minutes=1):
            self.claimed[claim_id] = replace(claim, made_at=self.now() - DUPLICATE_PRESS_WINDOW)

    async def find_claim(self, claim_id: int) -> Claim | None:
        self._answer()
        return self.claimed.get(claim_id)

    async def list_claims(self, state: ClaimState) -> Sequence[Claim]:
        self._answer()
        found = (claim for claim in self.claimed.values() if claim.state is state)
        return sorted(found, key=lambda claim: (claim.made_at, claim.id))

    async def list_billed_claims(self, before: datetime, limit: int) -> Sequence[Claim]:
        self._answer()
        accepted = [claim for claim in self.claimed.values() if claim.state is ClaimState.ACCEPTED and claim.child_id]
        found = [claim for claim in accepted if claim.submits != 0 and claim.made_at < before]
        return sorted(found, key=lambda claim: (claim.made_at, claim.id), reverse=True)[:limit]

    async def list_claims_of_children(self, task_ids: Collection[str]) -> Sequence[Claim]:
        self._answer()
        found = (claim for claim in self.claimed.values() if claim.child_id and claim.child_id in task_ids)
        return sorted(found, key=lambda claim: (claim.made_at, claim.id))

    async def list_task_origins(self, task_ids: Collection[str], *, claim_id: int = 0) -> Sequence[TaskOrigin]:
        self._answer()
        submitted = [job for job in self.jobs.values() if job.claim_id and job.task_id in {*task_ids} - {""}]
        submitted += [job for job in self.deleted_jobs.values() if job.task_id in task_ids]
        found = [_make_origin(job.task_id, job) for job in submitted]
        for claim in self.claimed.values():
            if (claim.child_id and claim.child_id in task_ids) or claim.id == claim_id:
                job = await self.find_job_of_claim(claim.id)
                unknown = TaskOrigin(claim.child_id, claim.person_id)
                found.append(_make_origin(claim.child_id, job) if job else unknown)
        return found

    def is_person(self, stored_id: int, person_id: int) -> bool:
        return stored_id in {person_id, self.pseudonyms.get(person_id, person_id)}

    async def clear_expired_tokens(self, now: datetime) -> int:
        self._answer()
        expired = [job for job in self.jobs.values() if job.place.token and job.place.token_expires_at < now]
        self.jobs.update({job.id: replace(job, place=replace(job.place, token="")) for job in expired})
        return len(expired)

    async def find_pressed_buttons(self, task_id: str) -> dict[str, PressedButton]:
        self._answer()
        accepted = [claim for claim in await self.list_claims(ClaimState.ACCEPTED) if claim.task_id == task_id]
        return {claim.button: mark for claim in accepted if (mark := self._mark(claim))}

    async def save_missing_capability(self, capability: str, reason: str, *, at: datetime, until: datetime) -> None:
        self._answer()
        self.missing_capabilities[capability] = (reason, until)
        self.refused_since[capability] = at

    async def has_claim(self, task_id: str, buttons: Collection[str]) -> bool:
        self._answer()
        return any(
            claim.task_id == task_id and claim.button in buttons and claim.state is not ClaimState.REFUSED
            for claim in self.claimed.values()
        )

    async def start_records(self) -> bool:
        self._answer()
        times = [claim.made_at for claim in self.claimed.values()] + [job.born_at for job in self.jobs.values()]
        latest = min([*times, self.now()])
        self.records_start = min(self.records_start or latest, latest)
        return not times

    async def find_records_start(self) -> datetime | None:
        self._answer()
        return self.records_start

    async def find_missing_capabilities(self, at: datetime) -> dict[str, str]:
        self._answer()
        return {capability: reason for capability, (reason, until) in self.missing_capabilities.items() if at < until}

    async def find_refusal_time(self, capability: str, at: datetime) -> datetime | None:
        return self.refused_since[capability] if capability in await self.find_missing_capabilities(at) else None

    async def find_person_settings(self, person_id: int) -> PersonSettings:
        self._answer()
        return self.people.get(person_id, PersonSettings())

    async def update_person_settings(
        self, person_id: int, change: Callable[[PersonSettings], PersonSettings]
    ) -> PersonSettings:
        self.people[person_id] = changed = change(await self.find_person_settings(person_id))
        if changed == PersonSettings():
            del self.people[person_id]
        return changed

    async def list_person_languages(self) -> Mapping[int, Language]:
        self._answer()
        return {person_id: chosen.language for person_id, chosen in self.people.items() if chosen.language}

    async def clear_missing_capabilities(self) -> int:
        self._answer()
        count = len(self.missing_capabilities)
        self.missing_capabilities.clear()
        return count

    async def clear_capabilities_of_other_relay(self, address: str, at: datetime) -> int:
        del at
        self._answer()
        if address == self.relay_address:
            return 0
        self.relay_address = address
        return await self.clear_missing_capabilities()

    async def delete_expired(self, now: datetime, age: timedelta = timedelta()) -> int:
        self._answer()
        before = now - age
        followed = {job.task_id for job in self.jobs.values() if job.id not in self.closed}
        old = {task_id for task_id, at in self.kept_at.items() if at < before and task_id not in followed}
        self.child_statuses.update(
            {task_id: self.snapshots[task_id].status for task_id in old if task_id in self.snapshots}
        )
        ended = {message_id for message_id in self.closed if self.ended_at.get(message_id, before) < before}
        for task_id in old:
            del self.snapshots[task_id], self.kept_at[task_id]
        for message_id in ended:
            self._drop_job(message_id)
            self.closed.discard(message_id)
        return len(old) + len(ended)

    def _drop_job(self, message_id: int) -> None:
        job = self.jobs.pop(message_id, None)
        if job is not None and job.claim_id and job.task_id:
            self.deleted_jobs[message_id] = job

    def answer(self) -> None:
        """Raise StoreUnavailable while the database is away."""
        self._answer()

    def _answer(self) -> None:
        if self.down:
            raise StoreUnavailable

    def _newest(self, wanted: Callable[[Job], bool]) -> list[Job]:
        return sorted(filter(wanted, self.jobs.values()), key=lambda job: (job.born_at, job.id), reverse=True)

    def _own(self, person_id: int) -> list[TaskSummary]:
        newest: dict[str, Job] = {}
        for job in self._newest(lambda job: bool(job.task_id) and job.requester.id == person_id):
            newest.setdefault(job.task_id, job)
        return [self._recent(job) for job in newest.values()]

    def _recent(self, job: Job) -> TaskSummary:
        task = self.snapshots.get(job.task_id, Task(id=job.task_id))
        link = "" if job.place.ephemeral else job.place.link
        shown = (task.shown_prompt, task.status, task.progress, link, job.born_at)
        own = [one for one in self.jobs.values() if (one.task_id, one.requester.id) == (job.task_id, job.requester.id)]
        words = name_result(task, max(one.done for one in own))
        followed = job.id not in self.closed
        return TaskSummary(
            job.task_id, *shown, is_followed=followed, pressed=max(one.pressed for one in own), result_description=words
        )

    def _spent(self) -> list[Claim]:
        return [claim for claim in self.claimed.values() if claim.state is not ClaimState.REFUSED]

    def _spent_before(self, until: datetime) -> list[Claim]:
        return [claim for claim in self._spent() if claim.made_at < until]

    def _judged_usage(self, person_id: int, guild_id: int, at: datetime, plan: PlanSpending | None) -> Usage:
        usage = self._usage(person_id, at)
        if plan is None:
            return usage
        rules = self.rules.get_rules(guild_id, person_id)
        planned, recent = plan(rules, at), self._spent_before(at + timedelta(days=1))
        spending = {
            count: self._add_up([one for one in recent if is_counted(one, count, person_id, guild_id)], planned)
            for count in planned.counts
        }
        return replace(usage, rules=rules, spending=spending)

    def _add_up(self, counted: Sequence[Claim], plan: SpendingPlan) -> Spending:
        amounts = [self._amount(claim, plan) for claim in counted]
        return Spending(sum(map(_billed, counted)), sum(amounts, Decimal(0)))

    def _amount(self, claim: Claim, plan: SpendingPlan) -> Decimal:
        rows = self.ledger_rows
        currency = rows.currencies.get(claim.id, claim.cost.currency)
        if rows.outcomes.get(claim.id) is LedgerOutcome.CREDITED:
            return Decimal(0)
        known = rows.confirmed.get(claim.id, claim.cost.expected)
        return plan.dearest * _billed(claim) if known is None else known * plan.rates.get(currency, Decimal(1))

    def _usage(self, person_id: int, at: datetime) -> Usage:
        recent = self._spent_before(at + timedelta(days=1))
        today = [other for other in recent if other.made_at.date() >= at.date()]
        own = [other.made_at for other in self.claimed.values() if other.person_id == person_id]
        return Usage(
            person_submits_today=sum(_billed(other) for other in today if other.person_id == person_id),
            all_submits_today=sum(map(_billed, today)),
            last_claim_at=min(own, key=lambda made_at: abs(at - made_at), default=None),
            at=at,
        )

    def _mark(self, claim: Claim) -> PressedButton | None:
        known = Task(id=claim.child_id, status=self.child_statuses.get(claim.child_id, Status.FRESH))
        child = self.snapshots.get(claim.child_id, known)
        if not claim.child_id or child.status in {Status.FAILURE, Status.CANCEL}:
            return None
        follows = [job for job in self.jobs.values() if job.task_id == claim.child_id or job.claim_id == claim.id]
        if not child.status.is_final and not any(job.id not in self.closed for job in follows):
            return None
        public = self._newest(lambda job: job.task_id == claim.child_id and not job.place.ephemeral)
        own = [job for job in public if job.claim_id == claim.id]
        shown = next((job.place for job in own + public), None)
        return PressedButton(claim.child_id, shown.link if shown else "", child.status.is_final)


def _is(one: TaskSummary, which: TaskFilter) -> bool:
    match which:
        case TaskFilter.ALL:
            return True
        case TaskFilter.RUNNING:
            return one.is_followed and not Status(one.status).is_final
        case TaskFilter.DONE:
            return one.status == Status.SUCCESS
        case TaskFilter.FAILED:
            return one.status in {Status.FAILURE, Status.CANCEL}


def _make_origin(task_id: str, job: Job) -> TaskOrigin:
    place = job.place
    return TaskOrigin(task_id, job.requester.id, place.guild_id, place.channel_id, ephemeral=place.ephemeral)


def _billed(claim: Claim) -> int:
    return 1 if claim.submits is None else claim.submits


def _twins(claim: Claim, other: Claim) -> bool:
    same = (claim.person_id, claim.message_id, claim.button) == (other.person_id, other.message_id, other.button)
    return same and abs(claim.made_at - other.made_at) < DUPLICATE_PRESS_WINDOW


def _is_in_way(claim: Claim, other: Claim, *, confirmed: bool) -> bool:
    parts = other.button.startswith(f"{claim.button}:")
    same = bool(claim.task_id) and claim.task_id == other.task_id and (claim.button == other.button or parts)
    if other.state is ClaimState.UNKNOWN:
        return same and not (confirmed and other.made_at <= claim.made_at - REPEAT_CONFIRMATION_AGE)
    return same and other.state is ClaimState.SUBMITTING


class FakeProcessLeases:
    """A bot.ports.Fleet on a FakeStore's rows; set `hint` to say that jobs changed hands."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store
        self.ownership_changed = asyncio.Event()
        store.listeners.append(self.ownership_changed)

    def notify_ownership_change(self) -> None:
        """Let every process know that jobs changed hands."""
        for listener in self._store.listeners:
            listener.set()

    async def renew_lease(self, lease: timedelta) -> bool:
        self._store._answer()
        alive = self._is_alive(self._store.owner)
        self._store.alive_until[self._store.owner] = self._store.now() + lease
        return alive

    async def end_leases_of_ended_processes(self) -> None:
        self._store._answer()

    async def measure_shortest_lease(self) -> timedelta | None:
        self._store._answer()
        others = [owner for owner in self._store.alive_until if owner != self._store.owner and self._is_alive(owner)]
        return min((self._store.alive_until[owner] - self._store.now() for owner in others), default=None)

    async def take_over_jobs(self, most: int) -> Sequence[Job]:
        free = [job for job in self._store.open_jobs() if self._is_free(job)][:most]
        self._store.owners.update({job.id: self._store.owner for job in free})
        return free

    async def find_lost_jobs(self, message_ids: Collection[int]) -> set[int]:
        self._store._answer()
        return {
            one for one in message_ids if one in self._store.jobs and self._store.owners.get(one) != self._store.owner
        }

    async def list_own_jobs(self) -> Sequence[Job]:
        mine = [job for job in self._store.open_jobs() if self._store.owners.get(job.id) == self._store.owner]
        submitters = self._store.submitters
        others = {job.id for job in mine if job.claim_id and submitters.get(job.claim_id) != self._store.owner}
        return [job for job in mine if (job.task_id and job.id > 0) or (not job.task_id and job.id in others)]

    async def list_orphaned_claims(self) -> Sequence[Claim]:
        submitting = await self._store.list_claims(ClaimState.SUBMITTING)
        return [claim for claim in submitting if self._is_orphaned(self._store.submitters.get(claim.id), claim.made_at)]

    async def release_jobs(self) -> None:
        self._free([job.id for job in self._store.open_jobs() if job.task_id])

    async def end_lease(self) -> None:
        self._free([job.id for job in self._store.open_jobs()])
        self._store.alive_until[self._store.owner] = self._store.now()

    async def delete_dead_processes(self, since: timedelta) -> None:
        self._store._answer()
        busy = {self._store.owners.get(job.id) for job in self._store.open_jobs()}
        busy |= {self._store.submitters[claim.id] for claim in await self._store.list_claims(ClaimState.SUBMITTING)}
        long_ago = self._store.now() - since
        for owner, until in list(self._store.alive_until.items()):
            if until <= long_ago and owner not in busy:
                del self._store.alive_until[owner]

    async def wait_for_ownership_change(self) -> None:
        await self.ownership_changed.wait()
        self.ownership_changed.clear()

    async def find_notification_problem(self) -> str:
        return ""

    def _free(self, message_ids: Collection[int]) -> None:
        for message_id in message_ids:
            if self._store.owners.get(message_id) == self._store.owner:
                self._store.owners[message_id] = ""
        self.notify_ownership_change()

    def _is_alive(self, owner: str) -> bool:
        until = self._store.alive_until.get(owner)
        return until is not None and self._store.now() < until <= self._store.now() + LONGEST_LEASE

    def _is_orphaned(self, owner: str | None, since: datetime) -> bool:
        if owner is None:
            return since <= self._store.now() - CLAIM_BLOCKING_TIME
        return owner != self._store.owner and not self._is_alive(owner)

    def _is_free(self, job: Job) -> bool:
        owner = self._store.owners.get(job.id)
        return (owner is None and bool(job.task_id)) or self._is_orphaned(owner, job.born_at)
