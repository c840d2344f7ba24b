"""Answer the `/mj` protocol: prepared answers first, then the key check, then the route."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Unpack, cast

from aiohttp import web

from sandbox.relay.accounts.account_api import AccountAPI, RateLimitWindow
from sandbox.relay.accounts.billing import Billing
from sandbox.relay.accounts.key_check import KeyCheck
from sandbox.relay.accounts.keys import Key, KeyRing
from sandbox.relay.answers import (
    ConnectionDropped,
    RequestRefused,
    bad_gateway,
    dumps,
    empty_answer,
    midjourney_error,
    submit_answer,
    tasks_answer,
    text_answer,
)
from sandbox.relay.error_texts import ErrorTexts, spring_error
from sandbox.relay.picture_routes import PictureRoutes
from sandbox.relay.profiles import PROFILES, find_profile
from sandbox.relay.routes import OPEN, find_route, is_billing
from sandbox.relay.scripted_answers import RareOptions, ScriptedAnswer, ScriptedAnswers
from sandbox.relay.settings import RelaySettings
from sandbox.relay.submits.proxy_submits import sort_listed_tasks
from sandbox.relay.submits.refusals import Refusal, build_refusal
from sandbox.relay.submits.submit_fields import Body, Submit, as_list, open_pictures, read_body
from sandbox.relay.submits.submit_routes import Submits, Upstream
from sandbox.relay.submits.upstream_queue import AcceptedSubmit, UpstreamQueue
from sandbox.relay.tasks.buttons import plain_button
from sandbox.relay.tasks.midjourney_texts import derive_seed
from sandbox.relay.tasks.sample_tasks import ACTIONS, SampleKind, create_sample_task
from sandbox.relay.tasks.task_table import TaskTable
from sandbox.relay.tasks.upstream_task import UpstreamTask

_PROMPT = "a lighthouse at dawn --ar 3:2 --v 7"
_KEY_CHECK_ID = "1000000000000000"


class Relay:
    """One relay with its tasks; `serve` listens on a socket.

    Attributes:
        app: The aiohttp application, for tests that run their own server.
        url: The address of the relay; the URLs of pictures begin with it.
        down: While true, every request is answered with 502 and HTML.
        submits: Every accepted, billed submit, in order.
        keys: The valid keys, and what each has spent.
        requests: How often each route was requested: imagine, action, change, simple-change, modal, blend, describe,
            shorten, video, edits, swap, upload, fetch, list, tasks, queue, seed, cancel, image, picture, api, unknown.
    """

    def __init__(self, settings: RelaySettings | None = None, *, now: Callable[[], float] = time.time) -> None:
        self.settings = settings or RelaySettings()
        self.url = ""
        self.down = False
        self.requests: Counter[str] = Counter()
        self.key_reads = 0
        """How many of the fetches asked for the task that does not exist, with which the bot checks its key."""
        self.account_reads = 0
        """How many requests asked for prices, balances and bills, whether or not the software has such routes."""
        self.app = web.Application(client_max_size=64 * 2**20)
        self.app.router.add_route("*", "/{tail:.*}", self._handle)
        self._now = now
        self.keys = KeyRing((_build_own_key(self.settings), *self.settings.keys))
        self._key_check = KeyCheck(self.settings, self.keys)
        self.app.on_response_prepare.append(self._key_check.add_headers)
        self._error_texts = ErrorTexts(self.settings.software)
        self._table = TaskTable(now(), self.settings)
        billing = Billing(self.settings, self.keys)
        self._account_api = AccountAPI(self.settings, self.keys, billing)
        self._console_limit = RateLimitWindow(60, 180)
        self._queue = UpstreamQueue(self.settings, self._table, billing)
        self._submits = Submits(self.settings, self._queue, self._picture_host)
        self._scripted = ScriptedAnswers()
        self._pictures = PictureRoutes(self.settings, self._table)

    @property
    def submits(self) -> list[AcceptedSubmit]:
        """Return the accepted, billed submits."""
        return self._queue.accepted

    @property
    def upstream(self) -> Upstream:
        """The state of the proxy behind new-api; may be set."""
        return self._submits.upstream

    @upstream.setter
    def upstream(self, value: Upstream) -> None:
        self._submits.upstream = value

    def lose_account(self) -> None:
        """Lose the account at Midjourney: running tasks stop, and submits are refused with code 3."""
        self._queue.account_lost = True
        for row in self._table.all_rows():
            row.task.lost_at = min(row.task.lost_at, self._now())

    def finish_task(self, task_id: str) -> None:
        """End a running task now, as if its time had passed."""
        for row in self._table.find_rows([task_id]):
            row.task.start = min(row.task.start, self._now())
            row.task.seconds = max(1e-6, self._now() - row.task.start)

    def restart(self) -> None:
        """Restart with a working account: midjourney-proxy, which keeps its tasks in memory, loses them."""
        self._queue.account_lost = False
        if self.settings.is_proxy:
            self._table.clear()

    @asynccontextmanager
    async def serve(self, port: int = 0, host: str = "127.0.0.1") -> AsyncGenerator[Relay]:
        """Listen on a socket until the block ends; port 0 takes any free one."""
        runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port, backlog=1024)
            await site.start()
            address = cast("tuple[str, int]", runner.addresses[0])
            self.url = f"http://{address[0]}:{address[1]}"
            yield self
        finally:
            self._scripted.close()
            await runner.cleanup()

    def script(  # noqa: PLR0913 - a test names the two or three that it needs
        self,
        route: str,
        status: int = 200,
        body: object = None,
        *,
        text: str = "",
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        times: int = 1,
        delay: float = 0.0,
        drop: bool = False,
        passes: bool = False,
        **more: Unpack[RareOptions],
    ) -> None:
        """Prepare the next `times` answers of a route: `body` as JSON, or `text` unchanged.

        The other arguments are the fields of ScriptedAnswer.
        """
        text = text if body is None else dumps(body)
        script = ScriptedAnswer(
            status=status,
            text=text,
            content_type=content_type,
            headers=headers or {},
            delay=delay,
            drop=drop,
            passes=passes,
            **more,
        )
        self._scripted.add(route, script, times)

    def refuse(self, route: str, reason: Refusal, *, times: int = 1) -> None:
        """Refuse the next `times` requests of a route as a relay does: no task is created, nothing is billed."""
        answer = build_refusal(reason, self.settings.software)
        kind = answer.headers.get("Content-Type", "")
        self.script(route, answer.status, text=(answer.text or ""), content_type=kind, times=times)

    def clear_scripts(self, route: str = "") -> None:
        """Answer a route, or all routes, as the relay itself does from now on."""
        self._scripted.clear(route)

    def add_task(
        self,
        kind: SampleKind = "running",
        *,
        task_id: str = "",
        prompt: str = _PROMPT,
        fail_reason: str = "[Banned prompt detected] Sorry! Our AI moderator thinks this prompt is probably against"
        " our community standards.",
        state: str = "",
        age: float = 0.0,
        extra_buttons: Mapping[str, str] | None = None,
    ) -> str:
        """Add a task without billing it, and return its id.

        A running task was submitted `age` seconds ago; every other kind ended `age` seconds ago, except modal, which
        waits for its form. `extra_buttons`, labels by customId, are appended to the buttons of its kind.
        """
        now = self._now()
        task_id = task_id or self._table.new_id(now)
        parent_id = self._table.new_id(now) if kind == "modal" else ""
        seconds, official = self.settings.task_seconds(prompt), self.settings.official
        task = create_sample_task(kind, task_id, prompt, now - age, seconds, parent_id, official=official)
        task.state = state
        task.extra_buttons = tuple(plain_button(custom_id, label) for custom_id, label in (extra_buttons or {}).items())
        if kind == "failed":
            task.fail_reason = fail_reason
        if task.parent is not None:
            self._insert_row(task.parent, "IMAGINE", "Submit success", now)
        description = "Waiting for window confirm" if kind == "modal" else "Submit success"
        self._insert_row(task, ACTIONS[kind], description, now)
        return task_id

    def _insert_row(self, task: UpstreamTask, action: str, description: str, now: float) -> None:
        created = task.submitted
        if task.read_status(now)[1] == 100 or task.needs_modal:
            created = min(created, now - self.settings.refresh_seconds)
        self._table.insert(task, action=action, prompt=task.prompt, description=description, created=created)

    def _picture_host(self) -> str:
        host = self.settings.image_host or self.url
        return host if "://" in host else f"http://{host}"

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        route, name = find_route(request.method, request.path, self.settings)
        self.requests[route] += 1
        self.key_reads += _KEY_CHECK_ID in request.path
        self.account_reads += request.path.startswith("/api/") or is_billing(request.path)
        self.url = self.url or f"http://{request.host}"
        self._key_check.assign_request_id(self._now())
        if self.down:
            return bad_gateway()
        script = self._scripted.take(route)
        if script is not None:
            if script.carried_out:
                await self._serve_route(request, route, name)
            answer = await self._scripted.play(script, request)
            if answer is not None:
                return answer
        return await self._serve_route(request, route, name)

    async def _serve_route(self, request: web.Request, route: str, name: str) -> web.Response:
        try:
            key = self._key_check.admit(request, route, self._now())
            return await self._answer(request, route, name, key)
        except RequestRefused as refused:
            return refused.answer
        except ConnectionDropped:
            if request.transport is not None:
                request.transport.close()
            return empty_answer(500)

    async def _answer(self, request: web.Request, route: str, name: str, key: Key) -> web.Response:
        now = self._now()
        if route == "fetch":
            return self._answer_fetch(name, now, key)
        if route in {"list", "tasks", "queue"}:
            return self._answer_list(route, await read_body(request) if route == "list" else {}, now, key)
        if route == "seed":
            return await self._answer_seed(name, key)
        if route == "cancel":
            return self._cancel_task(name, now)
        if route == "api":
            return self._account_api.answer(request, now)
        if route in OPEN:
            return await self._answer_open_route(request.method, route, name, now)
        body = await self._read_json(request)
        pictures = await open_pictures(body)
        submit = Submit(path=request.path, body=body, action="", now=now, pictures=pictures, key=key)
        answer = self._submits.take(route, submit)
        if self.settings.submit_seconds:
            await self._scripted.wait(self.settings.submit_seconds)
        return answer

    async def _answer_open_route(self, method: str, route: str, name: str, now: float) -> web.Response:
        if route == "image":
            return await self._pictures.serve_image(name, now)
        if route == "picture":
            return await self._pictures.serve_file(name, self._submits.uploads, now)
        if route == "sandbox":
            return tasks_answer(
                dumps({"requests": self.requests, "submits": [vars(submit) for submit in self.submits]})
            )
        answer = self._error_texts.unknown_path(method, name)
        # The web console of the new-api of 2025, which answers such a path, is limited by address.
        limited = self.settings.software == "newapi-2025" and answer.content_type == "text/html"
        return empty_answer(429) if limited and self._console_limit.wait(now) else answer

    async def _read_json(self, request: web.Request) -> Body:
        """Return the JSON body of a request; midjourney-proxy's Spring refuses invalid JSON in its own shape."""
        try:
            return await read_body(request)
        except RequestRefused:
            if self.settings.is_proxy:
                raise RequestRefused(spring_error(400, request.path)) from None
            raise

    def _answer_fetch(self, task_id: str, now: float, key: Key) -> web.Response:
        row = self._table.first(task_id, key.account)
        if row is None:
            return empty_answer(200) if self.settings.is_proxy else midjourney_error("task_no_found")
        return tasks_answer(self._table.to_json(row, now, self._picture_host()))

    async def _answer_seed(self, task_id: str, key: Key) -> web.Response:
        """Answer a seed; new-api of 2026 sends its upstream no secret here, and gets an empty body."""
        if self._table.first(task_id, key.account) is None:
            return midjourney_error("task_no_found")
        if self.settings.software == "newapi-2026":
            return text_answer({"code": 5, "description": "empty_response_body", "properties": None, "result": ""})
        self._submits.check_upstream()
        await self._scripted.wait(self.settings.seed_seconds)
        return submit_answer(1, "成功", derive_seed(task_id), {})

    def _cancel_task(self, task_id: str, now: float) -> web.Response:
        row = self._table.first(task_id)
        if row is None:
            return submit_answer(3, "任务不存在", None)
        return submit_answer(1, "成功", task_id) if row.task.cancel(now) else submit_answer(4, "任务已结束", None)

    def _answer_list(self, route: str, body: Body, now: float, key: Key) -> web.Response:
        """Answer several tasks; midjourney-proxy can also list all tasks, or all that wait or run."""
        if self.settings.is_proxy:
            rows = sort_listed_tasks(self._table.all_rows(), body if route == "list" else None, now)
            if route == "queue":
                rows = [row for row in rows if row.task.read_status(now)[0] not in {"SUCCESS", "FAILURE"}]
        else:
            ids = as_list(body.get("ids") or [])
            wanted = [each for each in ids or () if isinstance(each, str)]
            if ids is None or len(wanted) != len(ids):
                return midjourney_error("do_request_failed")
            rows = self._table.find_rows(wanted, key.account)
        host = self._picture_host()
        return tasks_answer(f"[{','.join([self._table.to_json(row, now, host) for row in rows])}]")


