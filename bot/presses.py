"""The use case of pressing: a button or a form is claimed once, sent at most once, and its child followed."""

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from bot.actions import REMIXED, Action, ability, find, meaning, said
from bot.admission import Admission, Asker
from bot.clock import Clock
from bot.errors import (
    ActionUnsupported,
    AlreadyClaimed,
    AlreadyPressed,
    ButtonUnknown,
    ClaimLost,
    FormGone,
    MjbotError,
    NotTheRequester,
    ParentBusy,
    PromptIgnored,
    RelayError,
    RequesterUnknown,
    StoreUnavailable,
    SubmitUncertain,
)
from bot.jobs import Jobs
from bot.metrics import PRESSES, counting_unsent
from bot.models import Button, Properties, Status, Submission, Task
from bot.ports import Answerer, Store
from bot.records import Claim, ClaimState, Job, Mark, Marks, Person, Place
from bot.spending import Spending
from bot.supervisor import Supervisor

log = logging.getLogger(__name__)

_SETTLE_SECONDS = 15.0
"""How long a parent may take upstream to become what the relay says it is already."""
_CANNOT, _DOWN = timedelta(days=1), timedelta(minutes=10)
"""How long a button is greyed: where the relay cannot do it at all, and where a channel of its is down (503)."""


class Midjourney(Protocol):
    """What presses ask of the relay: a task where the store has lost it, and the submits, each sent exactly once."""

    async def fetch(self, task_id: str) -> Task:
        """Fetch one task, or raise TaskUnknown."""
        ...

    async def submit_action(self, task_id: str, custom_id: str, *, state: str, remix: bool = False) -> Submission:
        """Press a button; raise SubmitUncertain where it may have been accepted, another RelayError where not."""
        ...

    async def submit_change(self, task_id: str, action: str, index: int, *, state: str) -> Submission:
        """Press it the older way."""
        ...

    async def submit_modal(self, task_id: str, prompt: str, *, state: str) -> Submission:
        """Answer the form that a child waits for."""
        ...


@dataclass(frozen=True, kw_only=True)
class Press:
    """One click of one of the API's buttons, or its form: by whom, on which message, of which task.

    `interaction_id` makes it unique; `parent` is where the pressed message is.
    """

    interaction_id: int
    person: Person
    asker: Asker
    parent: Place
    task_id: str
    key: str


@dataclass(frozen=True)
class _Sending:
    """A claimed press on its way: what to send, for which child message."""

    claim: Claim
    job: Job
    parent: Task
    button: Button
    action: Action
    prompt: str | None

    @property
    def is_remix(self) -> bool:
        """Whether a prompt was typed though Midjourney need not ask for one."""
        return self.prompt is not None and self.action.kind in REMIXED


