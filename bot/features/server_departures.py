"""Delete what servers set that the bot has left long ago."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from bot.clock import Clock
from bot.errors import StoreUnavailable
from bot.ports import Departures
from bot.retry import STORE_OUTAGE

log = logging.getLogger(__name__)

GRACE: Final = timedelta(days=30)
"""How long the settings of a server are kept after the bot has left it: it may be added again."""
_INTERVAL_SECONDS: Final = 3600.0
_FIRST_SECONDS: Final = 120.0
"""After a start, when the servers are known."""


class ServerDepartures:
    """Notes when the bot leaves a server, and deletes its settings, blocks, audit and reports 30 days later.

    `is_joined` returns whether the bot is in a server, None where this process does not know: before it is connected,
    and for shards of other processes. A server in an outage counts as joined. What Discord reports is noted at once; a
    departure while the bot was not running is found by comparing, soon after the start and then once an hour.
    """

    def __init__(self, departures: Departures, is_joined: Callable[[int], bool | None], clock: Clock) -> None:
        self._departures = departures
        self._is_joined = is_joined
        self._clock = clock

    async def run(self) -> None:
        """Compare and delete every hour until cancelled."""
        await self._clock.sleep(_FIRST_SECONDS)
        while True:
            await self.check_servers()
            await self._clock.sleep(_INTERVAL_SECONDS)

    async def note_departure(self, guild_id: int) -> None:
        """Note that Discord reported that the bot left a server; if the database is away, the next check finds it."""
        try:
            await self._departures.save_departure(guild_id, self._clock.now())
        except StoreUnavailable as gone:
            STORE_OUTAGE.report(log, "A departure from a server is not noted yet.", gone)
        else:
            log.info("The bot left server %d: its settings are deleted after %d days.", guild_id, GRACE.days)

    async def note_return(self, guild_id: int) -> None:
        """Note that the bot is in a server again, so that its settings stay."""
        try:
            await self._departures.delete_departure(guild_id)
        except StoreUnavailable as gone:
            STORE_OUTAGE.report(log, "A return to a server is not noted yet.", gone)

    async def check_servers(self) -> None:
        """Note departures and returns that Discord did not report, and delete what is old enough now."""
        try:
            departures = await self._departures.list_departures()
            for guild_id in await self._departures.list_known_servers():
                await self._check_server(guild_id, departures.get(guild_id))
        except StoreUnavailable as gone:
            STORE_OUTAGE.report(log, "The settings of servers that the bot has left are not deleted.", gone)

    async def _check_server(self, guild_id: int, left_at: datetime | None) -> None:
        is_joined = self._is_joined(guild_id)
        if is_joined is None:
            return
        if is_joined and left_at is not None:
            await self._departures.delete_departure(guild_id)
        elif not is_joined and left_at is None:
            await self._departures.save_departure(guild_id, self._clock.now())
        elif not is_joined and await self._departures.delete_server(guild_id, self._clock.find_earliest() - GRACE):
            log.info("The settings of server %d are deleted, which the bot has left.", guild_id)
