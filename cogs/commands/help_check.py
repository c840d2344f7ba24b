"""/mjhelp for everybody, /mjcheck for those who run the server."""

from collections.abc import Callable
from typing import Any

import aiohttp
import discord
from discord import app_commands, ui
from discord.app_commands import locale_str as _
from discord.ext import commands

from bot.midjourney.buttons import Kind
from bot.midjourney.capabilities import can_be_tried_again
from bot.ops.diagnostics import Finding, buttons_finding, disk_findings, relay_finding, shortage_findings, store_finding
from bot.ops.platform_disk import WipedDisk
from bot.ports import Now, Store
from bot.relay.client import MidjourneyAPI
from cogs.components.custom_ids import Click, Room, TaskButton
from cogs.gateway.guild_trust import Trust
from cogs.gateway.permissions import invite, missing
from cogs.messaging.context import Interaction, is_member
from cogs.messaging.responses import apologising, deferred, promptly, taking_back, thinking
from cogs.text import limits
from cogs.views.colors import BAD, DONE, LIVE

_FORGET = Click(Kind.FORGET, "check")
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


class Help(commands.Cog):
    """Says what there is, and whether it works."""

    def __init__(
        self,
        bot: commands.AutoShardedBot,
        api: MidjourneyAPI,
        store: Store,
        trust: Trust,
        relay_url: str,
        wiped: WipedDisk | None,
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
        if not await thinking(interaction):
            return
        async with taking_back(interaction, private=True):
            await interaction.edit_original_response(embed=await self._described())

    async def _described(self) -> discord.Embed:
        embed = discord.Embed(title="Midjourney in this chat", colour=LIVE, description=await self._commands())
        embed.add_field(name="Buttons", value=_BUTTONS, inline=False)
        return embed.add_field(name="Anywhere", value=_MENUS, inline=False)

    @app_commands.command(name="mjcheck", description=_("Does everything work here? For those who run the server"))
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.default_permissions(manage_guild=True)
    async def mjcheck(self, interaction: Interaction) -> None:
        """Show what `python -m bot check` shows, and the permissions that are missing in this channel."""
        if not await thinking(interaction):
            return
        async with taking_back(interaction, private=True):
            embed, view = await self._checked(interaction)
            await interaction.edit_original_response(embed=embed, view=view)

    @commands.Cog.listener(f"on_{Room.CHECK}")
    async def clicked(self, interaction: Interaction, click: Click) -> None:
        """Let what the relay refused be tried again, and show the check anew."""
        del click
        async with apologising(interaction):
            if not await deferred(interaction):
                return
            if interaction.permissions.manage_guild and await self._is_known(interaction):
                await self._store.forget_refusals()
            embed, view = await self._checked(interaction)
            await promptly(interaction.edit_original_response(embed=embed, view=view))

    async def _is_known(self, interaction: Interaction) -> bool:
        """Tell whether this is a server of the operator's own: anybody may invite the bot, and manage theirs."""
        guild = interaction.guild
        return guild is not None and is_member(interaction) and await self._trust.knows(guild)

    async def _checked(self, interaction: Interaction) -> tuple[discord.Embed, ui.View]:
        relay = await relay_finding(self._api.check, self._relay_url)
        store = await store_finding(self._store, self._store_trouble())
        disk = disk_findings(self._wiped)
        now = self._now()
        buttons = [await buttons_finding(self._store, now), *await shortage_findings(self._store, now)]
        view = ui.View(timeout=None)
        if not await self._is_known(interaction):
            relay, store = _brief("Relay", relay), _brief("Database", store)
            disk, buttons = [_brief("Disk", finding) for finding in disk], []
        elif store.good and can_be_tried_again(await self._store.refusals(now)):
            again = ui.Button[Any](label="Try refused buttons again", custom_id=_FORGET.custom_id)
            view.add_item(TaskButton(_FORGET, again))
        found = [
            relay,
            store,
            *disk,
            *buttons,
            Finding("Discord", good=True, said=f"connected as {self._bot.user}; no privileged intent is needed."),
            Finding("Invite link", good=True, said=f"<{invite(interaction.application_id)}>"),
            _permissions(interaction),
        ]
        good = all(finding.good for finding in found)
        embed = discord.Embed(
            title="✅ All is well" if good else "⚠️ Something needs you",
            colour=DONE if good else BAD,
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
    if finding.good:
        return Finding(name, good=True, said="works.")
    return Finding(name, good=False, said="does not work.", advice="Tell whoever runs this bot.")


def _permissions(interaction: Interaction) -> Finding:
    lacking = missing(interaction.app_permissions)
    if lacking:
        advice = "Give them to the bot's role in this channel's settings, under Permissions."
        return Finding("Permissions here", good=False, said=f"missing: {', '.join(lacking)}.", advice=advice)
    return Finding("Permissions here", good=True, said="all that is needed.")


def _line(finding: Finding) -> str:
    text = f"{'✅' if finding.good else '❌'} **{finding.name}**: {finding.said}"
    return text if finding.good else f"{text}\n**Next:** {finding.advice}"
