"""A key that may not read, on the real process: messages say why, nothing is spent, and both recover."""

from functools import partial

import pytest

from tests.recordings import real_reply
from tests.wire.loopback import Message
from tests.worlds.processes import GENEROUS, WireWorld

pytestmark = pytest.mark.wire

_ALWAYS = 10_000
_READS = ("list", "fetch")


def _script(world: WireWorld, name: str, *routes: str) -> None:
    """Let routes answer as recorded until `_recover`."""
    reply = real_reply(name)
    for route in routes:
        world.relay.script(route, reply.status, text=reply.text, times=_ALWAYS)


def _recover(world: WireWorld, *routes: str) -> None:
    for route in routes:
        world.relay.clear_scripts(route)


def _says(message: Message, text: str) -> bool:
    return text in message.embed.get("description", "")


async def _imagine(world: WireWorld) -> list[Message]:
    """Type /imagine; give what is told in private after its own answer is taken back."""
    where = world.discord.channels[1]
    act = await world.discord.slash(world.discord.owner, where, "imagine", {"prompt": "a lighthouse"})
    return await world.told(act)


async def test_a_key_that_may_no_longer_read_stops_paid_requests(world: WireWorld) -> None:
    """The message and /imagine say why and the cure, nothing is sent, and both go on when the limits are removed."""
    async with world.bot(**GENEROUS) as bot:
        message = await world.follow(world.relay.add_task(), 0)
        _script(world, "2026_model_limits_on_fetch", *_READS)
        await world.until(partial(_says, message, "limited to some models"))
        assert _says(message, "remove the model limits of the key")
        assert not _says(message, "stopped answering")
        (refused,) = await _imagine(world)
        assert "limited to some models" in refused.content
        assert "You weren't charged." in refused.content
        assert world.relay.requests["imagine"] == 0
        check = await world.discord.slash(world.discord.owner, world.discord.channels[0], "mjcheck", {})
        await check.answered()
        assert check.original is not None
        await world.until(partial(_says, check.original, "Remove the model limits of the key"))
        assert "Remove the model limits" in await bot.line("Polls fail, and go on. API key")

        _recover(world, *_READS)
        await world.shows(message, "✅ Four")
        assert not _says(message, "limited")
        act = await world.discord.slash(
            world.discord.owner, world.discord.channels[1], "imagine", {"prompt": "a lighthouse"}
        )
        await act.answered()
        assert act.original is not None
        await world.shows(act.original, "✅ Four")
        assert world.relay.requests["imagine"] == 1
        await bot.line("The relay answers again")
        bot.assert_calm()
    world.assert_polite()


async def test_a_key_that_may_not_read_sends_nothing_paid(world: WireWorld) -> None:
    """The first command after a start asks for one read, and is refused with what that says; the next one is sent."""
    _script(world, "2026_model_limits_on_fetch", *_READS)
    async with world.bot(**GENEROUS) as bot:
        (refused,) = await _imagine(world)
        assert "limited to some models" in refused.content
        assert world.relay.requests["imagine"] == 0
        _recover(world, *_READS)
        act = await world.discord.slash(
            world.discord.owner, world.discord.channels[0], "imagine", {"prompt": "a lighthouse"}
        )
        await act.answered()
        assert act.original is not None
        await world.shows(act.original, "✅ Four")
        bot.assert_calm()
    assert [one.path for one in world.relay.submits] == ["/mj/submit/imagine"]
    world.assert_polite()


async def test_an_upstream_that_refuses_the_relay(world: WireWorld) -> None:
    """The person is told whose fault it is, without a charge; the button works as soon as the upstream does."""
    async with world.bot(**GENEROUS) as bot:
        grid = await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
        reply = real_reply("upstream_secret_wrong_401")
        world.relay.script("action", reply.status, text=reply.text)
        act = await world.discord.click(world.discord.owner, grid, "U1")
        await world.until(lambda: any("connection to Midjourney" in one.content for one in act.followups))
        (told,) = [one for one in act.followups if one.content]
        assert "API key" not in told.content
        assert told.content.endswith("You weren't charged.")
        await world.shows(await world.press(grid, "U2"), "✅ Picture 2")
        assert not bot.said("Polls fail")
        bot.assert_calm()
    world.assert_polite()
