"""Work on pixels off the event loop: so many threads at once, and a turn that ends with its thread."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class OffLoop:
    """Runs blocking work in threads, `at_once` of them; to be closed before whatever the work stands on.

    Decoded pixels are the memory, up to 256 MiB for one picture, so one at a time unless somebody knows better.
    """

    def __init__(self, at_once: int = 1) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, work: Callable[[], _Result]) -> _Result:
        """Do the work when it is its turn, and return or raise what it does.

        Nobody can stop a thread, though who asked may leave: the next one waits for its end all the same.
        """
        await self._turns.acquire()
        running = asyncio.create_task(asyncio.to_thread(work))
        self._running.add(running)
        running.add_done_callback(self._ended)
        await asyncio.wait({running})
        return running.result()

    async def close(self) -> None:
        """Wait until the last thread has ended."""
        if self._running:
            await asyncio.wait(self._running)

    def _ended(self, running: asyncio.Task[Any]) -> None:
        self._running.discard(running)
        self._turns.release()
        if not running.cancelled():
            running.exception()  # looked at, as nobody else may be left to
