"""Listen for PostgreSQL's NOTIFY that jobs were released or taken over.

A notification may be missed, as every process also looks for such jobs regularly.
"""

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

_KEEPALIVE_SECONDS = 30.0
"""How often the connection is tested: one that the network has dropped would stay silent."""
_RECONNECT_SECONDS = 5.0


class NotifyListener:
    """Receives notifications from the other processes on a database."""

    def __init__(self) -> None:
        self._notified = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def listen(cls, url: URL) -> AsyncGenerator[Self]:
        """Listen on a connection of its own until the block ends; on SQLite there are no notifications."""
        listener = cls()
        if url.get_backend_name() == "sqlite":
            yield listener
            return
        engine = create_engine(url, pooled=False)
        task = asyncio.create_task(listener._keep_listening(engine), name="notify listener")
        try:
            yield listener
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await engine.dispose()

    async def wait_for_notification(self) -> None:
        """Wait for a notification; return at once where one has come since the last call."""
        await self._notified.wait()
        self._notified.clear()

    async def _keep_listening(self, engine: AsyncEngine) -> None:
        while True:
            try:
                with translate_database_errors():
                    await self._listen(engine)
            except StoreUnavailable as error:
                log.debug("Notifications of other processes cannot be received: %s.", error)
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def _listen(self, engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            # asyncpg's own connection, as SQLAlchemy has no LISTEN.
            driver: Any = (await connection.get_raw_connection()).driver_connection
            ended = asyncio.Event()

            def on_termination(_: object) -> None:
                ended.set()

            def on_notification(*_: object) -> None:
                self._notified.set()

            driver.add_termination_listener(on_termination)
            await driver.add_listener(NOTIFY_CHANNEL, on_notification)
            self._notified.set()  # notifications may have been missed before
            while not ended.is_set():
                if not await wait_for_event(ended, _KEEPALIVE_SECONDS):
                    await driver.execute("SELECT 1")
