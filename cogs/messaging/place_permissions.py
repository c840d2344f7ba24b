"""What the bot may do where a message is, as far as the gateway's cache knows."""

import discord

from bot.entities import Place
from cogs.text.permission_names import list_missing_permissions

_GuildChannel = (
    discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.ForumChannel | discord.CategoryChannel
)


def _find_guild(bot: discord.Client, place: Place) -> discord.Guild | None:
    """Return the server of a message; None where the cache does not know it, or not the bot's membership in it."""
    guild = bot.get_guild(place.guild_id) if place.guild_id else None
    return None if guild is None or guild.unavailable else guild


def find_permissions(bot: discord.Client, place: Place) -> discord.Permissions | None:
    """Return the bot's permissions in a channel or thread; None where the cache does not know them, as in a DM."""
    return find_channel_permissions(bot, place.guild_id, place.channel_id)


def find_channel_permissions(bot: discord.Client, guild_id: int, channel_id: int) -> discord.Permissions | None:
    """Return the bot's permissions in a channel or thread of a server; None where the cache does not know them."""
    channel = _find_channel(bot, guild_id, channel_id)
    return channel.permissions_for(channel.guild.me) if channel else None


def find_age_restriction(bot: discord.Client, guild_id: int, channel_id: int) -> bool | None:
    """Return whether a channel is age-restricted, a thread as its parent; None where the cache does not know it."""
    channel = _find_channel(bot, guild_id, channel_id)
    return channel.is_nsfw() if channel else None


def _find_channel(bot: discord.Client, guild_id: int, channel_id: int) -> _GuildChannel | discord.Thread | None:
    guild = bot.get_guild(guild_id) if guild_id else None
    channel = guild.get_channel_or_thread(channel_id) if guild and not guild.unavailable else None
    return None if isinstance(channel, discord.Thread) and channel.parent is None else channel


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
