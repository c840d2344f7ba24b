"""Own every asyncio task that outlives an interaction; an error ends only its own task, and its rows stay."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, NamedTuple

log = logging.getLogger(__name__)

Work = Callable[[], Coroutine[Any, Any, None]]


class WorkKey(NamedTuple):
    """What a piece of work is for; `id` is that of a message or a claim, 0 for work that exists once."""

    kind: str
    id: int = 0

    def __str__(self) -> str:
        """Return a name for logs."""
        return f"{self.kind} {self.id}" if self.id else self.kind


class TaskSupervisor:
    """Runs work that callers enqueue, from inside `serve()`.

    An asyncio task that is created in an interaction's callback belongs to that interaction, so callers only enqueue.
    Work that is started under a key replaces the work under the same key, once that has ended.
    """

    def __init__(self) -> None:
        self._running: dict[WorkKey, list[asyncio.Task[None]]] = {}
        self._critical: set[asyncio.Task[None]] = set()
        self._orders: asyncio.Queue[Callable[[], None]] = asyncio.Queue()
        self._ending = asyncio.Event()
        self._has_stopped = False

    def start(self, key: WorkKey, work: Work, *, critical: bool = False) -> None:
        """Run `work`, in place of any under the same key; `critical` work may finish when the process stops."""
        self._orders.put_nowait(partial(self._start, key, work, critical=critical))

    def stop(self, key: WorkKey) -> None:
        """Cancel the work under that key."""
        self._orders.put_nowait(lambda: _cancel(self._running.get(key, ())))

    @property
    def running_keys(self) -> frozenset[WorkKey]:
        """The keys of work that is running, or ending."""
        return frozenset(self._running)

    @property
    def is_ending(self) -> bool:
        """Whether the process stops, so that only critical work may still run."""
        return self._ending.is_set()

    async def wait_until_ending(self) -> None:
        """Wait until the process stops."""
        await self._ending.wait()

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator[None]:
        """Run enqueued work until the block ends, then cancel what still runs: its rows bring it back."""
        starter = asyncio.create_task(self._execute_orders(), name="supervisor")
        try:
            yield
        finally:
            try:
                await self.stop_all(last_seconds=0)
            finally:
                starter.cancel()
                await asyncio.gather(starter, return_exceptions=True)

    async def cancel_ordinary_work(self) -> None:
        """Cancel all work that is not critical, and start only critical work from here on."""
        self._ending.set()
        self._execute_queued_orders()
        ordinary = [worker for worker in self._list_workers() if worker not in self._critical]
        _cancel(ordinary)
        await asyncio.gather(*ordinary, return_exceptions=True)

    async def stop_all(self, *, last_seconds: float) -> None:
        """Give critical work, and the critical work that it starts, so many seconds to finish; cancel the rest.

        Nothing starts afterwards.
        """
        try:
            await self.cancel_ordinary_work()
            with suppress(TimeoutError):
                async with asyncio.timeout(last_seconds):
                    while self._critical:
                        await asyncio.wait(set(self._critical))
                        self._execute_queued_orders()
        finally:
            self._has_stopped = True
            workers = self._list_workers()
            _cancel(workers)
            await asyncio.gather(*workers, return_exceptions=True)

    def _list_workers(self) -> Sequence[asyncio.Task[None]]:
        return [worker for workers in self._running.values() for worker in workers]

    async def _execute_orders(self) -> None:
        while True:
            (await self._orders.get())()

    def _execute_queued_orders(self) -> None:
        while not self._orders.empty():
            self._orders.get_nowait()()

    def _start(self, key: WorkKey, work: Work, *, critical: bool) -> None:
        if self._has_stopped or (self.is_ending and not critical):
            return
        earlier = tuple(self._running.get(key, ()))
        _cancel(earlier)
        worker = asyncio.create_task(self._run(key, work, earlier), name=f"mjbot:{key}")
        self._running.setdefault(key, []).append(worker)
        if critical:
            self._critical.add(worker)
        worker.add_done_callback(partial(self._remove, key))

    async def _run(self, key: WorkKey, work: Work, earlier: Collection[asyncio.Task[None]]) -> None:
        try:
            if earlier:
                await asyncio.wait(earlier)
            await work()
        except Exception:
            log.exception("Work %s ended by a programming error; its row is left as it is.", key)

    def _remove(self, key: WorkKey, worker: asyncio.Task[None]) -> None:
        self._critical.discard(worker)
        self._running[key].remove(worker)
        if not self._running[key]:
            del self._running[key]


def _cancel(workers: Collection[asyncio.Task[None]]) -> None:
    """Cancel each worker once: a second time would interrupt the cleanup that the first one started."""
    for worker in workers:
        if not worker.cancelling():
            worker.cancel()
