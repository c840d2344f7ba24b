"""The use case of pressing: a button or a form is claimed once, sent at most once, and its child followed."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol

from bot.clock import Clock
from bot.entities import Claim, ClaimState, Job, Mark, Place
from bot.errors import (
    ActionUnsupported,
    AlreadyClaimed,
    AlreadyPressed,
    AnswerLost,
    ButtonUnknown,
    FormGone,
    MjbotError,
    PromptRefused,
)
from bot.metrics import PRESSES, counting_unsent
from bot.midjourney.buttons import (
    FREE_WINDOWS,
    Action,
    Instead,
    ability,
    can_be_sent,
    claim_key,
    find,
    marks_of,
    meaning,
    said,
)
from bot.midjourney.parameters import Parameter, check
from bot.midjourney.prompt_builder import Options, compose
from bot.midjourney.task import Button, Task
from bot.midjourney.text_results import line_of
from bot.policy.rules import Admission
from bot.ports import Answerer, PictureSource, Store
from bot.recovery.lost_answers import LostAnswers
from bot.submissions.claims import MOST_SUBMITS, Claims, Press, answer_lost, claim_id_of
from bot.submissions.fallback_requests import Detours, lines_of
from bot.submissions.fallbacks import Sending, Submits, prompt_of
from bot.submissions.pending_modals import Lookup, Waiting
from bot.submissions.press_sender import Sender
from bot.tracking.offered_buttons import offered_buttons
from bot.tracking.task_supervisor import Supervisor
from bot.tracking.tracker import Jobs

__all__ = ["WAITING", "Midjourney", "Press", "Presses"]

WAITING = "-"
"""The key of a press that is none of the API's buttons: a form that the child of that task waits for."""


class Midjourney(Submits, Lookup, Protocol):
    """What presses ask of the relay: the submits, and a task where the store has lost it."""


