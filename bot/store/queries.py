"""The statements that need more than a line, for both databases."""

from collections.abc import Collection, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Insert,
    ScalarSelect,
    Select,
    Subquery,
    Table,
    Update,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from bot.entities import CLAIM_BLOCKING_TIME, DUPLICATE_PRESS_WINDOW, Claim, ClaimState, PersonSettings, TaskFilter
from bot.midjourney.task import Status
from bot.store.schema import claims, jobs, people, processes, snapshots

NEWEST_FIRST = (jobs.c.born_at.desc(), jobs.c.message_id.desc())

_TOLD = ("pressed", "done")

_SPENT = claims.c.state != ClaimState.REFUSED


@cache
def upsert(table: Table, dialect: str, *, undated: str = "", lasting: str = "") -> Insert:
    """Insert a row, or replace the one with its key; with `undated`, only if another column than that one changes.

    What is true in the column `lasting` stays so.
    """
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    new: dict[str, ColumnElement[Any]] = {
        column.name: insert.excluded[column.name] for column in table.c if not column.primary_key
    }
    if lasting:
        new[lasting] = or_(table.c[lasting], new[lasting])
    changed = or_(*(table.c[name].is_distinct_from(value) for name, value in new.items() if name != undated))
    return insert.on_conflict_do_update(
        index_elements=list(table.primary_key.columns), set_=new, where=changed if undated else None
    )


def insert_if_absent(table: Table, dialect: str) -> Insert:
    """Insert a row, unless one with its key is there."""
    return (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table).on_conflict_do_nothing()


def select_conflicting_claim(claim: Claim) -> Executable:
    """Find what stands in a claim's way: itself, its twin (clocks may differ either way), the same on its way."""
    on_its_way = and_(
        # One that nobody knows the end of may be another process's, still under way.
        claims.c.state.in_((ClaimState.SUBMITTING, ClaimState.UNKNOWN)),
        claims.c.task_id == claim.task_id,
        claims.c.task_id != "",
        claims.c.button == claim.button,
        claims.c.made_at > claim.made_at - CLAIM_BLOCKING_TIME,
    )
    twin = and_(
        _SPENT,
        claims.c.person_id == claim.person_id,
        claims.c.message_id == claim.message_id,
        claims.c.button == claim.button,
        claims.c.made_at > claim.made_at - DUPLICATE_PRESS_WINDOW,
        claims.c.made_at < claim.made_at + DUPLICATE_PRESS_WINDOW,
    )
    return select(claims.c.id, claims.c.person_id).where(or_(claims.c.id == claim.id, twin, on_its_way)).limit(1)


def select_billed_claims(before: datetime, limit: int) -> Executable:
    """Find the newest accepted claims made before then, newest first; one of which that is not known was billed."""
    billed = (claims.c.state == ClaimState.ACCEPTED) & (claims.c.child_id != "")
    billed &= func.coalesce(claims.c.submits, 1) != 0
    found = select(claims).where(billed, claims.c.made_at < before)
    return found.order_by(claims.c.made_at.desc(), claims.c.id.desc()).limit(limit)


def select_usage(claim: Claim) -> Executable:
    """Count what Usage holds, in its order."""
    midnight = claim.made_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    billed = func.coalesce(func.sum(func.coalesce(claims.c.submits, 1)), 0)
    today = select(billed).where(_SPENT, claims.c.made_at >= midnight)
    own = claims.c.person_id == claim.person_id
    # Refused ones too: the cooldown also spares the relay.
    last = select(func.max(claims.c.made_at)).where(own)
    return select(today.where(own).scalar_subquery(), today.scalar_subquery(), last.scalar_subquery())


def match_default_settings() -> Iterator[ColumnElement[bool]]:
    """Tell which people's rows say no more than no row would: earlier versions kept those."""
    for name, value in asdict(PersonSettings()).items():
        yield people.c[name].is_(None) if value is None else people.c[name] == value


def select_recent_tasks(person_id: int, limit: int) -> Executable:
    """Find a person's newest job of each task, with the task's snapshot."""
    own = _own(person_id)
    return _with_snapshots(own).order_by(own.c.born_at.desc(), own.c.message_id.desc()).limit(limit)


def select_tasks(person_id: int, which: TaskFilter, *, skip: int, limit: int) -> Executable:
    """Find a part of them: running ones first, then newest first; each row tells how many there are."""
    own = _own(person_id)
    status = func.coalesce(snapshots.c.status, literal(Status.FRESH.value))
    running = and_(own.c.closed_at.is_(None), status.not_in((Status.SUCCESS, Status.FAILURE, Status.CANCEL)))
    wanted = {
        TaskFilter.ALL: true(),
        TaskFilter.RUNNING: running,
        TaskFilter.DONE: status == Status.SUCCESS,
        TaskFilter.FAILED: status.in_((Status.FAILURE, Status.CANCEL)),
    }
    return (
        _with_snapshots(own)
        .add_columns(func.count().over().label("total"))
        .where(wanted[which])
        .order_by(case((running, 0), else_=1), own.c.born_at.desc(), own.c.message_id.desc())
        .offset(skip)
        .limit(limit)
    )


def _own(person_id: int) -> Subquery:
    """Rank a person's jobs of each task, newest first; whichever of them was told of a press tells all of it."""
    rank = func.row_number().over(partition_by=jobs.c.task_id, order_by=NEWEST_FIRST).label("rank")
    told = (func.max(jobs.c[name]).over(partition_by=jobs.c.task_id).label(f"told_{name}") for name in _TOLD)
    return select(jobs, rank, *told).where(jobs.c.requester_id == person_id, jobs.c.task_id != "").subquery()


