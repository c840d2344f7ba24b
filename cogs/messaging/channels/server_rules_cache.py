"""The rules of servers, as they were read a moment ago: a log under load must not ask the database for every line."""

import logging
from collections.abc import Callable

from bot.clock import Monotonic
from bot.entities import ServerRules
from bot.errors import StoreUnavailable
from bot.ports import RulesStore
from bot.retry import STORE_OUTAGE

log = logging.getLogger(__name__)

FRESH_SECONDS = 30.0
"""How long rules are used before they are read again; a change in another process counts from then on."""
_MAX_SERVERS = 4096


class ServerRulesCache:
    """Reads the rules of servers, each at most every FRESH_SECONDS. Port: `rules`. No claim may be judged by them."""

    def __init__(self, rules: RulesStore, monotonic: Monotonic) -> None:
        self._rules = rules
        self._monotonic = monotonic
        self._known: dict[int, tuple[float, ServerRules]] = {}
        self.on_change: list[Callable[[int], None]] = []
        """Are told the server whose rules have changed."""

    def peek(self, guild_id: int) -> ServerRules | None:
        """Return the rules if they were read a moment ago."""
        read_at, rules = self._known.get(guild_id, (0.0, None))
        return rules if rules is not None and self._monotonic() - read_at < FRESH_SECONDS else None

    async def read(self, guild_id: int) -> ServerRules | None:
        """Return the rules, or the last known ones while the database is away; None where none are known."""
        if (fresh := self.peek(guild_id)) is not None:
            return fresh
        try:
            rules = (await self._rules.find_rules(guild_id, 0)).server
        except StoreUnavailable as gone:
            STORE_OUTAGE.report(log, f"The rules of server {guild_id} are not read.", gone)
            return self._known.get(guild_id, (0.0, None))[1]
        while len(self._known) >= _MAX_SERVERS:
            del self._known[next(iter(self._known))]
        self._known[guild_id] = self._monotonic(), rules
        return rules

    def forget(self, guild_id: int) -> None:
        """Read the rules of a server again before they are used."""
        if guild_id in self._known:
            self._known[guild_id] = float("-inf"), self._known[guild_id][1]

    def note_change(self, guild_id: int) -> None:
        """Read the rules of a server again, because they have changed, and tell that."""
        self.forget(guild_id)
        for tell in self.on_change:
            tell(guild_id)
