"""What the use cases need of the world: a store that keeps rows, a display that draws, a place to get pictures."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.entities import (
    ButtonStates,
    Claim,
    ClaimState,
    Job,
    LineagePair,
    PersonSettings,
    Place,
    PressedButton,
    TaskFilter,
    TaskSummary,
    Usage,
)
from bot.errors import MjbotError, RelayError
from bot.imaging.downloader import Picture
from bot.midjourney.request_options import Speed
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Task
from bot.midjourney.text_results import ShortenResult
from bot.relay.billing_log import BillingPage
from bot.relay.requests import SubmitRequest

PREVIEW_NAME = "preview"
"""The name of an attached preview, which is no copy of the finished picture."""
MAX_CLAIM_AGE_TO_SEND = timedelta(minutes=2)
"""How old a claim may be when its submit is sent: well below the five minutes for which it stands in others' way."""
CLAIM_BLOCKING_TIME = timedelta(minutes=5)
"""Longer than any submit takes: after that a claim without an end stands in no one's way."""
MAX_CLAIM_AGE_TO_RENEW = CLAIM_BLOCKING_TIME - timedelta(minutes=1)
"""How old a claim may be when it is dated anew: after that another person may have claimed the same button."""
DUPLICATE_PRESS_WINDOW = timedelta(seconds=3)
"""Two presses of one button by one person this close together are one press."""


