"""A Discord that fails: each kind of request goes on by itself, or fails honestly, and then nothing is paid."""

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

import pytest

from sandbox.relay import RelaySettings
from sandbox.relay.tasks.sample_tasks import SampleKind
from tests.wire.loopback import Interaction, LoopbackDiscord, Message
from tests.worlds.processes import READY, WireWorld, bot_process, open_wire_world

pytestmark = pytest.mark.wire

_RESET = 0
_FAULTS = (500, 502, 503, 429, _RESET)
_BUTTONS = ("U1", "U2", "U3", "U4", "V1", "V2", "V3", "V4")
_HANGS = float("inf")
_OLD = 15 * 60.0 + 1
"""Age of an interaction whose token is over: all its drawings go as the bot."""
_DRAWINGS: list[tuple[float, SampleKind]] = [(0.0, "running"), (_OLD, "running"), (0.0, "grid"), (_OLD, "grid")]
"""By the token and as the bot, from the first progress on, and an end at once."""


@pytest.fixture
async def faulty(tmp_path: Path) -> AsyncGenerator[WireWorld]:
    """A Discord with room for one message of each kind, which takes late first answers; tasks of four seconds."""
    relay = RelaySettings(seconds_per_task=4.0, picture_side=192)
    discord = LoopbackDiscord(channels=4 * len(_FAULTS), ack_seconds=1000)
    async with open_wire_world(tmp_path, relay, discord=discord, PRESS_COOLDOWN_SECONDS="0") as world:
        yield world


async def _grid(world: WireWorld) -> Message:
    return await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")


def _original(act: Interaction) -> Message:
    assert act.original is not None
    return act.original


async def test_a_failed_first_response_is_retried_in_time_or_not_acted_on(world: WireWorld) -> None:
    """What Discord fails at is answered within three seconds; where the answer got lost nothing is sent, or paid."""
    discord, lost = world.discord, "This process does not answer an interaction"
    async with world.bot(PRESS_COOLDOWN_SECONDS="0") as bot:
        grid, acts = await _grid(world), dict[str, Interaction]()
        for status, carried_out in [*((status, False) for status in _FAULTS), (502, True), (_RESET, True)]:
            discord.fail("POST", "/interactions/*", status, carried_out=carried_out)
            which = _BUTTONS[len(acts)]
            act = acts[which] = await discord.click(discord.owner, grid, which)
            if status == _RESET or carried_out:
                known = len(bot.said(lost))
                await bot.lines_of(lost, known + 1)
                assert (act.response is not None, act.followups) == (carried_out, [])
            else:
                await act.acknowledged()
                assert act.acknowledged_after is not None
                assert act.acknowledged_after < 3
                await world.told(act)
        for act in acts.values():
            for child in act.followups:
                await world.shows(child, "✅")
        assert world.relay.requests["action"] == len(world.relay.submits) == len(_FAULTS) - 1
        # Nothing of a press that was lost stands in the way of the next.
        await world.shows(await world.press(grid, _BUTTONS[_FAULTS.index(_RESET)]), "✅")
        bot.assert_calm()
    assert discord.refused == []


async def test_drawing_goes_on_after_each_fault_of_discord(faulty: WireWorld) -> None:
    """Progress and ends, by the token and as the bot, through each fault: every message ends, with its picture."""
    discord, channels = faulty.discord, iter(faulty.discord.channels)
    async with faulty.bot() as bot:
        messages, faults = list[Message](), list[object]()
        for status in _FAULTS:
            for age, life in _DRAWINGS:
                channel, options = next(channels), {"id": faulty.relay.add_task(life)}
                act = await discord.slash(discord.owner, channel, "mjstatus", options, age_seconds=age)
                path = f"/channels/{channel.id}/messages/*" if age else f"/webhooks/*/{act.token}/messages/*"
                faults.append(discord.fail("PATCH", path, status, times=2))
                await act.acknowledged()
                messages.append(_original(act))
        for message in messages:
            await faulty.shows(message, "✅ Four")
            await faulty.until(partial(getattr, message, "files"))
        bot.assert_calm()
    assert discord.refused == []


