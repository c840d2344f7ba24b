"""What the use cases need of the world: a store that keeps rows, a display that draws, a place to get pictures."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.entities import Claim, ClaimState, Job, Kin, Mark, Marks, PersonSettings, Place, Recent, Tasks, Usage
from bot.errors import MjbotError, RelayError
from bot.imaging.downloader import Picture
from bot.midjourney.task import Task
from bot.midjourney.text_results import Shortened

PREVIEW = "preview"
"""The name of an attached preview, which is no copy of the finished picture."""
HOLDS = timedelta(minutes=2)
"""How old a claim may be when its submit is sent: well below the five minutes for which it stands in others' way."""
ON_ITS_WAY = timedelta(minutes=5)
"""Longer than any submit takes: after that a claim without an end stands in no one's way."""
RENEWABLE = ON_ITS_WAY - timedelta(minutes=1)
"""How old a claim may be when it is dated anew: after that another person may have claimed the same button."""
TWIN_PRESS = timedelta(seconds=3)
"""Two presses of one button by one person this close together are one press."""
Now = Callable[[], datetime]
"""The time in UTC, aware."""


class Store(Protocol):
    """Rows that outlive the process. Every method raises StoreUnavailable where the database does not answer."""

    async def open_job(self, job: Job, *, form_again: bool = False) -> None:
        """Write a job: it survives the process, and is this one's from here on, whoever had it.

        That its form was sent stands, whatever the job says, which may have been read before; `form_again` takes it
        back, for a form that was refused.
        """
        ...

    async def change_job(self, job: Job) -> None:
        """Write the job's fields anew; that its form was sent stands, whatever it says."""
        ...

    async def close_job(self, message_id: int) -> None:
        """Mark the job as ended, if it is still this process's; its row stays, for links and for the requester."""
        ...

    async def drop_job(self, message_id: int) -> None:
        """Delete the row of a message that is gone."""
        ...

    async def unfinished(self) -> int:
        """Count the jobs that have not ended, whosever they are."""
        ...

    async def job(self, message_id: int) -> Job | None:
        """Return the job of a message, open or closed."""
        ...

    async def jobs_of_task(self, task_id: str) -> Sequence[Job]:
        """Return the jobs that follow, or followed, a task, newest first."""
        ...

    async def jobs_of_tasks(self, task_ids: Collection[str], limit: int) -> Sequence[Job]:
        """Return the newest jobs that follow, or followed, any of the tasks, newest first."""
        ...

    async def kin(self, task_ids: Collection[str], limit: int) -> Sequence[Kin]:
        """Return whose children the tasks are, and which children they have: each pair once, the oldest first."""
        ...

    async def job_of_claim(self, claim_id: int) -> Job | None:
        """Return the job that a claim opened."""
        ...

    async def recent(self, person_id: int, limit: int) -> Sequence[Recent]:
        """Return a person's own tasks, newest first, each once."""
        ...

    async def tasks(self, person_id: int, which: Tasks, *, skip: int, limit: int) -> tuple[Sequence[Recent], int]:
        """Return a part of a person's own tasks, running ones first, then newest first; and how many there are.

        Each stands there once, with its newest message. Behind the last one there is nothing, and 0.
        """
        ...

    async def keep(self, task: Task) -> None:
        """Keep the snapshot of a task."""
        ...

    async def snapshot(self, task_id: str) -> Task | None:
        """Return the last snapshot kept of a task."""
        ...

    async def snapshots_of(self, task_ids: Collection[str]) -> dict[str, Task]:
        """Return the last snapshots kept of many tasks, by id; those without one are missing."""
        ...

    async def claim(self, claim: Claim, judge: Callable[[Usage], None]) -> None:
        """Write a claim if `judge`, called with the person's usage in the same transaction, raises nothing.

        Raises:
            AlreadyClaimed: The interaction has one already, the person pressed that button of that message less
                than 3 s ago, or that button of that task is on its way to the relay for somebody.
        """
        ...

    async def settle(self, claim_id: int, state: ClaimState, child_id: str = "", *, submits: int | None = None) -> None:
        """Write how a submit ended; `submits`, where it is given, is how many of them the relay bills."""
        ...

    async def give_back(self, claim_id: int) -> bool:
        """Write that the submit of a claim without an end was not billed, `submits` 0; return whether that stands.

        It does not where the claim is none without an end any more: its task has been met meanwhile, say.
        """
        ...

    async def hold(self, claim_id: int) -> None:
        """Make sure, right before the submit, that a claim is still this process's and on its way.

        Raises:
            ClaimLost: It is not, or older than HOLDS, so that others may soon claim the same: nothing may be sent.
        """
        ...

    async def renew(self, claim_id: int) -> None:
        """Date a claim anew whose submit still waits for its turn, so that it stands in others' way from now on.

        Raises:
            ClaimLost: It is not this process's and on its way any more, or older than RENEWABLE.
        """
        ...

    async def find_claim(self, claim_id: int) -> Claim | None:
        """Return a claim, however it ended."""
        ...

    async def claims(self, state: ClaimState) -> Sequence[Claim]:
        """Return the claims in that state, oldest first."""
        ...

    async def billed_claims(self, before: datetime, limit: int) -> Sequence[Claim]:
        """Return the newest claims made before then that led to a task and are not known to be free, newest first."""
        ...

    async def claims_of_children(self, task_ids: Collection[str]) -> Sequence[Claim]:
        """Return the claims that led to one of the tasks, oldest first; a form's claim leads to the form's own task."""
        ...

    async def marks(self, task_id: str) -> dict[str, Mark]:
        """Return the newest accepted press of each of the task's buttons, by key.

        A child that failed does not count, nor one that has not ended and that no open job follows any more.
        """
        ...

    async def refuse(self, ability: str, reason: str, *, at: datetime, until: datetime) -> None:
        """Remember that the relay lacks an ability (bot.midjourney.buttons.ability), until then."""
        ...

    async def refusals(self, at: datetime) -> dict[str, str]:
        """Return the abilities that the relay lacks at that time, with the reason."""
        ...

    async def refused_at(self, ability: str, at: datetime) -> datetime | None:
        """Return when the relay last refused an ability that it lacks at that time; None where it does not."""
        ...

    async def person(self, person_id: int) -> PersonSettings:
        """Return what a person has chosen, the defaults where that is nothing."""
        ...

    async def change_person(self, person_id: int, change: Callable[[PersonSettings], PersonSettings]) -> PersonSettings:
        """Write what `change` makes of a person's settings, read in the same transaction; return that."""
        ...

    async def forget_refusals(self) -> int:
        """Let everything that the relay refused be tried anew; return how many abilities that were."""
        ...

    async def forget(self, before: datetime) -> int:
        """Delete jobs that ended before then, and snapshots that nobody follows; return how many that were.

        Claims stay: what was paid for is not paid for again.
        """
        ...


