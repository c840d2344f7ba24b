"""The part of `python -m bot check` that asks Discord, once it has accepted the token."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
import discord
import yarl

from bot.clock import Clock
from bot.ops.diagnostics import Finding, check_public_bot, check_shards
from bot.policy.rules import build_policy
from bot.settings import Settings
from cogs.gateway.checks.allowed_ids import IdLookup, report_allowed_ids
from cogs.gateway.checks.guild_access import MAX_GUILDS, judge_guilds, report_guilds
from cogs.gateway.guild_trust import GuildTrust
from cogs.gateway.permissions import build_invite_url, build_user_install_url
from cogs.gateway.sharded_bot import MALFORMED_ANSWER_ERRORS, ShardedBot
from cogs.messaging.responses import REQUEST_ERRORS, summarize_error, with_timeout
from cogs.text.markdown import clean_and_cut
from cogs.text.permission_names import list_missing_permissions

_HELLO_SECONDS: Final = 15.0
_PAGE: Final = 200
"""How many servers Discord lists in one answer."""
_ERRORS: Final = (*REQUEST_ERRORS, *MALFORMED_ANSWER_ERRORS)
_USER_INSTALL: Final = "1"
_MAX_NAME_LENGTH: Final = 100


async def check_discord(bot: ShardedBot, settings: Settings, commands: Collection[str], clock: Clock) -> list[Finding]:
    """Test everything at Discord that the bot needs; `commands` are the names that must be registered.

    `bot` is logged in, and not connected to the gateway.
    """
    application = await with_timeout(bot.http.application_info())
    application_id = int(application["id"])
    public = check_public_bot(
        public=bool(application.get("bot_public")),
        guilds=bool(settings.allowed_guilds),
        people=bool(settings.allowed_users),
    )
    return [
        *public,
        *await _run(_check_gateway(bot), "Gateway"),
        *await _run(_check_commands(bot, commands), "Commands"),
        *await _run(_check_servers(bot, settings, application, clock), "Servers"),
        Finding("Intents", is_ok=True, message="no privileged intent is needed."),
        Finding("Invite link", is_ok=True, message=build_invite_url(application_id)),
        Finding("For your own account", is_ok=True, message=build_user_install_url(application_id)),
    ]


async def _run(check: Awaitable[list[Finding]], name: str) -> list[Finding]:
    """Return the findings of a check, or one that says that Discord did not answer it."""
    try:
        return await check
    except _ERRORS as error:
        message = f"can't be checked: Discord doesn't answer ({summarize_error(error)})."
        return [Finding(name, is_ok=False, message=message, advice="Try again in a minute.")]


async def _check_gateway(bot: ShardedBot) -> list[Finding]:
    """Open a connection to the gateway until it says hello, without a login, which Discord would count."""
    info = await with_timeout(bot.fetch_gateway_info())
    url = yarl.URL(info["url"]).with_query(v="10", encoding="json")
    limit: Mapping[str, Any] = info.get("session_start_limit") or {}
    if limit.get("remaining") == 0:
        minutes = round(int(limit.get("reset_after") or 0) / 60_000) or 1
        message = f"Discord accepts no more logins of this bot for {minutes} min, because it started too often."
        advice = "Find out from the log why it restarts; it connects by itself when the time is over."
        return [Finding("Gateway", is_ok=False, message=message, advice=advice)]
    try:
        async with asyncio.timeout(_HELLO_SECONDS), _open_websocket(bot, url) as websocket:
            await websocket.receive_json()
    except (OSError, aiohttp.ClientError, *MALFORMED_ANSWER_ERRORS) as error:
        message = f"{url.host} can't be reached ({type(error).__name__}), so the bot would get no commands."
        advice = "Check whether a firewall or a proxy blocks WebSocket connections (wss) to that host."
        return [Finding("Gateway", is_ok=False, message=message, advice=advice)]
    return [Finding("Gateway", is_ok=True, message="can be reached.")]


@asynccontextmanager
async def _open_websocket(bot: ShardedBot, url: yarl.URL) -> AsyncGenerator[aiohttp.ClientWebSocketResponse]:
    websocket: aiohttp.ClientWebSocketResponse = await bot.http.ws_connect(str(url))
    try:
        yield websocket
    finally:
        await websocket.close()


async def _check_commands(bot: ShardedBot, names: Collection[str]) -> list[Finding]:
    known = {str(one["name"]) for one in await with_timeout(bot.http.get_global_commands(bot.application_id or 0))}
    missing = sorted(set(names) - known)
    if not missing:
        return [Finding("Commands", is_ok=True, message="are registered with Discord.")]
    if not known:
        message = "none are registered yet: the bot registers them at its first start."
        return [Finding("Commands", is_ok=True, message=message)]
    what = "all of them" if len(missing) == len(names) else ", ".join(f"/{name}" for name in missing)
    message = f"not registered with Discord yet: {what}."
    advice = "Start the bot, which registers them; its log says if Discord refuses them."
    return [Finding("Commands", is_ok=True, message=message, advice=advice)]


async def _check_servers(
    bot: ShardedBot, settings: Settings, application: Mapping[str, Any], clock: Clock
) -> list[Finding]:
    """Report who may draw, in which servers, and where the bot lacks permissions."""
    trust = GuildTrust(clock, guilds=settings.allowed_guilds)
    await trust.load_owners(bot)
    policy = build_policy(settings, trust.owners)
    joined = await _list_joined(bot)
    guilds = [await with_timeout(bot.fetch_guild(int(each["id"]), with_counts=False)) for each in joined[:MAX_GUILDS]]
    access = await judge_guilds(policy, trust, guilds)
    lookup = IdLookup(bot, guilds, {int(each["id"]) for each in joined})
    names = {int(each["id"]): clean_and_cut(str(each["name"]), _MAX_NAME_LENGTH) for each in joined[:MAX_GUILDS]}
    return [
        *check_shards(settings.shard_count, settings.shard_ids, names),
        *(report_guilds(policy, access, unlisted=len(joined) - len(guilds)) or [_report_no_server(application)]),
        *_check_permissions(joined),
        *await report_allowed_ids(policy, lookup.find_kind),
    ]


async def _list_joined(bot: ShardedBot) -> Sequence[Mapping[str, Any]]:
    """Return all servers of the bot, each with the permissions that the bot has there."""
    joined: list[Mapping[str, Any]] = []
    while True:
        after = int(joined[-1]["id"]) if joined else 0
        page = await with_timeout(bot.http.get_guilds(_PAGE, after=after, with_counts=False))
        joined += page
        if len(page) < _PAGE:
            return joined


def _report_no_server(application: Mapping[str, Any]) -> Finding:
    """Report that the bot is in no server: a warning where people can install it for their own account instead."""
    is_user_install = _USER_INSTALL in (application.get("integration_types_config") or {})
    advice = "Open the invite link below and choose your server."
    return Finding("Servers", is_ok=is_user_install, message="the bot is in no server yet.", advice=advice)


def _check_permissions(joined: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Report the servers in which the bot's roles lack permissions; a channel may grant or deny others."""
    findings: list[Finding] = []
    for each in joined:
        missing = list_missing_permissions(discord.Permissions(int(each.get("permissions") or 0)))
        if missing and "permissions" in each:
            name = f"Permissions in {clean_and_cut(str(each['name']), _MAX_NAME_LENGTH)}"
            advice = "Give these to the bot's role: Server Settings, Roles; or open the invite link again."
            findings.append(Finding(name, is_ok=False, message=f"missing: {', '.join(missing)}.", advice=advice))
    return findings[:MAX_GUILDS]
