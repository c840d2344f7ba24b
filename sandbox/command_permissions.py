"""The route that lists what a server's Integrations page sets, which SimCord lacks."""

from functools import cache
from typing import Any

from simcord.http.router import RequestContext, route


@cache
def add_permissions_route() -> None:
    """Add the route to SimCord."""
    route("GET", "/applications/{application_id}/guilds/{guild_id}/commands/permissions")(_list_command_permissions)


def _list_command_permissions(context: RequestContext) -> list[dict[str, Any]]:
    """Return the entries of each command that has any, and of the application."""
    guild_id = context.int_arg("guild_id")
    return [
        {
            "id": str(target_id),
            "application_id": context.args["application_id"],
            "guild_id": str(guild_id),
            "permissions": list(entries),
        }
        for (guild, target_id), entries in context.backend.command_permissions.items()
        if guild == guild_id
    ]
