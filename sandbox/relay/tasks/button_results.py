"""Imitate Midjourney: what a button makes of a task's pictures."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import cast

from sandbox.pictures import Film, Motion, Shot, Way, compose_shots
from sandbox.relay.tasks.upstream_task import Draw, Plan, UpstreamTask

_EXTENSION_SECONDS = 2.0
_MAX_SECONDS = 11.0


def build_child(parent: UpstreamTask, custom_id: str) -> Plan:
    """Return what a button makes of its parent; an unknown button returns the parent's pictures unchanged."""
    parts = custom_id.split("::")
    name = parts[2] if parts[1] == "JOB" else parts[1]
    if name == "reroll":
        return _reroll_parent(parent)
    if name in {"upsample", "video_virtual_upscale"}:
        chosen = (parent.shots[int(parts[3]) - 1],)
        return Plan("single" if name == "upsample" else "clip", lambda _: chosen, parent.plan.film)
    if name == "variation":
        return Plan("grid", _draw_variations(parent.shots[int(parts[3]) - 1], strong=True))
    base = parent.shots[0]
    motion: Motion = "high" if "high" in name else "low"
    if "_extend" in name:
        return Plan("clip", lambda _: parent.shots[:1], extend_clip(parent.plan.film, motion))
    if name.startswith("animate"):
        return Plan("video", _draw_alike(base), Film(motion))
    if name.startswith("upsample_"):
        return Plan("upscaled", lambda seed: (base if "creative" not in name else base.vary(seed, strong=False),))
    if name.endswith("_variation"):
        return Plan("grid", _draw_variations(base, strong=name.startswith("high")))
    if name == "Outpaint":
        return Plan("grid", _draw_alike(base.square() if parts[2] == "100" else base.zoom(100 / int(parts[2]))))
    if name.startswith("pan_"):
        return Plan("grid", _draw_alike(base.pan(cast("Way", name.removeprefix("pan_")))))
    return Plan(parent.result, lambda _: parent.shots, parent.plan.film)


def confirm_modal(task: UpstreamTask, prompt: str, mask: bytes) -> Plan:
    """Return what a button makes of its parent once its form was submitted with a prompt and a mask."""
    parent = task.parent
    if parent is None or "Job::" in task.pressed_custom_id:
        return Plan("grid", partial(compose_shots, prompt))
    if "CustomZoom" in task.pressed_custom_id:
        found = re.search(r"--zoom\s+([\d.]+)", prompt)
        return Plan("grid", _draw_alike(parent.shots[0].zoom(float(found[1]) if found else 2.0)))
    if "Inpaint" in task.pressed_custom_id:
        return Plan("grid", _draw_repainted(parent.shots[0], prompt if prompt != parent.prompt else "", mask))
    plan = build_child(parent, task.pressed_custom_id)
    if prompt == parent.prompt or plan.result == "video":
        return plan
    return replace(plan, draw=_draw_reworded(plan.draw, prompt))


def extend_clip(film: Film, motion: Motion) -> Film:
    """Return the film of an extended clip."""
    return replace(film, motion=motion, seconds=min(_MAX_SECONDS, film.seconds + _EXTENSION_SECONDS))


def redraw_alike(shot: Shot, seed: str) -> tuple[Shot, ...]:
    """Return a picture and three subtle variations of it."""
    return (shot, *_draw_variations(shot, strong=False)(seed)[1:])


def _reroll_parent(parent: UpstreamTask) -> Plan:
    if parent.result in {"grid", "video"}:
        return parent.plan
    base = parent.shots[0]
    if parent.result == "upscaled":
        return Plan("upscaled", lambda seed: (base.vary(seed, strong=False),))
    return Plan("grid", _draw_variations(base, strong=True))


def _draw_variations(shot: Shot, *, strong: bool) -> Draw:
    return lambda seed: tuple(shot.vary(f"{seed} {number}", strong=strong) for number in range(1, 5))


def _draw_alike(shot: Shot) -> Draw:
    return partial(redraw_alike, shot)


def _draw_repainted(base: Shot, prompt: str, mask: bytes) -> Draw:
    """Return a function that repaints the white part of the mask with a prompt, or with a variation without one."""

    def draw(seed: str) -> tuple[Shot, ...]:
        others = compose_shots(prompt, seed) if prompt else _draw_variations(base, strong=True)(seed)
        shots = [replace(other, view=base.view, palette=base.palette) if prompt else other for other in others]
        return tuple(replace(base, repainted=(shot, mask)) if mask else shot for shot in shots)

    return draw


def _draw_reworded(draw: Draw, prompt: str) -> Draw:
    """Return a function that draws another prompt in the colors of the first one's pictures."""

    def draw_in_old_colors(seed: str) -> tuple[Shot, ...]:
        pairs = zip(compose_shots(prompt, seed), draw(seed), strict=False)
        return tuple(replace(new, palette=old.palette) for new, old in pairs)

    return draw_in_old_colors
