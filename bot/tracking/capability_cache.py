"""What the relay is known to lack, as live messages show it: asked of the store once a minute, not at each drawing."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from bot.clock import Now
from bot.errors import StoreUnavailable
from bot.ports import Store

_LASTS = timedelta(minutes=1)


class CapabilityCache:
    """Remembers the refusals; while the store is away the last that it told."""

    def __init__(self, store: Store, now: Now) -> None:
        self._store = store
        self._now = now
        self._until: datetime | None = None
        self._refused: Mapping[str, str] = {}

    async def missing_capabilities(self) -> Mapping[str, str]:
        """Return the abilities that the relay lacks, with the reason."""
        now = self._now()
        if self._until is None or now >= self._until:
            self._until = now + _LASTS
            with suppress(StoreUnavailable):
                self._refused = await self._store.find_missing_capabilities(now)
        return self._refused

    def invalidate(self) -> None:
        """Ask the store the next time: something was learnt."""
        self._until = None
