"""The part of /mjcheck about rules: who may draw here, with which limits, and which commands are denied."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.entities import Block, Rules
from bot.errors import (
    CommandDenied,
    DrawingPaused,
    PersonBlocked,
    PolicyRefused,
    RuleRefused,
    ServerNotAllowed,
    SpendingLimitReached,
    StoreUnavailable,
)
from bot.features.limits_overview import LimitsReader
from bot.ops.diagnostics import Finding
from bot.policy.rules import Spender, SpendingPolicy
from cogs.context import Interaction, get_channel_ids, get_member_role_ids, is_age_restricted
from cogs.gateway.command_permissions import CommandPermissions, CommandUser, Denial, Overwrites
from cogs.gateway.guild_trust import GuildTrust
from cogs.text import limits
from cogs.text.error_messages import describe_error
from cogs.text.input_errors import NOT_CHARGED
from cogs.text.markdown import mention_person
from cogs.text.quotes import quote_text
from cogs.views.panels.usage_report import list_limits

VERDICT: Final = "Drawing here for"
"""How the name of the finding begins that says whether a person may draw."""
_REASON_LENGTH: Final = 100
_MAX_NAMED: Final = 10
"""How many roles, channels and people are named for one command."""
_MAX_TEXT: Final = 900
"""How long one finding may be, so that several fit one message."""
_SEE_INTEGRATIONS: Final = "To change that: Server Settings, Integrations."


@dataclass(frozen=True, kw_only=True)
class DrawingReporter:
    """Reports the rules that hold in a channel, for the person who asks and for a member whom they name."""

    bot: commands.AutoShardedBot
    limits: LimitsReader
    permissions: CommandPermissions
    trust: GuildTrust
    policy: SpendingPolicy

    async def report(self, interaction: Interaction) -> list[Finding]:
        """Report what holds in the channel of an interaction, by the server's Integrations page as it is now."""
        guild_id = interaction.guild_id or 0
        await self.permissions.refresh(guild_id)
        own = await self.trust.identify_spender(interaction, needed_commands=("imagine",))
        return [*await self._report_person(own, "you", interaction), self._report_page(guild_id)]

    async def report_other(self, interaction: Interaction, member: discord.User | discord.Member) -> list[Finding]:
        """Report what a member whom the person named may do in this channel, their verdict first."""
        if member.id == interaction.user.id:
            return []
        if not interaction.permissions.manage_guild and interaction.user.id not in self.trust.owners:
            message = "only people who have the permission Manage Server can check another member."
            return [Finding("Member", is_ok=False, message=message, advice="Ask one of them.")]
        if not isinstance(member, discord.Member):
            message = f"<@{member.id}> is no member of this server."
            return [Finding("Member", is_ok=False, message=message, advice="Choose a member.")]
        return await self._report_member(interaction, member)

    async def _report_person(self, spender: Spender, who: str, interaction: Interaction) -> list[Finding]:
        """Report the first rule that refuses a person, and their limits with the use of each."""
        name = f"{VERDICT} {who}"
        try:
            overview = await self.limits.read(spender)
        except StoreUnavailable:
            message = "can't be checked, because the database doesn't answer: no one can draw."
            return [Finding(name, is_ok=False, message=message, advice="Try again in a minute.")]
        left = limits.join_fitting(list_limits(overview, self.policy, is_other=who != "you"), _MAX_TEXT)
        findings = [Finding(f"Limits for {who}", is_ok=True, message=f"what is left:\n{left}")]
        if overview.refusal is None:
            return [Finding(name, is_ok=True, message="no rule refuses it."), *findings]
        if isinstance(overview.refusal, ServerNotAllowed):  # which the report of the server says already
            return findings
        now = interaction.client.clock.now()
        said = _quote_refusal(overview.refusal, now)
        if who == "you":
            return [Finding(name, is_ok=False, message=said), *findings]
        cause, advice = explain_refusal(overview.refusal, overview.rules, spender.guild_id, now)
        message = f"refused. {cause or f'They are told: {said}'}"
        return [Finding(name, is_ok=True, message=message, advice=advice, is_note=True), *findings]

    async def _report_member(self, interaction: Interaction, member: discord.Member) -> list[Finding]:
        user = _build_user(interaction, member)
        denied = {name: denial for name in self._list_names() if (denial := self.permissions.find_denial(user, name))}
        spender = Spender(
            person_id=member.id,
            guild_id=interaction.guild_id or 0,
            is_trusted_guild=await self.trust.find_trust(interaction.guild),
            role_ids=user.role_ids,
            channel_ids=get_channel_ids(interaction),
            is_age_restricted=is_age_restricted(interaction),
            denied_commands=frozenset(denied),
            needed_commands=("imagine",),
        )
        who = f"<@{member.id}>"
        findings = await self._report_person(spender, who, interaction)
        lines = "\n".join(
            f"`/{name}`: {describe_denial(denial, user.guild_id)}"
            for name, denial in denied.items()
            if self._is_for_members(name, user)
        )
        shown = limits.cut(f"denied here:\n{lines}" if lines else "none is denied here.", _MAX_TEXT)
        return [*findings, Finding(f"Commands for {who}", is_ok=True, message=shown, is_note=bool(lines))]

    def _is_for_members(self, name: str, user: CommandUser) -> bool:
        """Whether a person expects to have a command: members without its permissions never see those of moderators."""
        command = self.bot.tree.get_command(name)
        needed = command.default_permissions if command else None
        return needed is None or user.permissions.is_superset(needed)

    def _list_names(self) -> list[str]:
        found = (one.name for one in self.bot.tree.get_commands() if isinstance(one, app_commands.Command))
        return sorted(found)

    def _report_page(self, guild_id: int) -> Finding:
        """Report for each command which roles, channels and people the Integrations page denies and allows."""
        page = self.permissions.list_overwrites(guild_id)
        if page is None:
            message = "Discord doesn't tell what this server's Integrations page denies, so its defaults hold."
            return Finding("Commands here", is_ok=True, message=message, advice="Try again in a minute.", is_note=True)
        lines = list(_list_overwrites(page, guild_id))
        if not lines:
            return Finding("Commands here", is_ok=True, message="this server's Integrations page denies none.")
        text = limits.join_fitting([f"set on this server's Integrations page. {_SEE_INTEGRATIONS}", *lines], _MAX_TEXT)
        return Finding("Commands here", is_ok=True, message=text, is_note=True)


