"""A real discord.py client on a loopback Discord, with one message to draw, and time that passes by sleeping only."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import discord

from bot.entities import Job, Person, Place
from bot.imaging.reencode import Picture
from bot.midjourney.task import Status, Task
from bot.scene import Scene
from cogs.messaging.message_editor import DiscordMessageEditor
from tests.fakes.clock import START
from tests.fakes.sample_entities import task
from tests.recordings import recorded
from tests.wire.loopback import Channel, Interaction, LoopbackDiscord, Message

PIXEL = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
PICTURE = Picture(PIXEL, "a_lighthouse_1.png", 4, 4, is_reencoded=False)
GRID = Task.model_validate(recorded("14_fetch_imagine_success_grid").body)
RUNNING = task(status=Status.IN_PROGRESS, progress=46)
TOKEN, CHANNEL = "PATCH /webhooks", "PATCH /channels"


class Hurry:
    """Time that passes by sleeping only, at once."""

    def __init__(self) -> None:
        self.time = START
        self.slept: list[float] = []

    def now(self) -> datetime:
        """Tell the time."""
        return self.time

    async def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)
        await asyncio.sleep(0)


class Hasty:
    """What discord.py sees of asyncio: its own pauses take no time."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        """Let others run."""
        await asyncio.sleep(0)


@dataclass
class Room:
    """A Discord, a client, a display, and one message of an interaction."""

    server: LoopbackDiscord
    client: discord.Client
    display: DiscordMessageEditor
    time: Hurry
    act: Interaction
    message: Message

    def place(self, message: Message | None = None, **more: Any) -> Place:  # noqa: ANN401
        """Where that message is."""
        shown = message or self.message
        given: dict[str, Any] = {
            "channel_id": shown.channel.id,
            "message_id": shown.id,
            "guild_id": shown.channel.guild_id or 0,
            "application_id": self.server.application_id,
            "token": self.act.token,
            "token_expires_at": START + timedelta(minutes=15),
            "ephemeral": shown.ephemeral,
            "reachable": shown.channel.reachable and not shown.ephemeral,
        }
        return Place(**{**given, **more})

    def job(self, place: Place | None = None, **more: Any) -> Job:  # noqa: ANN401
        """The job of that message."""
        person = Person(self.server.member.id, "minh")
        own = {"requester": person, "task_id": GRID.id, "born_at": START, **more}
        return Job(place=place or self.place(), **own)

    async def show(self, seen: Task | None, place: Place | None = None, **more: Any) -> bool:  # noqa: ANN401
        """Draw; tell whether the message shows what the task made."""
        scene = Scene(job=self.job(place), now=START, task=seen, **more)

        async def build_scene() -> Scene:
            return scene

        return await self.display.show(scene.job.place, build_scene)

    async def show_nothing(self, place: Place | None = None) -> None:
        """Take a turn for a drawing that turns out to be superfluous."""

        async def build_scene() -> None:
            return None

        await self.display.show(place or self.place(), build_scene, urgent=False)

    @property
    def routes(self) -> list[str]:
        """Which routes were tried, by their beginning, with the answers."""
        tried = [one for one in self.server.requests if one.method in {"PATCH", "POST"}]
        return [f"{one.method} /{one.path.split('/')[1]} {one.status}" for one in tried]


def answered(server: LoopbackDiscord, channel: Channel, *, ephemeral: bool = False) -> tuple[Interaction, Message]:
    """Put a message there that answered an interaction."""
    act = server.mint(2, server.member, channel)
    act.response = {"type": 4, "data": {}}
    act.original = server.plant(channel, {"content": "x", "flags": 64 if ephemeral else 0}, by=act)
    return act, act.original


def title(message: Message) -> str:
    """What the message says above."""
    return str(message.embeds[0]["title"])
