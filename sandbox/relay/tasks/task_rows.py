"""Build new-api's rows of a task, as of the last round of its update loop."""

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
    """new-api's row of one submit; a submitted form has two rows, which share one id and one `task`."""

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
        """Return the time of the state that the row shows, None before the update loop first reached it.

        While a newer row of the same id is unfinished, the loop skips this one, and `lag_ticks` rounds longer.
        """
        round_time = now if refresh <= 0 else epoch + math.floor((now - epoch) / refresh) * refresh
        lag = max(0.0, refresh) * self.settings.lag_ticks
        if round_time >= self.replaced_at and round_time - lag < self.task.finished_at:
            round_time = (
                self.replaced_at if refresh <= 0 else epoch + math.floor((self.replaced_at - epoch) / refresh) * refresh
            )
            round_time = min(round_time, math.nextafter(self.task.confirmed_at, -math.inf))
        is_reached = round_time >= self.created if refresh <= 0 else round_time > self.created
        return round_time if is_reached else None

    def status(self, read_time: float | None) -> Status:
        """Return the status that the row shows at a read time."""
        return "" if read_time is None else self.task.read_status(read_time)[0]

    def to_json(self, read_time: float | None, host: str) -> str:
        """Return the row as JSON, with `RAND` in place of the number that differs in every answer."""
        key = (host, read_time if read_time is None else self.task.read_status(read_time))
        if self._cached[0] != key:
            self._cached = (key, dumps(self.to_fields(read_time, host)))
        return self._cached[1]

    def to_fields(self, read_time: float | None, host: str) -> dict[str, object]:
        """Return the row's fields at a read time."""
        if self.settings.is_proxy:
            return build_proxy_row(
                self.task, self.action, *self.task.read_status(self.created if read_time is None else read_time), host
            )
        return (
            self._build_new_fields()
            if read_time is None
            else self._build_fields(*self.task.read_status(read_time), host)
        )

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
        fields = self._build_new_fields()
        text = task.final_prompt if status == "SUCCESS" or task.result not in {"describe", "shorten"} else task.prompt
        fields |= {
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
            fields["imageUrl"] = f"{picture}?rand={RAND}"
        elif status == "SUCCESS":
            self._add_success_fields(fields, picture, host)
        elif status == "FAILURE":
            self._add_failure_fields(fields, f"{picture}?rand={RAND}")
        elif status == "CANCEL":
            fields |= {
                "finishTime": round(task.finished_at * 1000),
                "progress": "0%",
                "buttons": None,
                "properties": None,
            }
        return fields

    def _add_success_fields(self, fields: dict[str, object], picture: str, host: str) -> None:
        task = self.task
        buttons = [*task.buttons(), *([web_button()] if self.settings.web_button and task.result == "single" else ())]
        fields |= {"finishTime": round(task.finished_at * 1000), "buttons": buttons}
        if task.shots:
            fields["imageUrl"] = picture
        if task.result in VIDEO_RESULTS and self.settings.has_video:
            urls = [f"{host}/video/{task.task_id}/{n}.{self.settings.clip_format}" for n in range(len(task.shots))]
            fields |= {"videoUrl": urls[0], "videoUrls": [{"url": url} for url in urls]}
        elif task.result == "grid" and self.settings.image_urls:
            urls = [f"{host}/picture/{task.task_id}/{number}.png" for number in range(len(task.shots))]
            fields["imageUrls"] = [{"url": url} for url in urls]

    def _add_failure_fields(self, fields: dict[str, object], preview: str) -> None:
        task = self.task
        fields |= {"failReason": task.fail_reason, "properties": None}
        if task.fail_reason.startswith("["):
            fields["finishTime"] = round(task.finished_at * 1000)
            if "Banned" in task.fail_reason:
                fields["properties"] = {"finalPrompt": "", "finalZhPrompt": ""}
        else:
            fields |= {"imageUrl": preview, "buttons": None}
