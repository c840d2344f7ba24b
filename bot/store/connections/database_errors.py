"""Diagnose database errors for the operator, from their causes: what is wrong, and what to do next."""

import errno
import re
import socket
import sqlite3
import ssl
from collections.abc import Generator

import asyncpg

from bot.store.connections.database_url import SIGNS_IN_PASSWORDS
from bot.store.connections.postgresql import CertificateFileError, UserUnknownError

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
_NO_DNS: DatabaseDiagnosis = (
    "cannot be found, because this machine's DNS does not answer.",
    "Check the machine's network and its DNS server.",
)
_PATH_THROUGH_FILE: DatabaseDiagnosis = (
    "has a path that goes through a file.",
    "Set DATABASE_URL to a file in a folder, like sqlite:////data/mjbot.db.",
)
_PASSWORD_REFUSED: DatabaseDiagnosis = (
    "refuses the user or the password.",
    f"Copy DATABASE_URL from the database's page again; {SIGNS_IN_PASSWORDS}.",
)
_NAME_UNKNOWN: DatabaseDiagnosis = (
    "has no database of that name.",
    "Create it, or correct the name at the end of DATABASE_URL; without one, it is the user's name.",
)
_NO_CONNECTIONS: DatabaseDiagnosis = (
    "has no free connections.",
    "Stop other programs that use it, or take a larger plan; each bot process needs 4.",
)
_NO_ROUTE: DatabaseDiagnosis = (
    "cannot be reached: this machine has no network route to it.",
    "Check the machine's network, and the host in DATABASE_URL.",
)
_NO_IPV6: DatabaseDiagnosis = (
    "cannot be reached: its host has only IPv6 addresses, and this machine has no IPv6.",
    "Use an address with IPv4: on Supabase, the URL of the session pooler; elsewhere, see the database's page.",
)
_CERTIFICATE_REFUSED: DatabaseDiagnosis = (
    "has a certificate that this machine does not trust.",
    "Set sslrootcert in DATABASE_URL to the provider's certificate file, or sslmode to require, which only encrypts.",
)
_CERTIFICATE_OF_OTHER_HOST: DatabaseDiagnosis = (
    "has a certificate for another host name.",
    "Use the name that the provider gives in DATABASE_URL, or sslmode=verify-ca, which doesn't compare the name.",
)
_CERTIFICATE_DATE: DatabaseDiagnosis = (
    "has a certificate that isn't valid at this machine's time.",
    "Check this machine's clock; if it is right, the database needs a new certificate.",
)
_BY_VERIFY_CODE = {
    9: _CERTIFICATE_DATE,
    10: _CERTIFICATE_DATE,
    62: _CERTIFICATE_OF_OTHER_HOST,
    64: _CERTIFICATE_OF_OTHER_HOST,
}
"""OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID, _CERT_HAS_EXPIRED, _HOSTNAME_MISMATCH and _IP_ADDRESS_MISMATCH."""
_POOLER_FAILS: DatabaseDiagnosis = (
    "is behind a connection pooler that cannot log in to it.",
    "Check whether PostgreSQL is running, and the pooler's own user and password.",
)
FILE_GONE: DatabaseDiagnosis = (
    "is gone: its file was deleted or moved while the bot ran.",
    "Put the file back, or start the bot again with a new one.",
)
_DAMAGED = ("is a damaged file.", "Move it away: the bot creates a new one, without the data of this one.")

