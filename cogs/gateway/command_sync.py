"""Registers the commands with Discord, and only where they differ from what Discord has."""

import logging
from typing import Any

from discord import app_commands
from discord.ext import commands

log = logging.getLogger(__name__)


async def sync_commands(bot: commands.AutoShardedBot) -> None:
    """Compare our commands with Discord's, and send them where they differ.

    Raises:
        discord.HTTPException: Discord refuses them, or cannot be asked.
    """
    wanted = [_wanted(command, bot.tree) for command in bot.tree.get_commands()]
    # As they are on the wire: discord.py 2.7.1's AppCommand gives contexts and installs back shifted by one.
    known = [_compared({**command}) for command in await bot.http.get_global_commands(bot.application_id or 0)]
    if sorted(wanted, key=_order) == sorted(known, key=_order):
        log.info("The commands are as Discord has them.")
        return
    synced = await bot.tree.sync()
    log.info("Registered %d commands with Discord.", len(synced))


def _order(command: dict[str, Any]) -> tuple[int, str]:
    return command["type"], command["name"]


def _wanted(command: Any, tree: app_commands.CommandTree[Any]) -> dict[str, Any]:  # noqa: ANN401 - three kinds of command
    return _compared(command.to_dict(tree))


def _compared(data: dict[str, Any]) -> dict[str, Any]:
    """Keep what we set; Discord adds ids, versions and defaults of its own."""
    options = [_option(option) for option in data.get("options") or ()]
    return {
        "type": int(data.get("type") or 1),
        "name": data["name"],
        "description": data.get("description") or "",
        "options": options,
        "integration_types": sorted(data.get("integration_types") or ()),
        "contexts": sorted(data.get("contexts") or ()),
        "default_member_permissions": str(data.get("default_member_permissions") or ""),
    }


def _option(option: dict[str, Any]) -> dict[str, Any]:
    kept = ("name", "description", "required", "autocomplete", "min_length", "max_length", "min_value", "max_value")
    found = {name: option.get(name) or None for name in kept}
    found["type"] = int(option.get("type") or 0)
    found["choices"] = [(choice["name"], choice["value"]) for choice in option.get("choices") or ()]
    found["options"] = [_option(inner) for inner in option.get("options") or ()]
    return found
