"""Connections to PostgreSQL that keep nothing in the server's session, so that a transaction pooler may be between."""

from typing import Any, Literal

from asyncpg import Connection
from asyncpg.transaction import Transaction

CONNECTION_OPTIONS: dict[str, Any] = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
"""Arguments of SQLAlchemy's connections without named prepared statements.

PgBouncer, Supabase's and Neon's poolers give each transaction another session of the server, which does not know the
statements that the last one prepared. With the caches of asyncpg and SQLAlchemy off, asyncpg prepares each statement
without a name, and again as it executes it.
"""

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


async def is_direct(connection: Connection) -> bool:
    """Return whether a connection leads to the server itself, so that its session lasts.

    A pooler tells each client a process id of its own, since it gives the client several of the server's processes.
    """
    found = await connection.fetchval("SELECT pg_backend_pid()")
    return bool(found == connection.get_server_pid())
