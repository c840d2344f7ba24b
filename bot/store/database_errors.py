"""What a database's error means to whoever runs the bot, and the next step; it is the causes that tell."""

import errno
import socket
import sqlite3
import ssl
from collections.abc import Generator

import asyncpg

from bot.errors import StoreUnavailable

DatabaseDiagnosis = tuple[str, str]
"""What is wrong, as the end of "The database ...", and what to do."""

_FULL: DatabaseDiagnosis = ("has a full disk.", "Make room on it, or move the database to a larger one.")
_READ_ONLY: DatabaseDiagnosis = (
    "may not be written.",
    "Let the user that runs the bot own the folder and the file; on a volume of Railway, set RAILWAY_RUN_UID=0.",
)
_UNOPENED: DatabaseDiagnosis = (
    "cannot be opened: its path leads to no file that the bot may write.",
    "Let DATABASE_URL name a file, like sqlite:///data/mjbot.db, in a folder of the user that runs the bot.",
)
_REFUSED: DatabaseDiagnosis = (
    "refuses connections at that address.",
    "Start PostgreSQL, and check the host and the port in DATABASE_URL.",
)
_SILENT: DatabaseDiagnosis = (
    "does not answer.",
    "Check whether PostgreSQL runs, and whether a firewall lets this machine reach the host in DATABASE_URL.",
)
_UNKNOWN_HOST: DatabaseDiagnosis = (
    "is at a host that nobody knows.",
    "Check the host in DATABASE_URL; a platform's internal name is known only there, so run the check there too.",
)
_BY_TYPE: tuple[tuple[type[BaseException], DatabaseDiagnosis], ...] = (
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        (
            "refuses the user or the password.",
            "Copy DATABASE_URL again from the database's page; in a password, @ is written %40, / %2F and : %3A.",
        ),
    ),
    (
        asyncpg.InvalidCatalogNameError,
        ("has no database of that name.", "Create it, or correct the name at the end of DATABASE_URL's address."),
    ),
    (
        asyncpg.TooManyConnectionsError,
        ("has no connection to spare.", "End what else uses it, or take a plan with more; the bot needs 4 a process."),
    ),
    (
        asyncpg.InsufficientPrivilegeError,
        ("does not let this user do that.", "Let the user own the database: ALTER DATABASE name OWNER TO user."),
    ),
    (asyncpg.DiskFullError, _FULL),
    (
        asyncpg.ReadOnlySQLTransactionError,
        ("may only be read.", "Point DATABASE_URL at the primary, not at a replica; some plans lock what is full."),
    ),
    (
        ssl.SSLError,
        ("and we cannot agree on encryption.", "Put ?sslmode=require (or disable) at the end of DATABASE_URL."),
    ),
    (socket.gaierror, _UNKNOWN_HOST),
    (ConnectionRefusedError, _REFUSED),
    (TimeoutError, _SILENT),
    (PermissionError, _READ_ONLY),
    (
        FileExistsError,
        ("is in a folder that is a file.", "Let DATABASE_URL name a folder, as sqlite:////data/mjbot.db does."),
    ),
    (
        NotADirectoryError,
        ("is in a folder that is a file.", "Let DATABASE_URL name a folder, as sqlite:////data/mjbot.db does."),
    ),
)
_BY_ERRNO = {errno.ENOSPC: _FULL, errno.EDQUOT: _FULL, errno.EROFS: _READ_ONLY, errno.EHOSTUNREACH: _SILENT}
_OF_PATHS = frozenset({errno.ENOENT, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL, errno.ENODEV})
"""What a path is refused with; where the error names no file, it was a socket's."""
# SQLite's own words, and asyncio's for a host of several addresses.
_BY_WORDS: tuple[tuple[str, DatabaseDiagnosis], ...] = (
    ("disk is full", _FULL),
    ("readonly database", _READ_ONLY),
    ("unable to open database file", _UNOPENED),
    ("Connect call failed", _REFUSED),
    (
        "rejected SSL upgrade",
        ("takes no encryption.", "Put ?sslmode=disable at the end of DATABASE_URL, where the way is private."),
    ),
    (
        "file is not a database",
        ("is a file of another kind.", "Let DATABASE_URL name another file, or move this one away."),
    ),
    (
        "disk image is malformed",
        ("is a broken file.", "Move it away: the bot makes a new one, and forgets what this one held."),
    ),
    ("database is locked", ("is held by another process.", "End what else has the file open, then try again.")),
)


def diagnose_database_error(error: StoreUnavailable) -> DatabaseDiagnosis:
    """Say what is wrong with the database, and the next step."""
    causes = list(_causes(error))
    for cause in causes:
        for kind, told in _BY_TYPE:
            if isinstance(cause, kind):
                return told
        if isinstance(cause, OSError) and cause.errno in _BY_ERRNO:
            return _BY_ERRNO[cause.errno]
        if isinstance(cause, OSError) and cause.errno in _OF_PATHS and cause.filename:
            return _UNOPENED
    said = " ".join(" ".join(map(str, causes)).split())
    for words, told in _BY_WORDS:
        if words in said:
            return told
    first = f"cannot be used ({' '.join(str(error).split())[:200]})."
    if any(isinstance(cause, sqlite3.Error) for cause in causes):
        return first, "Check the file that DATABASE_URL names: move it away for a new one, or name another."
    return first, "Check DATABASE_URL, and whether the database is up."


def _causes(error: BaseException) -> Generator[BaseException]:
    """Yield an error and what is below it, the lowest first: that one knows."""
    if below := error.__cause__ or error.__context__:
        yield from _causes(below)
    yield error
