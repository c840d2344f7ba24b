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
from bot.features.limits_overview import LimitsOverview, LimitsReader
from bot.ops.diagnostics import Finding
from bot.policy.rules import Spender, SpendingPolicy
from cogs.context import Interaction, get_channel_ids, get_member_role_ids, is_age_restricted
from cogs.gateway.command_permissions import CommandPermissions, CommandUser, Denial, Overwrites
from cogs.gateway.guild_trust import GuildTrust
from cogs.languages import N_, _, format_number, join_list, join_sentences
from cogs.text import limits
from cogs.text.error_messages import describe_error
from cogs.text.input_errors import NOT_CHARGED
from cogs.text.markdown import mention_person
from cogs.text.quotes import quote_text
from cogs.views.panels.usage_report import list_limits

_REASON_LENGTH: Final = 100
_MAX_NAMED: Final = 10
"""How many roles, channels and people are named for one command."""
_MAX_TEXT: Final = 900
"""How long one finding may be, so that several fit one message."""
_SEE_INTEGRATIONS: Final = N_("To change that: Server Settings, Integrations.")
_DATABASE_GONE: Final = N_("can't be checked, because the database doesn't answer: no one can draw.")
_DENIALS: Final = {
    ("target", False): N_("{target} is denied"),
    ("target", True): N_("{target} is denied, for all commands"),
    ("channels", False): N_("all channels are denied"),
    ("channels", True): N_("all channels are denied, for all commands"),
    ("person", False): N_("this member is denied"),
    ("person", True): N_("this member is denied, for all commands"),
    ("everyone", False): N_("everyone is denied"),
    ("everyone", True): N_("everyone is denied, for all commands"),
}
"""Why a person may not use a command, by what is denied, and whether it is for all commands."""
_BLOCKS: Final = {
    (False, False): N_("Blocked in this server, without an end."),
    (False, True): N_("Blocked in this server, until {time}."),
    (True, False): N_("Blocked in this server by {moderator}, without an end."),
    (True, True): N_("Blocked in this server by {moderator}, until {time}."),
}
"""How a person is blocked: whether it is known by whom, and whether the block ends."""
_OVERWRITES: Final = {
    (True, False): N_("{command}: denied for {denied}"),
    (False, True): N_("{command}: allowed for {allowed}"),
    (True, True): N_("{command}: denied for {denied}; allowed for {allowed}"),
}
"""What the Integrations page says of a command: whether it denies it, and whether it allows it."""


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
        return [*await self._report_person(own, None, interaction), self._report_page(guild_id)]

    async def report_other(self, interaction: Interaction, member: discord.User | discord.Member) -> list[Finding]:
        """Report what a member whom the person named may do in this channel, their verdict first."""
        if member.id == interaction.user.id:
            return []
        if not interaction.permissions.manage_guild and interaction.user.id not in self.trust.owners:
            message = _("only people who have the permission Manage Server can check another member.")
            return [Finding(_("Member"), is_ok=False, message=message, advice=_("Ask one of them."))]
        if not isinstance(member, discord.Member):
            message = _("{member} is no member of this server.").format(member=f"<@{member.id}>")
            return [Finding(_("Member"), is_ok=False, message=message, advice=_("Choose a member."))]
        return await self._report_member(interaction, member)

    async def _report_person(
        self, spender: Spender, member: discord.Member | None, interaction: Interaction
    ) -> list[Finding]:
        """Report the first rule that refuses a person, and their limits with the use of each.

        `member` is the named one, None for the person who asks.
        """
        name = name_verdict(member)
        try:
            overview = await self.limits.read(spender)
        except StoreUnavailable:
            return [Finding(name, is_ok=False, message=_(_DATABASE_GONE), advice=_("Try again in a minute."))]
        findings = [self._report_limits(overview, member)]
        if overview.refusal is None:
            return [Finding(name, is_ok=True, message=_("no rule refuses it.")), *findings]
        if isinstance(overview.refusal, ServerNotAllowed):  # which the report of the server says already
            return findings
        now = interaction.client.clock.now()
        said = _quote_refusal(overview.refusal, now)
        if member is None:
            return [Finding(name, is_ok=False, message=said), *findings]
        cause, advice = explain_refusal(overview.refusal, overview.rules, spender.guild_id, now)
        message = _("refused. {cause}").format(cause=cause)
        if not cause:
            message = _("refused. They are told: {text}").format(text=said)
        return [Finding(name, is_ok=True, message=message, advice=advice, is_note=True), *findings]

    def _report_limits(self, overview: LimitsOverview, member: discord.Member | None) -> Finding:
        listed = list_limits(overview, self.policy, is_other=member is not None)
        left = _("what is left:\n{limits}").format(limits=limits.join_fitting(listed, _MAX_TEXT))
        name = _("Limits for {member}").format(member=f"<@{member.id}>") if member else _("Limits for you")
        return Finding(name, is_ok=True, message=left)

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
        findings = await self._report_person(spender, member, interaction)
        lines = "\n".join(
            _("`/{command}`: {reason}").format(command=name, reason=describe_denial(denial, user.guild_id))
            for name, denial in denied.items()
            if self._is_for_members(name, user)
        )
        text = _("denied here:\n{commands}").format(commands=lines) if lines else _("none is denied here.")
        name = _("Commands for {member}").format(member=f"<@{member.id}>")
        return [*findings, Finding(name, is_ok=True, message=limits.cut(text, _MAX_TEXT), is_note=bool(lines))]

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
        page, name = self.permissions.list_overwrites(guild_id), _("Commands here")
        if page is None:
            message = _("Discord doesn't tell what this server's Integrations page denies, so its defaults hold.")
            return Finding(name, is_ok=True, message=message, advice=_("Try again in a minute."), is_note=True)
        lines = list(_list_overwrites(page, guild_id))
        if not lines:
            return Finding(name, is_ok=True, message=_("this server's Integrations page denies none."))
        first = join_sentences(_("set on this server's Integrations page."), _(_SEE_INTEGRATIONS))
        return Finding(name, is_ok=True, message=limits.join_fitting([first, *lines], _MAX_TEXT), is_note=True)


