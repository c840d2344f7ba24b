"""Owns every asyncio task that outlives an interaction: one failing ends alone, and leaves its rows as they are."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Hashable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

log = logging.getLogger(__name__)

Work = Callable[[], Coroutine[Any, Any, None]]


class Supervisor:
    """Runs work that others hand in, from inside `serve()`.

    Cogs only enqueue: an asyncio task created inside an interaction's callback would live in that callback's
    context. Work is keyed: handing in the same key again replaces what runs under it, once that has ended.
    """

    def __init__(self) -> None:
        self._queue: asyncio.Queue[tuple[Hashable, Work | None]] = asyncio.Queue()
        self._running: dict[Hashable, set[asyncio.Task[None]]] = {}

    def start(self, key: Hashable, work: Work) -> None:
        """Run `work`, in place of whatever runs under that key."""
        self._queue.put_nowait((key, work))

    def stop(self, key: Hashable) -> None:
        """Cancel what runs under that key."""
        self._queue.put_nowait((key, None))

    @property
    def running(self) -> int:
        """How many keys have work that is running, or ending."""
        return len(self._running)

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator[None]:
        """Run what is handed in until the block ends, then cancel the rest; their rows bring them back."""
        hiring = asyncio.create_task(self._hire(), name="supervisor")
        try:
            yield
        finally:
            workers = {hiring}.union(*self._running.values())
            _cancel(workers)
            await asyncio.gather(*workers, return_exceptions=True)

    async def _hire(self) -> None:
        while True:
            key, work = await self._queue.get()
            earlier = frozenset(self._running.get(key, ()))
            _cancel(earlier)
            if work is not None:
                worker = asyncio.create_task(self._run(key, work, earlier), name=f"mjbot:{key}")
                self._running.setdefault(key, set()).add(worker)
                worker.add_done_callback(partial(self._dismiss, key))

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
