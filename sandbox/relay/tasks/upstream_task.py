"""Hold the upstream's record of a task: its result, its times and its buttons."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from sandbox.pictures import Film, Shot
from sandbox.relay.accounts.keys import CUSTOMER
from sandbox.relay.tasks.buttons import (
    ButtonJson,
    clip_buttons,
    describe_buttons,
    find_version,
    grid_buttons,
    shorten_buttons,
    single_buttons,
    upscaled_buttons,
    video_buttons,
)

STEPS = (0, 15, 31, 46, 62, 78, 93, 100)

Result = Literal["grid", "single", "upscaled", "describe", "shorten", "video", "clip", "face"]
Status = Literal["", "NOT_START", "SUBMITTED", "IN_PROGRESS", "MODAL", "SUCCESS", "FAILURE", "CANCEL"]
Draw = Callable[[str], tuple[Shot, ...]]
"""Composes shots from a seed."""
VIDEO_RESULTS: frozenset[Result] = frozenset({"video", "clip"})


@dataclass(frozen=True)
class Plan:
    """How to draw the result of a submit, and of its rerolls with other seeds; `film` is the motion of clips."""

    result: Result
    draw: Draw
    film: Film = field(default_factory=Film)


@dataclass(kw_only=True, slots=True)
class UpstreamTask:
    """The upstream's record of one task; times are seconds since the epoch.

    `final_status` is reached after `seconds`, or after the share `fails_at` of them if it is not SUCCESS. A task that
    `needs_modal` waits in MODAL until `confirmed_at`, when `start` becomes valid; `pressed_custom_id` opened its form.
    `account` owns the task; `command` is midjourney-proxy's description of it. After `lost_at`, when the account at
    Midjourney was lost, the state no longer changes.
    """

    task_id: str
    prompt: str
    final_prompt: str
    plan: Plan
    shots: tuple[Shot, ...] = ()
    submitted: float
    start: float
    seconds: float
    state: str = ""
    final_status: Status = "SUCCESS"
    fail_reason: str = ""
    fails_at: float = 0.2
    needs_modal: bool = False
    confirmed_at: float = math.inf
    pressed_custom_id: str = ""
    official: bool = False
    parent: UpstreamTask | None = None
    extra_buttons: tuple[ButtonJson, ...] = ()
    account: str = CUSTOMER
    command: str = ""
    lost_at: float = math.inf

    @property
    def result(self) -> Result:
        """Return the kind of its result."""
        return self.plan.result

    @property
    def uuid(self) -> str:
        """Return the id of the result in customIds; Midjourney's own site writes it in hex."""
        made = uuid.uuid5(uuid.NAMESPACE_OID, self.task_id)
        return made.hex if self.official else str(made)

    @property
    def finished_at(self) -> float:
        """Return when the final status is reached, infinity if never."""
        if self.needs_modal and self.confirmed_at == math.inf:
            return math.inf
        end = self.start + self.seconds * (1 if self.final_status == "SUCCESS" else self.fails_at)
        return end if end <= self.lost_at else math.inf

    def cancel(self, now: float) -> bool:
        """Cancel the task; return whether it was still running."""
        if now >= self.finished_at or self.needs_modal:
            return False
        self.final_status, self.fails_at = "CANCEL", max(now - self.start, 0.0) / self.seconds
        return True

    def read_status(self, now: float) -> tuple[Status, int]:
        """Return status and progress in percent at a time."""
        now = min(now, self.lost_at)
        if self.needs_modal and now < self.confirmed_at:
            return "MODAL", 0
        if now >= self.finished_at:
            return self.final_status, 100
        if now < self.start:
            return "NOT_START", 0
        step = int((now - self.start) / self.seconds * (len(STEPS) - 1))
        return ("IN_PROGRESS" if step else "SUBMITTED"), STEPS[min(step, len(STEPS) - 2)]

    def buttons(self) -> list[ButtonJson]:
        """Return the buttons of the finished task."""
        return [*self._usual_buttons(), *self.extra_buttons]

    def _usual_buttons(self) -> list[ButtonJson]:
        square = not self.shots or self.shots[0].aspect == 1
        version = find_version(self.prompt)
        match self.result:
            case "grid":
                return grid_buttons(self.uuid)
            case "single":
                return single_buttons(self.uuid, version, square=square, official=self.official)
            case "upscaled":
                return upscaled_buttons(self.uuid, version, square=square, official=self.official)
            case "describe":
                return describe_buttons(official=self.official)
            case "shorten":
                return shorten_buttons()
            case "video":
                return video_buttons(self.uuid)
            case "clip":
                return clip_buttons(self.uuid)
            case "face":
                return []
