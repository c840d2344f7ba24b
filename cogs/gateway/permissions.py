"""The permissions that the bot asks for."""

import discord

from cogs.text.permission_names import PERMISSION_NAMES

REQUIRED_PERMISSIONS = discord.Permissions(**dict.fromkeys(PERMISSION_NAMES, True))
"""The minimum in a server; the invite link requests exactly these."""


def build_invite_url(application_id: int) -> str:
    """Return the link that adds the bot to a server."""
    return discord.utils.oauth_url(
        application_id, permissions=REQUIRED_PERMISSIONS, scopes=("bot", "applications.commands")
    )


def build_user_install_url(application_id: int) -> str:
    """Return the link that installs the bot's commands for one person, in any channel where that person can write."""
    return discord.utils.oauth_url(application_id, scopes=("applications.commands",)) + "&integration_type=1"
