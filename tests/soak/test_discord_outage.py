"""All connections to Discord are cut for 140 seconds while tasks finish, as an outage was seen to last."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path

import pytest

from sandbox.relay import RelaySettings
from tests.wire.loopback import LoopbackDiscord, Message
from tests.wire.proxy import Proxy
from tests.worlds.processes import GENEROUS, READY, WireWorld, bot_process, open_wire_world

pytestmark = [pytest.mark.wire, pytest.mark.timeout(900)]

_OUTAGE_SECONDS = 140.0
_TASK_SECONDS = 30.0
_OLD = 15 * 60.0 + 1
"""Age of an interaction whose token is over: its message is drawn as the bot."""
_LONGEST_LAG_SECONDS = 190.0
"""The pause in which Discord may come back, and the tries before it."""


@pytest.mark.parametrize("restart", [False, True])
async def test_results_outlive_an_outage(tmp_path: Path, *, restart: bool) -> None:
    """By the token, as the bot, and of a paid press: each is drawn once Discord is back, and paid once."""
    async with _open_world_on_a_cable(tmp_path) as (world, cable):
        async with world.bot(**GENEROUS):
            messages = await _start_tasks(world)
            cable.pull()
            begun = asyncio.get_running_loop().time()
            await asyncio.sleep(_OUTAGE_SECONDS / 2 if restart else _OUTAGE_SECONDS)
            if not restart:
                cable.plug_in()
                await _wait_until_all_are_shown(world, messages)
        if restart:
            async with bot_process(world.folder, world.env | GENEROUS) as bot:
                await asyncio.sleep(begun + _OUTAGE_SECONDS - asyncio.get_running_loop().time())
                cable.plug_in()
                await bot.line(READY, 300.0)
                await _wait_until_all_are_shown(world, messages)
        lag = asyncio.get_running_loop().time() - begun - _OUTAGE_SECONDS
        print(f"{len(messages)} results were shown {lag:.0f} s after Discord was back (restart: {restart}).")  # noqa: T201 - the figure
        assert lag < _LONGEST_LAG_SECONDS
        assert len(world.relay.submits) == 1
        world.assert_polite()


@asynccontextmanager
async def _open_world_on_a_cable(folder: Path) -> AsyncGenerator[tuple[WireWorld, Proxy]]:
    """Put a cable between the bot and Discord, which carries REST, gateway and CDN."""
    settings = RelaySettings(seconds_per_task=_TASK_SECONDS, picture_side=192)
    discord = LoopbackDiscord(channels=4, ack_seconds=1000)
    async with open_wire_world(folder, settings, discord=discord) as world, Proxy(discord.port).serve() as cable:
        for name in ("api_url", "cdn_url", "gateway_url"):
            setattr(discord, name, getattr(discord, name).replace(f":{discord.port}/", f":{cable.port}/"))
        yield world, cable


async def _start_tasks(world: WireWorld) -> list[Message]:
    """Follow tasks in every way, and press a button; return their messages, which still show progress."""
    discord, messages = world.discord, list[Message]()
    grid = await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
    for channel, age in zip(discord.channels[1:], (0.0, _OLD, 0.0), strict=True):
        options = {"id": world.relay.add_task()}
        act = await discord.slash(discord.owner, channel, "mjstatus", options, age_seconds=age)
        await act.answered()
        messages += act.messages[:1]
    messages.append(await world.press(grid, "V1"))
    for message in messages:
        await world.shows(message, "Drawing")
    return messages


async def _wait_until_all_are_shown(world: WireWorld, messages: list[Message]) -> None:
    for message in messages:
        await world.shows(message, "✅ Four", 400.0)
        await world.until(partial(getattr, message, "files"))
    await world.until(lambda: _count_open_jobs(world) == 0)


def _count_open_jobs(world: WireWorld) -> int:
    with closing(sqlite3.connect(world.folder / "mjbot.db")) as database:
        return int(database.execute("SELECT count(*) FROM jobs WHERE closed_at IS NULL").fetchone()[0])
