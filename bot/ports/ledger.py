"""The ledger, as the use cases read and complete it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Protocol

from bot.entities import LedgerEntry, LedgerFilter, LedgerGroup, LedgerOutcome, LedgerTotal


class Ledger(Protocol):
    """What each claim cost. Every method raises StoreUnavailable where the database does not answer."""

    async def list_entries(self, wanted: LedgerFilter, *, limit: int, skip: int = 0) -> Sequence[LedgerEntry]:
        """Return entries, newest first."""
        ...

    async def add_up(self, wanted: LedgerFilter, group: LedgerGroup, zone: tzinfo) -> Sequence[LedgerTotal]:
        """Add up entries that were not refused, by group, the largest amount first; days begin in `zone`, in order."""
        ...

    async def list_unconfirmed(self, since: datetime, limit: int) -> Sequence[LedgerEntry]:
        """Return entries that may have been charged and that no row of the relay's log confirmed, oldest first."""
        ...

    async def list_entries_of_tasks(self, task_ids: Collection[str]) -> Mapping[str, Sequence[LedgerEntry]]:
        """Return the entries of the claims that led to each of the tasks, oldest first; refused ones are left out."""
        ...

    async def confirm(self, amounts: Mapping[int, Decimal], currency: str) -> None:
        """Write what the relay's log says that claims cost, by claim; an amount never gets smaller.

        One in another currency, which the relay showed before, is replaced.
        """
        ...

    async def save_outcomes(self, task_ids: Collection[str], outcome: LedgerOutcome) -> None:
        """Write how tasks ended into the claims that led to them."""
        ...

    async def repair_outcomes(self, limit: int) -> int:
        """Write the outcomes of claims that were settled after their task had ended; return how many tasks those were.

        Saving a final snapshot writes the outcomes of the claims that were settled before.
        """
        ...

    async def delete_older_than(self, before: datetime) -> int:
        """Delete what the ledger knows of claims from before then, but not the claims; return how many there were."""
        ...
