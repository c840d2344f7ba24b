"""Since when a database keeps records: a message that is older may have presses that only another database knows."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import queries
from bot.store.database import Database
from bot.store.schema import UtcDateTime, claims, jobs, refusals

RECORDS_SINCE: Final = "records since"
"""The row beside the refused capabilities that holds the time, as `refused_at`."""
NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""When a row expires that is no refused capability."""


_EARLIEST: Final = datetime(2021, 5, 26, tzinfo=UTC)
"""When Discord got buttons: nothing is recorded before."""
_SELECT_START: Final = select(refusals.c.refused_at).where(refusals.c.ability == RECORDS_SINCE)


class RecordsStart:
    """Writes the time at the first start of this version, and reads it once.

    An earlier version wrote it by a clock that may have been wrong: a time that cannot be right is replaced.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: datetime | None = None

    async def start(self) -> bool:
        """Write the time, unless it is known; return whether there are no records yet.

        In a database of an earlier version it is that of the oldest record.
        """
        self._known = None
        return await self._database.transaction(self._write)

    async def find_start(self) -> datetime | None:
        """Return the time; None where it was not written yet."""
        if self._known is None or not _EARLIEST < self._known <= self._database.now():
            known = await self._read()
            if known is not None and not _EARLIEST < known <= await self._read_clock():
                await self.start()
                known = await self._read()
            self._known = known
        return self._known

    async def _write(self, connection: AsyncConnection) -> bool:
        oldest = (
            await connection.scalar(select(func.min(claims.c.made_at))),
            await connection.scalar(select(func.min(jobs.c.born_at))),
        )
        found = [time for time in oldest if time is not None]
        now = await connection.scalar(select(type_coerce(self._database.clock_expression(), UtcDateTime)))
        latest = min([*found, *([now] if now else [])])
        known = await connection.scalar(_SELECT_START)
        if known is None or not _EARLIEST < known <= latest:
            row = {"ability": RECORDS_SINCE, "reason": "", "refused_at": latest, "expires_at": NEVER}
            await connection.execute(queries.upsert(refusals, self._database.dialect).values(row))
        return not found

    async def _read(self) -> datetime | None:
        rows = await self._database.read(_SELECT_START)
        return rows[0]["refused_at"] if rows else None

    async def _read_clock(self) -> datetime:
        clock = type_coerce(self._database.clock_expression(), UtcDateTime)
        (row,) = await self._database.read(select(clock.label("now")))
        now: datetime = row["now"]
        return now
