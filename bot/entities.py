"""The rows that outlive the process, as values: who asked, where the message is, what was claimed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.midjourney.request_options import Speed


@dataclass(frozen=True)
class Person:
    """A Discord user as the message names them: `name` is shown, `avatar_url` may be empty."""

    id: int
    name: str
    avatar_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a job's message is, and the two ways to reach it: the interaction's token, and the bot itself.

    `reachable` tells whether the bot itself can edit there; `token` is good until `token_expires_at` (15 minutes
    after the interaction). `guild_id` is 0 outside servers.
    """

    channel_id: int
    message_id: int
    guild_id: int
    application_id: int
    token: str = field(repr=False)
    token_expires_at: datetime
    ephemeral: bool
    reachable: bool

    def is_visible_from(self, guild_id: int, channel_id: int) -> bool:
        """Tell whether whoever is there may be sent here: nobody's private messages are shown elsewhere."""
        same = self.guild_id == guild_id if self.guild_id else self.channel_id == channel_id
        return same and not self.ephemeral

    @property
    def link(self) -> str:
        """Discord's link to the message; it opens for those who can see it."""
        return f"https://discord.com/channels/{self.guild_id or '@me'}/{self.channel_id}/{self.message_id}"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One message that follows one task for one person; its identity is its message.

    `task_id` is empty while the submit is on its way. `pressed` is the action in words, empty for `/mjstatus`.
    `claim_id` is 0 where nothing was paid for it. `form_sent` tells that its form was answered, after which new-api
    may say MODAL for a while longer. `notified` tells that its end was told to the requester.
    """

    place: Place
    requester: Person
    task_id: str
    born_at: datetime
    pressed: str = ""
    done: str = ""
    parent_id: str = ""
    parent_link: str = ""
    claim_id: int = 0
    notify: bool = False
    form_sent: bool = False
    notified: bool = False

    @property
    def id(self) -> int:
        """The message's id."""
        return self.place.message_id


class ClaimState(StrEnum):
    """How a submit ended; only REFUSED is known to be unpaid."""

    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to submit once, written before the submit is sent; `id` is the interaction's.

    `button` is the key of the pressed button, or the name of the command or form; `message_id` the message it was
    pressed on, 0 for a command. `submits` is how many submits the relay bills for it, None where that is not known: it
    counts as one then.
    """

    id: int
    person_id: int
    guild_id: int
    message_id: int
    task_id: str
    button: str
    made_at: datetime
    state: ClaimState = ClaimState.SUBMITTING
    child_id: str = ""
    submits: int | None = None

    @property
    def tag(self) -> str:
        """What travels in the API's `state` field, so that a task met later closes its claim."""
        return f"mjbot:{self.id}"


@dataclass(frozen=True)
class Usage:
    """What counts against a person's limits at a claim: submits of this UTC day not known to be refused, or free."""

    person_submits_today: int
    all_submits_today: int
    last_claim_at: datetime | None


@dataclass(frozen=True)
class LineagePair:
    """One task that was made of another."""

    parent_id: str
    child_id: str


@dataclass(frozen=True)
class PressedButton:
    """A pressed button: the child it led to, and whether that has ended.

    `link` is the child's message, empty where only its requester may see it; it stands in that server and channel.
    """

    child_id: str
    link: str
    is_finished: bool
    guild_id: int = 0
    channel_id: int = 0


@dataclass(frozen=True)
class ButtonStates:
    """What a message adds to the task: buttons pressed, by key, and abilities the relay lacks, with the reason."""

    pressed: Mapping[str, PressedButton] = field(default_factory=dict[str, PressedButton])
    missing_capabilities: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class TaskSummary:
    """A task as a person's own list shows it; `followed` tells whether its message is being drawn still.

    `link` is empty where only that person saw the message. `pressed` is what they pressed for it, empty for a command;
    `made` is what it brings, in words: the two tell apart what was made of one prompt.
    """

    task_id: str
    prompt: str
    status: str
    progress: int | None
    link: str
    requested_at: datetime
    is_followed: bool = False
    pressed: str = ""
    result_description: str = ""


class TaskFilter(StrEnum):
    """Which of a person's tasks are listed."""

    ALL = "all"
    RUNNING = "running"
    """Not at their end, and followed still."""
    DONE = "done"
    FAILED = "failed"
    """Cancelled ones too."""


class Notify(StrEnum):
    """When the end of what somebody asked for is worth a mention; only where the operator allows any."""

    NEVER = "never"
    LATE = "late"
    """Where it took longer than the operator's NOTIFY_AFTER_SECONDS."""
    ALWAYS = "always"


@dataclass(frozen=True, kw_only=True)
class PersonSettings:
    """What a person has chosen for all of their own jobs; as built, what everybody has who chose nothing.

    `defaults` are parameters as `prompt_builder.defaults_of` reads them; `speed` is None for the relay's own.
    """

    remix: bool = False
    defaults: str = ""
    speed: Speed | None = None
    notify: Notify = Notify.LATE
