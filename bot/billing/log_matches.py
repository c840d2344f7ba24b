"""Decide which rows of the relay's billing log are whose. Pure functions.

Every row of a task belongs to one of the claims that led to it, so that the confirmed amounts add up to the bill.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.entities import LedgerEntry, LedgerOutcome
from bot.relay.billing_log import BillingRow

MAX_ROW_LEAD: Final = timedelta(minutes=1)
MAX_ROW_DELAY: Final = timedelta(minutes=15)
"""How much earlier or later than its claim a row may be, by the relay's clock: a claim may wait up to ten minutes for a
full queue before its submit."""


@dataclass
class EntryRows:
    """An entry of the ledger, and the rows of the log that were billed for it."""

    entry: LedgerEntry
    rows: list[BillingRow] = field(default_factory=list[BillingRow])

    @property
    def has_room(self) -> bool:
        """Whether the relay bills more requests for the entry than it has rows."""
        return len(self.rows) < self.entry.tasks

    def is_settled(self, at: datetime) -> bool:
        """Whether a log that was read then certainly shows all rows of the entry.

        A request whose number of rows is not what was expected has them all after the time that a row may take.
        """
        return not self.has_room or at - self.entry.made_at > MAX_ROW_DELAY


class LogMatcher:
    """Gives each row of one reading to at most one entry."""

    def __init__(self, rows: Iterable[BillingRow]) -> None:
        self._free = sorted((row for row in rows if row.quota >= 0), key=lambda row: row.billed_at)
        self._matches: dict[int, EntryRows] = {}

    @property
    def matches(self) -> Sequence[EntryRows]:
        """The entries that have rows."""
        return [match for match in self._matches.values() if match.rows]

    def match_request_ids(self, entries: Collection[LedgerEntry]) -> None:
        """Give rows to the entries whose requests they name."""
        by_id = {name: entry for entry in entries for name in entry.request_id.split()}
        self._take({id(row): by_id[row.request_id] for row in self._free if row.request_id in by_id})

    def match_tasks(self, entries_of: Mapping[str, Sequence[LedgerEntry]]) -> None:
        """Give all rows of each task to the entries that led to it."""
        rows_of: dict[str, list[BillingRow]] = defaultdict(list)
        for row in self._free:
            rows_of[row.task_id].append(row)
        for task_id, entries in entries_of.items():
            if entries and task_id:
                for row in sorted(rows_of[task_id], key=lambda row: not self._names_model(row, entries)):
                    self._take({id(row): self._choose(row, entries)})

    def match_nameless(self, entries: Collection[LedgerEntry]) -> None:
        """Give rows that name no task to entries of the same model, each the latest row of its time.

        Those of a face swap name none. An entry that is known to have been accepted comes first.
        """

        def rank(entry: LedgerEntry) -> tuple[bool, datetime, int]:
            return entry.outcome is not LedgerOutcome.UNKNOWN, entry.made_at, entry.claim_id

        for entry in sorted(entries, key=rank, reverse=True):
            room = entry.tasks - len(self._get(entry).rows)
            own = [row for row in self._free if _may_be_of(row, entry)]
            self._take({id(row): entry for row in own[max(len(own) - room, 0) :]} if room > 0 else {})

    def _choose(self, row: BillingRow, entries: Sequence[LedgerEntry]) -> LedgerEntry:
        """Choose the entry of a task that a row was billed for: of its model, with room, and the nearest in time."""

        def rank(entry: LedgerEntry) -> tuple[bool, bool, bool, timedelta]:
            is_early = row.billed_at < entry.made_at - MAX_ROW_LEAD
            return not self._get(entry).has_room, entry.model != row.model, is_early, abs(row.billed_at - entry.made_at)

        return min(entries, key=rank)

    @staticmethod
    def _names_model(row: BillingRow, entries: Sequence[LedgerEntry]) -> bool:
        return any(entry.model == row.model for entry in entries)

    def _get(self, entry: LedgerEntry) -> EntryRows:
        return self._matches.setdefault(entry.claim_id, EntryRows(entry))

    def _take(self, owners: Mapping[int, LedgerEntry]) -> None:
        for row in [row for row in self._free if id(row) in owners]:
            self._get(owners[id(row)]).rows.append(row)
        self._free = [row for row in self._free if id(row) not in owners]


def _may_be_of(row: BillingRow, entry: LedgerEntry) -> bool:
    """Return whether a row that names no task may be an entry's: not if both name requests, which differ."""
    if row.task_id or row.model != entry.model or (row.request_id and entry.request_id):
        return False
    return entry.made_at - MAX_ROW_LEAD <= row.billed_at <= entry.made_at + MAX_ROW_DELAY
