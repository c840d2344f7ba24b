"""`python -m bot` runs mjbot; bot.command_line lists its other commands.

Exit codes: 0 stopped on request, or done; 1 Discord refused the token, or a command failed; 2 invalid settings or
arguments.
"""

import asyncio
import logging
import os
import random
import signal
import sys
from argparse import Namespace
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

import discord

from bot.app import open_app, run_background_work
from bot.check import report_unreachable_discord, run_checks
from bot.clock import wait_for_event
from bot.command_line import parse_arguments
from bot.data_command import run_data_command
from bot.database_commands import run_backup, run_copy, run_interruptible
from bot.errors import SettingsError, StoreUnavailable
from bot.metrics import DATABASE_WRITABLE
from bot.ops import platform_disk
from bot.ops.diagnostics import check_token_format, report_blocked_requests
from bot.ops.dotenv_lint import SettingsMistake, explain_settings_error, find_mistakes
from bot.ops.garbage_collection import freeze_heap
from bot.ops.health import Readiness
from bot.ops.http_server import serve_http
from bot.ops.logging_setup import configure_logging
from bot.ops.network_checks import describe_proxies
from bot.ops.process_secrets import hide_secrets
from bot.ops.shutdown import run_unless_stopped, run_with_deadline, summarize_in_one_line
from bot.remove_commands import run_removal
from bot.retry import STORE_OUTAGE
from bot.settings import ENV_FILE, Settings
from bot.text_cleaning import COPY_TOKEN
from cogs.gateway import connection
from cogs.messaging.blocked_requests import RequestsBlocked

log = logging.getLogger("bot")


@dataclass(frozen=True)
class RetryTiming:
    """Pauses between attempts, in seconds: they double from `first_pause` to `longest_pause`.

    `token_refused_pause` delays the exit after a refused token: platforms restart the process, and Discord counts
    logins. `blocked_pause` is the wait for the end of a block that Discord does not tell. `connection_timeout` bounds
    the first connection of a shard.
    """

    first_pause: float = 1.0
    longest_pause: float = 300.0
    token_refused_pause: float = 30.0
    blocked_pause: float = 900.0
    connection_timeout: float = connection.FIRST_CONNECTION_SECONDS


