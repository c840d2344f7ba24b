"""Press a button, or answer a modal: claimed once, sent at most once, and its child followed."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from bot.clock import Now
from bot.entities import FORM_BUTTON, Claim, ClaimState, CostKind, Job, Place, PressedButton
from bot.errors import AlreadyPressed, ConfirmationNeeded, MjbotError, PressUnrecorded, PromptRefused
from bot.metrics import PRESSES, count_unsent_presses
from bot.midjourney.buttons import (
    UNBILLED_MODAL_ACTIONS,
    ButtonAction,
    FallbackKind,
    find_button,
    get_claim_key,
    get_submitted_action,
    makes_video,
    name_button,
    resolve_action,
)
from bot.midjourney.capabilities import name_capability
from bot.midjourney.prompts.parameters import Parameter, validate_parameter
from bot.midjourney.prompts.prompt_builder import ImagineOptions, build_prompt
from bot.midjourney.task import Button, Task
from bot.midjourney.text_results import find_numbered_line
from bot.policy.costs import PaidRequest
from bot.policy.rules import SpendingPolicy
from bot.policy.server_rules import find_needed_command_of_button
from bot.policy.task_privacy import TaskPrivacy, Viewer
from bot.ports import PictureSource, PressFollowups, Relay, Store
from bot.relay.requests import SubmitModal
from bot.scene import JobEnding
from bot.submissions.checked_prompts import find_drawn_prompt
from bot.submissions.child_messages import ChildMessages
from bot.submissions.claims import ClaimWriter, Press
from bot.submissions.fallbacks import MAX_DESCRIPTION_LINES, Fallbacks, list_description_lines
from bot.submissions.pending_modals import PendingModals
from bot.submissions.press_sender import PressSender, PressSubmission, get_task_prompt
from bot.submissions.pressed_buttons import PressedButtons
from bot.submissions.sender import Sender
from bot.tracking.offered_buttons import build_offered_buttons
from bot.tracking.tracker import JobTracker

PENDING_MODAL_KEY = "-"
"""The key of a press that is of no button of the API: the modal that the press's own task waits for."""