class Presses(Spending):
    """Spends the operator's money, at most once a click."""

    def __init__(
        self,
        api: Midjourney,
        store: Store,
        jobs: Jobs,
        admission: Admission,
        supervisor: Supervisor,
        *,
        clock: Clock,
    ) -> None:
        super().__init__(store, jobs, supervisor, clock=clock)
        self._api = api
        self._admission = admission

    @counting_unsent
    async def press(self, press: Press, answerer: Answerer, *, prompt: str | None = None) -> None:
        """Claim a press, show its child, and hand the submit to the supervisor; `prompt` answers a form asked first.

        Raises:
            AdmissionRefused: This person may not spend here, or not now.
            PressRefused: There is an answer already, or no such button.
            StoreUnavailable: No claim could be written, so nothing was sent.
            RelayError: The task could not be read.
        """
        await self._admit(press)
        parent, button = await self._button(press)
        action = meaning(button.custom_id)
        # Whoever filled in a form asks for something of their own, whatever is being drawn already.
        mark = await self._mark_of(press, action) if prompt is None else None
        if mark is not None:
            await self._show_again(press, mark, answerer, parent, button)
            return
        claim = await self._claim(press, press.key)
        with self._given_back(claim):
            # Somebody else's may have been accepted between the look and the claim.
            mark = await self._mark_of(press, action)
        if mark is not None:
            self._give_back(claim)
            await self._show_again(press, mark, answerer, parent, button)
            return
        with self._given_back(claim):
            job = await self._open(claim, press, answerer, parent, button)
        sending = _Sending(claim, job, parent, button, action, prompt)
        self._surely(("submit", claim.id), lambda: self._send(sending, answerer))

    async def prefill(self, task_id: str) -> str:
        """Return the prompt that a task's form starts with: from the store, else from the relay."""
        task = await self._store.snapshot(task_id) or await self._api.fetch(task_id)
        return _prompt_of(task)

    @counting_unsent
    async def answer_form(self, press: Press, prompt: str, answerer: Answerer) -> None:
        """Answer the form that a child waits for, from its own message; only its requester may."""
        await self._admit(press)
        await self._waiting(press)
        claim = await self._claim(press, "form")
        with self._given_back(claim):
            # It may have been sent or dropped between the look and the claim.
            job = replace(await self._waiting(press), claim_id=claim.id)
        self._surely(("submit", claim.id), lambda: self._answer(claim, job, prompt, answerer))

    async def drop_form(self, press: Press) -> None:
        """Decline the form that a child waits for; only its requester may, and nothing is paid."""
        await self._jobs.drop(await self._waiting(press))

    async def _admit(self, press: Press) -> None:
        """Ask who may spend; whose message it is the store knows first, Discord where the store has lost it."""
        job = await self._store.job(press.parent.message_id)
        asker = replace(press.asker, requester_id=job.requester.id) if job else press.asker
        self._admission.admit(asker)

    async def _button(self, press: Press) -> tuple[Task, Button]:
        """Find the pressed button in the stored snapshot, else in the task itself."""
        task = await self._store.snapshot(press.task_id)
        button = find(task.buttons, press.key) if task else None
        if task is None or button is None:
            task = await self._api.fetch(press.task_id)
            await self._store.keep(task)
            button = find(task.buttons, press.key)
        if button is None:
            raise ButtonUnknown
        return task, button

    async def _mark_of(self, press: Press, action: Action) -> Mark | None:
        """Return the mark that answers a press already; None where it may be sent."""
        mark = (await self._store.marks(press.task_id)).get(press.key)
        return None if mark is None or (mark.finished and action.pays_anew) else mark

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

    async def _claim(self, press: Press, button: str) -> Claim:
        """Write the claim, unless the same press, by whomever, is on its way to the relay at this moment."""
        claim = Claim(
            id=press.interaction_id,
            person_id=press.person.id,
            guild_id=press.asker.guild_id,
            message_id=press.parent.message_id,
            task_id=press.task_id,
            button=button,
            made_at=self._now(),
        )
        try:
            await self._store.claim(claim, self._admission.judge)
        except AlreadyClaimed as rival:
            if rival.person_id == press.person.id:
                raise
            job = await self._store.job_of_claim(rival.claim_id)
            seen = job is not None and job.place.is_seen_from(press.parent.guild_id, press.parent.channel_id)
            raise AlreadyPressed(job.place.link if job and seen else "", finished=False) from None
        return claim

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

    async def _send(self, sending: _Sending, answerer: Answerer) -> None:
        claim, job = sending.claim, sending.job
        try:
            waiting = _newborn(sending.parent, Submission(), sending.prompt)
            submission = await self._patiently(claim, job, waiting, lambda: self._submit(sending))
        except SubmitUncertain as lost:
            await self._lost(claim, job, lost)
            return
        except (ClaimLost, StoreUnavailable) as unsent:
            await self._taken_back(claim, job, unsent, answerer)
            return
        except RelayError as refused:
            await self._refused(sending, refused, answerer)
            return
        log.info("%s of task %s was accepted as task %s.", sending.action.kind.name, claim.task_id, submission.result)
        await self._settle(claim, ClaimState.ACCEPTED, submission.result)
        job = replace(job, task_id=submission.result)
        ignored = sending.is_remix and not submission.needs_form
        child = _newborn(sending.parent, submission, None if ignored else sending.prompt)
        if submission.needs_form and sending.prompt is not None:
            await self._send_form(claim, job, sending.prompt, answerer, child)
        else:
            await self._jobs.go_on(job, child)
        if ignored and sending.prompt != _prompt_of(sending.parent):
            await answerer.refuse(PromptIgnored())
        await self._mark(sending.parent, answerer)

    async def _submit(self, sending: _Sending) -> Submission:
        """Send a claimed press: once, or a second time only after an answer that says nothing was accepted."""
        try:
            return await self._submit_any(sending)
        except ParentBusy:
            await self._sleep(_SETTLE_SECONDS)
            return await self._submit_any(sending)

    async def _submit_any(self, sending: _Sending) -> Submission:
        task_id, tag, action = sending.parent.id, sending.claim.tag, sending.action
        try:
            return await self._api.submit_action(task_id, sending.button.custom_id, state=tag, remix=sending.is_remix)
        except ActionUnsupported as unsupported:
            if not action.change or not unsupported.lasting:
                raise
            return await self._api.submit_change(task_id, action.change, action.index, state=tag)

    async def _refused(self, sending: _Sending, refused: RelayError, answerer: Answerer) -> None:
        """Take the child back and say why; what this relay cannot do is remembered, and greyed."""
        log.info("%s was refused: %s.", sending.action.kind.name, type(refused).__name__)
        await self._taken_back(sending.claim, sending.job, refused, answerer)
        if isinstance(refused, ActionUnsupported):
            await self._learn(ability(sending.button.custom_id), refused)
            await self._mark(sending.parent, answerer)

    async def _learn(self, what: str, refused: ActionUnsupported) -> None:
        now = self._now()
        await self._store.refuse(what, refused.reason, at=now, until=now + (_CANNOT if refused.lasting else _DOWN))

    async def _mark(self, parent: Task, answerer: Answerer) -> None:
        marks = Marks(await self._store.marks(parent.id), await self._store.refusals(self._now()))
        await answerer.mark(parent, marks)

    async def _waiting(self, press: Press) -> Job:
        """Return the job whose form may be answered by this press: once for each child, by whom it was made for."""
        jobs = await self._store.jobs_of_task(press.task_id)
        made = next((job for job in jobs if job.claim_id), None)
        job = await self._store.job(press.parent.message_id)
        asked_by = made or job
        requester_id = asked_by.requester.id if asked_by else press.asker.requester_id
        if not requester_id:
            raise RequesterUnknown
        if requester_id != press.person.id:
            raise NotTheRequester
        task = await self._store.snapshot(press.task_id)
        # What is being drawn has had its form; earlier states may come to wait for it yet.
        drawn = task is not None and (task.status.is_final or task.status is Status.IN_PROGRESS)
        if drawn or any(other.form_sent for other in jobs):
            raise FormGone
        if job is None:
            return Job(place=press.parent, requester=press.person, task_id=press.task_id, born_at=self._now())
        # The click brings a fresh token, which may be all that reaches a private message.
        return replace(job, place=press.parent)

    async def _answer(self, claim: Claim, job: Job, prompt: str, answerer: Answerer) -> None:
        state = await self._send_form(claim, job, prompt, answerer)
        await self._settle(claim, state, "" if state is ClaimState.REFUSED else job.task_id)

    async def _send_form(
        self, claim: Claim, job: Job, prompt: str, answerer: Answerer, child: Task | None = None
    ) -> ClaimState:
        """Send a form and go on watching; tell how that ended.

        The row says that it was sent before it is: after a crash nobody is invited to send, and pay, once more.
        """
        await self._jobs.go_on(replace(job, form_sent=True, born_at=self._now()), child)
        try:
            await self._api.submit_modal(job.task_id, prompt, state=claim.tag)
        except SubmitUncertain as lost:
            # The child exists and is watched: it will tell itself.
            log.warning("Claim %d: the answer to its form was lost (%s); it is not sent again.", claim.id, lost.reason)
        except RelayError as refused:
            await self._jobs.go_on(job, child)
            await answerer.refuse(refused)
            return ClaimState.REFUSED
        else:
            return ClaimState.ACCEPTED
        return ClaimState.UNKNOWN


def _prompt_of(task: Task) -> str:
    """Return the prompt that a form on a task starts with."""
    return task.properties.final_prompt or task.prompt


def _newborn(parent: Task, submission: Submission, prompt: str | None) -> Task:
    """Return what is known of a child before the relay tells of it: its prompt, and where it stands."""
    return Task(
        id=submission.result,
        action="MODAL" if prompt else "",
        prompt=parent.prompt,
        prompt_en=parent.prompt_en,
        status=Status.MODAL if submission.needs_form else Status.SUBMITTED if submission.ahead else Status.FRESH,
        properties=Properties(
            final_prompt=prompt or submission.properties.final_prompt or parent.properties.final_prompt,
            number_of_queues=submission.ahead,
        ),
    )
