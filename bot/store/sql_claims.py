"""Claims in the database: written one at a time, dated by one clock, and never left behind by a lost COMMIT."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, func, select, text, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.entities import (
    DUPLICATE_PRESS_WINDOW,
    NO_RULES,
    Claim,
    ClaimState,
    Job,
    PressedButton,
    SentCost,
    Spending,
    SpendingPlan,
    Usage,
)
from bot.errors import AlreadyClaimed, ClaimLost, StoreUnavailable
from bot.ports.store import PlanSpending
from bot.store import queries
from bot.store.database import Database
from bot.store.group_read import GroupRead
from bot.store.rows import claim_to_row, job_from_row, pressed_button_from_row, sent_cost_to_row
from bot.store.schema import AMOUNT_UNITS, claims
from bot.store.spending_queries import LAST_CLAIMS, select_usage
from bot.store.sql_rules import rules_from_rows, select_rules

_SETTLED = (ClaimState.ACCEPTED, ClaimState.REFUSED)
CLAIM_LOCK = 0x6D6A_626F_7401
_RENEWAL_AGE = timedelta(minutes=1)
"""How old a claim is when its time is renewed before a submit: earlier versions free its button after five minutes."""
_LONGEST_AGE_SECONDS = 3600.0
"""For how long this process counts the age of a claim itself."""


class SqlClaims:
    """Writes the claims of the process named `owner`; `monotonic` counts seconds, whatever the system's time does.

    Their times are the database's on PostgreSQL. On SQLite, whose processes share one machine, they are the caller's.
    """

    def __init__(self, database: Database, owner: str, monotonic: Callable[[], float]) -> None:
        self._database = database
        self._owner = owner
        self._monotonic = monotonic
        self._written_at: dict[int, float] = {}
        self._pressed_buttons = GroupRead(database, _read_pressed_buttons)

    async def create(
        self, claim: Claim, judge: Callable[[Usage], None], *, confirmed: bool, plan: PlanSpending | None = None
    ) -> None:
        """Write a claim, unless another one conflicts, or `plan` or `judge` raises; refused claims do not conflict.

        Claims are written one at a time: on PostgreSQL under a lock, on SQLite as writing transactions exclude each
        other. If the answer to the COMMIT is lost, the claim is looked for: it may have been written.
        """

        async def check_and_write(connection: AsyncConnection) -> None:
            dated = replace(claim, made_at=await self._lock(connection) or claim.made_at)
            pseudonym = self._database.pseudonyms.find(claim.person_id)
            conflict = queries.select_conflicting_claim(dated, pseudonym=pseudonym, confirmed=confirmed)
            if other := (await connection.execute(conflict)).first():
                raise AlreadyClaimed(other.id, claim.person_id if other.person_id == pseudonym else other.person_id)
            judge(await self._read_usage(connection, dated.person_id, dated.guild_id, dated.made_at, plan))
            await connection.execute(claims.insert().values(**claim_to_row(dated), owner=self._owner))

        try:
            await self._database.transaction(check_and_write)
        except StoreUnavailable:
            if not await self._was_written(claim.id):
                raise
        self._start_counting(claim.id)

    async def find_usage(self, person_id: int, guild_id: int, plan: PlanSpending | None) -> Usage:
        """Return what counts against the limits now, if the person submitted; raise what `plan` raises."""

        async def look(connection: AsyncConnection) -> Usage:
            now = await connection.scalar(select(self._database.clock_expression()))
            return await self._read_usage(connection, person_id, guild_id, now or self._database.now(), plan)

        return await self._database.read_together(look)

    async def withdraw(self, claim_id: int) -> None:
        """Mark a claim as refused that may have been written although its writer got an error.

        Under the lock, because the transaction that was cut off may still commit until it gives up its own.
        """

        async def write(connection: AsyncConnection) -> None:
            await self._lock(connection)
            await connection.execute(update(claims).where(self._is_held(claim_id)).values(state=ClaimState.REFUSED))

        await self._database.transaction(write)

    async def settle(
        self, claim_id: int, state: ClaimState, child_id: str, *, submits: int | None, sent: SentCost | None
    ) -> None:
        """Write how a submit ended, and what it costs; UNKNOWN does not replace ACCEPTED or REFUSED."""
        row = claims.c.id == claim_id
        if state not in _SETTLED:
            row &= claims.c.state.not_in(_SETTLED)
        end: dict[str, Any] = {"state": state, "child_id": child_id}
        if submits is not None:
            end |= {"submits": submits, "expected": _scale_expected(submits)}
        if sent is not None:
            end |= sent_cost_to_row(sent)
        await self._database.write(update(claims).where(row).values(end))

    async def verify(self, claim_id: int) -> None:
        """Check that this process still submits a claim, and renew the time of an old one; or raise ClaimLost.

        The check is a write, so that a database that cannot be written stops the submit.
        """
        is_old = claims.c.made_at < self._database.clock_expression(-_RENEWAL_AGE)
        # The person's next press is no duplicate of it.
        almost_now = self._database.clock_expression(-DUPLICATE_PRESS_WINDOW)
        renewed = update(claims).values(made_at=case((is_old, almost_now), else_=claims.c.made_at))
        if not await self._database.write(renewed.where(self._is_held(claim_id))):
            raise ClaimLost

    async def find_age(self, claim_id: int) -> timedelta:
        """Return how long ago a claim was made; zero for one that does not exist."""
        if not self._database.is_postgresql and (begun := self._written_at.get(claim_id)) is not None:
            return timedelta(seconds=self._monotonic() - begun)
        now = self._database.clock_expression().label("now")
        rows = await self._database.read(select(claims.c.made_at, now).where(claims.c.id == claim_id))
        return max(rows[0]["now"] - rows[0]["made_at"], timedelta()) if rows else timedelta()

    async def has_claim(self, task_id: str, buttons: Collection[str]) -> bool:
        """Return whether there is a claim for one of these buttons of a task that was not refused."""
        wanted = (claims.c.task_id == task_id) & claims.c.button.in_(buttons) & (claims.c.state != ClaimState.REFUSED)
        return bool(await self._database.read(select(claims.c.id).where(wanted).limit(1)))

    async def find_pressed_buttons(self, task_id: str) -> dict[str, PressedButton]:
        """Return the newest accepted press of each button whose child succeeded or is still followed, by key."""
        return await self._pressed_buttons.find(task_id) or {}

    async def _was_written(self, claim_id: int) -> bool:
        """Return whether this process has the claim; False if the database does not tell, and it must be withdrawn."""

        async def look(connection: AsyncConnection) -> bool:
            await self._lock(connection)
            return await connection.scalar(select(claims.c.id).where(self._is_held(claim_id))) is not None

        with suppress(StoreUnavailable):
            return await self._database.transaction(look)
        return False

    async def _lock(self, connection: AsyncConnection) -> datetime | None:
        """Let no other process write claims until the transaction ends; return the database's time, if it has one."""
        if not self._database.is_postgresql:
            return None
        locked = text("SELECT pg_advisory_xact_lock(:key), clock_timestamp()")
        row = (await connection.execute(locked, {"key": CLAIM_LOCK})).one()
        now: datetime = row[1]
        return now

    async def _read_usage(
        self, connection: AsyncConnection, person_id: int, guild_id: int, at: datetime, plan: PlanSpending | None
    ) -> Usage:
        """Read what counts against the limits at a time, and with a `plan` the rules and what it counts."""
        rules, planned = NO_RULES, SpendingPlan()
        pseudonym = self._database.pseudonyms.find(person_id)
        if plan is not None:
            rows = (await connection.execute(select_rules(guild_id, (person_id, pseudonym)))).mappings().all()
            rules = rules_from_rows([dict(row) for row in rows], guild_id)
            planned = plan(rules, at)
        counted = select_usage(planned, (person_id, pseudonym), guild_id, at)
        found = (await connection.execute(*counted)).mappings().one()
        spending = {
            count: Spending(int(found[f"tasks{number}"]), Decimal(round(found[f"amount{number}"])) / AMOUNT_UNITS)
            for number, count in enumerate(planned.counts)
        }
        latest = [date for name in LAST_CLAIMS if (date := found[name]) is not None]
        return Usage(found["own"], found["everyones"], _find_nearest(latest, at), at, rules, spending)

    def _is_held(self, claim_id: int) -> ColumnElement[bool]:
        return (claims.c.id == claim_id) & (claims.c.state == ClaimState.SUBMITTING) & (claims.c.owner == self._owner)

    def _start_counting(self, claim_id: int) -> None:
        now = self._monotonic()
        while self._written_at and now - next(iter(self._written_at.values())) > _LONGEST_AGE_SECONDS:
            del self._written_at[next(iter(self._written_at))]
        self._written_at[claim_id] = now


