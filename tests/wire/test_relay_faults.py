"""A relay that is down, slow, or talks nonsense: messages go on, nothing is paid twice, memory stays bounded."""

import asyncio
import io
import logging
import random
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from sandbox.relay import RelaySettings
from tests.wire.loopback import LoopbackDiscord, Message
from tests.wire.relay_clock import TASK_SECONDS, HeldTime
from tests.worlds.processes import BotProcess, WireWorld, open_wire_world

pytestmark = pytest.mark.wire
log = logging.getLogger(__name__)

_HELD = RelaySettings(seconds_per_task=TASK_SECONDS, picture_side=192)
"""A relay whose tasks run until the test ends them."""

_MIB = 2**20
_HUGE = b" " * (50 * _MIB)
_HALF = '{"code":1,"description":"Submit success","result":"17301"}'
_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "garbage": {"text": "\x00\x7f]]{{not JSON"},
    "a page": {"text": "<html>maintenance</html>", "content_type": "text/html"},
    "half a body": {"text": _HALF, "drop": True},
    "a reset": {"drop": True},
    "50 MiB": {"data": _HUGE},
    "50 MiB, length untold": {"data": _HUGE, "chunked": True},
    "half, slowly": {"text": _HALF * 2000, "drop": True, "drip": 0.5},
    "502": {"status": 502, "text": "<html>bad gateway</html>", "content_type": "text/html"},
}
"""What may come instead of an answer, as `Relay.script` takes it."""


@contextmanager
def _memory_bounded(bot: BotProcess, most: int) -> Generator[None]:
    """Assert that the process's memory grows by `most` MiB at its peak; --log-level INFO shows both."""
    before = bot.memory("VmRSS") // 1024
    yield
    peak = bot.memory("VmHWM") // 1024
    log.info("Memory: %d MiB before, %d MiB at the peak.", before, peak)
    assert peak - before < most, f"{before} MiB before, {peak} MiB at the peak"


def _says(message: Message, text: str) -> bool:
    return text in message.embed.get("description", "")


def _asked(world: WireWorld, route: str, times: int) -> bool:
    return world.relay.requests[route] >= times


async def _outage(folder: Path) -> None:
    """If the relay is down while tasks run, messages and answers say so at once, and all goes on when it is back."""
    held = HeldTime()
    async with open_wire_world(folder, _HELD, now=held.now) as world, world.bot() as bot:
        messages = [await world.follow(world.relay.add_task(), channel) for channel in (0, 1)]
        world.relay.down = True
        act = await world.discord.slash(
            world.discord.member, world.discord.channels[0], "mjstatus", {"id": world.relay.add_task()}
        )
        said = await world.until(lambda: act.followups)
        assert "The service didn't respond properly" in said[0].content
        for message in messages:
            await world.until(partial(_says, message, "The service stopped answering"))
        world.relay.down = False
        held.let_tasks_end()
        for message in messages:
            await world.shows(message, "✅ Four")
            assert "stopped answering" not in message.embed["description"]
        await bot.line("The relay answers again")
        assert len(bot.said("Polls fail")) == 1
        bot.assert_calm()
        world.assert_polite()


async def _read_again(folder: Path, route: str) -> None:
    """Each fault in turn where tasks are asked for, in a batch or singly: the messages come to their end."""
    held = HeldTime()
    settings = replace(_HELD, has_list=route == "list")
    async with open_wire_world(folder, settings, now=held.now) as world, world.bot() as bot:
        await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
        messages = [await world.follow(world.relay.add_task(), channel) for channel in (0, 1)]
        with _memory_bounded(bot, 48):
            asked = world.relay.requests[route]
            for fault in _FAULTS.values():
                world.relay.script(route, **fault)
            await world.until(partial(_asked, world, route, asked + len(_FAULTS)))
            held.let_tasks_end()
            for message in messages:
                await world.shows(message, "✅ Four")
        assert world.relay.requests[route] > asked + len(_FAULTS)
        bot.assert_calm()
        world.assert_polite()


async def test_failed_reads_are_repeated(tmp_path: Path) -> None:
    """An outage, told and waited out, and every fault of the list and of the single fetch: side by side."""
    folders = [tmp_path / name for name in ("outage", "list", "fetch")]
    for folder in folders:
        folder.mkdir()
    await asyncio.gather(_outage(folders[0]), *(_read_again(folder, folder.name) for folder in folders[1:]))


async def test_a_slow_relay_delays_only_its_own_requests(world: WireWorld) -> None:
    """Reads and a submit that take two seconds each hold nothing up but themselves, and are not sent twice."""
    async with world.bot():
        grid = await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
        world.relay.script("action", delay=2, passes=True)
        child = await world.press(grid, "U1")
        world.relay.script("list", delay=2, passes=True, times=2)
        message = await world.follow(world.relay.add_task(), 1)
        await asyncio.gather(world.shows(message, "✅ Four"), world.shows(child, "✅ Picture 1"))
    assert world.relay.requests["action"] == 1
    world.assert_polite()


