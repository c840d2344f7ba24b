"""Connections to PostgreSQL that keep nothing in the server's session, so that a transaction pooler may be between."""

import getpass
import os
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import asyncpg
from asyncpg import Connection
from asyncpg.transaction import Transaction
from sqlalchemy import URL

_LOCK_TIMEOUT_SECONDS, _IDLE_TRANSACTION_SECONDS = 3, 10
# One simple query, so that it takes one round trip. The isolation level is the one that the statements are written
# for: a database or a user may have another default.
_BEGIN = (
    "BEGIN ISOLATION LEVEL READ COMMITTED; "
    f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT_SECONDS}s'; "
    f"SET LOCAL idle_in_transaction_session_timeout = '{_IDLE_TRANSACTION_SECONDS}s'"
)


_IsolationLevel = Literal["read_committed", "read_uncommitted", "serializable", "repeatable_read"]


class StatelessTransaction(Transaction):
    """A transaction that is begun with the isolation level and the time limits that the store needs."""

    __slots__ = ("_session",)

    def __init__(self, session: "StatelessConnection") -> None:
        super().__init__(session, None, readonly=False, deferrable=False)
        self._session = session

    async def start(self) -> None:
        """Begin."""
        await self._session.execute(_BEGIN)

    async def commit(self) -> None:
        """Commit."""
        await self._session.execute("COMMIT")

    async def rollback(self) -> None:
        """Roll back."""
        await self._session.execute("ROLLBACK")


class StatelessConnection(Connection):
    """An asyncpg connection that sets its time limits in each transaction.

    A pooler refuses them as startup options, and would give what SET changes to another program.
    """

    __slots__ = ()

    def transaction(
        self,
        *,
        isolation: _IsolationLevel | None = None,
        readonly: bool = False,
        deferrable: bool = False,
    ) -> Transaction:
        """Return a transaction that is not begun; SQLAlchemy calls this without arguments."""
        del isolation, readonly, deferrable
        return StatelessTransaction(self)


class CertificateFileError(Exception):
    """A file of certificates or keys, named in DATABASE_URL or the environment, cannot be read or used."""


class UserUnknownError(Exception):
    """DATABASE_URL names no user, and the system has no name for the user that runs the bot."""


class Connector:
    """Opens connections to the database of a URL of bot.store.connections.database_url.

    They have no named prepared statements: a pooler gives each transaction another session of the server, which does
    not know the statements that the last one prepared. asyncpg prepares each statement without a name, and again as it
    executes it.
    """

    def __init__(self, url: URL, *, timeout: float, command_timeout: float | None) -> None:
        options = {name: values[-1] for name, values in url.normalized_query.items()}
        servers = url.normalized_query.get("host", ())
        mode = options.get("sslmode") or os.environ.get("PGSSLMODE") or "prefer"
        mode = mode if mode in _TLS_ATTEMPTS else "require"
        self.tls_attempts = [
            _build_tls_context(mode, options) if encrypted else False for encrypted in _TLS_ATTEMPTS[mode]
        ]
        given = {"user": url.username or _find_user(), "password": url.password, "database": url.database}
        self._arguments: dict[str, Any] = {
            **{name: value for name, value in given.items() if value},
            **_read_addresses(url, servers),
            "timeout": timeout,
            "command_timeout": command_timeout,
            "statement_cache_size": 0,
            "connection_class": StatelessConnection,
            "server_settings": {name: options[name] for name in ("application_name", "options") if name in options},
            "target_session_attrs": options.get("target_session_attrs"),
        }

    async def connect(self, **_: object) -> Connection:
        """Connect with encryption, without, or with one after the other, as the URL's sslmode says."""
        *others, last = self.tls_attempts
        try:
            for tls in others:
                with suppress(_OtherEncryptionNeeded):
                    return await self._try_encryption(tls=tls)
            return await asyncpg.connect(ssl=last, **self._arguments)
        except UnicodeError as error:
            raise socket.gaierror(socket.EAI_NONAME, "not a host name") from error

    async def _try_encryption(self, *, tls: ssl.SSLContext | bool) -> Connection:
        try:
            return await asyncpg.connect(ssl=tls, **self._arguments)
        except (ssl.SSLError, ConnectionError, asyncpg.InvalidAuthorizationSpecificationError) as error:
            if _may_fail_for_encryption(error):
                raise _OtherEncryptionNeeded from error
            raise