def name_verdict(member: discord.User | discord.Member | None) -> str:
    """Name the finding that says whether a person may draw; None is the person who asks."""
    if member is None:
        return _("Drawing here for you")
    return _("Drawing here for {member}").format(member=f"<@{member.id}>")


def explain_refusal(refusal: PolicyRefused, rules: Rules, guild_id: int, now: datetime) -> tuple[str, str]:
    """Say to a manager why a member is refused, "" where what the member is told says it, and what changes that.

    Who blocked a person everywhere, and why, is the operator's business.
    """
    if isinstance(refusal, PersonBlocked) and refusal.level == "server":
        block = next((one for one in rules.blocks if one.guild_id == guild_id and one.is_active(now)), None)
        return (_describe_block(block) if block else ""), _("`/mjunblock` with this member lets them draw again.")
    match refusal:
        case CommandDenied():
            return "", _(_SEE_INTEGRATIONS)
        case DrawingPaused(level="server"):
            return "", _("`/mjresume` lets everyone draw again.")
        case RuleRefused(level="server") | SpendingLimitReached(level="server"):
            return "", _("`/mjserver` changes this server's rules and limits.")
        case _:
            return "", _("Only the operator of this bot can change that.")


def _describe_block(block: Block) -> str:
    end = f"<t:{math.ceil(block.until.timestamp())}:f>" if block.until else ""
    by = mention_person(block.blocked_by) if block.blocked_by else ""
    text = _(_BLOCKS[bool(by), bool(end)]).format(moderator=by, time=end)
    shown = quote_text(block.reason, _REASON_LENGTH)
    return join_sentences(text, _("Reason: {reason}.").format(reason=shown) if shown else "")


def describe_denial(denial: Denial, guild_id: int) -> str:
    """Say why a person may not use a command."""
    everyone, all_channels = guild_id, guild_id - 1
    match denial.cause:
        case "channel":
            what, target = ("channels" if denial.target_id == all_channels else "target"), f"<#{denial.target_id}>"
        case "person":
            what, target = "person", ""
        case "role":
            what, target = ("everyone" if denial.target_id == everyone else "target"), f"<@&{denial.target_id}>"
        case _:
            return _("it needs permissions that they lack")
    return _(_DENIALS[what, denial.is_for_all]).format(target=target)


def _list_overwrites(page: Mapping[str, Overwrites], guild_id: int) -> Iterator[str]:
    for name, overwrites in sorted(page.items()):
        denied, allowed = (
            join_list(_cut(list(_list_targets(overwrites, guild_id, is_allowed=is_allowed))))
            for is_allowed in (False, True)
        )
        if denied or allowed:
            command = f"`{name}`" if name else _("All commands")
            text = _(_OVERWRITES[bool(denied), bool(allowed)])
            yield text.format(command=command, denied=denied, allowed=allowed)


def _list_targets(overwrites: Overwrites, guild_id: int, *, is_allowed: bool) -> Iterator[str]:
    everyone, all_channels = guild_id, guild_id - 1
    for target, allowed in sorted(overwrites.roles.items()):
        if allowed is is_allowed:
            yield _("everyone") if target == everyone else f"<@&{target}>"
    for target, allowed in sorted(overwrites.people.items()):
        if allowed is is_allowed:
            yield f"<@{target}>"
    for target, allowed in sorted(overwrites.channels.items()):
        if allowed is is_allowed:
            yield _("all channels") if target == all_channels else f"<#{target}>"


def _cut(targets: list[str]) -> list[str]:
    more = len(targets) - _MAX_NAMED
    return [*targets[:_MAX_NAMED], _("{count} more").format(count=format_number(more))] if more > 0 else targets


def _quote_refusal(refusal: PolicyRefused, now: datetime) -> str:
    return describe_error(refusal, now, command=True).removesuffix(_(NOT_CHARGED)).rstrip()


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
