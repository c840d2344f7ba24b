"""The store as dictionaries: the same answers as SqlStore's, held to them by tests/bot/store/test_sql_store.py."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta

from bot.entities import Claim, ClaimState, Job, Kin, Mark, PersonSettings, Recent, Tasks, Usage
from bot.errors import AlreadyClaimed, ClaimLost, StoreUnavailable
from bot.midjourney.buttons import made
from bot.midjourney.task import Status, Task
from bot.ports import HOLDS, RENEWABLE

TWIN = timedelta(seconds=3)
ON_ITS_WAY = timedelta(minutes=5)
LONGEST_LEASE = timedelta(minutes=10)


class FakeStore:
    """A bot.ports.Store in memory, with its rows open to tests; `down` makes every call raise StoreUnavailable.

    `owner` is the process that calls; `fleet` the bot.ports.Fleet on the same rows.
    """

    def __init__(self, now: Callable[[], datetime], owner: str = "") -> None:
        self.now = now
        self.owner = owner
        self.listeners: list[asyncio.Event] = []
        self.fleet = FakeFleet(self)
        self.down = False
        self.owners: dict[int, str] = {}
        self.submitters: dict[int, str] = {}
        self.alive_until: dict[str, datetime] = {}
        self.ended_at: dict[int, datetime] = {}
        self.kept_at: dict[str, datetime] = {}
        self.outlived: dict[str, Status] = {}
        self.jobs: dict[int, Job] = {}
        self.closed: set[int] = set()
        self.snapshots: dict[str, Task] = {}
        self.claimed: dict[int, Claim] = {}
        self.refused: dict[str, tuple[str, datetime]] = {}
        self.refused_since: dict[str, datetime] = {}
        self.people: dict[int, PersonSettings] = {}

    def seen_from(self, owner: str) -> "FakeStore":
        """Return the same rows as another process sees them."""
        other = copy(self)
        other.owner = owner
        other.fleet = FakeFleet(other)
        return other

    async def open_job(self, job: Job, *, form_again: bool = False) -> None:
        self._answer()
        if self.owners.get(job.id, self.owner) != self.owner:
            self.fleet.tell()
        self.jobs[job.id] = job if form_again else self._lasting(job)
        self.owners[job.id] = self.owner
        self.closed.discard(job.id)

    async def change_job(self, job: Job) -> None:
        self._answer()
        if job.id in self.jobs:
            self.jobs[job.id] = self._lasting(job)

    def _lasting(self, job: Job) -> Job:
        known = self.jobs.get(job.id)
        return replace(job, form_sent=job.form_sent or (known is not None and known.form_sent))

    async def close_job(self, message_id: int) -> None:
        self._answer()
        if self.owners.get(message_id, self.owner) == self.owner and message_id in self.jobs:
            self.closed.add(message_id)
            self.ended_at[message_id] = self.now()

    async def drop_job(self, message_id: int) -> None:
        self._answer()
        self.jobs.pop(message_id, None)
        self.owners.pop(message_id, None)
        self.closed.discard(message_id)

    async def unfinished(self) -> int:
        return len(self.open_jobs())

    def open_jobs(self) -> Sequence[Job]:
        """Return every job that has not ended, oldest first."""
        self._answer()
        return [job for job in reversed(self._newest(lambda _: True)) if job.id not in self.closed]

    async def job(self, message_id: int) -> Job | None:
        self._answer()
        return self.jobs.get(message_id)

    async def jobs_of_task(self, task_id: str) -> Sequence[Job]:
        self._answer()
        return self._newest(lambda job: bool(task_id) and job.task_id == task_id)

    async def jobs_of_tasks(self, task_ids: Collection[str], limit: int) -> Sequence[Job]:
        self._answer()
        return self._newest(lambda job: bool(job.task_id) and job.task_id in task_ids)[:limit]

    async def kin(self, task_ids: Collection[str], limit: int) -> Sequence[Kin]:
        self._answer()
        traces = [(claim.made_at, claim.task_id, claim.child_id) for claim in self.claimed.values()]
        wanted = {one for one in task_ids if one}
        traces = [trace for trace in traces if wanted & {*trace[1:]}]
        traces += [(job.born_at, job.parent_id, job.task_id) for job in self.jobs.values() if job.task_id in wanted]
        pairs = dict.fromkeys(Kin(parent, child) for _, parent, child in sorted(traces) if "" not in {parent, child})
        return [pair for pair in pairs if pair.parent_id != pair.child_id][:limit]

    async def job_of_claim(self, claim_id: int) -> Job | None:
        self._answer()
        return next(iter(self._newest(lambda job: bool(claim_id) and job.claim_id == claim_id)), None)

    async def recent(self, person_id: int, limit: int) -> Sequence[Recent]:
        self._answer()
        return self._own(person_id)[:limit]

    async def tasks(self, person_id: int, which: Tasks, *, skip: int, limit: int) -> tuple[Sequence[Recent], int]:
        self._answer()
        own = [one for one in self._own(person_id) if _is(one, which)]
        own.sort(key=lambda one: not _is(one, Tasks.RUNNING))
        return own[skip : skip + limit], len(own) if skip < len(own) else 0

    async def keep(self, task: Task) -> None:
        self._answer()
        if self.snapshots.get(task.id) != task:
            self.kept_at[task.id] = self.now()
        self.snapshots[task.id] = task

    async def snapshot(self, task_id: str) -> Task | None:
        return (await self.snapshots_of([task_id])).get(task_id)

    async def snapshots_of(self, task_ids: Collection[str]) -> dict[str, Task]:
        self._answer()
        return {task_id: self.snapshots[task_id] for task_id in task_ids if task_id in self.snapshots}

    async def claim(self, claim: Claim, judge: Callable[[Usage], None]) -> None:
        self._answer()
        rivals = [other for other in self._spent() if _twins(claim, other) or _on_its_way(claim, other)]
        if claim.id in self.claimed or rivals:
            rival = self.claimed.get(claim.id) or rivals[0]
            raise AlreadyClaimed(rival.id, rival.person_id)
        judge(self._usage(claim))
        self.claimed[claim.id] = claim
        self.submitters[claim.id] = self.owner

    async def settle(self, claim_id: int, state: ClaimState, child_id: str = "", *, submits: int | None = None) -> None:
        self._answer()
        claim = self.claimed.get(claim_id)
        known = {ClaimState.ACCEPTED, ClaimState.REFUSED}
        if claim is None or (state not in known and claim.state in known):
            return
        billed = claim.submits if submits is None else submits
        self.claimed[claim_id] = replace(claim, state=state, child_id=child_id, submits=billed)

    async def give_back(self, claim_id: int) -> bool:
        self._answer()
        claim = self.claimed.get(claim_id)
        if claim is None or claim.state is not ClaimState.UNKNOWN:
            return False
        self.claimed[claim_id] = replace(claim, state=ClaimState.REFUSED, submits=0)
        return True

    async def hold(self, claim_id: int) -> None:
        self._answer()
        claim = self.claimed.get(claim_id)
        ours = claim is not None and self.submitters.get(claim_id) == self.owner
        if claim is None or not ours or claim.state is not ClaimState.SUBMITTING or claim.made_at <= self.now() - HOLDS:
            raise ClaimLost

    async def renew(self, claim_id: int) -> None:
        self._answer()
        claim = self.claimed.get(claim_id)
        ours = claim is not None and self.submitters.get(claim_id) == self.owner
        young = claim is not None and claim.made_at > self.now() - RENEWABLE
        if claim is None or not ours or not young or claim.state is not ClaimState.SUBMITTING:
            raise ClaimLost
        self.claimed[claim_id] = replace(claim, made_at=self.now() - TWIN)

    async def find_claim(self, claim_id: int) -> Claim | None:
        self._answer()
        return self.claimed.get(claim_id)

    async def claims(self, state: ClaimState) -> Sequence[Claim]:
        self._answer()
        found = (claim for claim in self.claimed.values() if claim.state is state)
        return sorted(found, key=lambda claim: (claim.made_at, claim.id))

    async def billed_claims(self, before: datetime, limit: int) -> Sequence[Claim]:
        self._answer()
        accepted = [claim for claim in self.claimed.values() if claim.state is ClaimState.ACCEPTED and claim.child_id]
        found = [claim for claim in accepted if claim.submits != 0 and claim.made_at < before]
        return sorted(found, key=lambda claim: (claim.made_at, claim.id), reverse=True)[:limit]

    async def claims_of_children(self, task_ids: Collection[str]) -> Sequence[Claim]:
        self._answer()
        found = (claim for claim in self.claimed.values() if claim.child_id and claim.child_id in task_ids)
        return sorted(found, key=lambda claim: (claim.made_at, claim.id))

    async def marks(self, task_id: str) -> dict[str, Mark]:
        self._answer()
        accepted = [claim for claim in await self.claims(ClaimState.ACCEPTED) if claim.task_id == task_id]
        return {claim.button: mark for claim in accepted if (mark := self._mark(claim))}

    async def refuse(self, ability: str, reason: str, *, at: datetime, until: datetime) -> None:
        self._answer()
        self.refused[ability] = (reason, until)
        self.refused_since[ability] = at

    async def refusals(self, at: datetime) -> dict[str, str]:
        self._answer()
        return {ability: reason for ability, (reason, until) in self.refused.items() if at < until}

    async def refused_at(self, ability: str, at: datetime) -> datetime | None:
        return self.refused_since[ability] if ability in await self.refusals(at) else None

    async def person(self, person_id: int) -> PersonSettings:
        self._answer()
        return self.people.get(person_id, PersonSettings())

    async def change_person(self, person_id: int, change: Callable[[PersonSettings], PersonSettings]) -> PersonSettings:
        self.people[person_id] = changed = change(await self.person(person_id))
        if changed == PersonSettings():
            del self.people[person_id]
        return changed

    async def forget_refusals(self) -> int:
        self._answer()
        count = len(self.refused)
        self.refused.clear()
        return count

    async def forget(self, before: datetime) -> int:
        self._answer()
        followed = {job.task_id for job in self.jobs.values() if job.id not in self.closed}
        old = {task_id for task_id, at in self.kept_at.items() if at < before and task_id not in followed}
        self.outlived.update({task_id: self.snapshots[task_id].status for task_id in old if task_id in self.snapshots})
        ended = {message_id for message_id in self.closed if self.ended_at.get(message_id, before) < before}
        for task_id in old:
            del self.snapshots[task_id], self.kept_at[task_id]
        for message_id in ended:
            del self.jobs[message_id]
            self.closed.discard(message_id)
        return len(old) + len(ended)

    def _answer(self) -> None:
        if self.down:
            raise StoreUnavailable

    def _newest(self, wanted: Callable[[Job], bool]) -> list[Job]:
        return sorted(filter(wanted, self.jobs.values()), key=lambda job: (job.born_at, job.id), reverse=True)

    def _own(self, person_id: int) -> list[Recent]:
        newest: dict[str, Job] = {}
        for job in self._newest(lambda job: bool(job.task_id) and job.requester.id == person_id):
            newest.setdefault(job.task_id, job)
        return [self._recent(job) for job in newest.values()]

    def _recent(self, job: Job) -> Recent:
        task = self.snapshots.get(job.task_id, Task(id=job.task_id))
        link = "" if job.place.ephemeral else job.place.link
        shown = (task.shown_prompt, task.status, task.progress, link, job.born_at)
        own = [one for one in self.jobs.values() if (one.task_id, one.requester.id) == (job.task_id, job.requester.id)]
        words = made(task, max(one.done for one in own))
        followed = job.id not in self.closed
        return Recent(job.task_id, *shown, followed=followed, pressed=max(one.pressed for one in own), made=words)

    def _spent(self) -> list[Claim]:
        return [claim for claim in self.claimed.values() if claim.state is not ClaimState.REFUSED]

    def _usage(self, claim: Claim) -> Usage:
        today = [other for other in self._spent() if other.made_at.date() >= claim.made_at.date()]
        own = [other.made_at for other in self.claimed.values() if other.person_id == claim.person_id]
        return Usage(
            person_today=sum(_billed(other) for other in today if other.person_id == claim.person_id),
            everybody_today=sum(map(_billed, today)),
            last_at=max(own, default=None),
        )

    def _mark(self, claim: Claim) -> Mark | None:
        known = Task(id=claim.child_id, status=self.outlived.get(claim.child_id, Status.FRESH))
        child = self.snapshots.get(claim.child_id, known)
        if not claim.child_id or child.status in {Status.FAILURE, Status.CANCEL}:
            return None
        follows = [job for job in self.jobs.values() if job.task_id == claim.child_id or job.claim_id == claim.id]
        if not child.status.is_final and not any(job.id not in self.closed for job in follows):
            return None
        public = self._newest(lambda job: job.task_id == claim.child_id and not job.place.ephemeral)
        own = [job for job in public if job.claim_id == claim.id]
        shown = next((job.place for job in own + public), None)
        finished = child.status.is_final
        if shown is None:
            return Mark(claim.child_id, "", finished)
        return Mark(claim.child_id, shown.link, finished, shown.guild_id, shown.channel_id)


def _is(one: Recent, which: Tasks) -> bool:
    match which:
        case Tasks.ALL:
            return True
        case Tasks.RUNNING:
            return one.followed and not Status(one.status).is_final
        case Tasks.DONE:
            return one.status == Status.SUCCESS
        case Tasks.FAILED:
            return one.status in {Status.FAILURE, Status.CANCEL}


def _billed(claim: Claim) -> int:
    return 1 if claim.submits is None else claim.submits


def _twins(claim: Claim, other: Claim) -> bool:
    same = (claim.person_id, claim.message_id, claim.button) == (other.person_id, other.message_id, other.button)
    return same and abs(claim.made_at - other.made_at) < TWIN


def _on_its_way(claim: Claim, other: Claim) -> bool:
    same = bool(claim.task_id) and (claim.task_id, claim.button) == (other.task_id, other.button)
    open_ended = other.state in {ClaimState.SUBMITTING, ClaimState.UNKNOWN}
    return same and open_ended and other.made_at > claim.made_at - ON_ITS_WAY


class FakeFleet:
    """A bot.ports.Fleet on a FakeStore's rows; set `hint` to say that jobs changed hands."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store
        self.hint = asyncio.Event()
        store.listeners.append(self.hint)

    def tell(self) -> None:
        """Let every process know that jobs changed hands."""
        for listener in self._store.listeners:
            listener.set()

    async def renew(self, lease: timedelta) -> bool:
        self._store._answer()
        alive = self._is_alive(self._store.owner)
        self._store.alive_until[self._store.owner] = self._store.now() + lease
        return alive

    async def take_over(self, most: int) -> Sequence[Job]:
        free = [job for job in self._store.open_jobs() if self._is_free(job)][:most]
        self._store.owners.update({job.id: self._store.owner for job in free})
        return free

    async def lost(self, message_ids: Collection[int]) -> set[int]:
        self._store._answer()
        return {
            one for one in message_ids if one in self._store.jobs and self._store.owners.get(one) != self._store.owner
        }

    async def own(self) -> Sequence[Job]:
        mine = self._store.owner
        return [job for job in self._store.open_jobs() if job.task_id and self._store.owners.get(job.id) == mine]

    async def orphaned_claims(self) -> Sequence[Claim]:
        submitting = await self._store.claims(ClaimState.SUBMITTING)
        return [claim for claim in submitting if self._is_orphaned(self._store.submitters.get(claim.id), claim.made_at)]

    async def give_back(self) -> None:
        self._free([job.id for job in self._store.open_jobs() if job.task_id])

    async def leave(self) -> None:
        self._free([job.id for job in self._store.open_jobs()])
        self._store.alive_until[self._store.owner] = self._store.now()

    async def bury(self, since: timedelta) -> None:
        self._store._answer()
        busy = {self._store.owners.get(job.id) for job in self._store.open_jobs()}
        busy |= {self._store.submitters[claim.id] for claim in await self._store.claims(ClaimState.SUBMITTING)}
        long_ago = self._store.now() - since
        for owner, until in list(self._store.alive_until.items()):
            if until <= long_ago and owner not in busy:
                del self._store.alive_until[owner]

    async def freed(self) -> None:
        await self.hint.wait()
        self.hint.clear()

    def _free(self, message_ids: Collection[int]) -> None:
        for message_id in message_ids:
            if self._store.owners.get(message_id) == self._store.owner:
                self._store.owners[message_id] = ""
        self.tell()

    def _is_alive(self, owner: str) -> bool:
        until = self._store.alive_until.get(owner)
        return until is not None and self._store.now() < until <= self._store.now() + LONGEST_LEASE

    def _is_orphaned(self, owner: str | None, since: datetime) -> bool:
        if owner is None:
            return since <= self._store.now() - ON_ITS_WAY
        return owner != self._store.owner and not self._is_alive(owner)

    def _is_free(self, job: Job) -> bool:
        owner = self._store.owners.get(job.id)
        return (owner is None and bool(job.task_id)) or self._is_orphaned(owner, job.born_at)
