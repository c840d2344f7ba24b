"""How requests to Discord are classified and counted, and how their responses tell the time."""

import asyncio
from datetime import timedelta
from email.utils import format_datetime

import aiohttp
import pytest
import yarl
from aiohttp import web
from aiohttp.test_utils import TestServer
from discord.http import Route

from bot.clock import Clock, CorrectedTime
from cogs.gateway.rest.rest_metrics import classify_request, create_trace_config
from tests.fakes.clock import FakeClock
from tests.metric_changes import Counted

TOKEN = "aW50ZXJhY3Rpb246MTIz_-token"


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", f"/interactions/1/{TOKEN}/callback", "callback"),
        ("PATCH", f"/webhooks/1/{TOKEN}/messages/@original", "edit by token"),
        ("PATCH", f"/webhooks/1/{TOKEN}/messages/5", "edit by token"),
        ("PATCH", "/channels/1/messages/5", "edit as bot"),
        ("POST", f"/webhooks/1/{TOKEN}", "send"),
        ("POST", "/channels/1/messages", "send"),
        ("GET", f"/webhooks/1/{TOKEN}/messages/@original", "other"),
        ("DELETE", f"/webhooks/1/{TOKEN}/messages/5", "other"),
        ("PUT", "/applications/1/commands", "other"),
        ("GET", "/gateway/bot", "other"),
    ],
)
def test_requests_are_classified_by_route(method: str, path: str, kind: str) -> None:
    """The kind comes of method and path, with or without a query, at Discord's own address and no other."""
    assert classify_request(method, yarl.URL(Route.BASE + path)) == kind
    assert classify_request(method, yarl.URL(Route.BASE + path + "?wait=true&thread_id=7")) == kind
    assert classify_request(method, yarl.URL("https://cdn.discordapp.com/api/v10" + path)) == ""


@pytest.mark.parametrize(
    "url",
    ["wss://gateway.discord.gg/?v=10", "https://cdn.discordapp.com/attachments/1/2/a.png", "https://discord.com/"],
)
def test_other_requests_are_not_counted(url: str) -> None:
    """The gateway's websocket and pictures go through the same session, and are another matter."""
    assert classify_request("GET", yarl.URL(url)) == ""


async def test_answers_are_counted_by_class_and_refusals_by_status(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every attempt counts: successes, refusals by status, and broken connections."""

    async def answer(request: web.Request) -> web.Response:
        status = int(request.query["status"])
        if not status:
            assert request.transport is not None
            request.transport.abort()
        if status == 1:
            await asyncio.sleep(60)
        return web.Response(status=status)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setattr(Route, "BASE", f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10")
    edit, send = f"{Route.BASE}/webhooks/1/{TOKEN}/messages/5", f"{Route.BASE}/channels/1/messages"
    counted = Counted()
    async with aiohttp.ClientSession(trace_configs=[create_trace_config(Clock())]) as session:
        for status in (200, 204, 404, 429, 429, 503):
            async with session.patch(f"{edit}?status={status}") as response:
                assert response.status == status
        async with session.post(f"{send}?status=403"):
            pass
        with pytest.raises(aiohttp.ClientError):
            await session.patch(f"{edit}?status=0")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await session.patch(f"{edit}?status=1")
    await runner.cleanup()
    requests = {("edit by token", "2xx"): 2, ("edit by token", "4xx"): 3, ("edit by token", "5xx"): 1}
    requests |= {("edit by token", "lost"): 1, ("send", "4xx"): 1}
    refusals = {("edit by token", "404"): 1, ("edit by token", "429"): 2, ("send", "403"): 1}
    assert counted.by("mjbot_discord_requests_total") == requests
    assert counted.by("mjbot_discord_refusals_total") == refusals


@pytest.mark.parametrize("path", ["/gateway/bot", "/users/@me", f"/webhooks/1/{TOKEN}/messages/5"])
@pytest.mark.parametrize("wrong_by", [timedelta(minutes=20), timedelta(minutes=-20), timedelta(days=365)])
async def test_each_response_of_discord_tells_the_time(
    wrong_by: timedelta, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a refusal, but not one from a cache."""
    right = FakeClock()
    time = CorrectedTime(FakeClock(right.now() + wrong_by).clock)

    async def answer(request: web.Request) -> web.Response:
        cached = {"Age": "30"} if "cached" in request.query else {}
        return web.Response(status=401, headers={"Date": format_datetime(right.now(), usegmt=True), **cached})

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(application) as server:
        monkeypatch.setattr(Route, "BASE", str(server.make_url("/api/v10")))
        async with aiohttp.ClientSession(trace_configs=[create_trace_config(time.clock)]) as session:
            for _ in range(3):
                await session.get(server.make_url("/elsewhere"))
                await session.get(f"{Route.BASE}{path}?cached")
            assert time.measure_system_error() is None
            for _ in range(3):
                await session.get(f"{Route.BASE}{path}")
    assert abs(time.now() - right.now()) <= timedelta(seconds=1)
