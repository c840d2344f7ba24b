"""What the bot lacks where a message is, from the gateway's cache."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
import pytest

from cogs.messaging.place_permissions import (
    describe_missing_permissions,
    find_permissions,
    is_in_channel,
    may_accept_edits,
)
from tests.cogs.messaging.editor_room import Room


@pytest.mark.parametrize("changed", [{"guild_id": 0}, {"guild_id": 999}, {"channel_id": 999}])
async def test_nothing_is_known_of_a_dm_another_server_or_a_thread_that_is_not_cached(
    room: Room, changed: dict[str, Any]
) -> None:
    place = replace(room.place(), **changed)
    assert find_permissions(room.client, place) is None
    assert describe_missing_permissions(room.client, place) == ""
    assert may_accept_edits(room.client, place)
    assert is_in_channel(room.client, place, room.place().channel_id)


async def test_nothing_is_known_of_a_server_that_is_unavailable(room: Room) -> None:
    """At a start, the cache does not know the bot's membership yet."""
    guild = room.client.get_guild(room.server.guild_id)
    assert guild is not None
    guild.unavailable = True
    guild._members.clear()
    assert find_permissions(room.client, room.place()) is None
    assert describe_missing_permissions(room.client, room.place()) == ""
    assert may_accept_edits(room.client, room.place())


@pytest.mark.parametrize(
    ("granted", "said"),
    [
        ({"attach_files": False}, "missing there: Attach Files"),
        ({"attach_files": False, "embed_links": False}, "missing there: Embed Links, Attach Files"),
        ({}, ""),
    ],
)
async def test_what_is_missing_is_named(room: Room, granted: dict[str, bool], said: str) -> None:
    guild = room.client.get_guild(room.server.guild_id)
    assert guild is not None
    permissions = discord.Permissions.all()
    permissions.update(administrator=False, **granted)
    for role in guild.me.roles:
        role._permissions = permissions.value
    assert describe_missing_permissions(room.client, room.place()) == said
    guild.me.timed_out_until = discord.utils.utcnow() + timedelta(hours=1)
    assert "the bot is timed out" in describe_missing_permissions(room.client, room.place())


@pytest.mark.parametrize(
    ("permissions", "is_timed_out", "accepts"),
    [
        (discord.Permissions(view_channel=True), False, True),
        (discord.Permissions(view_channel=True), True, False),
        (discord.Permissions(send_messages=True, attach_files=True, embed_links=True), False, False),
        (discord.Permissions(administrator=True), False, True),
    ],
)
async def test_where_edits_may_be_accepted(
    room: Room, permissions: discord.Permissions, *, is_timed_out: bool, accepts: bool
) -> None:
    guild = room.client.get_guild(room.server.guild_id)
    assert guild is not None
    for role in guild.me.roles:
        role._permissions = permissions.value
    guild.me.timed_out_until = discord.utils.utcnow() + timedelta(hours=1) if is_timed_out else None
    assert may_accept_edits(room.client, room.place()) is accepts


@pytest.mark.parametrize("archived", [True, False])
async def test_an_archived_thread_accepts_no_edits(room: Room, *, archived: bool) -> None:
    guild = room.client.get_guild(room.server.guild_id)
    assert guild is not None
    parent, other = (one.id for one in room.server.channels[:2])
    metadata = {"archived": archived, "auto_archive_duration": 60, "archive_timestamp": "2026-01-01T00:00:00+00:00"}
    data: Any = {"id": 77, "parent_id": parent, "owner_id": 1, "name": "t", "type": 11, "thread_metadata": metadata}
    data |= {"message_count": 0, "member_count": 1}
    guild._add_thread(discord.Thread(guild=guild, state=guild._state, data=data))
    place = replace(room.place(), channel_id=77)
    assert may_accept_edits(room.client, place) is not archived
    assert is_in_channel(room.client, place, parent)
    assert is_in_channel(room.client, place, 77)
    assert not is_in_channel(room.client, place, other)