def _build_own_key(settings: RelaySettings) -> Key:
    name = "unlimited" if settings.key_quota is None else "bot"
    return Key(
        value=settings.key, name=name, quota=settings.key_quota, group=settings.group, ratio=settings.group_ratio
    )


async def _run_process(port: int, settings: RelaySettings, running: int) -> None:
    async with Relay(settings).serve(port) as relay:
        ids = [relay.add_task() for _ in range(running)]
        print(json.dumps({"url": relay.url, "tasks": ids}), flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Run a relay as a process (`python -m sandbox.relay`); its first line of output is JSON with url and task ids."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--profile", choices=list(PROFILES), help="which relay software to imitate")
    parser.add_argument("--settings", type=json.loads, default={}, help="RelaySettings as a JSON object")
    parser.add_argument("--running", type=int, default=0, help="number of running tasks at the start")
    options = parser.parse_args()
    values = cast("dict[str, object]", options.settings)
    for name in ("refused_actions", "missing_models", "missing_routes"):
        if name in values:
            values[name] = frozenset(cast("list[str]", values[name]))
    settings = find_profile(options.profile) if options.profile else RelaySettings()
    settings = replace(settings, **values)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    try:
        asyncio.run(_run_process(options.port, settings, options.running))
    except KeyboardInterrupt:
        return
