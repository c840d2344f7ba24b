"""What becomes of a message when its interaction's token ends."""

from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

import pytest

from sandbox.relay import RelaySettings
from tests.wire.loopback import LoopbackDiscord, Message
from tests.worlds.processes import WireWorld, open_wire_world

pytestmark = pytest.mark.wire

_SLOW = RelaySettings(seconds_per_task=30.0, picture_side=192)


@pytest.fixture
async def patient(tmp_path: Path) -> AsyncGenerator[WireWorld]:
    """A Discord that takes a late first answer, so that interactions can be old at birth; tasks of 30 s."""
    async with open_wire_world(tmp_path, _SLOW, discord=LoopbackDiscord(ack_seconds=1000)) as world:
        yield world


def _offers(message: Message, label: str) -> bool:
    return any(one.get("label") == label for one in message.buttons)


async def test_edits_go_on_as_the_bot_after_the_token(patient: WireWorld) -> None:
    """Tokens that end early, fresh or near their end, and one that is too old: all are drawn on by the channel."""
    discord = patient.discord
    async with patient.bot():
        acts = []
        for age in (0.0, 13.5 * 60, 14.9 * 60):
            options = {"id": patient.relay.add_task(age=24)}
            acts.append(await discord.slash(discord.owner, discord.channels[0], "mjstatus", options, age_seconds=age))
            await acts[-1].answered()
        for act in acts[:2]:
            discord.expire(act)
        for act in acts:
            assert act.original is not None
            await patient.shows(act.original, "✅ Four")
            last = act.original.history[-1].route
            assert last.startswith(f"PATCH /channels/{discord.channels[0].id}/"), last
            assert len(act.original.files) == 1
    dead = [one for one in discord.requests if one.code in {50027, 10015}]
    assert len(dead) <= 2, dead
    patient.assert_polite()


async def test_unreachable_messages_end_before_their_token(patient: WireWorld) -> None:
    """Private, in other people's DM, in a server that the bot is not in: each rests before its token ends; Refresh."""
    discord, age = patient.discord, 14 * 60 - 3
    async with patient.bot() as bot:
        acts = []
        for channel, private in ((discord.channels[0], True), (discord.private, False), (discord.foreign, False)):
            options, installed = {"id": patient.relay.add_task(age=20), "private": private}, not private
            acts.append(
                await discord.slash(
                    discord.owner, channel, "mjstatus", options, user_installed=installed, age_seconds=age
                )
            )
        for act in acts:
            message = (await act.answered()).original
            assert message is not None
            await patient.until(partial(_offers, message, "Refresh"))
            assert "Refresh" in message.embed["description"]
            discord.expire(act)
        for act in acts:
            assert act.original is not None
            await discord.click(discord.owner, act.original, "Refresh", user_installed=act.user_installed)
        for act in acts:
            assert act.original is not None
            await patient.shows(act.original, "✅ Four")
        bot.assert_calm()
    assert not [one for one in discord.requests if one.code in {50001, 50027, 10003, 10015, 10008}]
    patient.assert_polite()


async def test_an_ephemeral_message_whose_token_ends_early(patient: WireWorld) -> None:
    """A private message out of reach is left quietly: one refused edit at most, and no error in the log."""
    discord = patient.discord
    async with patient.bot() as bot:
        message = await patient.follow(patient.relay.add_task(age=20), private=True)
        discord.expire(next(iter(discord.interactions.values())))
        await bot.line("ends: PlaceUnreachable")
        assert not [line for line in bot.lines if line.get("level") in {"error", "critical"}]
    assert message.ephemeral
    assert len([one for one in discord.requests if one.status >= 400]) <= 1
