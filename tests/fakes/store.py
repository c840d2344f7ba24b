"""The store as dictionaries: the same answers as SqlStore's, held to them by tests/bot/test_store.py."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.errors import AlreadyClaimed, StoreUnavailable
from bot.models import Status, Task
from bot.records import Claim, ClaimState, Job, Mark, Recent, Usage

TWIN = timedelta(seconds=3)
ON_ITS_WAY = timedelta(minutes=5)


class FakeStore:
    """A bot.ports.Store in memory, with its rows open to tests; `down` makes every call raise StoreUnavailable."""

    def __init__(self) -> None:
        self.down = False
        self.jobs: dict[int, Job] = {}
        self.closed: set[int] = set()
        self.snapshots: dict[str, Task] = {}
        self.claimed: dict[int, Claim] = {}
        self.refused: dict[str, tuple[str, datetime]] = {}

    async def open_job(self, job: Job) -> None:
        self._answer()
        self.jobs[job.id] = job
        self.closed.discard(job.id)

    async def change_job(self, job: Job) -> None:
        self._answer()
        if job.id in self.jobs:
            self.jobs[job.id] = job

    async def close_job(self, message_id: int) -> None:
        self._answer()
        if message_id in self.jobs:
            self.closed.add(message_id)

    async def open_jobs(self) -> Sequence[Job]:
        self._answer()
        return [job for job in reversed(self._newest(lambda _: True)) if job.id not in self.closed]

    async def job(self, message_id: int) -> Job | None:
        self._answer()
        return self.jobs.get(message_id)

    async def jobs_of_task(self, task_id: str) -> Sequence[Job]:
        self._answer()
        return self._newest(lambda job: bool(task_id) and job.task_id == task_id)

    async def job_of_claim(self, claim_id: int) -> Job | None:
        self._answer()
        return next(iter(self._newest(lambda job: bool(claim_id) and job.claim_id == claim_id)), None)

    async def recent(self, person_id: int, limit: int) -> Sequence[Recent]:
        self._answer()
        newest: dict[str, Job] = {}
        for job in self._newest(lambda job: bool(job.task_id) and job.requester.id == person_id):
            newest.setdefault(job.task_id, job)
        return [self._recent(job) for job in newest.values()][:limit]

    async def keep(self, task: Task) -> None:
        self._answer()
        self.snapshots[task.id] = task

    async def snapshot(self, task_id: str) -> Task | None:
        self._answer()
        return self.snapshots.get(task_id)

    async def claim(self, claim: Claim, judge: Callable[[Usage], None]) -> None:
        self._answer()
        rivals = [other for other in self._spent() if _twins(claim, other) or _on_its_way(claim, other)]
        if claim.id in self.claimed or rivals:
            rival = self.claimed.get(claim.id) or rivals[0]
            raise AlreadyClaimed(rival.id, rival.person_id)
        judge(self._usage(claim))
        self.claimed[claim.id] = claim

    async def settle(self, claim_id: int, state: ClaimState, child_id: str = "") -> None:
        self._answer()
        claim = self.claimed.get(claim_id)
        known = {ClaimState.ACCEPTED, ClaimState.REFUSED}
        if claim is None or (state not in known and claim.state in known):
            return
        self.claimed[claim_id] = replace(claim, state=state, child_id=child_id)

    async def claims(self, state: ClaimState) -> Sequence[Claim]:
        self._answer()
        found = (claim for claim in self.claimed.values() if claim.state is state)
        return sorted(found, key=lambda claim: (claim.made_at, claim.id))

    async def marks(self, task_id: str) -> dict[str, Mark]:
        self._answer()
        accepted = [claim for claim in await self.claims(ClaimState.ACCEPTED) if claim.task_id == task_id]
        return {claim.button: mark for claim in accepted if (mark := self._mark(claim))}

    async def refuse(self, ability: str, reason: str, *, at: datetime, until: datetime) -> None:
        self._answer()
        self.refused[ability] = (reason, until)

    async def refusals(self, at: datetime) -> dict[str, str]:
        self._answer()
        return {ability: reason for ability, (reason, until) in self.refused.items() if at < until}

    def _answer(self) -> None:
        if self.down:
            raise StoreUnavailable

    def _newest(self, wanted: Callable[[Job], bool]) -> list[Job]:
        return sorted(filter(wanted, self.jobs.values()), key=lambda job: (job.born_at, job.id), reverse=True)

    def _recent(self, job: Job) -> Recent:
        task = self.snapshots.get(job.task_id, Task(id=job.task_id))
        return Recent(job.task_id, task.shown_prompt, task.status, task.progress, job.place.link, job.born_at)

    def _spent(self) -> list[Claim]:
        return [claim for claim in self.claimed.values() if claim.state is not ClaimState.REFUSED]

    def _usage(self, claim: Claim) -> Usage:
        today = [other for other in self._spent() if other.made_at.date() >= claim.made_at.date()]
        own = [other.made_at for other in self.claimed.values() if other.person_id == claim.person_id]
        return Usage(
            person_today=sum(other.person_id == claim.person_id for other in today),
            everybody_today=len(today),
            last_at=max(own, default=None),
        )

    def _mark(self, claim: Claim) -> Mark | None:
        child = self.snapshots.get(claim.child_id, Task(id=claim.child_id))
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


def _twins(claim: Claim, other: Claim) -> bool:
    same = (claim.person_id, claim.message_id, claim.button) == (other.person_id, other.message_id, other.button)
    return same and abs(claim.made_at - other.made_at) < TWIN


def _on_its_way(claim: Claim, other: Claim) -> bool:
    same = bool(claim.task_id) and (claim.task_id, claim.button) == (other.task_id, other.button)
    open_ended = other.state in {ClaimState.SUBMITTING, ClaimState.UNKNOWN}
    return same and open_ended and other.made_at > claim.made_at - ON_ITS_WAY
