"""A relay on 127.0.0.1 that records its requests, and responds as the test prepared it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from bot.midjourney.submit_response import SubmitResponse
from bot.relay.client import RelayClient
from bot.relay.key_diagnosis import USAGE_PATH
from bot.relay.requests import PressButton
from tests.recordings import Recorded, recorded

KEY = "sk-VerySecretKey0123456789"
ASKED = "1754300000123417"
GRID = "14_fetch_imagine_success_grid"
"""The recorded response to a fetch of ASKED."""

CHECK = "/mj/task/1000000000000000/fetch"
"""The read that checks the key before the first submit: a fetch of a task that does not exist."""
ADMITTED = '{"code":4,"description":"task_no_found ","type":"upstream_error"}'
"""The response to that read, with HTTP 400, which lets submits pass."""


@dataclass
class Seen:
    """A request as it arrived; `path` is raw, as in the request line, `port` the client's."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    port: int


@dataclass
class Relay:
    """A loopback relay: the requests it saw, and its responses in turn, of which the last one is repeated.

    While `admits` is true, checks of the key succeed and are not recorded. Reads of the key's usage get `usage` or
    404; `usage_asked` holds their headers.
    """

    answers: list[web.Response | Recorded]
    seen: list[Seen] = field(default_factory=list[Seen])
    url: str = ""
    admits: bool = True
    usage: web.Response | None = None
    usage_asked: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    async def answer(self, request: web.Request) -> web.Response:
        """Record the request and send the next response."""
        if self.admits and request.raw_path.endswith(CHECK):
            return web.Response(status=400, text=ADMITTED)
        if request.raw_path.endswith(USAGE_PATH):
            self.usage_asked.append(dict(request.headers))
            usage = self.usage or web.Response(status=404, text="{}")
            return web.Response(status=usage.status, body=usage.body, headers=usage.headers)
        peer = request.transport.get_extra_info("peername") if request.transport else ("", 0)
        self.seen.append(Seen(request.method, request.raw_path, dict(request.headers), await request.text(), peer[1]))
        response = self.answers[min(len(self.seen), len(self.answers)) - 1]
        if isinstance(response, Recorded):
            # Built from bytes: aiohttp must not correct the odd content types.
            headers = {"Content-Type": response.content_type}
            return web.Response(status=response.status, body=response.text.encode(), headers=headers)
        return web.Response(status=response.status, body=response.body, headers=response.headers)


@asynccontextmanager
async def relay(*answers: web.Response | str) -> AsyncGenerator[Relay]:
    """Run a relay that sends these responses in turn; a string names a recorded one."""
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
    """A sleep that only records how long."""

    async def __call__(self, seconds: float) -> None:
        """Record the pause."""
        self.append(seconds)


async def press_button(api: RelayClient) -> SubmitResponse:
    """Press a button of a task; the recorded answers name another, the new one."""
    return await api.submit(PressButton(task_id="1754300000123400", custom_id="MJ::JOB::upsample::2::u"), state="s")
