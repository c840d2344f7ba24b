"""The main road on the real process: follow, press, the child; and what it leaves in the log."""

import pytest

from tests.wire.process import World

pytestmark = pytest.mark.wire


async def test_status_then_press(world: World) -> None:
    """A running task ends as a picture with buttons in rows of 5 and 4; U1 leads to a finished child."""
    task_id = world.relay.add_task()
    async with world.bot():
        message = await world.follow(task_id)
        await world.shows(message, "✅ Four pictures")
        assert [[len(row["components"]) for row in message.components], len(message.files)] == [[5, 4], 1]
        child = await world.press(message, "U1")
        await world.shows(child, "✅ Picture 1")
        assert len(child.files) == 1
        await world.until(lambda: message.button("U1")["style"] == 3)
    first = [act.acknowledged_after for act in world.discord.interactions.values()]
    assert all(after is not None and after < 1 for after in first), first
    assert [one.path for one in world.relay.submits] == ["/mj/submit/action"]
    world.assert_polite()
