"""Convert Discord's interactions to the places and persons that bot/ knows."""

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import discord

from bot.clock import Clock
from bot.entities import Person, Place
from bot.languages import Language
from bot.policy.task_privacy import Viewer
from cogs.languages.choice import LanguageChoice

Interaction = discord.Interaction[Any]

CLICK_EVENT, MODAL_EVENT = "component_click", "modal_submit"
INTERACTION_EVENTS = {
    discord.InteractionType.component: CLICK_EVENT,
    discord.InteractionType.modal_submit: MODAL_EVENT,
}
"""The events that the bot dispatches with the interaction, for all components and modals of Discord."""

_TOKEN_LIFETIME = timedelta(minutes=15)
_LONGEST_WAIT = timedelta(seconds=5)
"""Discord accepts a first response within 3 s."""
_RECEIVED_AT = "received_at"
_IS_HANDLED = "is_handled"
_MESSAGE_LINK = re.compile(r"https://discord\.com/channels/(?:@me|[0-9]{1,20})/[0-9]{1,20}/([0-9]{1,20})")


def note_receipt(interaction: Interaction) -> None:
    """Remember when this process received an interaction, and compare its clock with Discord's."""
    clock: Clock = interaction.client.clock
    if _RECEIVED_AT not in interaction.extras:
        interaction.extras[_RECEIVED_AT] = clock.monotonic()
        clock.record_id_time(interaction.expires_at.astimezone(UTC) - _TOKEN_LIFETIME)


def mark_as_handled(interaction: Interaction) -> None:
    """Remember that a handler of this process answers an interaction, however long that takes."""
    interaction.extras[_IS_HANDLED] = True


def is_handled(interaction: Interaction) -> bool:
    """Return whether a handler of this process answers an interaction."""
    return bool(interaction.extras.get(_IS_HANDLED))


def _compute_token_expiry(interaction: Interaction) -> datetime:
    """Return when an interaction's token expires: 15 minutes after Discord made its id.

    By this process's clock, should that differ: Discord accepted a response to it, so its token was new.
    """
    expires_at = interaction.expires_at.astimezone(UTC)
    received: float | None = interaction.extras.get(_RECEIVED_AT)
    if received is None:
        return expires_at
    clock: Clock = interaction.client.clock
    received_at = clock.convert_to_time(received)  # the clock may have been corrected since
    if received_at < expires_at <= received_at + _TOKEN_LIFETIME:
        return expires_at
    return received_at + _TOKEN_LIFETIME - _LONGEST_WAIT


def to_person(user: discord.abc.User) -> Person:
    """Convert a user, with the name and avatar that messages show."""
    return Person(user.id, user.display_name, user.display_avatar.with_size(64).url)


def is_reachable(interaction: Interaction) -> bool:
    """Return whether the bot can see the channel without the interaction's token: its own DM, or a server's."""
    if interaction.context.dm_channel:
        return True
    return is_bot_in_guild(interaction) and interaction.app_permissions.view_channel


def is_bot_in_guild(interaction: Interaction) -> bool:
    """Return whether the bot is in this server; a person's own install works in other servers too."""
    guild_id = interaction.guild_id
    return guild_id is not None and interaction.client.get_guild(guild_id) is not None


def get_role_ids(interaction: Interaction) -> tuple[int, ...]:
    """Return the ids of the person's roles in this server, with that of @everyone; () outside servers."""
    user = interaction.user
    return get_member_role_ids(user) if isinstance(user, discord.Member) else ()


def get_member_role_ids(member: discord.Member) -> tuple[int, ...]:
    """Return the ids of a member's roles as Discord told them, with that of @everyone.

    `Member.roles` lacks those that the cache does not have, as after an outage of the server; rules name them all the
    same.
    """
    return (member.guild.id, *member._roles)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def get_channel_ids(interaction: Interaction) -> tuple[int, ...]:
    """Return the ids of the channel and, for a thread, of its parent."""
    parent = interaction.channel.parent_id if isinstance(interaction.channel, discord.Thread) else None
    return tuple(filter(None, (interaction.channel_id, parent)))


def is_age_restricted(interaction: Interaction) -> bool | None:
    """Return whether the channel is age-restricted; a thread counts as its parent. None where Discord does not tell."""
    channel = interaction.channel
    if isinstance(channel, discord.Thread) and channel.parent is None:
        return None
    return channel.is_nsfw() if isinstance(channel, discord.abc.GuildChannel | discord.Thread) else None


def choose_language(interaction: Interaction, *, private: bool) -> Language:
    """Return the language of an answer that only the person sees, or everyone in the channel."""
    languages: LanguageChoice = interaction.client.languages
    return languages.choose_for_person(interaction) if private else languages.choose_for_message(interaction)


def to_place(interaction: Interaction, message_id: int, *, ephemeral: bool) -> Place:
    """Return the place of a message that this interaction sent or clicked."""
    return Place(
        channel_id=interaction.channel_id or 0,
        message_id=message_id,
        guild_id=interaction.guild_id or 0,
        application_id=interaction.application_id,
        token=interaction.token,
        token_expires_at=_compute_token_expiry(interaction),
        ephemeral=ephemeral,
        reachable=not ephemeral and is_reachable(interaction),
        language=choose_language(interaction, private=ephemeral),
    )


def get_clicked_place(interaction: Interaction) -> Place:
    """Return the place of the clicked message."""
    message = interaction.message
    if message is None:
        raise TypeError("a click has a message")
    return to_place(interaction, message.id, ephemeral=message.flags.ephemeral)


def find_linked_place(link: str, interaction: Interaction) -> Place:
    """Return the place of the message that a link of the clicked one names; without a link, the clicked one's."""
    here = get_clicked_place(interaction)
    found = _MESSAGE_LINK.fullmatch(link)
    return to_place(interaction, int(found[1]), ephemeral=False) if found else here


def get_viewer(interaction: Interaction) -> Viewer:
    """Return the person of an interaction, with what Discord lets them see."""
    clicked = get_clicked_place(interaction) if interaction.message else None
    return Viewer(person_id=interaction.user.id, can_view=partial(_can_view, interaction), clicked=clicked)


def _can_view(interaction: Interaction, guild_id: int, channel_id: int) -> bool | None:
    """Return whether the person of an interaction can view a channel; None where their permissions are not known.

    They see the channel that they are in. Discord tells a bot their roles in the interaction's own server only, and its
    channels only if the bot is in there; of threads, it tells those that are not archived.
    """
    if channel_id == interaction.channel_id:
        return True
    guild = interaction.client.get_guild(guild_id) if guild_id and guild_id == interaction.guild_id else None
    channel = guild.get_channel_or_thread(channel_id) if guild else None
    if channel is None or not isinstance(interaction.user, discord.Member):
        return None
    if isinstance(channel, discord.Thread) and channel.parent is None:
        return None
    granted: discord.Permissions = channel.permissions_for(interaction.user)
    if isinstance(channel, discord.VoiceChannel | discord.StageChannel):
        return granted.view_channel and granted.connect  # without both, its chat stays closed
    if isinstance(channel, discord.Thread) and channel.is_private() and not granted.manage_threads:
        return None  # only its members see it, and without a privileged intent Discord does not tell who they are
    return granted.view_channel


def get_requester(message: discord.Message | None) -> discord.abc.User | None:
    """Return the user who requested a message of the bot, from Discord's metadata; None if it has none."""
    metadata = message.interaction_metadata if message else None
    return metadata.user if metadata else None
