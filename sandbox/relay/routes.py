"""Match a request to one of the relay's routes; any other path is answered with the web console."""

from __future__ import annotations

import re

from sandbox.relay.settings import RelaySettings

OPEN = frozenset({"image", "picture", "unknown", "sandbox", "api"})
"""The routes that need no key, or check it themselves."""

_PATHS = {
    ("POST", "submit/imagine"): "imagine",
    ("POST", "submit/action"): "action",
    ("POST", "submit/change"): "change",
    ("POST", "submit/simple-change"): "simple-change",
    ("POST", "submit/modal"): "modal",
    ("POST", "submit/blend"): "blend",
    ("POST", "submit/describe"): "describe",
    ("POST", "submit/shorten"): "shorten",
    ("POST", "submit/video"): "video",
    ("POST", "submit/edits"): "edits",
    ("POST", "submit/upload-discord-images"): "upload",
    ("POST", "insight-face/swap"): "swap",
    ("POST", "task/list-by-condition"): "list",
    ("GET", "task/list"): "tasks",
    ("GET", "task/queue"): "queue",
}
_TASK = re.compile(r"task/([^/]+)/(fetch|image-seed)")
_CANCEL = re.compile(r"task/([^/]+)/cancel")
_PREFIX = re.compile(r"^/([^/]+/)?mj/(.*)$")
_FILES = ("/picture/", "/video/", "/upload/", "/attachments/", "/ephemeral-attachments/")


def find_route(method: str, path: str, settings: RelaySettings) -> tuple[str, str]:
    """Return the name of the route, and the task id or path that it refers to ("" if neither applies)."""
    found = _PREFIX.match(path)
    if found is None:
        if method == "GET" and path.startswith(_FILES):
            return "picture", path
        if settings.is_recorded and not settings.is_proxy and (path.startswith("/api/") or is_billing(path)):
            return "api", path
        return ("sandbox" if path == "/sandbox/report" else "unknown"), path
    if found[1] and not settings.has_speeds:
        return "unknown", path
    route, name = _match_route(method, found[2])
    return ("unknown", path) if not route or settings.is_missing(route) else (route, name)


def is_billing(path: str) -> bool:
    """Whether a path belongs to OpenAI's old billing routes, which new-api imitates."""
    return path.startswith(("/v1/dashboard/", "/dashboard/billing/"))


def _match_route(method: str, tail: str) -> tuple[str, str]:
    if route := _PATHS.get((method, tail)):
        return route, ""
    if method == "GET" and tail.startswith("image/"):
        return "image", tail.removeprefix("image/")
    task = _TASK.fullmatch(tail)
    if method == "POST" and (asked := _CANCEL.fullmatch(tail)):
        return "cancel", asked[1]
    if method == "GET" and task:
        return ("fetch" if task[2] == "fetch" else "seed"), task[1]
    return "", ""
