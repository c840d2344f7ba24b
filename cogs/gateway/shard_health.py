"""Whether each shard of this process has a session with Discord's gateway, not only an open socket."""

from discord.ext import commands


class ShardHealth:
    """Tracks the sessions of a bot's shards; discord.py itself only knows the sockets."""

    def __init__(self, bot: commands.AutoShardedBot) -> None:
        self._bot = bot
        self._lost: set[int] = set()
        bot.add_listener(self._mark_connected, "on_shard_connect")
        bot.add_listener(self._mark_connected, "on_shard_resumed")
        bot.add_listener(self._mark_lost, "on_shard_disconnect")

    async def _mark_connected(self, shard_id: int) -> None:
        self._lost.discard(shard_id)

    async def _mark_lost(self, shard_id: int) -> None:
        self._lost.add(shard_id)

    def find_problem(self) -> str:
        """Return what is wrong with the connection, or an empty text."""
        if not self._bot.is_ready():
            return "not connected to Discord's gateway yet"
        shards = self._bot.shards
        lost = self._lost | {shard_id for shard_id, shard in shards.items() if shard.is_closed()}
        if not lost:
            return ""
        if len(shards) == 1:
            return "the connection to Discord's gateway is lost"
        return f"{len(lost)} of {len(shards)} connections to Discord's gateway are lost"