async def test_a_child_message_that_discord_refuses_is_not_paid_for(world: WireWorld) -> None:
    """The followup that shows a child: sent again where Discord fails, else the press ends, unpaid, and is told so."""
    discord = world.discord
    async with world.bot(PRESS_COOLDOWN_SECONDS="0") as bot:
        grid, acts = await _grid(world), list[Interaction]()
        for status, which in zip(_FAULTS, _BUTTONS, strict=False):
            acts.append(await discord.click(discord.owner, grid, which))
            discord.fail("POST", f"/webhooks/{discord.application_id}/{acts[-1].token}", status)
        for status, act in zip(_FAULTS, acts, strict=True):
            said = await world.told(act)
            if status == _RESET:
                assert "You weren't charged." in said[0].content
            else:
                await world.shows(said[0], "✅")
        assert world.relay.requests["action"] == len(_FAULTS) - 1
        await world.shows(await world.press(grid, _BUTTONS[_FAULTS.index(_RESET)]), "✅")
        bot.assert_calm()
    assert discord.refused == []


async def test_a_child_message_without_a_task_is_deleted(world: WireWorld) -> None:
    """The relay refuses, and Discord fails at taking the child back: it does not stand there, sending, forever."""
    discord = world.discord
    world.relay.script("action", 400, {"code": 4, "description": "parameter error"}, times=2)
    async with world.bot(PRESS_COOLDOWN_SECONDS="0") as bot:
        grid = await _grid(world)
        for which, status in (("U1", _RESET), ("U2", 503)):
            discord.fail("DELETE", "/webhooks/*", status)
            act = await discord.click(discord.owner, grid, which)
            told = await world.told(act, 2)
            assert act.followups[0].deleted
            assert "The service refused this request" in told[1].content
        bot.assert_calm()
    assert discord.refused == []


async def _fail_before_the_first_connection(world: WireWorld) -> None:
    """`GET /gateway/bot` fails in every way, one after the other: the process gets there by itself."""
    for status in _FAULTS:
        world.discord.fail("GET", "/gateway/bot", status)
    async with bot_process(world.folder, world.env) as bot:
        await bot.line(READY)
        bot.assert_calm()
    assert world.discord.identifies == 1


async def _hang_under_way(world: WireWorld) -> None:
    """Each kind of request, accepted and then nothing: given up in time, and what it was for goes on or ends unpaid."""
    discord, task = world.discord, world.relay.add_task
    async with world.bot() as bot:
        grid = await _grid(world)
        # Five failures in a row are all that discord.py takes.
        refused = await discord.click(discord.owner, grid, "U1")
        discord.fail("POST", f"/webhooks/{discord.application_id}/{refused.token}", 500, times=5)
        silent = await discord.click(discord.owner, grid, "U2")
        discord.fail("POST", f"/webhooks/{discord.application_id}/{silent.token}", 500, delay=_HANGS)
        messages = list[Message]()
        for channel, (age, life) in zip(discord.channels[1:], _DRAWINGS, strict=False):
            act = await discord.slash(discord.owner, channel, "mjstatus", {"id": task(life)}, age_seconds=age)
            path = f"/channels/{channel.id}/messages/*" if age else f"/webhooks/*/{act.token}/messages/*"
            discord.fail("PATCH", path, 500, delay=_HANGS)
            await act.acknowledged()
            messages.append(_original(act))
        hung = discord.fail("POST", "/interactions/*", 500, delay=_HANGS)
        unheard = await discord.click(discord.owner, grid, "U3")
        await world.until(lambda: hung.hits)
        # Others do not notice.
        other = await world.follow(task(), 5)
        await world.shows(other, "✅ Four")
        await bot.line("This process does not answer an interaction: TimeoutError")
        for act in (refused, silent):
            said = await world.told(act)
            assert "You weren't charged." in said[0].content
        assert unheard.messages == []
        assert world.relay.requests["action"] == 0
        for message in messages:
            await world.shows(message, "✅ Four")
        bot.assert_calm()
    assert discord.refused == []


async def test_a_start_waits_for_an_answer_of_get_gateway(world: WireWorld) -> None:
    """`GET /gateway/bot`, accepted and then nothing: asked once, not hammered, and a signal still ends the process."""
    hung = world.discord.fail("GET", "/gateway/bot", 500, delay=_HANGS, times=None)
    async with bot_process(world.folder, world.env) as bot:
        await world.until(lambda: hung.hits)
        code, seconds = await bot.stop()
        assert (code, seconds < 5, hung.hits) == (0, True, 1)
        bot.assert_calm()
    assert world.discord.identifies == 0


async def test_slow_answers_of_discord_delay_only_themselves(
    faulty: WireWorld, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Requests that are never answered, and a start through every fault: side by side, as both wait."""
    async with open_wire_world(tmp_path_factory.mktemp("start")) as another:
        await asyncio.gather(_hang_under_way(faulty), _fail_before_the_first_connection(another))
