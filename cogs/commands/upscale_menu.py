"""A message's menu, "Upscale picture": the buttons that take one picture out, or make it larger, and no others."""

from collections.abc import Iterator

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str as _
from discord.ext import commands

from bot.midjourney.buttons import ButtonKind
from cogs.components.custom_ids import TaskButton, TaskCustomId
from cogs.messaging.context import Interaction
from cogs.messaging.responses import acknowledge, send_ephemeral
from cogs.text.guidance import nothing_to_upscale
from cogs.views.colors import ACTIVE_COLOR

_LARGER = {ButtonKind.PICK_FROM_GRID, ButtonKind.UPSCALE}


class UpscaleMenuCog(commands.Cog):
    """Offers what the buttons of one of our own messages offer; a press there is a press like any other."""

    def __init__(self, bot: commands.AutoShardedBot) -> None:
        self._bot = bot
        self._menu = app_commands.ContextMenu(name=_("Upscale picture"), callback=self.show_upscale_buttons)
        app_commands.allowed_installs(guilds=True, users=True)(self._menu)
        app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)(self._menu)

    async def cog_load(self) -> None:
        """Offer the context menu: discord.py does not find one inside a cog."""
        self._bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Take the context menu back."""
        self._bot.tree.remove_command(self._menu.name, type=self._menu.type)

    async def show_upscale_buttons(self, interaction: Interaction, message: discord.Message) -> None:
        """Show a message's upscale buttons to this person alone."""
        ours = message.author.id == interaction.client.user.id
        view = ui.View(timeout=None)
        for button in _larger(message) if ours else ():
            view.add_item(button)
        if not view.children:
            await send_ephemeral(interaction, nothing_to_upscale())
            return
        said = f"From [this message]({message.jump_url}). What you press here is shown to you alone."
        embed = discord.Embed(title="Which one?", colour=ACTIVE_COLOR, description=said)
        await acknowledge(interaction, interaction.response.send_message(embed=embed, view=view, ephemeral=True))


def _larger(message: discord.Message) -> Iterator[TaskButton]:
    """Copy those of a message's buttons that may be pressed, row by row as they stand there."""
    for row, parts in enumerate(message.components):
        for part in parts.children if isinstance(parts, discord.ActionRow) else ():
            click = TaskCustomId.parse(part.custom_id or "") if isinstance(part, discord.Button) else None
            if click is not None and click.kind in _LARGER and isinstance(part, discord.Button) and not part.disabled:
                button = ui.Button[ui.View](
                    label=part.label, emoji=part.emoji, style=part.style, custom_id=click.custom_id, row=row
                )
                yield TaskButton(click, button, row=row)
