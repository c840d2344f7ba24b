"""Diagnose database errors for the operator, from their causes: what is wrong, and what to do next."""

import errno
import socket
import sqlite3
import ssl
from collections.abc import Generator

import asyncpg

from bot.errors import StoreUnavailable

DatabaseDiagnosis = tuple[str, str]
"""What is wrong, as the rest of a sentence "The database ...", and what to do."""

_FULL: DatabaseDiagnosis = ("has a full disk.", "Make room on it, or move the database to a larger one.")
_READ_ONLY: DatabaseDiagnosis = (
    "is read-only.",
    "Make the user that runs the bot own the folder and the file; on a Railway volume, set RAILWAY_RUN_UID=0.",
)
_UNOPENED: DatabaseDiagnosis = (
    "cannot be opened: its path is not a file that the bot can write.",
    "Set DATABASE_URL to a file, like sqlite:///data/mjbot.db, in a folder that the user that runs the bot owns.",
)
_REFUSED: DatabaseDiagnosis = (
    "refuses connections at that address.",
    "Start PostgreSQL, and check the host and the port in DATABASE_URL.",
)
_SILENT: DatabaseDiagnosis = (
    "does not answer.",
    "Check whether PostgreSQL is running, and whether a firewall blocks this machine from the host in DATABASE_URL.",
)
_UNKNOWN_HOST: DatabaseDiagnosis = (
    "has an unknown host name.",
    "Check the host in DATABASE_URL; a platform's internal name works only there, so run the check there too.",
)
_PATH_THROUGH_FILE: DatabaseDiagnosis = (
    "has a path that goes through a file.",
    "Set DATABASE_URL to a file in a folder, like sqlite:////data/mjbot.db.",
)
_BY_TYPE: tuple[tuple[type[BaseException], DatabaseDiagnosis], ...] = (
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        (
            "refuses the user or the password.",
            "Copy DATABASE_URL from the database's page again; a password needs %40 for @, %2F for /, %3A for :.",
        ),
    ),
    (
        asyncpg.InvalidCatalogNameError,
        ("has no database of that name.", "Create it, or correct the name at the end of DATABASE_URL."),
    ),
    (
        asyncpg.TooManyConnectionsError,
        (
            "has no free connections.",
            "Stop other programs that use it, or take a larger plan; each bot process needs 4.",
        ),
    ),
    (
        asyncpg.InsufficientPrivilegeError,
        ("denies this user permission.", "Make the user its owner: ALTER DATABASE name OWNER TO user."),
    ),
    (asyncpg.DiskFullError, _FULL),
    (
        asyncpg.ReadOnlySQLTransactionError,
        ("is read-only.", "Point DATABASE_URL at the primary, not at a replica; some plans lock a full database."),
    ),
    (
        ssl.SSLError,
        ("and the bot cannot agree on encryption.", "Add ?sslmode=require (or disable) to the end of DATABASE_URL."),
    ),
    (socket.gaierror, _UNKNOWN_HOST),
    (ConnectionRefusedError, _REFUSED),
    (TimeoutError, _SILENT),
    (PermissionError, _READ_ONLY),
    (FileExistsError, _PATH_THROUGH_FILE),
    (NotADirectoryError, _PATH_THROUGH_FILE),
)
_BY_ERRNO = {errno.ENOSPC: _FULL, errno.EDQUOT: _FULL, errno.EROFS: _READ_ONLY, errno.EHOSTUNREACH: _SILENT}
_PATH_ERRNOS = frozenset({errno.ENOENT, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL, errno.ENODEV})
"""Errors of paths; an error without a file name comes from a socket."""
# Messages of SQLite, and of asyncio for a host with several addresses.
_BY_MESSAGE: tuple[tuple[str, DatabaseDiagnosis], ...] = (
    ("disk is full", _FULL),
    ("readonly database", _READ_ONLY),
    ("unable to open database file", _UNOPENED),
    ("Connect call failed", _REFUSED),
    (
        "rejected SSL upgrade",
        ("does not support encryption.", "On a private network, add ?sslmode=disable to the end of DATABASE_URL."),
    ),
    (
        "file is not a database",
        ("is not an SQLite file.", "Set DATABASE_URL to another file, or move this one away."),
    ),
    (
        "disk image is malformed",
        ("is a damaged file.", "Move it away: the bot creates a new one, without the data of this one."),
    ),
    (
        "database is locked",
        ("is locked by another process.", "Stop other programs that have the file open, then try again."),
    ),
)


def diagnose_database_error(error: StoreUnavailable) -> DatabaseDiagnosis:
    """Return what is wrong with the database, and the next step."""
    causes = list(_causes(error))
    for cause in causes:
        for kind, diagnosis in _BY_TYPE:
            if isinstance(cause, kind):
                return diagnosis
        if isinstance(cause, OSError) and cause.errno in _BY_ERRNO:
            return _BY_ERRNO[cause.errno]
        if isinstance(cause, OSError) and cause.errno in _PATH_ERRNOS and cause.filename:
            return _UNOPENED
    messages = " ".join(" ".join(map(str, causes)).split())
    for words, diagnosis in _BY_MESSAGE:
        if words in messages:
            return diagnosis
    problem = f"cannot be used ({' '.join(str(error).split())[:200]})."
    if any(isinstance(cause, sqlite3.Error) for cause in causes):
        return problem, "Check the file in DATABASE_URL: move it away to start with a new one, or set another path."
    return problem, "Check DATABASE_URL, and whether the database is running."


def _causes(error: BaseException) -> Generator[BaseException]:
    """Yield an error after its causes: the root cause, which is the most specific, comes first."""
    if cause := error.__cause__ or error.__context__:
        yield from _causes(cause)
    yield error