class PressService:
    """Spends the operator's money, at most once per press. Ports: `relay`, `store`."""

    def __init__(
        self,
        relay: Relay,
        store: Store,
        jobs: JobTracker,
        policy: SpendingPolicy,
        sender: Sender,
        pictures: PictureSource,
        child_messages: ChildMessages,
        *,
        now: Now,
    ) -> None:
        self._relay = relay
        self._store = store
        self._jobs = jobs
        self._now = now
        self._sender = sender
        self._claims = ClaimWriter(store, policy, sender.withdraw, now=now, warnings=sender.limit_warnings)
        self._buttons = PressedButtons(relay, store, jobs.messages.has_unread_buttons)
        self._privacy = TaskPrivacy(store)
        self._pending_modals = PendingModals(relay, store, now=now)
        self._fallbacks = Fallbacks(pictures, jobs)
        self._child_messages = child_messages
        self._press_sender = PressSender(sender, store, jobs, self._claims, self._fallbacks, child_messages, now=now)

    @count_unsent_presses
    async def submit_press(
        self, press: Press, followups: PressFollowups, *, prompt: str | None = None, mask: bytes = b""
    ) -> None:
        """Claim a press, show its child, and submit it in the background.

        `prompt` and `mask` come from a modal that was opened before the press. What the relay is known to refuse, and
        what the bot can show without the relay, is shown at once: that is free, and so open to all.

        Raises:
            PolicyRefused: This person may not spend here, or not now.
            PressRefused: An earlier press answers this one, or there is no such button.
            RepeatUnconfirmed: An earlier press may have been billed; a press that `is_confirmed` is sent nevertheless.
            PressUnrecorded: An earlier press may be missing in the database; see RepeatUnconfirmed.
            ConfirmationNeeded: It is expensive or makes several tasks; see Press.is_price_confirmed.
            PromptRefused: The prompt cannot be sent as it is.
            StoreUnavailable: No claim could be written, so nothing was sent.
            RelayError: The task could not be read.
        """
        parent, button = await self._buttons.find_button(press)
        action = resolve_action(button.custom_id)
        missing = await self._store.find_missing_capabilities(self._now())
        needs_fallback = button.offered or (bool(action.fallback) and name_capability(button.custom_id) in missing)
        if needs_fallback and action.fallback.is_free:
            await self._fallbacks.show_without_submit(action, parent, button, followups)
            return
        press = press.require(find_needed_command_of_button(button.custom_id, parent))
        await self._claims.check_press_permission(press)
        if prompt is not None:
            # A person who filled in a modal asks for something of their own, whatever is being drawn already.
            prompt = _check_modal_prompt(action, prompt)
        elif earlier := await self._buttons.find_earlier_press(press, button):
            await self._show_earlier_press(press, earlier, followups, parent, button)
            return
        request = _build_request(button, parent, prompt, needs_fallback=needs_fallback)
        if prompt is None:
            await self._check_records(press, button, request)
        opened = await self._claim_and_open_child(
            press, followups, parent, button, request, is_typed=prompt is not None
        )
        if opened is None:
            return
        claim, job = opened
        submission = PressSubmission(
            spender=press.spender,
            claim=claim,
            job=job,
            parent=parent,
            button=button,
            action=action,
            prompt=prompt,
            mask=mask,
            needs_fallback=needs_fallback,
        )
        self._sender.start(claim, partial(self._send, submission, press, followups))

    async def _check_records(self, press: Press, button: Button, request: PaidRequest) -> None:
        """Check that the database knows of an earlier press; the question about it also tells a high price."""
        try:
            await self._buttons.check_records(press, button)
        except PressUnrecorded as unrecorded:
            judge = await self._claims.prepare_press_judge(press, request)
            await self._claims.check_confirmation(judge, unrecorded)
            raise

    async def _claim_and_open_child(
        self,
        press: Press,
        followups: PressFollowups,
        parent: Task,
        button: Button,
        request: PaidRequest,
        *,
        is_typed: bool,
    ) -> tuple[Claim, Job] | None:
        """Write the claim of a press and open its child; None if another press was accepted first and answers it.

        A press for which a prompt was typed is answered by no other.
        """
        claim = await self._claims.write_claim(press, get_claim_key(button.custom_id), request)
        with self._sender.release_on_error(claim):
            # Another person's press may have been accepted between the first look and the claim.
            earlier = None if is_typed else await self._buttons.find_earlier_press(press, button)
            if earlier is None:
                return claim, await self._open_child(claim, press, followups, parent, button)
        self._sender.release(claim)
        await self._show_earlier_press(press, earlier, followups, parent, button)
        return None

    async def check_prompt(self, press: Press, prompt: str) -> tuple[Task, str, ConfirmationNeeded]:
        """Return the task to be repainted, the prompt as it would be sent, and the price; raise what a press would.

        That is free. For a child that waits for its modal the task to be repainted is its parent.
        """
        if press.button_key == PENDING_MODAL_KEY:
            press = press.require(await self._pending_modals.find_needed_command(press.task_id))
            await self._claims.check_press_permission(press)
            repainted = (await self._pending_modals.find_job(press, elsewhere=True)).parent_id
            task, action = await self._find_task(repainted), "MODAL"
        else:
            task, button = await self._buttons.find_button(press)
            press = press.require(find_needed_command_of_button(button.custom_id, task))
            await self._claims.check_press_permission(press)
            action = get_submitted_action(button.custom_id)
        line = build_prompt(ImagineOptions(prompt=prompt)).line
        forms = int(press.button_key != PENDING_MODAL_KEY)
        request = PaidRequest(action=action, prompt=line, forms=forms)
        judge = await self._claims.prepare_judge(press.spender, request, has_cooldown=False)
        return task, line, await self._claims.estimate_price(judge)

    async def confirm_press(
        self, press: Press, question_id: int, prompt: str | None, mask: bytes, followups: PressFollowups
    ) -> None:
        """Send what the message `question_id` asked or proposed, once; see ClaimWriter.choose_claim_id."""
        claim_id = await self._claims.choose_claim_id(question_id, press.person.id, press.viewer)
        press = replace(press, interaction_id=claim_id)
        if press.button_key == PENDING_MODAL_KEY:
            await self.answer_modal(press, prompt or "", followups, mask=mask, elsewhere=True)
        else:
            await self.submit_press(press, followups, prompt=prompt, mask=mask)

    async def get_modal_prefill(self, task_id: str, viewer: Viewer, key: str = "") -> str:
        """Return the text that a modal starts with: the task's prompt, or for a line's button `key` that line."""
        task = await self._privacy.read(task_id, viewer, self._find_task)
        button = find_button(task.buttons, key) or find_button(build_offered_buttons(task), key)
        action = resolve_action(button.custom_id) if button else None
        if action and action.modal_kind == "prompt":
            return find_numbered_line(task.text_result, action.index)
        return get_task_prompt(task)

    @count_unsent_presses
    async def answer_modal(
        self, press: Press, prompt: str, followups: PressFollowups, *, mask: bytes = b"", elsewhere: bool = False
    ) -> None:
        """Answer the modal that a child waits for, from its own message, or `elsewhere` from a question or preview.

        Only the child's requester may. The prompt is checked like that of a press, and raises PromptRefused too.
        """
        press = press.require(await self._pending_modals.find_needed_command(press.task_id))
        await self._claims.check_press_permission(press)
        waiting = await self._pending_modals.find_job(press, elsewhere=elsewhere)
        prompt = build_prompt(ImagineOptions(prompt=prompt)).line
        opened_by = await self._store.list_claims_of_children([waiting.task_id])
        is_video = any(CostKind.VIDEO in one.cost.kinds for one in opened_by)
        request = PaidRequest(action="MODAL", prompt=prompt, is_video=is_video)
        claim = await self._claims.write_claim(press, FORM_BUTTON, request)
        with self._sender.release_on_error(claim):
            # The modal may have been answered or declined between the first look and the claim.
            job = replace(await self._pending_modals.find_job(press, elsewhere=elsewhere), claim_id=claim.id)
        modal = SubmitModal(task_id=job.task_id, prompt=prompt, mask=mask)
        self._sender.start(claim, partial(self._send_modal, claim, job, modal, followups))

    async def decline_modal(self, press: Press) -> None:
        """Decline the modal that a child waits for; only its requester may, and nothing more is billed."""
        job = await self._pending_modals.find_job(press)
        await self._jobs.end_declined(job, charged=await self._may_be_charged(job.task_id))

    async def _may_be_charged(self, task_id: str) -> bool:
        """Tell whether the relay may have billed the press that opened a modal: new-api does where remix is on."""
        claims = await self._store.list_claims_of_children([task_id])
        if any(claim.submits == 0 for claim in claims):
            return False
        task = await self._store.find_snapshot(task_id)
        return task is None or task.action not in UNBILLED_MODAL_ACTIONS

    async def _find_task(self, task_id: str) -> Task:
        return await self._store.find_snapshot(task_id) or await self._relay.fetch_task(task_id)

    async def _show_earlier_press(
        self, press: Press, earlier: PressedButton, followups: PressFollowups, parent: Task, button: Button
    ) -> None:
        """Answer a press with the child of an earlier one, for free: by a link, or else by a new message.

        A message that the person cannot see is not linked. The picture itself is no secret: these buttons only show
        more of a task that the person sees.
        """
        link = earlier.link if press.viewer.can_open(earlier.link) else ""
        if not earlier.is_finished or link:
            raise AlreadyPressed(link, finished=earlier.is_finished)
        job = replace(self._build_job(press, followups.expected_place, button), task_id=earlier.child_id)
        job = await self._child_messages.open_child(job, followups, name_button(button), parent)
        try:
            await self._jobs.follow_job(job, viewer=press.viewer)
        except MjbotError:
            if await followups.delete_child_message(job.place):
                self._sender.discard_job(job.id)
            else:
                self._jobs.start_ending(job, JobEnding.NOT_ACCEPTED)
            raise
        PRESSES.labels(AlreadyPressed.__name__).inc()

    def _build_job(self, press: Press, place: Place, button: Button) -> Job:
        return Job(
            place=place,
            requester=press.person,
            task_id="",
            born_at=self._now(),
            pressed=name_button(button),
            done=resolve_action(button.custom_id).result_title,
            parent_id=press.task_id,
            parent_link="" if press.place.ephemeral else press.place.link,
        )

    async def _open_child(
        self, claim: Claim, press: Press, followups: PressFollowups, parent: Task, button: Button
    ) -> Job:
        """Send the child's message and write its row; neither is left where that fails."""
        job = replace(self._build_job(press, followups.expected_place, button), claim_id=claim.id)
        return await self._child_messages.open_child(job, followups, name_button(button), parent)

    async def _send(self, submission: PressSubmission, press: Press, followups: PressFollowups) -> None:
        """Send a press; where the relay lacks "Imagine all", draw the lines one by one, each with a claim of its own.

        The first line that is refused, or whose answer is lost, is the last.
        """
        is_imagine_all = submission.action.fallback is FallbackKind.IMAGINE_ALL
        first, *more = (list_description_lines(submission.parent) if is_imagine_all else ()) or ("",)
        if await self._press_sender.send_press(replace(submission, fallback_prompt=first), followups):
            await self._send_more_lines(submission, press, followups, more)

    async def _send_more_lines(
        self, submission: PressSubmission, press: Press, followups: PressFollowups, lines: Sequence[str]
    ) -> None:
        button_key = get_claim_key(submission.button.custom_id)
        for number, line in enumerate(lines, start=1):
            try:
                claim = await self._claims.write_claim(
                    press,
                    f"{button_key}:{number}",
                    PaidRequest(action="IMAGINE", prompt=line, is_one_of_several=True),
                    line=number,
                    chosen_speed=submission.claim.cost.speed,  # the one whose price was confirmed
                )
                with self._sender.release_on_error(claim):
                    job = await self._open_child(claim, press, followups, submission.parent, submission.button)
            except MjbotError as error:
                await followups.send_error(error)
                return
            further = replace(submission, claim=claim, job=job, fallback_prompt=line, needs_fallback=True)
            if not await self._press_sender.send_press(further, followups):
                return

    async def _send_modal(self, claim: Claim, job: Job, modal: SubmitModal, followups: PressFollowups) -> None:
        result = await self._press_sender.send_modal(claim, job, modal, followups)
        sent = self._sender.describe_sent(claim, request_id=result.request_id, speed=result.speed)
        child_id = "" if result.state is ClaimState.REFUSED else job.task_id
        await self._sender.settle(claim, result.state, child_id, sent=sent)
        if result.state is not ClaimState.REFUSED:
            is_lost = result.state is ClaimState.UNKNOWN
            self._sender.channel_log.announce_request(claim, job, modal.prompt, is_answer_lost=is_lost)
            self._sender.limit_warnings.warn(claim, followups)


