"""What is watched, and the feeds through which jobs read it: plain state, moved by the watcher."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from math import inf

from bot.errors import RelayError
from bot.midjourney.task import Task

INCOMPLETE_RESULT_SECONDS = 60
"""How long a success without picture or buttons is asked for again."""


class Feed:
    """What a job reads: the newest changed snapshot of its task, never a backlog.

    An impatient one ends with the first failure to reach the relay; a job's waits for the relay to come back.
    """

    def __init__(self, *, impatient: bool = False) -> None:
        self.is_fail_fast = impatient
        self.is_expired = False
        self._news = asyncio.Event()
        self._seen: Task | None = None
        self._failure: RelayError | None = None
        self.is_over = False
        self.latest: Task | None = None
        self.silent_since: datetime | None = None
        self.unchanged_since: datetime | None = None
        self.key_refusal: RelayError | None = None

    def publish(self, task: Task, *, over: bool) -> None:
        """Offer a snapshot; one that looks the same to a person is no news."""
        self.is_over = over
        self.latest = task
        if over or not task.looks_like(self._seen):
            self._news.set()

    def take_latest(self) -> Task | None:
        """Return the newest snapshot: what a reader takes by itself is no news to it any more."""
        self._seen = self.latest
        if not (self.is_over or self.is_expired or self._failure):
            self._news.clear()
        return self.latest

    def fail(self, failure: RelayError) -> None:
        """End the feed: the relay does not know the task."""
        self._failure = failure
        self._news.set()

    def report_outage(self, since: datetime | None, refusal: RelayError | None = None) -> None:
        """Tell that the relay has told nothing of the task since then, or (None) that it does again.

        `refusal` is its error where it answers, and refuses this bot's key.
        """
        before = self.silent_since, type(self.key_refusal), self.key_refusal and self.key_refusal.reason
        self.silent_since, self.key_refusal = since, refusal
        if before != (since, type(refusal), refusal and refusal.reason):
            self._news.set()

    def report_stall(self, since: datetime | None) -> None:
        """Tell that the task has stalled since then, or (None) that it changes again."""
        if self.unchanged_since != since:
            self.unchanged_since = since
            self._news.set()

    def expire(self) -> None:
        """End the feed: its time is up."""
        self.is_expired = True
        self._news.set()

    def __aiter__(self) -> AsyncIterator[Task]:
        """Iterate over changes, ending at the task's last one."""
        return self._changes()

    async def _changes(self) -> AsyncIterator[Task]:
        while True:
            await self._news.wait()
            self._news.clear()
            if self._failure is not None:
                raise self._failure
            if self.is_expired:
                return
            task, over = self.latest, self.is_over
            if task is not None:
                self._seen = task
                yield task
                if over and not self._news.is_set():
                    return


@dataclass(order=True)
class FeedDeadline:
    """When a feed expires; None is left of one that ended earlier, as a heap lets nobody out of its middle."""

    at: float
    number: int
    feed: Feed | None = field(compare=False)


@dataclass
class WatchedTask:
    """One task being watched; times are those of the loop's clock, in seconds."""

    task_id: str
    born_at: float
    joined_at: float
    due_at: float
    was_due_at: float = inf
    """When it was due that is being asked for now, until it is counted how late."""
    feeds: set[Feed] = field(default_factory=set[Feed])
    task: Task | None = None
    ended_at: float | None = None
    changed_at: float = field(init=False)
    """When the task was last seen to change; at first, when its watch began."""

    def __post_init__(self) -> None:
        self.changed_at = self.joined_at

    def apply_snapshot(self, snapshot: Task, at: float) -> None:
        """Take a snapshot in, and pass it on."""
        earlier, self.task = self.task, snapshot.merge_earlier(self.task)
        if not self.task.looks_like(earlier):
            self.changed_at = at
        if self.task.status.is_final and self.ended_at is None:
            self.ended_at = at
        for feed in self.feeds:
            feed.publish(self.task, over=self.is_over(at))

    def is_over(self, at: float) -> bool:
        """Whether asking again can bring nothing more."""
        if self.task is None or self.ended_at is None:
            return False
        return self.task.is_complete or at - self.ended_at >= INCOMPLETE_RESULT_SECONDS
