"""The ways to what a button does: the button itself, and another submit where a relay refuses that."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from bot.entities import Claim, Job
from bot.errors import ActionUnsupported, PromptChangeUnsupported
from bot.midjourney.buttons import REMIXABLE_KINDS, ButtonAction, FallbackKind
from bot.midjourney.capabilities import name_capability, name_fallback_capability
from bot.midjourney.prompt_parser import parse_prompt
from bot.midjourney.request_options import Speed
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Button, Task
from bot.ports import Relay
from bot.submissions.fallback_requests import FallbackRequests
from bot.submissions.speed_modes import SpeedModes


@dataclass(frozen=True, kw_only=True)
class PressSubmission:
    """A claimed press on its way: what to send, for which child message.

    `prompt` and `mask` answer a form that was asked first. `around` tells that the relay is known to refuse the
    button, or never sent it. `line` is what another way draws where there was no form, and `then` what follows once
    that was accepted: more lines of the same click. `speed` is the queue that its person has chosen.
    """

    claim: Claim
    job: Job
    parent: Task
    button: Button
    action: ButtonAction
    prompt: str | None = None
    mask: bytes = b""
    needs_fallback: bool = False
    fallback_prompt: str = ""
    speed: Speed | None = None
    send_next_line: Callable[[], Awaitable[None]] | None = None

    @property
    def is_remix(self) -> bool:
        """Whether a prompt was typed though Midjourney need not ask for one."""
        return self.prompt is not None and self.action.kind in REMIXABLE_KINDS

    @property
    def has_new_prompt(self) -> bool:
        """Whether a prompt was typed that says something else than the parent's."""
        return (
            self.prompt is not None
            and parse_prompt(self.prompt).line != parse_prompt(get_task_prompt(self.parent)).line
        )


class FallbackSender:
    """Submits what was claimed, by the way that this relay has."""

    def __init__(self, relay: Relay, detours: FallbackRequests, queues: SpeedModes) -> None:
        self._relay = relay
        self._detours = detours
        self._queues = queues

    async def submit_with_fallback(
        self, sending: PressSubmission, learnt: dict[str, ActionUnsupported]
    ) -> SubmitResponse | None:
        """Send a claimed press: once, or a second time only after an answer that says nothing was accepted.

        None is returned where nothing need be submitted for it; `learnt` takes what turns out to be refused for good.
        """
        action, tag, custom_id = sending.action, sending.claim.tag, sending.button.custom_id
        prompt = sending.prompt or sending.fallback_prompt
        if not sending.needs_fallback and name_capability(custom_id) not in learnt:
            try:
                return await self._queues.submit_at_speed(
                    sending.speed,
                    lambda speed: self._relay.submit_action(
                        sending.parent.id, custom_id, state=tag, remix=sending.is_remix, speed=speed
                    ),
                    prompt=prompt,
                )
            except ActionUnsupported as unsupported:
                if not unsupported.lasting:
                    # A channel that is down is so for the other way too; it may be up at the next press.
                    raise
                learnt[name_capability(custom_id)] = unsupported
                if not action.fallback:
                    raise
        if action.fallback.is_free:
            return None
        if action.fallback is FallbackKind.CHANGE and sending.has_new_prompt:
            raise PromptChangeUnsupported
        pressed = replace(sending.job.place, message_id=sending.claim.message_id)
        order = await self._detours.build_request(action, sending.parent, prompt, pressed)
        try:
            return await self._queues.submit_at_speed(
                sending.speed, lambda speed: self._relay.submit(order, state=tag, speed=speed), prompt=prompt
            )
        except ActionUnsupported as unsupported:
            if unsupported.lasting:
                learnt[name_fallback_capability(custom_id)] = unsupported
            raise


def get_task_prompt(task: Task) -> str:
    """Return the prompt that a form on a task starts with."""
    return task.properties.final_prompt or task.prompt
