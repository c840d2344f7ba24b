"""The context menu "Upscale picture": shows only those buttons of a message that pick or upscale a picture."""

from collections.abc import Iterator

import discord
from discord import ui
from discord.ext import commands

from bot.midjourney.buttons import ButtonKind
from cogs.commands.registration import MessageMenuCog
from cogs.components.custom_ids import TaskButton, TaskCustomId
from cogs.components.event_item import build_view
from cogs.context import Interaction
from cogs.languages import _
from cogs.messaging.responses import acknowledge, send_ephemeral
from cogs.text.guidance import COPIED_BUTTONS, NOTHING_TO_UPSCALE
from cogs.views.colors import ACTIVE_COLOR

_UPSCALE_KINDS = {ButtonKind.PICK_FROM_GRID, ButtonKind.UPSCALE}


class UpscaleMenuCog(MessageMenuCog):
    """Copies buttons of the bot's own messages; a press on a copy is handled like one on the original."""

    def __init__(self, bot: commands.AutoShardedBot) -> None:
        super().__init__(bot, "Upscale picture", self.show_upscale_buttons)

    async def show_upscale_buttons(self, interaction: Interaction, message: discord.Message) -> None:
        """Show a message's upscale buttons to this person only."""
        is_own = message.author.id == interaction.client.user.id
        view = build_view(_copy_upscale_buttons(message) if is_own else ())
        if not view.children:
            await send_ephemeral(interaction, _(NOTHING_TO_UPSCALE))
            return
        text = _(COPIED_BUTTONS).format(link=message.jump_url)
        embed = discord.Embed(title=_("Which one?"), color=ACTIVE_COLOR, description=text)
        await acknowledge(interaction, interaction.response.send_message(embed=embed, view=view, ephemeral=True))


def _copy_upscale_buttons(message: discord.Message) -> Iterator[TaskButton]:
    """Copy the enabled upscale buttons of a message, each in its row."""
    for row, parts in enumerate(message.components):
        for part in parts.children if isinstance(parts, discord.ActionRow) else ():
            if not isinstance(part, discord.Button) or part.disabled:
                continue
            click = TaskCustomId.parse(part.custom_id or "")
            if click is not None and click.kind in _UPSCALE_KINDS:
                button = ui.Button[ui.View](
                    label=part.label, emoji=part.emoji, style=part.style, custom_id=click.custom_id, row=row
                )
                yield TaskButton(button)
