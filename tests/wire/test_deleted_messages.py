"""A message or channel that is gone: that job ends, once and quietly, and no other job is affected."""

import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from sandbox.relay import RelaySettings
from tests.wire.loopback import LoopbackDiscord, Message
from tests.wire.relay_clock import TASK_SECONDS, HeldTime
from tests.worlds.processes import BotProcess, WireWorld, open_wire_world

pytestmark = pytest.mark.wire

_OLD = 15 * 60.0 + 1
"""Age of an interaction whose token is over: its message is drawn as the bot."""
_YOUNG = 0.0
_EXPIRED = 50027


@pytest.fixture
def held() -> HeldTime:
    """The clock of the relay of `slow`."""
    return HeldTime()


@pytest.fixture
async def slow(tmp_path: Path, held: HeldTime) -> AsyncGenerator[WireWorld]:
    """A Discord with a channel for each way to be gone; tasks that run until the test ends them."""
    discord = LoopbackDiscord(channels=12, ack_seconds=1000)
    settings = RelaySettings(seconds_per_task=TASK_SECONDS, picture_side=192)
    # No process is killed here, and a lease of two seconds ends where a busy machine holds the process up.
    changed = {"PRESS_COOLDOWN_SECONDS": "0", "LEASE_SECONDS": "60"}
    async with open_wire_world(tmp_path, settings, discord=discord, now=held.now, **changed) as world:
        yield world


async def _delete(world: WireWorld, message: Message) -> None:
    message.deleted = True
    world.discord.changed()


async def _delete_channel(world: WireWorld, message: Message) -> None:
    await world.discord.delete_channel(message.channel)


_WAYS: list[tuple[Callable[[WireWorld, Message], Awaitable[None]], float, bool]] = [
    (_delete, _YOUNG, False),
    (_delete, _OLD, False),
    (_delete, _YOUNG, True),
    (_delete_channel, _YOUNG, False),
    (_delete_channel, _OLD, False),
]
"""What happens, to a message drawn by a token that is young or over, private or not."""


def _refusals(world: WireWorld, message: Message) -> list[str]:
    """List what Discord refused at a message, without the answer by which the end of a token is learnt."""
    asked = [one for one in world.discord.requests if str(message.id) in one.path and one.status >= 400]
    asked = [one for one in asked if one.code != _EXPIRED]
    return [f"{one.method} {one.status} {one.code}" for one in asked]


def _told(bot: BotProcess, message: Message) -> list[str]:
    """List what the log says of a message, with its level."""
    return [f"{line['level']}: {line['event']}" for line in bot.lines if str(message.id) in line["event"]]


def _count_open_jobs(world: WireWorld) -> int:
    with closing(sqlite3.connect(world.folder / "mjbot.db")) as database:
        return int(database.execute("SELECT count(*) FROM jobs WHERE closed_at IS NULL").fetchone()[0])


async def test_each_way_to_lose_a_message_ends_its_job_quietly(slow: WireWorld, held: HeldTime) -> None:
    """Each way to be gone, in the middle of a task: one refused request, one line; others go on."""
    discord = slow.discord
    async with slow.bot() as bot:
        others, gone = [await slow.follow(slow.relay.add_task(), 10)], list[Message]()
        channels = list(discord.channels)
        for channel, (_, age, private) in zip(channels, _WAYS, strict=False):
            options = {"id": slow.relay.add_task(), "private": private}
            act = await discord.slash(discord.owner, channel, "mjstatus", options, age_seconds=age)
            assert (await act.answered()).original is not None
            gone.append(act.messages[0])
        others.append(await slow.follow(slow.relay.add_task(), 10))
        for message, (happen, _, _) in zip(gone, _WAYS, strict=True):
            await happen(slow, message)
        held.let_tasks_progress()
        for message, (happen, age, private) in zip(gone, _WAYS, strict=True):
            await slow.until(partial(_told, bot, message))
            assert _told(bot, message) == [f"info: Job {message.id} ends: PlaceGone."], (happen, age, private)
        held.let_tasks_end()
        for message in others:
            await slow.shows(message, "✅ Four")
        for message, (happen, age, _) in zip(gone, _WAYS, strict=True):
            assert len(_refusals(slow, message)) == 1, (happen, age, _refusals(slow, message))
        bot.assert_calm()
        assert not [line for line in bot.lines if line.get("level") == "warning"]
        # A message shows its end before its row is closed.
        await slow.until(lambda: _count_open_jobs(slow) == 0)
        await bot.stop()
    before = len(discord.requests)
    async with slow.bot() as bot:
        await slow.shows(await slow.follow(slow.relay.add_task("grid"), -1), "✅ Four")
        assert not bot.said("Resuming")
    assert all(one.status < 400 for one in list(discord.requests)[before:])
    assert discord.refused == []


async def test_messages_deleted_during_a_press_disturb_no_others(tmp_path: Path) -> None:
    """A child deleted while its submit is on its way, its parent deleted meanwhile: paid once, one line each."""
    relay = RelaySettings(seconds_per_task=2.0, picture_side=192, submit_seconds=3.0)
    async with open_wire_world(tmp_path, relay, PRESS_COOLDOWN_SECONDS="0") as world, world.bot() as bot:
        grids = [await world.shows(await world.follow(world.relay.add_task("grid"), n), "✅ Four") for n in (0, 1)]
        # Deleted before its job has ended, a grid would be missed twice: by its job, and by the press.
        await world.until(lambda: _count_open_jobs(world) == 0)
        child = await world.press(grids[0], "U1")
        child.deleted = True
        orphan = await world.press(grids[1], "U2")
        grids[1].deleted = True
        await world.shows(orphan, "✅ Picture 2")
        await world.until(lambda: _told(bot, child) and _told(bot, grids[1]))
        assert _told(bot, child) == [f"info: Job {child.id} ends: PlaceGone."]
        assert len(_told(bot, grids[1])) == 1
        assert len([one for one in world.discord.requests if one.code == 10008]) == 2
        assert len(world.relay.submits) == 2
        # The finished child answers a second press no more: its message is not there.
        await world.shows(await world.press(grids[0], "V1"), "✅")
        bot.assert_calm()
    assert world.discord.refused == []


async def test_a_deferred_response_may_be_deleted(slow: WireWorld) -> None:
    """Deleted before anything was said on it, the first of two ids: no error of ours, no repeated request."""
    discord = slow.discord
    async with slow.bot() as bot:
        slow.relay.script("list", delay=3, passes=True)
        ids = " ".join(slow.relay.add_task("grid") for _ in range(2))
        act = await discord.slash(discord.owner, discord.channels[0], "mjstatus", {"id": ids})
        await act.acknowledged()
        assert act.original is not None
        act.original.deleted = True
        await slow.until(lambda: [one for one in act.followups if one.embed])
        await slow.shows(next(one for one in act.followups if one.embed), "✅ Four")
        bot.assert_calm()
    refused = [one for one in discord.requests if one.code == 10008]
    assert len(refused) == 1, refused
