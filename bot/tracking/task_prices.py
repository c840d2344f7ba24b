"""What tasks cost, for the messages of the people who requested them."""

import logging
from collections.abc import Sequence
from decimal import Decimal

from bot.entities import Job, LedgerEntry, LedgerOutcome
from bot.errors import StoreUnavailable
from bot.ports import Store
from bot.scene import TaskPrice

log = logging.getLogger(__name__)

_MAX_KNOWN = 20_000


class TaskPrices:
    """Reads what tasks cost: once while they run, and again at their end. Port: `store`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[int, TaskPrice | None] = {}
        """The prices of running tasks, by message; one that nobody knows is None."""

    async def find(self, job: Job, *, is_final: bool) -> TaskPrice | None:
        """Return what the task of a paid job costs; None where that is not known, or not now.

        `is_final`: the task has ended, so that the ledger may know by now whether the relay credits it.
        """
        if not job.claim_id or not job.task_id:
            return None
        if not is_final and job.id in self._known:
            return self._known[job.id]
        try:
            entries = (await self._store.ledger.list_entries_of_tasks([job.task_id])).get(job.task_id, ())
        except StoreUnavailable as gone:
            log.debug("The price of task %s is not read: %s", job.task_id, gone)
            return self._known.get(job.id)
        price = add_up_price([entry for entry in entries if entry.person_id == job.requester.id])
        self._known.pop(job.id, None)
        if not is_final:
            while len(self._known) >= _MAX_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[job.id] = price
        return price


def add_up_price(entries: Sequence[LedgerEntry]) -> TaskPrice | None:
    """Return what one person's claims that led to one task cost together; None where one of the prices is not known."""
    charged = [entry for entry in entries if entry.tasks]
    amounts = [amount for entry in charged if (amount := _get_amount_per_task(entry)) is not None]
    currencies = {entry.currency for entry in charged}
    if len(amounts) < len(charged) or len(currencies) != 1:
        return None
    return TaskPrice(
        amount=sum(amounts, Decimal(0)),
        currency=currencies.pop(),
        is_confirmed=all(entry.confirmed is not None for entry in charged),
        is_credited=all(entry.outcome is LedgerOutcome.CREDITED for entry in charged),
    )


def _get_amount_per_task(entry: LedgerEntry) -> Decimal | None:
    """Return the price of one of the tasks of a claim: only "Imagine all", which is an IMAGINE, makes several.

    Another claim with two counts a modal's window, and the modal.
    """
    if entry.amount is None or entry.action != "IMAGINE" or entry.tasks < 2:
        return entry.amount
    return entry.amount / entry.tasks
