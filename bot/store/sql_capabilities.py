"""What the relay has refused, in the database, and at which address it did."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import RowMapping, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import queries
from bot.store.database import Database
from bot.store.group_read import GroupRead
from bot.store.records_start import NEVER, RECORDS_SINCE
from bot.store.schema import refusals

_RELAY_ADDRESS = "relay address"
"""The row of `refusals` with the address of the relay that refused them."""
_OTHER_ROWS = (_RELAY_ADDRESS, RECORDS_SINCE)
_ALL = ""
"""The only key by which refusals are read: there are few."""


class SqlCapabilities:
    """Reads and writes the capabilities that the relay lacks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = GroupRead(database, _read_all)

    async def save_missing(self, capability: str, reason: str, *, at: datetime, until: datetime) -> None:
        """Remember until then that the relay lacks a capability."""
        row = {"ability": capability, "reason": reason, "refused_at": at, "expires_at": until}
        await self._database.write(queries.upsert(refusals, self._database.dialect).values(row))

    async def find_missing(self, at: datetime) -> dict[str, str]:
        """Return the reasons of the capabilities that the relay lacks at that time, by capability."""
        rows = await self._rows.find(_ALL) or ()
        return {row["ability"]: row["reason"] for row in rows if row["expires_at"] > at}

    async def find_refusal_time(self, capability: str, at: datetime) -> datetime | None:
        """Return when the relay last refused a capability that it lacks at that time; None where it has it."""
        missing = (refusals.c.ability == capability) & (refusals.c.expires_at > at)
        rows = await self._database.read(select(refusals.c.refused_at).where(missing))
        return rows[0]["refused_at"] if rows else None

    async def clear(self) -> int:
        """Forget all capabilities that the relay refused; return how many there were."""
        return await self._database.write(delete(refusals).where(refusals.c.ability.not_in(_OTHER_ROWS)))

    async def clear_of_other_relay(self, address: str, at: datetime) -> int:
        """Forget them if they were refused at another address than this one, which is kept in a row of its own."""
        is_address = refusals.c.ability == _RELAY_ADDRESS
        row = {"ability": _RELAY_ADDRESS, "reason": address, "refused_at": at, "expires_at": NEVER}

        async def write(connection: AsyncConnection) -> int:
            known = await connection.scalar(select(refusals.c.reason).where(is_address))
            if known == address:
                return 0
            cleared = await connection.execute(delete(refusals).where(refusals.c.ability.not_in(_OTHER_ROWS)))
            await connection.execute(queries.upsert(refusals, self._database.dialect).values(row))
            return cleared.rowcount

        return await self._database.transaction(write)


async def _read_all(connection: AsyncConnection, _: Collection[str]) -> Mapping[str, Sequence[RowMapping]]:
    """Return the rows of all capabilities that the relay has refused, by the only key."""
    rows = await connection.execute(select(refusals).where(refusals.c.ability.not_in(_OTHER_ROWS)))
    return {_ALL: rows.mappings().all()}
