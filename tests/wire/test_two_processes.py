"""Two processes on one token and one database: Discord's callback decides, and nothing is paid twice."""

import asyncio
from collections import Counter

import pytest

from tests.wire.chaos_size import size
from tests.worlds.processes import GENEROUS, WireWorld

pytestmark = pytest.mark.wire

_PRESSES = size(24, 200)
_BUTTONS = ("U1", "U2", "U3", "U4", "V1", "V2", "V3", "V4")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("stores", ["one", "two"])
async def test_two_processes_send_each_press_once(world: WireWorld, stores: str) -> None:
    """Both get every click: as many clicks on different buttons are as many submits, each with one child, told once."""
    discord = world.discord
    grids = [world.relay.add_task("grid") for _ in range(_PRESSES // len(_BUTTONS))]
    other = {"DATABASE_URL": f"sqlite:///{world.folder / 'other.db'}"} if stores == "two" else {}
    world.settings |= {"LEASE_SECONDS": "60"}
    async with world.bot(**GENEROUS) as first, world.bot(**GENEROUS, **other) as second:
        await discord.connected(2)
        messages = [await world.follow(grid, n % 2) for n, grid in enumerate(grids)]
        for message in messages:
            await world.shows(message, "✅ Four")
        pressed = [(message, which) for message in messages for which in _BUTTONS]
        acts = await asyncio.gather(*(discord.click(discord.owner, *one) for one in pressed))
        await world.until(lambda: all(act.followups for act in acts), 400)
        for act in acts:
            await world.shows(act.followups[0], "✅", 120)
        await world.until(lambda: all(act.attempts == 2 for act in acts))
        if stores == "one":
            # On two, each draws the buttons of a message anew with the marks that it knows of.
            await world.until(lambda: all(message.button(which)["style"] == 3 for message, which in pressed), 60)
        assert [len(act.followups) for act in acts] == [1] * _PRESSES
        assert not [*first.said("Traceback"), *second.said("Traceback")]
    paid = Counter((one.body["taskId"], one.body["customId"]) for one in world.relay.submits)
    assert (len(paid), paid.total()) == (_PRESSES, _PRESSES)
    world.assert_polite()


async def test_a_second_process_leaves_a_submit_under_way_alone(world: WireWorld) -> None:
    """One that starts while another's submit is on its way leaves it alone, and the child gets its picture."""
    world.relay.script("action", delay=4.0, passes=True)
    world.settings |= {"LEASE_SECONDS": "60"}
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
