"""What the bot may do where a message is, as far as the gateway's cache knows."""

from collections.abc import Mapping

import discord

from bot.entities import Place
from cogs.text.permission_names import list_missing_permissions

_GuildChannel = (
    discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.ForumChannel | discord.CategoryChannel
)

_VoiceChannel = discord.VoiceChannel | discord.StageChannel
"""Channels whose chat is closed to who may not connect."""


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


def may_show_elsewhere(bot: discord.Client, guild_id: int, source_id: int, target_id: int) -> bool:
    """Return whether what is in one channel may be shown in another: all who see that one see the source, too.

    So it is where @everyone sees the source. A private thread, and a source that the cache does not know, may not be
    shown. Of bots it does not matter what they see.
    """
    source, target = (_find_channel(bot, guild_id, channel_id) for channel_id in (source_id, target_id))
    if isinstance(source, discord.Thread):
        source = None if source.is_private() else source.parent
    if isinstance(target, discord.Thread):
        target = target.parent  # who sees a thread sees its channel
    if source is None:
        return False
    granted, is_voice = source.permissions_for(source.guild.default_role), isinstance(source, _VoiceChannel)
    if granted.view_channel and (granted.connect or not is_voice):
        return True
    return target is not None and not is_voice and _is_seen_by_all_of(source, target)


def _is_seen_by_all_of(source: _GuildChannel, target: _GuildChannel) -> bool:
    """Return whether all who see the target see the source, as far as roles tell: False where that is not certain.

    It is certain where both have the same overwrites. Else, each role and each member that sees the target must see
    the source, and no overwrite of the source may hide it from some of them: one denied role hides it from members who
    have others. The base permissions are the server's, the same for both.
    """
    seen_in, shown_in = _list_view_overwrites(source), _list_view_overwrites(target)
    if seen_in == shown_in:
        return True
    guild = source.guild
    roles = [role for role in guild.roles if not role.is_bot_managed()]
    named = shown_in.keys() - {role.id for role in guild.roles}
    return (
        not any(not is_seen for holder_id, is_seen in seen_in.items() if holder_id != guild.id)
        and all(seen_in.get(member_id) for member_id in named if shown_in[member_id])
        and all(_can_view(source, role) for role in roles if _can_view(target, role))
    )


def _list_view_overwrites(channel: _GuildChannel) -> Mapping[int, bool]:
    """Return for whom a channel's overwrites grant or deny View Channel: ids of roles and of members, without bots."""
    return {
        holder.id: overwrite.view_channel
        for holder, overwrite in channel.overwrites.items()
        if overwrite.view_channel is not None and not _is_bot(holder)
    }


def _is_bot(holder: discord.Role | discord.Member | discord.Object) -> bool:
    return holder.is_bot_managed() if isinstance(holder, discord.Role) else getattr(holder, "bot", False)


def _can_view(channel: _GuildChannel, role: discord.Role) -> bool:
    return channel.permissions_for(role).view_channel


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