async def run(settings: Settings) -> int:
    """Run until a signal asks to stop; return the exit code."""
    stop = asyncio.Event()
    _stop_on_signals(stop)
    for warning in (platform_disk.find_disk_problem_here(settings.database_url), *_find_mistakes()):
        if warning:
            log.warning("%s", warning)
    if used := describe_proxies(settings):
        log.info("%s%s", used[0].upper(), used[1:])
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
    pause, readiness, known = timing.first_pause, readiness or Readiness(), ""
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
        except RequestsBlocked as blocked:
            await _wait_for_end_of_block(blocked, stop, timing, readiness)
            continue
        except (StoreUnavailable, *connection.UNREACHABLE_ERRORS) as error:
            if monotonic() - started_at > timing.longest_pause:
                pause, known = timing.first_pause, ""
            known = _report_failed_start(error, pause, readiness, known)
        if not stop.is_set():
            await wait_for_event(stop, pause * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, no secret
            pause = min(pause * 2, timing.longest_pause)
    log.info("Stopped.")
    return 0


def _report_failed_start(error: Exception, pause: float, readiness: Readiness, known: str) -> str:
    """Log why the bot cannot be connected, once for each cause; return Discord's, which is `known` the next time."""
    if isinstance(error, StoreUnavailable):
        DATABASE_WRITABLE.set(0)
        readiness.set_waiting_reason("store", "The database cannot be used yet")
        event = f"The database cannot be used; trying again in {pause:.0f} s, and then more rarely until it can."
        STORE_OUTAGE.report(log, event, error)
        return ""
    readiness.set_waiting_reason("gateway", "Discord cannot be used yet")
    finding = report_unreachable_discord(error)
    if type(error).__name__ in finding.message:  # the log has room for its text
        finding = replace(finding, message=f"{summarize_in_one_line(error).rstrip('.')}.")
    sentence = f"Discord cannot be used: {finding.message} {finding.advice}"
    level = logging.DEBUG if known == sentence else logging.WARNING
    log.log(level, "%s Trying again in %.0f s, and then more rarely.", sentence, pause)
    return sentence


async def _wait_for_end_of_block(
    blocked: RequestsBlocked, stop: asyncio.Event, timing: RetryTiming, readiness: Readiness
) -> None:
    """Wait as long as Discord says; less would prolong the block."""
    pause = max(blocked.seconds or timing.blocked_pause, timing.first_pause)
    pause += min(pause * 0.05, 5.0) * random.random()  # noqa: S311 - jitter, no secret
    readiness.set_waiting_reason("gateway", str(blocked))
    finding = report_blocked_requests(str(blocked))
    log.error("Discord %s %s Trying again in %.0f s.", finding.message, finding.advice, pause)
    await wait_for_event(stop, pause)


async def _run_once(settings: Settings, stop: asyncio.Event, timing: RetryTiming, readiness: Readiness) -> None:
    """Build the app, connect it to Discord once, and close it when the connection ends or `stop` is set."""
    async with open_app(settings) as app, app.bot:
        app.bot.add_listener(freeze_heap, "on_ready")
        await run_unless_stopped(stop, connection.log_in(app.bot, settings.discord_token.get_secret_value()))
        await run_unless_stopped(stop, connection.prepare_shards(app.bot, elsewhere=bool(settings.discord_api_url)))
        await app.start_records()
        async with run_background_work(app):
            with readiness.delegate_to(app.health):
                await run_unless_stopped(stop, connection.connect(app.bot, first_seconds=timing.connection_timeout))


def main(arguments: Sequence[str]) -> int:
    """Run the command that `arguments` name, and return the exit code."""
    try:
        given = parse_arguments(arguments)
    except SystemExit as end:
        return int(end.code or 0)
    if given.command == "copy-database":  # which needs no settings
        configure_logging("WARNING", "console")
        return run_interruptible(run_copy(given.source, given.target))
    logging.getLogger("dotenv").setLevel(logging.ERROR)  # find_mistakes reports the same lines in more detail
    try:
        settings = Settings.read()
    except SettingsError as error:
        return _report_settings_error(error)
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # the bot does not use voice
    configure_logging("WARNING" if given.command else settings.log_level, settings.log_format)
    if settings.discord_api_url:
        connection.override_api_url(settings.discord_api_url)
    try:
        return asyncio.run(_run_command(given, settings))
    except KeyboardInterrupt:  # before run() installed its handlers
        return 0
    except SettingsError as error:  # problems that only the users of a setting can find
        return _report_settings_error(error)


def _run_command(given: Namespace, settings: Settings) -> Coroutine[Any, Any, int]:
    match given.command:
        case "check":
            return run_checks(settings, _find_mistakes(), forget=given.forget)
        case "data":
            flags = {"as_json": getattr(given, "json", False), "is_confirmed": getattr(given, "yes", False)}
            return run_data_command(settings, given.action, given.person, **flags)
        case "remove-commands":
            return run_removal(settings)
        case "backup":
            return run_backup(settings.database_url.get_secret_value(), Path(given.file))
        case _:
            _refuse_token_format(settings)
            return run(settings)


def _refuse_token_format(settings: Settings) -> None:
    """Raise SettingsError for what cannot be a bot's token, such as another secret, which Discord must not get."""
    if not settings.discord_api_url and check_token_format(settings.discord_token.get_secret_value()):
        problem = f"is not a bot's token, which has three parts separated by dots. {COPY_TOKEN}"
        raise SettingsError([("DISCORD_TOKEN", problem)])


def _find_mistakes() -> list[SettingsMistake]:
    return find_mistakes(Path(ENV_FILE), os.environ, Settings.model_fields)


def _report_settings_error(error: SettingsError) -> int:
    for line in explain_settings_error(error, _find_mistakes(), has_file=Path(ENV_FILE).exists()):
        print(line, file=sys.stderr)  # noqa: T201
    return 2


if __name__ == "__main__":
    hide_secrets()
    sys.exit(main(sys.argv[1:]))