_BY_TYPE: tuple[tuple[type[BaseException], DatabaseDiagnosis], ...] = (
    (UnicodeDecodeError, _DAMAGED),
    (asyncpg.InvalidAuthorizationSpecificationError, _PASSWORD_REFUSED),
    (asyncpg.InvalidCatalogNameError, _NAME_UNKNOWN),
    (asyncpg.TooManyConnectionsError, _NO_CONNECTIONS),
    (
        asyncpg.InsufficientPrivilegeError,
        ("denies this user permission.", "Make the user its owner: ALTER DATABASE name OWNER TO user."),
    ),
    (
        asyncpg.InvalidSchemaNameError,
        ("has no schema for the tables.", "Run CREATE SCHEMA public, or correct the user's search_path."),
    ),
    (asyncpg.DiskFullError, _FULL),
    (
        asyncpg.ReadOnlySQLTransactionError,
        (
            "is read-only.",
            (
                "Point DATABASE_URL at the primary, not at a replica; some plans lock a full database: make room; "
                "otherwise run ALTER DATABASE name SET default_transaction_read_only = off."
            ),
        ),
    ),
    (
        asyncpg.TargetServerAttributeNotMatched,
        ("has no host that can be written.", "Check the hosts in DATABASE_URL: one of them must be the primary."),
    ),
    (asyncpg.CannotConnectNowError, ("is starting or stopping.", "The bot tries again by itself.")),
    (
        CertificateFileError,
        (
            "needs a certificate file that cannot be read.",
            (
                "Check sslrootcert, sslcert and sslkey in DATABASE_URL, and whether the bot's user may read the files; "
                "sslrootcert=system uses the system's certificates."
            ),
        ),
    ),
    (
        UserUnknownError,
        ("needs a user.", "Write one into DATABASE_URL: postgresql://user:password@host/name."),
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
    (
        IsADirectoryError,
        ("is a folder.", "Set DATABASE_URL to a file in it, like sqlite:///data/mjbot.db for the folder data."),
    ),
)
_BY_ERRNO = {errno.ENOSPC: _FULL, errno.EDQUOT: _FULL, errno.EROFS: _READ_ONLY, errno.EHOSTUNREACH: _SILENT}
_PATH_ERRNOS = frozenset({errno.ENOENT, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL, errno.ENODEV})
"""Errors of paths; an error without a file name comes from a socket."""
# Patterns of messages: of SQLite, of asyncio for a host with several addresses, and of poolers, whose errors have no
# codes of their own (PgBouncer's are all 08P01).
_BY_MESSAGE: tuple[tuple[str, DatabaseDiagnosis], ...] = (
    ("disk is full", _FULL),
    ("readonly database", _READ_ONLY),
    ("unable to open database file", _UNOPENED),
    (rf"\[Errno {errno.ECONNREFUSED}] Connect call failed", _REFUSED),
    (rf"\[Errno {errno.ETIMEDOUT}] Connect call failed", _SILENT),
    (rf"\[Errno {errno.EHOSTUNREACH}] Connect call failed", _SILENT),
    (
        "rejected SSL upgrade",
        (
            "does not support encryption.",
            "On a private network, add ?sslmode=disable to the end of DATABASE_URL, or replace the sslmode there.",
        ),
    ),
    (
        "unsupported startup parameter",
        (
            "is behind a connection pooler that refuses the options in DATABASE_URL.",
            "Leave out `options`, or use the database's direct address.",
        ),
    ),
    (
        "statement pooling mode",
        ("is behind a connection pooler in statement mode.", "Set its pool_mode to transaction or session."),
    ),
    ("no more connections allowed", _NO_CONNECTIONS),
    ("query_wait_timeout", _NO_CONNECTIONS),
    ("MaxClients", _NO_CONNECTIONS),
    ("max clients reached", _NO_CONNECTIONS),
    ("max client connections", _NO_CONNECTIONS),
    ("no such database", _NAME_UNKNOWN),
    (r'database "[^"]*" does not exist', _NAME_UNKNOWN),
    ("no such user", _PASSWORD_REFUSED),
    ("auth failed", _PASSWORD_REFUSED),
    ("authentication failed", _PASSWORD_REFUSED),
    (
        "Tenant or user not found",
        (
            "is not known to the pooler under this user.",
            "On Supabase, a pooler's user is postgres.PROJECT: copy DATABASE_URL again, under Connect.",
        ),
    ),
    ("server login", _POOLER_FAILS),
    ("cannot connect to server", _POOLER_FAILS),
    (
        "file is not a database",
        ("is not an SQLite file.", "Set DATABASE_URL to another file, or move this one away."),
    ),
    (
        "disk image is malformed",
        _DAMAGED,
    ),
    (
        r"(relation|table|index|view|type) \S+ already exists",
        ("holds tables of another program.", "Set DATABASE_URL to a database of the bot's own."),
    ),
    (
        "database is locked",
        ("is locked by another process.", "Stop other programs that have the file open, then try again."),
    ),
)
_NO_ROUTE_ERRNOS = (errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
# asyncio shows an address of IPv6 as a tuple of four.
_IPV6_ADDRESS = re.compile(r"\('[0-9a-fA-F:]*:[0-9a-fA-F:.]*', \d+, \d+, \d+\)")


def diagnose_database_error(error: BaseException) -> DatabaseDiagnosis:
    """Return what is wrong with the database, and the next step."""
    causes = list(_causes(error))
    for cause in causes:
        if (diagnosis := _diagnose_cause(cause)) is not None:
            return diagnosis
    messages = " ".join(" ".join(map(str, causes)).split())
    for words, diagnosis in _BY_MESSAGE:
        if re.search(words, messages, re.IGNORECASE):
            return diagnosis
    if any(f"[Errno {number}]" in messages for number in _NO_ROUTE_ERRNOS):
        return _NO_IPV6 if _IPV6_ADDRESS.search(messages) else _NO_ROUTE
    root = next((text for cause in causes if (text := " ".join(str(cause).split()))), type(error).__name__)
    problem = f"cannot be used ({root[:200]})."
    if any(isinstance(cause, sqlite3.Error) for cause in causes):
        return problem, "Check the file in DATABASE_URL: move it away to start with a new one, or set another path."
    return problem, "Check DATABASE_URL, and whether the database is running."


def _diagnose_cause(cause: BaseException) -> DatabaseDiagnosis | None:
    """Return what the type or the number of an error tells."""
    if isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_AGAIN:
        return _NO_DNS
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _BY_VERIFY_CODE.get(getattr(cause, "verify_code", 0), _CERTIFICATE_REFUSED)
    for kind, diagnosis in _BY_TYPE:
        if isinstance(cause, kind):
            return diagnosis
    if isinstance(cause, OSError) and cause.errno in _BY_ERRNO:
        return _BY_ERRNO[cause.errno]
    if isinstance(cause, OSError) and cause.errno in _PATH_ERRNOS and cause.filename:
        return _UNOPENED
    return None


def _causes(error: BaseException) -> Generator[BaseException]:
    """Yield an error after its causes: the root cause, which is the most specific, comes first."""
    if cause := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
        yield from _causes(cause)
    yield error