def explain_refusal(refusal: PolicyRefused, rules: Rules, guild_id: int, now: datetime) -> tuple[str, str]:
    """Say to a manager why a member is refused, "" where what the member is told says it, and what changes that.

    Who blocked a person everywhere, and why, is the operator's business.
    """
    if isinstance(refusal, PersonBlocked) and refusal.level == "server":
        block = next((one for one in rules.blocks if one.guild_id == guild_id and one.is_active(now)), None)
        return (_describe_block(block) if block else ""), "`/mjunblock` with this member lets them draw again."
    match refusal:
        case CommandDenied():
            return "", _SEE_INTEGRATIONS
        case DrawingPaused(level="server"):
            return "", "`/mjresume` lets everyone draw again."
        case RuleRefused(level="server") | SpendingLimitReached(level="server"):
            return "", "`/mjserver` changes this server's rules and limits."
        case _:
            return "", "Only the operator of this bot can change that."


def _describe_block(block: Block) -> str:
    end = f"until <t:{math.ceil(block.until.timestamp())}:f>" if block.until else "without an end"
    by = f" by {mention_person(block.blocked_by)}" if block.blocked_by else ""
    reason = f" Reason: {quote_text(block.reason, _REASON_LENGTH)}." if block.reason else ""
    return f"Blocked in this server{by}, {end}.{reason}"


def describe_denial(denial: Denial, guild_id: int) -> str:
    """Say why a person may not use a command."""
    for_all = ", for all commands" if denial.is_for_all else ""
    match denial.cause:
        case "channel":
            where = "all channels are" if denial.target_id == guild_id - 1 else f"<#{denial.target_id}> is"
            return f"{where} denied{for_all}"
        case "person":
            return f"this member is denied{for_all}"
        case "role":
            who = "everyone" if denial.target_id == guild_id else f"<@&{denial.target_id}>"
            return f"{who} is denied{for_all}"
        case _:
            return "it needs permissions that they lack"


def _list_overwrites(page: Mapping[str, Overwrites], guild_id: int) -> Iterator[str]:
    for name, overwrites in sorted(page.items()):
        parts = [
            f"{verb} {', '.join(_cut(targets))}"
            for verb, is_allowed in (("denied for", False), ("allowed for", True))
            if (targets := list(_list_targets(overwrites, guild_id, is_allowed=is_allowed)))
        ]
        if parts:
            yield f"{f'`{name}`' if name else 'All commands'}: {'; '.join(parts)}"


def _list_targets(overwrites: Overwrites, guild_id: int, *, is_allowed: bool) -> Iterator[str]:
    everyone, all_channels = guild_id, guild_id - 1
    for target, allowed in sorted(overwrites.roles.items()):
        if allowed is is_allowed:
            yield "everyone" if target == everyone else f"<@&{target}>"
    for target, allowed in sorted(overwrites.people.items()):
        if allowed is is_allowed:
            yield f"<@{target}>"
    for target, allowed in sorted(overwrites.channels.items()):
        if allowed is is_allowed:
            yield "all channels" if target == all_channels else f"<#{target}>"


def _cut(targets: list[str]) -> list[str]:
    more = len(targets) - _MAX_NAMED
    return [*targets[:_MAX_NAMED], f"{more} more"] if more > 0 else targets


def _quote_refusal(refusal: PolicyRefused, now: datetime) -> str:
    return describe_error(refusal, now, command=True).removesuffix(NOT_CHARGED).rstrip()


def _build_user(interaction: Interaction, member: discord.Member) -> CommandUser:
    """Build what decides which commands a member may use in the channel of an interaction."""
    guild, channel_ids = interaction.guild, get_channel_ids(interaction)
    return CommandUser(
        guild_id=interaction.guild_id or 0,
        person_id=member.id,
        role_ids=get_member_role_ids(member),
        channel_id=channel_ids[-1] if channel_ids else 0,
        permissions=member.resolved_permissions or member.guild_permissions,
        is_owner=guild is not None and guild.owner_id == member.id,
    )
