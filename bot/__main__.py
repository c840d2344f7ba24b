"""`python -m bot` runs mjbot, `python -m bot check` tests whether it can run.

Exit codes: 0 stopped on request, or all checks passed; 1 Discord refused the token, or a check failed; 2 invalid
settings or arguments.
"""

import asyncio
import logging
import os
import random
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import aiohttp
import discord

from bot.app import open_app
from bot.clock import Clock, wait_for_event
from bot.errors import SettingsError, StoreUnavailable
from bot.metrics import DATABASE_WRITABLE
from bot.ops import platform_disk
from bot.ops.diagnostics import (
    Finding,
    check_database,
    check_disk,
    check_public_bot,
    check_relay,
    check_token_format,
    report_database_error,
    report_refused_buttons,
    report_relay_shortages,
    report_settings_mistakes,
    report_unknown_host,
    reset_refusals,
)
from bot.ops.dotenv_lint import SettingsMistake, explain_settings_error, find_mistakes
from bot.ops.garbage_collection import freeze_heap
from bot.ops.health import Readiness
from bot.ops.http_server import serve_http
from bot.ops.logging_setup import configure_logging
from bot.ops.process_secrets import hide_secrets
from bot.ops.shutdown import run_unless_stopped, run_with_deadline, summarize_in_one_line
from bot.relay.client import RelayClient
from bot.settings import ENV_FILE, Settings
from bot.store import open_store
from cogs.gateway import connection
from cogs.gateway.permissions import build_invite_url, build_user_install_url
from cogs.gateway.sharded_bot import ShardedBot

log = logging.getLogger("bot")


@dataclass(frozen=True)
class RetryTiming:
    """Pauses between attempts, in seconds: they double from `first_pause` to `longest_pause`.

    `token_refused_pause` delays the exit after a refused token: platforms restart the process, and Discord counts
    logins. `connection_timeout` bounds the first connection of a shard.
    """

    first_pause: float = 1.0
    longest_pause: float = 300.0
    token_refused_pause: float = 30.0
    connection_timeout: float = connection.FIRST_CONNECTION_SECONDS


async def run(settings: Settings) -> int:
    """Run until a signal asks to stop; return the exit code."""
    stop = asyncio.Event()
    _stop_on_signals(stop)
    for warning in (platform_disk.detect_ephemeral_disk_here(settings.database_url), *_find_mistakes()):
        if warning:
            log.warning("%s", warning)
    readiness = Readiness()
    async with serve_http(settings.port, settings.listen_host, readiness):
        return await keep_connected(settings, stop, RetryTiming(), readiness)


def _stop_on_signals(stop: asyncio.Event) -> None:
    """Set `stop` on SIGTERM and SIGINT, on Windows too; unlike the loop's handlers, these stay to the end."""
    loop = asyncio.get_running_loop()

    def request_stop(*_: object) -> None:
        with suppress(RuntimeError):  # the loop is closed after an earlier signal
            loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, request_stop)


