"""The use case of creating: a command that asks for a new task is claimed once, sent at most once, and followed."""

import asyncio
import logging
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from typing import Protocol

from bot.clock import Clock
from bot.entities import Claim, ClaimState, Job, Person
from bot.errors import AlreadyClaimed, ClaimLost, RelayError, StoreUnavailable, SubmitUncertain
from bot.imaging.image_processor import Studio
from bot.imaging.upload_validation import Upload
from bot.metrics import counting_unsent
from bot.midjourney.task import Properties, Submission, Task
from bot.policy.rules import Admission, Asker
from bot.ports import Opener, Store
from bot.recovery.lost_answers import LostAnswers
from bot.relay.requests import Order, Speed
from bot.submissions.claims import answer_lost
from bot.submissions.command_requests import Given, Wish
from bot.submissions.sender import Spending
from bot.submissions.speed_modes import Queues
from bot.tracking.task_supervisor import Supervisor
from bot.tracking.tracker import Jobs

log = logging.getLogger(__name__)


class Midjourney(Protocol):
    """What creations ask of the relay."""

    async def submit(self, order: Order, *, state: str, speed: Speed | None = None) -> Submission:
        """Ask for a new task; raise SubmitUncertain where it may have been accepted, another RelayError where not."""
        ...


@dataclass(frozen=True, kw_only=True)
class Creation:
    """One command that creates: by whom, and in which server; `interaction_id` makes it unique."""

    interaction_id: int
    person: Person
    asker: Asker


@dataclass(frozen=True)
class _Sending:
    """A claimed creation on its way."""

    claim: Claim
    job: Job
    order: Order
    shown: Task


class Creations(Spending):
    """Spends the operator's money, at most once a command."""

    def __init__(
        self,
        api: Midjourney,
        store: Store,
        jobs: Jobs,
        admission: Admission,
        studio: Studio,
        lost_answers: LostAnswers,
        supervisor: Supervisor,
        *,
        clock: Clock,
    ) -> None:
        super().__init__(store, jobs, lost_answers, supervisor, clock=clock)
        self._api = api
        self._admission = admission
        self._studio = studio
        self._queues = Queues(store, clock.now)

    async def prepared(self, asker: Asker, pictures: tuple[Given, ...]) -> tuple[Upload, ...]:
        """Read and check pictures, and make them what a relay takes, for somebody who may create; that is free.

        Raises:
            AdmissionRefused: This person may not spend here, or not now.
            UploadRefused: A picture cannot be used.
            PictureError: A picture cannot be had.
        """
        self._admission.admit(asker)
        if not pictures:
            return ()
        async with self._studio.turn(asker.person_id):
            return tuple([await self._studio.upload(await one.read(), name=one.name) for one in pictures])

    @counting_unsent
    async def create(self, creation: Creation, wish: Wish, answerer: Opener) -> None:
        """Check the pictures, claim, show the message, and hand the submit to the supervisor.

        Raises:
            AdmissionRefused: This person may not spend here, or not now.
            UploadRefused: A picture cannot be used.
            PictureError: A picture cannot be had.
            AnswerLost: The same, and the answer to it was lost.
            AlreadyClaimed: The same command of the same person, with the same prompt and pictures, is seconds old.
            StoreUnavailable: No claim could be written, so nothing was sent.
            DisplayError: The message did not get through, so nothing was sent.
        """
        ready = await self.prepared(creation.asker, wish.pictures)
        order = wish.order(tuple(one.data for one in ready))
        # Twenty MiB take as many milliseconds, which the loop has not.
        asked = await asyncio.to_thread(_digest, order)
        claim = await self._claim(creation, f"{wish.action.lower()}:{asked}")
        shown = Task(id="", action=wish.action, prompt=wish.prompt)
        with self.given_back(claim):
            job = await self._open(claim, creation, answerer, shown)
        sending = _Sending(claim, job, order, shown)
        self.surely(("submit", claim.id), lambda: self._send(sending, answerer))

    async def _claim(self, creation: Creation, what: str) -> Claim:
        claim = Claim(
            id=creation.interaction_id,
            person_id=creation.person.id,
            guild_id=creation.asker.guild_id,
            message_id=0,
            task_id="",
            button=what,
            made_at=self._now(),
        )
        try:
            await self._store.claim(claim, self._admission.judge)
        except AlreadyClaimed as rival:
            raise await answer_lost(self._store, rival, claim.person_id) or rival from None
        return claim

    async def _open(self, claim: Claim, creation: Creation, answerer: Opener, shown: Task) -> Job:
        """Draw the command's own answer and write its row; where that fails, whoever called takes it back."""
        place = await answerer.open_child("", shown)
        job = Job(
            place=place,
            requester=creation.person,
            task_id="",
            born_at=self._now(),
            claim_id=claim.id,
        )
        await self._store.open_job(job)
        return job

    async def _send(self, sending: _Sending, answerer: Opener) -> None:
        claim, job, what = sending.claim, sending.job, sending.shown.action
        try:
            speed = await self._queues.chosen(claim.person_id, sending.shown.prompt)
            submission = await self.patiently(
                claim,
                job,
                sending.shown,
                lambda: self._queues.submit(
                    speed,
                    lambda queue: self._api.submit(sending.order, state=claim.tag, speed=queue),
                    prompt=sending.shown.prompt,
                ),
            )
        except SubmitUncertain as lost:
            await self.lost(claim, job, lost)
        except (RelayError, ClaimLost, StoreUnavailable) as refused:
            log.info("%s was refused: %s.", what, type(refused).__name__)
            await self.taken_back(claim, job, answerer, partial(answerer.refuse, refused))
        else:
            log.info("%s was accepted as task %s.", what, submission.result)
            await self.settle(claim, ClaimState.ACCEPTED, submission.result, submits=int(submission.is_billed))
            # What it waited for room is not the task's time.
            job = replace(job, task_id=submission.result, born_at=self._now())
            await self._jobs.go_on(job, _newborn(sending.shown, submission))


def _newborn(shown: Task, submission: Submission) -> Task:
    """Return what is known of a task before the relay tells of it: its prompt, and where it stands."""
    return shown.model_copy(
        update={
            "id": submission.result,
            "status": submission.first_status,
            "properties": Properties(number_of_queues=submission.ahead),
        }
    )


def _digest(order: Order) -> str:
    """Tell apart what two commands ask for, in whichever process: ten hex digits."""
    found = blake2b(digest_size=5)
    for name, value in order.body.items():
        found.update(name.encode())
        for one in value if isinstance(value, tuple) else (value,):
            found.update(one if isinstance(one, bytes) else str(one).encode("utf-8", "replace"))
    return found.hexdigest()
