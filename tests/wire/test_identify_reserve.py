"""What a platform may do that never gives up, and a gateway that refuses: Discord's limit is not reached."""

from functools import partial
from pathlib import Path

import pytest

from tests.wire.loopback import LoopbackDiscord
from tests.worlds.processes import READY, BotProcess, WireWorld, bot_process, open_wire_world

pytestmark = pytest.mark.wire

_RESERVE = 50
_AT_RESERVE = r"^Discord allows 1000 sessions a day, of which \d+ are left and kept in reserve: waiting \d+ s"


def _goes_on(discord: LoopbackDiscord, before: int, bot: BotProcess) -> bool:
    return discord.identifies > before or bool(bot.said(_AT_RESERVE))


async def test_endless_restarts_keep_the_reserve_of_identifies(world: WireWorld) -> None:
    """Killed as soon as it is connected, twelve times: two may connect, and ten say what they wait for."""
    discord, limit = world.discord, world.discord.session_start_limit
    limit |= {"remaining": _RESERVE + 2, "reset_after": 2000}
    waited = 0
    for _ in range(12):
        before = discord.identifies
        async with bot_process(world.folder, world.env) as bot:
            await world.until(partial(_goes_on, discord, before, bot))
            waited += len(bot.said(_AT_RESERVE))
            limit["reset_after"] = 2000 if limit["remaining"] > _RESERVE else 86_400_000
    assert (discord.identifies, limit["remaining"], waited) == (2, _RESERVE, 10)


async def test_a_signal_ends_the_wait_for_identifies(world: WireWorld) -> None:
    """SIGTERM while Discord's new day is waited for."""
    world.discord.session_start_limit["remaining"] = _RESERVE
    async with bot_process(world.folder, world.env) as bot:
        await bot.line(_AT_RESERVE)
        code, seconds = await bot.stop()
    assert (code, world.discord.identifies) == (0, 0)
    assert seconds < 3


async def test_invalid_sessions_keep_the_reserve_of_identifies(world: WireWorld) -> None:
    """Op 9 to each IDENTIFY: it stops at the reserve, says so once, and goes on when Discord counts anew."""
    discord, limit = world.discord, world.discord.session_start_limit
    limit |= {"remaining": _RESERVE + 1, "reset_after": 1500}
    discord.gateway.invalid = 1000
    async with bot_process(world.folder, world.env) as bot:
        await world.until(lambda: discord.identifies == 1)
        limit["reset_after"] = 4000
        await bot.line(_AT_RESERVE)
        assert (discord.identifies, limit["remaining"]) == (1, _RESERVE)
        limit["remaining"], discord.gateway.invalid = 1000, 0
        await bot.line(READY)
        assert len(bot.said(_AT_RESERVE)) == 1
        assert not bot.said("Traceback")
    assert discord.identifies == 2


async def test_a_waiting_shard_delays_no_other_shard(tmp_path: Path) -> None:
    """While one shard waits for Discord's new day, the other answers, loses its connection, and resumes."""
    there = LoopbackDiscord()
    channels = {shard: there.add_guild(f"of shard {shard}", shard, 2) for shard in (0, 1)}
    async with open_wire_world(tmp_path, discord=there, SHARD_COUNT="2") as world:
        limit = there.session_start_limit
        async with bot_process(world.folder, world.env) as bot:
            await bot.line(READY)
            limit |= {"remaining": _RESERVE, "reset_after": 12_000}
            await there.gateway.invalidate(shard=0)
            await bot.line(_AT_RESERVE)
            await there.gateway.drop(shard=1)
            await world.until(lambda: there.gateway.resumes == 1)
            act = await there.slash(there.owner, channels[1], "mjstatus", {"id": world.relay.add_task()})
            await act.answered()
            assert [one.shard[0] for one in there.gateway.connected] == [1]
            limit["remaining"] = 1000
            await there.connected(2)
            act = await there.slash(there.owner, channels[0], "mjstatus", {"id": world.relay.add_task()})
            await act.answered()
            assert not bot.said("Traceback")
        assert there.identifies == 3
        world.assert_polite()
