"""Decide which rows of the relay's billing log are whose. Pure functions.

Every row of a task belongs to one of the claims that led to it, so that the confirmed amounts add up to the bill.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from bot.entities import LedgerEntry, LedgerOutcome
from bot.relay.billing_log import BillingRow

MAX_ROW_LEAD: Final = timedelta(minutes=1)
MAX_ROW_DELAY: Final = timedelta(minutes=15)
"""How much earlier or later than its claim a row may be, by the relay's clock: a claim may wait up to ten minutes for a
full queue before its submit."""


_SEARCH_TIME: Final = timedelta(hours=1)
"""After this time no claim is found any more that a row may belong to."""


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
    """Gives each row of one reading, made at that time, to at most one entry."""

    def __init__(self, rows: Iterable[BillingRow], at: datetime) -> None:
        self._at = at
        self._rows = sorted((row for row in rows if row.quota >= 0), key=lambda row: row.billed_at)
        self._matches: dict[int, EntryRows] = {}
        self._owned: set[int] = set()

    @property
    def matches(self) -> Sequence[EntryRows]:
        """The entries that have rows."""
        return [match for match in self._matches.values() if match.rows]

    def match_request_ids(self, entries: Collection[LedgerEntry]) -> None:
        """Give rows to the entries whose requests they name."""
        by_id = {name: entry for entry in entries for name in entry.request_id.split()}
        for row in self._list_free():
            if row.request_id in by_id:
                self._take(row, by_id[row.request_id])

    def match_tasks(self, entries_of: Mapping[str, Sequence[LedgerEntry]]) -> None:
        """Give the rows of each task to the entries that led to it.

        A row for which no entry has room may be that of a claim whose answer is still searched for. Later it belongs to
        one of the entries all the same.
        """
        rows_of = _group(self._list_free(), lambda row: row.task_id)
        for task_id, entries in entries_of.items():
            if entries and task_id:
                models = {entry.model for entry in entries}
                for row in sorted(rows_of[task_id], key=lambda row: row.model not in models):
                    owner = self._choose(row, entries)
                    if self._get(owner).has_room or self._at - row.billed_at > _SEARCH_TIME:
                        self._take(row, owner)

    def match_nameless(self, entries: Collection[LedgerEntry], convert: Callable[[int], Decimal | None]) -> None:
        """Give rows that name no task to entries of the same model and time, so that as many as possible have theirs.

        Those of a face swap name none. Confirmed entries come first, as each has a row, and it must be no other's; then
        those that are known to have been accepted. `convert` returns the amount of a quota.
        """

        def rank(entry: LedgerEntry) -> tuple[bool, bool, datetime, int]:
            is_accepted = entry.outcome is not LedgerOutcome.UNKNOWN
            return entry.confirmed is not None, is_accepted, entry.made_at, entry.claim_id

        rows_of = _group((row for row in self._list_free() if not row.task_id), lambda row: row.model)
        sharing = _RowSharing()
        for entry in sorted(entries, key=rank, reverse=True):
            match = self._get(entry)
            rows = _list_possible(rows_of, entry)
            same_amount = [row for row in rows if entry.confirmed is not None and convert(row.quota) == entry.confirmed]
            sharing.add(match, sorted(same_amount or rows, key=lambda row: abs(row.billed_at - entry.made_at)))
            while match.has_room and sharing.find_row(match):
                pass
        self._owned.update(sharing.owners)

    def reserve_lost(self, entries: Collection[LedgerEntry], entries_of: Mapping[str, Sequence[LedgerEntry]]) -> None:
        """Keep from the others a row for each lost entry that an earlier reading confirmed.

        Nothing names that row. It is one of a task that no claim led to, unless that claim was found since then; the
        dearest of them, so that the others are never confirmed for more than what is left of the bill.
        """
        settled = {task_id for task_id, own in entries_of.items() if all(one.confirmed is not None for one in own)}
        named = (row for row in self._list_free() if row.task_id and row.task_id not in settled)
        rows_of = _group(named, lambda row: row.model)
        for entry in self._list_lost(entries, entries_of):
            if entry.confirmed is not None:
                own = [row for row in _list_possible(rows_of, entry) if id(row) not in self._owned]
                own.sort(key=lambda row: (row.task_id in entries_of, -row.quota))
                self._owned.update(id(row) for row in own[:1])

    def match_lost(self, entries: Collection[LedgerEntry], entries_of: Mapping[str, Sequence[LedgerEntry]]) -> None:
        """Give rows of tasks that no claim led to to lost entries of their model and time.

        Only where there are not more such rows than lost entries: the key may serve other applications too.
        """
        named = (row for row in self._list_free() if row.task_id and row.task_id not in entries_of)
        rows_of = _group(named, lambda row: row.model)
        lost = [entry for entry in self._list_lost(entries, entries_of) if entry.confirmed is None]
        possible = [_list_possible(rows_of, entry) for entry in lost]
        claimants = Counter(id(row) for own in possible for row in own)
        for entry, own in zip(lost, possible, strict=True):
            free = [row for row in own if id(row) not in self._owned]
            if free and len(own) <= min(claimants[id(row)] for row in own):
                self._take(free[0], entry)

    def _list_lost(
        self, entries: Collection[LedgerEntry], entries_of: Mapping[str, Sequence[LedgerEntry]]
    ) -> Sequence[LedgerEntry]:
        """Return the entries without a task and a row whose search is long over, oldest first."""
        known = {entry.claim_id for own in entries_of.values() for entry in own}
        lost = [
            entry
            for entry in entries
            if entry.outcome is LedgerOutcome.UNKNOWN
            and not entry.task_id
            and entry.claim_id not in known
            and not self._get(entry).rows
            and self._at - entry.made_at > _SEARCH_TIME
        ]
        return sorted(lost, key=lambda entry: (entry.made_at, entry.claim_id))

    def _choose(self, row: BillingRow, entries: Sequence[LedgerEntry]) -> LedgerEntry:
        """Choose the entry of a task that a row was billed for: of its model, with room, and the nearest in time."""

        def rank(entry: LedgerEntry) -> tuple[bool, bool, bool, timedelta]:
            is_early = row.billed_at < entry.made_at - MAX_ROW_LEAD
            return not self._get(entry).has_room, entry.model != row.model, is_early, abs(row.billed_at - entry.made_at)

        return min(entries, key=rank)

    def _get(self, entry: LedgerEntry) -> EntryRows:
        return self._matches.setdefault(entry.claim_id, EntryRows(entry))

    def _take(self, row: BillingRow, entry: LedgerEntry) -> None:
        self._owned.add(id(row))
        self._get(entry).rows.append(row)

    def _list_free(self) -> Sequence[BillingRow]:
        return [row for row in self._rows if id(row) not in self._owned]


class _RowSharing:
    """Shares rows among entries that may each have several of them, so that the most entries have rows.

    An entry never loses a row without getting another one (an augmenting path of a bipartite matching).
    """

    def __init__(self) -> None:
        self.owners: dict[int, EntryRows] = {}
        """The owner of each row that has one, by the row's identity."""
        self._possible: dict[int, Sequence[BillingRow]] = {}
        self._exhausted: set[int] = set()
        """The rows that a search has found and from which no path leads to a free row, now or later."""

    def add(self, match: EntryRows, possible: Sequence[BillingRow]) -> None:
        """Add an entry with the rows that it may have, the likeliest first."""
        self._possible[match.entry.claim_id] = possible

    def find_row(self, match: EntryRows) -> bool:
        """Give one more row to an entry, for which other entries may change theirs; return whether there is one."""
        found_by: dict[int, EntryRows] = {}
        given_up: dict[int, BillingRow] = {}
        searching = deque([match])
        while searching:
            taker = searching.popleft()
            for row in self._possible[taker.entry.claim_id]:
                if id(row) in found_by or id(row) in self._exhausted:
                    continue
                found_by[id(row)] = taker
                owner = self.owners.get(id(row))
                if owner is None:
                    self._pass_on(row, match, found_by, given_up)
                    return True
                if owner is not match and owner.entry.claim_id not in given_up:
                    given_up[owner.entry.claim_id] = row
                    searching.append(owner)
        self._exhausted.update(found_by)
        return False

    def _pass_on(
        self, row: BillingRow, match: EntryRows, found_by: Mapping[int, EntryRows], given_up: Mapping[int, BillingRow]
    ) -> None:
        """Give a free row to the entry that found it, the row that this one gives up to the one before, and so on."""
        while True:
            taker = found_by[id(row)]
            self.owners[id(row)] = taker
            taker.rows.append(row)
            if taker is match:
                return
            row = given_up[taker.entry.claim_id]
            taker.rows[:] = [one for one in taker.rows if one is not row]


