"""Share the room for people's pictures: each holds up to 32 MiB until it is processed."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from typing import Final, Protocol, TypeVar
from weakref import WeakValueDictionary

from bot.errors import UploadTooSlow

_T = TypeVar("_T")

MAX_PEOPLE: Final = 2
"""How many people's pictures may be in memory."""
TOTAL_SECONDS: Final = 120.0
"""How long one person's pictures may take to arrive, all of them together."""
SHARE_SECONDS: Final = 15.0
"""The same while others wait for their turn."""


class ReadablePicture(Protocol):
    """A picture that is not downloaded yet."""

    @property
    def name(self) -> str:
        """Its name, for errors."""
        ...

    async def read(self) -> bytes:
        """Download it."""
        ...


class UploadSlot:
    """One person's turn: reads the person's pictures within the time that is left of it."""

    def __init__(self, slots: "UploadSlots") -> None:
        self._slots = slots
        self._seconds_used = 0.0
        self._started_at = 0.0
        self._timeout: asyncio.Timeout | None = None

    async def read(self, picture: ReadablePicture) -> bytes:
        """Download a picture.

        Raises:
            UploadTooSlow: The person's time is used up.
        """
        try:
            return await self.run(picture.read())
        except TimeoutError as error:
            raise UploadTooSlow(picture.name) from error

    async def run(self, download: Awaitable[_T]) -> _T:
        """Wait for another download within the person's time.

        Raises:
            TimeoutError: The person's time is used up.
        """
        loop = asyncio.get_running_loop()
        self._started_at = loop.time()
        try:
            async with asyncio.timeout_at(self._find_end()) as self._timeout:
                return await download
        finally:
            self._timeout = None
            self._seconds_used += loop.time() - self._started_at

    def update_end(self) -> None:
        """End a running read at the time that is right now that others began or ceased to wait."""
        if self._timeout is not None and not self._timeout.expired():
            self._timeout.reschedule(self._find_end())

    def _find_end(self) -> float:
        return self._started_at + self._slots.seconds_per_person - self._seconds_used


class UploadSlots:
    """Gives a few people their turn at once, each person one; who waits makes the others' turns shorter.

    So neither the slow links of one person nor those of several keep other people from uploading.
    """

    def __init__(
        self,
        people: int = MAX_PEOPLE,
        *,
        total_seconds: float = TOTAL_SECONDS,
        share_seconds: float = SHARE_SECONDS,
    ) -> None:
        self._room = asyncio.Semaphore(people)
        self._total_seconds = total_seconds
        self._share_seconds = share_seconds
        self._waiting = 0
        self._held: set[UploadSlot] = set()
        self._person_locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @property
    def seconds_per_person(self) -> float:
        """How long one person's pictures may take to arrive, as others wait or not."""
        return self._share_seconds if self._waiting else self._total_seconds

    @asynccontextmanager
    async def reserve(self, person_id: int) -> AsyncGenerator[UploadSlot]:
        """Wait until a person may load pictures, and hold the person's slot until the block ends."""
        lock = self._person_locks.setdefault(person_id, asyncio.Lock())
        async with lock:
            await self._wait_for_room()
            slot = UploadSlot(self)
            self._held.add(slot)
            try:
                yield slot
            finally:
                self._held.discard(slot)
                self._room.release()

    async def _wait_for_room(self) -> None:
        self._count_waiting(1)
        try:
            await self._room.acquire()
        finally:
            self._count_waiting(-1)

    def _count_waiting(self, change: int) -> None:
        self._waiting += change
        if self._room.locked():
            for slot in self._held:
                slot.update_end()
