"""The rows that outlive the process, in SQLite or PostgreSQL: implementations of bot.ports.Store and ProcessLeases."""

from bot.store.connections.database_url import parse_database_url, resolve_sqlite_path
from bot.store.migrator import PendingMigration, inspect_database
from bot.store.sql_store import SqlStore, open_store

__all__ = [
    "PendingMigration",
    "SqlStore",
    "inspect_database",
    "open_store",
    "parse_database_url",
    "resolve_sqlite_path",
]
