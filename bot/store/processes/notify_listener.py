"""Listen for PostgreSQL's NOTIFY that jobs were released or taken over; where that is impossible, look for such jobs.

A notification may be missed, as every process also looks for such jobs regularly.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Self
from uuid import uuid4

from sqlalchemy import URL, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.clock import wait_for_event
from bot.errors import StoreUnavailable
from bot.store.connections.engine import create_engine, translate_database_errors
from bot.store.connections.postgresql import is_direct
from bot.store.database import Database
from bot.store.schema import RELEASED_OWNER, jobs

log = logging.getLogger(__name__)

NOTIFY_CHANNEL = "mjbot_jobs"

_KEEPALIVE_SECONDS = 30.0
"""How often the connection is tested: one that the network has dropped would stay silent."""
_RECONNECT_SECONDS = 5.0
_OWN_NOTIFICATION_SECONDS = 5.0
"""How long a notification may take from one connection of this process to another."""
_TEST_SECONDS = 15.0
"""How long the whole test may take, with connecting."""
_POLL_SECONDS = 1.0
_POLLS_BEFORE_NEW_TEST, _POLLS_BEFORE_RECONNECT = 600, 5
_POOLER = "a connection pooler is between the bot and PostgreSQL"
_NO_CONNECTION = "there is no connection for PostgreSQL's notifications"
_SILENCE = "PostgreSQL's notifications do not arrive"


class NotifyListener:
    """Receives notifications from the other processes on a database, or polls for released jobs in their place."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._notified = asyncio.Event()
        self._tested = asyncio.Event()
        self._problem = ""

    @classmethod
    @asynccontextmanager
    async def listen(cls, url: URL, database: Database) -> AsyncGenerator[Self]:
        """Listen on a connection of its own until the block ends; on SQLite there are no notifications."""
        listener = cls(database)
        if not database.is_postgresql:
            listener._tested.set()
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

    async def find_problem(self) -> str:
        """Return why notifications cannot be received, once that was tested; "" where they can, or on SQLite."""
        await wait_for_event(self._tested, _TEST_SECONDS)
        return self._problem

    async def _keep_listening(self, engine: AsyncEngine) -> None:
        while True:
            polls = _POLLS_BEFORE_NEW_TEST
            try:
                with translate_database_errors():
                    problem = await self._listen(engine)
            except StoreUnavailable as error:
                log.debug("Notifications of other processes cannot be received. %s", error)
                problem, polls = _NO_CONNECTION, _POLLS_BEFORE_RECONNECT
            if problem:
                await self._poll(problem, polls)
            else:
                await asyncio.sleep(_RECONNECT_SECONDS)

    async def _listen(self, engine: AsyncEngine) -> str:
        """Receive notifications until the connection ends; return why that is impossible, or "" at the end."""
        async with engine.connect() as connection:
            # asyncpg's own connection, as SQLAlchemy has no LISTEN.
            driver: Any = (await connection.get_raw_connection()).driver_connection
            if not await is_direct(driver):
                return _POOLER  # and LISTEN would stay in a session that other programs get
            ended, heard, own = asyncio.Event(), asyncio.Event(), uuid4().hex

            def on_termination(_: object) -> None:
                ended.set()

            def on_notification(_: object, __: int, ___: str, payload: str) -> None:
                if payload == own:
                    heard.set()
                elif not payload:  # otherwise it is the test of another process
                    self._notified.set()

            driver.add_termination_listener(on_termination)
            await driver.add_listener(NOTIFY_CHANNEL, on_notification)
            await self._database.transaction(lambda other: notify(other, own))
            if not await wait_for_event(heard, _OWN_NOTIFICATION_SECONDS):
                return _SILENCE
            self._set_problem("")
            self._notified.set()  # notifications may have been missed before
            while not ended.is_set():
                if not await wait_for_event(ended, _KEEPALIVE_SECONDS):
                    await driver.execute("SELECT 1")
        return ""

    async def _poll(self, problem: str, polls: int) -> None:
        """Look for released jobs once a second, so many times; then notifications are tested again."""
        self._set_problem(problem)
        released = jobs.c.closed_at.is_(None) & (jobs.c.owner == RELEASED_OWNER)
        for _ in range(polls):
            try:
                if await self._database.read(select(jobs.c.message_id).where(released).limit(1)):
                    self._notified.set()
            except StoreUnavailable as error:
                log.debug("Released jobs cannot be looked for. %s", error)
            await asyncio.sleep(_POLL_SECONDS)

    def _set_problem(self, problem: str) -> None:
        if problem and problem != self._problem:
            log.info("Messages of other processes are looked for once a second, because %s.", problem)
        self._problem = problem
        self._tested.set()


async def notify(connection: AsyncConnection, payload: str = "") -> None:
    """Notify all processes when the transaction commits; without a payload, that jobs have other owners."""
    await connection.execute(
        text("SELECT pg_notify(:channel, :payload)"), {"channel": NOTIFY_CHANNEL, "payload": payload}
    )
