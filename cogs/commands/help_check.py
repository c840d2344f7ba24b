"""/mjhelp for everybody, /mjcheck for those who run the server."""

from collections.abc import Callable
from typing import Any

import aiohttp
import discord
from discord import app_commands, ui
from discord.app_commands import locale_str as _
from discord.ext import commands

from bot.clock import Now
from bot.midjourney.buttons import ButtonKind
from bot.midjourney.capabilities import has_refused_capabilities
from bot.ops.diagnostics import (
    Finding,
    check_database,
    check_disk,
    check_relay,
    report_refused_buttons,
    report_relay_shortages,
)
from bot.ops.platform_disk import EphemeralDisk
from bot.ports import Store
from bot.relay.client import RelayClient
from cogs.components.custom_ids import ClickEvent, TaskButton, TaskCustomId
from cogs.gateway.guild_trust import GuildTrust
from cogs.gateway.permissions import build_invite_url, list_missing_permissions
from cogs.messaging.context import Interaction, is_bot_in_guild
from cogs.messaging.responses import (
    defer_click,
    defer_thinking,
    replace_response_on_error,
    send_ephemeral_on_error,
    with_timeout,
)
from cogs.text import limits
from cogs.views.colors import ACTIVE_COLOR, DONE_COLOR, FAILED_COLOR

_FORGET = TaskCustomId(ButtonKind.FORGET_REFUSALS, "check")
"""The button of /mjcheck: of no task, so that its place in the custom_id is taken by a word."""
_GROUPS = {
    "Draw (paid)": ("imagine", "blend", "edit", "faceswap", "animate"),
    "Read a picture or a prompt (paid)": ("describe", "shorten"),
    "Follow and look up (free)": ("mjstatus", "mjtasks", "seed"),
    "Settings and help (free)": ("mjsettings", "mjhelp", "mjcheck"),
}
"""The order in which /mjhelp names the commands, what a newcomer wants first."""
_BUTTONS = (
    "**U** takes one picture, **V** varies one, 🔄 draws four new: all that draws is paid. **Split**, **Original**, "
    "**Family** and 🗑️ are free. A green button was pressed before."
)
_MENUS = (
    "Open a message's menu, then **Apps**: **Midjourney status** (free), **Describe this image** (paid), "
    "**Blend with ...** (paid once its form is sent), **Upscale picture** (paid once a button of it is pressed)."
)


