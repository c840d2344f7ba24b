"""The longer SQL statements, for SQLite and PostgreSQL alike."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
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

from bot.entities import DUPLICATE_PRESS_WINDOW, REPEAT_CONFIRMATION_AGE, Claim, ClaimState, PersonSettings, TaskFilter
from bot.midjourney.task import Status
from bot.store.rows import person_settings_to_row
from bot.store.schema import claims, deleted_messages, jobs, people, processes, snapshots

NEWEST_FIRST = (jobs.c.born_at.desc(), jobs.c.message_id.desc())

_NAME_COLUMNS = ("pressed", "done")
"""Columns of `jobs` that name a press and its result; they are empty in jobs that `/mjstatus` opened."""
_MAY_BE_BILLED = claims.c.state != ClaimState.REFUSED


@cache
def upsert(table: Table, dialect: str, *, timestamp: str = "", sticky: Collection[str] = ()) -> Insert:
    """Insert a row, or replace the row with the same key.

    With `timestamp`, the row is replaced only if a column other than that one changes. A true value in one of
    the columns `sticky` stays true.
    """
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    new: dict[str, ColumnElement[Any]] = {
        column.name: insert.excluded[column.name] for column in table.c if not column.primary_key
    }
    new |= {name: or_(table.c[name], new[name]) for name in sticky}
    changed = or_(*(table.c[name].is_distinct_from(value) for name, value in new.items() if name != timestamp))
    return insert.on_conflict_do_update(
        index_elements=list(table.primary_key.columns), set_=new, where=changed if timestamp else None
    )


def insert_if_absent(table: Table, dialect: str) -> Insert:
    """Insert a row, unless there is one with the same key."""
    return (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table).on_conflict_do_nothing()


def select_conflicting_claim(claim: Claim, *, pseudonym: int, confirmed: bool = False) -> Executable:
    """Select one claim that forbids a new claim; those under the person's `pseudonym` are theirs, too.

    That is the claim itself, a duplicate press (the clocks of two processes may differ either way), or a claim of the
    same button, or of one part of what it draws, whose submit is on its way, or whose end is unknown. These block
    however old they are; only a `confirmed` press ignores an old one of unknown end.
    """
    is_unknown = claims.c.state == ClaimState.UNKNOWN
    if confirmed:
        is_unknown &= claims.c.made_at > claim.made_at - REPEAT_CONFIRMATION_AGE
    in_flight = and_(
        or_(claims.c.state == ClaimState.SUBMITTING, is_unknown),
        claims.c.task_id == claim.task_id,
        claims.c.task_id != "",
        or_(claims.c.button == claim.button, claims.c.button.startswith(f"{claim.button}:", autoescape=True)),
    )
    duplicate = and_(
        _MAY_BE_BILLED,
        claims.c.person_id.in_((claim.person_id, pseudonym)),
        claims.c.message_id == claim.message_id,
        claims.c.button == claim.button,
        claims.c.made_at > claim.made_at - DUPLICATE_PRESS_WINDOW,
        claims.c.made_at < claim.made_at + DUPLICATE_PRESS_WINDOW,
    )
    return select(claims.c.id, claims.c.person_id).where(or_(claims.c.id == claim.id, duplicate, in_flight)).limit(1)


def select_billed_claims(before: datetime, limit: int) -> Executable:
    """Select the accepted claims made before then that were billed, newest first; unknown `submits` count as billed."""
    billed = (claims.c.state == ClaimState.ACCEPTED) & (claims.c.child_id != "")
    billed &= func.coalesce(claims.c.submits, 1) != 0
    found = select(claims).where(billed, claims.c.made_at < before)
    return found.order_by(claims.c.made_at.desc(), claims.c.id.desc()).limit(limit)


def match_default_settings() -> Iterator[ColumnElement[bool]]:
    """Yield the conditions that a row of `people` holds only defaults; earlier versions wrote such rows."""
    for name, value in person_settings_to_row(PersonSettings()).items():
        yield people.c[name].is_(None) if value is None else people.c[name] == value


def select_recent_tasks(person_id: int, limit: int) -> Executable:
    """Select a person's newest job of each task with the task's snapshot, newest first."""
    own = _rank_own_jobs(person_id)
    return _join_snapshots(own).order_by(own.c.born_at.desc(), own.c.message_id.desc()).limit(limit)


def select_tasks(person_id: int, which: TaskFilter, *, skip: int, limit: int) -> Executable:
    """Select one page of a person's tasks: running first, then newest first. `total` is their number, in each row."""
    own = _rank_own_jobs(person_id)
    status = func.coalesce(snapshots.c.status, literal(Status.FRESH.value))
    running = and_(own.c.closed_at.is_(None), status.not_in((Status.SUCCESS, Status.FAILURE, Status.CANCEL)))
    wanted = {
        TaskFilter.ALL: true(),
        TaskFilter.RUNNING: running,
        TaskFilter.DONE: status == Status.SUCCESS,
        TaskFilter.FAILED: status.in_((Status.FAILURE, Status.CANCEL)),
    }
    return (
        _join_snapshots(own)
        .add_columns(func.count().over().label("total"))
        .where(wanted[which])
        .order_by(case((running, 0), else_=1), own.c.born_at.desc(), own.c.message_id.desc())
        .offset(skip)
        .limit(limit)
    )


