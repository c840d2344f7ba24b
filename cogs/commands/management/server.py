"""/mjserver: a private panel of a server's settings, for the people who manage it.

Every click reads the rules anew and checks the rights of the person who clicks, so that an old panel, another process
and a manager who lost the permission are no special cases.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str
from discord.ext import commands

from bot.entities import Rules, ServerAccess
from bot.errors import RuleInputRefused, ServerDenied, ServerNotAllowed
from bot.features.limits_overview import LimitsReader
from bot.features.moderation import Moderation
from bot.features.server_rules import (
    ALL_TOGETHER,
    EditRules,
    ServerRulesService,
    compute_fingerprint,
    is_limits_subject,
)
from bot.json_values import is_json_array
from bot.policy.rules import SpendingPolicy
from cogs.commands.management.moderation import judge_block_target
from cogs.commands.management.server_edits import build_edit, build_edit_from_form, find_next_state, find_part
from cogs.commands.management.server_places import build_snapshot
from cogs.components.modals import read_text_field
from cogs.context import MODAL_EVENT, Interaction, is_bot_in_guild
from cogs.gateway.guild_trust import GuildTrust
from cogs.languages import _
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
from cogs.text.rule_errors import describe_rule_refusal
from cogs.text.spending_rules import describe_server_refusal
from cogs.views.panels.server_controls import (
    BLOCKED_MEMBERS,
    MODAL_ACTIONS,
    SERVER_CLICK_EVENT,
    Action,
    Page,
    PanelState,
    ServerControl,
    ServerItem,
)
from cogs.views.panels.server_forms import (
    build_words_modal,
    build_zone_modal,
    describe_left_out_words,
    read_words,
)
from cogs.views.panels.server_limits import build_limits_modal, is_kind, warn_of_used_up
from cogs.views.panels.server_panel import (
    GUIDE_ENDED,
    NOT_A_MANAGER,
    ONLY_IN_SERVERS,
    STALE_SERVER_PANEL,
    describe_change,
    render_server_panel,
)
from cogs.views.panels.server_snapshot import ServerSnapshot


class ServerCog(commands.Cog):
    """Shows the panel, and changes a server's rules on clicks and forms.

    `list_refused_channels` says why the bot could not use a server's log channel or gallery when it last tried, and
    `count_reports` how many messages there have open reports.
    """

    def __init__(
        self,
        bot: commands.AutoShardedBot,
        service: ServerRulesService,
        moderation: Moderation,
        limits_reader: LimitsReader,
        policy: SpendingPolicy,
        trust: GuildTrust,
        *,
        list_refused_channels: Callable[[int], Sequence[str]],
        count_reports: Callable[[int], Awaitable[int]],
    ) -> None:
        self._list_refused_channels = list_refused_channels
        self._count_reports = count_reports
        self._bot = bot
        self._service = service
        self._moderation = moderation
        self._limits_reader = limits_reader
        self._policy = policy
        self._trust = trust

    async def cog_load(self) -> None:
        """Handle the components of any panel message."""
        self._bot.add_dynamic_items(ServerItem)

    @app_commands.command(
        name="mjserver", description=locale_str("Settings of this server: who, where, how much (for server managers)")
    )
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.default_permissions(manage_guild=True)
    async def mjserver(self, interaction: Interaction) -> None:
        """Show the settings, or the guide until it was answered, in an ephemeral message."""
        if not await defer_thinking(interaction):
            return
        async with replace_response_on_error(interaction, private=True):
            refusal, rules = await self._find_refusal(interaction)
            if refusal:
                await with_timeout(interaction.edit_original_response(content=refusal))
            else:
                await self._show(interaction, PanelState(Page.WHO, is_guide=not rules.server.guided))

    @commands.Cog.listener(f"on_{SERVER_CLICK_EVENT}")
    async def handle_click(
        self, interaction: Interaction, control: ServerControl, people: Sequence[discord.User | discord.Member]
    ) -> None:
        """Open a form, or another page, or change a rule and show what is stored now."""
        async with send_ephemeral_on_error(interaction):
            if refusal := _judge_person(interaction):
                await send_ephemeral(interaction, refusal)
            elif control.action in MODAL_ACTIONS:
                await self._open_modal(interaction, control)
            elif await defer_click(interaction):
                await self._follow_click(interaction, control, people)

    @commands.Cog.listener(f"on_{MODAL_EVENT}")
    async def handle_modal(self, interaction: Interaction) -> None:
        """Read a form from its raw data, because another process may have opened it."""
        data: Mapping[str, Any] = interaction.data or {}
        control = ServerControl.parse(str(data.get("custom_id", "")))
        if control is None:
            return
        async with send_ephemeral_on_error(interaction):
            if refusal := _judge_person(interaction):
                await send_ephemeral(interaction, refusal)
            elif await defer_click(interaction):
                await self._save_form(interaction, control, data)

    async def _find_refusal(self, interaction: Interaction) -> tuple[str, Rules]:
        """Return why this person may not change the settings here, "" if they may, and the rules."""
        if refusal := _judge_person(interaction):
            return refusal, Rules()
        guild_id = interaction.guild_id or 0
        rules = await self._service.read(guild_id, interaction.user.id)
        if rules.grant.access is ServerAccess.DENIED:
            return describe_rule_refusal(ServerDenied("operator")), rules
        spender = await self._trust.identify_spender(interaction)
        cause = self._policy.judge_guild(guild_id, is_trusted=spender.is_trusted_guild, access=rules.grant.access)
        is_operator = interaction.user.id in self._policy.application_owners
        error = ServerNotAllowed(guild_id, cause, is_operator=is_operator) if cause else None
        return describe_server_refusal(error) if error else "", rules

    async def _follow_click(
        self, interaction: Interaction, control: ServerControl, people: Sequence[discord.User | discord.Member]
    ) -> None:
        refusal, rules = await self._find_refusal(interaction)
        values = _read_values(interaction)
        if refusal:
            await send_ephemeral(interaction, refusal)
        elif control.action in {Action.BLOCK_MEMBERS, Action.UNBLOCK_MEMBERS}:
            is_block = control.action is Action.BLOCK_MEMBERS
            moderate = self._block if is_block else self._unblock
            lines = [await moderate(interaction, person) for person in people]
            await self._show(interaction, control.state, notice=limits.join_fitting(lines, limits.CONTENT))
        elif state := find_next_state(control, values):
            await self._show(interaction, state)
        elif edit := build_edit(control, values, build_snapshot(interaction, rules, self._policy)):
            await self._change(interaction, control, edit)
        else:
            await send_ephemeral(interaction, _(STALE_SERVER_PANEL))

    async def _block(self, interaction: Interaction, person: discord.User | discord.Member) -> str:
        if refusal := judge_block_target(interaction, person, self._policy.application_owners):
            return _("⚠️ {person}: {refusal}").format(person=f"<@{person.id}>", refusal=refusal)
        await self._moderation.block_person(interaction.guild_id or 0, person.id, interaction.user.id)
        return _("✅ {person} can't draw here until a moderator unblocks them.").format(person=f"<@{person.id}>")

    async def _unblock(self, interaction: Interaction, person: discord.User | discord.Member) -> str:
        was_blocked = await self._moderation.unblock_person(interaction.guild_id or 0, person.id, interaction.user.id)
        text = _("✅ {person} is unblocked.") if was_blocked else _("{person} wasn't blocked here.")
        return text.format(person=f"<@{person.id}>")

    async def _save_form(self, interaction: Interaction, control: ServerControl, data: Mapping[str, Any]) -> None:
        refusal, _rules = await self._find_refusal(interaction)
        if refusal:
            await send_ephemeral(interaction, refusal)
            return
        read_field = partial(read_text_field, data)
        try:
            edit = build_edit_from_form(control, read_field, self._policy.prices.currency)
        except RuleInputRefused as error:
            # In place of what stands above the panel, which may say that an earlier form was saved.
            await self._show(interaction, control.state, notice=f"⚠️ {explain_error(error, interaction)}")
            return
        if edit:
            is_words = control.action is Action.EDIT_WORDS
            notice = describe_left_out_words(read_words(read_field)) if is_words else ""
            await self._change(interaction, control, edit, notice=notice)
        else:
            await send_ephemeral(interaction, _(STALE_SERVER_PANEL))

    async def _change(
        self, interaction: Interaction, control: ServerControl, edit: EditRules, *, notice: str = ""
    ) -> None:
        """Change the rules; the panel then shows what is stored, and says which other change was replaced."""
        changed = await self._service.change(
            interaction.guild_id or 0, interaction.user.id, edit, part=find_part(control), shown=control.shown
        )
        if control.action is Action.END_GUIDE:
            await self._show(interaction, PanelState(Page.WHO), notice=_(GUIDE_ENDED))
        else:
            if changed.changes and control.action is Action.EDIT_LIMITS and control.state.subject == ALL_TOGETHER:
                notice = await self._warn_of_used_up(interaction)
            texts = filter(None, (describe_change(changed), notice))
            await self._show(interaction, control.state, notice="\n".join(texts))

    async def _warn_of_used_up(self, interaction: Interaction) -> str:
        """Say which limits of all members together leave nothing now."""
        overview = await self._limits_reader.read(await self._trust.identify_spender(interaction))
        return warn_of_used_up(overview.limits, overview.usage.spending, level="server")

    async def _open_modal(self, interaction: Interaction, control: ServerControl) -> None:
        """Open a form, filled in with what is stored; Discord waits three seconds for it."""
        rules = await self._service.read_in_time(interaction.guild_id or 0, interaction.user.id)
        if control.action is Action.EDIT_LIMITS and not (
            is_limits_subject(control.state.subject) and is_kind(control.value)
        ):
            await send_ephemeral(interaction, _(STALE_SERVER_PANEL))
            return
        # The person sees what is stored now, which may be newer than the panel.
        shown = compute_fingerprint(rules.server, find_part(control))
        modal = self._build_modal(rules, replace(control, shown=shown))
        await acknowledge(interaction, interaction.response.send_modal(modal))

    def _build_modal(self, rules: Rules, control: ServerControl) -> ui.Modal:
        if control.action is Action.EDIT_LIMITS:
            return build_limits_modal(rules.server, control, self._policy.prices.currency)
        build = build_words_modal if control.action is Action.EDIT_WORDS else build_zone_modal
        return build(rules.server, control)

    async def _show(self, interaction: Interaction, state: PanelState, *, notice: str = "") -> None:
        """Show a state of the panel, with what is stored now."""
        embed, view = render_server_panel(await self._read_snapshot(interaction, state), state)
        request = interaction.edit_original_response(
            content=limits.cut(notice, limits.CONTENT) or None,
            embed=embed,
            view=view,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        await with_timeout(request)

    async def _read_snapshot(self, interaction: Interaction, state: PanelState) -> ServerSnapshot:
        """Read the rules, and for the page about money the limits with their use."""
        if state.page is not Page.MONEY or state.subject:
            guild_id = interaction.guild_id or 0
            rules = await self._service.read(guild_id, interaction.user.id)
            is_list = state.subject == BLOCKED_MEMBERS
            blocks = await self._moderation.list_blocks(guild_id) if is_list else ()
            refused = self._list_refused_channels(guild_id)
            reports = await self._count_reports(guild_id) if state.page is Page.LOG else 0
            snapshot = build_snapshot(interaction, rules, self._policy)
            return replace(snapshot, blocks=blocks, refused_channels=refused, open_reports=reports)
        overview = await self._limits_reader.read(await self._trust.identify_spender(interaction))
        snapshot = build_snapshot(interaction, overview.rules, self._policy)
        return replace(snapshot, limits=overview.limits, spending=overview.usage.spending, at=overview.usage.at)


def _judge_person(interaction: Interaction) -> str:
    """Say why a person may not change the settings here, by what Discord sends with their click; "" if they may."""
    if not is_bot_in_guild(interaction):
        return _(ONLY_IN_SERVERS)
    granted = interaction.permissions
    return "" if granted.manage_guild or granted.administrator else _(NOT_A_MANAGER)


def _read_values(interaction: Interaction) -> Sequence[str]:
    """Return the values that were chosen in a menu."""
    data: Mapping[str, Any] = interaction.data or {}
    values = data.get("values")
    return list(map(str, values)) if is_json_array(values) else []
