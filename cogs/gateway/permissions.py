"""The permissions that the bot needs, and their names in Discord's settings."""

import discord

REQUIRED_PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
)
"""The minimum in a server; the invite link requests exactly these."""

_NAMES = {
    "view_channel": "View Channels",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
}


def list_missing_permissions(granted: discord.Permissions) -> list[str]:
    """Return the names of the required permissions that are not granted, as Discord's settings show them."""
    return [name for flag, name in _NAMES.items() if not getattr(granted, flag)]


def build_invite_url(application_id: int) -> str:
    """Return the link that adds the bot to a server."""
    return discord.utils.oauth_url(
        application_id, permissions=REQUIRED_PERMISSIONS, scopes=("bot", "applications.commands")
    )


def build_user_install_url(application_id: int) -> str:
    """Return the link that installs the bot's commands for one person, in any channel where that person can write."""
    return discord.utils.oauth_url(application_id, scopes=("applications.commands",)) + "&integration_type=1"
