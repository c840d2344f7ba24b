"""Owns every asyncio task that outlives an interaction: one failing ends alone, and leaves its rows as they are."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Hashable
from contextlib import asynccontextmanager
from typing import Any

log = logging.getLogger(__name__)

Work = Callable[[], Coroutine[Any, Any, None]]


class Supervisor:
    """Runs work that others hand in, from inside `serve()`.

    Cogs only enqueue: an asyncio task created inside an interaction's callback would live in that callback's
    context. Work is keyed: handing in the same key again replaces what runs under it.
    """

    def __init__(self) -> None:
        self._queue: asyncio.Queue[tuple[Hashable, Work | None]] = asyncio.Queue()
        self._running: dict[Hashable, asyncio.Task[None]] = {}

    def start(self, key: Hashable, work: Work) -> None:
        """Run `work`, in place of whatever runs under that key."""
        self._queue.put_nowait((key, work))

    def stop(self, key: Hashable) -> None:
        """Cancel what runs under that key."""
        self._queue.put_nowait((key, None))

    @property
    def running(self) -> int:
        """How much work is running."""
        return len(self._running)

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator[None]:
        """Run what is handed in until the block ends, then cancel the rest; their rows bring them back."""
        hiring = asyncio.create_task(self._hire(), name="supervisor")
        try:
            yield
        finally:
            hiring.cancel()
            workers = [hiring, *self._running.values()]
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            self._running.clear()

    async def _hire(self) -> None:
        while True:
            key, work = await self._queue.get()
            earlier = self._running.pop(key, None)
            if earlier is not None:
                earlier.cancel()
                await asyncio.gather(earlier, return_exceptions=True)
            if work is not None:
                self._running[key] = asyncio.create_task(self._run(key, work), name=f"mjbot:{key}")

    async def _run(self, key: Hashable, work: Work) -> None:
        try:
            await work()
        except Exception:
            log.exception("Work %s ended by an error of ours; its row is left as it is.", key)
        finally:
            if self._running.get(key) is asyncio.current_task():
                del self._running[key]
