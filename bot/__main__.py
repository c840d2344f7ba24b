"""`python -m bot` runs mjbot, `python -m bot check` tells whether it would run.

Exit codes: 0 stopped on request (or all checks good), 1 Discord refused the token (or a check failed), 2 settings.
"""

import asyncio
import logging
import random
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

import discord

from bot.app import App, app
from bot.check import Finding, relay_finding, store_finding
from bot.errors import MjbotError, SettingsError, StoreUnavailable
from bot.logs import set_up
from bot.settings import Settings
from cogs import connection
from cogs.permissions import invite

log = logging.getLogger("bot")

_HOLD_SECONDS = 30.0
"""How long a refused token keeps the process: platforms restart what ends, and Discord counts logins."""
_LONGEST_PAUSE = 300.0


async def run(settings: Settings) -> int:
    """Run until asked to stop; whatever is unreachable is waited for."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGINT"):
        with suppress(NotImplementedError):  # Windows has no such handlers; Ctrl+C raises KeyboardInterrupt there
            loop.add_signal_handler(getattr(signal, name), stop.set)
    pause = 5.0
    while not stop.is_set():
        living = asyncio.ensure_future(_live(settings))
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({living, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                break
            pause = 5.0 if await living else pause
        except connection.TokenRefused:
            log.error("Discord refuses DISCORD_TOKEN: copy it again from the developer portal, page Bot, Reset Token.")  # noqa: TRY400
            await _pause(_HOLD_SECONDS, stop)
            return 1
        except (StoreUnavailable, *connection.UNREACHABLE) as error:
            log.warning("Not connected (%s: %s); trying again in %.0f s.", type(error).__name__, error, pause)
        finally:
            for task in (living, stopping):
                task.cancel()
            await asyncio.gather(living, stopping, return_exceptions=True)
        await _pause(pause * random.uniform(0.8, 1.2), stop)  # noqa: S311 - jitter, no secret
        pause = min(pause * 2, _LONGEST_PAUSE)
    log.info("Stopped.")
    return 0


async def _live(settings: Settings) -> bool:
    """Live through one connection to Discord, built from nothing; tell whether it ever stood."""
    async with app(settings, shard_count=None) as built, built.bot:
        await connection.log_in(built.bot, settings.discord_token.get_secret_value())
        await connection.prepare(built.bot, elsewhere=bool(settings.discord_api_url), sleep=asyncio.sleep)
        async with built.serve():
            await connection.connect(built.bot)
        return built.bot.is_ready()


async def _pause(seconds: float, stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


async def check(settings: Settings) -> int:
    """Try everything once, print a line each, and the invite link; return the exit code."""
    found: list[Finding] = []
    try:
        async with app(settings) as built, built.bot:
            found += [await store_finding(built.store), await relay_finding(built.api.check, settings.mj_api_url)]
            found += await _discord_findings(built, settings)
    except StoreUnavailable as error:
        advice = "Check DATABASE_URL, and the disk's space."
        found.append(Finding("Database", good=False, said=f"cannot be opened ({error}).", advice=advice))
    for finding in found:
        print(finding)  # noqa: T201 - a command's answer
    return 0 if all(finding.good for finding in found) else 1


async def _discord_findings(built: App, settings: Settings) -> list[Finding]:
    try:
        await connection.log_in(built.bot, settings.discord_token.get_secret_value())
        info = await built.bot.application_info()
    except connection.TokenRefused:
        advice = "Copy DISCORD_TOKEN again: developer portal, page Bot, Reset Token."
        return [Finding("Discord token", good=False, said="refused.", advice=advice)]
    except (discord.DiscordException, *connection.UNREACHABLE) as error:
        said = f"cannot be reached ({type(error).__name__})."
        return [Finding("Discord", good=False, said=said, advice="Try again in a minute.")]
    public = " Anybody may add it: switch Public Bot off in the developer portal." if info.bot_public else ""
    return [
        Finding("Discord token", good=True, said=f"accepted, as {built.bot.user}.{public}"),
        Finding("Intents", good=True, said="no privileged intent is needed."),
        Finding("Invite link", good=True, said=invite(info.id)),
    ]


def main(arguments: Sequence[str]) -> int:
    """Read the settings and do what was asked."""
    try:
        settings = Settings.read()
    except SettingsError as error:
        for variable, problem in error.problems:
            print(f"{variable} {problem}. See .env.example for what it is.", file=sys.stderr)  # noqa: T201
        return 2
    if list(arguments) not in ([], ["check"]):
        print("Use `python -m bot` to run, `python -m bot check` to try the settings.", file=sys.stderr)  # noqa: T201
        return 2
    set_up("WARNING" if arguments else settings.log_level, settings.log_format)
    if settings.discord_api_url:
        connection.use_api(settings.discord_api_url)
    try:
        return asyncio.run(check(settings) if arguments else run(settings))
    except KeyboardInterrupt:
        return 0
    except MjbotError as error:
        log.error("%s: %s", type(error).__name__, error)  # noqa: TRY400 - foreseen
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
