"""Migrate a database to the newest schema, one process at a time."""

import asyncio
import logging
from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text

from bot.store.engine import create_engine

MIGRATIONS_DIR = Path(__file__).parent / "migrations"

_log = logging.getLogger(__name__)
# Alembic keeps its state in module globals.
_alembic_lock = Lock()
_ADVISORY_LOCK = 0x6D6A_626F_7400


async def migrate(url: URL) -> None:
    """Apply the missing migrations; a newer schema is left alone, since migrations only add to it.

    It runs in a thread with an event loop of its own, as loading the migrations would block this one for too long.
    """
    await asyncio.to_thread(_migrate_in_thread, url)


def _migrate_in_thread(url: URL) -> None:
    with _alembic_lock:
        asyncio.run(_migrate(url))


async def _migrate(url: URL) -> None:
    engine = create_engine(url, pooled=False)
    try:
        async with engine.execution_options(immediate=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    # configparser would take a single % in a path for an interpolation.
    config.set_main_option("script_location", str(MIGRATIONS_DIR).replace("%", "%%"))
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    newest = script.get_current_head()
    found = MigrationContext.configure(connection).get_current_revision()
    if found == newest:
        return
    if found is not None and found not in {step.revision for step in script.walk_revisions()}:
        _log.info("database schema %s is newer than %s: used as it is", found, newest)
        return
    command.upgrade(config, "head")
    _log.info("database schema migrated from %s to %s", found or "nothing", newest)
