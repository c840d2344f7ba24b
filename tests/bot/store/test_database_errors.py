"""What each fault of a database is told as, on real databases where a test can have the fault."""

import errno
import os
import socket
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from bot.errors import StoreUnavailable
from bot.store import open_store
from bot.store.database_errors import diagnose_database_error
from tests.postgres import Postgres


async def fault(url: str) -> tuple[str, str]:
    """Open a database that cannot be opened, and tell what it is told as."""
    with pytest.raises(StoreUnavailable) as refused:
        async with open_store(url, now=lambda: datetime.now(UTC), owner="check") as store:
            await store.process_leases.end_lease()
    return diagnose_database_error(refused.value)


def caused(cause: BaseException) -> StoreUnavailable:
    """Wrap an error as the store does."""
    error = StoreUnavailable(str(cause))
    error.__cause__ = cause
    return error


async def test_nobody_listens(unused_tcp_port: int) -> None:
    """A PostgreSQL that is not started, or another port."""
    said, advice = await fault(f"postgresql://mj:secret@127.0.0.1:{unused_tcp_port}/mj")
    assert (said, "port in DATABASE_URL" in advice) == ("refuses connections at that address.", True)


async def test_there_is_no_such_database(postgres: Postgres) -> None:
    """A name with a slip in it."""
    said, advice = await fault(postgres.url("nobody_made_this"))
    assert (said, "Create it" in advice) == ("has no database of that name.", True)


async def test_a_path_through_a_file(tmp_path: Path) -> None:
    """A folder that cannot be made."""
    (tmp_path / "file").touch()
    assert "is in a folder that is a file." == (await fault(f"sqlite:///{tmp_path}/file/mjbot.db"))[0]


async def test_a_file_of_another_kind(tmp_path: Path) -> None:
    """Any file of somebody's."""
    (tmp_path / "notes.txt").write_text("nothing of ours\n" * 500, encoding="utf-8")
    assert "is a file of another kind." == (await fault(f"sqlite:///{tmp_path}/notes.txt"))[0]


async def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A file is asked for, and not whether a database is up."""
    said, advice = await fault(f"sqlite:///{tmp_path}")
    assert (said.startswith("cannot be opened"), advice.startswith("Let DATABASE_URL name a file")) == (True, True)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has a disk that is always full")  # noqa: PTH110
async def test_a_full_disk() -> None:
    """SQLite says so in its own words."""
    said, advice = await fault("sqlite:////dev/full")
    assert (said, "Make room" in advice) == ("has a full disk.", True)


@pytest.mark.parametrize(
    ("cause", "said", "step"),
    [
        (lambda: asyncpg.InvalidPasswordError("password authentication failed"), "the password", "%40"),
        (lambda: asyncpg.InvalidAuthorizationSpecificationError("role does not exist"), "the user", "Copy"),
        (lambda: asyncpg.TooManyConnectionsError("too many clients"), "no connection to spare", "plan"),
        (lambda: asyncpg.InsufficientPrivilegeError("permission denied"), "does not let", "OWNER TO"),
        (lambda: asyncpg.DiskFullError("could not extend file"), "full disk", "Make room"),
        (lambda: asyncpg.ReadOnlySQLTransactionError("read-only"), "only be read", "primary"),
        (lambda: socket.gaierror(-2, "Name or service not known"), "nobody knows", "Check the host"),
        (TimeoutError, "does not answer", "firewall"),
        (lambda: OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 5)"), "refuses", "port"),
        (lambda: OSError(errno.ENOSPC, "No space left on device"), "full disk", "Make room"),
        (lambda: OSError(errno.EROFS, "Read-only file system"), "may not be written", "own the folder"),
        (lambda: PermissionError(13, "Permission denied"), "may not be written", "RAILWAY_RUN_UID"),
        (lambda: OSError("(sqlite3) attempt to write a readonly database"), "may not be written", "own the folder"),
        (lambda: OSError("(sqlite3) unable to open database file"), "cannot be opened", "name a file"),
        (lambda: FileNotFoundError(errno.ENOENT, "No such file or directory", "/proc/mj"), "be opened", "name a file"),
        (lambda: OSError(errno.ENAMETOOLONG, "File name too long", "x" * 300), "be opened", "name a file"),
        (lambda: FileNotFoundError(errno.ENOENT, "No such file or directory"), "cannot be used", "is up"),
        (lambda: sqlite3.OperationalError("disk I/O error"), "(disk I/O error)", "Check the file"),
        (lambda: OSError("(sqlite3) database is locked"), "another process", "End what"),
        (lambda: OSError("something\nelse"), "cannot be used (something else)", "Check DATABASE_URL"),
    ],
)
def test_each_fault_has_its_step(cause: Callable[[], BaseException], said: str, step: str) -> None:
    """One sentence for what is wrong, and one for what to do."""
    told, advice = diagnose_database_error(caused(cause()))
    assert said in told
    assert step in advice
    assert told.endswith(".")
    assert advice.endswith(".")