class HelpCheckCog(commands.Cog):
    """Says what there is, and whether it works."""

    def __init__(
        self,
        bot: commands.AutoShardedBot,
        api: RelayClient,
        store: Store,
        trust: GuildTrust,
        relay_url: str,
        wiped: EphemeralDisk | None,
        store_trouble: Callable[[], str],
        now: Now,
    ) -> None:
        self._bot = bot
        self._api = api
        self._store = store
        self._trust = trust
        self._relay_url = relay_url
        self._wiped = wiped
        self._store_trouble = store_trouble
        self._now = now

    @app_commands.command(name="mjhelp", description=_("What this bot can do"))
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def mjhelp(self, interaction: Interaction) -> None:
        """List the commands with mentions that can be clicked."""
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            await interaction.edit_original_response(embed=await self._described())

    async def _described(self) -> discord.Embed:
        embed = discord.Embed(title="Midjourney in this chat", colour=ACTIVE_COLOR, description=await self._commands())
        embed.add_field(name="Buttons", value=_BUTTONS, inline=False)
        return embed.add_field(name="Anywhere", value=_MENUS, inline=False)

    @app_commands.command(name="mjcheck", description=_("Does everything work here? For those who run the server"))
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.default_permissions(manage_guild=True)
    async def mjcheck(self, interaction: Interaction) -> None:
        """Show what `python -m bot check` shows, and the permissions that are missing in this channel."""
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            embed, view = await self._checked(interaction)
            await interaction.edit_original_response(embed=embed, view=view)

    @commands.Cog.listener(f"on_{ClickEvent.CHECK}")
    async def retry_refusals(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Let what the relay refused be tried again, and show the check anew."""
        del click
        async with send_ephemeral_on_error(interaction):
            if not await defer_click(interaction):
                return
            if interaction.permissions.manage_guild and await self._is_known(interaction):
                await self._store.clear_missing_capabilities()
            embed, view = await self._checked(interaction)
            await with_timeout(interaction.edit_original_response(embed=embed, view=view))

    async def _is_known(self, interaction: Interaction) -> bool:
        """Tell whether this is a server of the operator's own: anybody may invite the bot, and manage theirs."""
        guild = interaction.guild
        return guild is not None and is_bot_in_guild(interaction) and await self._trust.is_operator_guild(guild)

    async def _checked(self, interaction: Interaction) -> tuple[discord.Embed, ui.View]:
        relay = await check_relay(self._api.check_key, self._relay_url)
        store = await check_database(self._store, self._store_trouble())
        disk = check_disk(self._wiped)
        now = self._now()
        buttons = [await report_refused_buttons(self._store, now), *await report_relay_shortages(self._store, now)]
        view = ui.View(timeout=None)
        if not await self._is_known(interaction):
            relay, store = _brief("Relay", relay), _brief("Database", store)
            disk, buttons = [_brief("Disk", finding) for finding in disk], []
        elif store.is_ok and has_refused_capabilities(await self._store.find_missing_capabilities(now)):
            again = ui.Button[Any](label="Try refused buttons again", custom_id=_FORGET.custom_id)
            view.add_item(TaskButton(_FORGET, again))
        found = [
            relay,
            store,
            *disk,
            *buttons,
            Finding("Discord", is_ok=True, message=f"connected as {self._bot.user}; no privileged intent is needed."),
            Finding("Invite link", is_ok=True, message=f"<{build_invite_url(interaction.application_id)}>"),
            _permissions(interaction),
        ]
        good = all(finding.is_ok for finding in found)
        embed = discord.Embed(
            title="✅ All is well" if good else "⚠️ Something needs you",
            colour=DONE_COLOR if good else FAILED_COLOR,
            description=limits.cut("\n".join(map(_line, found)), limits.EMBED_DESCRIPTION),
        )
        return embed, view

    async def _commands(self) -> str:
        try:
            known = await self._bot.tree.fetch_commands()
        except (discord.HTTPException, OSError, aiohttp.ClientError):
            known = []  # the names are help enough
        mentions = {command.name: command.mention for command in known}
        lines = {
            command.name: f"{mentions.get(command.name, f'`/{command.name}`')} {command.description}"
            for command in self._bot.tree.walk_commands()
            if isinstance(command, app_commands.Command)
        }
        groups = ("\n".join([f"**{title}**", *(lines[name] for name in names)]) for title, names in _GROUPS.items())
        return "\n\n".join(groups)


def _brief(name: str, finding: Finding) -> Finding:
    """Say whether it works, and nothing of what is the operator's: addresses, and other people's words."""
    if finding.is_ok:
        return Finding(name, is_ok=True, message="works.")
    return Finding(name, is_ok=False, message="does not work.", advice="Tell whoever runs this bot.")


def _permissions(interaction: Interaction) -> Finding:
    lacking = list_missing_permissions(interaction.app_permissions)
    if lacking:
        advice = "Give them to the bot's role in this channel's settings, under Permissions."
        return Finding("Permissions here", is_ok=False, message=f"missing: {', '.join(lacking)}.", advice=advice)
    return Finding("Permissions here", is_ok=True, message="all that is needed.")


def _line(finding: Finding) -> str:
    text = f"{'✅' if finding.is_ok else '❌'} **{finding.name}**: {finding.message}"
    return text if finding.is_ok else f"{text}\n**Next:** {finding.advice}"
