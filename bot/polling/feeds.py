"""The feed through which a job, or a single lookup, reads the changes of one task."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from bot.errors import RelayError
from bot.midjourney.task import Task

_SAME_TIME = timedelta(seconds=10)


class Feed:
    """The newest changed snapshot of one task, never a backlog; iterating over a feed waits for changes.

    A fail-fast feed ends with the first failure to read from the relay; any other waits until the relay answers again.
    """

    def __init__(self, *, fail_fast: bool = False) -> None:
        self.is_fail_fast = fail_fast
        self.is_expired = False
        self.is_over = False
        """Whether the poller has stopped reading the task, so that `latest` is its last snapshot."""
        self.latest: Task | None = None
        self.silent_since: datetime | None = None
        self.unchanged_since: datetime | None = None
        self.key_refusal: RelayError | None = None
        self._has_news = False
        self._reader: asyncio.Future[None] | None = None
        """What the reader waits for; an asyncio.Event with its queue of readers takes more than all the rest."""
        self._last_read: Task | None = None
        self._failure: RelayError | None = None

    @property
    def has_ended(self) -> bool:
        """Whether the newest snapshot is that of a task that has ended."""
        return self.latest is not None and self.latest.status.is_final

    def publish(self, task: Task, *, over: bool) -> None:
        """Offer a snapshot; the reader is woken only if it looks different from the one read last, or is the last."""
        self.is_over = over
        self.latest = task
        if over or not task.looks_like(self._last_read):
            self._wake_reader()

    def take_latest(self) -> Task | None:
        """Return the newest snapshot, and do not wake the reader for it again."""
        self._last_read = self.latest
        if not (self.is_over or self.is_expired or self._failure):
            self._has_news = False
        return self.latest

    def fail(self, failure: RelayError) -> None:
        """End the feed by raising `failure` in its reader."""
        self._failure = failure
        self._wake_reader()

    def report_outage(self, since: datetime | None, refusal: RelayError | None = None) -> None:
        """Set since when the relay has not answered for the task; None: it answers again.

        `refusal` is its error if it does answer, but refuses the bot's key.
        """
        before = self.silent_since, type(self.key_refusal), self.key_refusal and self.key_refusal.reason
        self.silent_since, self.key_refusal = since, refusal
        if before != (since, type(refusal), refusal and refusal.reason):
            self._wake_reader()

    def report_stall(self, since: datetime | None) -> None:
        """Set since when the task has not changed; None: it changes again.

        A time that differs by less than _SAME_TIME is the same one, computed again.
        """
        before = self.unchanged_since
        if before is not None and since is not None and abs(since - before) < _SAME_TIME:
            return
        if before != since:
            self.unchanged_since = since
            self._wake_reader()

    def expire(self) -> None:
        """End the feed without an error, because its deadline has passed."""
        self.is_expired = True
        self._wake_reader()

    def _wake_reader(self) -> None:
        self._has_news = True
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def __aiter__(self) -> AsyncIterator[Task]:
        """Iterate over changes; the last one is the task's last snapshot, or the newest when the feed expires."""
        while True:
            while not self._has_news:
                self._reader = asyncio.get_running_loop().create_future()
                await self._reader
            self._has_news = False
            if self._failure is not None:
                raise self._failure
            if self.is_expired:
                return
            task, is_last = self.latest, self.is_over
            if task is not None:
                self._last_read = task
                yield task
                if is_last and not self._has_news:
                    return
