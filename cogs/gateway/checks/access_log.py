"""Log at the start, and for each server that the bot joins later, who may draw there."""

import logging
from collections.abc import Iterable

import discord
from discord.ext import commands

from bot.entities import NO_RULES
from bot.ops.diagnostics import Finding
from bot.policy.rules import SpendingPolicy
from bot.ports import RulesStore
from cogs.gateway.checks.allowed_ids import IdLookup, report_allowed_ids
from cogs.gateway.checks.guild_access import (
    MAX_GUILDS,
    judge_guilds,
    name_guild,
    read_rules,
    report_guild,
    report_guilds,
    report_policy,
)
from cogs.gateway.guild_trust import GuildTrust

log = logging.getLogger(__name__)


async def log_access(
    bot: commands.AutoShardedBot, policy: SpendingPolicy, trust: GuildTrust, rules: RulesStore | None = None
) -> None:
    """Log who may draw and the limits, each server, and each id in the settings that is of the wrong kind."""
    guilds = bot.guilds
    access = await judge_guilds(policy, trust, guilds[:MAX_GUILDS], rules)
    everywhere = (await read_rules(rules, [])).get(0, NO_RULES)
    _log_findings(
        [
            report_policy(policy, is_paused=everywhere.operator.paused),
            *report_guilds(policy, access, unlisted=len(guilds) - len(access)),
        ]
    )
    lookup = IdLookup(bot, guilds)
    _log_findings(await report_allowed_ids(policy, lookup.find_kind))


async def log_joined_guild(
    policy: SpendingPolicy, trust: GuildTrust, rules: RulesStore | None, guild: discord.Guild
) -> None:
    """Log whether the members of a server that the bot has just joined may draw there."""
    [access] = await judge_guilds(policy, trust, [guild], rules)
    _log_findings([report_guild(policy, access, name_guild(access))])


def _log_findings(findings: Iterable[Finding]) -> None:
    for each in findings:
        level = logging.INFO if each.is_ok and not each.advice else logging.WARNING
        log.log(level, "%s: %s", each.name, f"{each.message} {each.advice}".strip())
