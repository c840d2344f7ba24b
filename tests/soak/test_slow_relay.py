"""A button whose request takes six minutes, and one whose answer is lost for longer than five: each is paid once.

Four tries of 85 seconds each, with pauses between them, as a slow relay was seen to need.
"""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.wire.loopback import Message
from tests.worlds.processes import GENEROUS, QUICK, WireWorld, open_wire_world

pytestmark = [pytest.mark.wire, pytest.mark.timeout(900)]

_ANSWER_SECONDS = 85.0
_SECOND_PRESS_SECONDS = 304.0
_BUSY = {"code": 4, "description": "task_status_not_success ", "type": "upstream_error"}
_UNKNOWN_ACTION = {"error": {"message": "Invalid request, unknown_action:MJ::JOB::upsample::1::aa", "code": ""}}
_QUESTION = "The earlier press may have been charged. Draw again?"


async def test_second_press_after_five_minutes_pays_nothing_twice(tmp_path: Path) -> None:
    """The request that is on its way blocks its button; the one that was lost asks the next person."""
    async with open_wire_world(tmp_path, QUICK) as world, world.bot(**GENEROUS) as bot:
        slow, lost = [await world.follow(world.relay.add_task("grid")) for _ in range(2)]
        for grid in (slow, lost):
            await world.shows(grid, "✅ Four")
        world.relay.script("action", drop=True)
        await world.shows(await world.press(lost, "U2"), "know")
        _script_slow_chain(world)
        begun = asyncio.get_running_loop().time()
        child = await world.press(slow, "U1")
        await asyncio.sleep(begun + _SECOND_PRESS_SECONDS - asyncio.get_running_loop().time())
        minh = world.discord.add_person("minh")
        [told] = await world.told(await world.discord.click(minh, slow, "U1"))
        assert "Already on its way" in told.content
        assert str(child.id) in told.content
        await _confirm(world, lost)
        await world.shows(child, "✅ Picture 1", 150.0)
        assert asyncio.get_running_loop().time() - begun > 4 * _ANSWER_SECONDS
        bot.assert_calm()
    paid = Counter((one.path, one.body["taskId"]) for one in world.relay.submits)
    assert sorted(paid.values()) == [1, 1]
    assert [one.path for one in world.relay.submits] == ["/mj/submit/action", "/mj/submit/change"]
    assert world.discord.refused == []


def _script_slow_chain(world: WireWorld) -> None:
    """Let the relay be busy twice, then not know the button, then take its fallback: each after 85 seconds."""
    for _ in range(2):
        world.relay.script("action", 400, _BUSY, delay=_ANSWER_SECONDS)
    world.relay.script("action", 400, _UNKNOWN_ACTION, delay=_ANSWER_SECONDS)
    world.relay.script("change", delay=_ANSWER_SECONDS, passes=True)


async def _confirm(world: WireWorld, grid: Message) -> None:
    """Press the button whose answer was lost, and confirm that it is to be drawn again."""
    minh = world.discord.people[-1]
    world.relay.clear_scripts("action")
    [question] = await world.told(await world.discord.click(minh, grid, "U2"))
    assert (question.content, question.ephemeral) == (_QUESTION, True)
    confirmed = await world.discord.click(minh, question, "Draw again")
    [again] = await world.told(confirmed)
    await world.shows(again, "✅ Picture 2")
