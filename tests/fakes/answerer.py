"""One click, with every answer to it remembered."""

from dataclasses import dataclass, field

from bot.errors import MjbotError
from bot.models import Task
from bot.records import Marks, Place
from tests.fakes.rows import place


@dataclass
class FakeAnswerer:
    """A bot.ports.Answerer; its child is the message `child`, and `failure` keeps it from being sent."""

    child: int = 800
    failure: BaseException | None = None
    opened: list[str] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    marked: list[Marks] = field(default_factory=list)
    refused: list[MjbotError] = field(default_factory=list)

    async def open_child(self, pressed: str, parent: Task) -> Place:
        """Send the child."""
        if self.failure is not None:
            raise self.failure
        self.opened.append(pressed)
        return place(self.child)

    async def close_child(self, place: Place) -> None:
        """Take it back."""
        self.closed.append(place.message_id)

    async def mark(self, task: Task, marks: Marks) -> None:
        """Remember the marks."""
        self.marked.append(marks)

    async def refuse(self, error: MjbotError) -> None:
        """Remember why."""
        self.refused.append(error)
