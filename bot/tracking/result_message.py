"""Show a finished task at once, and again when its picture is downloaded or its buttons arrive."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bot.clock import Clock
from bot.errors import TaskUnknown
from bot.midjourney.task import Task
from bot.polling.feeds import Feed
from bot.tracking.result_files import ResultFiles

FIRST_PICTURE_SECONDS = 1.0
"""How long the first drawing waits for the picture."""
PICTURE_RETRY_SECONDS = 360.0
"""How long a picture that its host does not provide yet is requested again.

new-api's image route reads the first of the two rows that a form makes. That row lags by one or more ticks of 15 s, and
by up to two minutes where processes share the polling by a lease.
"""
FIRST_RETRY_SECONDS, RETRY_GROWTH_FACTOR, MAX_RETRY_SECONDS = 2.0, 1.5, 30.0
"""The first pause between two tries, the factor by which it grows, and the longest."""


@dataclass(frozen=True)
class ResultContent:
    """What a message shows of a task that has ended."""

    task: Task
    files: ResultFiles
    is_picture_pending: bool


@dataclass(frozen=True, kw_only=True)
class ResultCallbacks:
    """What a result message needs others to do.

    `fetch_files` downloads the files of a task, except those that it is given. `draw` returns whether the message shows
    what the task made, and `notify` is told that. `add_buttons` adds the bot's own buttons
    to a task for which the relay will send none.
    """

    fetch_files: Callable[[Task, ResultFiles], Awaitable[ResultFiles]]
    save_snapshot: Callable[[Task], Awaitable[None]]
    draw: Callable[[ResultContent], Awaitable[bool]]
    notify: Callable[[Task, bool], Awaitable[None]]
    add_buttons: Callable[[Task], Awaitable[Task]]


@dataclass
class ResultMessage:
    """One message whose task has ended; `feed` brings later snapshots.

    `retry_until` ends the tries for its picture, in seconds of the monotonic clock.
    """

    feed: Feed
    task: Task
    callbacks: ResultCallbacks
    clock: Clock
    retry_until: float
    _files: ResultFiles = field(default_factory=ResultFiles, init=False)
    _drawn: ResultContent | None = field(default=None, init=False)
    _is_shown: bool = field(default=False, init=False)
    _is_notified: bool = field(default=False, init=False)
    _pause: float = field(default=FIRST_RETRY_SECONDS, init=False)
    _fetching: "asyncio.Future[ResultFiles] | None" = field(default=None, init=False)
    _change: "asyncio.Future[Task | None] | None" = field(default=None, init=False)
    _is_complete: bool = field(default=False, init=False)

    @property
    def shown(self) -> ResultContent | None:
        """What the message shows; None before it was drawn."""
        return self._drawn

    async def show(self) -> None:
        """Draw the message, and again with each change, until nothing more can change.

        The person is notified once the picture is there, or once the first try has shown that it comes later.
        """
        await self.callbacks.save_snapshot(self.task)
        changes = aiter(self.feed)
        first_fetch: asyncio.Future[Any] = self._start_fetch()
        self._wait_for_change(changes)
        timer = asyncio.ensure_future(self.clock.sleep(FIRST_PICTURE_SECONDS))
        try:
            await asyncio.wait({first_fetch, timer}, return_when=asyncio.FIRST_COMPLETED)
            while True:
                if self._fetching is not None and self._fetching.done():
                    self._take_files(self._fetching.result())
                if self._change is not None and self._change.done():
                    task, self._change = self._change.result(), None
                    if task is not None:
                        await self._take_change(task)
                        self._wait_for_change(changes)
                if self.feed.is_over and not self._is_complete:
                    self._is_complete = True
                    await self._take_change(await self.callbacks.add_buttons(self.task))
                await self._draw()
                waiting = [one for one in (self._fetching, self._change) if one is not None]
                if not waiting:
                    return
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in (self._fetching, self._change, timer):
                if one is not None:
                    one.cancel()

    def _start_fetch(self, pause: float = 0.0) -> "asyncio.Future[ResultFiles]":
        self._fetching = asyncio.ensure_future(self._fetch(pause))
        return self._fetching

    async def _fetch(self, pause: float) -> ResultFiles:
        if pause:
            await self.clock.sleep(pause)
        return await self.callbacks.fetch_files(self.task, self._files)

    def _wait_for_change(self, changes: AsyncIterator[Task]) -> None:
        if not self.feed.is_over and not self.feed.is_expired:
            self._change = asyncio.ensure_future(_read_next(changes))

    def _take_files(self, files: ResultFiles) -> None:
        """Show these files; if a later try may bring more, start one after a pause."""
        self._files, self._fetching = files, None
        if files.is_pending and self.clock.monotonic() < self.retry_until:
            self._start_fetch(self._pause)
            self._pause = min(self._pause * RETRY_GROWTH_FACTOR, MAX_RETRY_SECONDS)

    async def _take_change(self, task: Task) -> None:
        """Show a later snapshot, such as one with buttons or a link that the relay sends only now."""
        if task.looks_like(self.task):
            return
        self.task = task
        await self.callbacks.save_snapshot(task)
        if self._fetching is None and not self._files.has_files:
            self._start_fetch()

    async def _draw(self) -> None:
        result = ResultContent(self.task, self._files, is_picture_pending=self._fetching is not None)
        if result != self._drawn:
            self._is_shown = await self.callbacks.draw(result)
            self._drawn = result
        if not self._is_notified and (self._fetching is None or self._files.is_pending):
            self._is_notified = True
            await self.callbacks.notify(self.task, self._is_shown)


async def _read_next(changes: AsyncIterator[Task]) -> Task | None:
    """Wait for the next snapshot; None if there is none, or the relay no longer knows the task."""
    try:
        return await anext(changes, None)
    except TaskUnknown:
        return None
