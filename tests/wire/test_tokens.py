"""What becomes of a message when its interaction's token ends."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from sandbox.relay import RelaySettings
from tests.wire.loopback import LoopbackDiscord
from tests.wire.process import World, world_of

pytestmark = pytest.mark.wire

_SLOW = RelaySettings(seconds_per_task=30.0, picture_side=192)


@pytest.fixture
async def patient(tmp_path: Path) -> AsyncGenerator[World]:
    """A Discord that takes a late first answer, so that interactions can be old at birth; tasks of 30 s."""
    async with world_of(tmp_path, _SLOW, discord=LoopbackDiscord(ack_seconds=1000)) as world:
        yield world


async def test_edits_go_on_without_the_token(patient: World) -> None:
    """A token that ends early, and one that is too old: both messages are drawn to their end through the channel."""
    discord = patient.discord
    async with patient.bot():
        acts = []
        for age in (0.0, 14.9 * 60):
            options = {"id": patient.relay.add_task(age=24)}
            acts.append(await discord.slash(discord.owner, discord.channels[0], "mjstatus", options, age_seconds=age))
            await acts[-1].answered()
        discord.expire(acts[0])
        for act in acts:
            assert act.original is not None
            await patient.shows(act.original, "✅ Four")
            last = act.original.history[-1].route
            assert last.startswith(f"PATCH /channels/{discord.channels[0].id}/"), last
            assert len(act.original.files) == 1
    dead = [one for one in discord.requests if one.code in {50027, 10015}]
    assert len(dead) <= 1, dead
    patient.assert_polite()


async def test_private_messages_rest_in_time(patient: World) -> None:
    """A private message, which only its token reaches, ends its live phase before that does; Refresh wakes it."""
    discord = patient.discord
    async with patient.bot():
        options = {"id": patient.relay.add_task(age=20), "private": True}
        act = await discord.slash(discord.owner, discord.channels[0], "mjstatus", options, age_seconds=14 * 60 - 3)
        await act.answered()
        message = act.original
        assert message is not None
        await patient.until(lambda: any(one.get("label") == "Refresh" for one in message.buttons), 10)
        discord.expire(act)
        await discord.click(discord.owner, message, "Refresh")
        await patient.shows(message, "✅ Four")
    assert not [one for one in discord.requests if one.code in {50027, 10015, 10008}]
    patient.assert_polite()


async def test_a_private_message_whose_token_ends_early(patient: World) -> None:
    """A private message out of reach is left quietly: one refused edit at most, and no error in the log."""
    discord = patient.discord
    async with patient.bot() as bot:
        message = await patient.follow(patient.relay.add_task(age=20), private=True)
        discord.expire(next(iter(discord.interactions.values())))
        await bot.line("ends: PlaceUnreachable")
        assert not [line for line in bot.lines if line.get("level") in {"error", "critical"}]
    assert message.ephemeral
    assert len([one for one in discord.requests if one.status >= 400]) <= 1
