"""A relay on 127.0.0.1 that checks the key as real ones do, in one header or the other."""

from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from bot.relay.key_diagnosis import USAGE_PATH
from tests.fakes.socket_relay import ADMITTED, KEY
from tests.recordings import Reply

UNKNOWN = Reply(400, ADMITTED)
ACCEPTED = Reply(200, '{"code":1,"description":"Submit success","result":"1754300000123417"}')

Admits = Callable[[dict[str, str]], bool]


def read_either_header(headers: dict[str, str]) -> bool:
    """Read the key as new-api does: from Authorization, and where that is missing from mj-api-secret."""
    return headers.get("Authorization", f"Bearer {headers.get('mj-api-secret')}") == f"Bearer {KEY}"


def read_secret_header(headers: dict[str, str]) -> bool:
    """Read the key as one-hub and midjourney-proxy do: from mj-api-secret only."""
    return headers.get("mj-api-secret") == KEY


def read_bare_authorization(headers: dict[str, str]) -> bool:
    """Read the key as TrueAI's proxy does: from Authorization, whole, and where that is missing from mj-api-secret."""
    return headers.get("Authorization", headers.get("mj-api-secret")) == KEY


@dataclass
class KeyRelay:
    """Responses to reads, seeds, submits and the key's usage; `refusal` for a key that the relay cannot read.

    `asked` counts requests by kind: "read", "seed", "submit", "usage"; `headers` are those of the last of each kind.
    """

    admits: Admits = read_either_header
    refusal: Reply = field(default_factory=lambda: Reply(401, ""))
    read: Reply = UNKNOWN
    submit: Reply = ACCEPTED
    seed: Reply = UNKNOWN
    usage: Reply = field(default_factory=lambda: Reply(404, '{"error":{"message":"Invalid URL"}}'))
    url: str = ""
    asked: Counter[str] = field(default_factory=Counter[str])
    headers: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])

    async def answer(self, request: web.Request) -> web.Response:
        """Record the request, and respond to it."""
        path = request.path
        kind = next(
            (
                kind
                for part, kind in (("/submit/", "submit"), (USAGE_PATH, "usage"), ("image-seed", "seed"))
                if part in path
            ),
            "read",
        )
        self.asked[kind] += 1
        self.headers[kind] = dict(request.headers)
        reply: Reply = getattr(self, kind)
        if kind != "usage" and not self.admits(dict(request.headers)):
            reply = self.refusal
        headers = {} if reply.retry_after is None else {"Retry-After": f"{reply.retry_after:g}"}
        return web.Response(status=reply.status, body=reply.text.encode(), headers=headers)

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator[None]:
        """Serve until the block ends."""
        app = web.Application()
        app.router.add_route("*", r"/{path:[\s\S]*}", self.answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0][:2]
            self.url = f"http://{host}:{port}"
            yield
        finally:
            await runner.cleanup()
