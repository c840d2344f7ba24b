"""A thread that is archived while its task finishes, and opened two minutes later; beside it, refused files."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from sandbox.relay import RelaySettings
from tests.wire.loopback import LoopbackDiscord, Message
from tests.wire.relay_clock import TASK_SECONDS, HeldTime
from tests.worlds.processes import GENEROUS, WireWorld, open_wire_world

pytestmark = [pytest.mark.wire, pytest.mark.timeout(600)]

_CLOSED_SECONDS = 120.0
_OLD = 15 * 60.0 + 1
"""Age of an interaction whose token is over: its message is drawn as the bot."""


async def test_a_message_in_an_archived_thread_is_finished_when_it_opens(tmp_path: Path) -> None:
    """The thread's message waits for THREAD_UPDATE; the others say at once why their pictures are only linked."""
    held, discord = HeldTime(), LoopbackDiscord(channels=4, ack_seconds=1000)
    relay = RelaySettings(seconds_per_task=TASK_SECONDS, picture_side=192)
    settings = {**GENEROUS, "NOTIFY_AFTER_SECONDS": "1"}
    async with (
        open_wire_world(tmp_path, relay, discord=discord, now=held.now, **settings) as world,
        world.bot() as bot,
    ):
        archived, forbidden = [await _follow(world, number, _OLD) for number in (0, 1)]
        explicit = await _follow(world, 2, 0.0)
        held.let_tasks_progress()
        for message in (archived, forbidden, explicit):
            await world.shows(message, "Drawing")
        closed = discord.fail("PATCH", f"*/messages/{archived.id}", 400, {"code": 50083}, times=None)
        discord.fail("PATCH", f"*/messages/{forbidden.id}", 403, {"code": 50013})
        discord.fail("PATCH", f"*/messages/{explicit.id}", 400, {"code": 20009})
        held.let_tasks_end()
        for message, reason in ((forbidden, "**Attach Files**"), (explicit, "filter for explicit content")):
            await world.shows(message, "✅ Four")
            assert (reason in message.embed["description"], message.files) == (True, [])
        await bot.line(f"Job {archived.id} does not show its final state .the thread is archived.")
        told = await world.until(lambda: [one for one in discord.messages.values() if f"/{explicit.id}" in one.content])
        assert [("is ready" in one.content, "doesn't show it" in one.content) for one in told] == [(False, True)]
        await asyncio.sleep(_CLOSED_SECONDS)
        closed.stop()
        await _open_thread(world, archived)
        await world.shows(archived, "✅ Four", 15.0)
        await world.until(partial(getattr, archived, "files"))
        bot.assert_calm()
    assert discord.refused == []


async def _follow(world: WireWorld, number: int, age: float) -> Message:
    discord = world.discord
    options = {"id": world.relay.add_task(), "notify": True}
    act = await discord.slash(discord.owner, discord.channels[number], "mjstatus", options, age_seconds=age)
    await act.answered()
    return act.messages[0]


async def _open_thread(world: WireWorld, message: Message) -> None:
    """Tell the bot that the channel of a message, as a thread, is no longer archived."""
    metadata = {"archived": False, "locked": False, "auto_archive_duration": 1440}
    thread = {
        "id": str(message.channel.id),
        "type": 11,
        "name": "art",
        "guild_id": str(message.channel.guild_id),
        "parent_id": str(world.discord.channels[-1].id),
        "owner_id": str(world.discord.owner.id),
        "message_count": 1,
        "member_count": 1,
        "rate_limit_per_user": 0,
        "thread_metadata": {**metadata, "archive_timestamp": "2026-01-01T00:00:00+00:00"},
    }
    await world.discord.gateway.dispatch("THREAD_UPDATE", thread, message.channel.guild_id)
