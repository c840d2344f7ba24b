"""A relay that sends no buttons, on the real process: what is offered is asked for the older way, exactly once."""

from pathlib import Path

import pytest

from tests.relay_without_buttons import Buttonless
from tests.worlds.processes import GENEROUS, QUICK, open_wire_world

pytestmark = pytest.mark.wire


async def test_u2_of_midjourney_proxy_sends_one_change_request(tmp_path: Path) -> None:
    """From the finished grid to the single picture, pressed twice and paid once; nothing is asked of /submit/action."""
    relay = Buttonless(QUICK)
    async with open_wire_world(tmp_path, relay) as world, world.bot(**GENEROUS) as bot:
        task_id = relay.add_task("grid")
        grid = await world.shows(await world.follow(task_id), "✅ Four pictures")
        await world.until(lambda: grid.files)
        assert [len(row["components"]) for row in grid.components] == [5, 4, 2]
        child = await world.shows(await world.press(grid, "U2"), "✅ Picture 2")
        await world.until(lambda: child.files)
        assert "This service can't do more with a single picture." in child.embed["description"]
        again = await world.discord.click(world.discord.owner, grid, "U2")
        assert "Already done" in (await world.told(again))[0].content
        [submit] = relay.submits
        body = dict(submit.body)
        assert str(body.pop("state")).startswith("mjbot:")
        assert (submit.path, body) == (
            "/mj/submit/change",
            {"taskId": task_id, "action": "UPSCALE", "index": 2},
        )
        assert (relay.requests["change"], relay.requests["action"]) == (1, 0)
        bot.assert_calm()
        world.assert_polite()
