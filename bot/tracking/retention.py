"""Forgets what has ended long ago; the buttons below those messages go on working by fetching."""

import logging
from datetime import timedelta

from bot.clock import Clock
from bot.errors import StoreUnavailable
from bot.ports import ProcessLeases, Store

log = logging.getLogger(__name__)

_EVERY_SECONDS = 3600.0
_FIRST_SECONDS = 60.0
"""After a start, when there is more urgent work."""
_DEAD = timedelta(days=1)


class Retention:
    """Deletes rows older than `days`, once an hour."""

    def __init__(self, store: Store, fleet: ProcessLeases, *, days: float, clock: Clock) -> None:
        self._store = store
        self._fleet = fleet
        self._age = timedelta(days=days)
        self._clock = clock

    async def run(self) -> None:
        """Sweep until cancelled."""
        await self._clock.sleep(_FIRST_SECONDS)
        while True:
            await self.delete_old_rows()
            await self._clock.sleep(_EVERY_SECONDS)

    async def delete_old_rows(self) -> None:
        """Delete what is old enough, now; a store that is gone is tried again next time."""
        try:
            forgotten = await self._store.delete_expired(self._clock.now() - self._age)
            await self._fleet.delete_dead_processes(_DEAD)
        except StoreUnavailable as gone:
            log.warning("Old rows could not be deleted: %s.", gone)
        else:
            if forgotten:
                log.info("Forgot %d old messages and tasks.", forgotten)
