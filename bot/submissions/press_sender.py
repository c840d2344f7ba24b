"""A claimed press on its way: sent at most once, its child followed, and what came of it written down."""

import logging
from dataclasses import replace
from functools import partial

from bot.clock import Clock
from bot.entities import ButtonStates, Claim, ClaimState, Job
from bot.errors import (
    ActionUnsupported,
    ClaimLost,
    MjbotError,
    ModalNotSent,
    PictureError,
    PromptIgnored,
    RelayError,
    StoreUnavailable,
    SubmitOutcomeUnknown,
)
from bot.midjourney.buttons import name_button
from bot.midjourney.capabilities import compute_refusal_expiry
from bot.midjourney.request_options import Speed
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Properties, Task
from bot.ports import PressFollowups, Relay, Store
from bot.recovery.lost_answers import LostAnswerSearch
from bot.submissions.claims import ClaimWriter
from bot.submissions.fallback_requests import FallbackRequests
from bot.submissions.fallbacks import FallbackSender, PressSubmission
from bot.submissions.sender import SubmissionSender
from bot.submissions.speed_modes import SpeedModes
from bot.tracking.task_supervisor import TaskSupervisor
from bot.tracking.tracker import JobTracker

log = logging.getLogger(__name__)


class PressSender(SubmissionSender):
    """Sends what was claimed, and writes down how that ended."""

    def __init__(
        self,
        relay: Relay,
        store: Store,
        jobs: JobTracker,
        claims: ClaimWriter,
        detours: FallbackRequests,
        lost_answers: LostAnswerSearch,
        supervisor: TaskSupervisor,
        *,
        clock: Clock,
    ) -> None:
        super().__init__(store, jobs, lost_answers, supervisor, clock=clock)
        self._relay = relay
        self._claims = claims
        self._detours = detours
        self._queues = SpeedModes(store, clock.now)
        self._ways = FallbackSender(relay, detours, self._queues)

    async def send_press(self, sending: PressSubmission, answerer: PressFollowups) -> None:
        """Send a claimed press, and see its child, or its refusal, through."""
        learnt: dict[str, ActionUnsupported] = {}
        accepted = await self._sent(sending, answerer, learnt)
        try:
            for what, refused in learnt.items():
                await self._learn(what, refused)
            if accepted or learnt:
                await self._mark(sending.parent, answerer)
        except StoreUnavailable as gone:
            # What was pressed goes on all the same; it is learnt, and marked, another time.
            log.warning("Task %s is not marked: %s.", sending.parent.id, gone)
        if accepted and sending.send_next_line is not None and (sending.needs_fallback or learnt):
            await sending.send_next_line()

    async def _sent(
        self, sending: PressSubmission, answerer: PressFollowups, learnt: dict[str, ActionUnsupported]
    ) -> bool:
        """Send, and tell whether that was accepted; `learnt` takes what turns out to be refused."""
        try:
            speed = await self._queues.get_chosen_speed(
                sending.claim.person_id, sending.prompt or sending.fallback_prompt
            )
            sending = replace(sending, speed=speed)
            waiting = _newborn(sending.parent, SubmitResponse(), sending.prompt)
            submission = await self.send_with_retry(
                sending.claim, sending.job, waiting, lambda: self._ways.submit_with_fallback(sending, learnt)
            )
        except SubmitOutcomeUnknown as lost:
            await self.handle_lost_answer(sending.claim, sending.job, lost)
            return False
        except (RelayError, PictureError, ClaimLost, StoreUnavailable) as refused:
            await self._refused(sending, refused, answerer)
            return False
        if submission is None:
            await self.retract_submission(sending.claim, sending.job, answerer, lambda: self._show(sending, answerer))
            return False
        if learnt or sending.needs_fallback:
            sending = replace(sending, prompt=sending.prompt or sending.fallback_prompt or None)
        return await self._accepted(sending, submission, answerer)

    async def _accepted(self, sending: PressSubmission, submission: SubmitResponse, answerer: PressFollowups) -> bool:
        """Follow the children; tell whether that stands: a form refused with its mask is as if it was never pressed."""
        claim = sending.claim
        log.info("%s of task %s was accepted as task %s.", sending.action.kind.name, claim.task_id, submission.result)
        # A window that new-api bills is one submit, and its form another; what comes as 21 is free.
        billed, forms = int(submission.is_billed), int(submission.needs_modal and sending.prompt is not None)
        await self.settle_claim(claim, ClaimState.ACCEPTED, submission.result, submits=billed + forms)
        job = replace(sending.job, task_id=submission.result)
        ignored = sending.is_remix and not submission.needs_modal
        child = _newborn(sending.parent, submission, None if ignored else sending.prompt)
        if forms and billed and not await self._may_send_form(claim, job, child, answerer):
            await self._write(claim, ClaimState.ACCEPTED, submission.result, submits=billed)
        elif submission.needs_modal and sending.prompt is not None:
            state = await self.send_modal(
                claim, job, sending.prompt, answerer, child, mask=sending.mask, speed=sending.speed
            )
            if state is ClaimState.REFUSED and sending.mask:
                await self._write(claim, state)
                return False
            if state is ClaimState.REFUSED:
                await self._write(claim, ClaimState.ACCEPTED, submission.result, submits=billed)
        else:
            await self._jobs.continue_job(job, child)
        if ignored and sending.has_new_prompt:
            await answerer.send_error(PromptIgnored())
        for task_id in submission.extra_task_ids:
            await self._follow_too(sending, task_id, child, answerer)
        return True

    async def _may_send_form(self, claim: Claim, job: Job, child: Task, answerer: PressFollowups) -> bool:
        """Tell whether a form may follow its billed window; where it may not, the child waits for it, and says so."""
        try:
            await self._claims.check_modal_admission(claim)
        except ModalNotSent as unsent:
            log.info("Claim %d: its form is not sent: %s.", claim.id, type(unsent.refused).__name__)
            await self._jobs.continue_job(job, child)
            await answerer.send_error(unsent)
            return False
        return True

    async def _follow_too(self, sending: PressSubmission, task_id: str, child: Task, answerer: PressFollowups) -> None:
        """Give one more child of the same click its own message; where none can be sent, /mjstatus still finds it."""
        try:
            place = await answerer.send_child_message(name_button(sending.button), sending.parent)
        except MjbotError as error:
            log.warning("Task %s has no message: %s.", task_id, type(error).__name__)
            return
        job = replace(sending.job, place=place, task_id=task_id)
        await self._jobs.continue_job(job, child.model_copy(update={"id": task_id}))

    async def _refused(self, sending: PressSubmission, refused: MjbotError, answerer: PressFollowups) -> None:
        """Take the child back and say why."""
        log.info("%s was refused: %s.", sending.action.kind.name, type(refused).__name__)
        await self.retract_submission(sending.claim, sending.job, answerer, partial(answerer.send_error, refused))

    async def _show(self, sending: PressSubmission, answerer: PressFollowups) -> None:
        try:
            await self._detours.show_without_submit(sending.action, sending.parent, sending.button, answerer)
        except MjbotError as error:
            await answerer.send_error(error)

    async def _learn(self, what: str, refused: ActionUnsupported) -> None:
        """Remember what this relay cannot do."""
        now = self._now()
        await self._store.save_missing_capability(
            what, refused.reason, at=now, until=compute_refusal_expiry(refused, now)
        )

    async def _mark(self, parent: Task, answerer: PressFollowups) -> None:
        marks = ButtonStates(
            await self._store.find_pressed_buttons(parent.id), await self._store.find_missing_capabilities(self._now())
        )
        await answerer.update_buttons(parent, marks)

    async def send_modal(
        self,
        claim: Claim,
        job: Job,
        prompt: str,
        answerer: PressFollowups,
        child: Task | None = None,
        *,
        mask: bytes = b"",
        speed: Speed | None = None,
    ) -> ClaimState:
        """Send a form and go on watching; tell how that ended.

        The row says that it was sent before it is: after a crash nobody is invited to send, and pay, once more.
        """
        await self._jobs.continue_job(replace(job, form_sent=True, born_at=self._now()), child)
        try:
            if child is None:  # else the claim was settled by the press that made the child
                speed = await self._queues.get_chosen_speed(claim.person_id, prompt)
                await self.ensure_claim_is_held(claim)
            await self._queues.submit_at_speed(
                speed,
                lambda queue: self._relay.submit_modal(job.task_id, prompt, state=claim.tag, mask=mask, speed=queue),
                prompt=prompt,
            )
        except SubmitOutcomeUnknown as lost:
            log.warning("Claim %d: the answer to its form was lost (%s); it is not sent again.", claim.id, lost.reason)
            if lost.accepted:
                return ClaimState.ACCEPTED
            # The child exists and is watched: it will tell itself, unless its form never came.
            self._lost_answers.search_form(claim, replace(job, form_sent=True), answered=lost.answered)
        except (ClaimLost, StoreUnavailable) as unsent:
            # The row stays as it is: somebody may have answered the form since, and must not be invited to pay again.
            await answerer.send_error(unsent)
            return ClaimState.REFUSED
        except RelayError as refused:
            await self._reopen_form(job, child, answerer, masked=bool(mask))
            await answerer.send_error(refused)
            return ClaimState.REFUSED
        else:
            return ClaimState.ACCEPTED
        return ClaimState.UNKNOWN

    async def _reopen_form(self, job: Job, child: Task | None, answerer: PressFollowups, *, masked: bool) -> None:
        """Let a child wait for its form again after a refusal; close one whose mask was proposed by a message."""
        if masked and child is not None:
            # It is as if the button had never been pressed: what proposed it may be confirmed again.
            self._jobs.stop_running(job.id)
            await self._jobs.close_job(job)
            await answerer.delete_child_message(job.place)
        else:
            await self._jobs.continue_job(job, child, form_again=True)


def _newborn(parent: Task, submission: SubmitResponse, prompt: str | None) -> Task:
    """Return what is known of a child before the relay tells of it: its prompt, and where it stands."""
    return Task(
        id=submission.result,
        action="MODAL" if prompt else "",
        prompt=parent.prompt,
        prompt_en=parent.prompt_en,
        status=submission.initial_status,
        properties=Properties(
            final_prompt=prompt or submission.properties.final_prompt or parent.properties.final_prompt,
            number_of_queues=submission.tasks_ahead,
        ),
    )
