"""/mjsettings: a private panel of what a person has chosen, and the form of their default parameters."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str as _
from discord.ext import commands

from bot.entities import PersonSettings
from bot.errors import PromptRefused
from bot.features.person_settings import PersonSettingsService
from cogs.components.modals import MODAL_TIMEOUT_SECONDS, read_text_field
from cogs.messaging.context import Interaction
from cogs.messaging.responses import (
    acknowledge,
    defer_click,
    defer_thinking,
    replace_response_on_error,
    send_ephemeral,
    send_ephemeral_on_error,
    with_timeout,
)
from cogs.text import limits
from cogs.text.guidance import stale_panel
from cogs.text.input_errors import describe_defaults_error
from cogs.text.quotes import append_typed_text
from cogs.views.settings_panel import (
    EDIT_DEFAULTS,
    SETTING_CLICK_EVENT,
    SettingButton,
    SettingChoice,
    render_settings_panel,
)

_FIELD = "defaults"
_LONGEST = 500
_MODAL = discord.InteractionType.modal_submit


class SettingsCog(commands.Cog, name="People"):
    """Translates clicks on the panel into settings. `notify_after` is the operator's, zero for never."""

    def __init__(self, bot: commands.AutoShardedBot, people: PersonSettingsService, *, notify_after: timedelta) -> None:
        self._bot = bot
        self._people = people
        self._notify_after = notify_after

    async def cog_load(self) -> None:
        """Let every panel's buttons find us."""
        self._bot.add_dynamic_items(SettingButton)

    @app_commands.command(
        name="mjsettings", description=_("Remix, default parameters, speed, mentions: your own choice")
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def mjsettings(self, interaction: Interaction) -> None:
        """Show this person's settings, to them alone."""
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            await self._show(interaction, await self._people.get_settings(interaction.user.id))

    @commands.Cog.listener(f"on_{SETTING_CLICK_EVENT}")
    async def handle_click(self, interaction: Interaction, choice: SettingChoice) -> None:
        """Answer a click on the panel: the form, or the panel as it is then."""
        async with send_ephemeral_on_error(interaction):
            if choice == EDIT_DEFAULTS:
                await self._ask(interaction)
            elif not (changes := choice.get_changes()):
                await send_ephemeral(interaction, stale_panel())
            elif await defer_click(interaction):
                changed = await self._people.change_settings(interaction.user.id, lambda now: replace(now, **changes))
                await self._show(interaction, changed)

    @commands.Cog.listener("on_interaction")
    async def handle_modal(self, interaction: Interaction) -> None:
        """Take the form of the default parameters from its raw data, in whichever process it opened."""
        data: Mapping[str, Any] = interaction.data or {}
        if interaction.type is not _MODAL or SettingChoice.parse(str(data.get("custom_id", ""))) != EDIT_DEFAULTS:
            return
        async with send_ephemeral_on_error(interaction):
            if await defer_click(interaction):
                await self._write(interaction, read_text_field(data, _FIELD))

    async def _write(self, interaction: Interaction, text: str) -> None:
        try:
            changed = await self._people.set_default_parameters(interaction.user.id, text)
        except PromptRefused as refused:
            await send_ephemeral(interaction, append_typed_text(describe_defaults_error(refused), text))
        else:
            await self._show(interaction, changed)

    async def _ask(self, interaction: Interaction) -> None:
        """Open the form as the first answer, filled in: sent empty, it takes the defaults away."""
        settings = await self._people.get_settings_in_time(interaction.user.id)
        modal = ui.Modal(title="Default parameters", custom_id=EDIT_DEFAULTS.custom_id, timeout=MODAL_TIMEOUT_SECONDS)
        field = ui.TextInput[Any](
            custom_id=_FIELD,
            style=discord.TextStyle.paragraph,
            default=limits.cut(settings.defaults, _LONGEST) or None,
            placeholder="--ar 3:2 --stylize 250",
            max_length=_LONGEST,
            required=False,
        )
        hint = "Added to each prompt that does not say otherwise; empty: none"
        modal.add_item(ui.Label(text="Parameters", description=hint, component=field))
        await acknowledge(interaction, interaction.response.send_modal(modal))

    async def _show(self, interaction: Interaction, settings: PersonSettings) -> None:
        embed, view = render_settings_panel(settings, self._notify_after)
        await with_timeout(interaction.edit_original_response(embed=embed, view=view))
