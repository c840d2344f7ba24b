"""The capabilities that the relay lacks, as learned from its refusals; the store keeps them for all processes."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from bot.clock import Now
from bot.errors import StoreUnavailable
from bot.ports import Store
from bot.retry import STORE_OUTAGE

log = logging.getLogger(__name__)

_MAX_AGE = timedelta(minutes=1)


class RelayCapabilities:
    """Reads and saves what the relay lacks; while the store is unavailable, the relay is asked again."""

    def __init__(self, store: Store, now: Now) -> None:
        self._store = store
        self._now = now
        self._valid_until: datetime | None = None
        self._missing: Mapping[str, str] = {}

    async def read_cached(self) -> Mapping[str, str]:
        """Return all that the relay lacks, with its reasons, read from the store at most once a minute."""
        now = self._now()
        if self._valid_until is None or now >= self._valid_until:
            self._valid_until = now + _MAX_AGE
            with suppress(StoreUnavailable):
                self._missing = await self._store.find_missing_capabilities(now)
        return self._missing

    async def find_refusal(self, capability: str) -> str | None:
        """Return why the relay lacks a capability; None where it has it, or while the store is unavailable."""
        with suppress(StoreUnavailable):
            return (await self._store.find_missing_capabilities(self._now())).get(capability)
        return None

    async def save_refusal(self, capability: str, reason: str, lifetime: timedelta) -> None:
        """Save that the relay lacks a capability, for so long; a lifetime of 0 says that it has it after all."""
        now = self._now()
        self._valid_until = None
        try:
            await self._store.save_missing_capability(capability, reason, at=now, until=now + lifetime)
        except StoreUnavailable as gone:
            STORE_OUTAGE.report(log, f"It is not saved that this relay lacks {capability}.", gone)

    async def forget_other_relay(self, address: str) -> None:
        """Forget what the relay at another address refused: MJ_API_URL has changed, or has been corrected."""
        try:
            forgotten = await self._store.clear_capabilities_of_other_relay(address, self._now())
        except StoreUnavailable as gone:
            STORE_OUTAGE.report(log, "Refusals of another relay are not forgotten.", gone)
            return
        if forgotten:
            log.info("MJ_API_URL has changed, so %d refusals are forgotten.", forgotten)
