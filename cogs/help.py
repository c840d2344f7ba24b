"""/mjhelp for everybody, /mjcheck for those who run the server."""

from collections.abc import Callable

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.api import MidjourneyAPI
from bot.check import Finding, disk_findings, relay_finding, store_finding
from bot.hosting import WipedDisk
from bot.ports import Store
from cogs import limits
from cogs.permissions import invite, missing
from cogs.places import Interaction, is_member
from cogs.replies import acknowledged, taking_back
from cogs.trust import Trust

_COLOUR = 0x5865F2


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
    ) -> None:
        self._bot = bot
        self._api = api
        self._store = store
        self._trust = trust
        self._relay_url = relay_url
        self._wiped = wiped
        self._store_trouble = store_trouble

    @app_commands.command(name="mjhelp", description="What this bot can do")
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def mjhelp(self, interaction: Interaction) -> None:
        """List the commands with mentions that can be clicked."""
        if await acknowledged(interaction.response.defer(ephemeral=True, thinking=True)) is None:
            return
        async with taking_back(interaction, private=True):
            await interaction.edit_original_response(embed=await self._described())

    async def _described(self) -> discord.Embed:
        embed = discord.Embed(title="Midjourney in this chat", colour=_COLOUR, description=await self._commands())
        embed.add_field(
            name="Buttons",
            value="**U** takes one picture, **V** varies one, 🔄 draws four new. A green button was pressed before.",
            inline=False,
        )
        menus = "**Midjourney status**, **Describe this image**, **Upscale picture**"
        menu = f"Open a message's menu, then **Apps**: {menus}."
        return embed.add_field(name="Anywhere", value=menu, inline=False)

    @app_commands.command(name="mjcheck", description="Does everything work here? For those who run the server")
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.default_permissions(manage_guild=True)
    async def mjcheck(self, interaction: Interaction) -> None:
        """Show what `python -m bot check` shows, and the permissions that are missing in this channel."""
        if await acknowledged(interaction.response.defer(ephemeral=True, thinking=True)) is None:
            return
        async with taking_back(interaction, private=True):
            await interaction.edit_original_response(embed=await self._checked(interaction))

    async def _checked(self, interaction: Interaction) -> discord.Embed:
        relay = await relay_finding(self._api.check, self._relay_url)
        store = await store_finding(self._store, self._store_trouble())
        disk = disk_findings(self._wiped)
        guild = interaction.guild
        if guild is None or not is_member(interaction) or not await self._trust.knows(guild):
            # Anybody may invite the bot, and manage the server where they did.
            relay, store = _brief("Relay", relay), _brief("Database", store)
            disk = [_brief("Disk", finding) for finding in disk]
        found = [
            relay,
            store,
            *disk,
            Finding("Discord", good=True, said=f"connected as {self._bot.user}; no privileged intent is needed."),
            Finding("Invite link", good=True, said=f"<{invite(interaction.application_id)}>"),
            _permissions(interaction),
        ]
        good = all(finding.good for finding in found)
        return discord.Embed(
            title="✅ All is well" if good else "⚠️ Something needs you",
            colour=0x57F287 if good else 0xED4245,
            description=limits.cut("\n".join(map(_line, found)), limits.EMBED_DESCRIPTION),
        )

    async def _commands(self) -> str:
        try:
            known = await self._bot.tree.fetch_commands()
        except (discord.HTTPException, OSError, aiohttp.ClientError):
            known = []  # the names are help enough
        mentions = {command.name: command.mention for command in known}
        lines = [
            f"{mentions.get(command.name, f'`/{command.name}`')} {command.description}"
            for command in self._bot.tree.walk_commands()
            if isinstance(command, app_commands.Command)
        ]
        return "\n".join(lines)


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
