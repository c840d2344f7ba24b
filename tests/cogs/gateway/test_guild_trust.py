"""Which servers the application's owners run, according to Discord."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.clock import Clock
from cogs.gateway.guild_trust import GuildTrust
from tests.worlds.simcord import GUILD_ID, SimcordWorld, open_simcord_world

MANAGES = discord.Permissions(manage_guild=True)


class Hands:
    """A clock turned by hand."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)
        self.clock = Clock(now=lambda: self.now, monotonic=self._count_seconds)

    def _count_seconds(self) -> float:
        return self.now.timestamp()


def guild(w: SimcordWorld) -> discord.Guild:
    """Return the server as the bot knows it."""
    found = w.app.bot.get_guild(GUILD_ID)
    assert found is not None
    return found


def promote(w: SimcordWorld, member_id: int) -> None:
    """Give a member the permission to manage the server."""
    role = w.guild.create_role("boss", permissions=MANAGES)
    w.env.backend.get_guild(GUILD_ID).members[member_id].role_ids.append(role.id)


async def test_a_server_of_the_application_owner_is_trusted(tmp_path: Path) -> None:
    """Owning the server is enough, and costs Discord no question."""
    async with open_simcord_world(tmp_path) as w:
        trust = GuildTrust(Hands().clock)
        trust.owners.add(guild(w).owner_id or 0)
        asked = w.requests("GET", "/members/")
        assert await trust.is_trusted(guild(w))
        assert w.requests("GET", "/members/") == asked


async def test_an_answer_is_cached_for_ten_minutes(tmp_path: Path) -> None:
    """Discord is asked again when the answer is older than that."""
    async with open_simcord_world(tmp_path) as w:
        hands = Hands()
        trust = GuildTrust(hands.clock)
        trust.owners.add(w.owner.id)
        assert not await trust.is_trusted(guild(w))
        promote(w, w.owner.id)
        assert not await trust.is_trusted(guild(w))
        assert w.requests("GET", f"/members/{w.owner.id}") == 1
        hands.now += timedelta(minutes=10)
        assert await trust.is_trusted(guild(w))


async def test_a_server_that_an_owner_only_manages_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With the setting that decides instead; a server that an owner owns is not logged."""
    async with open_simcord_world(tmp_path) as w:
        promote(w, w.owner.id)
        guild(w).name = "Ar\x1b[31mt\u202e"
        hands = Hands()
        trust, ours, decided = GuildTrust(hands.clock), GuildTrust(hands.clock), GuildTrust(hands.clock, guilds={4711})
        trust.owners.add(w.owner.id)
        ours.owners.update({w.owner.id, guild(w).owner_id or 0})
        decided.owners.add(w.owner.id)
        for each in (trust, ours, decided, trust):
            assert await each.is_trusted(guild(w))
            hands.now += timedelta(minutes=11)
        [told] = [record for record in caplog.records if record.levelno == logging.WARNING]
        assert told.getMessage().startswith(f'Server "Ar [31mt" ({GUILD_ID}) may use paid commands')
        assert "ALLOWED_GUILDS" in told.getMessage()


async def test_allowed_and_trusted_servers_are_the_operators(tmp_path: Path) -> None:
    """Either is enough to see the operator's details."""
    async with open_simcord_world(tmp_path) as w:
        clock = Hands().clock
        assert await GuildTrust(clock, guilds={GUILD_ID}).is_operator_guild(guild(w))
        trust = GuildTrust(clock, guilds={4711})
        assert not await trust.is_operator_guild(guild(w))
        trust.owners.add(guild(w).owner_id or 0)
        assert await trust.is_operator_guild(guild(w))


async def test_an_owner_who_is_no_member_is_not_trusted(tmp_path: Path) -> None:
    """Only members can manage a server."""
    async with open_simcord_world(tmp_path) as w:
        trust = GuildTrust(Hands().clock)
        trust.owners.add(4711)
        assert not await trust.is_trusted(guild(w))
        assert not await trust.is_trusted(None)


async def test_an_outage_is_not_cached(tmp_path: Path) -> None:
    """Where Discord cannot be asked the server is not trusted now, and asked about again at the next click."""
    async with open_simcord_world(tmp_path) as w:
        promote(w, w.owner.id)
        trust = GuildTrust(Hands().clock)
        assert not await trust.is_trusted(guild(w))  # the owners are not known yet
        trust.owners.add(w.owner.id)
        w.env.inject_error("GET", "/guilds/*/members/*", status=500)
        assert not await trust.is_trusted(guild(w))
        assert await trust.is_trusted(guild(w))


async def test_an_unavailable_server_is_not_cached(tmp_path: Path) -> None:
    """Between READY and GUILD_CREATE no member is known."""
    async with open_simcord_world(tmp_path) as w:
        trust = GuildTrust(Hands().clock)
        trust.owners.add(w.owner.id)
        guild(w).unavailable = True
        assert not await trust.is_trusted(guild(w))
        guild(w).unavailable = False
        promote(w, w.owner.id)
        assert await trust.is_trusted(guild(w))


@pytest.mark.parametrize(("state", "owners"), [(2, {11, 12}), (1, {11})])
async def test_accepted_team_members_are_owners(tmp_path: Path, state: int, owners: set[int]) -> None:
    """Every member of the application's team counts, once the invitation is accepted."""

    def teammate(member_id: int, membership: int) -> dict[str, Any]:
        user = {"id": str(member_id), "username": "mate", "discriminator": "0", "avatar": None}
        return {"user": user, "membership_state": membership, "team_id": "5", "role": "developer", "permissions": []}

    async with open_simcord_world(tmp_path) as w:
        http: Any = w.app.bot.http
        asked = http.application_info

        async def told() -> dict[str, Any]:
            members = [teammate(11, 2), teammate(12, state)]
            team = {"id": "5", "icon": None, "name": "we", "owner_user_id": "11", "members": members}
            return {**await asked(), "team": team}

        http.application_info = told
        trust = GuildTrust(Hands().clock)
        await trust.load_owners(w.app.bot)
        assert trust.owners == owners
