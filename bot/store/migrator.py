"""Migrate a database to the newest schema, one process at a time; or tell what a migration would do."""

import asyncio
import errno
import logging
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Inspector, inspect, text

from bot.errors import StoreUnavailable
from bot.store.connections.database_url import parse_database_url, sqlite_path
from bot.store.connections.engine import create_engine, translate_database_errors
from bot.store.schema import metadata

MIGRATIONS_DIR = Path(__file__).parent / "migrations"

_log = logging.getLogger(__name__)
# Alembic keeps its state in module globals.
_alembic_lock = Lock()
_ADVISORY_LOCK = 0x6D6A_626F_7400
_LEAST_FREE_BYTES = 1024 * 1024
_VERSION_TABLE: Final = "alembic_version"
_FIRST_COLUMNS: Final[Mapping[str, frozenset[str]]] = {
    "jobs": frozenset({"message_id", "task_id", "token", "born_at"}),
    "snapshots": frozenset({"task_id", "body", "kept_at"}),
    "claims": frozenset({"person_id", "message_id", "made_at", "state"}),
    "refusals": frozenset({"ability", "refused_at", "expires_at"}),
}
"""Columns of the first schema, by table; other programs have tables of the same names."""
UNFINISHED_COPY: Final = "mjbot_unfinished_copy"
"""A table that bot.store.copies creates in a database for as long as not all rows are there."""


@dataclass(frozen=True)
class PendingMigration:
    """What the next start will do: `found` is the schema of the database, "" if new, `newest` this version's."""

    found: str
    newest: str


class SchemaVersion(NamedTuple):
    """The schema of a database, "" if it has none, and this version's; `is_newer`: this version doesn't know it."""

    found: str
    newest: str
    is_newer: bool


async def migrate(url: URL, *, is_copied: bool = False) -> None:
    """Apply the missing migrations; a newer schema is left alone, since migrations only add to it.

    An unfinished copy is refused, unless it is `is_copied`, whose rows are being copied.

    It runs in a thread with an event loop of its own, as loading the migrations would block this one for too long.
    """
    await asyncio.to_thread(_migrate_in_thread, url, is_copied=is_copied)


def _migrate_in_thread(url: URL, *, is_copied: bool) -> None:
    with _alembic_lock:
        asyncio.run(_migrate(url, is_copied=is_copied))


async def _migrate(url: URL, *, is_copied: bool) -> None:
    engine = create_engine(url, pooled=False)
    try:
        async with engine.execution_options(immediate=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            if not is_copied:
                await connection.run_sync(_refuse_unfinished_copy)
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    # configparser would take a single % in a path for an interpolation.
    config.set_main_option("script_location", str(MIGRATIONS_DIR).replace("%", "%%"))
    config.attributes["connection"] = connection
    pending = _find_pending(connection, ScriptDirectory.from_config(config))
    if pending is None:
        return
    command.upgrade(config, "head")
    _log.info("database schema migrated from %s to %s", pending.found or "nothing", pending.newest)


def _find_pending(connection: Connection, script: ScriptDirectory) -> PendingMigration | None:
    found, newest, is_newer = _compare_schema(connection, script)
    if is_newer:
        _log.info("database schema %s is newer than %s: used as it is", found, newest)
    return None if is_newer or found == newest else PendingMigration(found, newest)


def find_schema_version(connection: Connection) -> SchemaVersion:
    """Return which schema a database has; raise StoreUnavailable if its tables are another program's."""
    return _compare_schema(connection, ScriptDirectory(str(MIGRATIONS_DIR)))


def _compare_schema(connection: Connection, script: ScriptDirectory) -> SchemaVersion:
    _require_own_tables(connection)
    found = MigrationContext.configure(connection).get_current_revision() or ""
    newest = script.get_current_head() or ""
    is_known = found in {"", newest} or found in {step.revision for step in script.walk_revisions()}
    return SchemaVersion(found, newest, is_newer=not is_known)


def _refuse_unfinished_copy(connection: Connection) -> None:
    """Raise StoreUnavailable for a database that lacks rows: what was paid would be paid again."""
    if inspect(connection).has_table(UNFINISHED_COPY):
        raise StoreUnavailable(
            "is a copy that was not finished.",
            "Run `python -m bot copy-database` again, with the same two addresses: it goes on where it stopped.",
        )


def _require_own_tables(connection: Connection) -> None:
    """Raise StoreUnavailable if a table that the bot uses, or would create, is another program's.

    Tables of other names may share the database. Every schema of the bot has the columns of its first one.
    """
    folds_case = connection.dialect.name == "sqlite"
    inspector = inspect(connection)
    names = [*inspector.get_table_names(), *inspector.get_view_names()]
    found = {name.lower() if folds_case else name: name for name in names}
    has_version = _VERSION_TABLE in found
    if has_version and "version_num" not in _list_columns(inspector, found[_VERSION_TABLE]):
        raise _report_other_program(_VERSION_TABLE)
    is_migrated = has_version and bool(MigrationContext.configure(connection).get_current_heads())
    own = {name for name, columns in _FIRST_COLUMNS.items() if _has_columns(inspector, found.get(name), columns)}
    if is_migrated and own == set(_FIRST_COLUMNS):
        return
    taken = sorted(found.keys() & metadata.tables.keys() - (own if is_migrated else set()))
    if taken:
        raise _report_other_program(taken[0])
    if is_migrated or (has_version and len(found) > 1):
        raise _report_other_program(_VERSION_TABLE)


def _has_columns(inspector: Inspector, table: str | None, columns: frozenset[str]) -> bool:
    return table is not None and columns <= _list_columns(inspector, table)


def _list_columns(inspector: Inspector, table: str) -> set[str]:
    return {column["name"] for column in inspector.get_columns(table)}


def _report_other_program(table: str) -> StoreUnavailable:
    return StoreUnavailable(
        f"holds the table `{table}` of another program.", "Set DATABASE_URL to a database of the bot's own."
    )


async def inspect_database(url: str) -> PendingMigration | None:
    """Return the migration that the next start with a DATABASE_URL will apply, or None; write nothing.

    Whether the database can be written is tested in a transaction that is rolled back.

    Raises:
        SettingsError: parse_database_url does not accept the URL.
        StoreUnavailable: The database cannot be reached or written, or has tables of another program.
    """
    address = parse_database_url(url)
    with translate_database_errors():
        if (file := sqlite_path(address)) and _is_new_file(file):
            return PendingMigration("", ScriptDirectory(str(MIGRATIONS_DIR)).get_current_head() or "")
        return await asyncio.to_thread(asyncio.run, _inspect(address))


def _is_new_file(file: Path) -> bool:
    """Return whether SQLite will create this file, or raise OSError if there is no room or no permission for it."""
    folder = next(parent for parent in file.absolute().parents if parent.exists())
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    if shutil.disk_usage(folder).free < _LEAST_FREE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    return not file.exists() or (file.is_file() and not file.stat().st_size)


async def _inspect(url: URL) -> PendingMigration | None:
    engine = create_engine(url, pooled=False)
    try:
        async with engine.execution_options(immediate=True).connect() as connection:
            await connection.run_sync(_refuse_unfinished_copy)
            pending = await connection.run_sync(_find_pending, ScriptDirectory(str(MIGRATIONS_DIR)))
            if pending is None:
                await connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
            else:
                await connection.execute(text("CREATE TABLE mjbot_write_test (id INTEGER)"))
            await connection.rollback()
            return pending
    finally:
        await engine.dispose()
