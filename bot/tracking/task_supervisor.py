"""Owns every asyncio task that outlives an interaction: one failing ends alone, and leaves its rows as they are."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Hashable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

log = logging.getLogger(__name__)

Work = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class _Order:
    """Work handed in under a key; None stops what runs there."""

    key: Hashable
    work: Work | None
    to_the_end: bool


class TaskSupervisor:
    """Runs work that others hand in, from inside `serve()`.

    Cogs only enqueue: an asyncio task created inside an interaction's callback would live in that callback's
    context. Work is keyed: handing in the same key again replaces what runs under it, once that has ended.
    """

    def __init__(self) -> None:
        self._queue: asyncio.Queue[_Order] = asyncio.Queue()
        self._running: dict[Hashable, set[asyncio.Task[None]]] = {}
        self._to_the_end: set[asyncio.Task[None]] = set()
        self._is_ending = False

    def start(self, key: Hashable, work: Work, *, to_the_end: bool = False) -> None:
        """Run `work`, in place of whatever runs under that key; `to_the_end` gives it time when all else is stopped."""
        self._queue.put_nowait(_Order(key, work, to_the_end))

    def stop(self, key: Hashable) -> None:
        """Cancel what runs under that key."""
        self._queue.put_nowait(_Order(key, None, to_the_end=False))

    @property
    def running_keys(self) -> frozenset[Hashable]:
        """The keys of work that is running, or ending."""
        return frozenset(self._running)

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator[None]:
        """Run what is handed in until the block ends, then cancel what still runs: its rows bring it back."""
        hiring = asyncio.create_task(self._hire(), name="supervisor")
        try:
            yield
        finally:
            try:
                await self.stop_all(last_seconds=0)
            finally:
                hiring.cancel()
                await asyncio.gather(hiring, return_exceptions=True)

    async def cancel_ordinary_work(self) -> None:
        """Cancel all but what was started `to_the_end`, and start nothing else from here on."""
        self._is_ending = True
        self._take_orders()
        others = set[asyncio.Task[None]]().union(*self._running.values()) - self._to_the_end
        _cancel(others)
        await asyncio.gather(*others, return_exceptions=True)

    async def stop_all(self, *, last_seconds: float) -> None:
        """Give what was started `to_the_end`, and what it hands in of that kind, so many seconds; cancel the rest."""
        try:
            await self.cancel_ordinary_work()
            with suppress(TimeoutError):
                async with asyncio.timeout(last_seconds):
                    while self._to_the_end:
                        await asyncio.wait(set(self._to_the_end))
                        self._take_orders()
        finally:
            workers = set[asyncio.Task[None]]().union(*self._running.values())
            _cancel(workers)
            await asyncio.gather(*workers, return_exceptions=True)

    async def _hire(self) -> None:
        while True:
            self._carry_out(await self._queue.get())

    def _take_orders(self) -> None:
        while not self._queue.empty():
            self._carry_out(self._queue.get_nowait())

    def _carry_out(self, order: _Order) -> None:
        if self._is_ending and not order.to_the_end:
            return
        key = order.key
        earlier = frozenset(self._running.get(key, ()))
        _cancel(earlier)
        if order.work is not None:
            worker = asyncio.create_task(self._run(key, order.work, earlier), name=f"mjbot:{key}")
            self._running.setdefault(key, set()).add(worker)
            worker.add_done_callback(partial(self._dismiss, key))
            if order.to_the_end:
                self._to_the_end.add(worker)
                worker.add_done_callback(self._to_the_end.discard)

    async def _run(self, key: Hashable, work: Work, earlier: Collection[asyncio.Task[None]]) -> None:
        try:
            if earlier:
                await asyncio.wait(earlier)
            await work()
        except Exception:
            log.exception("Work %s ended by an error of ours; its row is left as it is.", key)

    def _dismiss(self, key: Hashable, worker: asyncio.Task[None]) -> None:
        self._running[key].discard(worker)
        if not self._running[key]:
            del self._running[key]


def _cancel(workers: Collection[asyncio.Task[None]]) -> None:
    """Cancel each once: a second time would cut short what the first let it finish."""
    for worker in workers:
        if not worker.cancelling():
            worker.cancel()
