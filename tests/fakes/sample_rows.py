"""Jobs and claims as the stores' tests number them: everything else about them is the same."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update

from bot.entities import Claim, ClaimState, Job, LedgerEntry, LedgerOutcome, Person, Place, Usage
from bot.ports import Store
from bot.store import SqlStore
from bot.store.rows import job_from_row
from bot.store.schema import claims, jobs, processes
from tests.fakes.store import FakeStore

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LIEN = Person(7, "lien", "https://cdn.example/lien.png")


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def a_job(message_id: int, task_id: str = "t1", *, ephemeral: bool = False, **changes: Any) -> Job:  # noqa: ANN401 (any of the fields)
    place = Place(
        channel_id=20,
        message_id=message_id,
        guild_id=30,
        application_id=40,
        token="token",
        token_expires_at=later(900),
        ephemeral=ephemeral,
        reachable=not ephemeral,
    )
    return replace(Job(place=place, requester=LIEN, task_id=task_id, born_at=later(message_id)), **changes)


def a_claim(claim_id: int, button: str = "U1", **changes: Any) -> Claim:  # noqa: ANN401 (any of the fields)
    claim = Claim(
        id=claim_id, person_id=7, guild_id=30, message_id=1, task_id="t1", button=button, made_at=later(claim_id)
    )
    return replace(claim, **changes)


def an_entry(
    claim_id: int,
    model: str = "mj_imagine",
    *,
    at: float = 0.0,
    tasks: int = 1,
    request_id: str = "",
    outcome: LedgerOutcome = LedgerOutcome.RUNNING,
) -> LedgerEntry:
    return LedgerEntry(
        claim_id=claim_id,
        made_at=later(at),
        person_id=7,
        guild_id=30,
        channel_id=31,
        action="",
        model=model,
        speed="",
        currency="USD",
        tasks=tasks,
        expected=Decimal("0.1"),
        confirmed=None,
        request_id=request_id,
        outcome=outcome,
        task_id="t1",
    )


def allow(_: Usage) -> None:
    """Allow every claim."""


async def write_accepted_claim(store: Store, claim: Claim, child_id: str) -> None:
    await store.create_claim(claim, allow)
    await store.settle_claim(claim.id, ClaimState.ACCEPTED, child_id)


async def set_claim_age(store: SqlStore | FakeStore, claim_id: int, age: timedelta) -> None:
    """Date a claim back, as if its process had written it that long ago and another one had started since."""
    if isinstance(store, FakeStore):
        store.claimed[claim_id] = replace(store.claimed[claim_id], made_at=store.now() - age)
        return
    row = update(claims).where(claims.c.id == claim_id)
    await store.database.write(row.values(made_at=store.database.clock_expression(-age)))


async def open_jobs(store: Store) -> Sequence[Job]:
    """Return every job that has not ended, oldest first."""
    if isinstance(store, FakeStore):
        return store.open_jobs()
    assert isinstance(store, SqlStore)
    found = select(jobs).where(jobs.c.closed_at.is_(None)).order_by(jobs.c.born_at, jobs.c.message_id)
    return [job_from_row(row) for row in await store.database.read(found)]


async def process_names(store: SqlStore | FakeStore) -> set[str]:
    """Return the processes that have a row."""
    if isinstance(store, FakeStore):
        return set(store.alive_until)
    return {row["id"] for row in await store.database.read(select(processes.c.id))}
