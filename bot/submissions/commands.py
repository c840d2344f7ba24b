"""The use case of creating: a command that asks for a new task is claimed once, sent at most once, and followed."""

import asyncio
import logging
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b

from bot.clock import Clock
from bot.entities import Claim, ClaimState, Job, Person
from bot.errors import AlreadyClaimed, ClaimLost, RelayError, StoreUnavailable, SubmitOutcomeUnknown
from bot.imaging.image_processor import ImageProcessor
from bot.imaging.upload_validation import Upload
from bot.metrics import count_unsent_presses
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Properties, Task
from bot.policy.rules import Spender, SpendingPolicy
from bot.ports import InteractionFollowups, Relay, Store
from bot.recovery.lost_answers import LostAnswerSearch
from bot.relay.requests import SubmitRequest
from bot.submissions.claims import find_lost_answer
from bot.submissions.command_requests import CommandRequest, PictureInput
from bot.submissions.sender import SubmissionSender
from bot.submissions.speed_modes import SpeedModes
from bot.tracking.task_supervisor import TaskSupervisor
from bot.tracking.tracker import JobTracker

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class CommandInvocation:
    """One command that creates: by whom, and in which server; `interaction_id` makes it unique."""

    interaction_id: int
    person: Person
    asker: Spender


@dataclass(frozen=True)
class _Sending:
    """A claimed creation on its way."""

    claim: Claim
    job: Job
    order: SubmitRequest
    shown: Task


class CommandService(SubmissionSender):
    """Spends the operator's money, at most once a command."""

    def __init__(
        self,
        relay: Relay,
        store: Store,
        jobs: JobTracker,
        admission: SpendingPolicy,
        studio: ImageProcessor,
        lost_answers: LostAnswerSearch,
        supervisor: TaskSupervisor,
        *,
        clock: Clock,
    ) -> None:
        super().__init__(store, jobs, lost_answers, supervisor, clock=clock)
        self._relay = relay
        self._admission = admission
        self._studio = studio
        self._queues = SpeedModes(store, clock.now)

    async def prepare_uploads(self, asker: Spender, pictures: tuple[PictureInput, ...]) -> tuple[Upload, ...]:
        """Read and check pictures, and make them what a relay takes, for somebody who may create; that is free.

        Raises:
            AdmissionRefused: This person may not spend here, or not now.
            UploadRefused: A picture cannot be used.
            PictureError: A picture cannot be had.
        """
        self._admission.check_permission(asker)
        if not pictures:
            return ()
        async with self._studio.reserve_slot(asker.person_id):
            return tuple([await self._studio.prepare_upload(await one.read(), name=one.name) for one in pictures])

    @count_unsent_presses
    async def submit_command(
        self, creation: CommandInvocation, wish: CommandRequest, answerer: InteractionFollowups
    ) -> None:
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
        ready = await self.prepare_uploads(creation.asker, wish.pictures)
        order = wish.build_request(tuple(one.data for one in ready))
        # Twenty MiB take as many milliseconds, which the loop has not.
        asked = await asyncio.to_thread(_digest, order)
        claim = await self._claim(creation, f"{wish.action.lower()}:{asked}")
        shown = Task(id="", action=wish.action, prompt=wish.prompt)
        with self.release_claim_on_error(claim):
            job = await self._open(claim, creation, answerer, shown)
        sending = _Sending(claim, job, order, shown)
        self.start_critical_work(("submit", claim.id), lambda: self._send(sending, answerer))

    async def _claim(self, creation: CommandInvocation, what: str) -> Claim:
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
            await self._store.create_claim(claim, self._admission.check_limits)
        except AlreadyClaimed as rival:
            raise await find_lost_answer(self._store, rival, claim.person_id) or rival from None
        return claim

    async def _open(
        self, claim: Claim, creation: CommandInvocation, answerer: InteractionFollowups, shown: Task
    ) -> Job:
        """Draw the command's own answer and write its row; where that fails, whoever called takes it back."""
        place = await answerer.send_child_message("", shown)
        job = Job(
            place=place,
            requester=creation.person,
            task_id="",
            born_at=self._now(),
            claim_id=claim.id,
        )
        await self._store.open_job(job)
        return job

    async def _send(self, sending: _Sending, answerer: InteractionFollowups) -> None:
        claim, job, what = sending.claim, sending.job, sending.shown.action
        try:
            speed = await self._queues.get_chosen_speed(claim.person_id, sending.shown.prompt)
            submission = await self.send_with_retry(
                claim,
                job,
                sending.shown,
                lambda: self._queues.submit_at_speed(
                    speed,
                    lambda queue: self._relay.submit(sending.order, state=claim.tag, speed=queue),
                    prompt=sending.shown.prompt,
                ),
            )
        except SubmitOutcomeUnknown as lost:
            await self.handle_lost_answer(claim, job, lost)
        except (RelayError, ClaimLost, StoreUnavailable) as refused:
            log.info("%s was refused: %s.", what, type(refused).__name__)
            await self.retract_submission(claim, job, answerer, partial(answerer.send_error, refused))
        else:
            log.info("%s was accepted as task %s.", what, submission.result)
            await self.settle_claim(claim, ClaimState.ACCEPTED, submission.result, submits=int(submission.is_billed))
            # What it waited for room is not the task's time.
            job = replace(job, task_id=submission.result, born_at=self._now())
            await self._jobs.continue_job(job, _newborn(sending.shown, submission))


def _newborn(shown: Task, submission: SubmitResponse) -> Task:
    """Return what is known of a task before the relay tells of it: its prompt, and where it stands."""
    return shown.model_copy(
        update={
            "id": submission.result,
            "status": submission.initial_status,
            "properties": Properties(number_of_queues=submission.tasks_ahead),
        }
    )


def _digest(order: SubmitRequest) -> str:
    """Tell apart what two commands ask for, in whichever process: ten hex digits."""
    found = blake2b(digest_size=5)
    for name, value in order.body.items():
        found.update(name.encode())
        for one in value if isinstance(value, tuple) else (value,):
            found.update(one if isinstance(one, bytes) else str(one).encode("utf-8", "replace"))
    return found.hexdigest()
