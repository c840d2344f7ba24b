"""Create tasks in any state, for demos and tests."""

from __future__ import annotations

from functools import partial
from typing import Literal

from sandbox.pictures import compose_shots
from sandbox.relay.tasks.midjourney_texts import DESCRIPTION, final_prompt, find_objection, shorten_prompt
from sandbox.relay.tasks.upstream_task import Plan, Result, UpstreamTask

SampleKind = Literal[
    "running",
    "grid",
    "single",
    "upscaled",
    "failed",
    "modal",
    "cancelled",
    "describe",
    "shorten",
    "video",
    "clip",
    "face",
]

ACTIONS: dict[SampleKind, str] = {
    "running": "IMAGINE",
    "grid": "IMAGINE",
    "single": "UPSCALE",
    "upscaled": "UPSCALE",
    "failed": "IMAGINE",
    "modal": "VARIATION",
    "cancelled": "IMAGINE",
    "describe": "DESCRIBE",
    "shorten": "SHORTEN",
    "video": "VIDEO",
    "clip": "UPSCALE",
    "face": "SWAP_FACE",
}
_RESULTS: dict[SampleKind, Result] = {
    "single": "single",
    "upscaled": "upscaled",
    "describe": "describe",
    "shorten": "shorten",
    "video": "video",
    "clip": "clip",
    "face": "face",
}


def create_sample_task(
    kind: SampleKind,
    task_id: str,
    prompt: str,
    since: float,
    seconds: float,
    parent_id: str = "",
    *,
    official: bool = False,
) -> UpstreamTask:
    """Return a task that was submitted at `since`, or that ended then unless it is running or modal.

    A modal task waits for its form; its parent is a grid with the id `parent_id`.
    """
    seconds = max(1e-6, seconds)
    is_over = kind not in {"running", "modal"}
    start = since - (seconds if is_over else 0.0)
    text = "" if kind == "describe" else prompt
    task = UpstreamTask(
        task_id=task_id,
        prompt=text,
        final_prompt={"describe": DESCRIPTION, "shorten": shorten_prompt(prompt)}.get(kind, final_prompt(prompt)),
        plan=Plan(_RESULTS.get(kind, "grid"), partial(compose_shots, prompt)),
        submitted=start,
        start=start,
        seconds=seconds,
        fail_reason=find_objection(text),
        official=official,
    )
    shots = task.plan.draw(task.uuid)
    second_shots = dict.fromkeys(("single", "upscaled", "clip", "face"), shots[1:2])
    task.shots = {**second_shots, "describe": shots[:1], "shorten": ()}.get(kind, shots)
    if kind == "modal":
        task.parent = create_sample_task("grid", parent_id, prompt, since, seconds, official=official)
        task.needs_modal, task.pressed_custom_id = True, f"MJ::JOB::variation::1::{task.parent.uuid}"
    elif kind in {"cancelled", "failed"} or task.fail_reason:
        task.final_status = "CANCEL" if kind == "cancelled" else "FAILURE"
        task.fails_at = 1.0 if is_over else task.fails_at
    return task
