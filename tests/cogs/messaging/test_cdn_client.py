"""Uploaded files, over a real socket: no more is read than the bot accepts, whatever size was announced."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import discord
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from discord.http import Route

from bot.errors import UploadTooLarge
from bot.imaging.upload_validation import MAX_UPLOAD_BYTES
from bot.network.system_resolver import SystemResolver
from cogs.gateway.sharded_bot import ShardedBot
from cogs.messaging.cdn_client import SizeLimitedHTTPClient
from tests.wire.loopback import LoopbackDiscord

CHUNK = 1024 * 1024


class Host:
    """A server that sends what it is told to, in chunks, and counts them."""

    def __init__(self, chunks: int, status: int = 200) -> None:
        self.chunks = chunks
        self.status = status
        self.sent = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Send the chunks without telling how many."""
        response = web.StreamResponse(status=self.status)
        await response.prepare(request)
        for _ in range(self.chunks):
            await response.write(bytes(CHUNK))
            self.sent += 1
        return response


@asynccontextmanager
async def download(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncGenerator[Awaitable[bytes]]:
    """Let the real bot's HTTP client download a file from a server that answers so."""
    application = web.Application()
    application.router.add_get("/mask.png", handler)
    server = TestServer(application, host="127.0.0.1", skip_url_asserts=True)
    async with server, aiohttp.ClientSession() as session, ShardedBot(1) as bot:
        assert isinstance(bot.http, SizeLimitedHTTPClient)
        bot.http._HTTPClient__session = session  # type: ignore[attr-defined]
        yield bot.http.get_from_cdn(str(server.make_url("/mask.png")))


async def test_a_file_that_fits_comes_whole() -> None:
    """However it is cut into pieces."""
    async with download(Host(3).answer) as coming:
        assert await coming == bytes(3 * CHUNK)


async def test_a_body_larger_than_announced_is_not_read_to_its_end() -> None:
    """Its sender is stopped soon after the bound."""
    host = Host(10 * MAX_UPLOAD_BYTES // CHUNK)
    async with download(host.answer) as coming:
        with pytest.raises(UploadTooLarge) as refused:
            await coming
    assert (refused.value.name, refused.value.limit) == ("mask.png", MAX_UPLOAD_BYTES)
    assert host.sent < 2 * MAX_UPLOAD_BYTES // CHUNK


async def test_a_body_that_says_that_it_is_too_large_is_not_read() -> None:
    """Its length is looked at first."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=bytes(MAX_UPLOAD_BYTES + 1))

    async with download(answer) as coming:
        with pytest.raises(UploadTooLarge) as refused:
            await coming
    assert refused.value.size == MAX_UPLOAD_BYTES + 1


@pytest.mark.parametrize(
    ("status", "error"), [(404, discord.NotFound), (403, discord.Forbidden), (500, discord.HTTPException)]
)
async def test_a_missing_file_raises_the_error_of_discord_py(status: int, error: type[discord.HTTPException]) -> None:
    async with download(Host(0, status).answer) as coming:
        with pytest.raises(error):
            await coming


@pytest.mark.parametrize("host", ["discord.nas.local", "discord", "discord.svc.cluster.local"])
async def test_discord_is_reached_by_the_names_of_the_system(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """discord.py's own session would ask DNS servers only."""

    async def resolve(_: SystemResolver, name: str, port: int = 0, **__: object) -> list[dict[str, str | int]]:
        assert name == host
        return [{"host": "127.0.0.1", "port": port}]

    monkeypatch.setattr(SystemResolver, "resolve", resolve)
    async with LoopbackDiscord() as there:
        monkeypatch.setattr(Route, "BASE", there.api_url.replace("127.0.0.1", host))
        async with ShardedBot(1) as bot:
            await bot.login(there.token)
            assert bot.user is not None


def test_every_session_uses_the_systems_names_and_the_proxy() -> None:
    """Each names its connector, but for the one that probes this process's own port."""
    root = Path(__file__).parents[3]
    sources = [path for folder in ("bot", "cogs") for path in (root / folder).rglob("*.py")]
    bare = [
        path.name
        for path in sources
        for arguments in re.findall(r"aiohttp\.ClientSession\((.*?)\)(?: as|,|\)|$)", path.read_text(), re.DOTALL)
        if "connector=" not in arguments
    ]
    assert bare == ["http_server.py"]
