"""/mjsettings: an ephemeral panel of a person's settings, and the modal for their default parameters."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str
from discord.ext import commands

from bot.entities import PersonSettings
from bot.errors import PromptRefused
from bot.features.person_settings import PersonSettingsService
from cogs.commands.registration import usable_anywhere
from cogs.components.modals import MODAL_TIMEOUT_SECONDS, read_text_field
from cogs.context import MODAL_EVENT, Interaction, choose_language
from cogs.languages import Language, _, use_language
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
from cogs.text.guidance import STALE_PANEL
from cogs.text.input_errors import describe_defaults_error
from cogs.text.quotes import append_typed_text
from cogs.views.panels.settings_panel import (
    EDIT_DEFAULTS,
    SETTING_CLICK_EVENT,
    SettingButton,
    SettingChoice,
    render_settings_panel,
)

_FIELD = "defaults"
_MAX_LENGTH = 500


class SettingsCog(commands.Cog):
    """Shows the panel, and changes settings on clicks.

    `notify_after` is the operator's setting; zero means never. `note_language` makes a person's language hold at once.
    """

    def __init__(
        self,
        bot: commands.AutoShardedBot,
        person_settings: PersonSettingsService,
        *,
        notify_after: timedelta,
        note_language: Callable[[int, Language | None], None],
    ) -> None:
        self._bot = bot
        self._person_settings = person_settings
        self._notify_after = notify_after
        self._note_language = note_language

    async def cog_load(self) -> None:
        """Handle the buttons of any panel message."""
        self._bot.add_dynamic_items(SettingButton)

    @app_commands.command(
        name="mjsettings", description=locale_str("Your settings: remix, default parameters, speed, mentions, language")
    )
    @usable_anywhere
    async def mjsettings(self, interaction: Interaction) -> None:
        """Show this person's settings, in an ephemeral message."""
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            await self._show(interaction, await self._person_settings.get_settings(interaction.user.id))

    @commands.Cog.listener(f"on_{SETTING_CLICK_EVENT}")
    async def handle_click(self, interaction: Interaction, choice: SettingChoice) -> None:
        """Open the modal, or change a setting and show the new panel."""
        async with send_ephemeral_on_error(interaction):
            if choice == EDIT_DEFAULTS:
                await self._open_modal(interaction)
            elif not (changes := choice.get_changes()):
                await send_ephemeral(interaction, _(STALE_PANEL))
            elif await defer_click(interaction):
                changed = await self._person_settings.change_settings(
                    interaction.user.id, lambda settings: replace(settings, **changes)
                )
                if "language" in changes:
                    self._note_language(interaction.user.id, changed.language)
                with use_language(choose_language(interaction, private=True)):
                    await self._show(interaction, changed)

    @commands.Cog.listener(f"on_{MODAL_EVENT}")
    async def handle_modal(self, interaction: Interaction) -> None:
        """Read the modal from its raw data, because another process may have opened it."""
        data: Mapping[str, Any] = interaction.data or {}
        if SettingChoice.parse(str(data.get("custom_id", ""))) != EDIT_DEFAULTS:
            return
        async with send_ephemeral_on_error(interaction):
            if await defer_click(interaction):
                await self._save_defaults(interaction, read_text_field(data, _FIELD))

    async def _save_defaults(self, interaction: Interaction, text: str) -> None:
        try:
            changed = await self._person_settings.set_default_parameters(interaction.user.id, text)
        except PromptRefused as refused:
            await send_ephemeral(interaction, append_typed_text(describe_defaults_error(refused), text))
        else:
            await self._show(interaction, changed)

    async def _open_modal(self, interaction: Interaction) -> None:
        """Open the modal, filled in with the current defaults; an empty one deletes them."""
        settings = await self._person_settings.get_settings_in_time(interaction.user.id)
        modal = ui.Modal(
            title=_("Default parameters"), custom_id=EDIT_DEFAULTS.custom_id, timeout=MODAL_TIMEOUT_SECONDS
        )
        field = ui.TextInput[Any](
            custom_id=_FIELD,
            style=discord.TextStyle.paragraph,
            default=limits.cut(settings.defaults, _MAX_LENGTH) or None,
            placeholder="--ar 3:2 --stylize 250",
            max_length=_MAX_LENGTH,
            required=False,
        )
        hint = _("Added unless your prompt already sets them. Leave empty for none")
        modal.add_item(ui.Label(text=_("Parameters"), description=hint, component=field))
        await acknowledge(interaction, interaction.response.send_modal(modal))

    async def _show(self, interaction: Interaction, settings: PersonSettings) -> None:
        embed, view = render_settings_panel(settings, self._notify_after)
        await with_timeout(interaction.edit_original_response(embed=embed, view=view))
