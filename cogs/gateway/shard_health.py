"""Whether Discord's gateway speaks with each shard of ours: not only a socket that is open, but a session."""

from discord.ext import commands


class ShardHealth:
    """Follows the sessions of a bot's shards; discord.py itself only tells of sockets."""

    def __init__(self, bot: commands.AutoShardedBot) -> None:
        self._bot = bot
        self._lost: set[int] = set()
        bot.add_listener(self._found, "on_shard_connect")
        bot.add_listener(self._found, "on_shard_resumed")
        bot.add_listener(self._missing, "on_shard_disconnect")

    async def _found(self, shard_id: int) -> None:
        self._lost.discard(shard_id)

    async def _missing(self, shard_id: int) -> None:
        self._lost.add(shard_id)

    def find_problem(self) -> str:
        """Say what is wrong with the connection; empty where all is well."""
        if not self._bot.is_ready():
            return "not connected to Discord's gateway yet"
        shards = self._bot.shards
        lost = self._lost | {shard_id for shard_id, shard in shards.items() if shard.is_closed()}
        if not lost:
            return ""
        if len(shards) == 1:
            return "the connection to Discord's gateway is lost"
        return f"{len(lost)} of {len(shards)} connections to Discord's gateway are lost"
