"""A backup of SQLite's file while the bot writes to it."""

import asyncio
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import SettingsError, StoreUnavailable
from bot.store import BackupFileError, SqlStore, back_up_sqlite, open_store
from bot.store.copies import database_backup
from tests.fakes.sample_rows import NOON, a_job, open_jobs


async def test_a_backup_has_what_was_committed(sql: SqlStore, url: str, tmp_path: Path) -> None:
    """Also what is only in the write-ahead log; the bot goes on, and only its owner can read the single file."""
    await sql.open_job(a_job(1))
    backup = tmp_path / "backup.db"
    assert back_up_sqlite(url, backup)["jobs"] == 1
    await sql.open_job(a_job(2))
    assert min(os.walk(tmp_path))[1:] == (["data"], ["backup.db"])
    assert backup.stat().st_mode & 0o777 == 0o600
    async with open_store(f"sqlite:///{backup}", now=lambda: NOON) as restored:
        assert [job.id for job in await open_jobs(restored)] == [1]
    assert [job.id for job in await open_jobs(sql)] == [1, 2]


async def test_a_backup_during_a_transaction_has_none_of_it(sql: SqlStore, url: str, tmp_path: Path) -> None:
    await sql.open_job(a_job(1))
    async with sql.database.write_engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM jobs")
        counts = await asyncio.to_thread(back_up_sqlite, url, tmp_path / "backup.db")
    assert counts["jobs"] == 1


async def test_a_backup_can_be_read_from_a_disk_that_is_read_only(sql: SqlStore, url: str, tmp_path: Path) -> None:
    await sql.open_job(a_job(1))
    backup = tmp_path / "backup.db"
    back_up_sqlite(url, backup)
    with closing(sqlite3.connect(f"file:{backup}?mode=ro&immutable=1", uri=True)) as database:
        assert database.execute("SELECT message_id FROM jobs").fetchall() == [(1,)]
        assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("taken.db", "exists already: choose another name."),
        ("data", "is a folder: add a name to it, such as backup.db."),
        ("data/mjbot.db", "exists already: choose another name."),
        ("missing/backup.db", "cannot be written (No such file or directory)."),
        ("taken.db/backup.db", "cannot be written (Not a directory)."),
        ("a" * 300, "cannot be written (File name too long)."),
    ],
)
async def test_a_backup_that_cannot_be_written_is_refused(
    sql: SqlStore, url: str, tmp_path: Path, name: str, problem: str
) -> None:
    """Nothing is overwritten, and nothing is left."""
    (tmp_path / "taken.db").write_text("mine", encoding="utf-8")
    before = sorted(os.walk(tmp_path))
    with pytest.raises(BackupFileError) as refused:
        back_up_sqlite(url, tmp_path / name)
    assert str(refused.value) == problem
    assert sorted(os.walk(tmp_path)) == before
    assert (tmp_path / "taken.db").read_text(encoding="utf-8") == "mine"


async def test_an_interrupted_backup_is_no_obstacle(sql: SqlStore, url: str, tmp_path: Path) -> None:
    (tmp_path / "backup.db.part").write_bytes(b"half a file")
    await sql.open_job(a_job(1))
    assert back_up_sqlite(url, tmp_path / "backup.db")["jobs"] == 1
    assert not (tmp_path / "backup.db.part").exists()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "has no file yet."),
        (b"", "holds no table of the bot."),
        (b"nothing of ours" * 500, "is not an SQLite file."),
    ],
)
def test_a_database_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None, problem: str) -> None:
    file = tmp_path / "mjbot.db"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(StoreUnavailable) as refused:
        back_up_sqlite(f"sqlite:///{file}", tmp_path / "backup.db")
    assert refused.value.problem == problem
    assert [path.name for path in tmp_path.iterdir()] == ([] if content is None else ["mjbot.db"])


def test_postgresql_has_tools_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"is PostgreSQL\. Use pg_dump"):
        back_up_sqlite("postgresql://u:hunter2@db/x", tmp_path / "backup.db")
    with pytest.raises(SettingsError):
        back_up_sqlite("mysql://u:hunter2@db/x", tmp_path / "backup.db")


async def test_two_backups_to_one_file_never_leave_half_of_one(
    sql: SqlStore, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that began first is refused, and leaves the other one alone; a file that came meanwhile stays."""
    await sql.open_job(a_job(1))
    backup, copy = tmp_path / "backup.db", database_backup._copy

    def copy_twice(file: Path, part: Path) -> Mapping[str, int]:
        monkeypatch.setattr(database_backup, "_copy", copy)
        counts = copy(file, part)
        assert back_up_sqlite(url, backup)["jobs"] == 1
        part.write_text("of a third one", encoding="utf-8")
        return counts

    monkeypatch.setattr(database_backup, "_copy", copy_twice)
    with pytest.raises(BackupFileError, match="was written by another backup meanwhile"):
        back_up_sqlite(url, backup)
    assert (tmp_path / "backup.db.part").read_text(encoding="utf-8") == "of a third one"
    with closing(sqlite3.connect(backup)) as database:
        assert database.execute("SELECT message_id FROM jobs").fetchall() == [(1,)]
