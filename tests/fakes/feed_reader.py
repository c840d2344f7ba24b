"""A running poller, and a reader of one of its feeds."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bot.errors import RelayError
from bot.midjourney.task import Task
from bot.polling.feeds import Feed
from bot.polling.poll_schedule import PollSchedule
from bot.polling.poller import Poller
from tests.fakes.clock import FakeClock
from tests.fakes.relay import FakeRelay


@asynccontextmanager
async def run_poller(clock: FakeClock, relay: FakeRelay) -> AsyncGenerator[Poller]:
    """Run a poller without jitter."""
    poller = Poller(relay, PollSchedule(5.0, random_fraction=lambda: 0.5), clock.clock)
    loop = asyncio.create_task(poller.run())
    yield poller
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    assert loop.cancelled()


class Reader:
    """Reads a feed to its end, and keeps what came."""

    def __init__(self, poller: Poller, task_id: str, **given: object) -> None:
        self.seen: list[Task] = []
        self.silences: list[object] = []
        self.refusals: list[RelayError | None] = []
        self.feed: Feed | None = None
        self._given = given
        self.done = asyncio.create_task(self._read(poller, task_id))

    async def _read(self, poller: Poller, task_id: str) -> None:
        async with poller.watch(task_id, **self._given) as feed:  # type: ignore[arg-type]
            self.feed = feed
            async for snapshot in feed:
                self.seen.append(snapshot)
                self.silences.append(feed.silent_since)
                self.refusals.append(feed.key_refusal)

    @property
    def progress(self) -> list[int | None]:
        """The progress that a message would have shown."""
        return [snapshot.progress for snapshot in self.seen]

    async def leave(self) -> None:
        """Stop reading."""
        self.done.cancel()
        await asyncio.gather(self.done, return_exceptions=True)


def make_ids(count: int) -> list[str]:
    """Return so many task ids."""
    return [str(10**15 + number) for number in range(count)]
