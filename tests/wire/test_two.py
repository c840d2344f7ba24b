"""Two processes on one token and one database: Discord's callback decides, and nothing is paid twice."""

import asyncio

import pytest

from tests.wire.process import World

pytestmark = pytest.mark.wire

_PRESSES = 20


async def test_two_processes_press_once(world: World) -> None:
    """Both get every click: twenty clicks are twenty submits, each with one child, answered once."""
    grids = [world.relay.add_task("grid") for _ in range(_PRESSES)]
    settings = {"PRESS_COOLDOWN_SECONDS": "0", "DAILY_SUBMITS_PER_PERSON": "1000", "DAILY_SUBMITS": "1000"}
    discord = world.discord
    async with world.bot(**settings) as first, world.bot(**settings) as second:
        await discord.connected(2)
        messages = [await world.follow(grid, n % 2) for n, grid in enumerate(grids)]
        for message in messages:
            await world.shows(message, "✅ Four")
        acts = await asyncio.gather(*(discord.click(discord.owner, message, "U2") for message in messages))
        await world.until(lambda: all(act.followups for act in acts))
        for act in acts:
            await world.shows(act.followups[0], "✅ Picture 2")
        await world.until(lambda: all(act.attempts == 2 for act in acts))
        await world.until(lambda: all(message.button("U2")["style"] == 3 for message in messages))
        assert [len(act.followups) for act in acts] == [1] * _PRESSES
        assert not first.said("Traceback")
        assert not second.said("Traceback")
    assert sorted(grids) == sorted(str(one.body["taskId"]) for one in world.relay.submits)
    world.assert_polite()


async def test_a_second_process_starts_in_the_middle(world: World) -> None:
    """One that starts while another's submit is on its way leaves it alone, and the child gets its picture."""
    world.relay.script("action", delay=4.0, passes=True)
    async with world.bot() as first:
        grid = await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
        child = await world.press(grid, "U1")
        await world.until(lambda: world.relay.requests["action"])
        async with world.bot() as second:
            await world.shows(child, "✅ Picture 1")
            assert len(child.files) == 1
            await world.until(lambda: grid.button("U1")["style"] == 3)
            assert not [*first.said("Traceback"), *second.said("Traceback|may have been accepted")]
    assert not [edit for edit in child.history if "know" in str(edit.body)], "it is known whose the claim is"
    assert len(world.relay.submits) == 1
    assert world.discord.refused == []
