"""Read what Discord tells about a server for its settings: its roles, its channels, and the bot's permissions there."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import discord

from bot.entities import Rules
from bot.json_values import is_json_object
from bot.policy.rules import SpendingPolicy
from cogs.context import Interaction
from cogs.languages import _
from cogs.messaging.channels.gallery import GALLERY
from cogs.messaging.channels.log_channel import LOG_CHANNEL
from cogs.text.permission_names import PERMISSION_NAMES
from cogs.views.panels.server_snapshot import ServerSnapshot


def build_snapshot(interaction: Interaction, rules: Rules, policy: SpendingPolicy) -> ServerSnapshot:
    """Return what the panel shows about a server; what was picked just now exists, whatever the cache knows."""
    guild = interaction.guild
    picked = _read_resolved(interaction, "channels")
    is_known = guild is not None and not guild.unavailable
    return ServerSnapshot(
        guild_id=interaction.guild_id or 0,
        rules=rules,
        at=interaction.client.clock.now(),
        roles={*(role.id for role in guild.roles), *_read_resolved(interaction, "roles")}
        if guild and is_known
        else None,
        channels={*(one.id for one in guild.channels), *picked} if guild and is_known else None,
        missing=dict(_find_missing(guild, rules, picked)) if guild and is_known else {},
        currency=policy.prices.currency,
        daily_limits=(policy.daily_submits_per_person, policy.daily_submits),
    )


def _read_resolved(interaction: Interaction, kind: str) -> Mapping[int, Mapping[str, Any]]:
    """Return Discord's raw data of the roles or channels that were picked, by id."""
    data: Mapping[str, Any] = interaction.data or {}
    resolved = data.get("resolved")
    found = resolved.get(kind) if is_json_object(resolved) else None
    pairs = found.items() if is_json_object(found) else ()
    return {int(key): value for key, value in pairs if str(key).isdecimal() and is_json_object(value)}


def _find_missing(
    guild: discord.Guild, rules: Rules, picked: Mapping[int, Mapping[str, Any]]
) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the channels of the log and the gallery in which the bot lacks a permission, with the names of those."""
    wanted: dict[int, set[str]] = {}
    for kind in (LOG_CHANNEL, GALLERY):
        wanted.setdefault(kind.choose_channel(rules.server), set()).update(kind.permissions)
    for channel_id, flags in wanted.items():
        granted = _find_granted(guild, channel_id, picked.get(channel_id, {}))
        if granted is None or granted.administrator:
            continue
        missing = [_(name) for flag, name in PERMISSION_NAMES.items() if flag in flags and not getattr(granted, flag)]
        if missing:
            yield channel_id, missing


def _find_granted(guild: discord.Guild, channel_id: int, picked: Mapping[str, Any]) -> discord.Permissions | None:
    """Return the bot's permissions in a channel: as Discord sends them with a picked one, or as the cache knows them.

    discord.py 2.7.1 does not read the `app_permissions` of picked channels, which Discord sends since 2026-07-16.
    """
    sent = str(picked.get("app_permissions", ""))
    if sent.isdecimal():
        return discord.Permissions(int(sent))
    channel = guild.get_channel(channel_id)
    return channel.permissions_for(guild.me) if channel else None
