"""The tasks that are being watched, and the feeds of each with their deadlines: plain state, used by the poller."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from math import inf

from bot.errors import RelayError
from bot.metrics import WATCHED_TASKS
from bot.midjourney.task import Task
from bot.polling.feeds import Feed

INCOMPLETE_RESULT_SECONDS = 60
"""How long a success without its picture or buttons is read again."""

UNKNOWN_SECONDS = 60.0
"""For how long the relay must not know a task that it has known, until that is believed."""
_UNKNOWN_READS = 3

ALONE_SECONDS = (30.0, 120.0, 600.0)
"""How long a task whose row made a batch unreadable is read by itself, the first time, the second and from then on,
before a batch is tried again."""


@dataclass(slots=True)
class WatchedTask:
    """One task being watched; times are seconds of the monotonic clock."""

    task_id: str
    born_at: float
    """When the newest message that follows the task was created."""
    joined_at: float
    due_at: float
    changed_at: float
    """When the task was last seen to change; at first, when the watch began."""
    was_due_at: float = inf
    """When the read under way was due, until its delay is counted."""
    interval_share: float = 1.0
    """The part of its interval after which the task is read again: see PollSchedule.spread."""
    feeds: list[Feed] = field(default_factory=list[Feed])
    task: Task | None = None
    """All that is known of the task: its last snapshot, merged with the earlier ones."""
    alone_until: float = 0.0
    """Until when the task is read by itself, because its row made a batch unreadable."""
    times_alone: int = 0
    """How often that has happened since a batch brought the task."""
    unread_since: datetime | None = None
    """Since when, by the system's time, this task alone cannot be read, while the relay answers for others."""
    unread_at: float = 0.0
    """The same by the monotonic clock."""
    ended_at: float | None = None
    unknown_since: float | None = None
    """Since when the relay has said that it does not know the task, in each of `unknown_reads`."""
    unknown_reads: int = 0
    _snapshot: Task | None = field(default=None, init=False)

    def apply_snapshot(self, snapshot: Task, at: float) -> None:
        """Merge a snapshot into the task, and publish that to every feed.

        A snapshot that is the same object as the one before (see TaskRowCache) changes nothing before the task is over.
        """
        if snapshot is self._snapshot and not self.is_over(at):
            return
        self._snapshot = snapshot
        merged = snapshot.merge_earlier(self.task)
        if not merged.looks_like(self.task):
            self.changed_at = at
        self.task = snapshot if merged == snapshot else merged
        if merged.status.is_final and self.ended_at is None:
            self.ended_at = at
        for feed in self.feeds:
            feed.publish(self.task, over=self.is_over(at))

    def record_unread(self, now: datetime, at: float, error: RelayError, notice_seconds: float) -> None:
        """Note that this task alone cannot be read, end the lookups of it, and show it once it has lasted."""
        if self.unread_since is None:
            self.unread_since, self.unread_at = now, at
        is_shown = at - self.unread_at >= notice_seconds
        for feed in self.feeds:
            if feed.is_fail_fast:
                feed.fail(error)
            elif is_shown:
                feed.report_outage(self.unread_since)

    def record_unknown(self, at: float) -> bool:
        """Note that the relay does not know the task; return whether it is gone, where it was known before.

        One such answer may come from a database that lags behind, or from a cache.
        """
        if self.unknown_since is None:
            self.unknown_since = at
        self.unknown_reads += 1
        return self.unknown_reads >= _UNKNOWN_READS and at - self.unknown_since >= UNKNOWN_SECONDS

    def record_read(self) -> None:
        """Note that the task was read."""
        self.unknown_since, self.unknown_reads = None, 0
        if self.unread_since is not None:
            self.unread_since = None
            for feed in self.feeds:
                feed.report_outage(None)

    def set_alone(self, at: float) -> None:
        """Have the task read by itself for a while: a longer one each time, as its row may stay as it is."""
        self.alone_until = at + ALONE_SECONDS[min(self.times_alone, len(ALONE_SECONDS) - 1)]
        self.times_alone += 1

    def is_alone(self, at: float) -> bool:
        """Return whether the task is read by itself now."""
        return at < self.alone_until

    def is_over(self, at: float) -> bool:
        """Return whether another read can bring nothing more."""
        if self.task is None or self.ended_at is None:
            return False
        return self.task.is_complete or at - self.ended_at >= INCOMPLETE_RESULT_SECONDS


@dataclass(order=True, slots=True)
class FeedDeadline:
    """When a feed expires; the feed of one that ended earlier is removed, as a heap gives up only its first entry."""

    at: float
    feed: Feed | None = field(compare=False)


class WatchList:
    """Watched tasks by id; a task is removed with its last feed."""

    def __init__(self) -> None:
        self._tasks: dict[str, WatchedTask] = {}
        self._deadlines: list[FeedDeadline] = []

    def __len__(self) -> int:
        """Return how many tasks are watched."""
        return len(self._tasks)

    def __iter__(self) -> Iterator[WatchedTask]:
        """Iterate over the watched tasks."""
        return iter(self._tasks.values())

    def find(self, task_id: str) -> WatchedTask | None:
        """Return a watched task."""
        return self._tasks.get(task_id)

    def add_task(self, task_id: str, born_at: float, seed: Task | None, now: float) -> WatchedTask:
        """Add a task, due now unless its `seed` shows that it is over."""
        ended_at = now if seed is not None and seed.status.is_final else None
        watched = WatchedTask(
            task_id, born_at=born_at, joined_at=now, due_at=now, changed_at=now, task=seed, ended_at=ended_at
        )
        if watched.is_over(now):
            watched.due_at = inf
        self._tasks[task_id] = watched
        WATCHED_TASKS.set(len(self._tasks))
        return watched

    def add_deadline(self, feed: Feed, at: float) -> FeedDeadline:
        """Expire a feed at that time."""
        deadline = FeedDeadline(at, feed)
        heapq.heappush(self._deadlines, deadline)
        return deadline

    def remove_feed(self, watched: WatchedTask, feed: Feed) -> None:
        """Remove a feed, and its task with the last one."""
        watched.feeds.remove(feed)
        if not watched.feeds and self._tasks.get(watched.task_id) is watched:
            del self._tasks[watched.task_id]
            WATCHED_TASKS.set(len(self._tasks))

    @property
    def feeds(self) -> Iterator[Feed]:
        """Iterate over the feeds of all tasks."""
        return (feed for watched in self._tasks.values() for feed in watched.feeds)

    @property
    def next_deadline(self) -> float:
        """When the next feed expires; infinite if none does."""
        return self._deadlines[0].at if self._deadlines else inf

    def expire_feeds(self, now: float) -> None:
        """Expire every feed whose deadline has passed."""
        while self._deadlines and self._deadlines[0].at <= now:
            feed = heapq.heappop(self._deadlines).feed
            if feed is not None:
                feed.expire()
