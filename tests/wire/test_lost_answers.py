"""Answers that are lost between the real process and a relay that tells, for free, what became of the submit."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.relay import Relay, RelaySettings
from tests.wire.loopback import LoopbackDiscord
from tests.worlds.processes import QUICK, WireWorld

pytestmark = pytest.mark.wire

_MODELS = {"upsample": "mj_upscale", "variation": "mj_variation"}
_NO_UPSTREAM = {"code": 5, "description": "do_request_failed ", "type": "upstream_error"}


def _log_row(relay: Relay, number: int) -> dict[str, Any]:
    """Return the row of a submit as new-api of 2026 writes it."""
    submit = relay.submits[number]
    model = next((name for word, name in _MODELS.items() if word in str(submit.body.get("customId"))), "mj_imagine")
    action = model.removeprefix("mj_").upper()
    text = f"模型固定价格 0.10\uff0c分组倍率 1.00\uff0c操作 {action}\uff0cID {submit.task_id}"
    return {"type": 2, "created_at": int(submit.time), "model_name": model, "quota": 50000, "content": text}


@asynccontextmanager
async def _world(folder: Path, settings: RelaySettings, *, source: str) -> AsyncGenerator[WireWorld]:
    """Put a Discord and a relay on sockets that has the log of new-api ("log"), or midjourney-proxy's list ("list")."""
    relay = Relay(settings)

    @web.middleware
    async def telling(request: web.Request, handler: Handler) -> web.StreamResponse:
        if source == "log" and request.path == "/api/log/token":
            assert "key" not in request.query
            assert request.headers["Authorization"] == f"Bearer {settings.key}"
            rows = [_log_row(relay, number) for number in reversed(range(len(relay.submits)))]
            return web.json_response({"success": True, "message": "", "data": rows})
        if source == "list" and request.path == "/mj/task/list":
            listed = [
                {"id": one.task_id, "state": one.body.get("state"), "status": "SUBMITTED"} for one in relay.submits
            ]
            return web.json_response(listed)
        return await handler(request)

    relay.app.middlewares.append(telling)
    async with LoopbackDiscord() as discord, relay.serve() as serving:
        yield WireWorld(folder, discord, serving, {"PRESS_COOLDOWN_SECONDS": "0"})


@pytest.mark.parametrize("source", ["log", "list"])
async def test_a_submit_under_way_at_a_kill_is_found(tmp_path: Path, source: str) -> None:
    """SIGKILL before the relay answers: the message recovers after the next start, and nothing is sent twice."""
    async with _world(tmp_path, replace(QUICK, submit_seconds=600.0), source=source) as world:
        async with world.bot() as bot:
            grid = await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
            child = await world.press(grid, "U1")
            await world.until(lambda: world.relay.submits)
            await bot.kill()
        async with world.bot() as bot:
            await bot.line("whose answer was lost, was accepted")
            await world.shows(child, "✅ Picture 1")
            act = await world.discord.click(world.discord.owner, grid, "U1")
            (said,) = await world.told(act)
            assert "Already done" in said.content
            bot.assert_calm()
        assert len(world.relay.submits) == 1
        world.assert_polite()


async def test_a_submit_that_the_relay_did_not_bill_is_given_back(tmp_path: Path) -> None:
    """Code 5, and a log that shows the request before it: not charged, and the button works again at once."""
    async with _world(tmp_path, QUICK, source="log") as world, world.bot() as bot:
        grid = await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
        await world.shows(await world.press(grid, "U2"), "✅ Picture 2")
        world.relay.script("action", 400, _NO_UPSTREAM)
        child = await world.press(grid, "U1")
        await world.shows(child, "🔎 Looking for your request")
        act = await world.discord.click(world.discord.owner, grid, "U1")
        (said,) = await world.told(act)
        assert "was lost" in said.content
        assert "on the way" not in said.content
        await world.shows(child, "❌ Not recorded, not charged")
        assert "The service didn't record your request, so you weren't charged." in child.embed["description"]
        await world.shows(await world.press(grid, "U1"), "✅ Picture 1")
        bot.assert_calm()
        world.assert_polite()
