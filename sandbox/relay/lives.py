"""Make tasks as they are in the middle of their lives, for demos and tests that need one ready."""

from __future__ import annotations

from typing import Literal

from sandbox.pictures import four_shots
from sandbox.relay.midjourney import DESCRIPTION, final_prompt, objection, shortened
from sandbox.relay.tasks import Result, Work

Life = Literal["running", "grid", "single", "failed", "modal", "cancelled", "describe", "shorten", "video"]

ACTIONS: dict[Life, str] = {
    "running": "IMAGINE",
    "grid": "IMAGINE",
    "single": "UPSCALE",
    "failed": "IMAGINE",
    "modal": "VARIATION",
    "cancelled": "IMAGINE",
    "describe": "DESCRIBE",
    "shorten": "SHORTEN",
    "video": "VIDEO",
}
_RESULTS: dict[Life, Result] = {"single": "single", "describe": "describe", "shorten": "shorten", "video": "video"}


def live(life: Life, task_id: str, prompt: str, since: float, seconds: float, parent_id: str = "") -> Work:
    """Return a task that was submitted at `since`, or, if its life is over, that ended then.

    A window that waits was opened from a grid, which gets `parent_id`.
    """
    seconds = max(1e-6, seconds)
    over = life not in {"running", "modal"}
    start = since - (seconds if over else 0.0)
    text = "" if life == "describe" else prompt
    work = Work(
        task_id=task_id,
        prompt=text,
        final_prompt={"describe": DESCRIPTION, "shorten": shortened(prompt)}.get(life, final_prompt(prompt)),
        result=_RESULTS.get(life, "grid"),
        shots=(),
        submitted=start,
        start=start,
        seconds=seconds,
        fail_reason=objection(text),
    )
    shots = four_shots(prompt, work.uuid)
    work.shots = {"single": shots[1:2], "describe": shots[:1], "shorten": ()}.get(life, shots)
    if life == "modal":
        work.parent = live("grid", parent_id, prompt, since, seconds)
        work.modal, work.wish = True, f"MJ::JOB::variation::1::{work.parent.uuid}"
    elif life in {"cancelled", "failed"} or work.fail_reason:
        work.ends = "CANCEL" if life == "cancelled" else "FAILURE"
        work.fails_at = 1.0 if over else work.fails_at
    return work
