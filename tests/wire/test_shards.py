"""A bot in several processes, each with its shards: who gets what, and what Discord refuses."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from sandbox.relay import RelaySettings
from tests.wire.loopback import LoopbackDiscord
from tests.worlds.processes import READY, WireWorld, bot_process, open_wire_world

pytestmark = pytest.mark.wire

_LASTING = RelaySettings(seconds_per_task=4.0, picture_side=192)


@pytest.fixture
async def two(tmp_path: Path) -> AsyncGenerator[WireWorld]:
    """A Discord with a server on each of two shards, the channels of which are the last two."""
    there = LoopbackDiscord(channels=0)
    for shard in (0, 1):
        there.add_guild(f"of shard {shard}", shard, 2)
    async with open_wire_world(tmp_path, _LASTING, discord=there, SHARD_COUNT="2") as world:
        yield world


async def test_each_process_runs_its_own_shards(two: WireWorld) -> None:
    """Two processes: each answers its own server, the first also direct messages, and each click is answered once."""
    discord = two.discord
    async with two.bot(SHARD_IDS="0") as first, two.bot(SHARD_IDS="1") as second:
        assert sorted(one.shard for one in discord.gateway.connected) == [(0, 2), (1, 2)]
        assert first.said("of shard 0")
        assert not first.said("of shard 1")
        assert second.said("of shard 1")
        grids = [await two.follow(two.relay.add_task("grid"), channel) for channel in (0, 1)]
        for grid in grids:
            await two.shows(grid, "✅ Four")
            await two.shows(await two.press(grid, "U2"), "✅ Picture 2")
        private = await discord.slash(
            discord.owner, discord.dm(discord.owner), "mjstatus", {"id": two.relay.add_task("grid")}
        )
        await private.answered()
        assert {act.attempts for act in discord.interactions.values()} == {1}
        assert not [*first.said("Traceback"), *second.said("Traceback")]
    assert len(two.relay.submits) == 2
    assert discord.identifies == 2
    two.assert_polite()


async def test_a_process_draws_a_job_of_another_shards_server(two: WireWorld) -> None:
    """A process draws to its end what another began in a server that it has never heard of, without its token."""
    discord = two.discord
    async with two.bot(SHARD_IDS="0") as first:
        message = await two.follow(two.relay.add_task(), 0)
        await first.kill()
    discord.expire(next(iter(discord.interactions.values())))
    async with two.bot(SHARD_IDS="1") as second:
        await two.shows(message, "✅ Four")
        assert message.history[-1].route.startswith(f"PATCH /channels/{discord.channels[0].id}/")
        assert len(message.files) == 1
        assert not second.said("Traceback")
    two.assert_polite()


async def test_processes_that_start_together_share_the_identifies(tmp_path: Path) -> None:
    """Three processes at one moment, of which Discord takes one in five seconds: all connect, with few refusals."""
    there = LoopbackDiscord()
    there.gateway.apart_seconds = 5.0
    async with open_wire_world(tmp_path, discord=there, SHARD_COUNT="3") as world, AsyncExitStack() as running:
        bots = [
            await running.enter_async_context(bot_process(tmp_path, world.env | {"SHARD_IDS": str(shard)}))
            for shard in range(3)
        ]
        await asyncio.gather(*(bot.line(READY) for bot in bots))
        assert sorted(one.shard for one in there.gateway.connected) == [(0, 3), (1, 3), (2, 3)]
        assert not [said for bot in bots for said in bot.said("Traceback")]
    assert there.identifies <= 8
    world.assert_polite()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (4010, r"^Discord refuses shard 0 of 1 \(4010\): correct SHARD_IDS, .*; trying again in 300 s"),
        (
            4011,
            r"^Discord requires more than 1 shards \(4011\): leave SHARD_COUNT empty, or set it to 3 or more .* 300 s",
        ),
    ],
)
async def test_a_shard_count_that_discord_refuses_is_logged(world: WireWorld, code: int, said: str) -> None:
    """One sentence with the next step, and five minutes until the next try."""
    world.discord.shards, world.discord.gateway.refuse = 3, code
    async with bot_process(world.folder, world.env | {"SHARD_COUNT": "1"}) as bot:
        await bot.line(said)
        assert (await bot.stop())[0] == 0
        assert not bot.said("Traceback")
    assert world.discord.identifies == 1


async def test_the_log_says_when_discord_wants_more_shards(world: WireWorld) -> None:
    """With SHARD_COUNT left empty there are as many as Discord recommends."""
    world.discord.shards = world.discord.gateway.least_shards = 2
    async with bot_process(world.folder, world.env) as bot:
        await bot.line(READY)
        assert sorted(one.shard for one in world.discord.gateway.connected) == [(0, 2), (1, 2)]
    assert world.discord.identifies == 2
