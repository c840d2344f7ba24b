"""What the bot lacks where a message is, from the gateway's cache."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Final

import discord
import pytest

from cogs.messaging.place_permissions import (
    describe_missing_permissions,
    find_permissions,
    is_in_channel,
    may_accept_edits,
    may_show_elsewhere,
)
from tests.cogs.messaging.editor_room import Room

VIEW: Final = str(discord.Permissions(view_channel=True).value)
META: Final = {"archived": False, "auto_archive_duration": 60, "archive_timestamp": "2026-11-29T00:00:00+00:00"}


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


ROLES = {6: VIEW, 10: "0", 11: VIEW, 12: "0", 13: "8"}
"""The permissions of each role of a server where @everyone (6) views channels, as roles 11 and 13 do."""


def build_client(
    everyone: str, channels: Sequence[Mapping[str, Any]], threads: Sequence[Mapping[str, Any]] = ()
) -> Any:  # noqa: ANN401
    """Return a client whose cache holds a server with these channels."""
    state: Any = SimpleNamespace(
        self_id=1, shard_count=None, member_cache_flags=discord.MemberCacheFlags.none(), cache_guild_expressions=False
    )
    roles = [
        {"id": role_id, "name": "role", "position": role_id, "permissions": everyone if role_id == 6 else granted}
        for role_id, granted in ROLES.items()
    ]
    roles += [{"id": 19, "name": "a bot", "position": 19, "permissions": "0", "tags": {"bot_id": 1}}]
    data: Any = {"id": 6, "name": "server", "roles": roles, "channels": channels, "threads": threads}
    guild = discord.Guild(data=data, state=state)
    return SimpleNamespace(get_guild=lambda guild_id: guild if guild_id == 6 else None)  # pyright: ignore[reportUnknownLambdaType]


def channel(channel_id: int, overwrites: Mapping[int, bool], kind: int = 0) -> Mapping[str, Any]:
    """Return a channel that is shown to, or hidden from, these roles (below 20) and members."""
    given = [
        {"id": holder, "type": int(holder >= 20), "allow": VIEW if seen else "0", "deny": "0" if seen else VIEW}
        for holder, seen in overwrites.items()
    ]
    return {"id": channel_id, "type": kind, "name": "x", "position": 0, "permission_overwrites": given}


@pytest.mark.parametrize(
    ("everyone", "source", "target", "may_show"),
    [
        pytest.param(VIEW, {}, {}, True, id="open"),
        pytest.param(VIEW, {}, {6: False, 10: True}, True, id="open, shown to a few"),
        pytest.param(VIEW, {10: False}, {}, True, id="everyone sees the source"),
        pytest.param(VIEW, {6: False}, {}, False, id="hidden"),
        pytest.param(VIEW, {6: False, 10: True}, {}, False, id="for one role"),
        pytest.param(VIEW, {6: False, 20: True}, {}, False, id="for one member"),
        pytest.param(VIEW, {6: False, 10: True}, {6: False, 10: True}, True, id="for the same role"),
        pytest.param(VIEW, {6: False, 10: True, 12: True}, {6: False, 10: True}, True, id="for more roles"),
        pytest.param(VIEW, {6: False, 10: True}, {6: False, 10: True, 12: True}, False, id="for fewer roles"),
        pytest.param(VIEW, {6: False, 10: True}, {6: False, 10: True, 19: True}, True, id="a bot reads along"),
        pytest.param(VIEW, {6: False, 10: True}, {6: False, 13: True}, True, id="administrators read it"),
        pytest.param(VIEW, {6: False, 20: True}, {6: False, 20: True, 13: True}, True, id="for the same member"),
        pytest.param(VIEW, {6: False, 20: True}, {6: False, 21: True}, False, id="for another member"),
        pytest.param(VIEW, {6: False, 10: True}, {6: False, 20: True}, False, id="a member who may lack the role"),
        pytest.param(VIEW, {6: False, 10: True, 12: False}, {6: False, 10: True, 13: True}, False, id="denied role"),
        pytest.param("0", {}, {}, True, id="both for verified members"),
        pytest.param("0", {}, {6: True}, False, id="verified only"),
        pytest.param("0", {}, {11: False, 13: True}, True, id="readers are verified"),
    ],
)
def test_what_is_shown_elsewhere(
    everyone: str, source: dict[int, bool], target: dict[int, bool], *, may_show: bool
) -> None:
    client = build_client(everyone, [channel(50, source), channel(60, target)])
    assert may_show_elsewhere(client, 6, 50, 60) is may_show


@pytest.mark.parametrize(
    ("source_id", "parent", "may_show"),
    [
        pytest.param(70, {}, True, id="public thread"),
        pytest.param(70, {6: False}, False, id="public thread in a hidden channel"),
        pytest.param(71, {}, False, id="private thread"),
        pytest.param(52, {}, False, id="voice channel without Connect"),
        pytest.param(999, {}, False, id="not cached"),
    ],
)
def test_which_threads_are_shown_elsewhere(source_id: int, parent: dict[int, bool], *, may_show: bool) -> None:
    known = {"guild_id": 6, "owner_id": 1, "name": "x", "message_count": 0, "member_count": 0, "thread_metadata": META}
    threads = [{**known, "id": thread_id, "type": kind, "parent_id": 50} for thread_id, kind in ((70, 11), (71, 12))]
    voice = {**channel(52, {}, 2), "bitrate": 64_000, "user_limit": 0}
    client = build_client(VIEW, [channel(50, parent), voice, channel(60, {})], threads)
    assert may_show_elsewhere(client, 6, source_id, 60) is may_show
    assert not may_show_elsewhere(client, 7, source_id, 60)