def _with_snapshots(own: Subquery) -> Select[Any]:
    """Take the newest job of each task, with the task's snapshot."""
    return (
        select(own, snapshots.c.body, snapshots.c.progress)
        .outerjoin(snapshots, snapshots.c.task_id == own.c.task_id)
        .where(own.c.rank == 1)
    )


def select_presses(task_id: str) -> Executable:
    """Find the accepted claims of a task that count, oldest first, with the child's status.

    A child that nobody follows to its end any more would keep its button for ever.
    """
    status = func.coalesce(snapshots.c.status, claims.c.child_status, literal(Status.FRESH.value)).label("status")
    follows = or_(jobs.c.task_id == claims.c.child_id, jobs.c.claim_id == claims.c.id)
    followed = exists().where(jobs.c.closed_at.is_(None), follows)
    return (
        select(claims.c.id, claims.c.button, claims.c.child_id, status)
        .outerjoin(snapshots, snapshots.c.task_id == claims.c.child_id)
        .where(claims.c.task_id == task_id, claims.c.state == ClaimState.ACCEPTED, claims.c.child_id != "")
        .where(or_(status == Status.SUCCESS, and_(status.not_in((Status.FAILURE, Status.CANCEL)), followed)))
        .order_by(claims.c.made_at, claims.c.id)
    )


def select_visible_child_jobs(task_id: str) -> Executable:
    """Find the jobs that show a task's children where others may see them, newest first."""
    children = select(claims.c.child_id).where(
        claims.c.task_id == task_id, claims.c.state == ClaimState.ACCEPTED, claims.c.child_id != ""
    )
    return select(jobs).where(jobs.c.task_id.in_(children), ~jobs.c.ephemeral).order_by(*NEWEST_FIRST)


def select_lineage_pairs(task_ids: Collection[str], limit: int) -> Executable:
    """Find the pairs of parent and child with one of the tasks in it, by their oldest trace.

    A claim outlives the job that it opened; a job knows of a parent whose claim was another database's. Only a claim
    that was accepted has a child: asked for its state too, SQLite would rather look through all of that state.
    """
    made = select(claims.c.task_id.label("parent_id"), claims.c.child_id, claims.c.made_at.label("at")).where(
        claims.c.task_id != "", claims.c.child_id != ""
    )
    told = select(jobs.c.parent_id, jobs.c.task_id, jobs.c.born_at).where(
        jobs.c.task_id.in_(task_ids), jobs.c.parent_id != ""
    )
    traces = union_all(
        made.where(claims.c.task_id.in_(task_ids)), made.where(claims.c.child_id.in_(task_ids)), told
    ).subquery()
    return (
        select(traces.c.parent_id, traces.c.child_id)
        .where(traces.c.parent_id != traces.c.child_id)  # a form is answered on the child itself
        .group_by(traces.c.parent_id, traces.c.child_id)
        .order_by(func.min(traces.c.at), traces.c.parent_id, traces.c.child_id)
        .limit(limit)
    )


def select_expired_snapshots(before: datetime, most: int) -> Select[str]:
    """Find some of the tasks whose snapshot has not changed since then, and that no open job follows."""
    followed = exists().where(jobs.c.task_id == snapshots.c.task_id, jobs.c.closed_at.is_(None))
    return select(snapshots.c.task_id).where(snapshots.c.kept_at < before, ~followed).limit(most)


def update_child_statuses(doomed: Collection[str]) -> Update:
    """Let the claims of those tasks keep how their child ended."""
    status = select(snapshots.c.status).where(snapshots.c.task_id == claims.c.child_id).scalar_subquery()
    return update(claims).where(claims.c.child_id.in_(doomed)).values(child_status=status)


LONGEST_LEASE = timedelta(minutes=10)
"""No lease is longer: a row that says so was written by a clock that has been put back since."""


def select_live_processes(now: ColumnElement[datetime], latest: ColumnElement[datetime]) -> ScalarSelect[str]:
    """Find the processes whose lease has not ended; `latest` is when the longest lease ends that begins now."""
    alive = and_(processes.c.expires_at > now, processes.c.expires_at <= latest)
    return select(processes.c.id).where(alive).scalar_subquery()


def select_ownerless_jobs(me: str, alive: ScalarSelect[str], lately: ColumnElement[datetime], most: int) -> Select[int]:
    """Find open jobs that nobody living owns, oldest first; those that another process is taking are passed over.

    A version that knew of no owners left NULL: what it was submitting `lately` it may be submitting still.
    """
    orphaned = and_(jobs.c.owner != me, jobs.c.owner.not_in(alive))
    nobodys = and_(jobs.c.owner.is_(None), or_(jobs.c.task_id != "", jobs.c.born_at <= lately))
    return (
        select(jobs.c.message_id)
        .where(jobs.c.closed_at.is_(None), or_(nobodys, orphaned))
        .order_by(jobs.c.born_at, jobs.c.message_id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )


def select_orphaned_claims(me: str, alive: ScalarSelect[str], lately: ColumnElement[datetime]) -> Executable:
    """Find claims on their way whose process does not live; of one without a name, those that are not of `lately`."""
    orphaned = and_(claims.c.owner != me, claims.c.owner.not_in(alive))
    nobodys = and_(claims.c.owner.is_(None), claims.c.made_at <= lately)
    found = select(claims).where(claims.c.state == ClaimState.SUBMITTING, or_(orphaned, nobodys))
    return found.order_by(claims.c.made_at, claims.c.id)
