"""`python -m bot check`: test everything that the bot needs once, and print a line for each finding."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

import aiohttp
import discord
from discord.http import Route

from bot.billing.balance import Balance, BalanceReader
from bot.billing.price_sources import PriceSources
from bot.clock import Clock, CorrectedTime, read_response_date, utc_now
from bot.errors import StoreUnavailable
from bot.network.connect_errors import explain_connect_error
from bot.network.connectors import ProxyError, SystemConnector
from bot.network.proxies import Proxies
from bot.ops import platform_disk
from bot.ops.diagnostics import (
    NONE_REFUSED,
    SET_CLOCK,
    Finding,
    check_clock,
    check_database,
    check_disk,
    check_port,
    check_relay,
    check_token_format,
    explain_certificate_date,
    report_blocked_requests,
    report_database_error,
    report_notifications,
    report_pending_migration,
    report_refused_buttons,
    report_relay_shortages,
    report_settings_mistakes,
    report_unknown_host,
    reset_refusals,
)
from bot.ops.dotenv_lint import SettingsMistake
from bot.ops.http_server import find_port_problem
from bot.ops.network_checks import PictureHostCheck, describe_proxies
from bot.policy.prices import PriceList
from bot.policy.rules import build_policy
from bot.relay.client import RelayClient
from bot.settings import Settings
from bot.store import inspect_database, open_store
from cogs.commands.help_check import COMMAND_NAMES
from cogs.gateway import connection
from cogs.gateway.checks.discord_checks import check_discord
from cogs.gateway.checks.guild_access import report_pauses, report_policy
from cogs.gateway.sharded_bot import ShardedBot
from cogs.messaging.blocked_requests import RequestsBlocked
from cogs.text.balance import report_money

_ASK_TIME_SECONDS = 5.0
_DISCORD_HOST = "discord.com"
_MOST_TIME_REQUESTS = 3


async def run_checks(settings: Settings, mistakes: Iterable[SettingsMistake], *, forget: bool = False) -> int:
    """Test everything once, print a line for each finding, and return the exit code.

    `mistakes` are those found in the settings; `forget` first clears the recorded refusals of the relay.
    """
    clock = CorrectedTime(Clock()).clock
    discord_findings = await _check_discord(settings, clock)
    clock_findings = check_clock(*await _compare_clock(settings, clock))
    findings = await _check_store(settings, clock, forget=forget)
    findings += check_disk(platform_disk.find_disk_problem_here(settings.database_url))
    findings += check_port(settings.port, await find_port_problem(settings.port, settings.listen_host))
    key, proxies = settings.mj_api_key.get_secret_value(), Proxies.from_settings(settings)
    async with RelayClient.open(settings.mj_api_url, key, now=clock.now, proxies=proxies) as api:
        findings.append(await check_relay(api.check_key, settings.mj_api_url))
        policy = build_policy(settings, owners=())
        if findings[-1].is_ok:
            findings += await _check_money(api, settings, policy.prices, clock)
    findings.append(report_policy(policy))
    findings += [*discord_findings, *clock_findings, *await _check_network(settings)]
    findings += report_settings_mistakes(mistakes)
    return print_findings(findings)


def print_findings(findings: Iterable[Finding]) -> int:
    """Print a line for each finding, and return the exit code."""
    found = list(findings)
    for finding in found:
        print(finding)  # noqa: T201 - a command's answer
    return 0 if all(finding.is_ok for finding in found) else 1


async def _check_store(settings: Settings, clock: Clock, *, forget: bool) -> list[Finding]:
    """Check the database without writing to it, except that `forget` clears the recorded refusals."""
    url = settings.database_url.get_secret_value()
    try:
        pending = await inspect_database(url)
        if pending is not None and not pending.found:
            return [report_pending_migration(pending), NONE_REFUSED]
        async with open_store(url, now=clock.now, migrates=False) as store:
            cleared = [await reset_refusals(store)] if forget else []
            now = clock.now()
            database = await check_database(store) if pending is None else report_pending_migration(pending)
            notifications = await report_notifications(store.process_leases)
            buttons = await report_refused_buttons(store, now)
            pauses = await report_pauses(store.rules) if pending is None else []
            return [*cleared, database, *notifications, *pauses, buttons, *await report_relay_shortages(store, now)]
    except StoreUnavailable as error:
        return [report_database_error(error)]


async def _check_money(api: RelayClient, settings: Settings, prices: PriceList, clock: Clock) -> list[Finding]:
    """Read what the relay tells about prices and the balance."""
    await PriceSources(api, prices, clock).refresh()
    balance = await BalanceReader(api, prices, api.account_rate_limiter, clock).read()
    return report_money(prices, balance or Balance(state="unreadable"), settings.balance_alarm)


async def _compare_clock(settings: Settings, clock: Clock) -> tuple[timedelta | None, str]:
    """Return how far this machine's clock is ahead, and whose it was compared with: Discord's, else the relay's."""
    for whose, url in (("Discord", Route.BASE), ("the relay", settings.mj_api_url)):
        for _ in range(_MOST_TIME_REQUESTS):  # a single response is not believed
            if clock.measure_system_error() is not None:
                break
            if not await _ask_time(url, clock, Proxies.from_settings(settings)):
                break
        if (error := clock.measure_system_error()) is not None:
            return error, whose
    return None, ""


