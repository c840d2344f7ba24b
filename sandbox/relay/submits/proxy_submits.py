"""Answer submits as midjourney-proxy 2.6 does without new-api: no middleware, no bill, its own texts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import cast

from aiohttp import web

from sandbox.pictures import aspect_of, blend_photos, compose_shots, edit_photo, use_photo
from sandbox.relay.answers import RequestRefused, json_answer, submit_body
from sandbox.relay.error_texts import spring_error
from sandbox.relay.submits.submit_fields import Body, Submit, as_list
from sandbox.relay.submits.upstream_queue import UpstreamQueue
from sandbox.relay.tasks.button_results import build_child
from sandbox.relay.tasks.midjourney_texts import BANNED_WORD, describe_picture
from sandbox.relay.tasks.proxy_rows import CHANNEL_ID, sign_cdn_path
from sandbox.relay.tasks.task_rows import TaskRow
from sandbox.relay.tasks.upstream_task import Draw, Plan

_SHAPES = {"PORTRAIT": 2 / 3, "SQUARE": 1.0, "LANDSCAPE": 3 / 2}
_BOTS = frozenset({"MID_JOURNEY", "NIJI_JOURNEY"})
_CHANGES = {"UPSCALE": "upsample", "VARIATION": "variation", "REROLL": "reroll"}
_OTHER_ACTIONS = frozenset({"IMAGINE", "DESCRIBE", "BLEND"})
_CHANGEABLE = frozenset({"IMAGINE", "VARIATION", "REROLL", "BLEND"})
_SIMPLE_CHANGE = re.compile(r"(\S+)\s+(?:([UV])([1-4])|(R))", re.IGNORECASE)


class ProxySubmits:
    """The routes imagine, blend, describe, change and simple-change."""

    def __init__(self, queue: UpstreamQueue, url: Callable[[], str]) -> None:
        self.uploads: dict[str, bytes] = {}
        self._queue = queue
        self._url = url
        self._upscales: dict[tuple[str, int], TaskRow] = {}
        self._routes: dict[str, Callable[[Submit], web.Response]] = {
            "imagine": self._imagine,
            "blend": self._blend,
            "describe": self._describe,
            "change": self._change,
            "simple-change": self._simple_change,
        }

    def take(self, route: str, submit: Submit) -> web.Response:
        """Answer a submit to one of the routes by its name."""
        return self._routes[route](replace(submit, action=route.upper()))

    def _imagine(self, submit: Submit) -> web.Response:
        prompt = submit.text("prompt")
        if not prompt:
            return _refuse_fields("prompt不能为空")
        photos = submit.photos("base64Array")
        if photos is None or as_list(submit.body.get("base64Array") or []) is None:
            return _refuse_fields("base64格式错误")
        draw: Draw = partial(compose_shots, prompt)
        if len(photos) == 1:
            draw = partial(edit_photo, photos[0], prompt)
        elif photos:
            draw = partial(blend_photos, photos, aspect_of(prompt))
        whole = " ".join([*(self._build_upload_link(submit, number) for number in range(len(photos))), prompt])
        return self._take(submit, whole, Plan("grid", draw), f"/imagine {whole}")

    def _blend(self, submit: Submit) -> web.Response:
        pictures = as_list(submit.body.get("base64Array"))
        if pictures is None or not 2 <= len(pictures) <= 5:
            return _refuse_fields("base64List参数错误")
        if (wide := _SHAPES.get(submit.text("dimensions") or "SQUARE")) is None:
            raise RequestRefused(spring_error(400, submit.path))
        photos = submit.photos("base64Array")
        if photos is None:
            return _refuse_fields("base64格式错误")
        links = " ".join(f"<https://s.mj.run/{CHANNEL_ID[number:][:11]}>" for number in range(len(photos)))
        command = f"/blend {round(submit.now * 1000)} {len(photos)}"
        return self._take(submit, "", Plan("grid", partial(blend_photos, photos, wide)), command, final=links)

    def _describe(self, submit: Submit) -> web.Response:
        if not submit.text("base64"):
            return _refuse_fields("base64不能为空")
        if (photo := submit.photo("base64")) is None:
            return _refuse_fields("base64格式错误")
        plan = Plan("describe", lambda _: (use_photo(photo),))
        return self._take(submit, "", plan, "/describe {id}.png", final=describe_picture(photo))

    def _change(self, submit: Submit) -> web.Response:
        task_id, action, index = submit.text("taskId"), submit.text("action"), submit.body.get("index")
        if not task_id:
            return _refuse_fields("taskId不能为空")
        if action not in _CHANGES:
            if action and action not in _OTHER_ACTIONS:
                raise RequestRefused(spring_error(400, submit.path))
            return _refuse_fields("action参数错误")
        if index is not None and (not isinstance(index, int) or isinstance(index, bool)):
            raise RequestRefused(spring_error(400, submit.path))
        return self._submit_change(replace(submit, action=action), task_id, index)

    def _simple_change(self, submit: Submit) -> web.Response:
        content = submit.text("content")
        if not content:
            return _refuse_fields("content不能为空")
        if not (found := _SIMPLE_CHANGE.fullmatch(content)):
            return _refuse_fields("content参数错误")
        action = "REROLL" if found[4] else {"U": "UPSCALE", "V": "VARIATION"}[found[2].upper()]
        return self._submit_change(replace(submit, action=action), found[1], int(found[3]) if found[3] else None)

    def _submit_change(self, submit: Submit, task_id: str, index: int | None) -> web.Response:
        """Upscale or vary one picture of a grid, or reroll it, which needs no index."""
        is_reroll = submit.action == "REROLL"
        if not is_reroll and index is None:
            raise RequestRefused(spring_error(500, submit.path))
        if submit.action == "UPSCALE" and (known := self._upscales.get((task_id, cast("int", index)))):
            return self._answer_existing(known, submit.now)
        row = self._queue.table.first(task_id)
        if row is None:
            return _refuse("关联任务不存在或已失效", 3)
        if self._queue.table.status(row, submit.now) != "SUCCESS":
            return _refuse_fields("关联任务状态错误")
        if row.action not in _CHANGEABLE:
            return _refuse_fields("关联任务不允许执行变化")
        if not is_reroll and index not in {1, 2, 3, 4}:
            return _refuse_fields("index参数错误")
        number = 0 if is_reroll else cast("int", index)
        custom_id = f"MJ::JOB::{_CHANGES[submit.action]}::{number}::{row.task.uuid}"
        command = f"/up {task_id} {'R' if is_reroll else f'{submit.action[0]}{number}'}"
        answer = self._take(
            submit, row.task.prompt, build_child(row.task, custom_id), command, final=row.task.final_prompt
        )
        if submit.action == "UPSCALE" and self._queue.settings.recognizes_repeats and self._queue.accepted:
            made = self._queue.table.first(self._queue.accepted[-1].task_id)
            if made is not None and made.task.command == command:
                self._upscales[task_id, number] = made
        return answer

    def _answer_existing(self, row: TaskRow, now: float) -> web.Response:
        """Answer a repeated upscale with the existing task; nothing is sent to Discord."""
        task = row.to_fields(now, self._url())
        properties = {"imageUrl": task["imageUrl"], "status": task["status"]}
        return json_answer(submit_body(21, "任务已存在", row.task.task_id, properties), charset=None)

    def _take(self, submit: Submit, prompt: str, plan: Plan, command: str, *, final: str = "") -> web.Response:
        """Accept a task: code 22 only if others wait already, 23 if the queue is full."""
        if submit.text("botType") not in {"", *_BOTS}:
            raise RequestRefused(spring_error(400, submit.path))
        if BANNED_WORD in prompt.lower():
            found = {"promptEn": prompt, "bannedWord": BANNED_WORD}
            return json_answer(submit_body(24, "可能包含敏感词", None, found), charset=None)
        if self._queue.account_lost:
            return _refuse("无可用的账号实例", 3)
        instance = {"discordInstanceId": CHANNEL_ID}
        waiting = self._queue.count_ahead(submit.now) - 1
        if waiting >= self._queue.settings.queue_size:
            return json_answer(submit_body(23, "队列已满\uff0c请稍后尝试", None, instance), charset=None)
        task = self._queue.create_task(submit, prompt, plan, final)
        task.command = command.replace("{id}", task.task_id)
        self._queue.enqueue(task, submit, prompt, "提交成功")
        if waiting > 0:
            description = f"排队中\uff0c前面还有{waiting}个任务"
            queued = {"numberOfQueues": waiting, **instance}
            return json_answer(submit_body(22, description, task.task_id, queued), charset=None)
        return json_answer(submit_body(1, "提交成功", task.task_id, instance), charset=None)

    def _build_upload_link(self, submit: Submit, number: int) -> str:
        """Return the link of a picture that the proxy has uploaded to Discord's CDN."""
        name = f"{round(submit.now * 1000)}{number}.png"
        return self._url() + sign_cdn_path(f"/attachments/{CHANNEL_ID}/{round(submit.now * 1000)}/{name}", submit.now)


def sort_listed_tasks(rows: list[TaskRow], body: Body | None, now: float) -> list[TaskRow]:
    """Return rows, those that run or wait first; `body` may restrict them to `ids`, which may be numbers."""
    if body is not None:
        ids = {str(each) for each in as_list(body.get("ids") or []) or ()}
        rows = [row for row in rows if row.task.task_id in ids]
    return sorted(rows, key=lambda row: row.task.read_status(now)[0] in {"SUCCESS", "FAILURE"})


def _refuse(description: str, code: int) -> web.Response:
    return json_answer(submit_body(code, description, None, {}), charset=None)


def _refuse_fields(description: str) -> web.Response:
    return _refuse(description, 4)
