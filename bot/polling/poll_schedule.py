"""How often a task is read from the relay: plain functions, in seconds."""

import heapq
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.polling.watch_list import WatchedTask

_FACTORS_BY_AGE = ((300.0, 1.0), (1200.0, 2.0), (float("inf"), 4.0))
"""Up to this age, this many times the base interval: relax jobs take long and change rarely."""

_STALLED_SECONDS = 60.0
"""The interval for a task that has stalled."""
_MAX_OUTAGE_SECONDS = 60.0


@dataclass(frozen=True)
class PollSchedule:
    """`base_seconds` is POLL_SECONDS, `batch_size` how many ids go into one request."""

    base_seconds: float
    batch_size: int = 50
    outage_notice_seconds: float = 15.0
    """How long an outage lasts before messages show it."""
    stall_seconds: float = 600.0
    """How long a task may stay unchanged before messages show it, and the task is read less often."""
    random_fraction: Callable[[], float] = random.random

    def poll_interval(self, age: float, unchanged: float = 0.0) -> float:
        """Return the seconds until a task of that age is read again: at most 30 or the base, with 5% of jitter.

        A task that has stalled, `unchanged` for so long, is read once a minute.
        """
        factor = next(factor for limit, factor in _FACTORS_BY_AGE if age < limit)
        pause = min(self.base_seconds * factor, max(30.0, self.base_seconds))
        if unchanged >= self.stall_seconds:
            pause = max(pause, _STALLED_SECONDS)
        return pause * (0.95 + 0.1 * self.random_fraction())

    def spread(self, later: int, watched: int, batch_size: int) -> float:
        """Return after which part of its interval a batch is read again that fell due together with others.

        `later` of them come after it. So the batches that all begin at a start are spread over an interval, as far as
        `watched` tasks need that; otherwise all that ended within an interval would be drawn at the same moment.
        """
        return 1.0 - later / max(later + 1, watched / batch_size)

    def outage_interval(self, silence: float) -> float:
        """Return the seconds until the next read in an outage that has lasted `silence`: as long again, at most 60."""
        return min(max(self.base_seconds, silence), _MAX_OUTAGE_SECONDS) * (0.75 + 0.5 * self.random_fraction())

    def fill_batch(self, due: list[WatchedTask], others: Iterable[WatchedTask], now: float) -> list[WatchedTask]:
        """Fill the last batch with others due within half an interval: a half-empty request costs as much."""
        room = -len(due) % self.batch_size
        if not room:
            return due
        soon = (one for one in others if now < one.due_at <= now + self.base_seconds / 2)
        return due + heapq.nsmallest(room, soon, key=lambda one: one.due_at)
