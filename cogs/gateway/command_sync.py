"""Register the commands with Discord, if they differ from the registered ones; or remove them all."""

import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands
from discord.http import Route

from cogs.messaging.responses import summarize_error
from cogs.text.markdown import clean_and_cut

log = logging.getLogger(__name__)

_SLASH_COMMAND, _ENTRY_POINT = 1, 4
"""Types of commands; Discord refuses to remove an entry point, which it made itself, with the others."""
_MAX_NAME_LENGTH = 100
_MAX_REFUSAL_LENGTH = 300


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
    known = await _fetch_known_commands(bot)
    if await _list_wanted_commands(bot) == known:
        log.info("The registered commands are up to date.")
        return
    try:
        synced = await bot.tree.sync()
    except app_commands.CommandSyncFailure as refused:
        if (translator := bot.tree.translator) is None:
            raise
        log.warning("Discord refuses the commands: %s. They are registered without translations.", _summarize(refused))
        await bot.tree.set_translator(None)
        try:
            await sync_commands(bot)
        finally:
            await bot.tree.set_translator(translator)
    else:
        log.info("Registered %d commands with Discord.", len(synced))


async def _list_wanted_commands(bot: commands.AutoShardedBot) -> list[dict[str, Any]]:
    """Return the commands of this process in their order, translated if the tree has a translator."""
    tree = bot.tree
    payloads = [
        await command.get_translated_payload(tree, tree.translator) if tree.translator else command.to_dict(tree)
        for command in tree.get_commands()
    ]
    return sorted(map(_normalize, payloads), key=_sort_key)


async def _fetch_known_commands(bot: commands.AutoShardedBot) -> list[dict[str, Any]]:
    """Return the registered commands in their order.

    As JSON, because AppCommand of discord.py 2.7.1 reads contexts and installs shifted by one; by a request of its own,
    because that of discord.py asks for no translations.
    """
    route = Route("GET", "/applications/{application_id}/commands", application_id=bot.application_id or 0)
    known: list[dict[str, Any]] = await bot.http.request(route, params={"with_localizations": "true"})
    return sorted((_normalize(command) for command in known), key=_sort_key)


def _summarize(refused: app_commands.CommandSyncFailure) -> str:
    return clean_and_cut(" ".join(str(refused).split()), _MAX_REFUSAL_LENGTH)


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
        **_normalize_translations(data, "name", "description"),
        "options": [_normalize_option(option) for option in data.get("options") or ()],
        "integration_types": sorted(data.get("integration_types") or ()),
        "contexts": sorted(data.get("contexts") or ()),
        "default_member_permissions": str(data.get("default_member_permissions") or ""),
    }


def _normalize_option(option: dict[str, Any]) -> dict[str, Any]:
    fields = ("name", "description", "required", "autocomplete", "min_length", "max_length", "min_value", "max_value")
    found = {name: option.get(name) or None for name in fields}
    found |= _normalize_translations(option, "name", "description")
    found["type"] = int(option.get("type") or 0)
    found["choices"] = [
        (choice["name"], choice["value"], _normalize_translations(choice, "name"))
        for choice in option.get("choices") or ()
    ]
    found["options"] = [_normalize_option(inner) for inner in option.get("options") or ()]
    return found


def _normalize_translations(data: Mapping[str, Any], *fields: str) -> dict[str, dict[str, str]]:
    """Keep the translations that differ from the field itself: Discord drops the others."""
    found: dict[str, dict[str, str]] = {}
    for name in (f"{field}_localizations" for field in fields):
        given: Mapping[str, str] = data.get(name) or {}
        own = data.get(name.removesuffix("_localizations"))
        found[name] = {locale: text for locale, text in given.items() if text != own}
    return found
