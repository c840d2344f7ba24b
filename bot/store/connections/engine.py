"""The engine of a database, and its errors as StoreUnavailable."""

import errno
import os
import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import asyncpg
from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from bot.errors import StoreUnavailable
from bot.store.connections.database_errors import diagnose_database_error
from bot.store.connections.postgresql import CertificateFileError, Connector, UserUnknownError

_WAL_TRIES = 50
_TIMEOUT_SECONDS = 5
_POOL_SIZE = 3
"""How many connections a process opens besides the one that listens: small plans allow 20, and deployments overlap."""


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
        _require_file(url)
        engine = create_async_engine(url, connect_args={"timeout": _TIMEOUT_SECONDS}, **options)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    with translate_database_errors():
        connector = Connector(url, timeout=_TIMEOUT_SECONDS, command_timeout=_TIMEOUT_SECONDS if pooled else None)
    arguments = {"async_creator_fn": connector.connect, "prepared_statement_cache_size": 0}
    # The connector knows the rest of the URL.
    bare_url = URL.create(url.drivername)
    return create_async_engine(bare_url, connect_args=arguments, pool_pre_ping=pooled, **options)


def _require_file(url: URL) -> None:
    if os.path.isdir(url.database or ""):  # noqa: PTH112 - a path from a URL may be any text
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), url.database)


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


@contextmanager
def translate_database_errors() -> Generator[None]:
    """Raise StoreUnavailable, with a diagnosis, in place of any error of a database or its driver."""
    try:
        yield
    except (
        SQLAlchemyError,
        OSError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        CertificateFileError,
        UserUnknownError,
        UnicodeDecodeError,  # of sqlite3, for a damaged file's schema
    ) as error:
        raise StoreUnavailable(*diagnose_database_error(error)) from error
