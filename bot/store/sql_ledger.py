"""The ledger in the database: the columns of `claims` that say what each claim cost."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    case,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.entities import (
    FORM_BUTTON,
    NO_LONGER_IN_LEDGER,
    ClaimState,
    CostKind,
    LedgerEntry,
    LedgerFilter,
    LedgerGroup,
    LedgerOutcome,
    LedgerTotal,
    find_outcome,
)
from bot.metrics import count_spent
from bot.midjourney.task import Task
from bot.store.database import Database
from bot.store.group_read import GroupRead
from bot.store.queries import NEWEST_FIRST
from bot.store.rows import job_from_row, task_from_row
from bot.store.schema import AMOUNT_UNITS, claims, jobs, snapshots
from bot.store.spending_queries import match_kind

_OLD_COMMANDS: Final = ("imagine", "describe", "shorten", "blend", "edits", "swap_face", "video")
"""The commands whose claims begin with their name; those of older versions have no action."""
_BUCKET_SECONDS: Final = 900
"""Days begin at a multiple of this in every time zone of today, so that the database need not know the zones."""
_BATCH: Final = 500
"""How many values one statement gets; SQLite takes at most 32,766."""
_TASKS: Final = func.coalesce(claims.c.submits, 1)
_IS_IN_LEDGER: Final = func.coalesce(claims.c.outcome, "-") != NO_LONGER_IN_LEDGER
_LEDGER_COLUMNS: Final = (
    "channel_id", "action", "model", "speed", "kinds", "is_private", "currency", "expected", "confirmed", "request_id",
)  # fmt: skip


def _describe_action() -> ColumnElement[str]:
    """Return the action of a claim; what its button says of it where an older version of the bot wrote it."""
    is_command = claims.c.task_id == ""
    known = [
        (is_command & claims.c.button.startswith(f"{name}:", autoescape=True), name.upper()) for name in _OLD_COMMANDS
    ]
    return func.coalesce(claims.c.action, case((claims.c.button == FORM_BUTTON, "MODAL"), *known, else_=""))


_ACTION: Final = _describe_action()


class SqlLedger:
    """A bot.ports.Ledger on the rows of `claims`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._entries_of_tasks = GroupRead(database, _read_entries_of_tasks)

    async def list_entries(self, wanted: LedgerFilter, *, limit: int, skip: int = 0) -> Sequence[LedgerEntry]:
        """Return entries, newest first."""
        found = _select_entries().where(self._match(wanted)).order_by(claims.c.made_at.desc(), claims.c.id.desc())
        return await self._read_entries(found.limit(limit).offset(skip))

    async def add_up(self, wanted: LedgerFilter, group: LedgerGroup, zone: tzinfo) -> Sequence[LedgerTotal]:
        """Add up entries that were not refused, by group, the largest amount first; days begin in `zone`, in order."""
        confirmed, expected = (type_coerce(column, BigInteger) for column in (claims.c.confirmed, claims.c.expected))
        is_charged = func.coalesce(claims.c.outcome, "") != LedgerOutcome.CREDITED
        amount = case((is_charged, func.coalesce(confirmed, expected, 0)), else_=0)
        unconfirmed = case((is_charged & claims.c.confirmed.is_(None), func.coalesce(expected, 0)), else_=0)
        key = self._select_key(group).label("key")
        currency = func.coalesce(claims.c.currency, "").label("currency")
        found = (
            select(
                key,
                currency,
                func.sum(_TASKS).label("tasks"),
                func.sum(amount).label("amount"),
                func.sum(unconfirmed).label("unconfirmed"),
            )
            .where(self._match(wanted), claims.c.state != ClaimState.REFUSED)
            .group_by(key, currency)
        )
        rows = await self._database.read(found)
        totals = [_total_from_row(row, group, zone) for row in rows]
        return sort_totals(totals, group)

    async def list_unconfirmed(self, since: datetime, limit: int) -> Sequence[LedgerEntry]:
        """Return entries that may have been charged and that no row of the relay's log confirmed, oldest first."""
        is_open = claims.c.confirmed.is_(None) & (claims.c.state != ClaimState.REFUSED) & (_TASKS != 0)
        found = _select_entries().where(is_open, _IS_IN_LEDGER, claims.c.made_at >= since)
        return await self._read_entries(found.order_by(claims.c.made_at, claims.c.id).limit(limit))

    async def list_entries_of_tasks(self, task_ids: Collection[str]) -> Mapping[str, Sequence[LedgerEntry]]:
        """Return the entries of the claims that led to each of the tasks, oldest first; refused ones are left out."""
        return await self._entries_of_tasks.find_many(set(filter(None, task_ids)))

    async def confirm(self, amounts: Mapping[int, Decimal], currency: str) -> None:
        """Write what the relay's log says that claims cost, by claim; an amount never gets smaller.

        One in another currency, which the relay showed before, is replaced.
        """

        async def write(connection: AsyncConnection) -> Decimal:
            claim_ids = sorted(amounts)
            total = -await _sum_confirmed(connection, claim_ids, currency)
            for claim_id in claim_ids:
                amount = amounts[claim_id]
                is_less = or_(claims.c.confirmed.is_(None), claims.c.confirmed < amount, claims.c.currency != currency)
                own = (claims.c.id == claim_id) & is_less & _IS_IN_LEDGER
                # A price that was expected in another currency says nothing any more.
                is_same = func.coalesce(claims.c.currency, currency) == currency
                expected = case((is_same, claims.c.expected), else_=None)
                values = {"confirmed": amount, "currency": currency, "expected": expected}
                await connection.execute(update(claims).where(own).values(values))
            return total + await _sum_confirmed(connection, claim_ids, currency)

        if amounts:
            count_spent(await self._database.transaction(write), currency, confirmed=True)

    async def save_outcomes(self, task_ids: Collection[str], outcome: LedgerOutcome) -> None:
        """Write how tasks ended into the claims that led to them."""
        await self._database.transaction(lambda connection: write_outcomes(connection, task_ids, outcome))

    async def repair_outcomes(self, limit: int) -> int:
        """Write the outcomes of claims that were settled after their task had ended; return how many tasks those were.

        A final snapshot writes them itself, see write_final_outcomes.
        """
        without = (claims.c.child_id == snapshots.c.task_id) & claims.c.outcome.is_(None) & _may_be_charged()
        found = select(snapshots).where(snapshots.c.final, exists().where(without)).limit(limit)
        tasks = [task for row in await self._database.read(found) if (task := task_from_row(row))]
        if tasks:
            await self._database.transaction(lambda connection: write_final_outcomes(connection, tasks))
        return len(tasks)

    async def delete_older_than(self, before: datetime) -> int:
        """Delete what the ledger knows of claims from before then, but not the claims; return how many there were."""
        empty: dict[str, Any] = dict.fromkeys(_LEDGER_COLUMNS)
        old = (claims.c.made_at < before) & _IS_IN_LEDGER & (claims.c.state != ClaimState.SUBMITTING)
        total = 0
        while True:
            batch = select(claims.c.id).where(old).limit(_BATCH)
            own = update(claims).where(claims.c.id.in_(batch.scalar_subquery()))
            deleted = await self._database.write(own.values({**empty, "outcome": NO_LONGER_IN_LEDGER}))
            total += deleted
            if deleted < _BATCH:
                return total

    def _select_key(self, group: LedgerGroup) -> ColumnElement[Any]:
        match group:
            case LedgerGroup.PERSON:
                return claims.c.person_id
            case LedgerGroup.SERVER:
                return claims.c.guild_id
            case LedgerGroup.ACTION:
                return _ACTION
            case LedgerGroup.DAY:
                epoch = func.floor(func.extract("epoch", claims.c.made_at))
                seconds = epoch if self._database.is_postgresql else func.strftime("%s", claims.c.made_at)
                return cast(seconds, BigInteger).op("/")(literal_column(str(_BUCKET_SECONDS)))

    def _match(self, wanted: LedgerFilter) -> ColumnElement[bool]:
        matched = _IS_IN_LEDGER
        if wanted.guild_id is not None:
            matched &= claims.c.guild_id == wanted.guild_id
        if wanted.person_id is not None:
            ids = (wanted.person_id, self._database.pseudonyms.find(wanted.person_id))
            matched &= claims.c.person_id.in_(ids)
        if wanted.since is not None:
            matched &= claims.c.made_at >= wanted.since
        if wanted.before is not None:
            matched &= claims.c.made_at < wanted.before
        return matched

    async def _read_entries(self, query: Select[Any]) -> Sequence[LedgerEntry]:
        """Read entries with their links."""
        rows = await self._database.read(query)
        own = jobs.c.claim_id.in_([row["id"] for row in rows])
        children = [row["child_id"] for row in rows if row["button"] == FORM_BUTTON and row["child_id"]]
        is_public = ~jobs.c.ephemeral & (jobs.c.message_id > 0)
        public = select(jobs).where(or_(own, jobs.c.task_id.in_(children)), is_public).order_by(*NEWEST_FIRST)
        found = [job_from_row(row) for row in await self._database.read(public)] if rows else []
        links = {job.claim_id: job.place.link for job in reversed(found)}
        links_of_forms = {job.task_id: job.place.link for job in found if job.claim_id}
        return [_entry_from_row(row, links.get(row["id"]) or _get_form_link(row, links_of_forms)) for row in rows]


