"""The servers that the bot has left, until their settings are deleted."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol


class Departures(Protocol):
    """When the bot left which server. Every method raises StoreUnavailable where the database does not answer."""

    async def list_known_servers(self) -> Collection[int]:
        """Return the servers that have settings, blocks or an audit here, or that the bot has left."""
        ...

    async def list_departures(self) -> Mapping[int, datetime]:
        """Return when the bot left each server that it has left."""
        ...

    async def save_departure(self, guild_id: int, left_at: datetime) -> None:
        """Remember when the bot left a server; an earlier time of the same departure stays."""
        ...

    async def delete_departure(self, guild_id: int) -> None:
        """Forget a departure, because the bot is in the server again."""
        ...

    async def delete_server(self, guild_id: int, before: datetime) -> bool:
        """Delete a server's settings, blocks, audit and reports, if the bot left it before then; return whether it did.

        The operator's grant stays.
        """
        ...
