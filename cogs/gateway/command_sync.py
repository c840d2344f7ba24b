"""Register the commands with Discord, if they differ from the registered ones."""

import logging
from typing import Any

from discord.ext import commands

log = logging.getLogger(__name__)


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
