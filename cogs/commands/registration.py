"""What commands have in common: where they can be used, and the context menus of messages, inside a cog."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import discord
from discord import app_commands
from discord.ext import commands

from cogs.context import Interaction

_T = TypeVar("_T")


def usable_anywhere(command: _T) -> _T:
    """Offer a command in servers, direct messages and group chats, to servers' and to people's own installs."""
    command = app_commands.allowed_installs(guilds=True, users=True)(command)
    return app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)(command)


class MessageMenuCog(commands.Cog):
    """A cog with one entry in the context menu of messages; discord.py does not find a menu inside a cog by itself."""

    def __init__(
        self,
        bot: commands.AutoShardedBot,
        name: str,
        callback: Callable[[Interaction, discord.Message], Coroutine[Any, Any, None]],
    ) -> None:
        self._bot = bot
        self._menu = usable_anywhere(app_commands.ContextMenu(name=name, callback=callback))

    async def cog_load(self) -> None:
        """Add the menu to the command tree."""
        self._bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Remove the menu from the command tree."""
        self._bot.tree.remove_command(self._menu.name, type=self._menu.type)
