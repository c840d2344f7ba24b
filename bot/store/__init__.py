"""The rows that outlive the process, in SQLite or PostgreSQL: implementations of bot.ports.Store and ProcessLeases."""

from bot.store.connections.database_url import parse_database_url, resolve_sqlite_path
from bot.store.copies.copy_side import CopyRefused
from bot.store.copies.database_backup import BackupFileError, back_up_sqlite
from bot.store.copies.database_copy import TableCopy, copy_database
from bot.store.migrator import PendingMigration, inspect_database
from bot.store.sql_store import SqlStore, open_store

__all__ = [
    "BackupFileError",
    "CopyRefused",
    "PendingMigration",
    "SqlStore",
    "TableCopy",
    "back_up_sqlite",
    "copy_database",
    "inspect_database",
    "open_store",
    "parse_database_url",
    "resolve_sqlite_path",
]
