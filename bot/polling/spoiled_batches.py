"""Read a batch that one of its tasks makes unreadable, without delay for the others."""

import asyncio
from collections import deque
from itertools import chain
from typing import Final, Protocol

from bot.clock import Monotonic
from bot.errors import RelayError, RelayUnreachable
from bot.polling.relay_outage import RelayOutage
from bot.polling.watch_list import WatchedTask

Batch = list[WatchedTask]

_PROBES: Final = {6: 10.0, 24: 600.0}
"""After how many parts without a readable one tasks are read by themselves, and for how long no batch is halved then.

One batch of fifty with a bad task has six such parts at most.
"""
_MAX_SPOILED: Final = 3
"""How many tasks may be unreadable by themselves until the relay counts as down."""


class TaskReads(Protocol):
    """What the poller does with its tasks."""

    async def try_batch(self, batch: Batch) -> RelayError | None:
        """Read a batch; return why it could not be read, None if it was."""
        ...

    async def poll_one(self, watched: WatchedTask) -> RelayError | None:
        """Read one task; return why the relay did not answer, None if it did."""
        ...

    async def poll_singly(self, batch: Batch) -> bool:
        """Read each task by itself, if the first of them show that the relay answers; return whether it does."""
        ...

    def handle_failure(self, error: RelayError, batch: Batch) -> None:
        """Note that the relay did not answer, and read these tasks later."""
        ...


class SpoiledBatches:
    """Reads the halves of a batch that cannot be read, until each task that spoils it is alone.

    They are read one after the other, and of one batch at a time, so that a relay that limits requests sees no burst.
    While no part can be read, tasks read by themselves show whether the relay is down, or only its lists.
    """

    def __init__(self, reads: TaskReads, outage: RelayOutage, monotonic: Monotonic) -> None:
        self._reads = reads
        self._outage = outage
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._paused_until = 0.0
        """Until when no batch is halved, because no part of the last one could be read."""

    async def poll(self, error: RelayError, batch: Batch) -> None:
        """Read the tasks of a batch that could not be read because of `error`."""
        if len(batch) == 1:
            await self._reads.poll_one(batch[0])
            return
        async with self._lock:
            now = self._monotonic()
            if now >= self._paused_until:
                await self._poll_in_halves(batch)
            elif self._outage.silent_since is None:
                await self._reads.poll_singly(batch)
            else:
                self._reads.handle_failure(error, batch)

    async def _poll_in_halves(self, batch: Batch) -> None:
        parts, unread, has_read = deque(_halve(batch)), 0, False
        spoilers: Batch = []
        while parts:
            failure = await self._reads.try_batch(part := parts.popleft())
            if failure is None:
                has_read = True
                continue
            rest = [*part, *chain.from_iterable(parts)]
            if not is_spoiled(failure):
                self._reads.handle_failure(failure, rest)
                return
            unread += 1
            if not has_read and unread in _PROBES and not await self._probe(rest, unread):
                return
            if len(part) == 1:
                spoilers += part
                await self._reads.poll_one(part[0])
            else:
                parts += _halve(part)
        if has_read:  # else the relay's answers may have been broken for a moment, whichever tasks they were about
            for watched in spoilers:
                watched.set_alone(self._monotonic())

    async def _probe(self, rest: Batch, unread: int) -> bool:
        """Read tasks by themselves, as no part of their batch could be read; return whether to go on halving it."""
        self._paused_until = self._monotonic() + _PROBES[unread]
        if unread == max(_PROBES):
            await self._reads.poll_singly(rest)
            return False
        others, failure = await poll_until_read(self._reads, rest)
        if failure is not None:
            self._reads.handle_failure(failure, others)
            return False
        self._paused_until = 0.0
        return True


async def poll_until_read(reads: TaskReads, batch: Batch) -> tuple[Batch, RelayError | None]:
    """Read tasks by themselves until one can be read; return the others, and why none could be."""
    failure: RelayError | None = None
    for number, watched in enumerate(batch[:_MAX_SPOILED], 1):
        failure = await reads.poll_one(watched)
        if failure is None or not is_spoiled(failure):
            return batch[number:], failure
    return batch[_MAX_SPOILED:], failure


def is_spoiled(error: RelayError) -> bool:
    """Whether the relay has answered, but one of the tasks may make its answer unreadable."""
    return isinstance(error, RelayUnreachable) and error.spoiled


def _halve(batch: Batch) -> list[Batch]:
    middle = len(batch) // 2
    return [half for half in (batch[:middle], batch[middle:]) if half]
