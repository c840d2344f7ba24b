"""How often a task is asked for: plain functions of numbers, in seconds."""

import heapq
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar


class Scheduled(Protocol):
    """Anything that is to be asked for at a time."""

    due_at: float


_D = TypeVar("_D", bound=Scheduled)

_STEPS = ((300.0, 1.0), (1200.0, 2.0), (float("inf"), 4.0))
"""Up to this age, this many times the base interval: relax jobs take long and change rarely."""

_STALLED = 60.0


@dataclass(frozen=True)
class PollSchedule:
    """`base` is POLL_SECONDS; `batch` how many ids go into one request."""

    base_seconds: float
    batch_size: int = 50
    outage_notice_seconds: float = 15.0
    """How long an outage lasts before messages speak of it."""
    stall_seconds: float = 600.0
    """For how long a task may stay as it is before messages speak of it, and it is asked for less often."""
    random_fraction: Callable[[], float] = random.random

    def poll_interval(self, age: float, unchanged: float = 0.0) -> float:
        """Return the pause after asking for a task of that age: 30 s or the base at most, 5 % of jitter either way.

        A task that has stalled, `unchanged` for so long, is asked for once a minute.
        """
        factor = next(factor for limit, factor in _STEPS if age < limit)
        pause = min(self.base_seconds * factor, max(30.0, self.base_seconds))
        if unchanged >= self.stall_seconds:
            pause = max(pause, _STALLED)
        return pause * (0.95 + 0.1 * self.random_fraction())

    def outage_interval(self, silence: float) -> float:
        """Return the pause while the relay has been silent that long: doubling, 60 s at most, with jitter."""
        return min(max(self.base_seconds, silence), 60.0) * (0.75 + 0.5 * self.random_fraction())

    def fill_batch(self, due: list[_D], everybody: Iterable[_D], now: float) -> list[_D]:
        """Fill the last batch up with those due within half an interval: a request costs the same half empty."""
        room = -len(due) % self.batch_size
        if not room:
            return due
        soon = (one for one in everybody if now < one.due_at <= now + self.base_seconds / 2)
        return due + heapq.nsmallest(room, soon, key=lambda one: one.due_at)