class Store(Protocol):
    """Rows that outlive the process. Every method raises StoreUnavailable where the database does not answer."""

    async def open_job(self, job: Job, *, form_again: bool = False) -> None:
        """Write a job: it survives the process, and is this one's from here on, whoever had it.

        That its form was sent stands, whatever the job says, which may have been read before; `form_again` takes it
        back, for a form that was refused.
        """
        ...

    async def update_job(self, job: Job) -> None:
        """Write the job's fields anew; that its form was sent stands, whatever it says."""
        ...

    async def close_job(self, message_id: int) -> None:
        """Mark the job as ended, if it is still this process's; its row stays, for links and for the requester."""
        ...

    async def delete_job(self, message_id: int) -> None:
        """Delete the row of a message that is gone."""
        ...

    async def count_open_jobs(self) -> int:
        """Count the jobs that have not ended, whosever they are."""
        ...

    async def find_job(self, message_id: int) -> Job | None:
        """Return the job of a message, open or closed."""
        ...

    async def list_jobs_of_task(self, task_id: str) -> Sequence[Job]:
        """Return the jobs that follow, or followed, a task, newest first."""
        ...

    async def list_jobs_of_tasks(self, task_ids: Collection[str], limit: int) -> Sequence[Job]:
        """Return the newest jobs that follow, or followed, any of the tasks, newest first."""
        ...

    async def list_lineage_pairs(self, task_ids: Collection[str], limit: int) -> Sequence[LineagePair]:
        """Return whose children the tasks are, and which children they have: each pair once, the oldest first."""
        ...

    async def find_job_of_claim(self, claim_id: int) -> Job | None:
        """Return the job that a claim opened."""
        ...

    async def list_recent_tasks(self, person_id: int, limit: int) -> Sequence[TaskSummary]:
        """Return a person's own tasks, newest first, each once."""
        ...

    async def list_tasks(
        self, person_id: int, which: TaskFilter, *, skip: int, limit: int
    ) -> tuple[Sequence[TaskSummary], int]:
        """Return a part of a person's own tasks, running ones first, then newest first; and how many there are.

        Each stands there once, with its newest message. Behind the last one there is nothing, and 0.
        """
        ...

    async def save_snapshot(self, task: Task) -> None:
        """Keep the snapshot of a task."""
        ...

    async def find_snapshot(self, task_id: str) -> Task | None:
        """Return the last snapshot kept of a task."""
        ...

    async def find_snapshots(self, task_ids: Collection[str]) -> dict[str, Task]:
        """Return the last snapshots kept of many tasks, by id; those without one are missing."""
        ...

    async def create_claim(self, claim: Claim, judge: Callable[[Usage], None]) -> None:
        """Write a claim if `judge`, called with the person's usage in the same transaction, raises nothing.

        Raises:
            AlreadyClaimed: The interaction has one already, the person pressed that button of that message less
                than 3 s ago, or that button of that task is on its way to the relay for somebody.
        """
        ...

    async def settle_claim(
        self, claim_id: int, state: ClaimState, child_id: str = "", *, submits: int | None = None
    ) -> None:
        """Write how a submit ended; `submits`, where it is given, is how many of them the relay bills."""
        ...

    async def mark_claim_unbilled(self, claim_id: int) -> bool:
        """Write that the submit of a claim without an end was not billed, `submits` 0; return whether that stands.

        It does not where the claim is none without an end any more: its task has been met meanwhile, say.
        """
        ...

    async def verify_claim(self, claim_id: int) -> None:
        """Make sure, right before the submit, that a claim is still this process's and on its way.

        Raises:
            ClaimLost: It is not, or older than HOLDS, so that others may soon claim the same: nothing may be sent.
        """
        ...

    async def renew_claim(self, claim_id: int) -> None:
        """Date a claim anew whose submit still waits for its turn, so that it stands in others' way from now on.

        Raises:
            ClaimLost: It is not this process's and on its way any more, or older than RENEWABLE.
        """
        ...

    async def find_claim(self, claim_id: int) -> Claim | None:
        """Return a claim, however it ended."""
        ...

    async def list_claims(self, state: ClaimState) -> Sequence[Claim]:
        """Return the claims in that state, oldest first."""
        ...

    async def list_billed_claims(self, before: datetime, limit: int) -> Sequence[Claim]:
        """Return the newest claims made before then that led to a task and are not known to be free, newest first."""
        ...

    async def list_claims_of_children(self, task_ids: Collection[str]) -> Sequence[Claim]:
        """Return the claims that led to one of the tasks, oldest first; a form's claim leads to the form's own task."""
        ...

    async def find_pressed_buttons(self, task_id: str) -> dict[str, PressedButton]:
        """Return the newest accepted press of each of the task's buttons, by key.

        A child that failed does not count, nor one that has not ended and that no open job follows any more.
        """
        ...

    async def save_missing_capability(self, ability: str, reason: str, *, at: datetime, until: datetime) -> None:
        """Remember that the relay lacks an ability (bot.midjourney.buttons.ability), until then."""
        ...

    async def find_missing_capabilities(self, at: datetime) -> dict[str, str]:
        """Return the abilities that the relay lacks at that time, with the reason."""
        ...

    async def find_refusal_time(self, ability: str, at: datetime) -> datetime | None:
        """Return when the relay last refused an ability that it lacks at that time; None where it does not."""
        ...

    async def find_person_settings(self, person_id: int) -> PersonSettings:
        """Return what a person has chosen, the defaults where that is nothing."""
        ...

    async def update_person_settings(
        self, person_id: int, change: Callable[[PersonSettings], PersonSettings]
    ) -> PersonSettings:
        """Write what `change` makes of a person's settings, read in the same transaction; return that."""
        ...

    async def clear_missing_capabilities(self) -> int:
        """Let everything that the relay refused be tried anew; return how many abilities that were."""
        ...

    async def delete_expired(self, before: datetime) -> int:
        """Delete jobs that ended before then, and snapshots that nobody follows; return how many that were.

        Claims stay: what was paid for is not paid for again.
        """
        ...