async def test_a_submit_with_an_unreadable_answer_becomes_unknown(tmp_path: Path) -> None:
    """After anything but a readable answer, the child and the claim say unknown, and nothing is sent again."""
    async with open_wire_world(tmp_path, PRESS_COOLDOWN_SECONDS="0") as world, world.bot() as bot:
        grid = await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
        children: list[Message] = []
        # The first speaks JSON, so that a page from there on is a proxy's.
        buttons = ("U1", "U2", "U3", "U4", "V1", "V2", "V3", "V4", "🔄")
        with _memory_bounded(bot, 48):
            for number, (which, name) in enumerate(zip(buttons, ("", *_FAULTS), strict=True)):
                if name:
                    world.relay.script("action", **_FAULTS[name], carried_out=number % 2 == 0)
                children.append(await world.press(grid, which))
                await world.until(partial(_asked, world, "action", number + 1))
        await world.shows(children[0], "✅ Picture 1")
        for child in children[1:]:
            await world.shows(child, "❔ Unknown")
            assert "I won't send it again" in child.embed["description"]
        await world.until(lambda: len(bot.said("is not sent again")) == len(_FAULTS))
        # A job that was made after all closes its claim once a person follows it.
        made = [one.task_id for one in world.relay.submits]
        assert len(made) == 1 + len(_FAULTS) // 2
        await world.shows(await world.follow(made[1], 1), "✅")
        await bot.line("closes claim")
        assert world.relay.requests["action"] == len(buttons)
        assert not bot.said("Traceback")
    world.assert_polite()


_PICTURES: Mapping[str, Mapping[str, Any]] = {
    "down": {"status": 502, "text": "<html>bad gateway</html>"},
    "garbage": {"data": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 64, "content_type": "image/png"},
    "half": {"data": b"\x89PNG\r\n\x1a\n" + bytes(4096), "drop": True},
    "a reset": {"drop": True},
    "50 MiB": {"data": _HUGE, "content_type": "image/png"},
    "50 MiB, length untold": {"data": _HUGE, "content_type": "image/png", "chunked": True},
}
_PASSING = frozenset({"down", "half", "a reset"})
"""Faults of the relay's that may pass: such a picture is asked for again without a click."""
_TRIES = 4
"""How often a picture may be asked for at most: aiohttp too asks once more where a connection was reset."""


def _has_files(message: Message) -> bool:
    return bool(message.files)


def _without(world: WireWorld, fault: Mapping[str, Any], pictures: int = 1) -> None:
    """Let as many pictures not be had, however often each is asked for."""
    world.relay.clear_scripts("image")
    world.relay.script("image", **fault, times=_TRIES * pictures)


async def test_unavailable_pictures_end_with_a_link(tmp_path: Path) -> None:
    """The end is told without its picture, which follows by itself, or is brought by a click on Refresh."""
    discord = LoopbackDiscord(channels=len(_PICTURES))
    async with open_wire_world(tmp_path, discord=discord) as world, world.bot() as bot:
        messages: list[Message] = []
        for number, (name, fault) in enumerate(_PICTURES.items()):
            _without(world, fault)
            message = await world.shows(await world.follow(world.relay.add_task("grid"), number), "✅ Four")
            if name in _PASSING:
                await world.until(partial(_has_files, message))
            else:
                messages.append(message)
                await bot.lines_of("cannot be attached", len(messages))
        _without(world, {"passes": True})
        for message in messages:
            await world.until(partial(_says, message, "**Refresh**"))
            assert not message.files
            await world.discord.click(discord.owner, message, "Refresh")
        await world.until(lambda: all(message.files for message in messages))
        bot.assert_calm()
        world.assert_polite()


async def test_a_slow_picture_is_attached_later(world: WireWorld) -> None:
    """A picture that drips in over some seconds holds its task's end up for one, and then joins it."""
    drawn = io.BytesIO()
    Image.frombytes("RGB", (300, 300), random.Random(1).randbytes(270_000)).save(drawn, "PNG")  # noqa: S311
    world.relay.script("image", data=drawn.getvalue(), content_type="image/png", drip=5.0)
    async with world.bot():
        message = await world.follow(world.relay.add_task("grid"))
        await world.until(lambda: message.files)
        [first, *_] = [edit for edit in message.history if "✅ Four" in str(edit.body.get("embeds"))]
        assert first.files == ()
        assert "**Refresh**" not in message.embed["description"]
    world.assert_polite()


async def test_huge_pictures_leave_memory_bounded(tmp_path: Path) -> None:
    """Six pictures of 50 MiB at once, their length untold: three are read at a time, each up to 32 MiB."""
    async with open_wire_world(tmp_path, discord=LoopbackDiscord(channels=6)) as world, world.bot() as bot:
        await world.shows(await world.follow(world.relay.add_task("grid")), "✅ Four")
        with _memory_bounded(bot, 3 * 32 + 32):
            _without(world, _PICTURES["50 MiB, length untold"], 6)
            messages = [await world.follow(world.relay.add_task("grid"), channel) for channel in range(6)]
            await world.until(lambda: len(bot.said("cannot be attached: PictureTooLarge")) == 6)
        for message in messages:
            await world.shows(message, "✅ Four")
        bot.assert_calm()
