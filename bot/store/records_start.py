"""Since when a database keeps records: a message that is older may have presses that only another database knows."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import queries
from bot.store.database import Database
from bot.store.schema import UtcDateTime, claims, jobs, refusals

RECORDS_SINCE: Final = "records since"
"""The row beside the refused capabilities that holds the time, as `refused_at`."""
NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""When a row expires that is no refused capability."""


class RecordsStart:
    """Writes the time at the first start of this version, and reads it once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: datetime | None = None

    async def start(self) -> bool:
        """Write the time, unless it is known; return whether there are no records yet.

        In a database of an earlier version it is that of the oldest record.
        """

        async def write(connection: AsyncConnection) -> bool:
            oldest = (
                await connection.scalar(select(func.min(claims.c.made_at))),
                await connection.scalar(select(func.min(jobs.c.born_at))),
            )
            found = [time for time in oldest if time is not None]
            now = self._database.clock_expression()
            since = literal(min(found), UtcDateTime) if found else now
            row = {"ability": RECORDS_SINCE, "reason": "", "refused_at": since, "expires_at": NEVER}
            await connection.execute(queries.insert_if_absent(refusals, self._database.dialect).values(row))
            return not found

        return await self._database.transaction(write)

    async def find_start(self) -> datetime | None:
        """Return the time; None where it was not written yet."""
        if self._known is None:
            since = select(refusals.c.refused_at).where(refusals.c.ability == RECORDS_SINCE)
            rows = await self._database.read(since)
            self._known = rows[0]["refused_at"] if rows else None
        return self._known
