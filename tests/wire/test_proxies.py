"""The real process in a network that only a proxy leads out of."""

import re
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.fakes.http_proxy import CERTIFICATE, HttpProxy, respond, serve_tls
from tests.worlds.processes import BOT, WireWorld, open_wire_world

pytestmark = pytest.mark.wire


async def test_everything_goes_through_the_proxy(tmp_path: Path) -> None:
    """REST, the gateway, webhooks and the files of people through tunnels, the relay and its picture forwarded.

    None of the names is known to the machine. When the proxy refuses, `check` says so, and nowhere its password.
    """
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(open_wire_world(tmp_path))
        proxy = await stack.enter_async_context(HttpProxy().serve())
        tls = await stack.enter_async_context(serve_tls(world.discord.port))
        relay_port = int(world.relay.url.rpartition(":")[2])
        proxy.routes = {"discord.test:443": tls, "relay.test": relay_port}
        address = f"http://user:hunter2@127.0.0.1:{proxy.port}"
        _move_behind(world, address)
        await _draw_one(world, proxy)
        assert {re.split("/(?:mj|api|v1)/", entry)[0] for entry in proxy.seen} == {
            "CONNECT discord.test:443",
            "GET http://relay.test",
            "POST http://relay.test",
        }
        assert [entry for entry in proxy.seen if "/mj/image/" in entry]
        assert [entry for entry in proxy.seen if "/mj/submit/action" in entry]
        proxy.answer = respond(403)
        async with world.bot("check") as checking:
            assert await checking.ended() == 1
        said = "\n".join(checking.text)
        assert f"The proxy 127.0.0.1:{proxy.port} refused to connect to discord.test:443 (HTTP 403)." in said
        assert f"Proxy: requests go through the proxy 127.0.0.1:{proxy.port} (ALL_PROXY)." in said
        assert "hunter2" not in said


def _move_behind(world: WireWorld, address: str) -> None:
    """Give Discord and the relay names that only the proxy knows."""
    discord = world.discord
    discord.api_url, discord.cdn_url = "https://discord.test/api/v10", "https://discord.test/cdn"
    discord.gateway_url = "wss://discord.test/gw/"
    world.settings |= {"MJ_API_URL": "http://relay.test", "ALL_PROXY": address, "SSL_CERT_FILE": str(CERTIFICATE)}


async def _draw_one(world: WireWorld, proxy: HttpProxy) -> None:
    async with world.bot(command=BOT) as bot:
        message = await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
        await world.until(lambda: message.files)
        child = await world.press(message, "U1")
        await world.shows(child, "✅ Picture 1")
        await world.until(lambda: child.files)
        await bot.stop()
    bot.assert_calm()
    said = "\n".join(bot.text)
    assert f"Requests go through the proxy 127.0.0.1:{proxy.port} (ALL_PROXY)." in said
    assert "hunter2" not in said
    world.assert_polite()
