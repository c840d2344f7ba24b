"""What the bot lacks where a message is, from the gateway's cache."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
import pytest

from cogs.messaging.place_permissions import describe_missing_permissions, find_permissions
from tests.cogs.messaging.editor_room import Room


@pytest.mark.parametrize("changed", [{"guild_id": 0}, {"guild_id": 999}, {"channel_id": 999}])
async def test_nothing_is_known_of_a_dm_another_server_or_a_thread_that_is_not_cached(
    room: Room, changed: dict[str, Any]
) -> None:
    place = replace(room.place(), **changed)
    assert find_permissions(room.client, place) is None
    assert describe_missing_permissions(room.client, place) == ""


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