def _rank_own_jobs(person_id: int) -> Subquery:
    """Rank a person's jobs of each task, newest first.

    `any_pressed` and `any_done` are taken from whichever job of the task has them.
    """
    rank = func.row_number().over(partition_by=jobs.c.task_id, order_by=NEWEST_FIRST).label("rank")
    names = (func.max(jobs.c[name]).over(partition_by=jobs.c.task_id).label(f"any_{name}") for name in _NAME_COLUMNS)
    return select(jobs, rank, *names).where(jobs.c.requester_id == person_id, jobs.c.task_id != "").subquery()


def _join_snapshots(own: Subquery) -> Select[Any]:
    """Keep the newest job of each task, and add the task's snapshot."""
    return (
        select(own, snapshots.c.body, snapshots.c.progress)
        .outerjoin(snapshots, snapshots.c.task_id == own.c.task_id)
        .where(own.c.rank == 1)
    )


def select_presses(task_ids: Collection[str]) -> Executable:
    """Select the accepted claims of the buttons of tasks, oldest first, with the child's status.

    An unfinished child counts only while a job follows it; otherwise its button would stay green forever. The state is
    not compared: see select_lineage_pairs.
    """
    status = func.coalesce(snapshots.c.status, claims.c.child_status, literal(Status.FRESH.value)).label("status")
    follows = or_(jobs.c.task_id == claims.c.child_id, jobs.c.claim_id == claims.c.id)
    followed = exists().where(jobs.c.closed_at.is_(None), follows)
    return (
        select(claims.c.id, claims.c.task_id, claims.c.button, claims.c.child_id, status)
        .outerjoin(snapshots, snapshots.c.task_id == claims.c.child_id)
        .where(claims.c.task_id.in_(task_ids), claims.c.child_id != "")
        .where(or_(status == Status.SUCCESS, and_(status.not_in((Status.FAILURE, Status.CANCEL)), followed)))
        .order_by(claims.c.made_at, claims.c.id)
    )


def select_visible_child_jobs(task_ids: Collection[str]) -> Executable:
    """Select the jobs of the tasks' children whose messages are not ephemeral, newest first."""
    children = select(claims.c.child_id).where(claims.c.task_id.in_(task_ids), claims.c.child_id != "")
    return select(jobs).where(jobs.c.task_id.in_(children), ~jobs.c.ephemeral).order_by(*NEWEST_FIRST)


def select_lineage_pairs(task_ids: Collection[str], limit: int) -> Executable:
    """Select the pairs of parent and child that contain one of the tasks, ordered by the oldest row with the pair.

    Both claims and jobs are read: a claim outlives its job, and a job may know a parent whose claim is in another
    database. The state is not compared, as only accepted claims have a child, and SQLite would scan the index of
    states instead.
    """
    from_claims = select(claims.c.task_id.label("parent_id"), claims.c.child_id, claims.c.made_at.label("at")).where(
        claims.c.task_id != "", claims.c.child_id != ""
    )
    from_jobs = select(jobs.c.parent_id, jobs.c.task_id, jobs.c.born_at).where(
        jobs.c.task_id.in_(task_ids), jobs.c.parent_id != ""
    )
    traces = union_all(
        from_claims.where(claims.c.task_id.in_(task_ids)),
        from_claims.where(claims.c.child_id.in_(task_ids)),
        from_jobs,
    ).subquery()
    return (
        select(traces.c.parent_id, traces.c.child_id)
        .where(traces.c.parent_id != traces.c.child_id)  # a form's claim leads to its own task
        .group_by(traces.c.parent_id, traces.c.child_id)
        .order_by(func.min(traces.c.at), traces.c.parent_id, traces.c.child_id)
        .limit(limit)
    )


_ORIGIN_COLUMNS = ("task_id", "requester_id", "guild_id", "channel_id", "ephemeral")