def _scale_expected(submits: int) -> ColumnElement[int]:
    """Return the expected price of a claim, in millionths, for so many submits instead of those that it had."""
    expected, known = type_coerce(claims.c.expected, BigInteger), func.coalesce(claims.c.submits, 1)
    return case((known > 0, expected * submits / func.nullif(known, 0)), else_=expected)


async def _read_pressed_buttons(
    connection: AsyncConnection, task_ids: Collection[str]
) -> Mapping[str, dict[str, PressedButton]]:
    """Return the pressed buttons of tasks, by task and key; the newest press of each."""
    presses = (await connection.execute(queries.select_presses(task_ids))).mappings().all()
    if not presses:
        return {}
    visible_jobs: dict[str, list[Job]] = defaultdict(list)
    for row in (await connection.execute(queries.select_visible_child_jobs(task_ids))).mappings():
        visible_jobs[row["task_id"]].append(job_from_row(dict(row)))
    found: dict[str, dict[str, PressedButton]] = defaultdict(dict)
    for press in presses:
        button = pressed_button_from_row(dict(press), visible_jobs[press["child_id"]])
        found[press["task_id"]][press["button"]] = button
    return found


def _find_nearest(dates: Iterable[datetime], at: datetime) -> datetime | None:
    """Return the date nearest to `at`; None where there is none."""
    return min(dates, key=lambda date: abs(at - date), default=None)
