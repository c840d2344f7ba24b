"""SIGKILL at random moments, again and again: every committed row reaches its end, and nothing is paid twice."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.store import open_store
from bot.store.schema import jobs
from sandbox.relay import RelaySettings
from tests.postgres import Postgres
from tests.wire.chaos_size import size
from tests.wire.loopback import Interaction, Message
from tests.worlds.processes import GENEROUS, WireWorld, open_wire_world

pytestmark = [pytest.mark.wire, pytest.mark.timeout(900)]

KILLS, TASKS = size(3, 30), size(24, 50)
_GRIDS = size(6, 12)
_ENDS = ("✅", "know", "Not sent")
"""How a message ends: with its pictures, or by saying whether its submit was sent, or that the bot doesn't know."""


@pytest.fixture(params=["sqlite", "postgresql"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[WireWorld]:
    """Both kinds of database; tasks that take longer than two lives of a process."""
    relay = RelaySettings(seconds_per_task=15.0, picture_side=64, submit_seconds=0.5)
    async with open_wire_world(tmp_path, relay) as made:
        made.settings |= GENEROUS
        if request.param == "postgresql":
            server: Postgres = request.getfixturevalue("postgres")
            made.settings["DATABASE_URL"] = await server.migrated_database()
        yield made


async def rows(world: WireWorld) -> dict[int, bool]:
    """Return every job of the database by its message, and whether it has ended."""
    async with open_store(world.env["DATABASE_URL"], now=lambda: pytest.fail("nothing is dated")) as store:
        found = await store.database.read(select(jobs.c.message_id, jobs.c.closed_at))
    return {row["message_id"]: row["closed_at"] is not None for row in found}


async def live(
    world: WireWorld, chance: random.Random, grids: list[Message], ids: list[str], pressed: set[tuple[int, str]]
) -> list[Interaction]:
    """Let people type and click while a process lives, until it is killed at a random moment."""
    discord, acts = world.discord, list[Interaction]()

    async def people() -> None:
        for n, task_id in enumerate(ids):
            where = discord.channels[n % len(discord.channels)]
            acts.append(await discord.slash(discord.owner, where, "mjstatus", {"id": task_id}))
            await asyncio.sleep(chance.uniform(0, 0.02))
        for which in ("U1", "U2", "U3", "U4"):
            message = chance.choice(grids)
            if message.button(which)["style"] == 2 and (message.id, which) not in pressed:
                pressed.add((message.id, which))
                acts.append(await discord.click(discord.owner, message, which))
                await asyncio.sleep(chance.uniform(0, 0.4))

    async with world.bot() as bot:
        typing = asyncio.create_task(people())
        await asyncio.sleep(chance.uniform(0.05, 2.5))
        await bot.kill()
        typing.cancel()
        await asyncio.gather(typing, return_exceptions=True)
        assert not bot.said("Traceback")
    return acts


async def test_repeated_kills_lose_no_job_and_pay_nothing_twice(
    world: WireWorld, record_property: Callable[[str, object], None]
) -> None:
    """Many tasks run while the process is killed; what was committed ends, what was paid was paid once."""
    chance = random.Random(KILLS)  # noqa: S311 - a test that can be told again
    pressed: set[tuple[int, str]] = set()
    async with world.bot():
        grids = [await world.follow(world.relay.add_task("grid"), n % 2) for n in range(_GRIDS)]
        for grid in grids:
            await world.shows(grid, "✅ Four")
    ids = [world.relay.add_task(age=0) for _ in range(TASKS)]
    acts: list[Interaction] = []
    for kill in range(KILLS):
        share = ids[kill * TASKS // KILLS : (kill + 1) * TASKS // KILLS]
        acts += await live(world, chance, grids, share, pressed)
    async with world.bot() as bot:
        ended = False
        for _ in range(120):
            if ended := all((await rows(world)).values()):
                break
            await asyncio.sleep(0.5)
        assert ended, "a committed row never reached its end"
        assert (await bot.stop())[0] == 0
    await _judge(world, acts, pressed, record_property)


async def test_a_message_that_outlives_its_process_without_a_row_ends(world: WireWorld) -> None:
    """Discord takes the child's message when its process is dead already: the next one finds it, and says so."""
    discord, hold = world.discord, asyncio.Event()
    async with world.bot() as bot:
        grid = await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
        fault = discord.fail("POST", "/webhooks/*", None, hold=hold)
        act = await discord.click(discord.owner, grid, "U1")
        await world.until(lambda: fault.held)
        await bot.kill()
    hold.set()
    [child] = await world.told(act)
    assert child.embed["title"] == "📨 Sending"
    async with world.bot() as bot:
        await world.shows(child, "❌ Not sent, not charged")
        assert world.relay.submits == []
        await world.press(grid, "U1")
        await world.until(lambda: world.relay.submits)
        bot.assert_calm()
    assert len(world.relay.submits) == 1
    world.assert_polite()


async def _judge(
    world: WireWorld,
    acts: list[Interaction],
    pressed: set[tuple[int, str]],
    record_property: Callable[[str, object], None],
) -> None:
    known = await rows(world)
    shown = [
        world.discord.messages[message_id] for message_id in known if not world.discord.messages[message_id].deleted
    ]
    assert [one.embed for one in shown if not any(end in one.embed.get("title", "") for end in _ENDS)] == []
    paid = Counter((one.body["taskId"], one.body["customId"]) for one in world.relay.submits)
    assert [press for press, times in paid.items() if times > 1] == []
    unsent = [one for one in shown if "Not sent" in one.embed.get("title", "")]
    assert len(paid) + len(unsent) <= len(pressed)
    answers = [message for act in acts for message in act.messages]
    lost = [message for message in answers if message.id not in known]
    uncertain = [one for one in shown if "know" in one.embed.get("title", "")]
    figures = {
        "kills": KILLS,
        "rows": len(known),
        "presses": len(pressed),
        "submits": len(world.relay.submits),
        "told as uncertain": len(uncertain),
        "told as not sent": len(unsent),
        "killed before their row": len(lost),
    }
    for name, figure in figures.items():
        record_property(name, figure)
    print(figures)  # noqa: T201 - the figures that `make chaos` shows
    assert len(known) >= TASKS // 2
    assert world.discord.refused == []
