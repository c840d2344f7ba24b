"""The database, as the use cases need it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.entities import (
    Claim,
    ClaimState,
    Job,
    LineagePair,
    PersonSettings,
    PressedButton,
    Rules,
    SentCost,
    SpendingPlan,
    TaskFilter,
    TaskOrigin,
    TaskSummary,
    Usage,
)
from bot.languages import Language
from bot.midjourney.task import Task
from bot.ports.ledger import Ledger

PlanSpending = Callable[[Rules, datetime], SpendingPlan]
"""Returns what is counted for a claim under these rules at that time, or raises what refuses the claim."""


class Store(Protocol):
    """Rows that outlive the process. Every method raises StoreUnavailable where the database does not answer."""

    @property
    def ledger(self) -> Ledger:
        """What each claim cost."""
        ...

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

    async def mark_posted(self, message_id: int) -> bool:
        """Mark that a gallery gets the picture of a job; return whether it was not marked before, in any process."""
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

    async def create_claim(
        self,
        claim: Claim,
        judge: Callable[[Usage], None],
        *,
        confirmed: bool = False,
        plan: PlanSpending | None = None,
    ) -> None:
        """Write a claim, unless `plan` or `judge` raises; both get what was read in the same transaction.

        `plan` gets the rules that hold for the claim's person and server. `judge` gets the usage, with those rules and
        what `plan` counts; without a plan, neither is read.

        `confirmed`: the person knows that an earlier press of the same button may have been billed. Then a claim in
        state UNKNOWN that is older than REPEAT_CONFIRMATION_AGE does not conflict. On PostgreSQL the claim's time is
        the database's, as the clocks of machines differ.

        Raises:
            AlreadyClaimed: The interaction has a claim already, the person pressed that button of that message less
                than DUPLICATE_PRESS_WINDOW ago, or a claim for that button of that task, or for a part of what it
                draws, is SUBMITTING or UNKNOWN, however old it is.
        """
        ...

    async def find_usage(self, person_id: int, guild_id: int = 0, plan: PlanSpending | None = None) -> Usage:
        """Return what counts against the limits now, if the person submitted; a claim's own judge decides later.

        It raises what `plan` raises; see create_claim.
        """
        ...

    async def find_rules(self, guild_id: int, person_id: int) -> Rules:
        """Return the rules that hold for a person in a server, 0 outside servers; a claim reads them again."""
        ...

    async def withdraw_claim(self, claim_id: int) -> None:
        """Mark a claim as REFUSED that may have been written although create_claim raised StoreUnavailable."""
        ...

    async def find_claim_age(self, claim_id: int) -> timedelta:
        """Return how long ago a claim was made, by one clock; zero for a claim that does not exist."""
        ...

    async def settle_claim(
        self,
        claim_id: int,
        state: ClaimState,
        child_id: str = "",
        *,
        submits: int | None = None,
        sent: SentCost | None = None,
    ) -> None:
        """Write how a submit ended; `submits` is how many submits the relay bills for it, if that is known.

        `sent` is what it costs as it was sent. Without it, the expected price changes as the number of submits does.
        """
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

    def is_person(self, stored_id: int, person_id: int) -> bool:
        """Return whether a stored id is a person's own, or the pseudonym of what they did before a deletion."""
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

    async def list_person_languages(self) -> Mapping[int, Language]:
        """Return the languages of the people who have chosen one, by person."""
        ...

    async def clear_missing_capabilities(self) -> int:
        """Forget all capabilities that the relay refused, so that they are tried again; return how many there were."""
        ...

    async def clear_capabilities_of_other_relay(self, address: str, at: datetime) -> int:
        """Forget them if they were refused at another address than this one, which is remembered."""
        ...

    async def delete_expired(self, now: datetime, age: timedelta = timedelta()) -> int:
        """Delete jobs that ended so long ago and snapshots without an open job; return how many rows those were.

        Rows must be so old at `now`, and with an `age` also by the clock of a database that has one.
        Claims are kept, so that a submit that was billed is never billed again.
        """
        ...

    async def clear_expired_tokens(self, now: datetime) -> int:
        """Clear the interaction tokens that have expired by then; return how many those were."""
        ...
