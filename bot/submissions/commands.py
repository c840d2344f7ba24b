"""Run a command that asks for a new task: claimed once, sent at most once, and followed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from hashlib import blake2b

from bot.clock import Now
from bot.entities import Claim, Job, Person
from bot.errors import AlreadyClaimed, ConfirmationNeeded
from bot.imaging.image_processor import ImageProcessor
from bot.imaging.upload_validation import Upload
from bot.metrics import count_unsent_presses
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Properties, Task
from bot.policy.costs import PaidRequest
from bot.policy.rules import Spender, SpendingPolicy
from bot.policy.task_privacy import Viewer
from bot.ports import InteractionFollowups, Store
from bot.relay.requests import SubmitRequest
from bot.submissions.checked_prompts import find_sent_prompt
from bot.submissions.child_messages import ChildMessages, reserve_extra_job
from bot.submissions.claims import ClaimWriter, find_lost_answer
from bot.submissions.command_requests import CommandRequest, PictureInput
from bot.submissions.kept_commands import KeptCommand
from bot.submissions.sender import Accepted, NeedsModal, Refused, Sender, Unknown
from bot.tracking.tracker import JobTracker

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class CommandInvocation:
    """One use of a command: by whom, and in which server; `interaction_id` makes it unique.

    `is_confirmed`: the person has seen the price, `confirmed_price`, which is None where that is not known.
    """

    interaction_id: int
    person: Person
    spender: Spender
    is_confirmed: bool = False
    confirmed_price: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class UnconfirmedCommand:
    """A command that is not sent before the person has confirmed its price: what has to be kept until then."""

    needed: ConfirmationNeeded
    kept: KeptCommand
    pictures: tuple[Upload, ...]


class CommandService:
    """Spends the operator's money, at most once per command. Port: `store`."""

    def __init__(
        self,
        store: Store,
        jobs: JobTracker,
        policy: SpendingPolicy,
        sender: Sender,
        image_processor: ImageProcessor,
        child_messages: ChildMessages,
        *,
        now: Now,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._sender = sender
        self._image_processor = image_processor
        self._claims = ClaimWriter(store, policy, sender.withdraw, now=now, warnings=sender.limit_warnings)
        self._child_messages = child_messages
        self._now = now

    async def prepare_uploads(self, spender: Spender, pictures: tuple[PictureInput, ...]) -> tuple[Upload, ...]:
        """Download pictures, check them, and encode them as a relay takes them, for a person who may spend; free.

        The limits are checked first: a person who has no request left does not use the room that others wait for.

        Raises:
            PolicyRefused: This person may not spend here, or not now.
            UploadRefused: A picture cannot be used.
            PictureError: A picture cannot be fetched.
        """
        await self._claims.check_permission(spender)
        if not pictures:
            return ()
        await self._claims.check_limits(spender, has_cooldown=True)
        async with self._image_processor.reserve_slot(spender.person_id) as slot:
            return tuple(
                [await self._image_processor.prepare_upload(await slot.read(one), name=one.name) for one in pictures]
            )

    @count_unsent_presses
    async def submit_command(
        self, command: CommandInvocation, wanted: CommandRequest, followups: InteractionFollowups
    ) -> UnconfirmedCommand | None:
        """Prepare the pictures, write the claim, show the message, and submit in the background.

        Return what the person has to confirm first, of which nothing is claimed; None where it is submitted.

        Raises:
            PolicyRefused: This person may not spend here, or not now.
            UploadRefused: A picture cannot be used.
            PictureError: A picture cannot be fetched.
            AnswerLost: The relay's answer to an equal command was lost.
            AlreadyClaimed: An equal command of the same person, with the same prompt and pictures, is seconds old.
            StoreUnavailable: No claim could be written, so nothing was sent.
            DisplayError: The message could not be sent, so no request was.
        """
        uploads = await self.prepare_uploads(command.spender, wanted.pictures)
        request = wanted.build_request(tuple(upload.data for upload in uploads))
        # Hashing 20 MiB takes 20 ms, for which the event loop must not stop.
        digest = await asyncio.to_thread(_hash_request, request)
        key = f"{wanted.action.lower()}:{digest}"
        try:
            claim = await self._write_claim(command, wanted, key, find_sent_prompt(request))
        except ConfirmationNeeded as needed:
            return UnconfirmedCommand(
                needed=needed, kept=KeptCommand.from_request(wanted.action, request), pictures=uploads
            )
        waiting_task = Task(id="", action=wanted.action, prompt=wanted.prompt)
        with self._sender.release_on_error(claim):
            job = await self._open_job(claim, command, followups, waiting_task)
        check_rules = partial(self._claims.check_rules_again, command.spender, find_sent_prompt(request))
        self._sender.start(claim, partial(self._send, request, claim, job, waiting_task, followups, check_rules))
        return None

    async def confirm_command(
        self,
        command: CommandInvocation,
        question_id: int,
        wanted: CommandRequest,
        viewer: Viewer,
        followups: InteractionFollowups,
    ) -> UnconfirmedCommand | None:
        """Submit what the message `question_id` asked about, once; see ClaimWriter.choose_claim_id.

        Return what the person has to confirm again, because the price rose; see submit_command.
        """
        claim_id = await self._claims.choose_claim_id(question_id, command.person.id, viewer)
        confirmed = replace(command, interaction_id=claim_id, is_confirmed=True)
        return await self.submit_command(confirmed, wanted, followups)

    async def _write_claim(
        self, command: CommandInvocation, wanted: CommandRequest, key: str, sent_prompt: str
    ) -> Claim:
        request = PaidRequest(action=wanted.action, prompt=wanted.prompt, checked_prompt=sent_prompt)
        judge = await self._claims.prepare_judge(
            command.spender, request, is_confirmed=command.is_confirmed, confirmed_price=command.confirmed_price
        )
        claim = Claim(
            id=command.interaction_id,
            person_id=command.person.id,
            guild_id=command.spender.guild_id,
            message_id=0,
            task_id="",
            button=key,
            made_at=self._now(),
            cost=judge.cost,
        )
        try:
            await self._claims.write(claim, judge)
        except AlreadyClaimed as rival:
            raise await find_lost_answer(self._store, rival, claim.person_id, self._now()) or rival from None
        return claim

    async def _open_job(
        self, claim: Claim, command: CommandInvocation, followups: InteractionFollowups, waiting_task: Task
    ) -> Job:
        """Write the row of the command's own answer and show it; where that fails the caller takes the answer back."""
        job = Job(
            place=followups.expected_place,
            requester=command.person,
            task_id="",
            born_at=self._now(),
            claim_id=claim.id,
        )
        return await self._child_messages.open_child(job, followups, "", waiting_task)

    async def _send(
        self,
        request: SubmitRequest,
        claim: Claim,
        job: Job,
        waiting_task: Task,
        followups: InteractionFollowups,
        check_rules: Callable[[], Awaitable[None]],
    ) -> None:
        """Send the request of a command, and follow its task or tell the person why there is none."""
        result = await self._sender.send(
            request,
            claim,
            job,
            waiting_task=waiting_task,
            prompt=waiting_task.prompt,
            check_rules=check_rules,
        )
        match result:
            case Accepted(response) | NeedsModal(response) as accepted:
                log.info("%s was accepted as task %s.", waiting_task.action, response.result)
                # Before the claim is settled: a process that dies leaves the rows, and the next one sends the messages.
                extra_jobs = [reserve_extra_job(job, task_id) for task_id in response.extra_task_ids]
                for extra in extra_jobs:
                    await self._jobs.reserve_job(extra)
                await self._sender.settle_accepted(claim, accepted)
                if response.is_billed:
                    self._sender.channel_log.announce_request(claim, job, waiting_task.prompt)
                # The time in which it waited for room in the queue does not count as the task's.
                job = replace(job, task_id=response.result, born_at=self._now())
                await self._jobs.continue_job(job, _build_task(waiting_task, response))
                for extra in extra_jobs:
                    self._child_messages.send(extra)
                self._sender.limit_warnings.warn(claim, followups)
            case Unknown(error):
                await self._sender.mark_unknown(claim, job, error)
            case Refused(refused):
                log.info("%s was refused: %s.", waiting_task.action, type(refused).__name__)
                async with self._sender.retract(claim, job, followups, refused):
                    await followups.send_error(refused)


def _build_task(waiting_task: Task, response: SubmitResponse) -> Task:
    """Return what is known of a task before its first poll: its prompt, and its place in the queue."""
    return waiting_task.model_copy(
        update={
            "id": response.result,
            "status": response.initial_status,
            "properties": Properties(number_of_queues=response.tasks_ahead),
        }
    )


def _hash_request(request: SubmitRequest) -> str:
    """Return ten hex digits that are the same for equal requests, in every process."""
    digest = blake2b(digest_size=5)
    for name, value in request.body.items():
        digest.update(name.encode())
        for one in value if isinstance(value, tuple) else (value,):
            digest.update(one if isinstance(one, bytes) else str(one).encode("utf-8", "replace"))
    return digest.hexdigest()
