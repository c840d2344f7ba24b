"""Show what new-api's rows show of a task, and when they notice."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from sandbox.relay.answers import dumps
from sandbox.relay.settings import RelaySettings
from sandbox.relay.tasks.buttons import web_button
from sandbox.relay.tasks.proxy_rows import proxy_task
from sandbox.relay.tasks.upstream_task import MOVING, Status, UpstreamTask

RAND = "@RAND@"


@dataclass(kw_only=True, slots=True)
class TaskRow:
    """new-api's row of one submit; a confirmed window has two, with one id and one `work` between them."""

    number: int
    action: str
    prompt: str
    description: str
    created: float
    work: UpstreamTask
    settings: RelaySettings
    replaced: float = math.inf
    _cached: tuple[object, str] = field(default=(None, ""))

    def seen(self, now: float, epoch: float, refresh: float) -> float | None:
        """Return the time as of which the row tells, None before the loop met it.

        While a newer row of the same id is unfinished the loop forgets this one, and needs `lag_ticks` turns after.
        """
        turn = now if refresh <= 0 else epoch + math.floor((now - epoch) / refresh) * refresh
        lag = max(0.0, refresh) * self.settings.lag_ticks
        if turn >= self.replaced and turn - lag < self.work.finished:
            turn = self.replaced if refresh <= 0 else epoch + math.floor((self.replaced - epoch) / refresh) * refresh
            turn = min(turn, math.nextafter(self.work.confirmed_at, -math.inf))
        met = turn >= self.created if refresh <= 0 else turn > self.created
        return turn if met else None

    def status(self, seen: float | None) -> Status:
        """Return the status that the row shows."""
        return "" if seen is None else self.work.at(seen)[0]

    def text(self, seen: float | None, host: str) -> str:
        """Return the row as JSON, `RAND` standing where every answer has another number."""
        key = (host, seen if seen is None else self.work.at(seen))
        if self._cached[0] != key:
            self._cached = (key, dumps(self.shown(seen, host)))
        return self._cached[1]

    def shown(self, seen: float | None, host: str) -> dict[str, object]:
        """Return the row's fields as of a time."""
        if self.settings.is_proxy:
            return proxy_task(self.work, self.action, *self.work.at(self.created if seen is None else seen), host)
        return self._fresh() if seen is None else self._told(*self.work.at(seen), host)

    def _fresh(self) -> dict[str, object]:
        return {
            "id": self.work.task_id,
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

    def _told(self, status: Status, percent: int, host: str) -> dict[str, object]:
        work = self.work
        told = self._fresh()
        text = work.final_prompt if status == "SUCCESS" or work.result not in {"describe", "shorten"} else work.prompt
        told |= {
            "promptEn": text if work.result in {"describe", "video"} else work.prompt,
            "state": work.state,
            "submitTime": round(work.submitted * 1000),
            "startTime": 0 if status in {"MODAL", "NOT_START"} else round(work.start * 1000) + 100,
            "status": status,
            "progress": "" if status == "MODAL" else f"{percent}%",
            "buttons": [],
            "properties": {"finalPrompt": text, "finalZhPrompt": ""},
        }
        picture = f"{host}/mj/image/{work.task_id}"
        if status == "IN_PROGRESS" and work.shots and work.result not in MOVING | {"describe"}:
            told["imageUrl"] = f"{picture}?rand={RAND}"
        elif status == "SUCCESS":
            self._succeeded(told, picture, host)
        elif status == "FAILURE":
            self._failed(told, f"{picture}?rand={RAND}")
        elif status == "CANCEL":
            told |= {"finishTime": round(work.finished * 1000), "progress": "0%", "buttons": None, "properties": None}
        return told

    def _succeeded(self, told: dict[str, object], picture: str, host: str) -> None:
        work = self.work
        buttons = [*work.buttons(), *([web_button()] if self.settings.web_button and work.result == "single" else ())]
        told |= {"finishTime": round(work.finished * 1000), "buttons": buttons}
        if work.shots:
            told["imageUrl"] = picture
        if work.result in MOVING and self.settings.has_video:
            urls = [f"{host}/video/{work.task_id}/{n}.{self.settings.clip_format}" for n in range(len(work.shots))]
            told |= {"videoUrl": urls[0], "videoUrls": [{"url": url} for url in urls]}
        elif work.result == "grid" and self.settings.image_urls:
            urls = [f"{host}/picture/{work.task_id}/{number}.png" for number in range(len(work.shots))]
            told["imageUrls"] = [{"url": url} for url in urls]

    def _failed(self, told: dict[str, object], preview: str) -> None:
        work = self.work
        told |= {"failReason": work.fail_reason, "properties": None}
        if work.fail_reason.startswith("["):
            told["finishTime"] = round(work.finished * 1000)
            if "Banned" in work.fail_reason:
                told["properties"] = {"finalPrompt": "", "finalZhPrompt": ""}
        else:
            told |= {"imageUrl": preview, "buttons": None}
