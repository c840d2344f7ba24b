"""Collect the findings of /mjcheck: all of them for the operator, and what concerns this server for its managers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.clock import Clock
from bot.entities import NO_RULES
from bot.midjourney.capabilities import has_refused_capabilities
from bot.ops.diagnostics import (
    Finding,
    check_clock,
    check_database,
    check_disk,
    check_public_bot,
    check_relay,
    report_refused_buttons,
    report_relay_shortages,
)
from bot.ops.health import Health
from bot.ops.platform_disk import DiskProblem
from bot.policy.rules import SpendingPolicy
from bot.ports import RulesStore, Store
from cogs.commands.drawing_report import DrawingReporter, name_verdict
from cogs.context import Interaction, is_bot_in_guild
from cogs.gateway.checks.allowed_ids import IdLookup, report_allowed_ids
from cogs.gateway.checks.guild_access import MAX_GUILDS, judge_guilds, read_rules, report_guild, report_policy
from cogs.gateway.guild_trust import GuildTrust
from cogs.gateway.permissions import build_invite_url
from cogs.languages import N_, _, join_list
from cogs.messaging.responses import REQUEST_ERRORS
from cogs.text.markdown import escape_markdown
from cogs.text.permission_names import list_missing_permissions
from cogs.text.spending_rules import describe_closed_guild, describe_guild

_REPORTED_SEPARATELY: Final = frozenset({"key", "store"})
"""The health checks that have findings of their own."""
_SEE_LOG: Final = N_("See the log for the reason.")
_OWNERS_CHECK: Final = "owners"
"""The health check that everyone may read: while it fails, the operator is not known either."""


@dataclass(frozen=True)
class Report:
    """The findings of one /mjcheck.

    `can_retry`: the relay refused buttons, which may be tried again from here. `is_member_refused`: a rule keeps the
    member who was named from drawing.
    """

    findings: list[Finding]
    can_retry: bool = False
    is_member_refused: bool = False


@dataclass(frozen=True, kw_only=True)
class CheckReporter:
    """Collects the findings; `find_store_problem` returns why the database cannot be written, "" if it can.

    `check_key` raises RelayError if the relay does not answer, or refuses the key.
    """

    bot: commands.AutoShardedBot
    check_key: Callable[[], Awaitable[None]]
    relay_url: str
    store: Store
    find_store_problem: Callable[[], str]
    disk: DiskProblem | None
    trust: GuildTrust
    policy: SpendingPolicy
    health: Health
    clock: Clock
    check_pictures: Callable[[], Awaitable[list[Finding]]]
    report_money: Callable[[], list[Finding]]
    rules: RulesStore
    drawing: DrawingReporter

    async def is_operator_guild(self, interaction: Interaction) -> bool:
        """Whether the operator runs this server: strangers can invite the bot to servers that they manage."""
        guild = interaction.guild
        return guild is not None and is_bot_in_guild(interaction) and await self.trust.is_operator_guild(guild)

    async def build(self, interaction: Interaction, member: discord.User | discord.Member | None = None) -> Report:
        """Test everything that this person may know about; the rules for a member whom they name come first."""
        report = await self._build(interaction)
        if member is None or not is_bot_in_guild(interaction):
            return report
        named = await self.drawing.report_other(interaction, member)
        verdict = name_verdict(member)
        is_refused = any(finding.is_note and finding.name == verdict for finding in named)
        return replace(report, findings=[*named, *report.findings], is_member_refused=is_refused)

    async def _build(self, interaction: Interaction) -> Report:
        relay = await check_relay(self.check_key, self.relay_url)
        store = await check_database(self.store, self.find_store_problem())
        disk, pictures = check_disk(self.disk), await self.check_pictures()
        health = await self.health.find_problems(ignoring=_REPORTED_SEPARATELY)
        general = [
            *await self._check_drawing_here(interaction),
            *await self._report_rules(interaction),
            Finding(_("Invite link"), is_ok=True, message=f"<{build_invite_url(interaction.application_id)}>"),
            _check_permissions(interaction),
        ]
        if not await self.is_operator_guild(interaction):
            relay, store = _hide_details(_("Relay"), relay), _hide_details(_("Database"), store)
            hidden = [_hide_details(_("Disk"), finding) for finding in disk]
            hidden += [_hide_details(_("Pictures"), finding) for finding in pictures if not finding.is_ok]
            hidden += [_hide_health(name, problem) for name, problem in health.items()]
            return Report([relay, store, *hidden, self._report_connection(), *general])
        now = self.clock.now()
        rules = (await read_rules(self.rules, [])).get(0, NO_RULES)
        findings = [
            relay,
            store,
            *disk,
            *pictures,
            *check_clock(self.clock.measure_system_error()),
            *(_report_health(name, problem) for name, problem in health.items()),
            *self.report_money(),
            await report_refused_buttons(self.store, now),
            *await report_relay_shortages(self.store, now),
            self._report_connection(),
            *await self._check_commands(),
            report_policy(self.policy, is_paused=rules.operator.paused),
            *await self._check_settings(),
            *general,
            *await self._list_other_guilds(interaction),
        ]
        can_retry = store.is_ok and has_refused_capabilities(await self.store.find_missing_capabilities(now))
        return Report(findings, can_retry=can_retry)

    def _report_connection(self) -> Finding:
        message = _("connected as {bot}; no privileged intent is needed.").format(bot=self.bot.user)
        return Finding("Discord", is_ok=True, message=message)

    async def _check_commands(self) -> list[Finding]:
        """Report commands that Discord does not offer; the log says why."""
        try:
            known = {command.name for command in await self.bot.tree.fetch_commands()}
        except REQUEST_ERRORS:
            return []
        wanted = {one.name for one in self.bot.tree.walk_commands() if isinstance(one, app_commands.Command)}
        if not (missing := join_list(f"`/{name}`" for name in sorted(wanted - known))):
            return []
        message = _("not registered with Discord: {commands}.").format(commands=missing)
        return [Finding(_("Commands"), is_ok=False, message=message, advice=_(_SEE_LOG))]

    async def _check_drawing_here(self, interaction: Interaction) -> list[Finding]:
        """Report whether this server's members may draw; only the operator is told which setting decides."""
        if (guild := interaction.guild) is None or not is_bot_in_guild(interaction):
            return []
        [access] = await judge_guilds(self.policy, self.trust, [guild], self.rules, self.clock.now())
        if access.refusal is None and not access.may_draw and interaction.user.id not in self.trust.owners:
            return []  # the report of the rules says why, in words for managers
        if access.refusal is None or await self.is_operator_guild(interaction):
            return [report_guild(self.policy, access, _("Drawing here"))]
        if interaction.user.id in self.trust.owners:
            _message, advice = describe_guild(self.policy, access)
            message = describe_closed_guild(access.refusal, to_operator=True)
            return [Finding(_("Drawing here"), is_ok=False, message=message, advice=advice)]
        advice = _("Ask the person who runs this bot to add this server's id, `{id}`, to `ALLOWED_GUILDS`.")
        message = _("no one may draw in this server.")
        return [Finding(_("Drawing here"), is_ok=False, message=message, advice=advice.format(id=guild.id))]

    async def _report_rules(self, interaction: Interaction) -> list[Finding]:
        """Report the rules for this channel and person, where the bot is in the server."""
        return await self.drawing.report(interaction) if is_bot_in_guild(interaction) else []

    async def _check_settings(self) -> list[Finding]:
        """Report ids of the wrong kind in ALLOWED_GUILDS and ALLOWED_USERS, and a public bot."""
        application = self.bot.application
        return [
            *await report_allowed_ids(self.policy, IdLookup(self.bot, self.bot.guilds).find_kind),
            *check_public_bot(
                public=application is not None and application.bot_public,
                guilds=bool(self.policy.allowed_guilds),
                people=bool(self.policy.allowed_users),
            ),
        ]

    async def _list_other_guilds(self, interaction: Interaction) -> list[Finding]:
        """Report to the operator whether the other servers' members may draw there; it fails no check here."""
        if interaction.user.id not in self.trust.owners:
            return []
        others = [guild for guild in self.bot.guilds if guild.id != interaction.guild_id]
        findings: list[Finding] = []
        for each in await judge_guilds(self.policy, self.trust, others[:MAX_GUILDS], self.rules, self.clock.now()):
            message, advice = describe_guild(self.policy, each)
            name = _("Server {name} ({id})").format(name=escape_markdown(each.name), id=each.guild_id)
            findings.append(Finding(name, is_ok=True, message=message, advice=advice))
        return findings


def _report_health(name: str, problem: str) -> Finding:
    return Finding(name.capitalize(), is_ok=False, message=f"{problem}.", advice=_(_SEE_LOG))


def _hide_health(name: str, problem: str) -> Finding:
    finding = _report_health(name, problem)
    return finding if name == _OWNERS_CHECK else _hide_details(finding.name, finding)


def _hide_details(name: str, finding: Finding) -> Finding:
    """Leave out what only the operator may see, such as URLs and the relay's words."""
    if finding.is_ok:
        return Finding(name, is_ok=True, message=_("works."))
    return Finding(name, is_ok=False, message=_("does not work."), advice=_("Tell the person who runs this bot."))


def _check_permissions(interaction: Interaction) -> Finding:
    names = list_missing_permissions(interaction.app_permissions)
    if names:
        advice = _("Give these to the bot's role: channel settings, Permissions.")
        message = _("missing: {permissions}.").format(permissions=join_list(map(_, names)))
        return Finding(_("Permissions here"), is_ok=False, message=message, advice=advice)
    return Finding(_("Permissions here"), is_ok=True, message=_("nothing is missing."))
