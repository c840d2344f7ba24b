"""Report who may draw, and for each server whether its members may, as `check`, /mjcheck and the log say it."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import discord

from bot.entities import NO_RULES, Block, Rules, ServerAccess, ServerGrant, ServerRules
from bot.errors import StoreUnavailable
from bot.ops.diagnostics import Finding
from bot.policy.access import GuildAccess
from bot.policy.rules import SpendingPolicy
from bot.ports import RulesStore
from bot.retry import STORE_OUTAGE
from cogs.gateway.guild_trust import GuildTrust
from cogs.languages import _, format_number
from cogs.text.markdown import clean_and_cut
from cogs.text.spending_rules import describe_guild, describe_policy

log = logging.getLogger(__name__)

MAX_GUILDS: Final = 20
"""How many servers are reported one by one: each may cost a request to Discord."""
_MAX_NAME_LENGTH: Final = 100


async def read_rules(
    store: RulesStore | None, guild_ids: Collection[int], at: datetime | None = None
) -> Mapping[int, Rules]:
    """Read the rules of servers that were set in Discord; those of 0 hold everywhere. Without a database, none.

    With `at`, they have the blocks of the servers that hold then.
    """
    try:
        if store is None:
            return {}
        operator = (await store.find_rules(0, 0)).operator
        grants, servers = await store.list_grants(), await store.list_server_rules(guild_ids)
        blocks = {guild_id: await _list_blocks(store, guild_id, at) for guild_id in guild_ids} if at else {}
    except StoreUnavailable as gone:
        STORE_OUTAGE.report(log, "The rules of servers are not known.", gone)
        return {}
    return {
        guild_id: Rules(
            operator=operator,
            grant=grants.get(guild_id, ServerGrant()),
            server=servers.get(guild_id, ServerRules()),
            blocks=blocks.get(guild_id, ()),
        )
        for guild_id in {0, *guild_ids}
    }


async def _list_blocks(store: RulesStore, guild_id: int, at: datetime) -> tuple[Block, ...]:
    return tuple(block for block in await store.list_blocks(guild_id) if block.is_active(at))


async def report_pauses(store: RulesStore) -> list[Finding]:
    """Warn of what stops drawing by rules that were set in Discord: everywhere, and in single servers.

    Raises:
        StoreUnavailable: The database does not answer.
    """
    if (await store.find_rules(0, 0)).operator.paused:
        advice = "To go on, resume it in /mjadmin."
        return [Finding("Rules", is_ok=True, message="you paused all drawing in /mjadmin.", advice=advice)]
    grants, servers = await store.list_grants(), await store.list_server_rules(await store.list_servers())
    stopped = {
        "denied by you in /mjadmin": [one for one, grant in grants.items() if grant.access is ServerAccess.DENIED],
        "paused by their managers with /mjpause": [one for one, rules in servers.items() if rules.paused],
    }
    return [
        Finding("Rules", is_ok=True, message=f"servers {why}: {', '.join(map(str, found[:MAX_GUILDS]))}.")
        for why, found in stopped.items()
        if found
    ]


async def judge_guild(
    policy: SpendingPolicy, trust: GuildTrust, guild: discord.Guild, rules: Rules = NO_RULES
) -> GuildAccess:
    """Find out whether the members of a server may spend there, by the settings and the rules of Discord."""
    # ALLOWED_GUILDS alone decides where it is set, so Discord need not be asked.
    is_trusted = False if policy.allowed_guilds else await trust.ask_for_trust(guild)
    refusal = policy.judge_guild(guild.id, is_trusted=is_trusted, access=rules.grant.access)
    return GuildAccess(guild.id, clean_and_cut(guild.name, _MAX_NAME_LENGTH), refusal, rules)


async def judge_guilds(
    policy: SpendingPolicy,
    trust: GuildTrust,
    guilds: Iterable[discord.Guild],
    store: RulesStore | None = None,
    at: datetime | None = None,
) -> Sequence[GuildAccess]:
    """Find out for each server whether its members may spend there; see read_rules for `store` and `at`."""
    listed = list(guilds)
    rules = await read_rules(store, [guild.id for guild in listed], at)
    return [await judge_guild(policy, trust, guild, rules.get(guild.id, NO_RULES)) for guild in listed]


def report_policy(policy: SpendingPolicy, *, is_paused: bool = False) -> Finding:
    """Report who may draw and how much, in one line; a warning if no one may."""
    off = _("To switch it on, set it to 1 or more.") if policy.is_drawing_off else ""
    advice = _("To go on, resume it in /mjadmin.") if is_paused else off
    return Finding(_("Who may draw"), is_ok=True, message=describe_policy(policy, is_paused=is_paused), advice=advice)


def report_guilds(policy: SpendingPolicy, guilds: Sequence[GuildAccess], *, unlisted: int = 0) -> list[Finding]:
    """Report each server; servers where no one may draw are failures if there is no other, and otherwise warnings.

    `unlisted` is the number of further servers.
    """
    allowed_somewhere = bool(unlisted) or any(guild.may_draw for guild in guilds)
    findings = [report_guild(policy, guild, name_guild(guild)) for guild in guilds]
    if allowed_somewhere:
        findings = [Finding(each.name, is_ok=True, message=each.message, advice=each.advice) for each in findings]
    if unlisted:
        text = _("and {count} more, which are not listed here.").format(count=format_number(unlisted))
        findings.append(Finding(_("Servers"), is_ok=True, message=text))
    return findings


def name_guild(guild: GuildAccess) -> str:
    """Name a server in a line of plain text."""
    return _("Server {name} ({id})").format(name=guild.name, id=guild.guild_id)


def report_guild(policy: SpendingPolicy, guild: GuildAccess, name: str) -> Finding:
    """Report whether the members of one server may draw there, and if not, why and the next step."""
    message, advice = describe_guild(policy, guild)
    return Finding(name, is_ok=guild.may_draw, message=message, advice=advice)
