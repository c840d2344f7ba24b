"""What is watched, and the feeds through which jobs read it: plain state, moved by the watcher."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from math import inf

from bot.errors import RelayError
from bot.midjourney.task import Task

HEAL_SECONDS = 60
"""How long a success without picture or buttons is asked for again."""


class Feed:
    """What a job reads: the newest changed snapshot of its task, never a backlog.

    An impatient one ends with the first failure to reach the relay; a job's waits for the relay to come back.
    """

    def __init__(self, *, impatient: bool = False) -> None:
        self.impatient = impatient
        self.expired = False
        self._news = asyncio.Event()
        self._seen: Task | None = None
        self._failure: RelayError | None = None
        self.over = False
        self.latest: Task | None = None
        self.silent_since: datetime | None = None
        self.unchanged_since: datetime | None = None
        self.refusal: RelayError | None = None

    def put(self, task: Task, *, over: bool) -> None:
        """Offer a snapshot; one that looks the same to a person is no news."""
        self.over = over
        self.latest = task
        if over or not task.looks_like(self._seen):
            self._news.set()

    def take(self) -> Task | None:
        """Return the newest snapshot: what a reader takes by itself is no news to it any more."""
        self._seen = self.latest
        if not (self.over or self.expired or self._failure):
            self._news.clear()
        return self.latest

    def fail(self, failure: RelayError) -> None:
        """End the feed: the relay does not know the task."""
        self._failure = failure
        self._news.set()

    def outage(self, since: datetime | None, refusal: RelayError | None = None) -> None:
        """Tell that the relay has told nothing of the task since then, or (None) that it does again.

        `refusal` is its error where it answers, and refuses this bot's key.
        """
        before = self.silent_since, type(self.refusal), self.refusal and self.refusal.reason
        self.silent_since, self.refusal = since, refusal
        if before != (since, type(refusal), refusal and refusal.reason):
            self._news.set()

    def stall(self, since: datetime | None) -> None:
        """Tell that the task has stalled since then, or (None) that it changes again."""
        if self.unchanged_since != since:
            self.unchanged_since = since
            self._news.set()

    def expire(self) -> None:
        """End the feed: its time is up."""
        self.expired = True
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
            if self.expired:
                return
            task, over = self.latest, self.over
            if task is not None:
                self._seen = task
                yield task
                if over and not self._news.is_set():
                    return


@dataclass(order=True)
class Deadline:
    """When a feed expires; None is left of one that ended earlier, as a heap lets nobody out of its middle."""

    at: float
    number: int
    feed: Feed | None = field(compare=False)


@dataclass
class Watched:
    """One task being watched; times are those of the loop's clock, in seconds."""

    task_id: str
    since: float
    joined: float
    due: float
    was_due: float = inf
    """When it was due that is being asked for now, until it is counted how late."""
    feeds: set[Feed] = field(default_factory=set[Feed])
    task: Task | None = None
    succeeded_at: float | None = None
    changed_at: float = field(init=False)
    """When the task was last seen to change; at first, when its watch began."""

    def __post_init__(self) -> None:
        self.changed_at = self.joined

    def take(self, snapshot: Task, at: float) -> None:
        """Take a snapshot in, and pass it on."""
        earlier, self.task = self.task, snapshot.after(self.task)
        if not self.task.looks_like(earlier):
            self.changed_at = at
        if self.task.status.is_final and self.succeeded_at is None:
            self.succeeded_at = at
        for feed in self.feeds:
            feed.put(self.task, over=self.is_over(at))

    def is_over(self, at: float) -> bool:
        """Whether asking again can bring nothing more."""
        if self.task is None or self.succeeded_at is None:
            return False
        return self.task.is_settled or at - self.succeeded_at >= HEAL_SECONDS