async def keep_connected(
    settings: Settings, stop: asyncio.Event, timing: RetryTiming, readiness: Readiness | None = None
) -> int:
    """Connect, and reconnect after any failure, until `stop` is set or the token is refused; return the exit code."""
    pause, readiness = timing.first_pause, readiness or Readiness()
    while not stop.is_set():
        started_at = monotonic()
        try:
            await run_with_deadline(stop, _run_once(settings, stop, timing, readiness))
        except connection.TokenRefused:
            log.error("Discord refuses DISCORD_TOKEN: copy it again from the developer portal, page Bot, Reset Token.")  # noqa: TRY400
            readiness.set_waiting_reason("gateway", "Discord refuses DISCORD_TOKEN")
            await wait_for_event(stop, timing.token_refused_pause)
            return 1
        except connection.ShardsRefused as refused:
            pause = timing.longest_pause
            log.error("%s; trying again in %.0f s.", refused, pause)  # noqa: TRY400 - it says what to do
        except (StoreUnavailable, *connection.UNREACHABLE_ERRORS) as error:
            check, what = ("store", "The database") if isinstance(error, StoreUnavailable) else ("gateway", "Discord")
            if check == "store":
                DATABASE_WRITABLE.set(0)
            readiness.set_waiting_reason(check, f"{what} cannot be used yet")
            if monotonic() - started_at > timing.longest_pause:
                pause = timing.first_pause
            log.warning("%s cannot be used (%s); trying again in %.0f s.", what, summarize_in_one_line(error), pause)
        if not stop.is_set():
            await wait_for_event(stop, pause * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, no secret
            pause = min(pause * 2, timing.longest_pause)
    log.info("Stopped.")
    return 0


async def _run_once(settings: Settings, stop: asyncio.Event, timing: RetryTiming, readiness: Readiness) -> None:
    """Build the app, connect it to Discord once, and close it when the connection ends or `stop` is set."""
    async with open_app(settings) as app, app.bot:
        app.bot.add_listener(freeze_heap, "on_ready")
        await run_unless_stopped(stop, connection.log_in(app.bot, settings.discord_token.get_secret_value()))
        await run_unless_stopped(stop, connection.prepare_shards(app.bot, elsewhere=bool(settings.discord_api_url)))
        async with app.run_background_work():
            with readiness.delegate_to(app.health):
                await run_unless_stopped(stop, connection.connect(app.bot, first_seconds=timing.connection_timeout))


async def run_checks(settings: Settings, *, forget: bool = False) -> int:
    """Test everything once, print a line for each finding, and return the exit code.

    `forget` first clears the recorded refusals of the relay.
    """
    findings = await _check_store(settings, forget=forget)
    findings += check_disk(platform_disk.detect_ephemeral_disk_here(settings.database_url))
    async with RelayClient.open(settings.mj_api_url, settings.mj_api_key.get_secret_value()) as api:
        findings.append(await check_relay(api.check_key, settings.mj_api_url))
    findings += await _check_discord(settings)
    findings += report_settings_mistakes(_find_mistakes())
    for finding in findings:
        print(finding)  # noqa: T201 - a command's answer
    return 0 if all(finding.is_ok for finding in findings) else 1


async def _check_store(settings: Settings, *, forget: bool) -> list[Finding]:
    clock = Clock()
    try:
        async with open_store(settings.database_url.get_secret_value(), now=clock.now, owner="check") as store:
            await store.process_leases.end_lease()  # writes a row: a readable database may be read-only
            cleared = [await reset_refusals(store)] if forget else []
            now = clock.now()
            shortages = await report_relay_shortages(store, now)
            return [*cleared, await check_database(store), await report_refused_buttons(store, now), *shortages]
    except StoreUnavailable as error:
        return [report_database_error(error)]


async def _check_discord(settings: Settings) -> list[Finding]:
    bot, token = ShardedBot(shard_count=1), settings.discord_token.get_secret_value()
    if not settings.discord_api_url and (malformed := check_token_format(token)):
        return malformed
    try:
        async with bot:
            await connection.log_in(bot, token)
            info = await bot.application_info()
    except connection.TokenRefused:
        advice = "Copy DISCORD_TOKEN again: developer portal, page Bot, Reset Token."
        return [Finding("Discord token", is_ok=False, message="refused.", advice=advice)]
    except aiohttp.ClientConnectorDNSError as error:
        return [report_unknown_host("Discord", error.host)]
    except (discord.DiscordException, *connection.UNREACHABLE_ERRORS) as error:
        message = f"can't be reached ({type(error).__name__})."
        return [Finding("Discord", is_ok=False, message=message, advice="Try again in a minute.")]
    guilds, people = bool(settings.allowed_guilds), bool(settings.allowed_users)
    return [
        Finding("Discord token", is_ok=True, message=f"accepted, as {bot.user}."),
        *check_public_bot(public=info.bot_public, guilds=guilds, people=people),
        Finding("Intents", is_ok=True, message="no privileged intent is needed."),
        Finding("Invite link", is_ok=True, message=build_invite_url(info.id)),
        Finding("For your own account", is_ok=True, message=build_user_install_url(info.id)),
    ]


_USE = """\
Use `python -m bot` to run the bot, `python -m bot check` to test the settings, and `python -m bot check --forget` to
also enable the buttons that the relay refused."""


def main(arguments: Sequence[str]) -> int:
    """Run the command that `arguments` name, and return the exit code."""
    if list(arguments) not in ([], ["check"], ["check", "--forget"]):
        print(_USE, file=sys.stderr)  # noqa: T201
        return 2
    logging.getLogger("dotenv").setLevel(logging.ERROR)  # find_mistakes reports the same lines in more detail
    try:
        settings = Settings.read()
    except SettingsError as error:
        return _report_settings_error(error)
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # the bot does not use voice
    configure_logging("WARNING" if arguments else settings.log_level, settings.log_format)
    if settings.discord_api_url:
        connection.override_api_url(settings.discord_api_url)
    try:
        return asyncio.run(run_checks(settings, forget="--forget" in arguments) if arguments else run(settings))
    except KeyboardInterrupt:  # before run() installed its handlers
        return 0
    except SettingsError as error:  # problems that only the users of a setting can find
        return _report_settings_error(error)


def _find_mistakes() -> list[SettingsMistake]:
    return find_mistakes(Path(ENV_FILE), os.environ, Settings.model_fields)


def _report_settings_error(error: SettingsError) -> int:
    for line in explain_settings_error(error, _find_mistakes(), has_file=Path(ENV_FILE).exists()):
        print(line, file=sys.stderr)  # noqa: T201
    return 2


if __name__ == "__main__":
    hide_secrets()
    sys.exit(main(sys.argv[1:]))
