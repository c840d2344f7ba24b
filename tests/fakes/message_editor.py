"""A display that remembers what was drawn."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bot.entities import Job, Place
from bot.errors import DisplayError
from bot.midjourney.task import Task
from bot.ports import SceneBuilder
from bot.scene import JobEnding, Scene


@dataclass
class FakeMessageEditor:
    """A bot.ports.Display; `errors` are raised drawing by drawing, `broken` messages by every drawing.

    While `free` is cleared only urgent ones get their turn.
    """

    scenes: list[Scene] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set[int])
    """The messages that do not show what their tasks made."""
    unread: set[int] = field(default_factory=set[int])
    """The messages that were redrawn although it could not be read which of their buttons were green."""
    notified: list[tuple[int, str]] = field(default_factory=list)
    removed: list[Place] = field(default_factory=list)
    links: dict[int, str] = field(default_factory=dict)
    broken: dict[int, DisplayError] = field(default_factory=dict)
    errors: list[BaseException] = field(default_factory=list)
    limit: int = 1000
    sent: int = 0
    answers: dict[int, list[Place]] = field(default_factory=dict)
    """The messages that answer an interaction; a private channel has none that can be found."""
    unsent: list[Job] = field(default_factory=list)
    """The jobs whose requester was told that nothing was sent."""

    def __post_init__(self) -> None:
        self.free = asyncio.Event()
        self.free.set()

    def scenes_of(self, message_id: int) -> list[Scene]:
        """Return what was drawn on one message."""
        return [scene for scene in self.scenes if scene.job.id == message_id]

    def endings(self, message_id: int) -> list[JobEnding | None]:
        """Return how each drawing of a message said that it ended."""
        return [scene.ending for scene in self.scenes_of(message_id)]

    async def show(self, place: Place, build_scene: SceneBuilder, *, urgent: bool | Callable[[], bool] = True) -> bool:
        """Wait for a turn, then remember the scene."""
        while not self.free.is_set() and not (urgent if isinstance(urgent, bool) else urgent()):
            await self.free.wait()
        scene = await build_scene()
        if scene is None:
            return False
        if self.errors:
            raise self.errors.pop(0)
        if scene.job.id in self.broken:
            raise self.broken[scene.job.id]
        self.scenes.append(scene)
        return scene.job.id not in self.hidden

    async def delete(self, place: Place) -> None:
        """Remember what was deleted."""
        if place.message_id in self.broken:
            raise self.broken[place.message_id]
        self.removed.append(place)

    async def notify_requester(self, job: Job, task: Task, *, is_shown: bool) -> None:
        """Remember a notification, which tells the truth."""
        assert is_shown == (job.id not in self.hidden)
        if job.id in self.broken:
            raise self.broken[job.id]
        self.notified.append((job.id, task.id))

    async def find_messages(self, place: Place, interaction_id: int) -> list[Place]:
        """Return the planned answers."""
        if self.errors:
            raise self.errors.pop(0)
        return self.answers.get(interaction_id, [])

    async def send_message(self, job: Job) -> Place:
        """Send messages from 900 on."""
        if self.errors:
            raise self.errors.pop(0)
        self.sent += 1
        return replace(job.place, message_id=899 + self.sent)

    async def notify_unsent(self, job: Job) -> None:
        """Remember who was told."""
        self.unsent.append(job)

    async def fetch_attachment_url(self, place: Place) -> str:
        """Return the planned link of a message's picture."""
        return self.links.get(place.message_id, "")

    def has_unread_buttons(self, message_id: int) -> bool:
        """Tell whether a message was redrawn unread."""
        return message_id in self.unread

    def max_file_bytes(self, place: Place) -> int:
        """Return the planned limit."""
        return self.limit