class Fleet(Protocol):
    """The processes that share a store, seen from one of them; every method but `freed` may raise StoreUnavailable."""

    async def renew(self, lease: timedelta) -> bool:
        """Stay alive for another lease; tell whether this process was alive until now."""
        ...

    async def take_over(self, most: int) -> Sequence[Job]:
        """Make open jobs that nobody living owns this process's, at most so many, oldest first."""
        ...

    async def lost(self, message_ids: Collection[int]) -> set[int]:
        """Return those of the jobs that are another process's, or nobody's, by now."""
        ...

    async def own(self) -> Sequence[Job]:
        """Return this process's open jobs whose task is known, oldest first."""
        ...

    async def orphaned_claims(self) -> Sequence[Claim]:
        """Return the claims whose submit was on its way when its process ended, oldest first."""
        ...

    async def give_back(self) -> None:
        """Leave this process's jobs to others, except those whose submit is on its way."""
        ...

    async def leave(self) -> None:
        """Be no process any more: all that is still this one's is anybody's."""
        ...

    async def bury(self, since: timedelta) -> None:
        """Delete the rows of processes that ended so long ago, and that own nothing any more."""
        ...

    async def freed(self) -> None:
        """Wait until another process says that jobs changed hands: a hint, which may never come."""
        ...


