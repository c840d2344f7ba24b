"""Take submits as new-api does: its middleware, its own checks, then the upstream's answer, rewritten where it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from aiohttp import web

from sandbox.pictures import Shot, four_shots
from sandbox.relay.answers import Refused, midjourney_error, openai_error, panic, submitted
from sandbox.relay.buttons import Panic, UnknownAction, normal_action
from sandbox.relay.midjourney import (
    BANNED_WORD,
    DESCRIPTION,
    child,
    confirmed,
    final_prompt,
    image_bytes,
    objection,
    shortened,
)
from sandbox.relay.settings import RelaySettings
from sandbox.relay.tasks import Ledger, Result, Row, Work

Body = dict[str, object]

_CHANNEL = {"discordChannelId": "1187000000000000001", "discordInstanceId": "1650000000000000001"}
_CHANGES = {"UPSCALE": "upsample", "VARIATION": "variation", "REROLL": "reroll"}
_WINDOWS = frozenset({"INPAINT", "CUSTOM_ZOOM"})
_FORMS = frozenset({"PIC_READER", "PROMPT_ANALYZER"})
_REMIXED = frozenset({"VARIATION", "LOW_VARIATION", "HIGH_VARIATION", "REROLL", "PAN"})
_MODELS = {"swap": "swap_face", "upload": "mj_upload"}


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """One submit that was accepted and is billed."""

    path: str
    body: Body
    time: float
    task_id: str


@dataclass(frozen=True, kw_only=True)
class _Request:
    """A submit after the middleware: what new-api believes it to be."""

    path: str
    body: Body
    action: str
    now: float

    def text(self, name: str) -> str:
        value = self.body.get(name)
        return value if isinstance(value, str) else ""


class Submits:
    """The submit half of the relay."""

    def __init__(self, settings: RelaySettings, ledger: Ledger, url: Callable[[], str]) -> None:
        self.settings = settings
        self.accepted: list[Submitted] = []
        self.uploads: dict[str, bytes] = {}
        self._ledger = ledger
        self._url = url
        self._ends: list[float] = []
        self._routes: dict[str, Callable[[_Request], web.Response]] = {
            "imagine": self._imagine,
            "blend": self._blend,
            "describe": self._describe,
            "shorten": self._shorten,
            "change": self._change,
            "action": self._change,
            "modal": self._modal,
            "video": self._video,
            "edits": self._edits,
            "swap": self._swap,
            "upload": self._upload,
        }

    def take(self, route: str, path: str, body: Body, now: float) -> web.Response:
        """Return the answer to one submit; Refused carries those that never reach the upstream."""
        action, custom_id = self._middleware(route, body)
        if custom_id:
            body = {**body, "customId": custom_id}
        return self._routes[route](_Request(path=path, body=body, action=action, now=now))

    def _middleware(self, route: str, body: Body) -> tuple[str, str]:
        action, custom_id = route.upper(), ""
        if route == "action":
            custom_id = str(body.get("customId") or "")
            try:
                action, _ = normal_action(custom_id, self.settings.refuses)
            except UnknownAction as error:
                raise Refused(openai_error(400, f"Invalid request, {error}")) from None
            except Panic:
                raise Refused(panic()) from None
        elif route == "change":
            action = str(body.get("action") or "")
        model = _MODELS.get(route, f"mj_{action.lower()}")
        if model in self.settings.missing_models or (route == "change" and action not in _CHANGES):
            text = f"当前分组 drawing 下对于模型 {model} 无可用渠道"
            raise Refused(openai_error(503, text, code="model_not_found"))
        return action, custom_id

    def _imagine(self, request: _Request) -> web.Response:
        prompt = request.text("prompt")
        if not prompt:
            return midjourney_error("prompt_is_required")
        pictures = items(request.body.get("base64Array") or [])
        if pictures is None or None in map(image_bytes, pictures):
            return submitted(4, "base64格式错误", None, {})
        return self._drawn(request, prompt, "grid", lambda work: four_shots(prompt, work.uuid))

    def _blend(self, request: _Request) -> web.Response:
        pictures = items(request.body.get("base64Array"))
        if pictures is None or not 2 <= len(pictures) <= 5:
            return submitted(4, "base64List参数错误", None, {})
        if None in map(image_bytes, pictures):
            return submitted(4, "base64格式错误", None, {})
        shape = {"PORTRAIT": " --ar 2:3", "LANDSCAPE": " --ar 3:2"}.get(request.text("dimensions"), "")
        return self._drawn(request, "", "grid", lambda work: four_shots(f"blend {work.task_id}{shape}", work.uuid))

    def _describe(self, request: _Request) -> web.Response:
        if not request.text("link") and image_bytes(request.body.get("base64")) is None:
            return submitted(4, "base64不能为空", None, {})
        return self._drawn(
            request, "", "describe", lambda work: four_shots("fox in snow", work.uuid)[:1], final=DESCRIPTION
        )

    def _shorten(self, request: _Request) -> web.Response:
        prompt = request.text("prompt")
        if not prompt:
            return submitted(4, "prompt不能为空", None, {})
        return self._drawn(request, prompt, "shorten", lambda _: (), final=shortened(prompt))

    def _edits(self, request: _Request) -> web.Response:
        prompt = request.text("prompt")
        if not prompt or not request.text("image"):
            return submitted(4, "参数错误", None, {})
        return self._drawn(request, prompt, "grid", lambda work: four_shots(prompt, work.uuid))

    def _swap(self, request: _Request) -> web.Response:
        if not request.text("sourceBase64") or not request.text("targetBase64"):
            return midjourney_error("sour_base64_and_target_base64_is_required")
        request = replace(request, action="SWAP_FACE")
        return self._drawn(request, "InsightFace", "face", lambda work: four_shots("portrait", work.uuid)[:1])

    def _upload(self, request: _Request) -> web.Response:
        files = [image_bytes(picture) for picture in items(request.body.get("base64Array")) or ()]
        if not files or None in files:
            return submitted(4, "base64格式错误", None)
        names: list[str] = []
        for file in files:
            name = f"{self._ledger.new_id(request.now)}.png"
            self.uploads[name] = file or b""
            names.append(f"{self._url()}/upload/{name}")
        while len(self.uploads) > 32:
            del self.uploads[next(iter(self.uploads))]
        self._bill(request, "")
        return submitted(1, "success", names)

    def _change(self, request: _Request) -> web.Response:
        custom_id = request.text("customId")
        parent = self._parent(request)
        work = parent.work
        if not custom_id:
            index = request.body.get("index")
            if not isinstance(index, int) or index == 0:
                return midjourney_error("index_is_required")
            custom_id = f"MJ::JOB::{_CHANGES[request.action]}::{index}::{work.uuid}"
            if request.action == "REROLL":
                custom_id = f"MJ::JOB::reroll::0::{work.uuid}::SOLO"
        if custom_id not in {button["customId"] for button in work.buttons()} or custom_id.endswith("::all"):
            return submitted(4, "参数错误", None, {})
        if request.action == "BOOKMARK":
            return submitted(1, self._said("Submit success"), work.task_id, _CHANNEL)
        if request.action == "DESCRIBE":
            return self._drawn(request, "", "describe", lambda _: work.shots, final=DESCRIPTION)
        if request.action in _WINDOWS | _FORMS or (self.settings.remix and request.action in _REMIXED):
            return self._window(request, parent, custom_id)
        plan = child(work, custom_id, "")
        request = replace(request, action=request.action.replace("_EXTEND", "").replace("UPSCALE_VIDEO", "UPSCALE"))
        return self._drawn(
            request, parent.prompt, plan[0], lambda new: child(work, custom_id, new.uuid)[1], final=work.final_prompt
        )

    def _window(self, request: _Request, parent: Row, custom_id: str) -> web.Response:
        work = self._work(request, work_prompt(parent.work, custom_id), "grid", lambda _: ())
        work.modal, work.wish, work.parent = True, custom_id, parent.work
        said = "窗口等待" if self.settings.zh else "Waiting for window confirm"
        self._ledger.insert(work, action=request.action, prompt=parent.prompt, description=said, created=request.now)
        kept = request.action in _WINDOWS
        if not kept:
            self._bill(request, work.task_id)
        if self.settings.zh:
            return submitted(21 if kept else 1, said, work.task_id)
        final = "" if request.action == "INPAINT" else work.final_prompt
        return submitted(21 if kept else 1, said, work.task_id, {"finalPrompt": final, "remix": True, **_CHANNEL})

    def _modal(self, request: _Request) -> web.Response:
        row = self._ledger.first(request.text("taskId"))
        if row is None:
            raise Refused(midjourney_error("task_not_found"))
        work = row.work
        if work.at(request.now)[0] != "MODAL":
            return submitted(4, "关联任务状态错误", None, {})
        prompt = request.text("prompt") or work.prompt
        if BANNED_WORD in prompt.lower():
            return submitted(24, "可能包含敏感词", None, {"promptEn": prompt, "bannedWord": BANNED_WORD})
        if not prompt:
            return submitted(4, "prompt不能为空", None, {})
        mask = request.body.get("maskBase64")
        decoded = image_bytes(mask) if mask else b""
        if decoded is None:
            return submitted(4, "base64格式错误", None, {})
        self._judge(work, prompt)
        if not work.fail_reason:
            work.result, work.shots = confirmed(work, prompt, decoded)
        work.prompt, work.final_prompt = prompt, final_prompt(prompt)
        work.start, work.confirmed_at = self._start(request.now), request.now
        self._ends.append(work.finished)
        self._ledger.insert(
            work, action="MODAL", prompt=row.prompt, description=self._said("Submit success"), created=request.now
        )
        self._bill(request, work.task_id)
        return submitted(1, self._said("Submit success"), work.task_id, _CHANNEL)

    def _video(self, request: _Request) -> web.Response:
        index = request.body.get("index", 0)
        if not isinstance(index, int):
            return midjourney_error("bind_request_body_failed")
        prompt = request.text("prompt")
        if request.text("taskId"):
            parent = self._parent(request)
            shots = (parent.work.shots or four_shots(parent.prompt, parent.work.uuid))[index % 4 :][:1]
            return self._drawn(
                request,
                parent.prompt,
                "video",
                lambda work: child(replace(parent.work, shots=shots), "MJ::JOB::animate_low", work.uuid)[1],
            )
        if not prompt or not request.text("image"):
            return submitted(4, "参数错误", None, {})
        first = self._ledger.first(request.text("image").split("?")[0].rpartition("/")[2])
        base = first.work.shots[:1] if first else four_shots(prompt, prompt)[:1]
        final = f"{prompt} --video 1 --motion {request.text('motion') or 'low'}"
        return self._drawn(
            request,
            prompt,
            "video",
            lambda work: tuple(base[0].vary(f"{work.uuid} {n}", strong=False) for n in range(4)),
            final=final,
        )

    def _parent(self, request: _Request) -> Row:
        row = self._ledger.first(request.text("taskId"))
        if row is None:
            raise Refused(midjourney_error("task_not_found"))
        if self._ledger.status(row, request.now) != "SUCCESS":
            raise Refused(midjourney_error("task_status_not_success"))
        return row

    def _drawn(
        self,
        request: _Request,
        prompt: str,
        result: Result,
        shots: Callable[[Work], tuple[Shot, ...]],
        *,
        final: str = "",
    ) -> web.Response:
        if BANNED_WORD in prompt.lower():
            return submitted(24, "可能包含敏感词", None, {"promptEn": prompt, "bannedWord": BANNED_WORD})
        ahead = self._queue(request.now)
        if ahead > self.settings.queue_size:
            return submitted(23, "队列已满\uff0c请稍后尝试", None, {"discordInstanceId": _CHANNEL["discordInstanceId"]})
        work = self._work(request, prompt, result, shots, final)
        said, properties = self._said("Submit success"), dict[str, object](_CHANNEL)
        if ahead:
            said = f"排队中\uff0c前面还有{ahead}个任务"
            properties = {"numberOfQueues": ahead, "discordInstanceId": _CHANNEL["discordInstanceId"]}
        self._ends.append(work.finished)
        code = 22 if ahead and request.action == "SWAP_FACE" else 1
        self._ledger.insert(work, action=request.action, prompt=prompt, description=said, created=request.now)
        self._bill(request, work.task_id)
        return submitted(code, said, work.task_id, properties)

    def _work(
        self,
        request: _Request,
        prompt: str,
        result: Result,
        shots: Callable[[Work], tuple[Shot, ...]],
        final: str = "",
    ) -> Work:
        work = Work(
            task_id=self._ledger.new_id(request.now),
            prompt=prompt,
            final_prompt=final or final_prompt(prompt),
            result=result,
            shots=(),
            submitted=request.now,
            start=self._start(request.now),
            seconds=max(1e-6, self.settings.seconds_per_task),
            state=request.text("state"),
        )
        work.shots = shots(work)
        self._judge(work, prompt)
        return work

    def _judge(self, work: Work, prompt: str) -> None:
        work.fail_reason = objection(prompt)
        work.ends = "FAILURE" if work.fail_reason else "SUCCESS"

    def _queue(self, now: float) -> int:
        if not self.settings.parallel:
            self._ends.clear()
            return 0
        self._ends = sorted(end for end in self._ends if end > now)
        return max(0, len(self._ends) - self.settings.parallel + 1)

    def _start(self, now: float) -> float:
        return self._ends[-self.settings.parallel] if self._queue(now) else now

    def _said(self, english: str) -> str:
        return "提交成功" if self.settings.zh else english

    def _bill(self, request: _Request, task_id: str) -> None:
        self.accepted.append(Submitted(path=request.path, body=request.body, time=request.now, task_id=task_id))


def work_prompt(parent: Work, custom_id: str) -> str:
    """Return the prompt with which the upstream opens a window."""
    if "Job::" not in custom_id:
        return parent.prompt
    digit = custom_id.rpartition("::")[2]
    line = next((line for line in parent.final_prompt.split("\n") if line.startswith(digit)), "")
    return line[3:].strip()


def items(value: object) -> list[object] | None:
    """Return a JSON array, None for anything else."""
    return cast("list[object]", value) if isinstance(value, list) else None
