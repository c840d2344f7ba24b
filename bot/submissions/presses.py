"""The use case of pressing: a button or a form is claimed once, sent at most once, and its child followed."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from bot.clock import Clock
from bot.entities import Claim, ClaimState, Job, Place, PressedButton
from bot.errors import (
    ActionUnsupported,
    AlreadyClaimed,
    AlreadyPressed,
    AnswerLost,
    ButtonUnknown,
    MjbotError,
    ModalExpired,
    PromptRefused,
)
from bot.metrics import PRESSES, count_unsent_presses
from bot.midjourney.buttons import (
    UNBILLED_MODAL_ACTIONS,
    ButtonAction,
    FallbackKind,
    can_be_sent,
    find_button,
    find_marks,
    get_claim_key,
    name_button,
    resolve_action,
)
from bot.midjourney.capabilities import name_capability
from bot.midjourney.parameters import Parameter, validate_parameter
from bot.midjourney.prompt_builder import ImagineOptions, build_prompt
from bot.midjourney.task import Button, Task
from bot.midjourney.text_results import find_numbered_line
from bot.policy.rules import SpendingPolicy
from bot.ports import PictureSource, PressFollowups, Relay, Store
from bot.recovery.lost_answers import LostAnswerSearch
from bot.submissions.claims import MAX_SUBMITS_PER_INTERACTION, ClaimWriter, Press, derive_claim_id, find_lost_answer
from bot.submissions.fallback_requests import FallbackRequests, list_description_lines
from bot.submissions.fallbacks import PressSubmission, get_task_prompt
from bot.submissions.pending_modals import PendingModals
from bot.submissions.press_sender import PressSender
from bot.tracking.offered_buttons import build_offered_buttons
from bot.tracking.task_supervisor import TaskSupervisor
from bot.tracking.tracker import JobTracker

PENDING_MODAL_KEY = "-"
"""The key of a press that is none of the API's buttons: a form that the child of that task waits for."""


