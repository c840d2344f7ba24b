"""Listen for servers that the bot leaves, and that it is added to again."""

import discord
from discord.ext import commands

from bot.features.server_departures import ServerDepartures


class GuildDepartures(commands.Cog):
    """Notes departures and returns.

    For an outage of a server (GUILD_DELETE with `unavailable`), discord.py dispatches `guild_unavailable` instead.
    """

    def __init__(self, departures: ServerDepartures) -> None:
        self._departures = departures

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Note that the bot was removed from a server, or that the server was deleted."""
        await self._departures.note_departure(guild.id)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Note that the bot is in a server again."""
        await self._departures.note_return(guild.id)
