"""Send a claimed press, or what this relay has in its place, and follow the child that it makes."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from bot.clock import Now
from bot.entities import Claim, ClaimState, Job
from bot.errors import (
    ActionUnsupported,
    ClaimLost,
    DisplayError,
    MjbotError,
    ModalNotSent,
    PictureError,
    PromptChangeUnsupported,
    PromptIgnored,
    RelayError,
    StoreUnavailable,
)
from bot.midjourney.buttons import REMIXABLE_KINDS, ButtonAction, FallbackKind, name_button
from bot.midjourney.capabilities import get_refusal_lifetime, name_capability, name_fallback_capability
from bot.midjourney.prompts.prompt_parser import parse_prompt
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Button, Properties, Task
from bot.policy.rules import Spender
from bot.ports import PressFollowups, Store
from bot.relay.requests import PressButton, SubmitModal, SubmitRequest
from bot.retry import STORE_OUTAGE
from bot.scene import JobEnding
from bot.submissions.checked_prompts import find_drawn_prompt
from bot.submissions.child_messages import ChildMessages, reserve_extra_job
from bot.submissions.claims import ClaimWriter
from bot.submissions.fallbacks import Fallbacks
from bot.submissions.sender import Accepted, NeedsModal, Refused, Sender, SendResult, ShownInstead, Unknown
from bot.timeouts import raise_if_canceled
from bot.tracking.tracker import JobTracker

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class PressSubmission:
    """A claimed press on its way: what to send, and the job of its child message.

    `prompt` and `mask` come from the modal that was opened before the press. `needs_fallback` tells that the relay is
    known to refuse the button, or never sent it. `fallback_prompt` is what a fallback draws where no modal was opened.
    """

    spender: Spender
    claim: Claim
    job: Job
    parent: Task
    button: Button
    action: ButtonAction
    prompt: str | None = None
    mask: bytes = b""
    needs_fallback: bool = False
    fallback_prompt: str = ""

    @property
    def is_remix(self) -> bool:
        """Whether a prompt was typed for a button that Midjourney presses without one."""
        return self.prompt is not None and self.action.kind in REMIXABLE_KINDS

    @property
    def has_new_prompt(self) -> bool:
        """Whether a prompt was typed that differs from the parent's."""
        return (
            self.prompt is not None
            and parse_prompt(self.prompt).line != parse_prompt(get_task_prompt(self.parent)).line
        )

    @property
    def child(self) -> Task:
        """What the child's message shows before the relay accepts the press."""
        return _build_child(self.parent, SubmitResponse(), self.prompt)


@dataclass(frozen=True)
class PressResult:
    """How a press ended; `unsupported` holds the capabilities that the relay refused for good, by name."""

    result: SendResult | ShownInstead
    unsupported: Mapping[str, ActionUnsupported] = field(default_factory=dict[str, ActionUnsupported])


@dataclass(frozen=True)
class ModalResult:
    """The state of a modal's claim after it was sent, what the relay calls the request, and its speed, if accepted."""

    state: ClaimState
    request_id: str = ""
    speed: str | None = None


