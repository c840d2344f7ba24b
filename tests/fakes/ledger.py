"""The ledger on the rows of a FakeStore; tests/bot/store runs the same tests on it and on SqlLedger."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING

from bot.entities import (
    FORM_BUTTON,
    Claim,
    ClaimState,
    CostKind,
    LedgerEntry,
    LedgerFilter,
    LedgerGroup,
    LedgerOutcome,
    LedgerTotal,
    find_outcome,
)
from bot.midjourney.task import Task

if TYPE_CHECKING:
    from tests.fakes.store import FakeStore

_OUTCOMES = {
    ClaimState.SUBMITTING: LedgerOutcome.RUNNING,
    ClaimState.ACCEPTED: LedgerOutcome.RUNNING,
    ClaimState.REFUSED: LedgerOutcome.REFUSED,
    ClaimState.UNKNOWN: LedgerOutcome.UNKNOWN,
}


@dataclass
class LedgerRows:
    """What the ledger knows of claims beside their costs, by claim; `deleted` are those that it forgot."""

    confirmed: dict[int, Decimal] = field(default_factory=dict[int, Decimal])
    currencies: dict[int, str] = field(default_factory=dict[int, str])
    outcomes: dict[int, LedgerOutcome] = field(default_factory=dict[int, LedgerOutcome])
    request_ids: dict[int, str] = field(default_factory=dict[int, str])
    deleted: set[int] = field(default_factory=set[int])


class FakeLedger:
    """A bot.ports.Ledger on a FakeStore's rows."""

    def __init__(self, store: "FakeStore") -> None:
        self._store = store

    async def list_entries(self, wanted: LedgerFilter, *, limit: int, skip: int = 0) -> Sequence[LedgerEntry]:
        page = list(reversed(self._find(wanted)))[skip : skip + limit]
        links = self._find_links()
        return [self._entry(claim, links) for claim in page]

    async def add_up(self, wanted: LedgerFilter, group: LedgerGroup, zone: tzinfo) -> Sequence[LedgerTotal]:
        by_key: dict[str, list[LedgerEntry]] = defaultdict(list)
        for entry in map(self._entry, self._find(wanted)):
            if entry.outcome is not LedgerOutcome.REFUSED:
                by_key[_find_key(entry, group, zone)].append(entry)
        totals = [total for key, entries in by_key.items() for total in _add_up(key, entries)]
        if group is LedgerGroup.DAY:
            return sorted(totals, key=lambda one: (one.key, one.currency))
        return sorted(totals, key=lambda one: (-one.amount, -one.tasks, one.key))

    async def list_unconfirmed(self, since: datetime, limit: int) -> Sequence[LedgerEntry]:
        found = [claim for claim in self._find(LedgerFilter(since=since)) if claim.state is not ClaimState.REFUSED]
        confirmed = self._store.ledger_rows.confirmed
        found = [claim for claim in found if claim.submits != 0 and claim.id not in confirmed]
        return [self._entry(claim) for claim in found[:limit]]

    async def list_entries_of_tasks(self, task_ids: Collection[str]) -> Mapping[str, Sequence[LedgerEntry]]:
        entries: dict[str, list[LedgerEntry]] = defaultdict(list)
        wanted, tasks_of = set(filter(None, task_ids)), defaultdict[int, set[str]](set)
        for job in self._store.jobs.values():
            tasks_of[job.claim_id].add(job.task_id)
        for claim in self._find(LedgerFilter()):
            for task_id in ({claim.child_id} | tasks_of[claim.id]) & wanted:
                if claim.state is not ClaimState.REFUSED:
                    entries[task_id].append(self._entry(claim))
        return entries

    async def confirm(self, amounts: Mapping[int, Decimal], currency: str) -> None:
        self._store.answer()
        rows = self._store.ledger_rows
        for claim_id, amount in amounts.items():
            claim = self._store.claimed.get(claim_id)
            known = rows.confirmed.get(claim_id) if rows.currencies.get(claim_id) == currency else None
            if claim is None or claim_id in rows.deleted or (known is not None and amount <= known):
                continue
            if claim.cost.currency not in {"", currency}:
                cost = replace(claim.cost, expected=None, currency=currency)
                self._store.claimed[claim_id] = replace(claim, cost=cost)
            rows.confirmed[claim_id], rows.currencies[claim_id] = amount, currency

    async def save_outcomes(self, task_ids: Collection[str], outcome: LedgerOutcome) -> None:
        self._store.answer()
        led = [claim for claim in self._find(LedgerFilter()) if claim.child_id and claim.child_id in task_ids]
        for claim in led:
            known = self._store.ledger_rows.outcomes.get(claim.id)
            if claim.state in {ClaimState.REFUSED, ClaimState.SUBMITTING} or known is LedgerOutcome.CREDITED:
                continue
            earlier = [one for one in led[: led.index(claim)] if one.child_id == claim.child_id]
            repeats = claim.button != FORM_BUTTON and any(one.button != FORM_BUTTON for one in earlier)
            of_several = CostKind.SEVERAL in claim.cost.kinds and (claim.submits or 1) > 1
            kept = (repeats or of_several) and outcome is LedgerOutcome.CREDITED
            self._store.ledger_rows.outcomes[claim.id] = LedgerOutcome.FAILED if kept else outcome

    async def repair_outcomes(self, limit: int) -> int:
        without = {
            claim.child_id
            for claim in self._find(LedgerFilter())
            if claim.id not in self._store.ledger_rows.outcomes and claim.state is not ClaimState.REFUSED
        }
        ended = [task for task in self._store.snapshots.values() if task.status.is_final and task.id in without]
        for task in ended[:limit]:
            await self.write_outcome(task)
        return len(ended[:limit])

    async def write_outcome(self, task: Task) -> None:
        """Write how a task ended, as saving its final snapshot does."""
        if outcome := find_outcome(task):
            await self.save_outcomes([task.id], outcome)

    async def delete_older_than(self, before: datetime) -> int:
        old = {claim.id for claim in self._find(LedgerFilter(before=before))}
        old -= {claim_id for claim_id in old if self._store.claimed[claim_id].state is ClaimState.SUBMITTING}
        self._store.ledger_rows.deleted |= old
        return len(old)

    def _find(self, wanted: LedgerFilter) -> list[Claim]:
        """Return the claims in the ledger, oldest first."""
        self._store.answer()
        found = [
            claim
            for claim in self._store.claimed.values()
            if claim.id not in self._store.ledger_rows.deleted
            and wanted.guild_id in {None, claim.guild_id}
            and wanted.person_id in {None, claim.person_id}
            and (wanted.since is None or claim.made_at >= wanted.since)
            and (wanted.before is None or claim.made_at < wanted.before)
        ]
        return sorted(found, key=lambda claim: (claim.made_at, claim.id))

    def _entry(self, claim: Claim, links: Mapping[int | str, str] | None = None) -> LedgerEntry:
        rows, cost = self._store.ledger_rows, claim.cost
        return LedgerEntry(
            claim_id=claim.id,
            made_at=claim.made_at,
            person_id=claim.person_id,
            guild_id=claim.guild_id,
            channel_id=cost.channel_id,
            action=cost.action,
            model=cost.model,
            speed=cost.speed,
            currency=rows.currencies.get(claim.id, cost.currency),
            tasks=1 if claim.submits is None else claim.submits,
            expected=cost.expected,
            confirmed=rows.confirmed.get(claim.id),
            request_id=rows.request_ids.get(claim.id, ""),
            outcome=rows.outcomes.get(claim.id) or _OUTCOMES[claim.state],
            task_id=claim.child_id,
            is_private=cost.is_private,
            link="" if cost.is_private else _get_link(claim, links or {}),
        )

    def _find_links(self) -> Mapping[int | str, str]:
        """Return the links to public messages, by claim and by task, the newest job's each."""
        links: dict[int | str, str] = {}
        for job in sorted(self._store.jobs.values(), key=lambda job: (job.born_at, job.id)):
            if not job.place.ephemeral and job.id > 0 and job.claim_id:
                links[job.claim_id] = links[job.task_id] = job.place.link
        return links


