"""/mydata: what is stored about a person, an export of it, and its deletion."""

from io import BytesIO

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str
from discord.ext import commands

from bot.features.personal_data import PersonalDataService
from cogs.commands.registration import usable_anywhere
from cogs.context import Interaction
from cogs.languages import _
from cogs.messaging.responses import (
    defer_click,
    defer_thinking,
    replace_response_on_error,
    send_ephemeral,
    send_ephemeral_on_error,
    with_timeout,
)
from cogs.text.personal_data import NOT_YOURS, STALE_DATA_BUTTON, describe_export
from cogs.views.panels.personal_data_panel import (
    DATA_CLICK_EVENT,
    DataAction,
    DataButton,
    DataChoice,
    render_data_panel,
    render_deleted,
    render_question,
)


class PersonalDataCog(commands.Cog):
    """Shows, exports and deletes a person's data, in ephemeral messages; `privacy_url` is the operator's, or ""."""

    def __init__(self, bot: commands.AutoShardedBot, data: PersonalDataService, privacy_url: str) -> None:
        self._bot = bot
        self._data = data
        self._privacy_url = privacy_url

    async def cog_load(self) -> None:
        """Handle the buttons of any panel message."""
        self._bot.add_dynamic_items(DataButton)

    @app_commands.command(
        name="mydata", description=locale_str("What this bot stores about you: see, export and delete it")
    )
    @usable_anywhere
    async def mydata(self, interaction: Interaction) -> None:
        """Show what is stored about this person."""
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            await self._show(interaction)

    @commands.Cog.listener(f"on_{DATA_CLICK_EVENT}")
    async def handle_click(self, interaction: Interaction, choice: DataChoice) -> None:
        """Do what a button says, for the person whose data it is about."""
        async with send_ephemeral_on_error(interaction):
            if choice.person_id != interaction.user.id:
                await send_ephemeral(interaction, _(NOT_YOURS))
            elif choice.action is DataAction.UNKNOWN:
                await send_ephemeral(interaction, _(STALE_DATA_BUTTON))
            elif await defer_click(interaction):
                await self._answer_click(interaction, choice.action)

    async def _answer_click(self, interaction: Interaction, action: DataAction) -> None:
        person_id = interaction.user.id
        match action:
            case DataAction.EXPORT:
                await self._send_export(interaction)
            case DataAction.DELETE:
                await self._edit(interaction, *render_question(person_id, await self._data.count(person_id)))
            case DataAction.CONFIRM:
                deleted = await self._data.delete(person_id, _list_names(interaction.user))
                await self._edit(interaction, *render_deleted(person_id, deleted))
            case _:
                await self._show(interaction)

    async def _show(self, interaction: Interaction) -> None:
        stored = await self._data.count(interaction.user.id)
        await self._edit(interaction, *render_data_panel(interaction.user.id, stored, self._privacy_url))

    async def _send_export(self, interaction: Interaction) -> None:
        export = await self._data.export(interaction.user.id)
        text = describe_export(export)
        if export.data is None:
            await send_ephemeral(interaction, text)
            return
        file = discord.File(BytesIO(export.data), filename=export.name)
        await with_timeout(interaction.followup.send(text, file=file, ephemeral=True))

    async def _edit(self, interaction: Interaction, embed: discord.Embed, view: ui.View) -> None:
        await with_timeout(interaction.edit_original_response(embed=embed, view=view))


def _list_names(user: discord.abc.User) -> list[str]:
    """List the names under which texts of moderators may mention a person."""
    return list(filter(None, (user.name, user.global_name, user.display_name)))
