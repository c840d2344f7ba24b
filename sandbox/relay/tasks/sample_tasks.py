"""Make tasks as they are in the middle of their lives, for demos and tests that need one ready."""

from __future__ import annotations

from functools import partial
from typing import Literal

from sandbox.pictures import four_shots
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
    life: SampleKind,
    task_id: str,
    prompt: str,
    since: float,
    seconds: float,
    parent_id: str = "",
    *,
    official: bool = False,
) -> UpstreamTask:
    """Return a task that was submitted at `since`, or, if its life is over, that ended then.

    A window that waits was opened from a grid, which gets `parent_id`.
    """
    seconds = max(1e-6, seconds)
    over = life not in {"running", "modal"}
    start = since - (seconds if over else 0.0)
    text = "" if life == "describe" else prompt
    work = UpstreamTask(
        task_id=task_id,
        prompt=text,
        final_prompt={"describe": DESCRIPTION, "shorten": shorten_prompt(prompt)}.get(life, final_prompt(prompt)),
        plan=Plan(_RESULTS.get(life, "grid"), partial(four_shots, prompt)),
        submitted=start,
        start=start,
        seconds=seconds,
        fail_reason=find_objection(text),
        official=official,
    )
    shots = work.plan.draw(work.uuid)
    one = dict.fromkeys(("single", "upscaled", "clip", "face"), shots[1:2])
    work.shots = {**one, "describe": shots[:1], "shorten": ()}.get(life, shots)
    if life == "modal":
        work.parent = create_sample_task("grid", parent_id, prompt, since, seconds, official=official)
        work.modal, work.requested_prompt = True, f"MJ::JOB::variation::1::{work.parent.uuid}"
    elif life in {"cancelled", "failed"} or work.fail_reason:
        work.ends = "CANCEL" if life == "cancelled" else "FAILURE"
        work.fails_at = 1.0 if over else work.fails_at
    return work
