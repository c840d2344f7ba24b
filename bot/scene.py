"""What a job's message shows at one moment, as a value: cogs/views renders it without asking anything else."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum, StrEnum, auto

from bot.entities import ButtonStates, Job
from bot.errors import PictureUnavailable, RelayError
from bot.imaging.downloads.downloader import Picture
from bot.midjourney.task import Task

PREVIEW_NAME = "preview"
"""The name of an attached preview. It differs from a result's, as a preview is no copy of the finished picture."""


class RetryReason(StrEnum):
    """Why a submit is not accepted yet and is sent again later."""

    QUEUE_FULL = "queue"
    """The relay's queue is full."""
    PARENT_BUSY = "parent"
    """The relay has the parent task's result, but does not accept presses of it yet."""


class JobEnding(StrEnum):
    """How a job ends, or stops being followed, other than by the task's own status."""

    WATCH_TIMEOUT = "gave up"
    """The task was watched for WATCH_MINUTES."""
    MESSAGE_UNREACHABLE = "out of reach"
    """Only the interaction token reaches the message, and it is about to expire."""
    TASK_NOT_FOUND = "lost"
    """The relay no longer knows the task."""
    ANSWER_LOST = "uncertain"
    """The relay's answer to the submit was lost."""
    RELAY_UNDER_MAINTENANCE = "redirected"
    """The relay redirected the submit to another page, so that it is unknown whether it was sent."""
    ANSWER_NOT_FOLLOWED = "processed"
    """The relay processed the submit, and redirected to its answer, which was not followed."""
    WATCH_STOPPED = "stopped"
    """A member stopped watching; the task itself goes on."""
    NOT_BILLED = "not recorded"
    """The relay's answer to the submit was lost, and its log shows that the submit was not billed."""
    NOT_SENT = "not sent"
    """The process died before it sent the submit to the relay."""
    NOT_ACCEPTED = "not accepted"
    """Nothing came of the submit, such as a refused one, and its message was not deleted."""
    FORM_DROPPED = "dropped"
    """The form was declined."""
    FORM_DROPPED_MAYBE_BILLED = "dropped, may be charged"
    """The form was declined, and the relay may have billed the press that opened it."""


@dataclass(frozen=True)
class SubmitRetry:
    """The submit was not accepted yet, and is sent again at that time."""

    at: datetime
    reason: RetryReason


@dataclass(frozen=True)
class AnswerSearch:
    """The answer to the submit was lost, and the relay is searched for its task.

    `ending` is how the job ends if it is not found.
    """

    ending: JobEnding = JobEnding.ANSWER_LOST


class PictureLink(Enum):
    """Whether the link of the task's picture works."""

    WORKING = auto()
    BROKEN = auto()
    """The link does not work now, and may work later."""
    REFUSED = auto()
    """The host does not send the picture to the bot; the link may work for people."""
    DEAD = auto()
    """The link will not work again."""
    PRIVATE = auto()
    """Only this process can open the link."""


class FileRefusal(Enum):
    """Why Discord does not take the files of a message."""

    EXPLICIT = auto()
    """Discord's filter calls the file explicit."""
    TOO_LARGE = auto()
    FORBIDDEN = auto()
    """The bot may not attach files there."""
    LIMITED = auto()
    """The server may not upload files for now."""
    REFUSED = auto()
    """Another reason, which only the log has in Discord's words."""


@dataclass(frozen=True)
class MissingPermission:
    """A permission that the bot lacks at a message's place; `is_certain`: Discord's own list of them says so."""

    name: str
    is_certain: bool


@dataclass(frozen=True, kw_only=True)
class TaskPrice:
    """What a task costs, in `currency`: "about" so much until the relay's log has confirmed it.

    `is_credited`: the task failed, and the relay credits its price to the account.
    """

    amount: Decimal
    currency: str
    is_confirmed: bool
    is_credited: bool = False


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Everything that a job's message shows at one moment.

    `task` is None while the submit is on its way; while the submit waits to be sent again it holds only the prompt.
    `phase` is what the message shows instead of the task's own status. `is_picture_pending`: the picture is still being
    downloaded. `clips` has one entry for each clip of the task, None for one that is only linked; it is empty while
    none was downloaded. `silent_since` is set while the relay does not answer, and `unchanged_since` while the task has
    not changed for long.
    """

    job: Job
    now: datetime
    task: Task | None = None
    marks: ButtonStates = field(default_factory=ButtonStates)
    phase: JobEnding | SubmitRetry | AnswerSearch | None = None
    picture: Picture | None = None
    picture_link: PictureLink = PictureLink.WORKING
    picture_refusal: PictureUnavailable | None = None
    """Why the host of the picture, or of one of the clips, does not send it to the bot."""
    file_refusal: FileRefusal | None = None
    """Why Discord did not take the picture or the clips, which are only linked then."""
    missing_permission: MissingPermission | None = None
    """What the bot is not permitted to do there, so that the message shows less."""
    is_picture_pending: bool = False
    clips: tuple[Picture | None, ...] = ()
    silent_since: datetime | None = None
    unchanged_since: datetime | None = None
    price: TaskPrice | None = None
    refusal: RelayError | None = None
    """Why there is no news of the task since `silent_since`, if the relay refuses this bot's key."""

    @property
    def ending(self) -> JobEnding | None:
        """How the job ended other than by the task's own status; None while it goes on."""
        return self.phase if isinstance(self.phase, JobEnding) else None

    @property
    def is_final(self) -> bool:
        """Whether the job, or its task, has ended."""
        return self.ending is not None or (self.task is not None and self.task.status.is_final)
