"""What the use cases need from the outside: a database, Discord's messages, downloads."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta
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
    TaskOrigin,
    TaskSummary,
    Usage,
)
from bot.errors import MjbotError
from bot.imaging.downloader import Picture
from bot.midjourney.request_options import Speed
from bot.midjourney.submit_response import SubmitResponse
from bot.midjourney.task import Task
from bot.midjourney.text_results import ShortenResult
from bot.relay.billing_log import BillingPage
from bot.relay.requests import SubmitRequest
from bot.scene import Scene


class Store(Protocol):
    """Rows that outlive the process. Every method raises StoreUnavailable where the database does not answer."""

    async def open_job(self, job: Job, *, form_again: bool = False, replaces: int = 0) -> None:
        """Write a job as open and make this process its owner, whichever process owned it before.

        The row that was reserved as `replaces` is deleted with that.

        A stored `form_sent` stays set, as `job` may have been read before it was set; `form_again` resets it, for a
        form that was refused.
        """
        ...

    async def update_job(self, job: Job) -> None:
        """Overwrite a job's fields; a stored `form_sent` stays set."""
        ...

    async def save_redraw(self, message_id: int, redraws: int, at: datetime) -> None:
        """Remember that a job's final state was not taken `redraws` times, and when it is drawn again."""
        ...

    async def close_job(self, message_id: int) -> None:
        """Mark a job as ended, if this process still owns it. Its row stays, for links and for its requester."""
        ...

    async def delete_job(self, message_id: int) -> None:
        """Delete the row of a message that is gone."""
        ...

    async def count_open_jobs(self) -> int:
        """Count the jobs of all processes that have not ended."""
        ...

    async def find_job(self, message_id: int) -> Job | None:
        """Return the job of a message, open or closed."""
        ...

    async def list_jobs_of_task(self, task_id: str) -> Sequence[Job]:
        """Return the open and closed jobs of a task, newest first."""
        ...

    async def list_jobs_of_tasks(self, task_ids: Collection[str], limit: int) -> Sequence[Job]:
        """Return at most `limit` open and closed jobs of any of the tasks, newest first."""
        ...

    async def list_lineage_pairs(self, task_ids: Collection[str], limit: int) -> Sequence[LineagePair]:
        """Return the pairs of parent and child that any of the tasks is part of, each pair once, oldest first."""
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
        """Return one page of a person's own tasks, and how many there are in all.

        Running tasks come first, then the newest. Each task appears once, with its newest message. A page behind the
        last task is empty, and its total is 0.
        """
        ...

    async def save_snapshot(self, task: Task) -> None:
        """Save the latest known state of a task."""
        ...

    async def find_snapshot(self, task_id: str) -> Task | None:
        """Return the latest saved state of a task."""
        ...

    async def find_snapshots(self, task_ids: Collection[str]) -> dict[str, Task]:
        """Return the latest saved states of many tasks, by id; tasks without one are left out."""
        ...

    async def create_claim(self, claim: Claim, judge: Callable[[Usage], None], *, confirmed: bool = False) -> None:
        """Write a claim, unless `judge` raises; it gets the person's usage, read in the same transaction.

        `confirmed`: the person knows that an earlier press of the same button may have been billed. Then a claim in
        state UNKNOWN that is older than REPEAT_CONFIRMATION_AGE does not conflict. On PostgreSQL the claim's time is
        the database's, as the clocks of machines differ.

        Raises:
            AlreadyClaimed: The interaction has a claim already, the person pressed that button of that message less
                than DUPLICATE_PRESS_WINDOW ago, or a claim for that button of that task, or for a part of what it
                draws, is SUBMITTING or UNKNOWN, however old it is.
        """
        ...

    async def find_usage(self, person_id: int) -> Usage:
        """Return what counts against the limits now, if the person submitted; a claim's own judge decides later."""
        ...

    async def withdraw_claim(self, claim_id: int) -> None:
        """Mark a claim as REFUSED that may have been written although create_claim raised StoreUnavailable."""
        ...

    async def find_claim_age(self, claim_id: int) -> timedelta:
        """Return how long ago a claim was made, by one clock; zero for a claim that does not exist."""
        ...

    async def settle_claim(
        self, claim_id: int, state: ClaimState, child_id: str = "", *, submits: int | None = None
    ) -> None:
        """Write how a submit ended; `submits` is how many submits the relay bills for it, if that is known."""
        ...

    async def mark_claim_unbilled(self, claim_id: int) -> bool:
        """Mark a claim in state UNKNOWN as refused with 0 billed submits, and return whether it was in that state.

        It no longer is in that state if, for example, its task was found in the meantime.
        """
        ...

    async def verify_claim(self, claim_id: int) -> None:
        """Check, right before a submit is sent, that its claim still belongs to this process, and keep it young.

        An old claim's time is set to almost now: versions of the bot that free a button by its claim's age, and run
        beside this one during a deployment, then leave it alone while the submit is on its way.

        Raises:
            ClaimLost: The claim is another process's, or is no longer SUBMITTING. Nothing may be sent.
        """
        ...

    async def find_claim(self, claim_id: int) -> Claim | None:
        """Return a claim in any state."""
        ...

    async def list_claims(self, state: ClaimState) -> Sequence[Claim]:
        """Return the claims in that state, oldest first."""
        ...

    async def list_billed_claims(self, before: datetime, limit: int) -> Sequence[Claim]:
        """Return claims made before then that led to a task and are not known to be free, newest first."""
        ...

    async def list_claims_of_children(self, task_ids: Collection[str]) -> Sequence[Claim]:
        """Return the claims that led to one of the tasks, oldest first; a form's claim leads to the form's own task."""
        ...

    async def list_task_origins(self, task_ids: Collection[str], *, claim_id: int = 0) -> Sequence[TaskOrigin]:
        """Return the submits that led to one of the tasks, and that of one more claim, whichever task it led to."""
        ...

    async def find_pressed_buttons(self, task_id: str) -> dict[str, PressedButton]:
        """Return the newest accepted press of each of the task's buttons, by key.

        A press does not count where its child failed, or has not ended and is no longer followed by an open job.
        """
        ...

    async def has_claim(self, task_id: str, buttons: Collection[str]) -> bool:
        """Return whether there is a claim for one of these buttons of a task that was not refused."""
        ...

    async def start_records(self) -> bool:
        """Write since when the database keeps records, unless it knows; return whether it has no records yet."""
        ...

    async def find_records_start(self) -> datetime | None:
        """Return since when the database keeps records; None where that was not written yet."""
        ...

    async def save_missing_capability(self, capability: str, reason: str, *, at: datetime, until: datetime) -> None:
        """Remember until then that the relay lacks a capability (bot.midjourney.capabilities), and its reason."""
        ...

    async def find_missing_capabilities(self, at: datetime) -> dict[str, str]:
        """Return the reasons of the capabilities that the relay lacks at that time, by capability."""
        ...

    async def find_refusal_time(self, capability: str, at: datetime) -> datetime | None:
        """Return when the relay last refused a capability that it lacks at that time; None where it has it."""
        ...

    async def find_person_settings(self, person_id: int) -> PersonSettings:
        """Return a person's settings, or the defaults."""
        ...

    async def update_person_settings(
        self, person_id: int, change: Callable[[PersonSettings], PersonSettings]
    ) -> PersonSettings:
        """Apply `change` to a person's settings, read in the same transaction; write and return the result."""
        ...

    async def clear_missing_capabilities(self) -> int:
        """Forget all capabilities that the relay refused, so that they are tried again; return how many there were."""
        ...

    async def clear_capabilities_of_other_relay(self, address: str, at: datetime) -> int:
        """Forget them if they were refused at another address than this one, which is remembered."""
        ...

    async def delete_expired(self, before: datetime) -> int:
        """Delete jobs that ended before then and snapshots without an open job; return how many rows those were.

        Claims are kept, so that a submit that was billed is never billed again.
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
        """Submit a request; its task carries `state`, and `speed` selects another queue than the relay's default."""
        ...


