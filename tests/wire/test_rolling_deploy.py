"""A deploy on PostgreSQL: the new process starts beside the old one, and many live messages change hands."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from itertools import pairwise
from pathlib import Path

import pytest

from sandbox.relay import RelaySettings
from tests.postgres import Postgres
from tests.wire.chaos_size import size
from tests.wire.loopback import LoopbackDiscord, Message
from tests.wire.relay_clock import HeldTime
from tests.worlds.processes import GENEROUS, BotProcess, WireWorld, open_wire_world

pytestmark = [pytest.mark.wire, pytest.mark.timeout(300)]

MESSAGES = size(60, 500)
POLL_SECONDS = size(2, 5)
_LIFE = 150.0
"""Seconds that every task takes; with a hundred steps each poll finds another."""
_OF_A_CHANNEL = 10


@pytest.fixture
def relay_time() -> HeldTime:
    """The relay's clock, so that no test waits until tasks end by themselves."""
    return HeldTime()


@pytest.fixture
async def world(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, relay_time: HeldTime
) -> AsyncGenerator[WireWorld]:
    """A relay whose tasks change at every poll, and a Discord that leaves out the costly check of its document."""
    monkeypatch.setattr("sandbox.relay.tasks.upstream_task.STEPS", tuple(range(101)))
    discord = LoopbackDiscord(channels=MESSAGES // _OF_A_CHANNEL, schema=False)
    # Pictures are linked, as those of a public host are: drawing hundreds of them is not what is looked at here.
    relay = RelaySettings(seconds_per_task=_LIFE, picture_side=64, image_host="https://pictures.invalid")
    async with open_wire_world(tmp_path, relay, discord=discord, now=relay_time.now) as made:
        made.settings |= GENEROUS
        made.settings |= {"DATABASE_URL": await postgres.migrated_database(), "POLL_SECONDS": f"{POLL_SECONDS}"}
        made.settings |= {"LEASE_SECONDS": "600"}
        yield made


async def test_a_rolling_deploy_interrupts_no_message(
    world: WireWorld, relay_time: HeldTime, record_property: Callable[[str, object], None]
) -> None:
    """All messages go on; the lease is longer than the test, so that only the handover lets them."""
    discord = world.discord
    async with world.bot() as old:
        ids = [world.relay.add_task() for _ in range(MESSAGES)]
        acts = []
        for n, task_id in enumerate(ids):
            where = discord.channels[n // _OF_A_CHANNEL]
            acts.append(await discord.slash(discord.owner, where, "mjstatus", {"id": task_id}))
            if n % 25 == 24:
                await acts[-1].answered()
        await world.until(lambda: all(act.original and act.original.embed for act in acts))
        messages = [act.original for act in acts if act.original]
        await world.until(lambda: all(_edits(one) >= 2 for one in messages))
        async with world.bot() as new:
            begun = time.monotonic()
            code, seconds = await old.stop()
            assert (code, seconds < 10) == (0, True), seconds
            await world.until(lambda: _taken(new.said("Resuming")) == MESSAGES)
            taken = time.monotonic() - begun
            counts = {one.id: _edits(one) for one in messages}
            await world.until(lambda: all(_edits(one) >= counts[one.id] + 3 for one in messages))
            silence = max(_silence(one) for one in messages)
            assert not [*old.said("Traceback"), *new.said("Traceback")]
            relay_time.let_tasks_end()
            for message in messages:
                await world.shows(message, "✅ Four")
    record_property("messages", MESSAGES)
    record_property("longest silence in poll intervals", silence / POLL_SECONDS)
    print(f"{MESSAGES} messages: handed over in {taken:.2f} s, silent for {silence:.2f} s, stopped in {seconds:.2f} s")  # noqa: T201
    assert discord.refused == []
    assert discord.rate_limited == []


def _edits(message: Message) -> int:
    return len(message.history)


def _taken(lines: list[str]) -> int:
    return sum(int(line.split()[1]) for line in lines)


def _silence(message: Message) -> float:
    """Return the longest pause between two drawings of a message, in seconds."""
    moments = [edit.at for edit in message.history]
    return max(later - earlier for earlier, later in pairwise(moments))


async def test_two_processes_share_the_work(world: WireWorld) -> None:
    """On one PostgreSQL each click is served by whichever process was first, once; nothing is taken over meanwhile."""
    world.settings |= {"POLL_SECONDS": "1"}
    async with world.bot() as first, world.bot() as second:
        await world.discord.connected(2)
        grids = [await world.follow(world.relay.add_task("grid"), n % 4) for n in range(20)]
        for grid in grids:
            await world.shows(grid, "✅ Four")
        acts = await asyncio.gather(*(world.discord.click(world.discord.owner, grid, "U1") for grid in grids))
        await world.until(lambda: sum(_accepted(one) for one in (first, second)) == len(grids))
        await world.until(lambda: all(act.attempts == 2 for act in acts))
        assert len(world.relay.submits) == len(grids)
        assert not [*first.said("Resuming"), *second.said("Resuming")]
        assert not [*first.said("Traceback"), *second.said("Traceback")]


def _accepted(process: BotProcess) -> int:
    return len(process.said("was accepted as task"))
