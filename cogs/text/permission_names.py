"""The permissions that the bot needs, by the names that Discord's settings show; translated where people read them."""

import discord

from cogs.languages import N_

PERMISSION_NAMES = {
    "view_channel": N_("View Channels"),
    "send_messages": N_("Send Messages"),
    "send_messages_in_threads": N_("Send Messages in Threads"),
    "embed_links": N_("Embed Links"),
    "attach_files": N_("Attach Files"),
    "read_message_history": N_("Read Message History"),
}


def list_missing_permissions(granted: discord.Permissions) -> list[str]:
    """Return the names of the required permissions that are not granted, in English: translate them where shown."""
    if granted.administrator:  # implies all others
        return []
    return [name for flag, name in PERMISSION_NAMES.items() if not getattr(granted, flag)]
