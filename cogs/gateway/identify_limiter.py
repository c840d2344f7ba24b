"""Limit how often shards IDENTIFY, so that a restart loop does not use up the 1,000 session starts of a day.

A process that is restarted every few seconds remembers nothing, and processes know nothing of each other; but each can
ask Discord how many session starts are left. Discord resets the token of a bot that has used all of them.
"""

import asyncio
import logging
import math
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cogs.messaging.rate_limits import RateLimitWindow

log = logging.getLogger(__name__)

_OWN_LIMITS = ((10, 600.0), (200, 86_400.0))
"""How many times one shard of this process may IDENTIFY in how many seconds, even if Discord allows more."""

_RESERVE = 0.05
"""The share of a day's session starts that is kept for other processes' simultaneous starts and for manual restarts."""

_LONGEST_SPREAD_SECONDS = 900.0

_FRESH_SECONDS = 5.0
"""How long an answer of Discord is used."""

_RECHECK_SECONDS = 600.0
"""How often Discord is asked again during a long wait: the limit may have changed."""

_LOGGED_WAIT_SECONDS = 1.0

FetchStartLimit = Callable[[], Awaitable[Mapping[str, Any] | None]]
"""Fetches the `session_start_limit` of `GET /gateway/bot`; None if Discord cannot be reached."""


@dataclass(frozen=True)
class SessionStartLimit:
    """Discord's count of the session starts of all processes; both times are seconds of one monotonic clock."""

    total: int
    remaining: int
    fetched_at: float
    resets_at: float


def compute_reserve(limit: SessionStartLimit, shards: int) -> int:
    """Return how many session starts are kept in reserve: 5% of a day's, and at least one for each shard."""
    return max(math.ceil(limit.total * _RESERVE), shards)


def is_at_reserve(limit: SessionStartLimit, shards: int) -> bool:
    """Whether so many more session starts would use the reserve."""
    return limit.remaining - shards < compute_reserve(limit, shards)


def next_identify_at(limit: SessionStartLimit, shards: int, since: float) -> float:
    """Return when so many shards may IDENTIFY; `since` is this process's last IDENTIFY, or its start.

    That is at once while more than half of the day's session starts are left. Then those above the reserve are spread
    evenly over the time until the reset, and at the reserve it is the reset.
    """
    if limit.remaining >= shards and limit.remaining > limit.total / 2:
        return since
    if is_at_reserve(limit, shards):
        return limit.resets_at
    spare = limit.remaining - compute_reserve(limit, shards)
    # A restarted process starts this wait again, so it must be short; the reserve protects the rest.
    return since + min(shards * (limit.resets_at - limit.fetched_at) / spare, _LONGEST_SPREAD_SECONDS)


class IdentifyLimiter:
    """Lets shards wait until they may IDENTIFY; discord.py itself answers every op 9 with another IDENTIFY."""

    def __init__(
        self,
        ask: FetchStartLimit,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ask = ask
        self._now = now
        self._sleep = sleep
        self._own: dict[int, RateLimitWindow] = defaultdict(lambda: RateLimitWindow(_OWN_LIMITS))
        self._limit: SessionStartLimit | None = None
        self._asked_at = -math.inf
        self._asking = asyncio.Lock()
        self._granted: set[int] = set()
        self._last: float | None = None
        self._logged_until: dict[str, float] = {}
        self._waiting = 0

    @property
    def has_waiting_shards(self) -> bool:
        """Whether a shard has no connection only because it may not IDENTIFY yet."""
        return self._waiting > 0

    def update_limit(self, limit: Mapping[str, Any] | None) -> None:
        """Store the limit of Discord's answer; without one, the previous limit stays valid until its reset."""
        self._asked_at = now = self._now()
        try:
            total, remaining, reset_after_ms = (
                int((limit or {})[key]) for key in ("total", "remaining", "reset_after")
            )
        except (LookupError, TypeError, ValueError):
            if self._limit is not None and self._limit.resets_at <= now:
                self._limit = None
            return
        # Shards that may IDENTIFY and have not done so are not in Discord's count yet.
        resets_at = now + max(1.0, reset_after_ms / 1000)
        self._limit = SessionStartLimit(total, remaining - len(self._granted), now, resets_at)

    async def wait_until_allowed(self, shards: Collection[int]) -> None:
        """Wait until these shards may IDENTIFY together; call it without an open socket, which Discord would close."""
        unused = self._granted.intersection(shards)  # the connections of these failed
        self._granted -= unused
        self._adjust_remaining(len(unused))
        started_at = self._now()
        self._waiting += 1
        try:
            while (pause := await self._find_pause(shards, started_at)) > 0:
                await self._sleep(min(pause, _RECHECK_SECONDS))
        finally:
            self._waiting -= 1
        self._granted.update(shards)
        self._adjust_remaining(-len(shards))
        self._last = self._now()

    async def acquire(self, shard_id: int) -> None:
        """Wait until the shard may IDENTIFY, and count the IDENTIFY that it sends next."""
        if shard_id not in self._granted:
            await self.wait_until_allowed({shard_id})
        self._granted.discard(shard_id)
        self._last = self._now()
        self._own[shard_id].record_use(self._last)

    def count_recent(self, shard_id: int) -> int:
        """Return how often the shard has sent IDENTIFY in the last ten minutes, up to 10."""
        return self._own[shard_id].count_uses_since(self._now() - _OWN_LIMITS[0][1])

    async def _find_pause(self, shards: Collection[int], started_at: float) -> float:
        """Return for how many seconds these shards may not IDENTIFY yet, and log the reason."""
        now = self._now()
        limit = await self._refresh_limit()
        since = started_at if self._last is None else self._last
        discord_at = next_identify_at(limit, len(shards), since) if limit else now
        own_at = max((self._own[one].free_at(now) for one in shards), default=now)
        if limit and discord_at > now and discord_at >= own_at:
            self._log_discord_wait(limit, discord_at - now, at_reserve=is_at_reserve(limit, len(shards)))
        elif own_at > now:
            who = ", ".join(str(one) for one in sorted(shards))
            self._log_once(
                f"own {who}", own_at - now, "Shard %s connects too often: waiting %.0f s.", who, own_at - now
            )
        return max(discord_at, own_at) - now

    async def _refresh_limit(self) -> SessionStartLimit | None:
        """Return Discord's limit, fetched again if the answer is old."""
        async with self._asking:
            now = self._now()
            is_reset = self._limit is not None and self._limit.resets_at <= now
            if is_reset or now - self._asked_at > _FRESH_SECONDS:
                self.update_limit(await self._ask())
            return self._limit

    def _adjust_remaining(self, more: int) -> None:
        if self._limit is not None:
            self._limit = replace(self._limit, remaining=self._limit.remaining + more)

    def _log_discord_wait(self, limit: SessionStartLimit, seconds: float, *, at_reserve: bool) -> None:
        message = "Discord allows %d sessions a day, of which %d are left"
        message += (
            " and kept in reserve: waiting %.0f s, until the reset."
            if at_reserve
            else ": waiting %.0f s, so that they last until the reset."
        )
        self._log_once(f"Discord's {at_reserve}", seconds, message, limit.total, limit.remaining, seconds)

    def _log_once(self, what: str, seconds: float, message: str, *values: object) -> None:
        """Log the reason of a wait, once for each wait."""
        now = self._now()
        if seconds >= _LOGGED_WAIT_SECONDS and self._logged_until.get(what, now) <= now:
            log.warning(message, *values)
            self._logged_until[what] = now + seconds
