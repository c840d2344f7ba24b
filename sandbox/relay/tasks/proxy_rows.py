"""Build the rows of midjourney-proxy 2.6: nulls as Jackson writes them, many properties, no buttons."""

from __future__ import annotations

import re
from hashlib import sha256

from sandbox.relay.tasks.upstream_task import Status, UpstreamTask

CHANNEL_ID = "2222222222222222222"
_DAY = 86_400
_PROMPT_FROM_RESULT = frozenset({"DESCRIBE", "BLEND"})
"""Actions without a prompt: the task's prompt is Midjourney's answer."""


def build_proxy_row(task: UpstreamTask, action: str, status: Status, percent: int, host: str) -> dict[str, object]:
    """Return the fields of a task; values that are not known yet are null."""
    over = status in {"SUCCESS", "FAILURE"}
    prompt: str | None = task.prompt
    if action in _PROMPT_FROM_RESULT:
        prompt = task.final_prompt if status == "SUCCESS" else None
    return {
        "id": task.task_id,
        "properties": _properties(task, action, status),
        "action": action,
        "status": status,
        "prompt": prompt,
        "promptEn": prompt,
        "description": task.command,
        "state": task.state or None,
        "submitTime": round(task.submitted * 1000),
        "startTime": None if status == "NOT_START" else round(task.start * 1000) + 20,
        "finishTime": round(task.finished_at * 1000) if over else None,
        "imageUrl": _image_url(task, status, percent, host),
        "progress": _progress(status, percent),
        "failReason": (task.fail_reason or None) if status == "FAILURE" else None,
    }


def sign_cdn_path(path: str, time: float, *, salt: int = 0) -> str:
    """Return a path of Discord's CDN with a signature that is valid for a day."""
    mac = sha256(f"{path}{salt}".encode()).hexdigest()
    return f"{path}?ex={int(time) + _DAY:x}&is={int(time):x}&hm={mac}&"


def _properties(task: UpstreamTask, action: str, status: Status) -> dict[str, object]:
    number = int(task.task_id) if task.task_id.isdecimal() else 0
    properties: dict[str, object] = {"notifyHook": None, "discordInstanceId": CHANNEL_ID}
    nonce = str(number * 1000)
    if status not in {"IN_PROGRESS", "SUCCESS"}:
        return {**properties, "nonce": nonce}
    if status == "SUCCESS":
        hashed = None if action == "DESCRIBE" else task.uuid
        properties |= {"flags": 0, "messageId": str(number + 24576), "messageHash": hashed}
    else:
        properties |= {"messageHash": None}
    properties |= {"nonce": nonce, "finalPrompt": task.final_prompt, "progressMessageId": str(number + 12288)}
    if status == "SUCCESS" and action in {"UPSCALE", "VARIATION", "REROLL"}:
        properties["referencedMessageId"] = str(number + 8192)
    return properties


def _progress(status: Status, percent: int) -> str | None:
    if status == "NOT_START":
        return None
    if status == "FAILURE":
        return ""
    # The first message of a task has this text in its parentheses, later ones the number.
    return "Waiting to start" if status == "IN_PROGRESS" and percent <= 15 else f"{percent}%"


def _image_url(task: UpstreamTask, status: Status, percent: int, host: str) -> str | None:
    """Return the picture's URL on Discord's CDN, which the proxy passes on unchanged."""
    if not task.shots:
        return None
    if status == "SUCCESS" and task.result == "describe":
        path = f"/ephemeral-attachments/{CHANNEL_ID}/{task.task_id}/{task.task_id}.png"
        return host + sign_cdn_path(path, task.finished_at)
    if status == "SUCCESS":
        slug = re.sub(r"[^A-Za-z0-9]+", "-", task.final_prompt).strip("-")[:60]
        path = f"/attachments/{CHANNEL_ID}/{task.task_id}/member_{slug}_{task.uuid}.png"
        return host + sign_cdn_path(path, task.finished_at)
    if status == "IN_PROGRESS" and percent > 15 and task.result != "describe":
        path = f"/attachments/{CHANNEL_ID}/{task.task_id}/{task.uuid}_grid_0.webp"
        return host + sign_cdn_path(path, task.start, salt=percent)
    return None
