"""Listen for what may open a place again in which Discord refused a message: threads, permissions, connections."""

from collections.abc import Callable

import discord
from discord.ext import commands


class PlaceChanges(commands.Cog):
    """Calls `wake` with the ids of a server in which something opened, and of the thread, or with None for all.

    Every event but the connections' comes with Intents.guilds; Discord reports the bot's own membership without more.
    """

    def __init__(self, bot: discord.Client, wake: Callable[[int | None, int | None], None]) -> None:
        self._bot = bot
        self._wake = wake
        self._ready_shards: set[int] = set()

    @commands.Cog.listener()
    async def on_raw_thread_update(self, event: discord.RawThreadUpdateEvent) -> None:
        """Wake a thread that is not archived now; discord.py does not keep archived ones, so it cannot compare."""
        if not event.data.get("thread_metadata", {}).get("archived"):
            self._wake(event.guild_id, event.thread_id)

    @commands.Cog.listener()
    async def on_guild_channel_update(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        """Wake a server when a channel's own permissions change."""
        if before.overwrites != after.overwrites:
            self._wake(after.guild.id, None)

    @commands.Cog.listener()
    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        """Wake a server when a role's permissions change."""
        if before.permissions != after.permissions:
            self._wake(after.guild.id, None)

    @commands.Cog.listener()
    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        """Wake a server when the bot's own roles change, or its timeout ends."""
        del before
        if self._bot.user is not None and after.id == self._bot.user.id:
            self._wake(after.guild.id, None)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Wake a server that the bot is in again."""
        self._wake(guild.id, None)

    @commands.Cog.listener()
    async def on_resumed(self) -> None:
        """Wake every message: Discord was away."""
        self._wake(None, None)

    @commands.Cog.listener()
    async def on_shard_ready(self, shard_id: int) -> None:
        """Wake every message when a session is replaced; at the start, messages keep to the pauses that they began."""
        if shard_id in self._ready_shards:
            self._wake(None, None)
        self._ready_shards.add(shard_id)
