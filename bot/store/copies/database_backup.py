"""Copy SQLite's file while the bot writes to it, through SQLite's backup API."""

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

from bot.errors import StoreUnavailable
from bot.store.connections.database_errors import diagnose_database_error
from bot.store.connections.database_url import parse_database_url, sqlite_path
from bot.store.schema import metadata

_TIMEOUT_SECONDS = 10.0


class BackupFileError(Exception):
    """The backup cannot be written; the text completes a sentence that begins with the file's name."""


def back_up_sqlite(url: str, backup: Path) -> Mapping[str, int]:
    """Write the committed rows of a DATABASE_URL's SQLite file to a new file; return its row counts by table.

    The backup is one file, which is there only when it is complete: it was written under another name, checked, and
    written to the disk. Only its owner can read it, because it contains tokens that can act as the bot.

    Raises:
        SettingsError: parse_database_url does not accept the URL.
        StoreUnavailable: The database is PostgreSQL, has no file, or cannot be read.
        BackupFileError: The backup exists, or cannot be written.
    """
    file = sqlite_path(parse_database_url(url))
    if file is None:
        raise StoreUnavailable("is PostgreSQL.", "Use pg_dump, or the backups of your platform.")
    if not file.exists():
        raise StoreUnavailable("has no file yet.", "Run this where the bot runs, in the same folder.")
    part = backup.with_name(f"{backup.name}.part")
    identity: tuple[int, int] | None = None
    try:
        identity = _create_file(backup, part)
        counts = _copy(file, part)
        if _identify(part) != identity or backup.exists():
            raise BackupFileError("was written by another backup meanwhile: choose another name.")
        part.replace(backup)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise StoreUnavailable(*diagnose_database_error(error)) from error
    except OSError as error:
        raise BackupFileError(f"cannot be written ({error.strerror or error}).") from error
    finally:
        with suppress(OSError):
            if identity is not None and _identify(part) == identity:
                part.unlink()
    return counts


def _create_file(backup: Path, part: Path) -> tuple[int, int] | None:
    """Create the file that is written, and return which one it is: another backup may replace it."""
    if backup.is_dir():
        raise BackupFileError("is a folder: add a name to it, such as backup.db.")
    if backup.exists():
        raise BackupFileError("exists already: choose another name.")
    part.unlink(missing_ok=True)  # of a backup that was interrupted
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return _identify(part)


def _identify(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _copy(file: Path, part: Path) -> Mapping[str, int]:
    with (
        closing(sqlite3.connect(file, timeout=_TIMEOUT_SECONDS, isolation_level=None)) as source,
        closing(sqlite3.connect(part, isolation_level=None)) as copy,
    ):
        # In a single step: between several ones, each write of the bot would begin the copy again.
        source.backup(copy, pages=-1)
        # Without the write-ahead log of the source, the backup is a single file, and can be read from any disk.
        copy.execute("PRAGMA journal_mode=DELETE")
        if copy.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("database disk image is malformed")
        counts = _count_rows(copy)
    if not counts:
        raise StoreUnavailable("holds no table of the bot.", "Check DATABASE_URL.")
    with part.open("rb+") as written:
        os.fsync(written.fileno())
    return counts


def _count_rows(copy: sqlite3.Connection) -> dict[str, int]:
    tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return {
        table: copy.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608 - a name of the schema
        for table in metadata.tables
        if table in tables
    }
