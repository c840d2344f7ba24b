"""The relay's own log, read within the budget of its calls, and what a relay is known not to have."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.clock import Now
from bot.errors import ActionUnsupported, RelayBusy, RelayError
from bot.relay.account_rate_limiter import AccountRateLimiter
from bot.relay.billing_log import BillingPage

log = logging.getLogger(__name__)

_ABSENT: Final = timedelta(hours=1)
"""How long a relay is not asked again for a list that it does not have."""


@dataclass(frozen=True)
class BillingReading:
    """What the log said at that time."""

    read_at: datetime
    page: BillingPage


class MissingEndpoints:
    """Remembers which lists this relay does not have."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._until: dict[str, datetime] = {}

    def mark_missing(self, what: str) -> None:
        """Remember that it does not have this one."""
        self._until[what] = self._now() + _ABSENT

    def is_missing(self, what: str) -> bool:
        """Tell whether it is known to lack this one."""
        return what in self._until and self._now() < self._until[what]


class BillingLogReader:
    """The relay's log, read for all searches together: its calls are counted."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[BillingPage]],
        calls: AccountRateLimiter,
        absences: MissingEndpoints,
        now: Now,
    ) -> None:
        self._fetch = fetch
        self._calls = calls
        self._absences = absences
        self._now = now
        self._last: BillingReading | None = None
        self._one = asyncio.Lock()

    async def read(self, since: datetime) -> BillingReading | None:
        """Return what it says, read since then; None where it cannot be read."""
        async with self._one:
            if self._last is not None and self._last.read_at >= since:
                return self._last
            if self._absences.is_missing("log") or not self._calls.try_acquire():
                return None
            at = self._now()
            try:
                self._last = BillingReading(at, await self._fetch())
            except RelayBusy as busy:
                self._calls.pause(busy.retry_after)
            except ActionUnsupported:
                self._absences.mark_missing("log")
            except RelayError as error:
                log.info("The relay's log cannot be read: %s (%s).", type(error).__name__, error.reason)
            else:
                return self._last
            return None
