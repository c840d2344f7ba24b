"""Diagnoses of database errors, made on real databases where a test can cause the error."""

import errno
import os
import socket
import sqlite3
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from bot.errors import StoreUnavailable
from bot.store import open_store
from bot.store.connections.database_errors import diagnose_database_error
from bot.store.connections.postgresql import CertificateFileError, UserUnknownError
from tests.postgres import Postgres


async def diagnose_open(url: str) -> tuple[str, str]:
    """Open a database that cannot be opened, and return the diagnosis."""
    with pytest.raises(StoreUnavailable) as raised:
        async with open_store(url, now=lambda: datetime.now(UTC), owner="check") as store:
            await store.process_leases.end_lease()
    return raised.value.problem, raised.value.advice


def unreachable(address: str, number: int = errno.ENETUNREACH) -> OSError:
    """Return asyncio's error for an address to which the machine has no route."""
    return OSError(number, f"Connect call failed {address}")


def certificate_error(code: int) -> ssl.SSLCertVerificationError:
    """Return an error with one of OpenSSL's reasons."""
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = code
    return error


def pooler_error(text: str) -> asyncpg.PostgresError:
    """Return an error of PgBouncer, which knows only one code."""
    return asyncpg.ProtocolViolationError(text)


async def test_a_closed_port_is_diagnosed(unused_tcp_port: int) -> None:
    problem, advice = await diagnose_open(f"postgresql://mj:secret@127.0.0.1:{unused_tcp_port}/mj")
    assert (problem, "port in DATABASE_URL" in advice) == ("refuses connections at that address.", True)


async def test_an_unknown_database_name_is_diagnosed(postgres: Postgres) -> None:
    problem, advice = await diagnose_open(postgres.url("no_such_database"))
    assert (problem, "Create it" in advice) == ("has no database of that name.", True)


