"""Play Midjourney behind the relay: what a button or a prompt makes of a picture, in shots and words."""

from __future__ import annotations

import base64
import binascii
import random
import re
from dataclasses import replace
from typing import cast

from sandbox.pictures import Shot, Way, four_shots
from sandbox.relay.tasks import Result, Work

BANNED_WORD = "gore"
_MODERATED_WORD = "blood"

DESCRIPTION = """\
1️⃣ Watercolor of a red fox on fresh snow, loose brushwork, pale blue shadows --ar 1:1

2️⃣ A fox sitting in deep snow, ink and wash, in the style of \
[Beatrix Potter](https://goo.gl/search?artist%20Beatrix%20Potter) --ar 1:1

3️⃣ Minimal children's book illustration of a fox, flat colors --ar 1:1

4️⃣ Winter fox portrait, soft rim light, 35mm photo look --ar 1:1"""


def child(  # noqa: C901 - one line for each kind of button
    parent: Work, custom_id: str, seed: str
) -> tuple[Result, tuple[Shot, ...]]:
    """Return what a button makes of its parent's pictures; LookupError where it does not fit them."""
    parts = custom_id.split("::")
    name = parts[2] if parts[1] == "JOB" else parts[1]
    if name == "reroll":
        return ("video" if parent.result == "video" else "grid"), four_shots(parent.prompt, seed)
    if name == "upsample":
        return "single", (parent.shots[int(parts[3]) - 1],)
    if name == "variation":
        return "grid", _variations(parent.shots[int(parts[3]) - 1], seed, strong=True)
    if name == "video_virtual_upscale":
        return "clip", (parent.shots[int(parts[3]) - 1],)
    if "_extend" in name:
        return "clip", parent.shots[:1]
    if name.startswith("animate"):
        return "video", _alike(parent.shots[0], seed)
    base = parent.shots[0]
    if name.startswith("upsample_"):
        return "upscaled", (base if "subtle" in name else base.vary(seed, strong=False),)
    if name.endswith("_variation"):
        return "grid", _variations(base, seed, strong=name.startswith("high"))
    if name == "Outpaint":
        return "grid", _alike(base.zoom(100 / int(parts[2])), seed)
    if name.startswith("pan_"):
        return "grid", _alike(base.pan(cast("Way", name.removeprefix("pan_"))), seed)
    raise LookupError(custom_id)


def confirmed(work: Work, prompt: str, mask: bytes) -> tuple[Result, tuple[Shot, ...]]:
    """Return what a button makes of its parent's pictures once its window came back with a prompt and a mask."""
    parent = work.parent
    if parent is None:
        return "grid", four_shots(prompt, work.uuid)
    if "CustomZoom" in work.wish:
        found = re.search(r"--zoom\s+([\d.]+)", prompt)
        return "grid", _alike(parent.shots[0].zoom(float(found[1]) if found else 2.0), work.uuid)
    if "Inpaint" in work.wish:
        base = parent.shots[0]
        repainted = [
            base.repaint(mask, f"{work.uuid} {n}") if mask else base.vary(f"{work.uuid} {n}") for n in range(4)
        ]
        return "grid", tuple(repainted)
    if "Job::" in work.wish:
        return "grid", four_shots(prompt, work.uuid)
    result, shots = child(parent, work.wish, work.uuid)
    if prompt == parent.prompt:
        return result, shots
    drawn = four_shots(prompt, work.uuid)
    return result, tuple(replace(new, palette=old.palette) for new, old in zip(drawn, shots, strict=True))


def final_prompt(prompt: str) -> str:
    """Return a prompt as Midjourney repeats it."""
    return re.sub(r"(--v \d+)(?![\d.])", r"\1.0", prompt)


def objection(prompt: str) -> str:
    """Return why Midjourney will fail a prompt it took, "" if it will not."""
    found = re.search(r"--(ar|aspect)\s+(\S+)", prompt)
    if found and not re.fullmatch(r"\d+(\.\d+)?:\d+(\.\d+)?", found[2]):
        return f"[Invalid parameter] Invalid value provided for argument `--{found[1]}`"
    found = re.search(r"--zoom\s+(\S+)", prompt)
    if found and not re.fullmatch(r"1(\.\d+)?|2(\.0+)?", found[1]):
        return "[Invalid parameter] Invalid value provided for argument `--zoom`"
    if _MODERATED_WORD in prompt.lower():
        return (
            "[Banned prompt detected] Sorry! Our AI moderator thinks this prompt is probably against our"
            " community standards."
        )
    return ""


def shortened(prompt: str) -> str:
    """Return what `/shorten` says of a prompt, in Midjourney's markdown."""
    words = re.findall(r"[\w'-]+", prompt.split("--", maxsplit=1)[0])
    idle = {"a", "an", "the", "of", "and", "highly", "very", "detailed", "ultra", "beautiful", "with", "at"}
    heavy = [word for word in words if word.lower() not in idle and len(word) > 2] or words[:1]
    tokens = " ".join(f"**{word}**" if word in heavy else f"~~{word}~~" if len(word) > 4 else word for word in words)
    lines = [
        ", ".join(heavy),
        " ".join(heavy[:4]),
        ", ".join(heavy[:3]),
        " ".join(heavy[:2]),
        heavy[0] if heavy else prompt,
    ]
    text = "\n\n".join(f"{number}\ufe0f\u20e3 {line}" for number, line in enumerate(lines, 1))
    return f"## Important tokens\n{tokens}\n## Shortened prompts\n{text}"


def image_bytes(text: object) -> bytes | None:
    """Return the bytes of a data URL or of bare base64, None where it is neither."""
    if not isinstance(text, str) or not text:
        return None
    head, _, tail = text.rpartition(",")
    if head and not re.fullmatch(r"data:image/[\w.+-]+;base64", head):
        return None
    try:
        return base64.b64decode(tail, validate=True)
    except binascii.Error:
        return None


def seed_of(task_id: str) -> str:
    """Return the number that Midjourney drew a task's picture from."""
    return str(random.Random(task_id).randrange(2**32))


def _variations(shot: Shot, seed: str, *, strong: bool) -> tuple[Shot, ...]:
    return tuple(shot.vary(f"{seed} {number}", strong=strong) for number in range(1, 5))


def _alike(shot: Shot, seed: str) -> tuple[Shot, ...]:
    return (shot, *_variations(shot, seed, strong=False)[1:])
