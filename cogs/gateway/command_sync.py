"""Register the commands with Discord, if they differ from the registered ones; or remove them all."""

import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord.ext import commands

from cogs.messaging.responses import summarize_error
from cogs.text.markdown import clean_and_cut

log = logging.getLogger(__name__)

_SLASH_COMMAND, _ENTRY_POINT = 1, 4
"""Types of commands; Discord refuses to remove an entry point, which it made itself, with the others."""
_MAX_NAME_LENGTH = 100


@dataclass(frozen=True)
class RemovedCommands:
    """The names of the commands removed from a server, or from everywhere if `guild` is empty; or why they were not."""

    names: tuple[str, ...]
    guild: str = ""
    refusal: str = ""


async def sync_commands(bot: commands.AutoShardedBot) -> None:
    """Compare the bot's commands with the registered ones, and send them if they differ.

    Raises:
        discord.HTTPException: Discord refuses the commands, or cannot be reached.
    """
    wanted = [_normalize(command.to_dict(bot.tree)) for command in bot.tree.get_commands()]
    # The raw JSON, because AppCommand of discord.py 2.7.1 reads contexts and installs shifted by one.
    known = [_normalize({**command}) for command in await bot.http.get_global_commands(bot.application_id or 0)]
    if sorted(wanted, key=_sort_key) == sorted(known, key=_sort_key):
        log.info("The registered commands are up to date.")
        return
    synced = await bot.tree.sync()
    log.info("Registered %d commands with Discord.", len(synced))


async def remove_commands(bot: commands.AutoShardedBot) -> AsyncGenerator[RemovedCommands]:
    """Remove the application's global commands, and those of each server that has any; the bot itself makes no such.

    Raises:
        discord.HTTPException: Discord refuses to remove the global commands, or cannot be reached.
    """
    application_id, http = bot.application_id or 0, bot.http
    known: list[dict[str, Any]] = [{**command} for command in await http.get_global_commands(application_id)]
    kept = [command for command in known if command.get("type") == _ENTRY_POINT]
    if len(kept) < len(known):
        await http.bulk_upsert_global_commands(application_id, kept)
    yield RemovedCommands(_list_names(known))
    async for guild in bot.fetch_guilds(limit=None, with_counts=False):
        try:
            local = await http.get_guild_commands(application_id, guild.id)
            if local:
                await http.bulk_upsert_guild_commands(application_id, guild.id, [])
                yield RemovedCommands(_list_names(local), _name_guild(guild))
        except discord.Forbidden as refused:
            yield RemovedCommands((), _name_guild(guild), summarize_error(refused))


def _name_guild(guild: discord.Guild) -> str:
    return f"{clean_and_cut(guild.name, _MAX_NAME_LENGTH)} ({guild.id})"


def _list_names(known: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the names as members see them: a slash command with its slash, an entry of a menu without."""
    removed = (command for command in known if command.get("type") != _ENTRY_POINT)
    return tuple(
        sorted(("/" if one.get("type", _SLASH_COMMAND) == _SLASH_COMMAND else "") + one["name"] for one in removed)
    )


def _sort_key(command: dict[str, Any]) -> tuple[int, str]:
    return command["type"], command["name"]


def _normalize(data: dict[str, Any]) -> dict[str, Any]:
    """Keep the fields that the bot sets; Discord adds ids, versions and defaults."""
    return {
        "type": int(data.get("type") or 1),
        "name": data["name"],
        "description": data.get("description") or "",
        "options": [_normalize_option(option) for option in data.get("options") or ()],
        "integration_types": sorted(data.get("integration_types") or ()),
        "contexts": sorted(data.get("contexts") or ()),
        "default_member_permissions": str(data.get("default_member_permissions") or ""),
    }


def _normalize_option(option: dict[str, Any]) -> dict[str, Any]:
    fields = ("name", "description", "required", "autocomplete", "min_length", "max_length", "min_value", "max_value")
    found = {name: option.get(name) or None for name in fields}
    found["type"] = int(option.get("type") or 0)
    found["choices"] = [(choice["name"], choice["value"]) for choice in option.get("choices") or ()]
    found["options"] = [_normalize_option(inner) for inner in option.get("options") or ()]
    return found
