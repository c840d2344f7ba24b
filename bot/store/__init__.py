"""The rows that outlive the process, in SQLite or PostgreSQL: implementations of bot.ports.Store and ProcessLeases."""

from bot.store.engine import parse_database_url, resolve_sqlite_path
from bot.store.sql_store import SqlStore, open_store

__all__ = ["SqlStore", "open_store", "parse_database_url", "resolve_sqlite_path"]
