"""Delete rows that ended long ago; the buttons of their messages still work, by reading the task again."""

import logging
from datetime import timedelta

from bot.clock import Clock
from bot.errors import StoreUnavailable
from bot.ports import PersonalData, ProcessLeases, ReportsStore, RulesStore, Store
from bot.retry import STORE_OUTAGE

log = logging.getLogger(__name__)

_INTERVAL_SECONDS = 3600.0
_FIRST_SECONDS = 60.0
"""After a start, when other work is more urgent."""
_DEAD_PROCESS_AGE = timedelta(days=1)


class Retention:
    """Deletes rows older than `days`, once an hour; rows are old if they are so by every clock.

    Interaction tokens are cleared once they have expired, and words of people who deleted their data are blanked where
    the relay sent them again. What the ledger knows of claims, and the audit of the rules, is deleted after
    `ledger_days`.
    """

    def __init__(
        self,
        store: Store,
        leases: ProcessLeases,
        rules: RulesStore,
        reports: ReportsStore,
        personal_data: PersonalData,
        *,
        days: float,
        ledger_days: int,
        clock: Clock,
    ) -> None:
        self._store = store
        self._leases = leases
        self._rules = rules
        self._reports = reports
        self._personal_data = personal_data
        self._max_age = timedelta(days=days)
        self._max_ledger_age = timedelta(days=ledger_days)
        self._clock = clock

    async def run(self) -> None:
        """Delete old rows every hour until cancelled."""
        await self._clock.sleep(_FIRST_SECONDS)
        while True:
            await self.delete_old_rows()
            await self._clock.sleep(_INTERVAL_SECONDS)

    async def delete_old_rows(self) -> None:
        """Delete the rows that are old enough now; if the store is unavailable, leave it to the next hour."""
        try:
            count = await self._store.delete_expired(self._clock.find_earliest(), self._max_age)
            count += await self._reports.delete_old_reports(self._clock.find_earliest() - self._max_age)
            await self._store.clear_expired_tokens(self._clock.find_earliest())
            blanked = await self._personal_data.blank_returned_words()
            await self._leases.delete_dead_processes(_DEAD_PROCESS_AGE)
            before = self._clock.find_earliest() - self._max_ledger_age
            entries = await self._store.ledger.delete_older_than(before)
            changes = await self._rules.delete_old_changes(before)
        except StoreUnavailable as gone:
            STORE_OUTAGE.report(log, "Old rows are not deleted.", gone)
        else:
            if count:
                log.info("Old messages, tasks and reports deleted: %d.", count)
            if blanked:
                log.info("Prompts of people who deleted their data, removed once more: %d.", blanked)
            if entries or changes:
                log.info(
                    "Deleted as old as LEDGER_DAYS: %d entries of the ledger, %d changes of rules.", entries, changes
                )
