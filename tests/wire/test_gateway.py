"""Connections that break, and Discords that are not there yet: the process waits, goes on, and does not hammer."""

import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.wire.loopback import LoopbackDiscord
from tests.wire.process import READY, World, bot_process, world_of

pytestmark = pytest.mark.wire


@pytest.mark.parametrize(
    "lose",
    [
        lambda world: world.discord.gateway.drop(),
        lambda world: world.discord.gateway.ask_to_reconnect(),
        lambda world: world.discord.gateway.invalidate(),
    ],
    ids=["cut", "op 7", "op 9"],
)
async def test_a_lost_connection_is_no_matter(world: World, lose: Callable[[World], Awaitable[None]]) -> None:
    """A cut, op 7 and op 9 in the middle of a task: the message goes on to its end, and its buttons work."""
    async with world.bot() as bot:
        message = await world.follow(world.relay.add_task())
        before = (world.discord.gateway.resumes, world.discord.identifies)
        await lose(world)
        await world.until(lambda: (world.discord.gateway.resumes, world.discord.identifies) > before)
        await world.discord.connected()
        await world.shows(message, "✅ Four")
        await world.shows(await world.press(message, "U3"), "✅ Picture 3")
        assert not bot.said("Traceback")
    assert world.discord.identifies <= 2
    world.assert_polite()


async def test_discord_is_waited_for(tmp_path: Path) -> None:
    """Nothing listens at first, then Discord's gateway answers 503 for a while: the process gets there by itself."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    discord = LoopbackDiscord(port=port)
    discord.api_url = f"http://127.0.0.1:{port}/api/v10"
    env = {"DISCORD_TOKEN": discord.token, "MJ_API_KEY": "sk-sandbox", "MJ_API_URL": "http://127.0.0.1:9"}
    env |= {"DISCORD_API_URL": discord.api_url, "DATABASE_URL": f"sqlite:///{tmp_path}/mjbot.db", "LOG_FORMAT": "json"}
    async with bot_process(tmp_path, env) as bot:
        await bot.line("Discord cannot be used .*trying again in 1 s")
        discord.fail("GET", "/gateway/bot", 503)
        async with discord:
            await bot.line(READY, 25)
            assert (await bot.stop())[0] == 0
    assert discord.identifies == 1
    assert not bot.said("Traceback")


async def test_used_up_identifies_are_waited_for(world: World) -> None:
    """Where Discord allows no more connections today nothing connects before it does again."""
    limit = world.discord.session_start_limit
    limit |= {"remaining": 0, "reset_after": 1500}
    async with bot_process(world.folder, world.env) as bot:
        await bot.line("allows 0 more, .*waiting 2 s")
        assert world.discord.identifies == 0
        limit["remaining"] = 1000
        await bot.line(READY)
    assert world.discord.identifies == 1


async def test_a_database_that_is_away_is_waited_for(tmp_path: Path) -> None:
    """A database that cannot be opened ends nothing: it is tried again, and Discord is not bothered meanwhile."""
    (tmp_path / "data").touch()
    async with world_of(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/data/mjbot.db") as world:
        async with bot_process(tmp_path, world.env) as bot:
            await bot.line("The database cannot be used")
            (tmp_path / "data").unlink()
            await bot.line(READY)
        assert world.discord.identifies == 1
