"""Discord's messages, as the use cases need them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from bot.entities import (
    ButtonStates,
    Claim,
    Job,
    LimitUsedUp,
    Place,
    RuleChange,
)
from bot.errors import MjbotError
from bot.imaging.downloads.downloader import Picture
from bot.midjourney.task import Task
from bot.midjourney.text_results import ShortenResult
from bot.scene import Scene

SceneBuilder = Callable[[], Awaitable[Scene | None]]
"""Builds the scene when its message may be drawn; None, where there is nothing left to draw."""


class MessageEditor(Protocol):
    """Draws jobs' messages; Discord is one implementation."""

    async def show(self, place: Place, build_scene: SceneBuilder, *, urgent: bool | Callable[[], bool] = True) -> bool:
        """Wait until the route to a message may be used, then draw the scene that is true by then.

        An `urgent` drawing goes before others; a function is asked again whenever a turn is given. A turn for which
        `build_scene` returns None is kept for the message's next drawing.

        Return whether the message shows what its task made, of which Discord may refuse the files.

        Raises:
            PlaceGone: The message or its channel was deleted.
            PlaceUnreachable: Only the token reached the message, and it has expired.
            DisplayRefused: Discord accepts no final state there for now.
            DisplayFailed: Discord, or the network on the way to it, failed for minutes; the state was a final one.
        """
        ...

    async def delete(self, place: Place) -> None:
        """Delete a message; one that is already gone is no error.

        Raises:
            PlaceUnreachable: Neither the token nor the bot reaches the message.
            DisplayFailed: Discord, or the network on the way to it, failed.
        """
        ...

    async def notify_requester(self, job: Job, task: Task, *, is_shown: bool) -> None:
        """Reply to a job's message, mentioning its requester; the reply is ephemeral where the message is.

        `is_shown`: the message shows what the task made.
        """
        ...

    async def find_messages(self, place: Place, interaction_id: int) -> Sequence[Place]:
        """Find the messages that answer an interaction in a place's channel, oldest first; none where it cannot look.

        Raises:
            DisplayFailed: Discord, or the network on the way to it, failed.
        """
        ...

    async def send_message(self, job: Job) -> Place:
        """Send the message of a paid task that has none, to the channel of the job's place; return its own place.

        Raises:
            PlaceGone: The channel was deleted.
            PlaceUnreachable: Only the token reached it, and it has expired.
            DisplayFailed: Discord, or the network on the way to it, failed, or Discord accepts no message for now.
        """
        ...

    async def notify_unsent(self, job: Job) -> None:
        """Tell the requester privately that what they pressed was not sent, while the interaction token lives."""
        ...

    async def fetch_attachment_url(self, place: Place) -> str:
        """Return a fresh URL of the picture attached to that message, or "" where it has none."""
        ...

    def has_unread_buttons(self, message_id: int) -> bool:
        """Return whether a message was redrawn although it could not be read which of its buttons were green."""
        ...

    def max_file_bytes(self, place: Place) -> int:
        """Return the size limit of a file there, in bytes."""
        ...


class InteractionFollowups(Protocol):
    """The answers to one command, click or form: the child's message, or an error."""

    @property
    def expected_place(self) -> Place:
        """Where the child's message will be: a reserved place, until Discord has given the message its id."""
        ...

    async def send_child_message(self, pressed: str, parent: Task) -> Place:
        """Send the child's first message ("Sending"); it is ephemeral where the pressed message is."""
        ...

    async def delete_child_message(self, place: Place) -> bool:
        """Delete the child's message, as its submit was not accepted; return whether it is known to be gone."""
        ...

    async def send_error(self, error: MjbotError) -> None:
        """Explain an error to the person who pressed, ephemerally."""
        ...

    async def warn_used_up(self, used_up: LimitUsedUp) -> None:
        """Tell the person who pressed, ephemerally, that their request used up a limit."""
        ...


class PressFollowups(InteractionFollowups, Protocol):
    """The answers to a click or a form on a task's message."""

    async def update_buttons(self, task: Task, marks: ButtonStates) -> None:
        """Redraw only the buttons of the pressed message; green buttons stay green."""
        ...

    async def send_clip(self, pressed: str, parent: Task, link: str, clip: Picture | None) -> None:
        """Send one clip of a video; it is only linked where `clip` is None. Ephemeral where the pressed message is."""
        ...

    async def send_shortened_prompt(self, pressed: str, parent: Task, words: ShortenResult) -> None:
        """Show the weight of each word of a prompt, ephemerally."""
        ...


class ChannelLog(Protocol):
    """The log channel of a server, as its rules name it. Nothing here waits or raises: lines are sent later."""

    def announce_request(self, claim: Claim, job: Job, prompt: str, *, is_answer_lost: bool = False) -> None:
        """Announce a request that the relay accepted, or may have, where its answer was lost."""
        ...

    def announce_changes(self, changes: Sequence[RuleChange]) -> None:
        """Announce changes of servers' rules, and read those rules again."""
        ...
