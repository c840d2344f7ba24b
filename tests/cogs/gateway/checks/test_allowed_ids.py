"""Ids in ALLOWED_GUILDS and ALLOWED_USERS that are of the wrong kind."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.policy.rules import SpendingPolicy
from cogs.gateway.checks.allowed_ids import IdKind, IdLookup, report_allowed_ids
from cogs.gateway.sharded_bot import ShardedBot
from tests.wire.loopback import LoopbackDiscord
from tests.wire.loopback_world import ADMIN_ROLE

NUMBER = 1_187_000_000_000_000_001
OWNER = 1_187_000_000_000_000_002
POLICY = SpendingPolicy(
    allowed_guilds=(),
    allowed_users=(),
    application_owners=(OWNER,),
    press_policy="anyone",
    cooldown=timedelta(),
    daily_submits_per_person=30,
    daily_submits=500,
)


async def report(kind: IdKind, **changes: Any) -> list[str]:  # noqa: ANN401
    """Return the findings for a policy where Discord says that every id is of this kind."""

    async def find_kind(_: int) -> IdKind:
        return kind

    return [str(finding) for finding in await report_allowed_ids(replace(POLICY, **changes), find_kind)]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("person", f"FAIL  ALLOWED_GUILDS: {NUMBER} is the id of a person, not a server's. Use the server's id"),
        ("channel", f"FAIL  ALLOWED_GUILDS: {NUMBER} is the id of a channel, not a server's. Use the server's id"),
        ("role", f"FAIL  ALLOWED_GUILDS: {NUMBER} is the id of a role, not a server's. Use the server's id"),
        ("bot", f"FAIL  ALLOWED_GUILDS: {NUMBER} is the id of a bot, not a server's. Use the server's id"),
        ("this bot", f"FAIL  ALLOWED_GUILDS: {NUMBER} is this bot's own id, not a server's. Use the server's id"),
        ("unknown", f"FAIL  ALLOWED_GUILDS: {NUMBER} is no server that the bot has joined, so no one may draw there."),
        ("not told", f"FAIL  ALLOWED_GUILDS: {NUMBER} is no server that the bot has joined, so no one may draw there."),
        ("server", ""),
        ("other shard", ""),
    ],
)
async def test_allowed_guilds_must_be_servers_that_the_bot_has_joined(kind: IdKind, text: str) -> None:
    found = await report(kind, allowed_guilds={NUMBER})
    assert len(found) == bool(text)
    assert all(line.startswith(text) for line in found)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("server", f"FAIL  ALLOWED_USERS: {NUMBER} is the id of a server, not a person's. Use the person's id"),
        ("role", f"FAIL  ALLOWED_USERS: {NUMBER} is the id of a role, not a person's. Use the person's id"),
        ("channel", f"FAIL  ALLOWED_USERS: {NUMBER} is the id of a channel, not a person's. Use the person's id"),
        ("this bot", f"FAIL  ALLOWED_USERS: {NUMBER} is this bot's own id, not a person's. Use the person's id"),
        ("unknown", f"FAIL  ALLOWED_USERS: Discord knows no person with the id {NUMBER}. Use the person's id"),
        ("person", ""),
        ("not told", ""),
    ],
)
async def test_allowed_users_must_be_people(kind: IdKind, text: str) -> None:
    found = await report(kind, allowed_users={NUMBER}, application_owners=())
    assert len(found) == bool(text)
    assert all(line.startswith(text) for line in found)


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ({"allowed_users": {NUMBER}}, True),
        ({"allowed_users": {NUMBER, OWNER}}, False),
        ({"allowed_users": {NUMBER}, "application_owners": (OWNER, NUMBER)}, False),
        ({"allowed_users": {NUMBER}, "application_owners": ()}, False),
        ({}, False),
    ],
)
async def test_an_owner_who_is_not_named_is_a_warning(changes: dict[str, Any], *, warned: bool) -> None:
    """ALLOWED_USERS replaces the rule that the owner may draw in direct messages."""
    said = "does not name you or your team, so you can't draw in direct messages. If you want to, add your id:"
    assert await report("person", **changes) == ([f"WARN  ALLOWED_USERS: {said} {OWNER}."] if warned else [])


async def test_discord_tells_what_an_id_belongs_to(discord: LoopbackDiscord, bot: ShardedBot) -> None:
    """From the servers that the bot has joined, and else by asking about people and channels."""
    guild = await bot.fetch_guild(discord.guild_id)
    lookup = IdLookup(bot, [guild], {discord.guild_id})
    kinds = {
        discord.application_id: "this bot",
        discord.guild_id: "server",
        ADMIN_ROLE: "role",
        discord.channels[0].id: "channel",
        discord.member.id: "person",
        discord.foreign_guild_id: "unknown",
        4711: "unknown",
    }
    assert {number: await lookup.find_kind(number) for number in kinds} == kinds


@pytest.mark.parametrize("status", [0, 401, 403])
async def test_discords_silence_about_an_id_is_no_answer(
    discord: LoopbackDiscord, bot: ShardedBot, status: int
) -> None:
    discord.fail("GET", "/users/*", status, times=None)
    assert await IdLookup(bot, [], set()).find_kind(discord.member.id) == "not told"


async def test_servers_of_another_process_are_not_reported(discord: LoopbackDiscord) -> None:
    """Only the process that has a server's shard knows whether the bot has joined it."""
    connected = ShardedBot(shard_count=4, shard_ids={0})
    async with connected:
        await connected.login(discord.token)
        connected.shard_count = 4
        assert await IdLookup(connected, []).find_kind(3 << 22) == "other shard"
