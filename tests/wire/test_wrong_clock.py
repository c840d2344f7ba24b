"""A machine whose clock is wrong, as the bot sees it: Discord's clock, in its ids and Date headers, differs."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.worlds.processes import open_wire_world

pytestmark = pytest.mark.wire


@pytest.mark.parametrize(
    ("fast_by", "said"),
    [(timedelta(minutes=20), "20 min fast"), (timedelta(days=-365), "365 days slow")],
)
async def test_private_answers_end_whatever_the_clock_says(
    fast_by: timedelta, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their tokens are used while Discord accepts them; the log and `check` tell by how much the clock is wrong."""
    there = SimpleNamespace(time=lambda: time.time() - fast_by.total_seconds())
    monkeypatch.setattr("tests.wire.loopback_world.time", there)
    monkeypatch.setattr(
        "aiohttp.web_response.rfc822_formatted_time",
        lambda: format_datetime(datetime.fromtimestamp(there.time(), UTC), usegmt=True),
    )
    async with open_wire_world(tmp_path) as world:
        async with world.bot() as bot:
            message = await world.follow(world.relay.add_task("grid"), private=True)
            await world.shows(message, "✅ Four")
            child = await world.press(message, "U2")
            await world.shows(child, "✅ Picture 2")
            [warning] = [line["event"] for line in bot.lines if "clock" in line["event"]]
            assert warning.startswith(f"Clock: this machine's clock is {said}, compared with Discord's. Set the clock")
        world.assert_polite()
        async with world.bot("check") as check:
            assert await check.ended() == 1
        [found] = [line for line in check.text if "Clock" in line]
        assert found.startswith(f"FAIL  Clock: this machine's clock is {said}, compared with Discord's.")
