"""Show what new-api's rows show of a task, and when they notice."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from sandbox.relay.answers import dumps
from sandbox.relay.settings import RelaySettings
from sandbox.relay.tasks.buttons import web_button
from sandbox.relay.tasks.proxy_rows import build_proxy_row
from sandbox.relay.tasks.upstream_task import VIDEO_RESULTS, Status, UpstreamTask

RAND = "@RAND@"


@dataclass(kw_only=True, slots=True)
class TaskRow:
    """new-api's row of one submit; a confirmed window has two, with one id and one `task` between them."""

    number: int
    action: str
    prompt: str
    description: str
    created: float
    task: UpstreamTask
    settings: RelaySettings
    replaced_at: float = math.inf
    _cached: tuple[object, str] = field(default=(None, ""))

    def find_read_time(self, now: float, epoch: float, refresh: float) -> float | None:
        """Return the time as of which the row tells, None before the loop met it.

        While a newer row of the same id is unfinished the loop forgets this one, and needs `lag_ticks` turns after.
        """
        turn = now if refresh <= 0 else epoch + math.floor((now - epoch) / refresh) * refresh
        lag = max(0.0, refresh) * self.settings.lag_ticks
        if turn >= self.replaced_at and turn - lag < self.task.finished_at:
            turn = (
                self.replaced_at if refresh <= 0 else epoch + math.floor((self.replaced_at - epoch) / refresh) * refresh
            )
            turn = min(turn, math.nextafter(self.task.confirmed_at, -math.inf))
        met = turn >= self.created if refresh <= 0 else turn > self.created
        return turn if met else None

    def status(self, seen: float | None) -> Status:
        """Return the status that the row shows."""
        return "" if seen is None else self.task.read_status(seen)[0]

    def to_json(self, seen: float | None, host: str) -> str:
        """Return the row as JSON, `RAND` standing where every answer has another number."""
        key = (host, seen if seen is None else self.task.read_status(seen))
        if self._cached[0] != key:
            self._cached = (key, dumps(self.to_fields(seen, host)))
        return self._cached[1]

    def to_fields(self, seen: float | None, host: str) -> dict[str, object]:
        """Return the row's fields as of a time."""
        if self.settings.is_proxy:
            return build_proxy_row(
                self.task, self.action, *self.task.read_status(self.created if seen is None else seen), host
            )
        return self._build_new_fields() if seen is None else self._build_fields(*self.task.read_status(seen), host)

    def _build_new_fields(self) -> dict[str, object]:
        return {
            "id": self.task.task_id,
            "action": self.action,
            "customId": "",
            "botType": "",
            "prompt": self.prompt,
            "promptEn": "",
            "description": self.description,
            "state": "",
            "submitTime": round(self.created * 1000),
            "startTime": 0,
            "finishTime": 0,
            "imageUrl": "",
            "status": "",
            "progress": "0%",
            "failReason": "",
            "buttons": None,
            "maskBase64": "",
            "properties": None,
        }

    def _build_fields(self, status: Status, percent: int, host: str) -> dict[str, object]:
        task = self.task
        told = self._build_new_fields()
        text = task.final_prompt if status == "SUCCESS" or task.result not in {"describe", "shorten"} else task.prompt
        told |= {
            "promptEn": text if task.result in {"describe", "video"} else task.prompt,
            "state": task.state,
            "submitTime": round(task.submitted * 1000),
            "startTime": 0 if status in {"MODAL", "NOT_START"} else round(task.start * 1000) + 100,
            "status": status,
            "progress": "" if status == "MODAL" else f"{percent}%",
            "buttons": [],
            "properties": {"finalPrompt": text, "finalZhPrompt": ""},
        }
        picture = f"{host}/mj/image/{task.task_id}"
        if status == "IN_PROGRESS" and task.shots and task.result not in VIDEO_RESULTS | {"describe"}:
            told["imageUrl"] = f"{picture}?rand={RAND}"
        elif status == "SUCCESS":
            self._add_success_fields(told, picture, host)
        elif status == "FAILURE":
            self._add_failure_fields(told, f"{picture}?rand={RAND}")
        elif status == "CANCEL":
            told |= {
                "finishTime": round(task.finished_at * 1000),
                "progress": "0%",
                "buttons": None,
                "properties": None,
            }
        return told

    def _add_success_fields(self, told: dict[str, object], picture: str, host: str) -> None:
        task = self.task
        buttons = [*task.buttons(), *([web_button()] if self.settings.web_button and task.result == "single" else ())]
        told |= {"finishTime": round(task.finished_at * 1000), "buttons": buttons}
        if task.shots:
            told["imageUrl"] = picture
        if task.result in VIDEO_RESULTS and self.settings.has_video:
            urls = [f"{host}/video/{task.task_id}/{n}.{self.settings.clip_format}" for n in range(len(task.shots))]
            told |= {"videoUrl": urls[0], "videoUrls": [{"url": url} for url in urls]}
        elif task.result == "grid" and self.settings.image_urls:
            urls = [f"{host}/picture/{task.task_id}/{number}.png" for number in range(len(task.shots))]
            told["imageUrls"] = [{"url": url} for url in urls]

    def _add_failure_fields(self, told: dict[str, object], preview: str) -> None:
        task = self.task
        told |= {"failReason": task.fail_reason, "properties": None}
        if task.fail_reason.startswith("["):
            told["finishTime"] = round(task.finished_at * 1000)
            if "Banned" in task.fail_reason:
                told["properties"] = {"finalPrompt": "", "finalZhPrompt": ""}
        else:
            told |= {"imageUrl": preview, "buttons": None}
