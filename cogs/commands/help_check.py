"""/mjhelp, and /mjcheck for people who manage the server."""

from itertools import chain
from typing import Any, Final

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str
from discord.ext import commands

from bot.errors import StoreUnavailable
from bot.midjourney.buttons import ButtonKind
from bot.ops.diagnostics import Finding
from cogs.commands.check_report import CheckReporter
from cogs.commands.registration import usable_anywhere
from cogs.components.custom_ids import ClickEvent, TaskButton, TaskCustomId
from cogs.components.event_item import build_view
from cogs.context import Interaction
from cogs.languages import N_, _, localize_text
from cogs.messaging.responses import (
    REQUEST_ERRORS,
    defer_click,
    defer_thinking,
    replace_response_on_error,
    send_ephemeral_on_error,
    with_timeout,
)
from cogs.text import limits
from cogs.text.guidance import ENGLISH_PROMPTS
from cogs.text.personal_data import PRIVACY_SUMMARY
from cogs.text.spending_rules import describe_place
from cogs.views.colors import ACTIVE_COLOR, DONE_COLOR, FAILED_COLOR
from cogs.views.panels.personal_data_panel import build_privacy_buttons

_RETRY_REFUSED = TaskCustomId(ButtonKind.FORGET_REFUSALS, "check")
"""The button of /mjcheck. It belongs to no task, so its custom_id has a word in place of a task id."""
_GROUPS: Final = {
    N_("Draw (paid)"): ("imagine", "blend", "edit", "faceswap", "animate"),
    N_("Read a picture or a prompt (paid)"): ("describe", "shorten"),
    N_("Follow and look up (free)"): ("mjstatus", "mjtasks", "seed"),
    N_("Settings and help (free)"): ("mjusage", "mjsettings", "mydata", "mjhelp", "mjcheck"),
    N_("For moderators and managers (free)"): ("mjserver", "mjblock", "mjunblock", "mjpause", "mjresume"),
    N_("For the operator (free)"): ("mjadmin",),
}
"""The commands in the order of /mjhelp, the most useful first."""
COMMAND_NAMES: Final = tuple(chain.from_iterable(_GROUPS.values()))
NOTE_MARK: Final = "\N{INFORMATION SOURCE}\ufe0f"
"""In front of what is neither good nor bad."""
_BUTTONS = N_(
    "**U** picks one picture, **V** varies one, 🔄 makes four new ones: anything that draws costs money (paid). "
    "**Split**, **Original**, **Family** and 🗑️ are free. Green buttons have been pressed before."
)
_MENUS = N_(
    "Open a message's menu, then **Apps**: **Midjourney status** (free), **Describe this image** (paid), "
    "**Blend with ...** (paid when you submit its form), **Upscale picture** (paid when you press one of its buttons), "
    "**Report** (free, for moderators)."
)


