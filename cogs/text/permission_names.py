"""The permissions that the bot needs, by the names that Discord's settings show. Pure."""

import discord

PERMISSION_NAMES = {
    "view_channel": "View Channels",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
}


def list_missing_permissions(granted: discord.Permissions) -> list[str]:
    """Return the names of the required permissions that are not granted, as Discord's settings show them."""
    if granted.administrator:  # implies all others
        return []
    return [name for flag, name in PERMISSION_NAMES.items() if not getattr(granted, flag)]
