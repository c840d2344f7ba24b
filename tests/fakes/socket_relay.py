"""A relay on 127.0.0.1 that notes what it is asked, and answers as a test prepared it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from bot.relay.key_diagnosis import USAGE_PATH
from tests.recorded import Recorded, recorded

CHECK = "/mj/task/1000000000000000/fetch"
"""What is asked for before the first submit: a task that nobody has."""
ADMITTED = '{"code":4,"description":"task_no_found ","type":"upstream_error"}'
"""The answer that lets submits pass, with HTTP 400."""


@dataclass
class Seen:
    """A request as it arrived; `path` is raw, as it stood in the request line, `port` its client's."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    port: int


@dataclass
class Relay:
    """What a loopback relay saw, and what it answers next: the last one again and again.

    While `admits` is true, checks are answered by themselves, and not noted; so is the usage of the key, with `usage`,
    or with 404 where this relay has no such route. `usage_asked` are the headers of these requests.
    """

    answers: list[web.Response | Recorded]
    seen: list[Seen] = field(default_factory=list[Seen])
    url: str = ""
    admits: bool = True
    usage: web.Response | None = None
    usage_asked: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    async def answer(self, request: web.Request) -> web.Response:
        """Note the request and give the next answer."""
        if self.admits and request.raw_path.endswith(CHECK):
            return web.Response(status=400, text=ADMITTED)
        if request.raw_path.endswith(USAGE_PATH):
            self.usage_asked.append(dict(request.headers))
            usage = self.usage or web.Response(status=404, text="{}")
            return web.Response(status=usage.status, body=usage.body, headers=usage.headers)
        peer = request.transport.get_extra_info("peername") if request.transport else ("", 0)
        self.seen.append(Seen(request.method, request.raw_path, dict(request.headers), await request.text(), peer[1]))
        said = self.answers[min(len(self.seen), len(self.answers)) - 1]
        if isinstance(said, Recorded):
            # Built from bytes: aiohttp must not correct the odd content types.
            headers = {"Content-Type": said.content_type}
            return web.Response(status=said.status, body=said.text.encode(), headers=headers)
        return web.Response(status=said.status, body=said.body, headers=said.headers)


@asynccontextmanager
async def relay(*answers: web.Response | str) -> AsyncGenerator[Relay]:
    """Run a relay on 127.0.0.1 that gives these answers in turn; a string names a recorded one."""
    it = Relay([recorded(answer) if isinstance(answer, str) else answer for answer in answers])
    app = web.Application()
    app.router.add_route("*", r"/{path:[\s\S]*}", it.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        it.url = f"http://{host}:{port}"
        yield it
    finally:
        await runner.cleanup()


class Slept(list[float]):
    """A sleep that only notes how long."""

    async def __call__(self, seconds: float) -> None:
        """Note it."""
        self.append(seconds)
