"""Reach a database: its URL as hosting platforms write it, its connections, its failures as StoreUnavailable."""

import re
import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import asyncpg
from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from bot.errors import SettingsError, StoreUnavailable

_SSL_MODES = frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})
# What asyncpg reads from a DSN and takes by no keyword of the same name; libpq's other options it would send on
# to the server as settings, and the server would refuse the connection.
_DSN_OPTIONS = frozenset(
    {"application_name", "options", "sslcert", "sslcrl", "sslkey", "sslrootcert", "target_session_attrs"}
)
_URLS = "sqlite:///data/mjbot.db for a file, or postgresql://user:password@host/name for PostgreSQL"
_REFERENCE = re.compile(r"\$\{\{\s*(?:(?P<service>\w[\w -]{0,31})\.)?")
_KEYWORDS = frozenset({"host", "port", "prepared_statement_cache_size"})
_WAL_TRIES = 50
_SECONDS_TO_WAIT = 5
_SECONDS_TO_LOCK, _SECONDS_TO_HOLD = 3, 10
_CONNECTIONS = 3
"""How many a process opens, besides the one that listens: small plans allow twenty, and deploys overlap."""


def parse_database_url(text: str) -> URL:
    """Read a DATABASE_URL: sqlite:///file, or postgres(ql)://... with libpq's options.

    Raises:
        SettingsError: It is no URL, names no file, or another kind of database.
    """
    if found := _REFERENCE.search(text):
        service = found["service"] or "Postgres"
        raise _refusal(f"is a reference that Railway did not fill in: is the service called {service}?")
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        raise _refusal(f"is not a URL: put {_URLS}") from None
    kind = url.drivername.partition("+")[0]
    if kind == "sqlite":
        if url.database in {None, "", ":memory:"}:
            raise _refusal("names no file; sqlite:///data/mjbot.db does")
        return url.set(drivername="sqlite+aiosqlite")
    if kind in {"postgres", "postgresql"}:
        return url.set(drivername="postgresql+asyncpg", query=_asyncpg_query(url))
    raise _refusal(f"names neither SQLite nor PostgreSQL: put {_URLS}")


def _asyncpg_query(url: URL) -> dict[str, str]:
    """Say libpq's options as asyncpg.connect takes them: `ssl` for sslmode, a DSN without an address for the rest."""
    given = {name: values[-1] for name, values in url.normalized_query.items()}
    query = {name: value for name, value in given.items() if name in _KEYWORDS}
    mode = given.get("sslmode", given.get("ssl"))
    if mode is not None:
        if mode not in _SSL_MODES:
            raise _refusal(f"has an sslmode that is none of {', '.join(sorted(_SSL_MODES))}")
        query["ssl"] = mode
    options = {name: value for name, value in given.items() if name in _DSN_OPTIONS}
    if options:
        query["dsn"] = f"postgresql:///?{urlencode(options)}"
    return query


def _refusal(problem: str) -> SettingsError:
    return SettingsError([("DATABASE_URL", problem)])


def create_engine(url: URL, *, pooled: bool = True) -> AsyncEngine:
    """Build the engine; a transaction on `engine.execution_options(immediate=True)` writes from its first moment on.

    Statements of one that is not pooled, which migrates or listens, take as long as they take.
    SQLite gets one connection, so that our own statements queue in the loop and not in SQLite's busy handler.
    """
    # Parameters hold interaction tokens, and errors end in logs.
    options: dict[str, Any] = {"hide_parameters": True}
    if not pooled:
        options["poolclass"] = NullPool
    if url.get_backend_name() != "sqlite":
        waits = {"timeout": _SECONDS_TO_WAIT, "command_timeout": _SECONDS_TO_WAIT if pooled else None}
        if pooled:
            options |= {"pool_size": _CONNECTIONS, "max_overflow": 0, "pool_timeout": 2 * _SECONDS_TO_WAIT}
        engine = create_async_engine(url, connect_args=waits, pool_pre_ping=pooled, **options)
        event.listen(engine.sync_engine, "connect", _prepare_postgresql)
        return engine
    if pooled:
        options |= {"pool_size": 1, "max_overflow": 0, "pool_timeout": 2 * _SECONDS_TO_WAIT}
    engine = create_async_engine(url, connect_args={"timeout": _SECONDS_TO_WAIT}, **options)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_postgresql(connection: Any, _: object) -> None:  # noqa: ANN401 (a DBAPI connection has no type)
    """Let nobody hold a lock that has stopped moving, nor wait for one for ever; poolers take this, unlike options."""
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = '{_SECONDS_TO_HOLD}s'")
    cursor.execute(f"SET lock_timeout = '{_SECONDS_TO_LOCK}s'")
    cursor.close()
    connection.commit()


def _prepare_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401 (a DBAPI connection has no type)
    # Left to itself, sqlite3 begins a transaction only before the first write, when the reads are already old.
    connection.isolation_level = None
    cursor = connection.cursor()
    _switch_to_wal(cursor)
    for pragma in ("synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _switch_to_wal(cursor: Any) -> None:  # noqa: ANN401 (a DBAPI cursor has no type)
    """Switch the file to WAL: SQLite does not wait for another process that does so at the same moment."""
    for _ in range(_WAL_TRIES):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(0.02)
        else:
            return
    cursor.execute("PRAGMA journal_mode=WAL")


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def sqlite_path(url: URL) -> Path | None:
    """Return the file behind a URL; None for PostgreSQL."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def resolve_sqlite_path(text: str) -> Path | None:
    """Return the absolute path of a DATABASE_URL's SQLite file, links followed; None for PostgreSQL.

    Raises:
        SettingsError: The URL is none that database_url takes.
    """
    file = sqlite_path(parse_database_url(text))
    return file and file.resolve()


@contextmanager
def translate_database_errors() -> Generator[None]:
    """Turn whatever a database does wrong into StoreUnavailable: the one place where that happens."""
    try:
        yield
    except (SQLAlchemyError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise StoreUnavailable(str(error)) from error
