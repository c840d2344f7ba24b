"""`python -m bot remove-commands`: remove the application's commands from Discord, before the bot is uninstalled."""

import discord

from bot.check import print_findings, run_logged_in
from bot.clock import Clock
from bot.ops.diagnostics import Finding
from bot.settings import Settings
from cogs.gateway.command_sync import RemovedCommands, remove_commands
from cogs.gateway.connection import UNREACHABLE_ERRORS
from cogs.gateway.sharded_bot import ShardedBot


async def run_removal(settings: Settings) -> int:
    """Remove all commands, print what was removed, and return the exit code."""
    return print_findings(await run_logged_in(settings, Clock(), _remove))


async def _remove(bot: ShardedBot) -> list[Finding]:
    findings: list[Finding] = []
    try:
        async for removed in remove_commands(bot):
            findings.append(_describe(removed))  # noqa: PERF401 - what was removed before an error is told
    except (discord.DiscordException, *UNREACHABLE_ERRORS) as error:
        if not findings:
            raise
        message = f"not all servers could be looked at ({type(error).__name__})."
        findings.append(Finding("Servers", is_ok=False, message=message, advice="Run this again in a minute."))
    note = "stop the bot for good, because each start registers its commands again."
    return [*findings, Finding("Note", is_ok=True, message=note)]


def _describe(removed: RemovedCommands) -> Finding:
    where = f"Commands of server {removed.guild}" if removed.guild else "Commands"
    if removed.refusal:
        message = f"Discord refuses to remove them ({removed.refusal})."
        advice = "Add the bot to that server again with the link that `python -m bot check` shows, then repeat this."
        return Finding(where, is_ok=False, message=message, advice=advice)
    if not removed.names:
        return Finding(where, is_ok=True, message="there were none to remove.")
    return Finding(where, is_ok=True, message=f"{len(removed.names)} removed: {', '.join(removed.names)}.")
