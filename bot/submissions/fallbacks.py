"""The ways to what a button does: the button itself, and another submit where a relay refuses that."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from bot.entities import Claim, Job
from bot.errors import ActionUnsupported, PromptUnheard
from bot.midjourney.buttons import REMIXED, Action, Instead, ability
from bot.midjourney.capabilities import way_round
from bot.midjourney.prompt_parser import parse
from bot.midjourney.task import Button, Submission, Task
from bot.relay.requests import Order, Speed
from bot.submissions.fallback_requests import Detours
from bot.submissions.speed_modes import Queues


class Submits(Protocol):
    """What is asked of the relay here: submits, each sent exactly once.

    They raise SubmitUncertain where they may have been accepted, another RelayError where not.
    """

    async def submit(self, order: Order, *, state: str, speed: Speed | None = None) -> Submission:
        """Ask for a new task."""
        ...

    async def submit_action(
        self, task_id: str, custom_id: str, *, state: str, remix: bool = False, speed: Speed | None = None
    ) -> Submission:
        """Press a button; with `remix`, ask for its form though Midjourney need not."""
        ...

    async def submit_modal(
        self, task_id: str, prompt: str, *, state: str, mask: bytes = b"", speed: Speed | None = None
    ) -> Submission:
        """Answer the form that a child waits for."""
        ...


@dataclass(frozen=True, kw_only=True)
class Sending:
    """A claimed press on its way: what to send, for which child message.

    `prompt` and `mask` answer a form that was asked first. `around` tells that the relay is known to refuse the
    button, or never sent it. `line` is what another way draws where there was no form, and `then` what follows once
    that was accepted: more lines of the same click. `speed` is the queue that its person has chosen.
    """

    claim: Claim
    job: Job
    parent: Task
    button: Button
    action: Action
    prompt: str | None = None
    mask: bytes = b""
    around: bool = False
    line: str = ""
    speed: Speed | None = None
    then: Callable[[], Awaitable[None]] | None = None

    @property
    def is_remix(self) -> bool:
        """Whether a prompt was typed though Midjourney need not ask for one."""
        return self.prompt is not None and self.action.kind in REMIXED

    @property
    def has_new_prompt(self) -> bool:
        """Whether a prompt was typed that says something else than the parent's."""
        return self.prompt is not None and parse(self.prompt).line != parse(prompt_of(self.parent)).line


class Ways:
    """Submits what was claimed, by the way that this relay has."""

    def __init__(self, api: Submits, detours: Detours, queues: Queues) -> None:
        self._api = api
        self._detours = detours
        self._queues = queues

    async def submit(self, sending: Sending, learnt: dict[str, ActionUnsupported]) -> Submission | None:
        """Send a claimed press: once, or a second time only after an answer that says nothing was accepted.

        None is returned where nothing need be submitted for it; `learnt` takes what turns out to be refused for good.
        """
        action, tag, custom_id = sending.action, sending.claim.tag, sending.button.custom_id
        prompt = sending.prompt or sending.line
        if not sending.around and ability(custom_id) not in learnt:
            try:
                return await self._queues.submit(
                    sending.speed,
                    lambda speed: self._api.submit_action(
                        sending.parent.id, custom_id, state=tag, remix=sending.is_remix, speed=speed
                    ),
                    prompt=prompt,
                )
            except ActionUnsupported as unsupported:
                if not unsupported.lasting:
                    # A channel that is down is so for the other way too; it may be up at the next press.
                    raise
                learnt[ability(custom_id)] = unsupported
                if not action.instead:
                    raise
        if action.instead.is_free:
            return None
        if action.instead is Instead.CHANGE and sending.has_new_prompt:
            raise PromptUnheard
        pressed = replace(sending.job.place, message_id=sending.claim.message_id)
        order = await self._detours.order(action, sending.parent, prompt, pressed)
        try:
            return await self._queues.submit(
                sending.speed, lambda speed: self._api.submit(order, state=tag, speed=speed), prompt=prompt
            )
        except ActionUnsupported as unsupported:
            if unsupported.lasting:
                learnt[way_round(custom_id)] = unsupported
            raise


def prompt_of(task: Task) -> str:
    """Return the prompt that a form on a task starts with."""
    return task.properties.final_prompt or task.prompt
