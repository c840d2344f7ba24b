"""Connections that break, and Discords that are not there yet: the process waits, goes on, and does not hammer."""

import socket
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest

from tests.wire.loopback import LoopbackDiscord, Message
from tests.worlds.processes import READY, WireWorld, bot_process, open_wire_world

pytestmark = pytest.mark.wire


async def _forget(world: WireWorld) -> None:
    """Cut the connections, and know nothing of their sessions any more: a RESUME is answered with op 9."""
    await world.discord.gateway.drop()
    world.discord.gateway.sessions.clear()


_LOSSES: list[Callable[[WireWorld], Awaitable[None]]] = [
    lambda world: world.discord.gateway.drop(),
    lambda world: world.discord.gateway.drop(4000),
    lambda world: world.discord.gateway.ask_to_reconnect(),
    lambda world: world.discord.gateway.invalidate(resumable=True),
    lambda world: world.discord.gateway.invalidate(),
    _forget,
]


async def test_lost_connections_are_resumed(world: WireWorld) -> None:
    """Cuts, op 7 and op 9 in the middle of tasks: every message goes on to its end, and its buttons work."""
    gateway, messages = world.discord.gateway, list[Message]()
    async with world.bot() as bot:
        for number, lose in enumerate(_LOSSES):
            messages.append(await world.follow(world.relay.add_task(), number % 2))
            before = gateway.resumes + gateway.identifies
            await lose(world)
            await world.until(partial(_is_back, world, before))
            await world.discord.connected()
        for message in messages:
            await world.shows(message, "✅ Four")
        await world.shows(await world.press(messages[-1], "U3"), "✅ Picture 3")
        bot.assert_calm()
    # At the start, and after the two losses that leave no session to resume.
    assert (gateway.identifies, gateway.resumes) == (3, 4)
    world.assert_polite()


def _is_back(world: WireWorld, before: int) -> bool:
    return world.discord.gateway.resumes + world.discord.identifies > before


async def test_a_click_during_a_lost_connection_is_answered_after_the_resume(world: WireWorld) -> None:
    """What happens while the connection is lost is told at the RESUME, and answered; other messages go on meanwhile."""
    async with world.bot() as bot:
        grid = await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
        running = await world.follow(world.relay.add_task(), 1)
        await world.discord.gateway.drop()
        child = await world.press(grid, "U1")
        await world.shows(child, "✅ Picture 1")
        await world.shows(running, "✅ Four")
        bot.assert_calm()
    assert (world.discord.gateway.resumes, world.discord.identifies, len(world.relay.submits)) == (1, 1, 1)
    world.assert_polite()


async def test_unreadable_frames_cost_no_session(world: WireWorld) -> None:
    """No JSON, and events that discord.py cannot parse: they are logged, and the next click is answered."""
    gateway = world.discord.gateway
    async with world.bot() as bot:
        grid = await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
        for session in gateway.connected:
            await session.send("<html>502</html>")
            await session.dispatch("INTERACTION_CREATE", {"id": "1", "token": "secret"})
            await session.dispatch("GUILD_CREATE", {"id": "7", "channels": [{}]})
        await world.shows(await world.press(grid, "U1"), "✅ Picture 1")
        assert len(bot.said("skips an unreadable")) == 3
        assert not bot.said("secret")
    assert (gateway.identifies, gateway.resumes) == (1, 0)


async def test_a_start_waits_for_discord(tmp_path: Path) -> None:
    """Nothing listens at first, then Discord's gateway answers 503 for a while: the process gets there by itself."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    discord = LoopbackDiscord(port=port)
    discord.api_url = f"http://127.0.0.1:{port}/api/v10"
    env = {"DISCORD_TOKEN": discord.token, "MJ_API_KEY": "sk-sandbox", "MJ_API_URL": "http://127.0.0.1:9"}
    env |= {"DISCORD_API_URL": discord.api_url, "DATABASE_URL": f"sqlite:///{tmp_path}/mjbot.db", "LOG_FORMAT": "json"}
    async with bot_process(tmp_path, env) as bot:
        await bot.line("Discord cannot be used.*Trying again in 1 s")
        discord.fail("GET", "/gateway/bot", 503)
        async with discord:
            await bot.line(READY)
            assert (await bot.stop())[0] == 0
    assert discord.identifies == 1
    assert not bot.said("Traceback")


async def test_a_start_waits_for_new_identifies(world: WireWorld) -> None:
    """Where Discord allows no more connections today nothing connects before it does again."""
    limit = world.discord.session_start_limit
    limit |= {"remaining": 0, "reset_after": 1500}
    async with bot_process(world.folder, world.env) as bot:
        await bot.line("of which 0 are left .*waiting 2 s")
        assert world.discord.identifies == 0
        limit["remaining"] = 1000
        await bot.line(READY)
    assert world.discord.identifies == 1


async def test_a_start_waits_for_the_database(tmp_path: Path) -> None:
    """A database that cannot be opened ends nothing: it is tried again, and Discord is not bothered meanwhile."""
    (tmp_path / "data").touch()
    async with open_wire_world(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/data/mjbot.db") as world:
        async with bot_process(tmp_path, world.env) as bot:
            await bot.line("The database cannot be used")
            (tmp_path / "data").unlink()
            await bot.line(READY)
        assert world.discord.identifies == 1
