"""A global rate limit of Discord's while messages are drawn, and a press of Stop watching during it.

The press, and our own timeout of 20 seconds, cancel requests that wait for its end: the others go on when it is over.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from sandbox.relay import RelaySettings
from tests.wire.health_requests import becomes, free_port
from tests.wire.loopback import LoopbackDiscord, Message
from tests.worlds.processes import GENEROUS, WireWorld, open_wire_world

log = logging.getLogger(__name__)

pytestmark = [pytest.mark.wire, pytest.mark.timeout(600)]

_OLD = 15 * 60.0 + 1
"""Age of an interaction whose token is over: its message is drawn as the bot, to which a global limit applies."""
_MESSAGES = 6
_IN_FLIGHT_SECONDS = 1.0
"""What was sent together with the request that met the limit may still arrive."""
_LATE_SECONDS = 5.0
"""How soon after the end of the limit a message must be drawn again."""


def _is_drawn_as_bot(method: str, path: str) -> bool:
    return method == "PATCH" and path.startswith("/channels/")


@pytest.mark.parametrize(("seconds", "is_reported"), [(25.0, False), (5.0, False), (95.0, True)])
async def test_drawing_goes_on_when_a_global_limit_ends(tmp_path: Path, *, seconds: float, is_reported: bool) -> None:
    """Nothing is sent as the bot during it, everything after it; one that lasts longer than a minute is not ready."""
    relay = RelaySettings(seconds_per_task=seconds + 25.0, picture_side=192)
    discord, port = LoopbackDiscord(channels=_MESSAGES, ack_seconds=1000), free_port()
    async with open_wire_world(tmp_path, relay, discord=discord) as world, world.bot(PORT=str(port), **GENEROUS) as bot:
        messages = [await _draw_as_bot(world, number) for number in range(_MESSAGES)]
        limit = discord.fail("PATCH", "/channels/*", 429, {"retry_after": seconds, "global": True}, times=None)
        await world.until(lambda: limit.hits)
        begun = time.monotonic()
        refused = discord.rate_limited[0].path
        [held] = [message for message in messages if refused.endswith(f"/{message.id}")]
        await asyncio.sleep(min(2.0, seconds / 2))
        stopping = await discord.click(discord.owner, held, "Stop watching")
        await stopping.answered()
        if is_reported:
            await becomes(port, _says_limited, 30.0)
        await asyncio.sleep(begun + seconds - 0.5 - time.monotonic())
        during = [one for one in discord.requests if _is_drawn_as_bot(one.method, one.path)]
        assert [one for one in during if one.at > begun + _IN_FLIGHT_SECONDS] == []
        limit.stop()
        await world.until(lambda: _count_drawn(discord, begun + seconds - 0.5), seconds + 60.0)
        late = time.monotonic() - begun - seconds
        log.info("A limit of %g s: drawn again %.1f s after its end.", seconds, late)
        assert late < _LATE_SECONDS
        await world.shows(held, "Stopped watching", 120.0)
        for message in messages:
            if message is not held:
                await world.shows(message, "✅ Four", 120.0)
        await becomes(port, lambda found: not found, 120.0)
        bot.assert_calm()
        # The limit itself is logged once; not each drawing that it holds back.
        assert len(bot.said("could not be drawn")) <= 2 * _MESSAGES


async def _draw_as_bot(world: WireWorld, number: int) -> Message:
    """Follow a task in a channel of its own, and wait until its message was drawn as the bot."""
    discord = world.discord
    options = {"id": world.relay.add_task()}
    act = await discord.slash(discord.owner, discord.channels[number], "mjstatus", options, age_seconds=_OLD)
    await act.answered()
    assert act.original is not None
    return act.original


def _count_drawn(discord: LoopbackDiscord, since: float) -> int:
    return sum(
        _is_drawn_as_bot(one.method, one.path) and one.at > since and one.status == 200 for one in discord.requests
    )


def _says_limited(found: Mapping[str, str]) -> bool:
    return "Discord blocks all requests of this bot until" in found.get("requests", "")