async def _read_entries_of_tasks(
    connection: AsyncConnection, task_ids: Collection[str]
) -> Mapping[str, Sequence[LedgerEntry]]:
    """Return the entries of the claims that led to each of the tasks, oldest first."""
    by_child = select(claims.c.child_id.label("of"), claims.c.id).where(claims.c.child_id.in_(task_ids))
    by_job = select(jobs.c.task_id, jobs.c.claim_id).where(jobs.c.task_id.in_(task_ids), jobs.c.claim_id != 0)
    pairs = by_child.union(by_job).subquery()
    found = _select_entries(pairs.c.of).join(pairs, pairs.c.id == claims.c.id)
    found = found.where(claims.c.state != ClaimState.REFUSED, _IS_IN_LEDGER)
    entries: dict[str, list[LedgerEntry]] = defaultdict(list)
    for row in (await connection.execute(found.order_by(claims.c.made_at, claims.c.id))).mappings():
        entries[row["of"]].append(_entry_from_row(dict(row)))
    return entries


async def _sum_confirmed(connection: AsyncConnection, claim_ids: Sequence[int], currency: str) -> Decimal:
    """Add up what is confirmed of these claims in a currency."""
    total = Decimal(0)
    for start in range(0, len(claim_ids), _BATCH):
        own = claims.c.id.in_(claim_ids[start : start + _BATCH]) & (claims.c.currency == currency)
        found = await connection.execute(select(claims.c.confirmed).where(own, claims.c.confirmed.is_not(None)))
        total += sum(found.scalars(), Decimal(0))
    return total


