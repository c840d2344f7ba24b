"""A form's result whose picture the relay cannot give for 130 seconds, as a new-api of 2026 was seen to do."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.relay import find_profile
from tests.wire.loopback import Message
from tests.wire.walk import clicked, filled_in, finished
from tests.worlds.processes import GENEROUS, WireWorld, open_wire_world

pytestmark = [pytest.mark.wire, pytest.mark.timeout(600)]

_TICK_SECONDS = 10.0
_LATE_SECONDS = 130.0
LAGGING = replace(
    find_profile("newapi-2026"),
    seconds_per_task=5.0,
    picture_side=192,
    refresh_seconds=_TICK_SECONDS,
    lag_ticks=int(_LATE_SECONDS / _TICK_SECONDS),
)
"""After a form the first row, which the image route reads, catches up 130 seconds after the second."""


@pytest.mark.parametrize("restart", [False, True])
async def test_the_picture_of_a_form_comes_late(tmp_path: Path, *, restart: bool) -> None:
    """The message shows the result and its buttons first, and its picture once the image route has it."""
    async with open_wire_world(tmp_path, LAGGING) as world:
        async with world.bot(**GENEROUS) as bot:
            child = await _zoomed(world)
            begun = asyncio.get_running_loop().time()
            if not restart:
                await _pictured(world, child)
            bot.assert_calm()
        if restart:
            async with world.bot(**GENEROUS) as bot:
                await _pictured(world, child)
                bot.assert_calm()
        waited = asyncio.get_running_loop().time() - begun
        assert waited > _LATE_SECONDS - 2 * _TICK_SECONDS
        assert [one.path for one in world.relay.submits] == ["/mj/submit/modal"]
        world.assert_polite()


async def _zoomed(world: WireWorld) -> Message:
    """Send the form of Custom Zoom; give the message of its result, which has its buttons and not its picture."""
    single = await finished(world, world.relay.add_task("single", prompt="a barn --v 7"))
    form = await clicked(world, single, "Custom Zoom")
    act = await filled_in(world, form, "a barn at sea --zoom 1.7", "a barn --v 7.0 --zoom 2")
    [child] = await world.told(act)
    await world.shows(child, "✅ Four pictures")
    assert {"U1", "V4"} <= {part.get("label") for part in child.buttons}
    assert not _is_pictured(child)
    return child


async def _pictured(world: WireWorld, child: Message) -> None:
    await world.until(lambda: _is_pictured(child), 300)
    assert child.embed["title"].startswith("✅ Four pictures")
    assert {"U1", "V4"} <= {part.get("label") for part in child.buttons}


def _is_pictured(message: Message) -> bool:
    """Tell whether a message has its picture, rather than the last preview or none."""
    return bool(message.files) and not message.files[0].name.startswith("preview")
