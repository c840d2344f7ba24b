"""Listen for what may open a place again in which Discord refused a message: threads, permissions, connections."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

import discord
from discord.ext import commands

from bot.entities import Place
from cogs.gateway.permissions import REQUIRED_PERMISSIONS
from cogs.messaging.place_permissions import is_in_channel, may_accept_edits

_OPENING_PERMISSIONS = REQUIRED_PERMISSIONS | discord.Permissions(administrator=True, manage_threads=True)
"""What may open a place, once the bot is granted it."""


class _Wake(Protocol):
    """Draws messages again: of a server, or a channel or thread of it, or all, where `is_open` is true."""

    def __call__(self, guild_id: int | None, channel_id: int | None, is_open: Callable[[Place], bool]) -> None: ...


class PlaceChanges(commands.Cog):
    """Calls `wake` with the ids of a server in which something opened, and of the thread, or with None for all.

    Only what the bot itself is granted counts, and only places that the cache does not know to be closed still. Every
    event but the connections' comes with Intents.guilds; Discord reports the bot's own membership without more.
    """

    def __init__(self, bot: discord.Client, wake: _Wake) -> None:
        self._bot = bot
        self._wake_open = partial(wake, is_open=partial(may_accept_edits, bot))
        self._wake = wake
        self._ready_shards: set[int] = set()

    @commands.Cog.listener()
    async def on_raw_thread_update(self, event: discord.RawThreadUpdateEvent) -> None:
        """Wake a thread that is not archived now; discord.py does not keep archived ones, so it cannot compare."""
        if not event.data.get("thread_metadata", {}).get("archived"):
            self._wake_open(event.guild_id, event.thread_id)

    @commands.Cog.listener()
    async def on_guild_channel_update(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        """Wake a channel and its threads when its own permissions change so that the bot gains one."""
        me = after.guild.me
        if before.overwrites == after.overwrites or not _gains(before.permissions_for(me), after.permissions_for(me)):
            return

        def is_open(place: Place) -> bool:
            return is_in_channel(self._bot, place, after.id) and may_accept_edits(self._bot, place)

        self._wake(after.guild.id, None, is_open)

    @commands.Cog.listener()
    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        """Wake a server when one of the bot's roles gains a permission."""
        if _gains(before.permissions, after.permissions) and after.id in {role.id for role in after.guild.me.roles}:
            self._wake_open(after.guild.id, None)

    @commands.Cog.listener()
    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        """Wake a server when the bot's own roles change, or its timeout ends."""
        if self._bot.user is None or after.id != self._bot.user.id:
            return
        if before.roles != after.roles or before.timed_out_until != after.timed_out_until:
            self._wake_open(after.guild.id, None)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Wake a server that the bot is in again."""
        self._wake_open(guild.id, None)

    @commands.Cog.listener()
    async def on_resumed(self) -> None:
        """Wake every message: Discord was away."""
        self._wake_open(None, None)

    @commands.Cog.listener()
    async def on_shard_ready(self, shard_id: int) -> None:
        """Wake every message when a session is replaced; at the start, messages keep to the pauses that they began."""
        if shard_id in self._ready_shards:
            self._wake_open(None, None)
        self._ready_shards.add(shard_id)


def _gains(before: discord.Permissions, after: discord.Permissions) -> bool:
    """Return whether something is granted now, and was not before, that may open a place."""
    return bool(after.value & ~before.value & _OPENING_PERMISSIONS.value)
