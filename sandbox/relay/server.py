"""Answer the `/mj` protocol: keys, prepared answers, tasks, then whatever the sandbox's relay serves at a path."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Unpack, cast

from aiohttp import web

from sandbox.relay.answers import (
    Refused,
    bad_gateway,
    console,
    dumps,
    midjourney_error,
    not_found,
    openai_error,
    submitted,
    tasks,
)
from sandbox.relay.buttons import plain_button
from sandbox.relay.desk import Desk, Submitted
from sandbox.relay.gallery import Gallery
from sandbox.relay.ledger import Ledger
from sandbox.relay.lives import ACTIONS, Life, live
from sandbox.relay.refusals import REFUSALS, Refusal
from sandbox.relay.request import Body, body_of, items, pictures_in
from sandbox.relay.routes import OPEN, route_of
from sandbox.relay.scripts import Extras, Script, Scripts
from sandbox.relay.settings import RelaySettings
from sandbox.relay.submits import Submits
from sandbox.relay.words import seed_of
from sandbox.relay.work import Work

_PROMPT = "a lighthouse at dawn --ar 3:2 --v 7"


class Relay:
    """One relay with its tasks; `serve` puts it on a socket.

    Attributes:
        app: The application, for a server of one's own.
        url: Where it is served; pictures' addresses begin with it.
        down: While true every request is answered 502 with HTML.
        submits: Every submit that was accepted and is billed, in order.
        requests: How often each route was asked: imagine, action, change, simple-change, modal, blend, describe,
            shorten, video, edits, swap, upload, fetch, list, seed, cancel, image, picture, unknown.
    """

    def __init__(self, settings: RelaySettings | None = None, *, now: Callable[[], float] = time.time) -> None:
        self.settings = settings or RelaySettings()
        self.url = ""
        self.down = False
        self.requests: Counter[str] = Counter()
        self.app = web.Application(client_max_size=64 * 2**20)
        self.app.router.add_route("*", "/{tail:.*}", self._handle)
        self._now = now
        self._ledger = Ledger(now(), self.settings)
        self._desk = Desk(self.settings, self._ledger)
        self._submits = Submits(self.settings, self._desk, self._host)
        self._scripts = Scripts()
        self._gallery = Gallery(self.settings, self._ledger)

    @property
    def submits(self) -> list[Submitted]:
        """Return the accepted, billed submits."""
        return self._desk.accepted

    @asynccontextmanager
    async def serve(self, port: int = 0, host: str = "127.0.0.1") -> AsyncGenerator[Relay]:
        """Listen on a socket (a free port for 0) until the block is left."""
        runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port, backlog=1024)
            await site.start()
            address = cast("tuple[str, int]", runner.addresses[0])
            self.url = f"http://{address[0]}:{address[1]}"
            yield self
        finally:
            self._scripts.close()
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
        **more: Unpack[Extras],
    ) -> None:
        """Make this the next answer of a route, `times` times: `body` as JSON, or `text` as it stands.

        `delay` seconds come first (infinite: the caller hangs), `drop` cuts the connection after half of the text,
        and with `passes` the relay's own answer follows the delay. What else a Script takes may be given too.
        """
        text = text if body is None else dumps(body)
        script = Script(
            status=status,
            text=text,
            content_type=content_type,
            headers=headers or {},
            delay=delay,
            drop=drop,
            passes=passes,
            **more,
        )
        self._scripts.add(route, script, times)

    def refuse(self, route: str, why: Refusal, *, times: int = 1) -> None:
        """Turn the next `times` requests of a route down as a relay does; nothing comes to be, nothing is billed."""
        answer = REFUSALS[why]()
        kind = {"Content-Type": answer.headers["Content-Type"]}
        self.script(route, answer.status, text=(answer.text or ""), headers=kind, times=times)

    def add_task(
        self,
        life: Life = "running",
        *,
        task_id: str = "",
        prompt: str = _PROMPT,
        fail_reason: str = "[Banned prompt detected] Sorry! Our AI moderator thinks this prompt is probably against"
        " our community standards.",
        state: str = "",
        age: float = 0.0,
        further: Mapping[str, str] | None = None,
    ) -> str:
        """Put a task into the relay, at no cost, and return its id.

        A running one was submitted `age` seconds ago; every other life ended that long ago, except modal, which
        waits for its window. `further` buttons, customIds with their labels, follow those of its kind.
        """
        now = self._now()
        task_id = task_id or self._ledger.new_id(now)
        parent_id = self._ledger.new_id(now) if life == "modal" else ""
        seconds, official = self.settings.seconds_per_task, self.settings.official
        work = live(life, task_id, prompt, now - age, seconds, parent_id, official=official)
        work.state = state
        work.further = tuple(plain_button(custom_id, label) for custom_id, label in (further or {}).items())
        if life == "failed":
            work.fail_reason = fail_reason
        if work.parent is not None:
            self._insert(work.parent, "IMAGINE", "Submit success", now)
        said = "Waiting for window confirm" if life == "modal" else "Submit success"
        self._insert(work, ACTIONS[life], said, now)
        return task_id

    def _insert(self, work: Work, action: str, said: str, now: float) -> None:
        created = work.submitted
        if work.at(now)[1] == 100 or work.modal:
            created = min(created, now - self.settings.refresh_seconds)
        self._ledger.insert(work, action=action, prompt=work.prompt, description=said, created=created)

    def _host(self) -> str:
        host = self.settings.image_host or self.url
        return host if "://" in host else f"http://{host}"

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        route, name = route_of(request.method, request.path, self.settings)
        self.requests[route] += 1
        self.url = self.url or f"http://{request.host}"
        if self.down:
            return bad_gateway()
        script = self._scripts.take(route)
        if script is not None:
            if script.carried_out:
                await self._answer(request, route, name)
            answer = await self._scripts.play(script, request)
            if answer is not None:
                return answer
        try:
            if route not in OPEN:
                self._admit(request)
            return await self._answer(request, route, name)
        except Refused as refused:
            return refused.answer

    def _admit(self, request: web.Request) -> None:
        key = request.headers.get("Authorization", "")
        if key in {"", "midjourney-proxy"}:
            key = request.headers.get("mj-api-secret", "")
        if not key:
            raise Refused(openai_error(401, "未提供令牌"))
        if _bare(key) != _bare(self.settings.key):
            raise Refused(openai_error(401, "无效的令牌"))

    async def _answer(self, request: web.Request, route: str, name: str) -> web.Response:
        now = self._now()
        if route == "fetch":
            row = self._ledger.first(name)
            if row is None:
                return midjourney_error("task_no_found")
            return tasks(self._ledger.text(row, now, self._host()))
        if route == "list":
            return self._list(await body_of(request), now)
        if route == "seed":
            if self._ledger.first(name) is None:
                return midjourney_error("task_no_found")
            await self._scripts.wait(self.settings.seed_seconds)
            return submitted(1, "成功", seed_of(name), {})
        if route == "cancel":
            return self._cancel(name, now)
        if route in OPEN:
            return await self._public(request.method, route, name, now)
        body = await body_of(request)
        answer = self._submits.take(route, request.path, body, await pictures_in(body), now)
        if self.settings.submit_seconds:
            await self._scripts.wait(self.settings.submit_seconds)
        return answer

    async def _public(self, method: str, route: str, name: str, now: float) -> web.Response:
        if route == "image":
            return await self._gallery.image(name, now)
        if route == "picture":
            return await self._gallery.file(name, self._submits.uploads, now)
        if route == "sandbox":
            return tasks(dumps({"requests": self.requests, "submits": [vars(submit) for submit in self.submits]}))
        return not_found(method, name) if name.startswith(("/v1", "/api", "/assets")) else console()

    def _cancel(self, task_id: str, now: float) -> web.Response:
        row = self._ledger.first(task_id)
        if row is None:
            return submitted(3, "任务不存在", None)
        return submitted(1, "成功", task_id) if row.work.cancel(now) else submitted(4, "任务已结束", None)

    def _list(self, body: Body, now: float) -> web.Response:
        ids = items(body.get("ids") or [])
        wanted = [each for each in ids or () if isinstance(each, str)]
        if ids is None or len(wanted) != len(ids):
            return midjourney_error("do_request_failed")
        host = self._host()
        rows = self._ledger.listed(wanted)
        return tasks(f"[{','.join([self._ledger.text(row, now, host) for row in rows])}]")


def _bare(key: str) -> str:
    return key.removeprefix("Bearer ").removeprefix("sk-").split("-")[0]


async def _run(port: int, settings: RelaySettings, running: int) -> None:
    async with Relay(settings).serve(port) as relay:
        ids = [relay.add_task() for _ in range(running)]
        print(json.dumps({"url": relay.url, "tasks": ids}), flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Run a relay as a process: `python -m sandbox.relay`; its first line is JSON with the url and the tasks' ids."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--settings", type=json.loads, default={}, help="RelaySettings as a JSON object")
    parser.add_argument("--running", type=int, default=0, help="how many running tasks to begin with")
    options = parser.parse_args()
    given = cast("dict[str, object]", options.settings)
    for name in ("refuses", "missing_models", "missing_routes"):
        if name in given:
            given[name] = frozenset(cast("list[str]", given[name]))
    try:
        asyncio.run(_run(options.port, RelaySettings(**given), options.running))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    except KeyboardInterrupt:
        return