class ProcessLeases(Protocol):
    """The processes that share a database, as one of them sees them.

    Every method but `wait_for_ownership_change` and `find_notification_problem` may raise StoreUnavailable.
    """

    async def renew_lease(self, lease: timedelta) -> bool:
        """Extend this process's lease, and return whether it was still valid."""
        ...

    async def end_leases_of_ended_processes(self) -> None:
        """End the leases of other processes that are known to have ended, where the store can know that."""
        ...

    async def measure_shortest_lease(self) -> timedelta | None:
        """Return how long the shortest lease of another live process lasts; None without such a process."""
        ...

    async def take_over_jobs(self, most: int) -> Sequence[Job]:
        """Make this process the owner of at most `most` open jobs without a living owner; return them, oldest first."""
        ...

    async def find_lost_jobs(self, message_ids: Collection[int]) -> set[int]:
        """Return those of the jobs that this process no longer owns."""
        ...

    async def list_own_jobs(self) -> Sequence[Job]:
        """Return this process's open jobs, oldest first, except those that it is submitting or opening."""
        ...

    async def list_orphaned_claims(self) -> Sequence[Claim]:
        """Return the claims whose submit was on its way when its process ended, oldest first."""
        ...

    async def release_jobs(self) -> None:
        """Let other processes take over this process's jobs, except those whose submit is on its way."""
        ...

    async def end_lease(self) -> None:
        """End this process's lease and release all of its jobs."""
        ...

    async def delete_dead_processes(self, since: timedelta) -> None:
        """Delete the rows of processes whose lease ended that long ago and that own no open job or claim."""
        ...

    async def wait_for_ownership_change(self) -> None:
        """Wait until another process reports that jobs were released or taken over; the report may never come."""
        ...

    async def find_notification_problem(self) -> str:
        """Return why such reports cannot be received, so that released jobs are looked for; "" where they can."""
        ...


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


class PictureSource(Protocol):
    """Downloads pictures."""

    async def fetch(self, url: str, *, name: str, limit: int) -> Picture:
        """Download a picture and re-encode it to at most `limit` bytes; raise a subclass of PictureError on failure."""
        ...

    def is_private(self, url: str) -> bool:
        """Return whether only this process can open the URL, and Discord cannot."""
        ...
