"""Connections to a database: its URL as hosting platforms write it, its engine, and its errors as StoreUnavailable."""

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
from bot.store.postgresql import CONNECTION_OPTIONS, StatelessConnection

_SSL_MODES = frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})
# Options that asyncpg reads from a DSN but does not accept as keywords. It would send libpq's other options to the
# server as settings, and the server would refuse the connection.
_DSN_OPTIONS = frozenset(
    {"application_name", "options", "sslcert", "sslcrl", "sslkey", "sslrootcert", "target_session_attrs"}
)
_EXAMPLE_URLS = "sqlite:///data/mjbot.db for a file, or postgresql://user:password@host/name for PostgreSQL"
_RAILWAY_REFERENCE = re.compile(r"\$\{\{\s*(?:(?P<service>\w[\w -]{0,31})\.)?")
_ASYNCPG_KEYWORDS = frozenset({"host", "port", "prepared_statement_cache_size"})
_WAL_TRIES = 50
_TIMEOUT_SECONDS = 5
_POOL_SIZE = 3
"""How many connections a process opens besides the one that listens: small plans allow 20, and deployments overlap."""


def parse_database_url(text: str) -> URL:
    """Parse a DATABASE_URL: sqlite:///file, or postgres(ql)://... with libpq's options.

    Raises:
        SettingsError: It is not a URL, names no file, or names another kind of database.
    """
    if match := _RAILWAY_REFERENCE.search(text):
        service = match["service"] or "Postgres"
        raise _build_error(f"is a reference that Railway did not fill in: is the service called {service}?")
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        raise _build_error(f"is not a URL: use {_EXAMPLE_URLS}") from None
    kind = url.drivername.partition("+")[0]
    if kind == "sqlite":
        if url.database in {None, "", ":memory:"}:
            raise _build_error("names no file: use sqlite:///data/mjbot.db, for example")
        return url.set(drivername="sqlite+aiosqlite")
    if kind in {"postgres", "postgresql"}:
        return url.set(drivername="postgresql+asyncpg", query=_convert_libpq_options(url))
    raise _build_error(f"names neither SQLite nor PostgreSQL: use {_EXAMPLE_URLS}")


def _convert_libpq_options(url: URL) -> dict[str, str]:
    """Convert libpq's options to arguments of asyncpg.connect: `ssl` for sslmode, and a DSN with the others."""
    given = {name: values[-1] for name, values in url.normalized_query.items()}
    query = {name: value for name, value in given.items() if name in _ASYNCPG_KEYWORDS}
    mode = given.get("sslmode", given.get("ssl"))
    if mode is not None:
        if mode not in _SSL_MODES:
            raise _build_error(f"has an sslmode that is not one of {', '.join(sorted(_SSL_MODES))}")
        query["ssl"] = mode
    options = {name: value for name, value in given.items() if name in _DSN_OPTIONS}
    if options:
        query["dsn"] = f"postgresql:///?{urlencode(options)}"
    return query


def _build_error(problem: str) -> SettingsError:
    return SettingsError([("DATABASE_URL", problem)])


def create_engine(url: URL, *, pooled: bool = True) -> AsyncEngine:
    """Create an engine; with `execution_options(immediate=True)` its transactions take the write lock at their start.

    An engine that is not pooled, for migrations and LISTEN, has no time limit for statements. SQLite gets a single
    connection, so that statements wait for each other in the event loop and not in SQLite's busy handler.
    """
    # Parameters contain interaction tokens, and errors are logged.
    options: dict[str, Any] = {"hide_parameters": True}
    is_sqlite = url.get_backend_name() == "sqlite"
    if pooled:
        pool_size = 1 if is_sqlite else _POOL_SIZE
        options |= {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": 2 * _TIMEOUT_SECONDS}
    else:
        options["poolclass"] = NullPool
    if is_sqlite:
        engine = create_async_engine(url, connect_args={"timeout": _TIMEOUT_SECONDS}, **options)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    arguments = {
        "timeout": _TIMEOUT_SECONDS,
        "command_timeout": _TIMEOUT_SECONDS if pooled else None,
        "connection_class": StatelessConnection,
    }
    return create_async_engine(url, connect_args=arguments | CONNECTION_OPTIONS, pool_pre_ping=pooled, **options)


def _prepare_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401 (a DBAPI connection has no type)
    # By default sqlite3 begins a transaction only before the first write, when its reads may be outdated.
    connection.isolation_level = None
    cursor = connection.cursor()
    _switch_to_wal(cursor)
    for pragma in ("synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _switch_to_wal(cursor: Any) -> None:  # noqa: ANN401 (a DBAPI cursor has no type)
    """Switch the file to WAL, repeatedly: SQLite fails at once where another process does so at the same moment."""
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
    """Return the path of SQLite's file; None for PostgreSQL."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def resolve_sqlite_path(text: str) -> Path | None:
    """Return the absolute path of a DATABASE_URL's SQLite file, with symbolic links resolved; None for PostgreSQL.

    Raises:
        SettingsError: parse_database_url does not accept the URL.
    """
    file = sqlite_path(parse_database_url(text))
    return file and file.resolve()


@contextmanager
def translate_database_errors() -> Generator[None]:
    """Raise StoreUnavailable in place of any error of a database or its driver."""
    try:
        yield
    except (SQLAlchemyError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise StoreUnavailable(str(error)) from error
