"""Complete the ledger in the background: confirm amounts from the relay's log, and write how tasks ended."""

import logging
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from bot.billing.log_matches import MAX_ROW_DELAY, MAX_ROW_LEAD, EntryRows, LogMatcher, drop_repeats
from bot.clock import Clock
from bot.entities import LedgerEntry, LedgerFilter, LedgerOutcome
from bot.errors import StoreUnavailable
from bot.metrics import LEDGER_UNCONFIRMED
from bot.money import MAX_AMOUNT
from bot.policy.prices import PriceList
from bot.ports import Ledger
from bot.relay.billing_log import BillingLogReader, BillingReading, BillingRow
from bot.retry import STORE_OUTAGE

log = logging.getLogger(__name__)

_FIRST_SECONDS: Final = 30.0
_MIN_SECONDS, _MAX_SECONDS = 300.0, 600.0
_MAX_READING_AGE: Final = 60.0
"""How old a reading may be that something else has caused, in seconds."""
_SPARE_CALLS: Final = 8
"""How many calls of the relay's rate limit are left to searches for lost answers, for which people wait."""
_GIVE_UP_AFTER: Final = timedelta(days=3)
"""After this time no row is expected any more: the entry's price stays "about"."""
_MAX_ENTRIES: Final = 3000
"""How many entries one reading is compared with; a reading has at most 2,000 rows."""
_REPAIRS: Final = 500


class LedgerKeeper:
    """Reads the relay's log every five to ten minutes while there are entries that no row has confirmed.

    A relay without a log, or with one that is disabled, cut or in unknown units, leaves them as they are.
    """

    def __init__(
        self,
        ledger: Ledger,
        billing_log: BillingLogReader,
        prices: PriceList,
        *,
        clock: Clock,
        random_fraction: Callable[[], float] = random.random,
    ) -> None:
        self._ledger = ledger
        self._log = billing_log
        self._prices = prices
        self._clock = clock
        self._random_fraction = random_fraction
        self._has_learned = False

    async def run(self) -> None:
        """Complete the ledger again and again, until cancelled; no failure ends it."""
        await self._clock.sleep(_FIRST_SECONDS)
        while True:
            try:
                await self.complete()
            except Exception:
                log.exception("The ledger is not completed by a programming error; the next round tries again.")
            await self._clock.sleep(_MIN_SECONDS + (_MAX_SECONDS - _MIN_SECONDS) * self._random_fraction())

    async def complete(self) -> None:
        """Complete what can be completed now; if the store is unavailable, leave it to the next time."""
        try:
            await self._ledger.repair_outcomes(_REPAIRS)
            since = self._clock.now() - _GIVE_UP_AFTER
            # After a start the log is read once for its prices, which are kept in memory.
            if not self._has_learned or await self._ledger.list_unconfirmed(since, 1):
                reading = await self._log.read(self._clock.monotonic() - _MAX_READING_AGE, spare_calls=_SPARE_CALLS)
                if reading is not None and reading.page.rows:
                    await self._confirm(reading, since)
                    self._has_learned = self._prices.convert_quota(1) is not None
            LEDGER_UNCONFIRMED.set(len(await self._ledger.list_unconfirmed(since, _MAX_ENTRIES)))
        except StoreUnavailable as gone:
            STORE_OUTAGE.report(log, "The ledger is not completed.", gone)

    async def _confirm(self, reading: BillingReading, since: datetime) -> None:
        """Confirm the entries that one reading of the log shows, and learn the prices in it."""
        rows = drop_repeats(row for row in reading.page.rows if row.is_midjourney)
        if not rows or self._prices.convert_quota(1) is None:
            return
        oldest = max(since, rows[-1].billed_at - MAX_ROW_DELAY)
        matcher = LogMatcher(rows, reading.time)
        entries_of = await self._ledger.list_entries_of_tasks({row.task_id for row in rows})
        unconfirmed = await self._ledger.list_unconfirmed(oldest, _MAX_ENTRIES)
        known = [entry for entries in entries_of.values() for entry in entries]
        # Confirmed entries too: their rows are no other's.
        possible = await self._list_entries_of(rows)
        matcher.match_request_ids([*unconfirmed, *known, *possible])
        matcher.reserve_lost(possible, entries_of)
        matcher.match_tasks(entries_of)
        matcher.match_nameless(possible, self._prices.convert_quota)
        matcher.match_lost(unconfirmed, entries_of)
        amounts = {
            match.entry.claim_id: amount
            for match in matcher.matches
            if (amount := self._add_up(match, reading.time)) is not None and self._is_new(match, amount)
        }
        billed: dict[str, Decimal] = defaultdict(Decimal)
        for row in rows:
            billed[row.task_id] += self._convert(row) or 0
        for task_id, entries in entries_of.items():
            comparable = [one if self._is_comparable(one) else replace(one, confirmed=None) for one in entries]
            remove_excess(amounts, comparable, billed[task_id])
        await self._ledger.confirm(amounts, self._prices.currency)
        for match in sorted(matcher.matches, key=lambda match: match.rows[-1].billed_at):
            self._learn(match)
        if amounts:
            log.info("The relay's log confirmed the prices of requests: %d.", len(amounts))

    async def _list_entries_of(self, rows: Sequence[BillingRow]) -> Sequence[LedgerEntry]:
        """Return the entries of the rows' models and times, confirmed or not."""
        wanted = LedgerFilter(since=rows[-1].billed_at - MAX_ROW_DELAY, before=rows[0].billed_at + MAX_ROW_LEAD)
        models = {row.model for row in rows}
        entries = await self._ledger.list_entries(wanted, limit=_MAX_ENTRIES)
        return [entry for entry in entries if entry.model in models and entry.outcome is not LedgerOutcome.REFUSED]

    def _add_up(self, match: EntryRows, at: datetime) -> Decimal | None:
        """Return what an entry's rows cost together; None while rows may be missing, or where it cannot be true."""
        if not match.is_settled(at):
            return None
        amounts = [self._convert(row) for row in match.rows]
        known = [amount for amount in amounts if amount is not None]
        total = sum(known, Decimal(0))
        return total if len(known) == len(amounts) and total <= MAX_AMOUNT else None

    def _is_comparable(self, entry: LedgerEntry) -> bool:
        return entry.currency == self._prices.currency

    def _is_new(self, match: EntryRows, amount: Decimal) -> bool:
        """Return whether an amount is to be written: a larger one, or all of it in the currency of now."""
        entry = match.entry
        if entry.confirmed is None or self._is_comparable(entry):
            return amount > (entry.confirmed or -1)
        return not match.has_room

    def _learn(self, match: EntryRows) -> None:
        # A single row of a press that made several tasks is the price of all of them.
        if len(match.rows) < match.entry.tasks:
            return
        for row in match.rows:
            if (amount := self._convert(row)) is not None:
                self._prices.learn(row.model, match.entry.speed, amount, self._prices.currency)

    def _convert(self, row: BillingRow) -> Decimal | None:
        return self._prices.convert_quota(row.quota)


def remove_excess(amounts: dict[int, Decimal], entries: Sequence[LedgerEntry], billed: Decimal) -> None:
    """Remove amounts by which a task's entries would be confirmed for more than its rows say.

    Its rows may have been given to another of its entries before a claim was found that they belong to.
    """
    left = billed - sum((entry.confirmed or Decimal(0) for entry in entries), Decimal(0))
    for entry in entries:
        if entry.claim_id in amounts:
            left -= amounts[entry.claim_id] - (entry.confirmed or Decimal(0))
            if left < 0:
                left += amounts.pop(entry.claim_id) - (entry.confirmed or Decimal(0))
