"""Keep the relay's tasks: what the upstream has, what new-api's rows show of it, and when they notice."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from sandbox.pictures import Shot
from sandbox.relay.answers import dumps
from sandbox.relay.buttons import (
    ButtonJson,
    clip_buttons,
    describe_buttons,
    grid_buttons,
    shorten_buttons,
    single_buttons,
    video_buttons,
)

STEPS = (0, 15, 31, 46, 62, 78, 93, 100)
RAND = "@RAND@"

Result = Literal["grid", "single", "upscaled", "describe", "shorten", "video", "clip", "face"]
Status = Literal["", "NOT_START", "SUBMITTED", "IN_PROGRESS", "MODAL", "SUCCESS", "FAILURE", "CANCEL"]

_BUTTONS: dict[str, Callable[[str], list[ButtonJson]]] = {
    "grid": grid_buttons,
    "single": single_buttons,
    "upscaled": partial(single_buttons, upscaled=True),
    "video": video_buttons,
    "clip": clip_buttons,
}


@dataclass(kw_only=True, slots=True)
class Work:
    """The upstream's record of one task; times are seconds since the epoch.

    `ends` is the last status it reaches, at `fails_at` of its way if that is not SUCCESS. In MODAL nothing moves
    until `confirmed_at`, which is when `start` becomes valid.
    """

    task_id: str
    prompt: str
    final_prompt: str
    result: Result
    shots: tuple[Shot, ...]
    submitted: float
    start: float
    seconds: float
    state: str = ""
    ends: Status = "SUCCESS"
    fail_reason: str = ""
    fails_at: float = 0.2
    modal: bool = False
    confirmed_at: float = math.inf
    wish: str = ""
    parent: Work | None = None

    @property
    def uuid(self) -> str:
        """Return the id of the result, by which Midjourney's buttons name it."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, self.task_id))

    @property
    def finished(self) -> float:
        """Return when the last status is reached."""
        if self.modal and self.confirmed_at == math.inf:
            return math.inf
        return self.start + self.seconds * (1 if self.ends == "SUCCESS" else self.fails_at)

    def at(self, now: float) -> tuple[Status, int]:
        """Return status and progress at a time."""
        if self.modal and now < self.confirmed_at:
            return "MODAL", 0
        if now >= self.finished:
            return self.ends, 100
        if now < self.start:
            return "NOT_START", 0
        step = int((now - self.start) / self.seconds * (len(STEPS) - 1))
        return ("IN_PROGRESS" if step else "SUBMITTED"), STEPS[min(step, len(STEPS) - 2)]

    def buttons(self) -> list[ButtonJson]:
        """Return the buttons of the finished task."""
        if self.result == "describe":
            return describe_buttons()
        if self.result == "shorten":
            return shorten_buttons()
        return _BUTTONS[self.result](self.uuid) if self.result in _BUTTONS else []


@dataclass(kw_only=True, slots=True)
class Row:
    """new-api's row of one submit; a confirmed window has two, with one id and one `work` between them."""

    number: int
    action: str
    prompt: str
    description: str
    created: float
    work: Work
    replaced: float = math.inf
    _cached: tuple[object, str] = field(default=(None, ""))

    def seen(self, now: float, epoch: float, refresh: float) -> float | None:
        """Return the time as of which the row tells, None before the loop met it.

        While a newer row of the same id is unfinished the loop forgets this one, and needs one more turn after.
        """
        turn = now if refresh <= 0 else epoch + math.floor((now - epoch) / refresh) * refresh
        if turn >= self.replaced and turn - max(0.0, refresh) < self.work.finished:
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
            self._cached = (key, dumps(self._fresh() if seen is None else self._told(*self.work.at(seen), host)))
        return self._cached[1]

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
        if status == "IN_PROGRESS" and work.shots and work.result not in {"describe", "video", "clip"}:
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
        told |= {"finishTime": round(work.finished * 1000), "buttons": work.buttons()}
        if work.result in {"video", "clip"}:
            count = 4 if work.result == "video" else 1
            urls = [f"{host}/video/{work.task_id}/{number}.webp" for number in range(count)]
            told |= {"imageUrl": picture, "videoUrl": urls[0], "videoUrls": [{"url": url} for url in urls]}
        elif work.shots:
            told["imageUrl"] = picture

    def _failed(self, told: dict[str, object], preview: str) -> None:
        work = self.work
        told |= {"failReason": work.fail_reason, "properties": None}
        if work.fail_reason.startswith("["):
            told["finishTime"] = round(work.finished * 1000)
            if "Banned" in work.fail_reason:
                told["properties"] = {"finalPrompt": "", "finalZhPrompt": ""}
        else:
            told |= {"imageUrl": preview, "buttons": None}


class Ledger:
    """All rows, by task id, in the order of their insertion."""

    def __init__(self, epoch: float, refresh: float) -> None:
        self._epoch = epoch
        self._refresh = refresh
        self._rows: dict[str, list[Row]] = {}
        self._count = 0
        self._last_id = 0

    def new_id(self, now: float) -> str:
        """Return an unused id: thirteen digits of milliseconds and three more."""
        self._last_id = max(round(now * 1000) * 1000 + (self._count * 617 + 417) % 1000, self._last_id + 1)
        return str(self._last_id)

    def insert(self, work: Work, *, action: str, prompt: str, description: str, created: float) -> Row:
        """Add a row for a task; an older row of the same id is forgotten by the loop while this one runs."""
        self._count += 1
        row = Row(number=self._count, action=action, prompt=prompt, description=description, created=created, work=work)
        rows = self._rows.setdefault(work.task_id, [])
        for older in rows:
            older.replaced = min(older.replaced, created)
        rows.append(row)
        return row

    def first(self, task_id: str) -> Row | None:
        """Return the row that a fetch shows."""
        rows = self._rows.get(task_id)
        return rows[0] if rows else None

    def listed(self, task_ids: Sequence[str]) -> list[Row]:
        """Return all rows of these ids in the order of their insertion, unknown ids left out."""
        found = [row for task_id in dict.fromkeys(task_ids) for row in self._rows.get(task_id, ())]
        return sorted(found, key=lambda row: row.number)

    def status(self, row: Row, now: float) -> Status:
        """Return the status that new-api believes in."""
        return row.status(row.seen(now, self._epoch, self._refresh))

    def text(self, row: Row, now: float, host: str) -> str:
        """Return the row as JSON as a caller gets it now."""
        text = row.text(row.seen(now, self._epoch, self._refresh), host)
        return text.replace(RAND, str(round(now * 1_000_000)), 1) if RAND in text else text