class PressService:
    """Spends the operator's money, at most once a click."""

    def __init__(
        self,
        relay: Relay,
        store: Store,
        jobs: JobTracker,
        admission: SpendingPolicy,
        lost_answers: LostAnswerSearch,
        supervisor: TaskSupervisor,
        pictures: PictureSource,
        *,
        clock: Clock,
    ) -> None:
        self._relay = relay
        self._store = store
        self._jobs = jobs
        self._claims = ClaimWriter(store, admission, now=clock.now)
        self._waiting = PendingModals(relay, store, now=clock.now)
        self._detours = FallbackRequests(pictures, jobs)
        self._sender = PressSender(
            relay, store, jobs, self._claims, self._detours, lost_answers, supervisor, clock=clock
        )
        self._now = clock.now

    @count_unsent_presses
    async def submit_press(
        self, press: Press, answerer: PressFollowups, *, prompt: str | None = None, mask: bytes = b""
    ) -> None:
        """Claim a press, show its child, and hand the submit to the supervisor.

        `prompt` and `mask` answer a form that was asked first. What the relay is known to refuse, and what need not be
        submitted, is shown at once: free, and so for all.

        Raises:
            AdmissionRefused: This person may not spend here, or not now.
            PressRefused: There is an answer already, or no such button.
            PromptRefused: The prompt cannot be sent as it is.
            StoreUnavailable: No claim could be written, so nothing was sent.
            RelayError: The task could not be read.
        """
        parent, button = await self._button(press)
        action = resolve_action(button.custom_id)
        refused = await self._store.find_missing_capabilities(self._now())
        around = button.offered or (bool(action.fallback) and name_capability(button.custom_id) in refused)
        if around and action.fallback.is_free:
            await self._detours.show_without_submit(action, parent, button, answerer)
            return
        await self._claims.check_admission(press)
        if prompt is not None:
            prompt = _filled_in(action, prompt)
        # Whoever filled in a form asks for something of their own, whatever is being drawn already.
        mark = await self._mark_of(press, button) if prompt is None else None
        if mark is not None:
            await self._show_again(press, mark, answerer, parent, button)
            return
        claim = await self._claims.write_claim(press, get_claim_key(button.custom_id))
        with self._sender.release_claim_on_error(claim):
            # Somebody else's may have been accepted between the look and the claim.
            mark = await self._mark_of(press, button) if prompt is None else None
        if mark is not None:
            self._sender.release_claim(claim)
            await self._show_again(press, mark, answerer, parent, button)
            return
        with self._sender.release_claim_on_error(claim):
            job = await self._open(claim, press, answerer, parent, button)
        sending = PressSubmission(
            claim=claim,
            job=job,
            parent=parent,
            button=button,
            action=action,
            prompt=prompt,
            mask=mask,
            needs_fallback=around,
        )
        if action.fallback is FallbackKind.IMAGINE_ALL:
            sending = self._with_lines(sending, press, answerer)
        self._sender.start_critical_work(("submit", claim.id), lambda: self._sender.send_press(sending, answerer))

    async def check_prompt(self, press: Press, prompt: str) -> tuple[Task, str]:
        """Return the task of a press and the prompt as it would be sent, for free, and raise what `press` would.

        Of a child that waits for its form that is the task whose picture it repaints.
        """
        if press.button_key == PENDING_MODAL_KEY:
            await self._claims.check_admission(press)
            repainted = (await self._waiting.find_job(press, elsewhere=True)).parent_id
            parent = await self._store.find_snapshot(repainted) or await self._relay.fetch_task(repainted)
        else:
            parent, _ = await self._button(press)
            await self._claims.check_admission(press)
        return parent, build_prompt(ImagineOptions(prompt=prompt)).line

    async def confirm_region(
        self, press: Press, proposal_id: int, prompt: str, mask: bytes, answerer: PressFollowups
    ) -> None:
        """Send what the message `proposal_id` proposed: once, however often, and in whichever process, it is confirmed.

        Its claim has an id made of the message's; after a refusal, which was not paid, it may be confirmed again, under
        the next one: whoever confirms it once more finds how that ended.
        """
        for number in range(MAX_SUBMITS_PER_INTERACTION):
            claim_id = derive_claim_id(proposal_id, number)
            earlier = await self._store.find_claim(claim_id)
            if earlier is None:
                break
            if earlier.state is not ClaimState.REFUSED:
                rival = AlreadyClaimed(earlier.id, earlier.person_id)
                if lost := await find_lost_answer(self._store, rival, press.person.id, press.place):
                    # It is never sent again from here, as a new proposal may be.
                    raise AnswerLost(lost.link, own=lost.own)
                job = await self._store.find_job_of_claim(earlier.id)
                raise AlreadyPressed(job.place.link if job else "", finished=False)
        else:
            raise ModalExpired
        press = replace(press, interaction_id=claim_id)
        if press.button_key == PENDING_MODAL_KEY:
            await self.answer_modal(press, prompt, answerer, mask=mask)
        else:
            await self.submit_press(press, answerer, prompt=prompt, mask=mask)

    def _with_lines(self, sending: PressSubmission, press: Press, answerer: PressFollowups) -> PressSubmission:
        """Let the click's own submit draw the first line that was read, should the relay want them one by one."""
        first, *more = list_description_lines(sending.parent) or ("",)
        return replace(sending, fallback_prompt=first, send_next_line=self._lines(sending, press, answerer, more, 1))

    def _lines(
        self, sending: PressSubmission, press: Press, answerer: PressFollowups, lines: Sequence[str], number: int
    ) -> Callable[[], Awaitable[None]] | None:
        """Return what draws the rest, line after line: each a submit, judged, claimed and shown by itself.

        The first that is refused, or whose answer is lost, is the last.
        """
        if not lines:
            return None

        async def draw() -> None:
            try:
                claim = await self._claims.write_claim(
                    press, f"{get_claim_key(sending.button.custom_id)}:{number}", line=number
                )
                with self._sender.release_claim_on_error(claim):
                    job = await self._open(claim, press, answerer, sending.parent, sending.button)
            except MjbotError as error:
                await answerer.send_error(error)
                return
            then = self._lines(sending, press, answerer, lines[1:], number + 1)
            await self._sender.send_press(
                replace(
                    sending, claim=claim, job=job, fallback_prompt=lines[0], needs_fallback=True, send_next_line=then
                ),
                answerer,
            )

        return draw

    async def get_modal_prefill(self, task_id: str, key: str = "") -> str:
        """Return what a form starts with, from the store, else from the relay: the task's prompt.

        For the button `key` of a line that was read, it is that line.
        """
        task = await self._store.find_snapshot(task_id) or await self._relay.fetch_task(task_id)
        button = find_button(task.buttons, key) or find_button(build_offered_buttons(task), key)
        action = resolve_action(button.custom_id) if button else None
        if action and action.modal_kind == "prompt":
            return find_numbered_line(task.text_result, action.index)
        return get_task_prompt(task)

    @count_unsent_presses
    async def answer_modal(self, press: Press, prompt: str, answerer: PressFollowups, *, mask: bytes = b"") -> None:
        """Answer the form that a child waits for, from its own message, or with a mask from that which proposed it.

        Only its requester may. Its prompt is checked as that of a form which was asked first; raises PromptRefused too.
        """
        await self._claims.check_admission(press)
        await self._waiting.find_job(press, elsewhere=bool(mask))
        prompt = build_prompt(ImagineOptions(prompt=prompt)).line
        claim = await self._claims.write_claim(press, "form")
        with self._sender.release_claim_on_error(claim):
            # It may have been sent or dropped between the look and the claim.
            job = replace(await self._waiting.find_job(press, elsewhere=bool(mask)), claim_id=claim.id)
        self._sender.start_critical_work(("submit", claim.id), lambda: self._answer(claim, job, prompt, answerer, mask))

    async def decline_modal(self, press: Press) -> None:
        """Decline the form that a child waits for; only its requester may, and nothing more is paid."""
        job = await self._waiting.find_job(press)
        await self._jobs.end_declined(job, charged=await self._may_be_charged(job.task_id))

    async def _may_be_charged(self, task_id: str) -> bool:
        """Tell whether the relay may have billed the press that opened a form: new-api does where remix is on."""
        opened = await self._store.list_claims_of_children([task_id])
        if any(claim.submits == 0 for claim in opened):
            return False
        task = await self._store.find_snapshot(task_id)
        return task is None or task.action not in UNBILLED_MODAL_ACTIONS

    async def _button(self, press: Press) -> tuple[Task, Button]:
        """Find the pressed button in the stored snapshot, else in the task itself, else among what the bot offers."""
        task = await self._store.find_snapshot(press.task_id)
        button = find_button(task.buttons, press.button_key) if task else None
        if task is None or button is None:
            task = await self._relay.fetch_task(press.task_id)
            await self._store.save_snapshot(task)
            button = find_button(task.buttons, press.button_key)
        if button is None:
            task, button = _offered(task, press.button_key)
        if not can_be_sent(button.custom_id):
            raise ActionUnsupported(lasting=True)
        return task, button

    async def _mark_of(self, press: Press, button: Button) -> PressedButton | None:
        """Return the mark that answers a press already; None where it may be sent."""
        marks = find_marks(button.custom_id, await self._store.find_pressed_buttons(press.task_id))
        pays_anew = resolve_action(button.custom_id).is_repeatable
        return next((mark for mark in marks if not (mark.is_finished and pays_anew)), None)

    async def _show_again(
        self, press: Press, mark: PressedButton, answerer: PressFollowups, parent: Task, button: Button
    ) -> None:
        """Answer a press that has its answer, unpaid: by a link, or by a message where none can be linked."""
        place = press.place
        here = mark.guild_id == place.guild_id if mark.guild_id else mark.channel_id == place.channel_id
        if not mark.is_finished or (mark.link and here):
            raise AlreadyPressed(mark.link if here else "", finished=mark.is_finished)
        shown = await answerer.send_child_message(name_button(button), parent)
        try:
            await self._jobs.follow_job(replace(self._child(press, shown, button), task_id=mark.child_id))
        except MjbotError:
            await answerer.delete_child_message(shown)
            raise
        PRESSES.labels(AlreadyPressed.__name__).inc()

    def _child(self, press: Press, place: Place, button: Button) -> Job:
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

    async def _open(self, claim: Claim, press: Press, answerer: PressFollowups, parent: Task, button: Button) -> Job:
        """Send the child's message and write its row; where that fails the message is taken back."""
        place = await answerer.send_child_message(name_button(button), parent)
        job = replace(self._child(press, place, button), claim_id=claim.id)
        try:
            await self._store.open_job(job)
        except MjbotError:
            await answerer.delete_child_message(place)
            raise
        return job

    async def _answer(self, claim: Claim, job: Job, prompt: str, answerer: PressFollowups, mask: bytes) -> None:
        state = await self._sender.send_modal(claim, job, prompt, answerer, mask=mask)
        await self._sender.settle_claim(claim, state, "" if state is ClaimState.REFUSED else job.task_id)


def _filled_in(action: ButtonAction, prompt: str) -> str:
    """Check what the form of a button was filled in with, and return it as one line; Custom Zoom's says how far."""
    typed = build_prompt(ImagineOptions(prompt=prompt))
    if (
        action.modal_kind == "zoom"
        and typed.get_value("zoom") is None
        and (lacking := validate_parameter(Parameter("zoom"), None))
    ):
        raise PromptRefused((lacking,), typed.line)
    return typed.line


def _offered(task: Task, key: str) -> tuple[Task, Button]:
    """Find a button that a message offers though the relay sent none, or none that does the same."""
    offered = build_offered_buttons(task)
    button = find_button(offered, key)
    if button is None:
        raise ButtonUnknown
    return task if task.buttons else task.model_copy(update={"buttons": offered}), button
