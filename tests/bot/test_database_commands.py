"""What `python -m bot backup` and `python -m bot copy-database` print."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.database_commands import run_backup, run_copy, run_interruptible
from bot.store import open_store
from bot.store.copies.database_copy import DatabaseCopy
from tests.fakes.sample_rows import NOON, a_job


@pytest.fixture
async def url(tmp_path: Path) -> str:
    """A database with two jobs."""
    url = f"sqlite:///{tmp_path}/mjbot.db"
    async with open_store(url, now=lambda: NOON) as store:
        for number in (1, 2):
            await store.open_job(a_job(number))
    return url


async def test_a_copy_prints_each_table(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = f"sqlite:///{tmp_path}/copy.db"
    assert await run_copy(url, target) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "ok    Rows of jobs: 2 in FROM, 2 in TO." in lines
    assert lines[-1].startswith("ok    Copy: all 3 rows are in TO. Set DATABASE_URL to it, and start the bot.")
    assert await run_copy(url, target) == 0
    assert "ok    Copy: TO had all rows already; nothing was written." in capsys.readouterr().out


async def test_rows_that_are_missing_at_the_end_fail(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program deleted them meanwhile; the next run copies them."""
    real = DatabaseCopy.verify

    def verify(self: DatabaseCopy) -> object:
        with closing(sqlite3.connect(tmp_path / "copy.db")) as database:
            database.execute("DELETE FROM jobs WHERE message_id = 2")
            database.commit()
        return real(self)

    with monkeypatch.context() as patch:
        patch.setattr(DatabaseCopy, "verify", verify)
        assert await run_copy(url, f"sqlite:///{tmp_path}/copy.db") == 1
    printed = capsys.readouterr().out
    assert "FAIL  Rows of jobs: 2 in FROM, 1 in TO." in printed
    assert "FAIL  Copy: the two databases don't have as many rows. Stop every bot" in printed
    assert await run_copy(url, f"sqlite:///{tmp_path}/copy.db") == 0


async def test_changes_since_an_interrupted_copy_are_told(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def interrupt(self: DatabaseCopy) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(DatabaseCopy, "_finish", interrupt)
        with pytest.raises(KeyboardInterrupt):
            await run_copy(url, f"sqlite:///{tmp_path}/copy.db")
    with closing(sqlite3.connect(tmp_path / "mjbot.db")) as database:
        database.execute("UPDATE jobs SET pressed = 'U1' WHERE message_id = 1")
        database.execute("DELETE FROM jobs WHERE message_id = 2")
        database.commit()
    assert await run_copy(url, f"sqlite:///{tmp_path}/copy.db") == 0
    expected = (
        "ok    Rows of jobs: 1 in FROM, 1 in TO; 1 had changed in FROM since the interrupted copy; "
        "1 were deleted that FROM no longer has."
    )
    assert expected in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("nonsense", "sqlite:///copy.db", "FAIL  FROM: is not a URL: use sqlite:///data/mjbot.db for a file"),
        ("sqlite:///none.db", "sqlite:///copy.db", "FAIL  FROM: has no file none.db. Check the path."),
        ("sqlite:///mjbot.db", "sqlite:///mjbot.db", "FAIL  Copy: FROM and TO are the same database."),
        (
            "sqlite:///mjbot.db",
            "postgresql://mjbot:hunter2@127.0.0.1:9/mjbot",
            "FAIL  TO: refuses connections at that address. Start PostgreSQL, and check the host and the port in TO.",
        ),
    ],
)
def test_refusals_are_one_line(
    url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    target: str,
    said: str,
) -> None:
    """The command needs no settings."""
    monkeypatch.chdir(tmp_path)
    for name in ("DISCORD_TOKEN", "MJ_API_KEY", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    assert main(["copy-database", source, target]) == 1
    output = capsys.readouterr()
    [line] = output.out.splitlines()
    assert line.startswith(said)
    assert "hunter2" not in output.out + output.err


def test_an_interruption_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    async def work() -> int:
        raise KeyboardInterrupt

    assert run_interruptible(work()) == 1
    expected = "FAIL  Copy: interrupted. Run the same command again: it goes on where it stopped.\n"
    assert capsys.readouterr().out == expected


async def test_a_backup_prints_what_it_has(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "backup.db"
    assert await run_backup(url, file) == 0
    assert capsys.readouterr().out == f"ok    Backup: {file} has 3 rows (2 in jobs, 1 in secrets).\n"
    assert await run_backup(url, file) == 1
    assert capsys.readouterr().out == f"FAIL  Backup: {file} exists already: choose another name.\n"


@pytest.mark.parametrize(
    ("address", "file", "said"),
    [
        ("postgresql://u:hunter2@db/x", "backup.db", "the database is PostgreSQL. Use pg_dump"),
        ("sqlite:///none.db", "backup.db", "the database has no file yet. Run this where the bot runs"),
        ("sqlite:///none.db", "sqlite:///backup.db", "FILE is an address: write a path"),
        ("sqlite:///none.db", "postgresql://u:hunter2@db/x", "FILE is an address: write a path"),
    ],
)
async def test_a_backup_that_is_not_possible_is_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    file: str,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert await run_backup(address, Path(file)) == 1
    output = capsys.readouterr()
    assert output.out.startswith(f"FAIL  Backup: {said}")
    assert "hunter2" not in output.out + output.err


def test_the_command_line_reads_the_settings_for_a_backup(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in (("DISCORD_TOKEN", "abc"), ("MJ_API_KEY", "sk-abc"), ("DATABASE_URL", url)):
        monkeypatch.setenv(name, value)
    assert main(["backup", "backup.db"]) == 0
    assert capsys.readouterr().out == "ok    Backup: backup.db has 3 rows (2 in jobs, 1 in secrets).\n"