async def test_a_path_through_a_file_is_diagnosed(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "has a path that goes through a file." == (await diagnose_open(f"sqlite:///{tmp_path}/file/mjbot.db"))[0]


async def test_a_file_that_is_no_database_is_diagnosed(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing of ours\n" * 500, encoding="utf-8")
    assert "is not an SQLite file." == (await diagnose_open(f"sqlite:///{tmp_path}/notes.txt"))[0]


async def test_a_folder_instead_of_a_file_is_diagnosed(tmp_path: Path) -> None:
    problem, advice = await diagnose_open(f"sqlite:///{tmp_path}")
    assert (problem, advice.startswith("Set DATABASE_URL to a file in it")) == ("is a folder.", True)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has a disk that is always full")  # noqa: PTH110
async def test_a_full_disk_is_diagnosed() -> None:
    problem, advice = await diagnose_open("sqlite:////dev/full")
    assert (problem, "Make room" in advice) == ("has a full disk.", True)


@pytest.mark.parametrize(
    ("cause", "problem", "step"),
    [
        (lambda: asyncpg.InvalidPasswordError("password authentication failed"), "the password", "%40"),
        (lambda: asyncpg.InvalidAuthorizationSpecificationError("role does not exist"), "the user", "Copy"),
        (lambda: asyncpg.TooManyConnectionsError("too many clients"), "no free connections", "plan"),
        (lambda: asyncpg.InsufficientPrivilegeError("permission denied"), "denies", "OWNER TO"),
        (lambda: asyncpg.DiskFullError("could not extend file"), "full disk", "Make room"),
        (lambda: asyncpg.ReadOnlySQLTransactionError("read-only"), "read-only", "primary"),
        (lambda: socket.gaierror(-2, "Name or service not known"), "unknown host", "Check the host"),
        (TimeoutError, "does not answer", "firewall"),
        (lambda: socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), "DNS does not answer", "DNS server"),
        (lambda: unreachable("('2600:1f18::5', 5432, 0, 0)"), "no IPv6", "Supabase"),
        (lambda: unreachable("('::1', 5432, 0, 0)", errno.EADDRNOTAVAIL), "no IPv6", "IPv4"),
        (lambda: unreachable("('203.0.113.5', 5432)"), "no network route", "network"),
        (
            lambda: OSError(
                "Multiple exceptions: [Errno 101] Connect call failed ('::1', 5, 0, 0), [Errno 111] Connect "
                "call failed ('127.0.0.1', 5)"
            ),
            "refuses connections",
            "port",
        ),
        (
            lambda: OSError(
                "Multiple exceptions: [Errno 110] Connect call failed ('10.0.0.1', 5), [Errno 113] Connect "
                "call failed ('10.0.0.2', 5)"
            ),
            "does not answer",
            "firewall",
        ),
        (lambda: ssl.SSLCertVerificationError(1, "self-signed certificate"), "does not trust", "sslrootcert"),
        (lambda: certificate_error(10), "isn't valid at this machine's time", "clock"),
        (lambda: certificate_error(62), "another host name", "verify-ca"),
        (lambda: certificate_error(64), "another host name", "verify-ca"),
        (lambda: certificate_error(19), "does not trust", "sslrootcert"),
        (lambda: ssl.SSLError(1, "wrong version number"), "agree on encryption", "sslmode"),
        (lambda: ConnectionError("PostgreSQL server rejected SSL upgrade"), "does not support encryption", "disable"),
        (lambda: CertificateFileError("no file"), "certificate file", "sslrootcert"),
        (UserUnknownError, "needs a user", "user:password@host"),
        (lambda: asyncpg.CannotConnectNowError("the database system is starting up"), "is starting", "by itself"),
        (lambda: asyncpg.InvalidSchemaNameError("no schema has been selected"), "no schema", "CREATE SCHEMA"),
        (lambda: asyncpg.TargetServerAttributeNotMatched("None of the hosts"), "no host", "primary"),
        (lambda: pooler_error("unsupported startup parameter: options"), "refuses the options", "`options`"),
        (lambda: pooler_error("no more connections allowed (max_client_conn)"), "no free connections", "plan"),
        (
            lambda: pooler_error("transaction blocks not allowed in statement pooling mode"),
            "statement mode",
            "pool_mode",
        ),
        (lambda: pooler_error("query_wait_timeout"), "no free connections", "plan"),
        (lambda: asyncpg.InternalServerError("MaxClientsInSessionMode: max clients reached"), "no free", "plan"),
        (lambda: pooler_error('database "mj" does not exist'), "no database of that name", "Create it"),
        (lambda: pooler_error("no such user: mj"), "the password", "%40"),
        (lambda: pooler_error("password authentication failed"), "the password", "%25"),
        (lambda: asyncpg.InternalServerError("Tenant or user not found"), "under this user", "postgres.PROJECT"),
        (lambda: pooler_error("server login has been failing, try again later"), "cannot log in", "PostgreSQL"),
        (lambda: pooler_error("something new"), "cannot be used (something new)", "Check DATABASE_URL"),
        (lambda: OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 5)"), "refuses", "port"),
        (lambda: OSError(errno.ENOSPC, "No space left on device"), "full disk", "Make room"),
        (lambda: OSError(errno.EROFS, "Read-only file system"), "read-only", "own the folder"),
        (lambda: PermissionError(13, "Permission denied"), "read-only", "RAILWAY_RUN_UID"),
        (lambda: OSError("(sqlite3) attempt to write a readonly database"), "read-only", "own the folder"),
        (lambda: OSError("(sqlite3) unable to open database file"), "cannot be opened", "to a file"),
        (lambda: FileNotFoundError(errno.ENOENT, "No such file or directory", "/proc/mj"), "be opened", "to a file"),
        (lambda: OSError(errno.ENAMETOOLONG, "File name too long", "x" * 300), "be opened", "to a file"),
        (lambda: FileNotFoundError(errno.ENOENT, "No such file or directory"), "cannot be used", "is running"),
        (lambda: sqlite3.OperationalError("disk I/O error"), "(disk I/O error)", "Check the file"),
        (lambda: OSError("(sqlite3) database is locked"), "another process", "Stop other"),
        (lambda: OSError("something\nelse"), "cannot be used (something else)", "Check DATABASE_URL"),
    ],
)
def test_each_error_has_a_diagnosis_and_a_next_step(
    cause: Callable[[], BaseException], problem: str, step: str
) -> None:
    diagnosed, advice = diagnose_database_error(cause())
    assert problem in diagnosed
    assert step in advice
    assert diagnosed.endswith(".")
    assert advice.endswith(".")
