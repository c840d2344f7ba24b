"""Report who may draw, and for each server whether its members may, as `check`, /mjcheck and the log say it."""

from collections.abc import Iterable, Sequence
from typing import Final

import discord

from bot.ops.diagnostics import Finding
from bot.policy.access import GuildAccess
from bot.policy.rules import SpendingPolicy
from cogs.gateway.guild_trust import GuildTrust
from cogs.text.markdown import clean_and_cut
from cogs.text.spending_rules import describe_guild, describe_policy

MAX_GUILDS: Final = 20
"""How many servers are reported one by one: each may cost a request to Discord."""
_MAX_NAME_LENGTH: Final = 100


async def judge_guild(policy: SpendingPolicy, trust: GuildTrust, guild: discord.Guild) -> GuildAccess:
    """Find out whether the members of a server may spend there."""
    # ALLOWED_GUILDS alone decides where it is set, so Discord need not be asked.
    is_trusted = False if policy.allowed_guilds else await trust.ask_for_trust(guild)
    return GuildAccess(
        guild.id, clean_and_cut(guild.name, _MAX_NAME_LENGTH), policy.judge_guild(guild.id, is_trusted=is_trusted)
    )


async def judge_guilds(
    policy: SpendingPolicy, trust: GuildTrust, guilds: Iterable[discord.Guild]
) -> Sequence[GuildAccess]:
    """Find out for each server whether its members may spend there."""
    return [await judge_guild(policy, trust, guild) for guild in guilds]


def report_policy(policy: SpendingPolicy) -> Finding:
    """Report who may draw and how much, in one line; a warning if no one may."""
    off = "To switch it on, set it to 1 or more." if policy.is_drawing_off else ""
    return Finding("Who may draw", is_ok=True, message=describe_policy(policy), advice=off)


def report_guilds(policy: SpendingPolicy, guilds: Sequence[GuildAccess], *, unlisted: int = 0) -> list[Finding]:
    """Report each server; servers where no one may draw are failures if there is no other, and otherwise warnings.

    `unlisted` is the number of further servers.
    """
    allowed_somewhere = bool(unlisted) or any(guild.refusal is None for guild in guilds)
    findings = [report_guild(policy, guild, name_guild(guild)) for guild in guilds]
    if allowed_somewhere:
        findings = [Finding(each.name, is_ok=True, message=each.message, advice=each.advice) for each in findings]
    if unlisted:
        findings.append(Finding("Servers", is_ok=True, message=f"and {unlisted} more, which are not listed here."))
    return findings


def name_guild(guild: GuildAccess) -> str:
    """Name a server in a line of plain text."""
    return f"Server {guild.name} ({guild.guild_id})"


def report_guild(policy: SpendingPolicy, guild: GuildAccess, name: str) -> Finding:
    """Report whether the members of one server may draw there, and if not, why and the next step."""
    message, advice = describe_guild(policy, guild)
    return Finding(name, is_ok=guild.refusal is None, message=message, advice=advice)