def _get_link(claim: Claim, links: Mapping[int | str, str]) -> str:
    by_task = links.get(claim.child_id, "") if claim.button == FORM_BUTTON and claim.child_id else ""
    return links.get(claim.id) or by_task


def _find_key(entry: LedgerEntry, group: LedgerGroup, zone: tzinfo) -> str:
    return {
        LedgerGroup.PERSON: str(entry.person_id),
        LedgerGroup.SERVER: str(entry.guild_id),
        LedgerGroup.ACTION: entry.action,
        LedgerGroup.DAY: entry.made_at.astimezone(zone).date().isoformat(),
    }[group]


def _add_up(key: str, entries: Sequence[LedgerEntry]) -> Sequence[LedgerTotal]:
    known = sorted({entry.currency for entry in entries if entry.currency}) or [""]
    sums = {currency: LedgerTotal(key=key, tasks=0, currency=currency) for currency in known}
    priced = {currency: sum(_charge(one) for one in entries if one.currency == currency) for currency in known}
    first = max(known, key=lambda currency: priced[currency])
    for entry in entries:
        total, charge = sums[entry.currency or first], _charge(entry)
        open_part = charge if entry.confirmed is None else Decimal(0)
        sums[total.currency] = replace(
            total,
            tasks=total.tasks + entry.tasks,
            amount=total.amount + charge,
            unconfirmed=total.unconfirmed + open_part,
        )
    return list(sums.values())


def _charge(entry: LedgerEntry) -> Decimal:
    return Decimal(0) if entry.outcome is LedgerOutcome.CREDITED else entry.amount or Decimal(0)
