"""The capabilities that the relay lacks, read from the store once a minute instead of at each drawing."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from bot.clock import Now
from bot.errors import StoreUnavailable
from bot.ports import Store

_MAX_AGE = timedelta(minutes=1)


class CapabilityCache:
    """Keeps the missing capabilities; while the store is unavailable, those that it returned last."""

    def __init__(self, store: Store, now: Now) -> None:
        self._store = store
        self._now = now
        self._valid_until: datetime | None = None
        self._missing: Mapping[str, str] = {}

    async def missing_capabilities(self) -> Mapping[str, str]:
        """Return the capabilities that the relay lacks, with its reasons."""
        now = self._now()
        if self._valid_until is None or now >= self._valid_until:
            self._valid_until = now + _MAX_AGE
            with suppress(StoreUnavailable):
                self._missing = await self._store.find_missing_capabilities(now)
        return self._missing

    def invalidate(self) -> None:
        """Read from the store the next time, because a capability was just learned."""
        self._valid_until = None