def drop_repeats(rows: Iterable[BillingRow]) -> Sequence[BillingRow]:
    """Return the rows in their order, only the dearest of those that name the same request and task."""
    kept: dict[tuple[str, str] | int, BillingRow] = {}
    for number, row in enumerate(rows):
        key = (row.request_id, row.task_id) if row.request_id else number
        if key not in kept or kept[key].quota < row.quota:
            kept[key] = row
    return list(kept.values())


def _group(rows: Iterable[BillingRow], key: Callable[[BillingRow], str]) -> defaultdict[str, list[BillingRow]]:
    groups: defaultdict[str, list[BillingRow]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def _list_possible(rows_of: Mapping[str, Sequence[BillingRow]], entry: LedgerEntry) -> Sequence[BillingRow]:
    """Return the rows, grouped by model and sorted by time, of an entry's model and time and of no other request."""
    rows = rows_of.get(entry.model, ())
    since = bisect_left(rows, entry.made_at - MAX_ROW_LEAD, key=lambda row: row.billed_at)
    until = bisect_right(rows, entry.made_at + MAX_ROW_DELAY, key=lambda row: row.billed_at)
    return [row for row in rows[since:until] if not _names_other(row, entry)]


def _names_other(row: BillingRow, entry: LedgerEntry) -> bool:
    """Return whether a row names another request than an entry does: the rows of its own are its already."""
    return bool(row.request_id and entry.request_id)