async def _ask_time(url: str, clock: Clock, proxies: Proxies) -> bool:
    """Record the Date of any answer of a server, if it has one; with a wrong clock, no certificate can be verified."""
    timeout, sent_at = aiohttp.ClientTimeout(total=_ASK_TIME_SECONDS), clock.monotonic()
    with suppress(aiohttp.ClientError, OSError, ValueError, asyncio.TimeoutError):
        async with (
            aiohttp.ClientSession(timeout=timeout, connector=SystemConnector(proxies)) as session,
            session.head(url, ssl=False, allow_redirects=False) as response,
        ):
            if date := read_response_date(response.headers):
                clock.record_date(date, sent_at)
                return True
    return False


async def _check_network(settings: Settings) -> list[Finding]:
    used = describe_proxies(settings)
    proxies = [Finding("Proxy", is_ok=True, message=used)] if used else []
    return [*proxies, *await PictureHostCheck(settings).run()]


async def _check_discord(settings: Settings, clock: Clock) -> list[Finding]:
    async def check(bot: ShardedBot) -> list[Finding]:
        findings = await check_discord(bot, settings, COMMAND_NAMES, clock)
        return [Finding("Discord token", is_ok=True, message=f"accepted, as {bot.user}."), *findings]

    return await run_logged_in(settings, clock, check)


async def run_logged_in(
    settings: Settings, clock: Clock, work: Callable[[ShardedBot], Awaitable[list[Finding]]]
) -> list[Finding]:
    """Log in to Discord, but not to its gateway, and return what `work` finds, or why Discord can't be used."""
    bot = ShardedBot(shard_count=1, clock=clock, proxies=Proxies.from_settings(settings))
    token = settings.discord_token.get_secret_value()
    if not settings.discord_api_url and (malformed := check_token_format(token)):
        return malformed
    try:
        async with bot:
            await connection.log_in(bot, token)
            return await work(bot)
    except connection.TokenRefused:
        advice = "Copy DISCORD_TOKEN again: developer portal, page Bot, Reset Token."
        return [Finding("Discord token", is_ok=False, message="refused.", advice=advice)]
    except ProxyError as error:
        return [Finding("Discord", is_ok=False, message=error.problem, advice=error.advice)]
    except RequestsBlocked as blocked:
        return [report_blocked_requests(str(blocked))]
    except (discord.DiscordException, *connection.UNREACHABLE_ERRORS) as error:
        return [report_unreachable_discord(error)]


def report_unreachable_discord(error: BaseException) -> Finding:
    """Report why Discord can't be reached."""
    if isinstance(error, ProxyError):
        return Finding("Discord", is_ok=False, message=error.problem, advice=error.advice)
    is_own = urlsplit(Route.BASE).hostname == _DISCORD_HOST
    if is_own and isinstance(error, aiohttp.ClientConnectorDNSError):
        return report_unknown_host("Discord", error.host)
    if time_problem := explain_certificate_date(error, utc_now()):
        return Finding("Discord", is_ok=False, message=f"can't be reached ({time_problem}).", advice=SET_CLOCK)
    if known := explain_connect_error(error, "DISCORD_API_URL"):
        advice = "Check this machine's internet connection, firewall and proxy." if is_own else known.advice
        return Finding("Discord", is_ok=False, message=known.problem, advice=advice)
    if isinstance(error, discord.NotFound) and not is_own:
        message = f"{Route.BASE} is not Discord's API: it has no such routes (HTTP 404)."
        return Finding("Discord", is_ok=False, message=message, advice="Check DISCORD_API_URL, or leave it empty.")
    message = f"can't be reached ({type(error).__name__})."
    return Finding("Discord", is_ok=False, message=message, advice="Try again in a minute.")