class Relay(Protocol):
    """The relay API as the use cases call it; every method raises a leaf of RelayError where it fails.

    Each submit is sent exactly once. It raises SubmitOutcomeUnknown where the relay may have accepted it, and any other
    RelayError where the relay has not. Everything else is free.
    """

    async def fetch_task(self, task_id: str, /) -> Task:
        """Fetch one task, or raise TaskUnknown."""
        ...

    async def fetch_tasks(self, task_ids: Collection[str], /) -> dict[str, Task]:
        """Fetch many tasks by id; ids that the relay does not know are missing.

        Raises:
            ActionUnsupported: The relay has no endpoint for many tasks.
        """
        ...

    async def find_task_by_state(self, state: str, /) -> Task | None:
        """Find the task that carries this `state`.

        Raises:
            ActionUnsupported: The relay does not list all of its tasks.
        """
        ...

    async def fetch_billing_log(self) -> BillingPage:
        """Fetch what the relay billed to this key.

        Raises:
            ActionUnsupported: The relay has no such log.
        """
        ...

    async def fetch_seed(self, task_id: str, /) -> str:
        """Fetch the seed of a task, which takes up to two minutes."""
        ...

    async def cancel_task(self, task_id: str, /) -> None:
        """Cancel a running task.

        Raises:
            ActionUnsupported: The relay cannot cancel.
        """
        ...

    async def submit(self, request: SubmitRequest, /, *, state: str, speed: Speed | None = None) -> SubmitResponse:
        """Submit a request for a new task."""
        ...

    async def submit_action(
        self, task_id: str, custom_id: str, /, *, state: str, remix: bool = False, speed: Speed | None = None
    ) -> SubmitResponse:
        """Press a button of a task; with `remix`, ask for its modal although Midjourney does not require one."""
        ...

    async def submit_modal(
        self, task_id: str, prompt: str, /, *, state: str, mask: bytes = b"", speed: Speed | None = None
    ) -> SubmitResponse:
        """Submit the modal that a task waits for."""
        ...


class ProcessLeases(Protocol):
    """The processes that share a store, seen from one of them; every method but `freed` may raise StoreUnavailable."""

    async def renew_lease(self, lease: timedelta) -> bool:
        """Stay alive for another lease; tell whether this process was alive until now."""
        ...

    async def take_over_jobs(self, most: int) -> Sequence[Job]:
        """Make open jobs that nobody living owns this process's, at most so many, oldest first."""
        ...

    async def find_lost_jobs(self, message_ids: Collection[int]) -> set[int]:
        """Return those of the jobs that are another process's, or nobody's, by now."""
        ...

    async def list_own_jobs(self) -> Sequence[Job]:
        """Return this process's open jobs whose task is known, oldest first."""
        ...

    async def list_orphaned_claims(self) -> Sequence[Claim]:
        """Return the claims whose submit was on its way when its process ended, oldest first."""
        ...

    async def release_jobs(self) -> None:
        """Leave this process's jobs to others, except those whose submit is on its way."""
        ...

    async def end_lease(self) -> None:
        """Be no process any more: all that is still this one's is anybody's."""
        ...

    async def delete_dead_processes(self, since: timedelta) -> None:
        """Delete the rows of processes that ended so long ago, and that own nothing any more."""
        ...

    async def wait_for_ownership_change(self) -> None:
        """Wait until another process says that jobs changed hands: a hint, which may never come."""
        ...


class RetryReason(StrEnum):
    """What a submit waits for before it is sent again."""

    QUEUE_FULL = "queue"
    """Room in the relay's queue."""
    PARENT_BUSY = "parent"
    """The parent task: the relay has its result, and does not accept presses of it yet."""


