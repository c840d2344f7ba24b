"""A source with rows or a file that no version of the bot writes is refused in one sentence."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import StoreUnavailable
from bot.store import CopyRefused, back_up_sqlite, copy_database, inspect_database, open_store
from tests.fakes.sample_rows import NOON, a_job
from tests.postgres import Postgres

UNREADABLE = {
    "token_expires_at = 'nonsense'": "FROM holds a value that cannot be read (Invalid isoformat string: 'nonsense').",
    "requester_name = CAST(x'ff' AS TEXT)": "FROM cannot be used (Could not decode to UTF-8 column 'requester_name'",
}
UNSTORABLE = {"redraws": "99999999999999", "channel_id": "'abc'", "pressed": "x'00ff'"}
STORABLE = {"redraws": "0", "channel_id": "1", "pressed": "''"}


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A database with a job."""
    async with open_store(f"sqlite:///{tmp_path}/mjbot.db", now=lambda: NOON) as store:
        await store.open_job(a_job(1))
    return tmp_path / "mjbot.db"


async def copy(file: Path, target: str) -> str:
    """Copy, and return why that is refused; "" if it is not."""
    try:
        async for _ in copy_database(f"sqlite:///{file}", target):
            pass
    except CopyRefused as refused:
        return str(refused)
    return ""


def change(file: Path, values: str) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.execute(f"UPDATE jobs SET {values}")  # noqa: S608 - of this module
        database.commit()


def damage_schema(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"CREATE TABLE jobs", b"CREATE \xd1\xff\xd1\xff\xd1 jobs"))


@pytest.mark.parametrize("values", UNREADABLE)
async def test_a_value_that_cannot_be_read_is_named(file: Path, tmp_path: Path, values: str) -> None:
    """When it is mended, the same command goes on."""
    target = f"sqlite:///{tmp_path}/copy.db"
    change(file, values)
    assert (await copy(file, target)).startswith(UNREADABLE[values])
    change(file, "token_expires_at = '2026-11-23 12:00:00.000000', requester_name = 'lien'")
    assert await copy(file, target) == ""


async def test_a_value_that_postgresql_does_not_store_is_refused(file: Path, postgres: Postgres) -> None:
    """SQLite stores any value in any column."""
    target = await postgres.database()
    for name, value in UNSTORABLE.items():
        change(file, f"{name} = {value}")
        assert (await copy(file, target)).startswith("TO "), name
        change(file, f"{name} = {STORABLE[name]}")
    assert await copy(file, target) == ""


async def test_a_file_with_a_damaged_schema_is_refused(file: Path, tmp_path: Path) -> None:
    """By a copy, a backup and the start."""
    damage_schema(file)
    assert (await copy(file, f"sqlite:///{tmp_path}/copy.db")).startswith("FROM is a damaged file.")
    with pytest.raises(StoreUnavailable, match="is a damaged file"):
        back_up_sqlite(f"sqlite:///{file}", tmp_path / "backup.db")
    with pytest.raises(StoreUnavailable, match="is a damaged file"):
        await inspect_database(f"sqlite:///{file}")
    assert not (tmp_path / "backup.db").exists()
