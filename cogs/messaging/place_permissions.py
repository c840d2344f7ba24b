"""What the bot may do where a message is, as far as the gateway's cache knows."""

import discord

from bot.entities import Place
from cogs.text.permission_names import list_missing_permissions


def find_permissions(bot: discord.Client, place: Place) -> discord.Permissions | None:
    """Return the bot's permissions in a channel or thread; None where the cache does not know them, as in a DM."""
    guild = bot.get_guild(place.guild_id) if place.guild_id else None
    channel = guild.get_channel_or_thread(place.channel_id) if guild else None
    if guild is None or channel is None or (isinstance(channel, discord.Thread) and channel.parent is None):
        return None
    return channel.permissions_for(guild.me)


def describe_missing_permissions(bot: discord.Client, place: Place) -> str:
    """Say for the log what the bot lacks where a message is; "" if the cache knows of nothing."""
    guild = bot.get_guild(place.guild_id) if place.guild_id else None
    if guild is not None and guild.me.is_timed_out():
        return f"the bot is timed out in {guild.name} until {guild.me.timed_out_until:%Y-%m-%d %H:%M} UTC"
    granted = find_permissions(bot, place)
    missing = list_missing_permissions(granted) if granted is not None else []
    return f"missing there: {', '.join(missing)}" if missing else ""