class Wait(StrEnum):
    """What a submit waits for before it is sent again."""

    QUEUE = "queue"
    """Room in the relay's queue."""
    PARENT = "parent"
    """The parent task: the relay has its result, and does not accept presses of it yet."""


class Ending(StrEnum):
    """How a job may end, or rest, other than by the task's own status."""

    GAVE_UP = "gave up"
    """Watched for WATCH_MINUTES."""
    OUT_OF_REACH = "out of reach"
    """Only the token reaches the message, and it is about to expire."""
    LOST = "lost"
    """The relay does not know the task any more."""
    UNCERTAIN = "uncertain"
    """The submit's answer was lost."""
    STOPPED = "stopped"
    """Somebody no longer wants it watched; the task itself goes on."""
    NOT_RECORDED = "not recorded"
    """The submit's answer was lost, and the relay's log shows that it billed none."""
    DROPPED = "dropped"
    """The form was declined."""
    DROPPED_CHARGED = "dropped, may be charged"
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
    marks: Marks = field(default_factory=Marks)
    ending: Ending | None = None
    picture: Picture | None = None
    clips: tuple[Picture | None, ...] = ()
    picture_gone: bool = False
    picture_follows: bool = False
    link_fails: bool = False
    silent_since: datetime | None = None
    unchanged_since: datetime | None = None
    refusal: RelayError | None = None
    """Why the relay tells nothing of the task since `silent_since`, where it refuses this bot's key."""
    again_at: datetime | None = None
    waits_for: Wait = Wait.QUEUE
    looking: bool = False


class Display(Protocol):
    """Where jobs are drawn; Discord is one implementation."""

    async def turn(self, place: Place, *, urgent: Callable[[], bool]) -> None:
        """Wait until the route to that message may be used again; urgent ones go first."""
        ...

    async def show(self, scene: Scene) -> None:
        """Draw a job's message anew, by whichever way still reaches it.

        Raises:
            PlaceGone: The message, its channel or the permission is gone.
            PlaceUnreachable: Only the token reached it, and it has expired.
        """
        ...

    async def remove(self, place: Place) -> None:
        """Delete a message, quietly where it is gone already.

        Raises:
            PlaceUnreachable: No way leads there any more.
            DisplayFailed: Somebody on the way failed.
        """
        ...

    async def notify(self, job: Job, task: Task) -> None:
        """Reply once to a job's message, mentioning its requester; as private as the message."""
        ...

    async def picture_link(self, place: Place) -> str:
        """Return a fresh link of the picture attached to that message, empty where there is none."""
        ...

    def file_limit(self, place: Place) -> int:
        """Return how many bytes a file may have there."""
        ...


class Opener(Protocol):
    """One command, click or form, and what becomes of its message."""

    async def open_child(self, pressed: str, parent: Task) -> Place:
        """Send the child's first message ("Sending"), as private as the message that was pressed."""
        ...

    async def close_child(self, place: Place) -> None:
        """Take that message back: nothing came of it."""
        ...

    async def refuse(self, error: MjbotError) -> None:
        """Say why nothing came of it, to this person alone."""
        ...


class Answerer(Opener, Protocol):
    """One click, or one form, and the ways to answer it."""

    async def mark(self, task: Task, marks: Marks) -> None:
        """Draw the buttons of the message that was pressed anew, and nothing else; green ones stay green."""
        ...

    async def show_clip(self, pressed: str, parent: Task, link: str, clip: Picture | None) -> None:
        """Show one clip of a video in a message, as private as the one that was pressed; None could not be had."""
        ...

    async def show_words(self, pressed: str, parent: Task, words: Shortened) -> None:
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