class Presses:
    """Spends the operator's money, at most once a click."""

    def __init__(
        self,
        api: Midjourney,
        store: Store,
        jobs: Jobs,
        admission: Admission,
        lost_answers: LostAnswers,
        supervisor: Supervisor,
        pictures: PictureSource,
        *,
        clock: Clock,
    ) -> None:
        self._api = api
        self._store = store
        self._jobs = jobs
        self._claims = Claims(store, admission, now=clock.now)
        self._waiting = Waiting(api, store, now=clock.now)
        self._detours = Detours(pictures, jobs)
        self._sender = Sender(api, store, jobs, self._claims, self._detours, lost_answers, supervisor, clock=clock)
        self._now = clock.now

    @counting_unsent
    async def press(self, press: Press, answerer: Answerer, *, prompt: str | None = None, mask: bytes = b"") -> None:
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
        action = meaning(button.custom_id)
        refused = await self._store.refusals(self._now())
        around = button.offered or (bool(action.instead) and ability(button.custom_id) in refused)
        if around and action.instead.is_free:
            await self._detours.show(action, parent, button, answerer)
            return
        await self._claims.admit(press)
        if prompt is not None:
            prompt = _filled_in(action, prompt)
        # Whoever filled in a form asks for something of their own, whatever is being drawn already.
        mark = await self._mark_of(press, button) if prompt is None else None
        if mark is not None:
            await self._show_again(press, mark, answerer, parent, button)
            return
        claim = await self._claims.write(press, claim_key(button.custom_id))
        with self._sender.given_back(claim):
            # Somebody else's may have been accepted between the look and the claim.
            mark = await self._mark_of(press, button) if prompt is None else None
        if mark is not None:
            self._sender.give_back(claim)
            await self._show_again(press, mark, answerer, parent, button)
            return
        with self._sender.given_back(claim):
            job = await self._open(claim, press, answerer, parent, button)
        sending = Sending(
            claim=claim, job=job, parent=parent, button=button, action=action, prompt=prompt, mask=mask, around=around
        )
        if action.instead is Instead.IMAGINE_ALL:
            sending = self._with_lines(sending, press, answerer)
        self._sender.surely(("submit", claim.id), lambda: self._sender.send(sending, answerer))

    async def examine(self, press: Press, prompt: str) -> tuple[Task, str]:
        """Return the task of a press and the prompt as it would be sent, for free, and raise what `press` would.

        Of a child that waits for its form that is the task whose picture it repaints.
        """
        if press.key == WAITING:
            await self._claims.admit(press)
            repainted = (await self._waiting.job(press, elsewhere=True)).parent_id
            parent = await self._store.snapshot(repainted) or await self._api.fetch(repainted)
        else:
            parent, _ = await self._button(press)
            await self._claims.admit(press)
        return parent, compose(Options(prompt=prompt)).line

    async def repaint(self, press: Press, proposal_id: int, prompt: str, mask: bytes, answerer: Answerer) -> None:
        """Send what the message `proposal_id` proposed: once, however often, and in whichever process, it is confirmed.

        Its claim has an id made of the message's; after a refusal, which was not paid, it may be confirmed again, under
        the next one: whoever confirms it once more finds how that ended.
        """
        for number in range(MOST_SUBMITS):
            claim_id = claim_id_of(proposal_id, number)
            earlier = await self._store.find_claim(claim_id)
            if earlier is None:
                break
            if earlier.state is not ClaimState.REFUSED:
                rival = AlreadyClaimed(earlier.id, earlier.person_id)
                if lost := await answer_lost(self._store, rival, press.person.id, press.parent):
                    # It is never sent again from here, as a new proposal may be.
                    raise AnswerLost(lost.link, own=lost.own)
                job = await self._store.job_of_claim(earlier.id)
                raise AlreadyPressed(job.place.link if job else "", finished=False)
        else:
            raise FormGone
        press = replace(press, interaction_id=claim_id)
        if press.key == WAITING:
            await self.answer_form(press, prompt, answerer, mask=mask)
        else:
            await self.press(press, answerer, prompt=prompt, mask=mask)

    def _with_lines(self, sending: Sending, press: Press, answerer: Answerer) -> Sending:
        """Let the click's own submit draw the first line that was read, should the relay want them one by one."""
        first, *more = lines_of(sending.parent) or ("",)
        return replace(sending, line=first, then=self._lines(sending, press, answerer, more, 1))

    def _lines(
        self, sending: Sending, press: Press, answerer: Answerer, lines: Sequence[str], number: int
    ) -> Callable[[], Awaitable[None]] | None:
        """Return what draws the rest, line after line: each a submit, judged, claimed and shown by itself.

        The first that is refused, or whose answer is lost, is the last.
        """
        if not lines:
            return None

        async def draw() -> None:
            try:
                claim = await self._claims.write(press, f"{claim_key(sending.button.custom_id)}:{number}", line=number)
                with self._sender.given_back(claim):
                    job = await self._open(claim, press, answerer, sending.parent, sending.button)
            except MjbotError as error:
                await answerer.refuse(error)
                return
            then = self._lines(sending, press, answerer, lines[1:], number + 1)
            await self._sender.send(
                replace(sending, claim=claim, job=job, line=lines[0], around=True, then=then), answerer
            )

        return draw

    async def prefill(self, task_id: str, key: str = "") -> str:
        """Return what a form starts with, from the store, else from the relay: the task's prompt.

        For the button `key` of a line that was read, it is that line.
        """
        task = await self._store.snapshot(task_id) or await self._api.fetch(task_id)
        button = find(task.buttons, key) or find(offered_buttons(task), key)
        action = meaning(button.custom_id) if button else None
        if action and action.form == "prompt":
            return line_of(task.text, action.index)
        return prompt_of(task)

    @counting_unsent
    async def answer_form(self, press: Press, prompt: str, answerer: Answerer, *, mask: bytes = b"") -> None:
        """Answer the form that a child waits for, from its own message, or with a mask from that which proposed it.

        Only its requester may. Its prompt is checked as that of a form which was asked first; raises PromptRefused too.
        """
        await self._claims.admit(press)
        await self._waiting.job(press, elsewhere=bool(mask))
        prompt = compose(Options(prompt=prompt)).line
        claim = await self._claims.write(press, "form")
        with self._sender.given_back(claim):
            # It may have been sent or dropped between the look and the claim.
            job = replace(await self._waiting.job(press, elsewhere=bool(mask)), claim_id=claim.id)
        self._sender.surely(("submit", claim.id), lambda: self._answer(claim, job, prompt, answerer, mask))

    async def drop_form(self, press: Press) -> None:
        """Decline the form that a child waits for; only its requester may, and nothing more is paid."""
        job = await self._waiting.job(press)
        await self._jobs.drop(job, charged=await self._may_be_charged(job.task_id))

    async def _may_be_charged(self, task_id: str) -> bool:
        """Tell whether the relay may have billed the press that opened a form: new-api does where remix is on."""
        opened = await self._store.claims_of_children([task_id])
        if any(claim.submits == 0 for claim in opened):
            return False
        task = await self._store.snapshot(task_id)
        return task is None or task.action not in FREE_WINDOWS

    async def _button(self, press: Press) -> tuple[Task, Button]:
        """Find the pressed button in the stored snapshot, else in the task itself, else among what the bot offers."""
        task = await self._store.snapshot(press.task_id)
        button = find(task.buttons, press.key) if task else None
        if task is None or button is None:
            task = await self._api.fetch(press.task_id)
            await self._store.keep(task)
            button = find(task.buttons, press.key)
        if button is None:
            task, button = _offered(task, press.key)
        if not can_be_sent(button.custom_id):
            raise ActionUnsupported(lasting=True)
        return task, button

    async def _mark_of(self, press: Press, button: Button) -> Mark | None:
        """Return the mark that answers a press already; None where it may be sent."""
        marks = marks_of(button.custom_id, await self._store.marks(press.task_id))
        pays_anew = meaning(button.custom_id).pays_anew
        return next((mark for mark in marks if not (mark.finished and pays_anew)), None)

    async def _show_again(self, press: Press, mark: Mark, answerer: Answerer, parent: Task, button: Button) -> None:
        """Answer a press that has its answer, unpaid: by a link, or by a message where none can be linked."""
        place = press.parent
        here = mark.guild_id == place.guild_id if mark.guild_id else mark.channel_id == place.channel_id
        if not mark.finished or (mark.link and here):
            raise AlreadyPressed(mark.link if here else "", finished=mark.finished)
        shown = await answerer.open_child(said(button), parent)
        try:
            await self._jobs.follow(replace(self._child(press, shown, button), task_id=mark.child_id))
        except MjbotError:
            await answerer.close_child(shown)
            raise
        PRESSES.labels(AlreadyPressed.__name__).inc()

    def _child(self, press: Press, place: Place, button: Button) -> Job:
        return Job(
            place=place,
            requester=press.person,
            task_id="",
            born_at=self._now(),
            pressed=said(button),
            done=meaning(button.custom_id).done,
            parent_id=press.task_id,
            parent_link="" if press.parent.ephemeral else press.parent.link,
        )

    async def _open(self, claim: Claim, press: Press, answerer: Answerer, parent: Task, button: Button) -> Job:
        """Send the child's message and write its row; where that fails the message is taken back."""
        place = await answerer.open_child(said(button), parent)
        job = replace(self._child(press, place, button), claim_id=claim.id)
        try:
            await self._store.open_job(job)
        except MjbotError:
            await answerer.close_child(place)
            raise
        return job

    async def _answer(self, claim: Claim, job: Job, prompt: str, answerer: Answerer, mask: bytes) -> None:
        state = await self._sender.send_form(claim, job, prompt, answerer, mask=mask)
        await self._sender.settle(claim, state, "" if state is ClaimState.REFUSED else job.task_id)


def _filled_in(action: Action, prompt: str) -> str:
    """Check what the form of a button was filled in with, and return it as one line; Custom Zoom's says how far."""
    typed = compose(Options(prompt=prompt))
    if action.form == "zoom" and typed.value("zoom") is None and (lacking := check(Parameter("zoom"), None)):
        raise PromptRefused((lacking,), typed.line)
    return typed.line


def _offered(task: Task, key: str) -> tuple[Task, Button]:
    """Find a button that a message offers though the relay sent none, or none that does the same."""
    offered = offered_buttons(task)
    button = find(offered, key)
    if button is None:
        raise ButtonUnknown
    return task if task.buttons else task.model_copy(update={"buttons": offered}), button
