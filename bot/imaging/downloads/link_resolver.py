"""Look up the hosts of people's links: they choose the name servers, which may never answer."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final
from weakref import WeakValueDictionary

from aiohttp.abc import AbstractResolver, ResolveResult

_MAX_LOOKUPS: Final = 6
"""How many lookups may run at once: fewer than a SystemResolver allows, which tests share with results."""
_MAX_OF_PERSON: Final = 2
_person: ContextVar[int] = ContextVar("_person", default=0)
"""Whose link is looked up: aiohttp calls the resolver, and passes nothing on."""


@contextmanager
def look_up_for(person_id: int) -> Generator[None]:
    """Count what is looked up in this block as one person's lookups."""
    token = _person.set(person_id)
    try:
        yield
    finally:
        _person.reset(token)


class LinkResolver(AbstractResolver):
    """Bounds the lookups of another resolver, those of each person and all together.

    The system can't abort a lookup. So one that is canceled keeps its place until the system has answered, and a
    person's next ones wait for it.
    """

    def __init__(self, resolver: AbstractResolver) -> None:
        self._resolver = resolver
        self._places = asyncio.Semaphore(_MAX_LOOKUPS)
        self._shares: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()
        self._lookups: set[asyncio.Task[list[ResolveResult]]] = set()

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:  # noqa: ANN401 - the base class has an enumeration that lacks 0
        """Return the addresses of a host, once there is a place; raise OSError if the system does not know it."""
        share = self._shares.setdefault(_person.get(), asyncio.Semaphore(_MAX_OF_PERSON))
        await share.acquire()
        try:
            await self._places.acquire()
        except BaseException:
            share.release()
            raise
        lookup = asyncio.create_task(self._resolver.resolve(host, port, family))

        def finish(done: asyncio.Task[list[ResolveResult]]) -> None:
            self._lookups.discard(done)
            self._places.release()
            share.release()
            if not done.cancelled():
                done.exception()  # read it, for a caller that was canceled

        self._lookups.add(lookup)
        lookup.add_done_callback(finish)
        return await asyncio.shield(lookup)

    async def close(self) -> None:
        """Wait for no more answers; the other resolver stays open."""
        for lookup in tuple(self._lookups):
            lookup.cancel()
        await asyncio.gather(*self._lookups, return_exceptions=True)
