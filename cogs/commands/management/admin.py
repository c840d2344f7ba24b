"""/mjadmin: a private panel for the operator, anywhere; everyone else gets one sentence.

Every click checks anew who clicks, and reads what is stored now, so that any process can answer an old panel.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from io import BytesIO
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.billing.balance import BalanceMonitor
from bot.clock import Now
from bot.entities import LedgerFilter, ServerAccess, ServerGrant
from bot.errors import RuleInputRefused
from bot.features.ledger_csv import write_ledger_csv
from bot.features.limits_overview import LimitsReader
from bot.features.moderation import Moderation
from bot.features.operator_rules import OperatorRulesService
from bot.json_values import is_json_array
from bot.policy.rules import SpendingPolicy
from bot.ports.ledger import Ledger
from cogs.commands.management.admin_forms import OperatorForms, find_form_page
from cogs.commands.registration import usable_anywhere
from cogs.context import MODAL_EVENT, Interaction
from cogs.gateway.guild_trust import GuildTrust
from cogs.languages import _
from cogs.languages.formats import join_all
from cogs.messaging.responses import (
    acknowledge,
    defer_click,
    defer_thinking,
    explain_error,
    replace_response_on_error,
    send_ephemeral,
    send_ephemeral_on_error,
    with_timeout,
)
from cogs.text import limits
from cogs.text.balance import describe_balance, describe_unpriced
from cogs.text.guidance import describe_ledger_file
from cogs.views.panels.admin_controls import (
    ADMIN_CLICK_EVENT,
    ADMIN_MODALS,
    AdminAction,
    AdminControl,
    AdminItem,
    AdminPage,
)
from cogs.views.panels.admin_pages import (
    NOT_AN_OPERATOR,
    OWNERS_UNKNOWN,
    SERVERS_PER_PAGE,
    STALE_ADMIN_PANEL,
    AdminContext,
    ServerLine,
    render_everything,
    render_limits_page,
    render_money,
    render_prices,
    render_server,
    render_servers,
)

_ACCESS: Final = {
    AdminAction.ALLOW: ServerAccess.ALLOWED,
    AdminAction.DENY: ServerAccess.DENIED,
    AdminAction.DEFAULT: ServerAccess.DEFAULT,
}


@dataclass(frozen=True, kw_only=True)
class AdminServices:
    """What the panel reads and changes."""

    rules: OperatorRulesService
    moderation: Moderation
    ledger: Ledger
    balance: BalanceMonitor
    policy: SpendingPolicy
    trust: GuildTrust
    limits_reader: LimitsReader
    count_reports: Callable[[int | None], Awaitable[int]]
    now: Now


class AdminCog(commands.Cog):
    """Shows the panel, and changes the operator's rules on clicks and forms."""

    def __init__(self, bot: commands.AutoShardedBot, services: AdminServices) -> None:
        self._bot = bot
        self._services = services
        self._forms = OperatorForms(services.rules, services.moderation, services.policy, services.limits_reader)

    async def cog_load(self) -> None:
        """Handle the components of any panel message."""
        self._bot.add_dynamic_items(AdminItem)

    @app_commands.command(
        name="mjadmin", description=locale_str("Servers, limits, prices and money (for the operator)")
    )
    @usable_anywhere
    async def mjadmin(self, interaction: Interaction) -> None:
        """Show the servers, in an ephemeral message."""
        if refusal := self._judge(interaction):
            await send_ephemeral(interaction, refusal)
        elif await defer_thinking(interaction):
            async with replace_response_on_error(interaction, private=True):
                await self._show(interaction, AdminControl(AdminAction.LIST_SERVERS, "0"))

    @commands.Cog.listener(f"on_{ADMIN_CLICK_EVENT}")
    async def handle_click(self, interaction: Interaction, control: AdminControl) -> None:
        """Open a form, or another page, or change something and show what is stored now."""
        async with send_ephemeral_on_error(interaction):
            if refusal := self._judge(interaction):
                await send_ephemeral(interaction, refusal)
            elif control.action in ADMIN_MODALS:
                modal = await self._forms.build_modal(control)
                await acknowledge(interaction, interaction.response.send_modal(modal))
            elif await defer_click(interaction):
                await self._follow(interaction, control, _read_values(interaction))

    @commands.Cog.listener(f"on_{MODAL_EVENT}")
    async def handle_modal(self, interaction: Interaction) -> None:
        """Read a form from its raw data, because another process may have opened it."""
        data: Mapping[str, Any] = interaction.data or {}
        control = AdminControl.parse(str(data.get("custom_id", "")))
        if control is None:
            return
        async with send_ephemeral_on_error(interaction):
            if refusal := self._judge(interaction):
                await send_ephemeral(interaction, refusal)
            elif await defer_click(interaction):
                try:
                    page, notice = await self._forms.save(control, data, interaction.user.id)
                except RuleInputRefused as error:
                    page, notice = find_form_page(control), f"⚠️ {explain_error(error, interaction)}"
                await self._show(interaction, page, notice=notice)

    def _judge(self, interaction: Interaction) -> str:
        """Say why this person may not use the panel; "" if they may."""
        owners = self._services.trust.owners
        if not owners:
            return _(OWNERS_UNKNOWN)
        return "" if interaction.user.id in owners else _(NOT_AN_OPERATOR)

    async def _follow(self, interaction: Interaction, control: AdminControl, values: Sequence[str]) -> None:
        rules, person_id = self._services.rules, interaction.user.id
        page, notice = control, ""
        match control.action:
            case AdminAction.ALLOW | AdminAction.DENY | AdminAction.DEFAULT if control.guild_id:
                await rules.set_access(control.guild_id, person_id, _ACCESS[control.action])
                page = AdminControl(AdminAction.PICK_SERVER, control.value)
            case AdminAction.SET_ALARMS:
                await rules.set_alarms_by_dm(person_id, is_on=control.value == "on")
                page = _open(AdminPage.MONEY)
            case AdminAction.PICK_LOG if values and values[0].isdecimal():
                await rules.set_log_channel(person_id, int(values[0]))
                page, notice = _open(AdminPage.MONEY), self._find_missing(int(values[0]))
            case AdminAction.REMOVE_LOG:
                await rules.set_log_channel(person_id, 0)
                page = _open(AdminPage.MONEY)
            case AdminAction.PAUSE | AdminAction.RESUME:
                is_pause = control.action is AdminAction.PAUSE
                await self._services.moderation.set_paused(0, person_id, paused=is_pause)
                page = _open(AdminPage.EVERYTHING)
            case AdminAction.EXPORT:
                await self._export(interaction)
                return
            case AdminAction.PICK_SERVER if values and values[0].isdecimal():
                page = AdminControl(AdminAction.PICK_SERVER, values[0])
            case _:
                pass
        await self._show(interaction, page, notice=notice)

    def _find_missing(self, channel_id: int) -> str:
        """Name what the bot lacks in the channel that was picked; "" where it can write."""
        channel = self._bot.get_channel(channel_id)
        if not isinstance(channel, discord.abc.GuildChannel):
            return _("⚠️ I can't see that channel. Let me view it and send messages there, or choose another one.")
        granted = channel.permissions_for(channel.guild.me)
        missing = [
            name
            for name, has in (("View Channel", granted.view_channel), ("Send Messages", granted.send_messages))
            if not has
        ]
        if not missing:
            return ""
        names = join_all(f"**{name}**" for name in missing)
        return _(
            "⚠️ I can't write in {channel}: I lack {permissions} there. Grant it, or choose another channel."
        ).format(channel=f"<#{channel_id}>", permissions=names)

    async def _export(self, interaction: Interaction) -> None:
        """Send the whole ledger as a file."""
        found = await write_ledger_csv(self._services.ledger, LedgerFilter(before=self._services.now()), UTC)
        text = describe_ledger_file(found.rows, is_complete=found.is_complete)
        file = discord.File(BytesIO(found.data), filename="ledger.csv")
        await with_timeout(interaction.followup.send(text, file=file, ephemeral=True))

    async def _show(self, interaction: Interaction, control: AdminControl, *, notice: str = "") -> None:
        """Show what a control leads to, as it is stored now."""
        shown = await self._render(interaction, control)
        if shown is None:
            await send_ephemeral(interaction, _(STALE_ADMIN_PANEL))
            return
        embed, view = shown
        request = interaction.edit_original_response(
            content=limits.cut(notice, limits.CONTENT) or None,
            embed=embed,
            view=view,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        await with_timeout(request)

    async def _render(
        self, interaction: Interaction, control: AdminControl
    ) -> tuple[discord.Embed, discord.ui.View] | None:
        context = await self._read_context()
        if control.action is AdminAction.PICK_SERVER and control.guild_id:
            [line] = await self._read_lines([control.guild_id])
            return render_server(context, line)
        if control.action is AdminAction.LIST_SERVERS:
            return await self._render_servers(context, control.page_number)
        if control.action is not AdminAction.OPEN_PAGE:
            return None
        services = self._services
        match control.value:
            case AdminPage.SERVERS:
                return await self._render_servers(context, 0)
            case AdminPage.LIMITS:
                return render_limits_page(context)
            case AdminPage.PRICES:
                prices, is_fixed = services.policy.prices, services.rules.has_fixed_prices
                unpriced = describe_unpriced(prices)
                return render_prices(context, prices.list_prices(), is_fixed=is_fixed, unpriced=unpriced)
            case AdminPage.MONEY:
                monitor = services.balance
                balance = describe_balance(monitor.balance, monitor.alarm_at, context.currency)
                return render_money(context, balance, monitor.alarm_at, in_server=interaction.guild is not None)
            case AdminPage.EVERYTHING:
                blocks = await services.moderation.list_blocks(0)
                return render_everything(context, blocks, await services.count_reports(None))
            case _:
                return None

    async def _read_context(self) -> AdminContext:
        policy = self._services.policy
        return AdminContext(
            operator=await self._services.rules.read(),
            currency=policy.prices.currency,
            has_allowed_guilds=bool(policy.allowed_guilds),
            daily_submits_per_person=policy.daily_submits_per_person,
            daily_submits=policy.daily_submits,
        )

    async def _render_servers(self, context: AdminContext, number: int) -> tuple[discord.Embed, discord.ui.View]:
        known = {guild.id for guild in self._bot.guilds} | set(await self._services.rules.list_grants())
        names = {guild.id: guild.name for guild in self._bot.guilds}
        ids = sorted(known | set(self._services.policy.allowed_guilds), key=lambda one: (names.get(one, "~"), one))
        pages = max(1, -(-len(ids) // SERVERS_PER_PAGE))
        number = min(number, pages - 1)
        some = ids[number * SERVERS_PER_PAGE : (number + 1) * SERVERS_PER_PAGE]
        return render_servers(context, await self._read_lines(some), number, pages)

    async def _read_lines(self, guild_ids: Sequence[int]) -> Sequence[ServerLine]:
        """Read the state, budget and use of servers; Discord may be asked who manages them."""
        services = self._services
        grants, used = await services.rules.list_grants(), await services.rules.add_up_month()
        lines: list[ServerLine] = []
        for guild_id in guild_ids:
            guild, grant = self._bot.get_guild(guild_id), grants.get(guild_id, ServerGrant())
            is_trusted = False if services.policy.allowed_guilds else await services.trust.find_trust(guild)
            lines.append(
                ServerLine(
                    guild_id=guild_id,
                    name=guild.name if guild else "",
                    refusal=services.policy.judge_guild(guild_id, is_trusted=is_trusted, access=grant.access),
                    grant=grant,
                    used=used.get(guild_id),
                    is_joined=guild is not None,
                )
            )
        return lines


def _open(page: AdminPage) -> AdminControl:
    return AdminControl(AdminAction.OPEN_PAGE, page)


def _read_values(interaction: Interaction) -> Sequence[str]:
    """Return the values that were chosen in a menu."""
    data: Mapping[str, Any] = interaction.data or {}
    values = data.get("values")
    return list(map(str, values)) if is_json_array(values) else []
