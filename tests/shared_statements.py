"""Compile each SQL statement once in a test process, and not once for each database that a test opens.

SQLAlchemy keeps the compiled statements of an engine in its cache, under the dialect object of that engine. In the
bot, one engine lives as long as the process; a tenth of what a short test takes was the compiling of its statements.
"""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.util import LRUCache

_STATEMENTS = 5000


def share_compiled_statements() -> None:
    """Give all later engines one cache, in which dialects of one class are the same key.

    The databases of a run have one version and one configuration, so a statement that was compiled for one of them
    is what any other would get.
    """
    cache: LRUCache[Any, Any] = LRUCache(_STATEMENTS)
    Engine._compiled_cache = property(lambda _: cache, lambda *_: None)  # type: ignore[assignment]
    for dialect in (SQLiteDialect_aiosqlite, PGDialect_asyncpg):
        dialect.__eq__ = lambda this, other: type(this) is type(other)  # type: ignore[method-assign]
        dialect.__hash__ = lambda this: hash(type(this))  # type: ignore[assignment,method-assign]