def select_task_origins(task_ids: Collection[str], claim_id: int) -> Executable:
    """Select the fields of TaskOrigin for the submits that led to one of the tasks, and for one more claim.

    Jobs, and those that were deleted, tell where their messages are. Claims are read too, as a job whose submit's
    answer was lost does not know its task; the place of a claim without a job is NULL.
    """
    jobs_origin, deleted_origin = ([table.c[name] for name in _ORIGIN_COLUMNS] for table in (jobs, deleted_messages))
    from_jobs = select(*jobs_origin).where(jobs.c.task_id.in_(task_ids), jobs.c.claim_id != 0)
    from_deleted = select(*deleted_origin).where(deleted_messages.c.task_id.in_(task_ids))
    from_claims = select(claims.c.child_id, claims.c.person_id, *jobs_origin[2:]).outerjoin(
        jobs, jobs.c.claim_id == claims.c.id
    )
    by_child = from_claims.where(claims.c.child_id.in_(task_ids))
    by_id = from_claims.where(claims.c.id == claim_id)
    return union_all(from_jobs, from_deleted, by_child, *([by_id] if claim_id else []))


def insert_deleted_messages(message_ids: Collection[int], dialect: str) -> Insert:
    """Keep where the messages of submits are, before their jobs are deleted."""
    columns = ("message_id", *_ORIGIN_COLUMNS)
    submitted = select(*(jobs.c[name] for name in columns)).where(
        jobs.c.message_id.in_(message_ids), jobs.c.claim_id != 0, jobs.c.task_id != ""
    )
    return insert_if_absent(deleted_messages, dialect).from_select(columns, submitted)


def select_expired_snapshots(before: datetime, most: int) -> Select[str]:
    """Select the ids of at most `most` tasks without an open job, whose snapshot has not changed since then."""
    followed = exists().where(jobs.c.task_id == snapshots.c.task_id, jobs.c.closed_at.is_(None))
    return select(snapshots.c.task_id).where(snapshots.c.kept_at < before, ~followed).limit(most)


def select_expired_tokens(now: datetime, after: int, most: int) -> Select[int]:
    """Select the next jobs, by message, whose interaction token has expired by then: Discord takes it no more."""
    expired = (jobs.c.token != "") & (jobs.c.token_expires_at < now) & (jobs.c.message_id > after)
    return select(jobs.c.message_id).where(expired).order_by(jobs.c.message_id).limit(most)


def update_child_statuses(child_ids: Collection[str]) -> Update:
    """Copy the children's statuses from their snapshots to their claims, before the snapshots are deleted."""
    status = select(snapshots.c.status).where(snapshots.c.task_id == claims.c.child_id).scalar_subquery()
    return update(claims).where(claims.c.child_id.in_(child_ids)).values(child_status=status)


LONGEST_LEASE = timedelta(minutes=10)
"""A row with a longer lease was written by a clock that has been put back since, so that process does not count."""


def select_live_processes(now: ColumnElement[datetime], latest: ColumnElement[datetime]) -> ScalarSelect[str]:
    """Select the processes whose lease has not ended; `latest` is `now` and LONGEST_LEASE."""
    alive = and_(processes.c.expires_at > now, processes.c.expires_at <= latest)
    return select(processes.c.id).where(alive).scalar_subquery()


def select_ownerless_jobs(me: str, alive: ScalarSelect[str], lately: ColumnElement[datetime], most: int) -> Select[int]:
    """Select open jobs without a living owner, oldest first, skipping rows that another process is taking over.

    Versions without owners wrote NULL: a job of theirs that was born after `lately` and has no task may still be
    submitting.
    """
    orphaned = and_(jobs.c.owner != me, jobs.c.owner.not_in(alive))
    unowned = and_(jobs.c.owner.is_(None), or_(jobs.c.task_id != "", jobs.c.born_at <= lately))
    return (
        select(jobs.c.message_id)
        .where(jobs.c.closed_at.is_(None), or_(unowned, orphaned))
        .order_by(jobs.c.born_at, jobs.c.message_id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )


def select_orphaned_claims(me: str, alive: ScalarSelect[str], lately: ColumnElement[datetime]) -> Executable:
    """Select submitting claims whose process is dead, oldest first.

    Versions without owners wrote NULL: of their claims, only those made by `lately` are selected.
    """
    orphaned = and_(claims.c.owner != me, claims.c.owner.not_in(alive))
    unowned = and_(claims.c.owner.is_(None), claims.c.made_at <= lately)
    found = select(claims).where(claims.c.state == ClaimState.SUBMITTING, or_(orphaned, unowned))
    return found.order_by(claims.c.made_at, claims.c.id)
