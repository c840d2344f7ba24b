"""One click, with every answer to it remembered."""

from dataclasses import dataclass, field

from bot.entities import ButtonStates, LimitUsedUp, Place
from bot.errors import MjbotError
from bot.imaging.downloads.downloader import Picture
from bot.midjourney.task import Task
from bot.midjourney.text_results import ShortenResult
from tests.fakes.sample_entities import place


@dataclass
class FakePressFollowups:
    """A bot.ports.Answerer; its children are the messages from `child` on, and `failure` keeps it from being sent.

    `answers` are Discord's messages by their interaction, which is `child` too. For a command (`is_command`) the id of
    the one message is known before.
    """

    child: int = 800
    is_command: bool = False
    can_delete: bool = True
    answers: dict[int, list[Place]] = field(default_factory=dict)
    failure: BaseException | None = None
    opened: list[str] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    marked: list[ButtonStates] = field(default_factory=list)
    redrawn: list[Task] = field(default_factory=list)
    """The tasks whose buttons were marked."""
    refused: list[MjbotError] = field(default_factory=list)
    used_up: list[LimitUsedUp] = field(default_factory=list)
    clips: list[tuple[str, str, bool]] = field(default_factory=list)
    words: list[ShortenResult] = field(default_factory=list)

    @property
    def expected_place(self) -> Place:
        """Tell the place of the next child, as far as it is known."""
        return place(self.child if self.is_command else -self.child)

    async def send_child_message(self, pressed: str, parent: Task) -> Place:
        """Send the child."""
        if self.failure is not None:
            raise self.failure
        self.opened.append(pressed)
        child = place(self.child + len(self.opened) - 1)
        self.answers.setdefault(self.child, []).append(child)
        return child

    async def delete_child_message(self, place: Place) -> bool:
        """Take it back, unless `can_delete` is unset."""
        if self.can_delete:
            self.closed.append(place.message_id)
        return self.can_delete

    async def update_buttons(self, task: Task, marks: ButtonStates) -> None:
        """Remember the marks."""
        self.marked.append(marks)
        self.redrawn.append(task)

    async def send_error(self, error: MjbotError) -> None:
        """Remember why."""
        self.refused.append(error)

    async def warn_used_up(self, used_up: LimitUsedUp) -> None:
        """Remember the limit."""
        self.used_up.append(used_up)

    async def send_clip(self, pressed: str, parent: Task, link: str, clip: Picture | None) -> None:
        """Remember which clip, and whether it came."""
        self.clips.append((pressed, link, clip is not None))

    async def send_shortened_prompt(self, pressed: str, parent: Task, words: ShortenResult) -> None:
        """Remember the words."""
        self.words.append(words)
