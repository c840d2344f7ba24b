"""People, places, jobs, claims, and what is derived from them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.entities.ledger import Cost, Spending, SpendingCount
from bot.entities.rules import NO_RULES, Rules
from bot.languages import Language
from bot.midjourney.request_options import Speed

_FIRST_ID_TIME = datetime(2015, 1, 1, tzinfo=UTC)
"""https://discord.com/developers/docs/reference#snowflakes"""


@dataclass(frozen=True)
class Person:
    """A Discord user as a message shows them; `avatar_url` may be empty."""

    id: int
    name: str
    avatar_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a job's message is, and the two ways to edit it: with the interaction's token, or as the bot.

    `reachable`: the bot itself can edit there. `token` is valid until `token_expires_at`, 15 minutes after the
    interaction. `guild_id` is 0 outside servers. `language` is that of the message; None: the operator's default.
    """

    channel_id: int
    message_id: int
    guild_id: int
    application_id: int
    token: str = field(repr=False)
    token_expires_at: datetime
    ephemeral: bool
    reachable: bool
    language: Language | None = None

    def is_visible_from(self, here: "Place") -> bool:
        """Return whether members at `here` see this message: it is in the same server or DM, and not ephemeral."""
        same = self.guild_id == here.guild_id if self.guild_id else self.channel_id == here.channel_id
        return same and not self.ephemeral

    @property
    def is_reserved(self) -> bool:
        """Whether the message has not been sent, or its id is lost: `message_id` is its interaction's id, negated."""
        return self.message_id < 0

    @property
    def link(self) -> str:
        """Discord's link to the message, which opens only for people who can see it; "" where it is not sent yet."""
        if self.is_reserved:
            return ""
        return f"https://discord.com/channels/{self.guild_id or '@me'}/{self.channel_id}/{self.message_id}"


def compute_id_time(discord_id: int) -> datetime:
    """Return when Discord made one of its ids."""
    return _FIRST_ID_TIME + timedelta(milliseconds=discord_id >> 22)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One message that follows one task for one person; the message's id identifies it.

    `task_id` is empty while the submit is on its way. `pressed` is the name of the pressed button or of the command,
    empty for `/mjstatus`; `done` is the title of its result. `claim_id` is 0 where the job was not paid for.
    `form_sent`: the task's form was answered, after which new-api may say MODAL for a while longer. `notified`: the
    requester was told of the end. `redraws`: how often its final state was to be drawn again, the last time at
    `redraw_at`, as Discord did not take it.
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
    redraws: int = 0
    redraw_at: datetime | None = None

    @property
    def id(self) -> int:
        """The message's id."""
        return self.place.message_id


FORM_BUTTON = "form"
"""The button of a form's own claim; any other button is that of a press or a command."""
REPEAT_CONFIRMATION_AGE = timedelta(minutes=5)
"""How old a claim in state UNKNOWN must be before a person may confirm that they want the same button pressed again."""
CLAIM_BLOCKING_TIME = timedelta(minutes=5)
"""How long earlier versions of the bot, which may run beside this one, let a claim block others of the same button."""
DUPLICATE_PRESS_WINDOW = timedelta(seconds=3)
"""Two presses of one button by one person this close together count as one."""


class ClaimState(StrEnum):
    """How a submit ended; only a REFUSED one is known to be unpaid."""

    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to submit once, written before the submit is sent; its id is the interaction's.

    `button` is the key of the pressed button, or the name of the command or form. `message_id` is the pressed message,
    0 for a command. `submits` is how many submits the relay bills for it; None, where that is unknown, counts as one.
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
    cost: Cost = field(default_factory=Cost)

    @property
    def tag(self) -> str:
        """The value of the API's `state` field, by which a task that is found later is matched to its claim."""
        return f"mjbot:{self.id}"


_TAG = re.compile(r"mjbot:(-?[0-9]{1,19})")


def parse_claim_tag(state: str) -> int:
    """Return the id of the claim whose tag a task carries in its `state`; 0 for a state that is no tag."""
    found = _TAG.fullmatch(state)
    claim_id = int(found[1]) if found else 0
    return claim_id if -(1 << 63) <= claim_id < 1 << 63 else 0


@dataclass(frozen=True)
class TaskOrigin:
    """A submit that led to a task: who requested it, and where its message is, or was before it was deleted.

    Where that is not known, because an earlier version deleted the row, `ephemeral` is True.
    """

    task_id: str
    requester_id: int
    guild_id: int = 0
    channel_id: int = 0
    ephemeral: bool = True

    @property
    def is_place_known(self) -> bool:
        """Whether it is known where the message is or was."""
        return bool(self.channel_id)


@dataclass(frozen=True)
class Usage:
    """What counts against the limits: submits of this UTC day that may be billed, and the person's last claim.

    `at` is the time by the clock that the claims' times come from. `rules` are those that hold for the person, and
    `spending` is what the claim's SpendingPlan counts.
    """

    person_submits_today: int
    all_submits_today: int
    last_claim_at: datetime | None
    at: datetime
    rules: Rules = NO_RULES
    spending: Mapping[SpendingCount, Spending] = field(default_factory=dict[SpendingCount, Spending])


@dataclass(frozen=True)
class LineagePair:
    """A task and the task that it was made from."""

    parent_id: str
    child_id: str


@dataclass(frozen=True)
class PressedButton:
    """A pressed button: the child task that it started, and whether the child has ended.

    `link` leads to the child's message; it is empty where only the child's requester can see it.
    """

    child_id: str
    link: str
    is_finished: bool


@dataclass(frozen=True)
class ButtonStates:
    """How a task's buttons are drawn: pressed buttons by key, and the reasons of missing capabilities by capability."""

    pressed: Mapping[str, PressedButton] = field(default_factory=dict[str, PressedButton])
    missing_capabilities: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class TaskSummary:
    """A task as its requester's own list shows it.

    `link` is empty where only that person saw the message. `is_followed`: its message is still being updated.
    `pressed` is the name of the pressed button, empty for a command. `pressed` and `result_description` tell apart the
    tasks of one prompt.
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
    """Not ended, and still followed."""
    DONE = "done"
    FAILED = "failed"
    """Failed or canceled."""


class Notify(StrEnum):
    """When a person is mentioned at the end of their task, if the operator allows mentions at all."""

    NEVER = "never"
    LATE = "late"
    """When the task took longer than the operator's NOTIFY_AFTER_SECONDS."""
    ALWAYS = "always"


@dataclass(frozen=True, kw_only=True)
class PersonSettings:
    """What a person has chosen for all of their own jobs; the defaults are those of a person who chose nothing.

    `defaults` are prompt parameters as bot.midjourney.prompts.prompt_parser reads them. `speed` is None for the relay's
    default, and `language` for that of their Discord. `hints` names the hints that they have seen.
    """

    remix: bool = False
    defaults: str = ""
    speed: Speed | None = None
    notify: Notify = Notify.LATE
    language: Language | None = None
    hints: frozenset[str] = frozenset()
