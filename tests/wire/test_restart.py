"""What a crash leaves, and what the next process makes of it."""

import asyncio
import sqlite3
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from sandbox.relay import RelaySettings
from tests.wire.loopback import Message
from tests.wire.relay_clock import TASK_SECONDS, HeldTime
from tests.worlds.processes import WireWorld, open_wire_world

pytestmark = pytest.mark.wire

_SLOW_SUBMITS = RelaySettings(seconds_per_task=8.0, picture_side=192, submit_seconds=600.0)


def _let_time_pass(world: WireWorld) -> None:
    """Make every claim ten minutes older, as if the next process had been that late."""
    with sqlite3.connect(world.folder / "mjbot.db") as rows:
        columns = [row[1:3] for row in rows.execute("PRAGMA table_info(claims)")]
        assert ("made_at", "DATETIME") in columns, columns
        rows.execute("UPDATE claims SET made_at = datetime(made_at, '-10 minutes')")
    rows.close()


async def _ten_running(world: WireWorld) -> list[Message]:
    ids = [world.relay.add_task() for _ in range(10)]
    messages = await asyncio.gather(*(world.follow(task_id, n % 2) for n, task_id in enumerate(ids)))
    await world.until(lambda: all(one.embed for one in messages))
    assert not any(one.files for one in messages)
    return messages


async def test_a_killed_process_loses_no_task(tmp_path: Path) -> None:
    """SIGKILL among ten running tasks and one submit: all end after a restart, and nothing is submitted twice."""
    held, relay = HeldTime(), replace(_SLOW_SUBMITS, seconds_per_task=TASK_SECONDS)
    async with open_wire_world(tmp_path, relay, now=held.now) as world:
        async with world.bot() as bot:
            grid = await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
            messages = await _ten_running(world)
            child = await world.press(grid, "U1")
            await world.until(lambda: world.relay.submits)
            await bot.kill()
        _let_time_pass(world)
        async with world.bot() as bot:
            # As soon as the dead one's lease has ended; the grid's own message may have wanted its picture still.
            await bot.line("Resuming 1[12] unfinished jobs")
            held.let_tasks_end()
            for message in messages:
                await world.shows(message, "✅ Four pictures")
                await world.until(partial(getattr, message, "files"))
                assert len(message.files) == 1
            await world.shows(child, "know")
        assert len(world.relay.submits) == 1
        world.assert_polite()


async def test_buttons_work_without_the_old_database(world: WireWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed, and its database lost: every old button works once the person confirms, and no command is sent anew."""
    minute_ago = SimpleNamespace(time=lambda: time.time() - 60)
    monkeypatch.setattr("tests.wire.loopback_world.time", minute_ago)  # which dates the messages
    async with world.bot() as bot:
        messages = [await world.follow(world.relay.add_task("grid")) for _ in range(3)]
        for message in messages:
            await world.shows(message, "✅ Four")
        await bot.kill()
    monkeypatch.undo()
    for file in world.folder.glob("mjbot.db*"):
        file.unlink()
    async with world.bot(PRESS_COOLDOWN_SECONDS="0"):
        for message, which in zip(messages, ("U1", "V2", "🔄"), strict=True):
            question = await world.press(message, which)
            assert question.content.startswith("This message is older than my records")
            await world.shows(await world.press(question, "Draw again"), "✅")
    assert [one.body["taskId"] for one in world.relay.submits] == [
        one.embed["footer"]["text"].rpartition(" ")[2] for one in messages
    ]
    puts = [one for one in world.discord.requests if one.method == "PUT"]
    assert len(puts) == 1
    world.assert_polite()


async def test_following_a_lost_child_closes_its_claim(tmp_path: Path) -> None:
    """A task whose answer was lost in a crash closes its claim when a person follows it."""
    async with open_wire_world(tmp_path, _SLOW_SUBMITS) as world:
        async with world.bot() as bot:
            grid = await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
            await world.press(grid, "U1")
            await world.until(lambda: world.relay.submits)
            await bot.kill()
        _let_time_pass(world)
        async with world.bot() as bot:
            await bot.line("ended during its submit")
            await world.shows(await world.follow(world.relay.submits[0].task_id), "✅")
            await bot.line("closes claim")
            act = await world.discord.click(world.discord.owner, grid, "U1")
            said = await world.until(lambda: act.followups)
            assert "Already done" in said[0].content
        assert len(world.relay.submits) == 1
