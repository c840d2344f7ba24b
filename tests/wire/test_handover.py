"""A process that is asked to stop in the middle of something, and the one that goes on."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest

from sandbox.relay import RelaySettings
from tests.postgres import Postgres
from tests.wire.loopback import Message
from tests.worlds.processes import WireWorld, open_wire_world

pytestmark = pytest.mark.wire

_TASKS = RelaySettings(seconds_per_task=4.0, picture_side=192)
_SOON = 10.0
"""Seconds within which a platform wants a process gone."""


@pytest.fixture(params=["sqlite", "postgresql"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[WireWorld]:
    """Both kinds of database; SQLite is the default."""
    async with open_wire_world(tmp_path, _TASKS) as made:
        if request.param == "postgresql":
            server: Postgres = request.getfixturevalue("postgres")
            made.settings["DATABASE_URL"] = await server.migrated_database()
        yield made


async def test_a_stop_waits_for_a_submit_under_way(world: WireWorld) -> None:
    """It is sent once, its answer is written, and the next process follows the child."""
    async with world.bot() as bot:
        grid = await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
        world.relay.script("action", delay=2.0, passes=True)
        child = await world.press(grid, "U1")
        await world.until(lambda: world.relay.requests["action"])
        code, seconds = await bot.stop()
        assert (code, seconds < _SOON) == (0, True), seconds
        assert not bot.said("Traceback|never retrieved")
    async with world.bot() as bot:
        await world.shows(child, "✅ Picture 1")
        assert not bot.said("may have been accepted")
    assert len(world.relay.submits) == 1
    world.assert_polite()


async def test_a_submit_longer_than_the_stop_becomes_unknown(world: WireWorld) -> None:
    """The process doesn't wait forever; the next one says at once that the outcome is unknown, and sends nothing."""
    async with world.bot() as bot:
        grid = await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
        world.relay.script("action", delay=float("inf"))
        child = await world.press(grid, "U1")
        await world.until(lambda: world.relay.requests["action"])
        code, seconds = await bot.stop()
        assert (code, seconds < _SOON) == (0, True), seconds
    async with world.bot() as bot:
        await bot.line("may have been accepted")
        await world.shows(child, "know")
    assert world.relay.requests["action"] == 1


async def _a_download(world: WireWorld) -> Message:
    """Follow a finished task whose picture does not come."""
    world.relay.script("image", delay=float("inf"))
    return await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")


async def _an_edit(world: WireWorld) -> Message:
    """Follow a running task until Discord does not answer an edit any more."""
    message = await world.shows(await world.follow(world.relay.add_task()), "🎨")
    fault = world.discord.fail("PATCH", "*/messages/*", None, delay=60.0)
    await world.until(lambda: fault.hits)
    return message


@pytest.mark.parametrize("begin", [_a_download, _an_edit])
async def test_the_next_process_draws_what_the_last_one_followed(
    world: WireWorld, begin: Callable[[WireWorld], Awaitable[Message]]
) -> None:
    """A download or an edit that hangs delays no stop: it is cut off, and the next process adds the picture."""
    async with world.bot() as bot:
        message = await begin(world)
        code, seconds = await bot.stop()
        assert (code, seconds < _SOON) == (0, True), seconds
        assert not bot.said("Traceback|never retrieved")
    assert not _has_its_picture(message)
    async with world.bot() as bot:
        await bot.line("Resuming 1 unfinished jobs")
        await world.shows(message, "✅ Four")
        await world.until(lambda: _has_its_picture(message))
    assert world.discord.refused == []


def _has_its_picture(message: Message) -> bool:
    return any("lighthouse" in file.name for file in message.files)


async def test_a_click_during_a_stop_is_answered(world: WireWorld) -> None:
    """A click that was answered "thinking" before the gateway closed gets its result; a later one gets no answer."""
    async with world.bot() as bot:
        act = await world.discord.slash(
            world.discord.owner, world.discord.channels[0], "mjstatus", {"id": world.relay.add_task()}
        )
        await act.acknowledged()
        assert (await bot.stop())[0] == 0
    late = await world.discord.slash(
        world.discord.owner, world.discord.channels[0], "mjstatus", {"id": world.relay.add_task()}
    )
    assert late.response is None
    async with world.bot():
        assert act.original is not None
        await world.shows(act.original, "✅ Four")
    assert late.attempts == 0
