"""/mjhelp, and /mjcheck for people who manage the server."""

from collections.abc import Callable
from typing import Any

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str as _
from discord.ext import commands

from bot.clock import Clock
from bot.midjourney.buttons import ButtonKind
from bot.midjourney.capabilities import has_refused_capabilities
from bot.ops.diagnostics import (
    Finding,
    check_clock,
    check_database,
    check_disk,
    check_relay,
    report_refused_buttons,
    report_relay_shortages,
)
from bot.ops.platform_disk import EphemeralDisk
from bot.ports import Store
from bot.relay.client import RelayClient
from cogs.commands.registration import usable_anywhere
from cogs.components.custom_ids import ClickEvent, TaskButton, TaskCustomId
from cogs.components.event_item import build_view
from cogs.context import Interaction, is_bot_in_guild
from cogs.gateway.guild_trust import GuildTrust
from cogs.gateway.permissions import build_invite_url
from cogs.messaging.responses import (
    REQUEST_ERRORS,
    defer_click,
    defer_thinking,
    replace_response_on_error,
    send_ephemeral_on_error,
    with_timeout,
)
from cogs.text import limits
from cogs.text.permission_names import list_missing_permissions
from cogs.views.colors import ACTIVE_COLOR, DONE_COLOR, FAILED_COLOR

_RETRY_REFUSED = TaskCustomId(ButtonKind.FORGET_REFUSALS, "check")
"""The button of /mjcheck. It belongs to no task, so its custom_id has a word in place of a task id."""
_GROUPS = {
    "Draw (paid)": ("imagine", "blend", "edit", "faceswap", "animate"),
    "Read a picture or a prompt (paid)": ("describe", "shorten"),
    "Follow and look up (free)": ("mjstatus", "mjtasks", "seed"),
    "Settings and help (free)": ("mjsettings", "mjhelp", "mjcheck"),
}
"""The commands in the order of /mjhelp, the most useful first."""
_BUTTONS = (
    "**U** picks one picture, **V** varies one, 🔄 makes four new ones: anything that draws costs money (paid). "
    "**Split**, **Original**, **Family** and 🗑️ are free. Green buttons have been pressed before."
)
_MENUS = (
    "Open a message's menu, then **Apps**: **Midjourney status** (free), **Describe this image** (paid), "
    "**Blend with ...** (paid when you submit its form), **Upscale picture** (paid when you press one of its buttons)."
)