class PressSender:
    """Sends presses and modals, and writes down how that ended. Port: `store`."""

    def __init__(
        self,
        sender: Sender,
        store: Store,
        jobs: JobTracker,
        claims: ClaimWriter,
        fallbacks: Fallbacks,
        child_messages: ChildMessages,
        *,
        now: Now,
    ) -> None:
        self._sender = sender
        self._store = store
        self._jobs = jobs
        self._claims = claims
        self._fallbacks = fallbacks
        self._child_messages = child_messages
        self._now = now

    async def send_press(self, press: PressSubmission, followups: PressFollowups) -> bool:
        """Send a claimed press, and follow its child or tell the person why there is none.

        Return whether it was accepted through a fallback, so that more of the same may be sent that way.
        """
        sent = await self._send_button_or_fallback(press)
        used_fallback = press.needs_fallback or bool(sent.unsupported)
        is_accepted = await self._end_press(press, sent.result, followups, used_fallback=used_fallback)
        try:
            for capability, refused in sent.unsupported.items():
                lifetime = get_refusal_lifetime(refused)
                await self._jobs.messages.capabilities.save_refusal(capability, refused.reason, lifetime)
            if is_accepted or sent.unsupported:
                states = await self._jobs.messages.find_button_states(press.parent)
                await followups.update_buttons(press.parent, states)
        except StoreUnavailable as gone:
            # The press itself goes on; its capabilities and its mark are saved at another press.
            STORE_OUTAGE.report(log, f"Task {press.parent.id} is not marked.", gone)
        return is_accepted and used_fallback

    async def _send_button_or_fallback(self, press: PressSubmission) -> PressResult:
        """Send the button's own request, and after a lasting refusal of the button the fallback's."""
        unsupported: dict[str, ActionUnsupported] = {}
        custom_id = press.button.custom_id
        if not press.needs_fallback:
            result = await self._send(
                press, PressButton(task_id=press.parent.id, custom_id=custom_id, remix=press.is_remix)
            )
            # A channel that is down takes no fallback either, and may be up at the next press.
            refused = _find_lasting_refusal(result)
            if refused is None:
                return PressResult(result)
            unsupported[name_capability(custom_id)] = refused
            if not press.action.fallback:
                return PressResult(result, unsupported)
        if press.action.fallback.is_free:
            return PressResult(ShownInstead(), unsupported)
        try:
            # It may have to fetch a picture first.
            with raise_if_canceled(ClaimLost()):
                request = await self._build_fallback(press)
        except (RelayError, PictureError, StoreUnavailable, ClaimLost) as error:
            return PressResult(Refused(error), unsupported)
        result = await self._send(press, request)
        if refused := _find_lasting_refusal(result):
            unsupported[name_fallback_capability(custom_id)] = refused
        return PressResult(result, unsupported)

    async def _build_fallback(self, press: PressSubmission) -> SubmitRequest:
        if press.action.fallback is FallbackKind.CHANGE and press.has_new_prompt:
            raise PromptChangeUnsupported
        place = replace(press.job.place, message_id=press.claim.message_id)
        return await self._fallbacks.build_request(
            press.action, press.parent, press.prompt or press.fallback_prompt, place
        )

    async def _send(self, press: PressSubmission, request: SubmitRequest) -> SendResult:
        drawn = find_drawn_prompt(press.action, press.parent, press.prompt)
        return await self._sender.send(
            request,
            press.claim,
            press.job,
            waiting_task=press.child,
            prompt=press.prompt or press.fallback_prompt,
            check_rules=partial(self._claims.check_rules_again, press.spender, drawn),
        )

    async def _end_press(
        self,
        press: PressSubmission,
        result: SendResult | ShownInstead,
        followups: PressFollowups,
        *,
        used_fallback: bool,
    ) -> bool:
        """Act on the result of a press; return whether a child came of it."""
        match result:
            case Accepted() | NeedsModal():
                if used_fallback:
                    press = replace(press, prompt=press.prompt or press.fallback_prompt or None)
                return await self._follow_child(press, result, followups)
            case Unknown(error):
                await self._sender.mark_unknown(press.claim, press.job, error)
            case Refused(refused):
                log.info("%s was refused: %s.", press.action.kind.name, type(refused).__name__)
                async with self._sender.retract(press.claim, press.job, followups, refused):
                    await followups.send_error(refused)
            case ShownInstead():
                async with self._sender.retract(press.claim, press.job, followups):
                    await self._show_instead(press, followups)
        return False

    async def _show_instead(self, press: PressSubmission, followups: PressFollowups) -> None:
        try:
            await self._fallbacks.show_without_submit(press.action, press.parent, press.button, followups)
        except MjbotError as error:
            await followups.send_error(error)

    async def _follow_child(
        self, press: PressSubmission, accepted: Accepted | NeedsModal, followups: PressFollowups
    ) -> bool:
        """Settle the claim, send the modal that was typed before, and follow the children.

        Return False where the modal with its mask was refused: it is as if the button had not been pressed.
        """
        claim, response = press.claim, accepted.response
        # Before the claim is settled: a process that dies leaves the rows, and the next one sends the messages.
        extra_jobs = [reserve_extra_job(press.job, task_id) for task_id in response.extra_task_ids]
        for extra in extra_jobs:
            await self._jobs.reserve_job(extra)
        log.info("%s of task %s was accepted as task %s.", press.action.kind.name, claim.task_id, response.result)
        sends_modal = isinstance(accepted, NeedsModal) and press.prompt is not None
        # A modal window that new-api bills is one submit, and the modal another; a window with code 21 is free.
        await self._sender.settle_accepted(claim, accepted, forms=int(sends_modal))
        press = replace(press, job=replace(press.job, task_id=response.result))
        is_prompt_ignored = press.is_remix and not response.needs_modal
        child = _build_child(press.parent, response, None if is_prompt_ignored else press.prompt)
        if response.is_billed:
            self._sender.channel_log.announce_request(claim, press.job, child.shown_prompt)
        if isinstance(accepted, NeedsModal) and press.prompt is not None:
            if not await self._send_typed_modal(press, accepted, child, followups):
                return False
        else:
            await self._jobs.continue_job(press.job, child)
        if is_prompt_ignored and press.has_new_prompt:
            await followups.send_error(PromptIgnored())
        await self._follow_extra_children(press, extra_jobs, child, followups)
        self._sender.limit_warnings.warn(claim, followups)
        return True

    async def _send_typed_modal(
        self, press: PressSubmission, opened: NeedsModal, child: Task, followups: PressFollowups
    ) -> bool:
        """Send the modal that was typed before the press, and correct the claim if it was not accepted.

        Return False where a modal with a mask was refused.
        """
        claim, response = press.claim, opened.response
        if not response.is_billed or await self._is_modal_allowed(press, child, followups):
            modal = SubmitModal(task_id=response.result, prompt=press.prompt or "", mask=press.mask)
            sent = await self.send_modal(claim, press.job, modal, followups, child=child, press=opened)
            if sent.state is not ClaimState.REFUSED:
                if sent.state is ClaimState.ACCEPTED and sent.request_id:
                    await self._sender.write_accepted(claim, opened, forms=1, form_id=sent.request_id)
                if not response.is_billed:
                    is_lost = sent.state is ClaimState.UNKNOWN
                    self._sender.channel_log.announce_request(claim, press.job, modal.prompt, is_answer_lost=is_lost)
                return True
            if press.mask:
                await self._sender.write_state(claim, sent.state)
                return False
        await self._sender.write_accepted(claim, opened)
        return True

    async def _is_modal_allowed(self, press: PressSubmission, child: Task, followups: PressFollowups) -> bool:
        """Check the limits for a modal whose window was billed; where they forbid it, the child waits for its modal."""
        try:
            await self._claims.check_modal_limits(press.claim, press.spender)
        except ModalNotSent as unsent:
            log.info("Claim %d: its modal is not sent: %s.", press.claim.id, type(unsent.refused).__name__)
            await self._jobs.continue_job(press.job, child)
            await followups.send_error(unsent)
            return False
        return True

    async def _follow_extra_children(
        self, press: PressSubmission, extra_jobs: Sequence[Job], child: Task, followups: PressFollowups
    ) -> None:
        """Follow the further children of a press, each in a message of its own."""
        failed: list[Job] = []
        for job in extra_jobs:
            try:
                place = await followups.send_child_message(name_button(press.button), press.parent)
            except DisplayError as error:
                log.warning("Task %s has no message yet: %s.", job.task_id, type(error).__name__)
                failed.append(job)
            else:
                task = child.model_copy(update={"id": job.task_id})
                await self._jobs.continue_job(replace(job, place=place), task, replaces=job.id)
        for job in failed:  # only now, as a search takes any message that has no row
            self._child_messages.find_or_send(job)

    async def send_modal(
        self,
        claim: Claim,
        job: Job,
        modal: SubmitModal,
        followups: PressFollowups,
        *,
        child: Task | None = None,
        press: NeedsModal | None = None,
    ) -> ModalResult:
        """Send a modal, follow its task, and return how that ended for its claim.

        `child` and `press` are given where the press that opened the modal has just been accepted under the same claim.
        The job's row says that the modal was sent before it is: after a crash no person is invited to send, and pay
        for, it once more.
        """
        await self._jobs.continue_job(replace(job, form_sent=True, born_at=self._now()), child)
        match await self._sender.send_modal(modal, claim, press=press):
            case Unknown(error):
                state = self._sender.handle_lost_modal(claim, replace(job, form_sent=True), error)
                return ModalResult(state, error.request_id, error.speed)
            case Refused(refused):
                # After these two the row stays as it is: the modal may have been answered elsewhere since, and the
                # person must not be invited to pay again.
                if not isinstance(refused, ClaimLost | StoreUnavailable):
                    await self._reopen_modal(job, child, followups, has_mask=bool(modal.mask))
                await followups.send_error(refused)
                return ModalResult(ClaimState.REFUSED, refused.request_id if isinstance(refused, RelayError) else "")
            case Accepted(response) | NeedsModal(response):
                return ModalResult(ClaimState.ACCEPTED, response.request_id, response.speed)

    async def _reopen_modal(self, job: Job, child: Task | None, followups: PressFollowups, *, has_mask: bool) -> None:
        """Let a child wait for its modal again after a refusal; close one whose mask a preview message proposed."""
        if has_mask and child is not None:
            # As if the button had never been pressed: the preview may be confirmed again.
            self._jobs.stop_running(job.id)
            if await followups.delete_child_message(job.place):
                await self._jobs.close_job(job)
            else:
                self._jobs.start_ending(job, JobEnding.NOT_ACCEPTED)
        else:
            await self._jobs.continue_job(job, child, form_again=True)


def get_task_prompt(task: Task) -> str:
    """Return the prompt that a modal on a task starts with."""
    return task.properties.final_prompt or task.prompt


def _find_lasting_refusal(result: SendResult) -> ActionUnsupported | None:
    """Return the refusal that tells that this relay lacks the action for good."""
    match result:
        case Refused(ActionUnsupported(lasting=True) as refused):
            return refused
        case _:
            return None


def _build_child(parent: Task, response: SubmitResponse, prompt: str | None) -> Task:
    """Return what is known of a child before its first poll: its prompt, and its place in the queue."""
    return Task(
        id=response.result,
        action="MODAL" if prompt else "",
        prompt=parent.prompt,
        prompt_en=parent.prompt_en,
        status=response.initial_status,
        properties=Properties(
            final_prompt=prompt or response.properties.final_prompt or parent.properties.final_prompt,
            number_of_queues=response.tasks_ahead,
        ),
    )
