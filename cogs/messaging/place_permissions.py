"""What the bot may do where a message is, as far as the gateway's cache knows."""

import discord

from bot.entities import Place
from cogs.text.permission_names import list_missing_permissions


def _find_guild(bot: discord.Client, place: Place) -> discord.Guild | None:
    """Return the server of a message; None where the cache does not know it, or not the bot's membership in it."""
    guild = bot.get_guild(place.guild_id) if place.guild_id else None
    return None if guild is None or guild.unavailable else guild


def find_permissions(bot: discord.Client, place: Place) -> discord.Permissions | None:
    """Return the bot's permissions in a channel or thread; None where the cache does not know them, as in a DM."""
    guild = _find_guild(bot, place)
    channel = guild.get_channel_or_thread(place.channel_id) if guild else None
    if guild is None or channel is None or (isinstance(channel, discord.Thread) and channel.parent is None):
        return None
    return channel.permissions_for(guild.me)


def describe_missing_permissions(bot: discord.Client, place: Place) -> str:
    """Say for the log what the bot lacks where a message is; "" if the cache knows of nothing."""
    guild = _find_guild(bot, place)
    if guild is not None and guild.me.is_timed_out():
        return f"the bot is timed out in {guild.name} until {guild.me.timed_out_until:%Y-%m-%d %H:%M} UTC"
    granted = find_permissions(bot, place)
    missing = list_missing_permissions(granted) if granted is not None else []
    return f"missing there: {', '.join(missing)}" if missing else ""


def may_accept_edits(bot: discord.Client, place: Place) -> bool:
    """Return False where the cache knows that Discord refuses every edit; an unknown place may accept them.

    An edit of the bot's own message needs only View Channel: Discord's staff in discord-api-docs #3096.
    """
    guild = _find_guild(bot, place)
    if guild is None:
        return True
    channel = guild.get_channel_or_thread(place.channel_id)
    is_closed = isinstance(channel, discord.Thread) and channel.archived
    granted = find_permissions(bot, place)
    return not is_closed and not guild.me.is_timed_out() and (granted is None or granted.view_channel)


def is_in_channel(bot: discord.Client, place: Place, channel_id: int) -> bool:
    """Return whether a message is in a channel, or in a thread of it; also if the cache does not know its thread."""
    guild = _find_guild(bot, place)
    channel = guild.get_channel_or_thread(place.channel_id) if guild else None
    return channel is None or channel_id in {
        channel.id,
        channel.parent_id if isinstance(channel, discord.Thread) else 0,
    }
