"""The servers that the bot has left, and the deletion of what they set."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database
from bot.store.queries import insert_if_absent
from bot.store.schema import departures, reports, rule_changes, rules

_SERVER_KINDS = ("server", "block")
"""The kinds of rules that a server's managers and moderators set; the operator's grant is not among them."""


class SqlDepartures:
    """A bot.ports.Departures on the table `departures`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_known_servers(self) -> Collection[int]:
        """Return the servers that have settings, blocks, an audit or reports here, or that the bot has left."""
        own = rules.c.kind.in_(_SERVER_KINDS) & (rules.c.guild_id != 0)
        found = (
            select(rules.c.guild_id)
            .where(own)
            .union(
                select(rule_changes.c.guild_id).where(rule_changes.c.guild_id != 0),
                select(reports.c.guild_id).where(reports.c.guild_id != 0),
                select(departures.c.guild_id),
            )
        )
        return sorted(row["guild_id"] for row in await self._database.read(found))

    async def list_departures(self) -> Mapping[int, datetime]:
        """Return when the bot left each server that it has left."""
        return {row["guild_id"]: row["left_at"] for row in await self._database.read(select(departures))}

    async def save_departure(self, guild_id: int, left_at: datetime) -> None:
        """Remember when the bot left a server; an earlier time of the same departure stays."""
        row = {"guild_id": guild_id, "left_at": left_at}
        await self._database.write(insert_if_absent(departures, self._database.dialect).values(row))

    async def delete_departure(self, guild_id: int) -> None:
        """Forget a departure, because the bot is in the server again."""
        await self._database.write(delete(departures).where(departures.c.guild_id == guild_id))

    async def delete_server(self, guild_id: int, before: datetime) -> bool:
        """Delete what a server set, if the bot left it before then; return whether it did.

        The row of the departure is deleted in the same transaction: a process that sees the bot come back deletes it,
        too, and only one of the two finds it.
        """
        left = (departures.c.guild_id == guild_id) & (departures.c.left_at < before)
        own = (rules.c.guild_id == guild_id) & rules.c.kind.in_(_SERVER_KINDS)

        async def write(connection: AsyncConnection) -> bool:
            if not guild_id or not (await connection.execute(delete(departures).where(left))).rowcount:
                return False
            await connection.execute(delete(rules).where(own))
            await connection.execute(delete(rule_changes).where(rule_changes.c.guild_id == guild_id))
            await connection.execute(delete(reports).where(reports.c.guild_id == guild_id))
            return True

        return await self._database.transaction(write)
