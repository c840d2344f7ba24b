"""Delete the rules of servers that the bot has left long ago, and old rows of the audit."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from bot.clock import Clock
from bot.entities import RuleChange, ServerRules
from bot.errors import StoreUnavailable
from bot.ports import RulesStore
from bot.retry import STORE_OUTAGE

log = logging.getLogger(__name__)

GRACE: Final = timedelta(days=30)
"""How long the rules of a server are kept after the bot has left it: it may be added again."""
AUDIT_AGE: Final = timedelta(days=400)
_INTERVAL_SECONDS: Final = 3600.0
_FIRST_SECONDS: Final = 120.0
"""After a start, when the servers are known."""


class RulesCleanup:
    """Deletes what is no longer needed, once an hour.

    `is_joined` returns whether the bot is in a server, None where this process does not know. When a server was first
    found left is written in its rules, so that it holds in every process and after a restart.
    """

    def __init__(self, rules: RulesStore, is_joined: Callable[[int], bool | None], clock: Clock) -> None:
        self._rules = rules
        self._is_joined = is_joined
        self._clock = clock

    async def run(self) -> None:
        """Clean up every hour until cancelled."""
        await self._clock.sleep(_FIRST_SECONDS)
        while True:
            await self.clean_up()
            await self._clock.sleep(_INTERVAL_SECONDS)

    async def clean_up(self) -> None:
        """Delete what is old enough now; while the database is away, leave it to the next hour."""
        try:
            known = await self._rules.list_servers()
            stored = await self._rules.list_server_rules(known)
            for guild_id in known:
                await self._check_server(guild_id, stored.get(guild_id, ServerRules()).left_at)
            await self._rules.delete_old_changes(self._clock.find_earliest() - AUDIT_AGE)
        except StoreUnavailable as gone:
            STORE_OUTAGE.report(log, "Old rules are not deleted.", gone)

    async def _check_server(self, guild_id: int, left_at: datetime | None) -> None:
        is_joined = self._is_joined(guild_id)
        if is_joined is None:
            return
        if is_joined and left_at is not None:
            await self._set_left(guild_id, None)
        elif not is_joined and left_at is None:
            await self._set_left(guild_id, self._clock.now())
        elif not is_joined and left_at is not None and left_at < self._clock.find_earliest() - GRACE:
            await self._rules.delete_rules_of_server(guild_id)
            log.info("The rules of server %d are deleted, which the bot has left.", guild_id)

    async def _set_left(self, guild_id: int, left_at: datetime | None) -> None:
        def change(rules: ServerRules) -> tuple[ServerRules, list[RuleChange]]:
            return rules.model_copy(update={"left_at": left_at}), []

        await self._rules.change_server_rules(guild_id, change)
