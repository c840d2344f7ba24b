"""Rows that outlive the process, in SQLite or PostgreSQL: an implementation of bot.ports.Store."""

from bot.store.engine import database_file, database_url
from bot.store.sql_store import SqlStore, open_store

__all__ = ["SqlStore", "database_file", "database_url", "open_store"]