class HelpCheckCog(commands.Cog):
    """Lists the commands, and reports what does not work."""

    def __init__(self, bot: commands.AutoShardedBot, reporter: CheckReporter, privacy_url: str = "") -> None:
        self._bot = bot
        self._reporter = reporter
        self._privacy_url = privacy_url

    @app_commands.command(name="mjhelp", description=locale_str("What this bot can do"))
    @usable_anywhere
    async def mjhelp(self, interaction: Interaction) -> None:
        """List the commands as clickable mentions."""
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            view = build_view(build_privacy_buttons(self._privacy_url))
            await interaction.edit_original_response(embed=await self._build_help(interaction), view=view)

    async def _build_help(self, interaction: Interaction) -> discord.Embed:
        embed = discord.Embed(
            title=_("Midjourney in this chat"), color=ACTIVE_COLOR, description=await self._list_commands()
        )
        embed.set_footer(text=_(ENGLISH_PROMPTS))
        embed.add_field(name=_("Buttons"), value=_(_BUTTONS), inline=False)
        embed.add_field(name=_("Anywhere"), value=_(_MENUS), inline=False)
        embed.add_field(name=_("Who may draw"), value=await self._describe_policy(interaction), inline=False)
        privacy = _("`/mydata` shows, exports and deletes what I store about you.")
        return embed.add_field(
            name=_("Privacy"), value=privacy if self._privacy_url else _(PRIVACY_SUMMARY), inline=False
        )

    async def _describe_policy(self, interaction: Interaction) -> str:
        """Describe who may use paid commands where this person asks, and the limits."""
        spender = await self._reporter.trust.identify_spender(interaction)
        try:
            refusal = (await self._reporter.drawing.limits.read(spender)).refusal
        except StoreUnavailable:
            refusal = None
        return describe_place(self._reporter.policy, refusal, guild=bool(spender.guild_id))

    @app_commands.command(
        name="mjcheck", description=locale_str("Check that everything works here (for server managers)")
    )
    @app_commands.describe(member=locale_str("Also check what this member may do in this channel, and why not"))
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.default_permissions(manage_guild=True)
    async def mjcheck(self, interaction: Interaction, member: discord.User | None = None) -> None:
        """Show the findings of `python -m bot check`, the rules, and the permissions that are missing here."""
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            await self._show_report(interaction, member)

    @commands.Cog.listener(f"on_{ClickEvent.CHECK}")
    async def retry_refusals(self, interaction: Interaction, click: TaskCustomId) -> None:
        """Clear the recorded refusals, and show a new report."""
        del click
        async with send_ephemeral_on_error(interaction):
            if not await defer_click(interaction):
                return
            if interaction.permissions.manage_guild and await self._reporter.is_operator_guild(interaction):
                await self._reporter.store.clear_missing_capabilities()
            await self._show_report(interaction)

    async def _show_report(self, interaction: Interaction, member: discord.User | None = None) -> None:
        report = await self._reporter.build(interaction, member)
        items: list[TaskButton] = []
        if report.can_retry:
            retry = ui.Button[Any](label=_("Try refused buttons again"), custom_id=_RETRY_REFUSED.custom_id)
            items.append(TaskButton(retry))
        is_ok = all(finding.is_ok for finding in report.findings)
        has_warnings = any(finding.advice and not finding.is_note for finding in report.findings)
        title = _("✅ Everything works, with warnings") if has_warnings else _("✅ Everything works")
        if report.is_member_refused:
            title = " ".join((NOTE_MARK, _("This member may not draw here")))
        embed = discord.Embed(
            title=title if is_ok else _("⚠️ Something needs fixing"),
            color=DONE_COLOR if is_ok else FAILED_COLOR,
            description=limits.cut("\n".join(map(_format_finding, report.findings)), limits.EMBED_DESCRIPTION),
        )
        await with_timeout(interaction.edit_original_response(embed=embed, view=build_view(items)))

    async def _list_commands(self) -> str:
        try:
            known = await self._bot.tree.fetch_commands()
        except REQUEST_ERRORS:
            known = []  # names without mentions are still helpful
        mentions = {command.name: command.mention for command in known}
        lines = {
            command.name: f"{mentions.get(command.name, f'`/{command.name}`')} {_(command.description)}"
            for command in self._bot.tree.walk_commands()
            if isinstance(command, app_commands.Command)
        }
        groups = ("\n".join([f"**{_(title)}**", *(lines[name] for name in names)]) for title, names in _GROUPS.items())
        return "\n\n".join(groups)


def _format_finding(finding: Finding) -> str:
    mark = "❌" if not finding.is_ok else NOTE_MARK if finding.is_note else "⚠️" if finding.advice else "✅"
    # Translators: {name} is what was checked, and {finding} says how it is.
    line = _("**{name}**: {finding}").format(name=localize_text(finding.name), finding=localize_text(finding.message))
    text = f"{mark} {line}"
    advice = _("**Next:** {advice}").format(advice=localize_text(finding.advice))
    return f"{text}\n{advice}" if finding.advice else text