def _get_form_link(row: Mapping[str, Any], links: Mapping[str, str]) -> str:
    return links.get(row["child_id"], "") if row["button"] == FORM_BUTTON else ""


async def write_final_outcomes(connection: AsyncConnection, tasks: Collection[Task]) -> None:
    """Write how tasks ended into the claims that led to them, in the transaction that saves their final snapshots."""
    ended: dict[LedgerOutcome, list[str]] = defaultdict(list)
    for task in tasks:
        if outcome := find_outcome(task):
            ended[outcome].append(task.id)
    for outcome in sorted(ended):
        await write_outcomes(connection, ended[outcome], outcome)


async def write_outcomes(connection: AsyncConnection, task_ids: Collection[str], outcome: LedgerOutcome) -> None:
    """Write how tasks ended into the claims that led to them; what was credited stays so.

    A press that led to a task which existed already (code 21) is billed again, and new-api never credits it. A claim
    for several tasks names only the first one: as the others may have succeeded, it is not counted as credited.
    """
    wanted = claims.c.child_id.in_(sorted(filter(None, task_ids))) & _may_be_charged()
    is_lasting = claims.c.outcome.in_((LedgerOutcome.CREDITED, outcome, NO_LONGER_IN_LEDGER))
    wanted &= claims.c.outcome.is_(None) | ~is_lasting
    value: Any = outcome
    if outcome is LedgerOutcome.CREDITED:
        first = claims.alias()
        earlier = exists().where(
            first.c.child_id == claims.c.child_id,
            or_(
                first.c.made_at < claims.c.made_at,
                (first.c.made_at == claims.c.made_at) & (first.c.id < claims.c.id),
            ),
            first.c.button != FORM_BUTTON,
        )
        repeated = earlier & (claims.c.button != FORM_BUTTON)
        of_several = match_kind(CostKind.SEVERAL) & (_TASKS > 1)
        value = case((repeated | of_several, LedgerOutcome.FAILED.value), else_=outcome.value)
    await connection.execute(update(claims).where(wanted).values(outcome=value))


