"""/mjusage: a person's own usage, and reports for managers and the operator, with a chart and a CSV file."""

from collections.abc import Collection
from io import BytesIO

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.errors import PolicyRefused
from bot.features.ledger_csv import LedgerFile, write_ledger_csv
from bot.features.usage_report import UsageReader, UsageReport, filter_range
from bot.imaging.chart_drawer import ChartDrawer
from bot.policy.rules import SpendingPolicy
from bot.ports import Ledger
from cogs.commands.registration import usable_anywhere
from cogs.context import Interaction, is_bot_in_guild
from cogs.gateway.guild_trust import GuildTrust
from cogs.languages import _
from cogs.messaging.responses import (
    defer_click,
    defer_thinking,
    replace_response_on_error,
    send_ephemeral,
    send_ephemeral_on_error,
    with_timeout,
)
from cogs.text.error_messages import describe_error
from cogs.text.guidance import STALE_USAGE, USAGE_FOR_MANAGERS, USAGE_FOR_OPERATOR, describe_ledger_file
from cogs.text.input_errors import NOT_CHARGED
from cogs.views.panels.usage_report import (
    CHART_NAME,
    USAGE_CLICK_EVENT,
    UsageButton,
    UsageChoice,
    UsagePage,
    describe_chart,
    list_bars,
    render_own_usage,
    render_report,
)

_FILE_NAME = "ledger.csv"


class UsageCog(commands.Cog):
    """Shows usage, in ephemeral messages. Rights are checked at every click, as they may end while a panel is open."""

    def __init__(
        self,
        bot: commands.AutoShardedBot,
        reader: UsageReader,
        ledger: Ledger,
        charts: ChartDrawer,
        trust: GuildTrust,
        policy: SpendingPolicy,
    ) -> None:
        self._bot = bot
        self._reader = reader
        self._ledger = ledger
        self._charts = charts
        self._trust = trust
        self._policy = policy

    async def cog_load(self) -> None:
        """Handle the buttons of any panel message."""
        self._bot.add_dynamic_items(UsageButton)

    @app_commands.command(name="mjusage", description=locale_str("What you used, what it cost, and what is left"))
    @usable_anywhere
    async def mjusage(self, interaction: Interaction) -> None:
        """Show this person's own usage; managers and the operator find the reports behind its buttons."""
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            await self._show_own(interaction)

    @commands.Cog.listener(f"on_{USAGE_CLICK_EVENT}")
    async def handle_click(self, interaction: Interaction, choice: UsageChoice | None) -> None:
        """Show another page in the same message, or send the ledger as a file."""
        async with send_ephemeral_on_error(interaction):
            if choice is None:
                await send_ephemeral(interaction, _(STALE_USAGE))
            elif choice.page not in self._list_pages(interaction):
                is_server = choice.page is UsagePage.SERVER
                await send_ephemeral(interaction, _(USAGE_FOR_MANAGERS if is_server else USAGE_FOR_OPERATOR))
            elif await defer_click(interaction):
                await self._answer_click(interaction, choice)

    def _list_pages(self, interaction: Interaction) -> Collection[UsagePage]:
        """List the pages that this person may see here, by what Discord says of them now."""
        is_operator = interaction.user.id in self._trust.owners
        pages = [UsagePage.MINE]
        if is_bot_in_guild(interaction) and (is_operator or interaction.permissions.manage_guild):
            pages.append(UsagePage.SERVER)
        return [*pages, UsagePage.ALL] if is_operator else pages

    async def _answer_click(self, interaction: Interaction, choice: UsageChoice) -> None:
        if choice.page is UsagePage.MINE:
            await self._show_own(interaction)
        elif choice.is_file:
            await self._send_file(interaction, choice)
        else:
            await self._show_report(interaction, choice)

    async def _show_own(self, interaction: Interaction) -> None:
        own = await self._reader.read_own(await self._trust.identify_spender(interaction))
        refusal = _describe_refusal(own.overview.refusal, interaction)
        embed, view = render_own_usage(own, self._policy, refusal, self._list_pages(interaction))
        await with_timeout(interaction.edit_original_response(embed=embed, view=view, attachments=[]))

    async def _show_report(self, interaction: Interaction, choice: UsageChoice) -> None:
        report = await self._reader.read_report(_get_guild_id(interaction, choice), choice.which, choice.group)
        files = await self._draw_chart(report)
        embed, view = render_report(
            report,
            choice,
            self._list_pages(interaction),
            name_server=self._name_server,
            has_chart=bool(files),
        )
        await with_timeout(interaction.edit_original_response(embed=embed, view=view, attachments=files))

    async def _draw_chart(self, report: UsageReport) -> list[discord.File]:
        """Draw the chart of a report; [] where nothing was used, or where it cannot be drawn."""
        picture = await self._charts.draw(list_bars(report)) if report.total.tasks else None
        if picture is None:
            return []
        return [discord.File(BytesIO(picture), filename=CHART_NAME, description=describe_chart(report))]

    async def _send_file(self, interaction: Interaction, choice: UsageChoice) -> None:
        guild_id = _get_guild_id(interaction, choice)
        bounds = await self._reader.find_bounds(guild_id, choice.which)
        ledger = await write_ledger_csv(self._ledger, filter_range(guild_id, bounds), bounds.zone)
        await with_timeout(
            interaction.followup.send(
                describe_ledger_file(ledger.rows, is_complete=ledger.is_complete),
                file=_build_file(ledger),
                ephemeral=True,
            )
        )

    def _name_server(self, guild_id: int) -> str:
        guild = self._bot.get_guild(guild_id)
        return guild.name if guild else ""


def _describe_refusal(refusal: PolicyRefused | None, interaction: Interaction) -> str:
    """Say why a further request would be refused; nothing was asked for, so not that it was not charged."""
    if refusal is None:
        return ""
    text = describe_error(refusal, now=interaction.client.clock.now(), command=True)
    return text.removesuffix(_(NOT_CHARGED)).rstrip()


def _get_guild_id(interaction: Interaction, choice: UsageChoice) -> int | None:
    return None if choice.page is UsagePage.ALL else interaction.guild_id


def _build_file(ledger: LedgerFile) -> discord.File:
    return discord.File(BytesIO(ledger.data), filename=_FILE_NAME)