class JobEnding(StrEnum):
    """How a job may end, or rest, other than by the task's own status."""

    WATCH_TIMEOUT = "gave up"
    """Watched for WATCH_MINUTES."""
    MESSAGE_UNREACHABLE = "out of reach"
    """Only the token reaches the message, and it is about to expire."""
    TASK_NOT_FOUND = "lost"
    """The relay does not know the task any more."""
    ANSWER_LOST = "uncertain"
    """The submit's answer was lost."""
    WATCH_STOPPED = "stopped"
    """Somebody no longer wants it watched; the task itself goes on."""
    NOT_BILLED = "not recorded"
    """The submit's answer was lost, and the relay's log shows that it billed none."""
    FORM_DROPPED = "dropped"
    """The form was declined."""
    FORM_DROPPED_MAYBE_BILLED = "dropped, may be charged"
    """The form was declined, and the relay may have billed the press that opened it."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """All that a message shows at one moment; drawing it needs nothing else.

    `task` is None while the submit is on its way. `silent_since` is set while the relay does not answer,
    `unchanged_since` while it has told nothing new of the task for long.
    `picture_gone` tells that the picture's link is dead and no copy was found, `picture_follows` that it is still being
    asked for, and `link_fails` that its link leads nowhere now. `clips` are those of the task's clips
    that are attached, each in its place, None where it is only linked; empty while none was fetched. `again_at` is set
    while a submit waits, for what `waits_for` says: when it is sent again; `task` is then no more than its prompt.
    `looking` tells that a submit's answer was lost, and that its task is looked for.
    """

    job: Job
    now: datetime
    task: Task | None = None
    marks: ButtonStates = field(default_factory=ButtonStates)
    ending: JobEnding | None = None
    picture: Picture | None = None
    clips: tuple[Picture | None, ...] = ()
    is_picture_gone: bool = False
    is_picture_pending: bool = False
    is_link_broken: bool = False
    silent_since: datetime | None = None
    unchanged_since: datetime | None = None
    refusal: RelayError | None = None
    """Why the relay tells nothing of the task since `silent_since`, where it refuses this bot's key."""
    retry_at: datetime | None = None
    retry_reason: RetryReason = RetryReason.QUEUE_FULL
    is_searching: bool = False


SceneBuilder = Callable[[], Awaitable[Scene | None]]
"""Builds the scene to draw, once its turn has come; None: there is nothing to draw any more."""


class MessageEditor(Protocol):
    """Where jobs are drawn; Discord is one implementation."""

    async def show(self, place: Place, build_scene: SceneBuilder, *, urgent: bool | Callable[[], bool] = True) -> None:
        """Wait until the route to a message may be used, then draw the scene that is true by then.

        An `urgent` drawing goes before others; a function is asked again whenever a turn is given. A turn for which
        `build_scene` returns None is kept for the message's next drawing.

        Raises:
            PlaceGone: The message, its channel or the permission is gone.
            PlaceUnreachable: Only the token reached it, and it has expired.
        """
        ...

    async def delete(self, place: Place) -> None:
        """Delete a message, quietly where it is gone already.

        Raises:
            PlaceUnreachable: No way leads there any more.
            DisplayFailed: Somebody on the way failed.
        """
        ...

    async def notify_requester(self, job: Job, task: Task) -> None:
        """Reply once to a job's message, mentioning its requester; as private as the message."""
        ...

    async def fetch_attachment_url(self, place: Place) -> str:
        """Return a fresh link of the picture attached to that message, empty where there is none."""
        ...

    def max_file_bytes(self, place: Place) -> int:
        """Return how many bytes a file may have there."""
        ...


class InteractionFollowups(Protocol):
    """One command, click or form, and what becomes of its message."""

    async def send_child_message(self, pressed: str, parent: Task) -> Place:
        """Send the child's first message ("Sending"), as private as the message that was pressed."""
        ...

    async def delete_child_message(self, place: Place) -> None:
        """Take that message back: nothing came of it."""
        ...

    async def send_error(self, error: MjbotError) -> None:
        """Say why nothing came of it, to this person alone."""
        ...


class PressFollowups(InteractionFollowups, Protocol):
    """One click, or one form, and the ways to answer it."""

    async def update_buttons(self, task: Task, marks: ButtonStates) -> None:
        """Draw the buttons of the message that was pressed anew, and nothing else; green ones stay green."""
        ...

    async def send_clip(self, pressed: str, parent: Task, link: str, clip: Picture | None) -> None:
        """Show one clip of a video in a message, as private as the one that was pressed; None could not be had."""
        ...

    async def send_shortened_prompt(self, pressed: str, parent: Task, words: ShortenResult) -> None:
        """Tell the words of a prompt by their weight, to this person alone."""
        ...


class PictureSource(Protocol):
    """Where pictures come from."""

    async def fetch(self, url: str, *, name: str, limit: int) -> Picture:
        """Fetch a picture and make it fit `limit` bytes; raise a leaf of PictureError where it cannot be had."""
        ...

    def is_private(self, url: str) -> bool:
        """Tell whether only this process can open the link, and Discord cannot."""
        ...