def sort_totals(totals: Collection[LedgerTotal], group: LedgerGroup) -> Sequence[LedgerTotal]:
    """Merge the totals of one group and currency, and sort them: days in order, otherwise the largest amount first.

    What has no price is added to the group's total that has one.
    """
    merged: dict[tuple[str, str], LedgerTotal] = {}
    currencies: dict[str, str] = {}
    for one in sorted(totals, key=lambda one: (one.key, not one.currency, -one.amount)):
        currency = one.currency or currencies.get(one.key, "")
        currencies.setdefault(one.key, currency)
        known = merged.get((one.key, currency), LedgerTotal(key=one.key, tasks=0, currency=currency))
        merged[one.key, currency] = LedgerTotal(
            key=one.key,
            tasks=known.tasks + one.tasks,
            amount=known.amount + one.amount,
            unconfirmed=known.unconfirmed + one.unconfirmed,
            currency=currency,
        )
    if group is LedgerGroup.DAY:
        return sorted(merged.values(), key=lambda one: (one.key, one.currency))
    return sorted(merged.values(), key=lambda one: (-one.amount, -one.tasks, one.key))


def _total_from_row(row: Mapping[str, Any], group: LedgerGroup, zone: tzinfo) -> LedgerTotal:
    key = str(row["key"])
    if group is LedgerGroup.DAY:
        begin = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(row["key"]) * _BUCKET_SECONDS)
        key = begin.astimezone(zone).date().isoformat()
    return LedgerTotal(
        key=key,
        tasks=int(row["tasks"]),
        amount=Decimal(int(row["amount"])) / AMOUNT_UNITS,
        unconfirmed=Decimal(int(row["unconfirmed"])) / AMOUNT_UNITS,
        currency=row["currency"],
    )


def _may_be_charged() -> ColumnElement[bool]:
    return claims.c.state.not_in((ClaimState.REFUSED, ClaimState.SUBMITTING))


def _select_entries(*more: ColumnElement[Any]) -> Select[Any]:
    return select(claims, _ACTION.label("known_action"), *more)


def _entry_from_row(row: Mapping[str, Any], link: str = "") -> LedgerEntry:
    is_private = bool(row["is_private"])
    return LedgerEntry(
        claim_id=row["id"],
        made_at=row["made_at"],
        person_id=row["person_id"],
        guild_id=row["guild_id"],
        channel_id=row["channel_id"] or 0,
        action=row["known_action"],
        model=row["model"] or "",
        speed=row["speed"] or "",
        currency=row["currency"] or "",
        tasks=1 if row["submits"] is None else row["submits"],
        expected=row["expected"],
        confirmed=row["confirmed"],
        request_id=row["request_id"] or "",
        outcome=_OUTCOMES.get(row["outcome"]) or _OUTCOMES_OF_STATES[ClaimState(row["state"])],
        task_id=row["child_id"],
        is_private=is_private,
        link="" if is_private else link,
    )


_OUTCOMES: Final[Mapping[str | None, LedgerOutcome]] = {outcome.value: outcome for outcome in LedgerOutcome}
_OUTCOMES_OF_STATES: Final = {
    ClaimState.SUBMITTING: LedgerOutcome.RUNNING,
    ClaimState.ACCEPTED: LedgerOutcome.RUNNING,
    ClaimState.REFUSED: LedgerOutcome.REFUSED,
    ClaimState.UNKNOWN: LedgerOutcome.UNKNOWN,
}