class HelpCheckCog(commands.Cog):
    """Lists the commands, and reports what does not work."""

    def __init__(
        self,
        bot: commands.AutoShardedBot,
        relay: RelayClient,
        store: Store,
        trust: GuildTrust,
        relay_url: str,
        disk: EphemeralDisk | None,
        find_store_problem: Callable[[], str],
        clock: Clock,
    ) -> None:
        self._bot = bot
        self._relay = relay
        self._store = store
        self._trust = trust
        self._relay_url = relay_url
        self._disk = disk
        self._find_store_problem = find_store_problem
        self._clock = clock

    @app_commands.command(name="mjhelp", description=_("What this bot can do"))
    @usable_anywhere
    async def mjhelp(self, interaction: Interaction) -> None:
        """List the commands as clickable mentions."""
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            await interaction.edit_original_response(embed=await self._build_help())

    async def _build_help(self) -> discord.Embed:
        embed = discord.Embed(
            title="Midjourney in this chat", color=ACTIVE_COLOR, description=await self._list_commands()
        )
        embed.add_field(name="Buttons", value=_BUTTONS, inline=False)
        return embed.add_field(name="Anywhere", value=_MENUS, inline=False)

    @app_commands.command(name="mjcheck", description=_("Check that everything works here (for server managers)"))
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.default_permissions(manage_guild=True)
    async def mjcheck(self, interaction: Interaction) -> None:
        """Show the findings of `python -m bot check`, and the permissions that are missing in this channel."""
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            await self._show_report(interaction)

    @commands.Cog.listener(f"on_{ClickEvent.CHECK}")
    async def retry_refusals(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Clear the recorded refusals, and show a new report."""
        del click
        async with send_ephemeral_on_error(interaction):
            if not await defer_click(interaction):
                return
            if interaction.permissions.manage_guild and await self._is_operator_guild(interaction):
                await self._store.clear_missing_capabilities()
            await self._show_report(interaction)

    async def _is_operator_guild(self, interaction: Interaction) -> bool:
        """Whether the operator runs this server: strangers can invite the bot to servers that they manage."""
        guild = interaction.guild
        return guild is not None and is_bot_in_guild(interaction) and await self._trust.is_operator_guild(guild)

    async def _show_report(self, interaction: Interaction) -> None:
        relay = await check_relay(self._relay.check_key, self._relay_url)
        store = await check_database(self._store, self._find_store_problem())
        disk, clock = check_disk(self._disk), check_clock(self._clock.measure_system_error())
        now = self._clock.now()
        buttons = [await report_refused_buttons(self._store, now), *await report_relay_shortages(self._store, now)]
        items: list[TaskButton] = []
        if not await self._is_operator_guild(interaction):
            relay, store = _hide_details("Relay", relay), _hide_details("Database", store)
            disk, clock, buttons = [_hide_details("Disk", finding) for finding in disk], [], []
        elif store.is_ok and has_refused_capabilities(await self._store.find_missing_capabilities(now)):
            retry = ui.Button[Any](label="Try refused buttons again", custom_id=_RETRY_REFUSED.custom_id)
            items.append(TaskButton(retry))
        findings = [
            relay,
            store,
            *disk,
            *buttons,
            Finding("Discord", is_ok=True, message=f"connected as {self._bot.user}; no privileged intent is needed."),
            Finding("Invite link", is_ok=True, message=f"<{build_invite_url(interaction.application_id)}>"),
            *clock,
            _check_permissions(interaction),
        ]
        is_ok = all(finding.is_ok for finding in findings)
        embed = discord.Embed(
            title="✅ Everything works" if is_ok else "⚠️ Something needs fixing",
            color=DONE_COLOR if is_ok else FAILED_COLOR,
            description=limits.cut("\n".join(map(_format_finding, findings)), limits.EMBED_DESCRIPTION),
        )
        await with_timeout(interaction.edit_original_response(embed=embed, view=build_view(items)))

    async def _list_commands(self) -> str:
        try:
            known = await self._bot.tree.fetch_commands()
        except REQUEST_ERRORS:
            known = []  # names without mentions are still helpful
        mentions = {command.name: command.mention for command in known}
        lines = {
            command.name: f"{mentions.get(command.name, f'`/{command.name}`')} {command.description}"
            for command in self._bot.tree.walk_commands()
            if isinstance(command, app_commands.Command)
        }
        groups = ("\n".join([f"**{title}**", *(lines[name] for name in names)]) for title, names in _GROUPS.items())
        return "\n\n".join(groups)


def _hide_details(name: str, finding: Finding) -> Finding:
    """Leave out what only the operator may see, such as URLs and the relay's words."""
    if finding.is_ok:
        return Finding(name, is_ok=True, message="works.")
    return Finding(name, is_ok=False, message="does not work.", advice="Tell the person who runs this bot.")


def _check_permissions(interaction: Interaction) -> Finding:
    names = list_missing_permissions(interaction.app_permissions)
    if names:
        advice = "Give these to the bot's role: channel settings, Permissions."
        return Finding("Permissions here", is_ok=False, message=f"missing: {', '.join(names)}.", advice=advice)
    return Finding("Permissions here", is_ok=True, message="nothing is missing.")


def _format_finding(finding: Finding) -> str:
    text = f"{'✅' if finding.is_ok else '❌'} **{finding.name}**: {finding.message}"
    return text if finding.is_ok else f"{text}\n**Next:** {finding.advice}"
