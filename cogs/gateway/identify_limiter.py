"""When a shard may IDENTIFY: Discord's own count decides, so that no platform's restarts use up a day's thousand.

A process that is restarted every few seconds remembers nothing, and several know nothing of each other; but all of
them can ask Discord how many are left. Discord resets the token of who uses up all of them.
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

_OWN = ((10, 600.0), (200, 86_400.0))
"""How many times one shard of this process may IDENTIFY, in how many seconds, whatever Discord says."""

_RESERVE = 0.05
"""The share of a day's IDENTIFYs that is left alone: for what other processes do at the same moment, and for people."""

_LONGEST_SPREAD_SECONDS = 900.0

_FRESH_SECONDS = 5.0
"""How long Discord's answer is good."""

_LOOK_SECONDS = 600.0
"""How often Discord is asked again while a long wait lasts: it may have changed its mind."""

_WORTH_TELLING_SECONDS = 1.0

FetchStartLimit = Callable[[], Awaitable[Mapping[str, Any] | None]]
"""Gives the `session_start_limit` of `GET /gateway/bot`, None where Discord cannot be asked."""


@dataclass(frozen=True)
class SessionStartLimit:
    """Discord's count of the IDENTIFYs of all processes; its two moments are seconds of one monotonic clock."""

    total: int
    remaining: int
    fetched_at: float
    resets_at: float


def compute_reserve(limit: SessionStartLimit, shards: int) -> int:
    """Return how many IDENTIFYs are left alone: 5 % of a day's, and at least those of one more start."""
    return max(math.ceil(limit.total * _RESERVE), shards)


def is_at_reserve(limit: SessionStartLimit, shards: int) -> bool:
    """Tell whether so many more IDENTIFYs would go below the reserve."""
    return limit.remaining - shards < compute_reserve(limit, shards)


def next_identify_at(limit: SessionStartLimit, shards: int, since: float) -> float:
    """Return when so many shards may IDENTIFY; `since` is our last IDENTIFY, or our start, in seconds of that clock.

    While more than half of the day's is left: at once. Then what is left above the reserve is spread evenly over the
    time until Discord counts anew, and at the reserve that moment is waited for.
    """
    if limit.remaining >= shards and limit.remaining > limit.total / 2:
        return since
    if is_at_reserve(limit, shards):
        return limit.resets_at
    spare = limit.remaining - compute_reserve(limit, shards)
    # Whoever is restarted begins this wait anew, and must get through it all the same: the reserve is what counts.
    return since + min(shards * (limit.resets_at - limit.fetched_at) / spare, _LONGEST_SPREAD_SECONDS)


class IdentifyLimiter:
    """Gives shards their turns to IDENTIFY: discord.py alone answers every op 9 with another, for ever."""

    def __init__(
        self,
        ask: FetchStartLimit,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ask = ask
        self._now = now
        self._sleep = sleep
        self._own: dict[int, RateLimitWindow] = defaultdict(lambda: RateLimitWindow(_OWN))
        self._limit: SessionStartLimit | None = None
        self._asked_at = -math.inf
        self._asking = asyncio.Lock()
        self._granted: set[int] = set()
        self._last: float | None = None
        self._told: dict[str, float] = {}
        self._waiting = 0

    @property
    def has_waiting_shards(self) -> bool:
        """Tell whether a shard is without a connection only because it may not IDENTIFY yet."""
        return self._waiting > 0

    def update_limit(self, said: Mapping[str, Any] | None) -> None:
        """Take over what Discord answered; what it last said stands until its reset where it says nothing."""
        self._asked_at = now = self._now()
        try:
            total, remaining, reset_after_ms = (int((said or {})[key]) for key in ("total", "remaining", "reset_after"))
        except (LookupError, TypeError, ValueError):
            if self._limit is not None and self._limit.resets_at <= now:
                self._limit = None
            return
        # Turns that were given and not used yet are not in Discord's count.
        resets_at = now + max(1.0, reset_after_ms / 1000)
        self._limit = SessionStartLimit(total, remaining - len(self._granted), now, resets_at)

    async def wait_until_allowed(self, shards: Collection[int]) -> None:
        """Wait until these shards may IDENTIFY together; best with no socket open, which would not last so long."""
        self._give_back(self._granted.intersection(shards))
        begun = self._now()
        self._waiting += 1
        try:
            while (pause := await self._pause(shards, begun)) > 0:
                await self._sleep(min(pause, _LOOK_SECONDS))
        finally:
            self._waiting -= 1
        self._granted.update(shards)
        self._count(-len(shards))
        self._last = self._now()

    async def acquire(self, shard_id: int) -> None:
        """Count a shard's IDENTIFY, which is sent next, once it may be."""
        if shard_id not in self._granted:
            await self.wait_until_allowed({shard_id})
        self._granted.discard(shard_id)
        self._last = self._now()
        self._own[shard_id].record_use(self._last)

    def count_recent(self, shard_id: int) -> int:
        """Return how often the shard had to IDENTIFY in the last ten minutes, 10 at most."""
        return self._own[shard_id].count_uses_since(self._now() - _OWN[0][1])

    async def _pause(self, shards: Collection[int], begun: float) -> float:
        """Return for how many seconds these shards are not to IDENTIFY yet, and say why."""
        now = self._now()
        limit = await self._known()
        since = begun if self._last is None else self._last
        discords = next_identify_at(limit, len(shards), since) if limit else now
        own = max((self._own[one].free_at(now) for one in shards), default=now)
        if limit and discords > now and discords >= own:
            self._tell_of(limit, discords - now, at_reserve=is_at_reserve(limit, len(shards)))
        elif own > now:
            who = ", ".join(str(one) for one in sorted(shards))
            self._tell(f"own {who}", own - now, "Shard %s has connected too often: waiting %.0f s.", who, own - now)
        return max(discords, own) - now

    async def _known(self) -> SessionStartLimit | None:
        """Return what Discord says, asked again where its answer is old."""
        async with self._asking:
            now = self._now()
            over = self._limit is not None and self._limit.resets_at <= now
            if over or now - self._asked_at > _FRESH_SECONDS:
                self.update_limit(await self._ask())
            return self._limit

    def _give_back(self, shards: Collection[int]) -> None:
        """Take back turns that came to nothing, as a connection did not stand."""
        self._granted.difference_update(shards)
        self._count(len(shards))

    def _count(self, more: int) -> None:
        if self._limit is not None:
            self._limit = replace(self._limit, remaining=self._limit.remaining + more)

    def _tell_of(self, limit: SessionStartLimit, seconds: float, *, at_reserve: bool) -> None:
        said = "Of %d connections a day Discord allows %d more, "
        said += (
            "which are kept in reserve: waiting %.0f s, until it counts anew."
            if at_reserve
            else "so the next waits %.0f s: they are to last until it counts anew."
        )
        self._tell(f"Discord's {at_reserve}", seconds, said, limit.total, limit.remaining, seconds)

    def _tell(self, what: str, seconds: float, said: str, *values: object) -> None:
        """Say once for each wait what is waited for."""
        now = self._now()
        if seconds >= _WORTH_TELLING_SECONDS and self._told.get(what, now) <= now:
            log.warning(said, *values)
            self._told[what] = now + seconds
