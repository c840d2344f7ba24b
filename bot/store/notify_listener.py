"""Hears, over PostgreSQL's LISTEN, that jobs changed hands: a hint beside the slow poll, so it may be missed."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Self

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.clock import wait_for_event
from bot.errors import StoreUnavailable
from bot.store.engine import create_engine, translate_database_errors

log = logging.getLogger(__name__)

NOTIFY_CHANNEL = "mjbot_jobs"

_ALIVE_SECONDS = 30.0
"""How often the connection is tried: one that the network has forgotten says nothing by itself."""
_AGAIN_SECONDS = 5.0


class NotifyListener:
    """Counts what was heard; `next` returns at the next word, or at once where one came since the last call."""

    def __init__(self) -> None:
        self._heard = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def listen(cls, url: URL) -> AsyncGenerator[Self]:
        """Listen on the database of a URL, with a connection of its own, until the block ends; SQLite says nothing."""
        hints = cls()
        if url.get_backend_name() == "sqlite":
            yield hints
            return
        engine = create_engine(url, pooled=False)
        listening = asyncio.create_task(hints._listen(engine), name="hints")
        try:
            yield hints
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await engine.dispose()

    async def wait_for_notification(self) -> None:
        """Wait for a word."""
        await self._heard.wait()
        self._heard.clear()

    async def _listen(self, engine: AsyncEngine) -> None:
        """Listen, again and again: whoever starts to listen may have missed something."""
        while True:
            try:
                with translate_database_errors():
                    await self._hear(engine)
            except StoreUnavailable as gone:
                log.debug("Nothing is heard of other processes: %s.", gone)
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _hear(self, engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            # asyncpg's own connection: SQLAlchemy knows no LISTEN.
            driver: Any = (await connection.get_raw_connection()).driver_connection
            ended = asyncio.Event()

            def end(_: object) -> None:
                ended.set()

            def hear(*_: object) -> None:
                self._heard.set()

            driver.add_termination_listener(end)
            await driver.add_listener(NOTIFY_CHANNEL, hear)
            self._heard.set()
            while not ended.is_set():
                if not await wait_for_event(ended, _ALIVE_SECONDS):
                    await driver.execute("SELECT 1")