_TLS_ATTEMPTS = {"disable": (False,), "allow": (False, True), "prefer": (True, False)} | dict.fromkeys(
    ("no-verify", "require", "verify-ca", "verify-full"), (True,)
)
"""Whether connections are encrypted, in the order in which libpq tries that."""


class _OtherEncryptionNeeded(Exception):
    """The server may accept a connection that is encrypted, or one that is not."""


def _may_fail_for_encryption(error: Exception) -> bool:
    """Whether the server may accept a connection with the other kind of encryption."""
    if isinstance(error, asyncpg.InvalidPasswordError):
        return False
    # asyncpg raises a bare ConnectionError where the server lacks encryption.
    return not isinstance(error, ConnectionError) or type(error) is ConnectionError


def _find_user() -> str:
    """Return the user's name that libpq would take."""
    try:
        return os.environ.get("PGUSER") or getpass.getuser()
    except (KeyError, ImportError, OSError) as error:
        raise UserUnknownError from error


def _read_addresses(url: URL, servers: Sequence[str]) -> dict[str, Any]:
    """Return asyncpg's arguments for a host, a folder of sockets, or several hosts."""
    if len(servers) < 2:
        host = url.host or next(iter(servers), None)
        return {name: value for name, value in (("host", host), ("port", url.port)) if value}
    pairs = [server.rpartition(":") for server in servers]
    return {"host": [host.strip("[]") for host, _, _ in pairs], "port": [int(port) for _, _, port in pairs]}


def _build_tls_context(mode: str, options: dict[str, str]) -> ssl.SSLContext:
    """Build a context as asyncpg does, but without failing where another user owns the home folder.

    A certificate that is not given is one of libpq's files in ~/.postgresql, if this user may read it. Where the server
    must be verified, it is verified by the system's certificates in place of a missing root.crt.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["postgresql"])
    must_verify = mode.startswith("verify")
    root = options.get("sslrootcert") or os.environ.get("PGSSLROOTCERT") or _find_home_file("root.crt")
    if mode not in {"require", "verify-ca", "verify-full"}:
        root = None
    context.check_hostname = mode == "verify-full" or root == "system"
    context.verify_mode = ssl.CERT_REQUIRED if root or must_verify else ssl.CERT_NONE
    try:
        if root == "system" or (must_verify and not root):
            context.load_default_certs()
        elif root:
            context.load_verify_locations(cafile=root)
        if root and (revoked := options.get("sslcrl") or os.environ.get("PGSSLCRL") or _find_home_file("root.crl")):
            context.load_verify_locations(cafile=revoked)
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
        _load_own_certificate(context, options)
    except (OSError, ssl.SSLError) as error:
        raise CertificateFileError(str(error)) from None
    return context


def _load_own_certificate(context: ssl.SSLContext, options: dict[str, str]) -> None:
    certificate = options.get("sslcert") or os.environ.get("PGSSLCERT") or _find_home_file("postgresql.crt")
    if certificate:
        key = options.get("sslkey") or os.environ.get("PGSSLKEY") or _find_home_file("postgresql.key")
        context.load_cert_chain(certificate, key, lambda: options.get("sslpassword", ""))


def _find_home_file(name: str) -> str | None:
    """Return the path of a file in libpq's folder, if it can be read."""
    try:
        file = Path.home() / ".postgresql" / name
        with file.open("rb"):
            return str(file)
    except (OSError, RuntimeError):
        return None


async def is_direct(connection: Connection) -> bool:
    """Return whether a connection leads to the server itself, so that its session lasts.

    A pooler tells each client a process id of its own, since it gives the client several of the server's processes.
    """
    found = await connection.fetchval("SELECT pg_backend_pid()")
    return bool(found == connection.get_server_pid())
