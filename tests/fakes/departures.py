"""The servers that the bot has left, in memory; tests/bot/store runs the same tests on it and on SqlDepartures."""

from collections.abc import Collection, Mapping
from datetime import datetime

from tests.fakes.rules import FakeRules


class FakeDepartures:
    """A bot.ports.Departures beside the FakeRules of the servers."""

    def __init__(self, rules: FakeRules) -> None:
        self._rules = rules
        self.left: dict[int, datetime] = {}

    async def list_known_servers(self) -> Collection[int]:
        changed = {change.guild_id for change in self._rules.changes}
        return sorted({*await self._rules.list_servers(), *changed, *self.left} - {0})

    async def list_departures(self) -> Mapping[int, datetime]:
        self._rules.answer()
        return dict(self.left)

    async def save_departure(self, guild_id: int, left_at: datetime) -> None:
        self._rules.answer()
        self.left.setdefault(guild_id, left_at)

    async def delete_departure(self, guild_id: int) -> None:
        self._rules.answer()
        self.left.pop(guild_id, None)

    async def delete_server(self, guild_id: int, before: datetime) -> bool:
        self._rules.answer()
        left_at = self.left.get(guild_id)
        if left_at is None or left_at >= before:
            return False
        del self.left[guild_id]
        await self._rules.delete_rules_of_server(guild_id)
        return True