def _count_tasks(action: ButtonAction, parent: Task, *, needs_fallback: bool) -> int:
    """Return how many tasks a press makes at most: "Imagine all" makes one of each line of a description.

    The relay may find lines that the bot does not recognize; the fallback draws only those that the bot does.
    """
    if action.fallback is not FallbackKind.IMAGINE_ALL:
        return 1
    return len(list_description_lines(parent)) if needs_fallback else MAX_DESCRIPTION_LINES


def _build_request(button: Button, parent: Task, prompt: str | None, *, needs_fallback: bool) -> PaidRequest:
    """Return what a press asks for; a prompt that was typed goes out in a form, which the relay may bill beside it."""
    action = resolve_action(button.custom_id)
    return PaidRequest(
        action=get_submitted_action(button.custom_id),
        prompt=prompt or "",
        parent_prompt=_get_parent_prompt(action, parent) if prompt is None else "",
        checked_prompt=find_drawn_prompt(action, parent, prompt),
        tasks=_count_tasks(action, parent, needs_fallback=needs_fallback),
        forms=0 if prompt is None or needs_fallback else 1,
        is_video=makes_video(button.custom_id, parent),
    )


def _get_parent_prompt(action: ButtonAction, parent: Task) -> str:
    """Return what a press without a prompt draws from; of "Imagine all" all lines, each of which may name a speed."""
    if action.fallback is FallbackKind.IMAGINE_ALL:
        return "\n".join(list_description_lines(parent))
    return get_task_prompt(parent)


def _check_modal_prompt(action: ButtonAction, prompt: str) -> str:
    """Check the prompt of a modal, and return it as one line; Custom Zoom's prompt must say how far to zoom."""
    typed = build_prompt(ImagineOptions(prompt=prompt))
    if (
        action.modal_kind == "zoom"
        and typed.get_value("zoom") is None
        and (problem := validate_parameter(Parameter("zoom"), None))
    ):
        raise PromptRefused((problem,), typed.line)
    return typed.line
