"""Interactions become places: how a message is reached, and by whom it was asked for."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from simcord.http.router import RequestContext

from bot.clock import CorrectedTime
from bot.entities import Job, LimitSetting, Period, ServerRules
from cogs.context import get_viewer, note_receipt, to_place
from cogs.languages.choice import LanguageChoice
from tests.fakes.clock import START, FakeClock
from tests.worlds.simcord import GUILD_ID, Actor, SimcordWorld, open_simcord_world


async def followed(w: SimcordWorld, actor: Actor, **options: object) -> Job:
    """Follow a running task and return its job's place as the store keeps it."""
    result = await w.slash(actor, "mjstatus", id=w.relay.add_task("grid"), **options)
    assert result.response is not None
    return await written(w, result.response.id)


async def written(w: SimcordWorld, message_id: int) -> Job:
    """Return the job of that message, once the store has it."""
    for _ in range(300):
        job = await w.app.store.find_job(message_id)
        if job is not None:
            return job
        await w.clock.sleep(0.1)
    raise AssertionError("no job was written")


async def test_a_servers_channel_is_reached_by_the_bot_too(tmp_path: Path) -> None:
    """The place holds the token for fifteen minutes, and the channel forever."""
    async with open_simcord_world(tmp_path) as w:
        job = await followed(w, w.member)
        assert job.place.reachable
        assert (job.place.channel_id, job.place.guild_id) == (w.channel.id, w.guild.id)
        assert job.place.application_id == w.env.backend.application_id
        left = job.place.token_expires_at - job.born_at
        assert timedelta(minutes=14) < left <= timedelta(minutes=15, seconds=1)
        assert (job.requester.id, job.requester.name) == (w.member.id, "lien")


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("wrong_by", "age", "left"),
    [
        (0 * MINUTE, 0.01 * MINUTE, 14.99 * MINUTE),
        (0 * MINUTE, 14 * MINUTE, MINUTE),
        (20 * MINUTE, 0 * MINUTE, 15 * MINUTE),
        (60 * 24 * 365 * MINUTE, 0 * MINUTE, 15 * MINUTE),
        (-20 * MINUTE, 0.02 * MINUTE, 15 * MINUTE),
        (-60 * 24 * 365 * MINUTE, 0 * MINUTE, 15 * MINUTE),
    ],
)
async def test_a_token_is_used_for_fifteen_minutes_whatever_the_clock_says(
    wrong_by: timedelta, age: timedelta, left: timedelta
) -> None:
    """By the interaction's id, and from when it was received where that cannot be."""
    clock = FakeClock(START + wrong_by)
    interaction: Any = SimpleNamespace(
        client=SimpleNamespace(clock=clock.clock, languages=LanguageChoice()),
        locale=discord.Locale.vietnamese, guild=None, user=SimpleNamespace(id=1), extras={},
        token="t", channel_id=1, guild_id=None, application_id=9,
        expires_at=START - age + 15 * MINUTE,
    )  # fmt: skip
    note_receipt(interaction)
    await clock.advance(60.0)
    note_receipt(interaction)
    place = to_place(interaction, 7, ephemeral=True)
    assert place.token_expires_at - (START + wrong_by) == pytest.approx(left, abs=timedelta(seconds=5))


@pytest.mark.parametrize("seconds", [7200.0, -7200.0, 86_400.0])
async def test_a_clock_corrected_by_the_response_leaves_a_token_its_time(seconds: float) -> None:
    """A machine that slept learns the time from an interaction and the response to its first request."""
    system = FakeClock()
    time = CorrectedTime(system.clock)
    for _ in range(3):
        time.record_date(START, 0.0)
    now = START + timedelta(seconds=seconds)
    interaction: Any = SimpleNamespace(
        client=SimpleNamespace(clock=time.clock, languages=LanguageChoice()),
        locale=discord.Locale.vietnamese, guild=None, user=SimpleNamespace(id=1), extras={},
        token="t", channel_id=1, guild_id=None, application_id=9,
        expires_at=now + 15 * MINUTE,
    )  # fmt: skip
    note_receipt(interaction)
    time.record_date(now, system.time)
    assert abs(time.now() - now) <= timedelta(seconds=1)
    assert to_place(interaction, 7, ephemeral=True).token_expires_at == now + 15 * MINUTE


async def test_a_private_message_is_reached_by_its_token_only(tmp_path: Path) -> None:
    """The bot itself can never edit what only one person sees."""
    async with open_simcord_world(tmp_path) as w:
        job = await followed(w, w.member, private=True)
        assert job.place.ephemeral
        assert not job.place.reachable


def made_private(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Discord make every message private from now on, as it does with some of a person's own install."""
    body = RequestContext.body

    def changed(self: RequestContext) -> dict[str, Any]:
        given: dict[str, Any] = body(self)
        if self.method == "POST" and self.path.endswith("/callback") and given["type"] in {4, 5}:
            return {**given, "data": {**(given.get("data") or {}), "flags": 64}}
        return {**given, "flags": 64} if self.method == "POST" and "/webhooks/" in self.path else given

    monkeypatch.setattr(RequestContext, "body", changed)


async def test_what_discord_makes_private_is_reached_by_its_token_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether a message is private is read from Discord's answer: the command's, its followups', and a child's."""
    async with open_simcord_world(tmp_path) as w:
        grid = await w.finished(w.relay.add_task("grid"))
        made_private(monkeypatch)
        two = f"{w.relay.add_task('grid')} {w.relay.add_task('grid')}"
        commanded = await w.slash(w.member, "mjstatus", id=two)
        clicked = await w.click(w.member, grid, "U2")
        assert commanded.response is not None
        await w.until(lambda: commanded.followups and clicked.followups)
        for message in (commanded.response, commanded.followups[0], clicked.followups[0]):
            assert message.ephemeral
            job = await written(w, message.id)
            assert (True, False) == (job.place.ephemeral, job.place.reachable)


async def test_the_bots_own_dm_is_reached(tmp_path: Path) -> None:
    """A DM with the bot has no server, and the bot may write there."""
    async with open_simcord_world(tmp_path) as w:
        job = await followed(w, w.member.user)
        assert job.place.reachable
        assert job.place.guild_id == 0
        assert job.place.link.startswith("https://discord.com/channels/@me/")


@pytest.mark.parametrize(
    "change",
    [{"app_permissions": "0"}, {"guild_id": "4711", "guild": {"id": "4711", "features": [], "locale": "en-US"}}],
)
async def test_a_hidden_channel_is_reached_by_token_only(tmp_path: Path, change: dict[str, Any]) -> None:
    """A channel hidden from the bot, or a server it is not in, leaves the token as the only way."""
    async with open_simcord_world(tmp_path) as w:
        w.payloads = lambda payload: payload.update(change)
        job = await followed(w, w.member)
        assert not job.place.reachable


ART, STAFF, VOICE, PRIVATE_THREAD, PUBLIC_THREAD, STAFF_THREAD, ORPHAN = range(21, 28)
EVERYONE, STAFF_ROLE = 6, 60
VIEW = discord.Permissions(view_channel=True, connect=True).value


def channel_data(channel_id: int, kind: int, *, hidden: int = 0) -> dict[str, Any]:
    """Return a channel of which @everyone lacks the permissions `hidden`."""
    denied = [{"id": EVERYONE, "type": 0, "allow": "0", "deny": str(hidden)}] if hidden else []
    granted = [{"id": STAFF_ROLE, "type": 0, "allow": str(hidden), "deny": "0"}] if hidden else []
    return {
        "id": channel_id, "type": kind, "name": "a", "position": 0, "parent_id": None, "bitrate": 1, "user_limit": 0,
        "permission_overwrites": denied + granted,
    }  # fmt: skip


def thread_data(thread_id: int, kind: int, parent_id: int) -> dict[str, Any]:
    """Return an active thread."""
    archive = {"archived": False, "auto_archive_duration": 60, "archive_timestamp": "2026-11-28T00:00:00+00:00"}
    return {
        "id": thread_id, "type": kind, "parent_id": parent_id, "name": "t", "owner_id": 1, "guild_id": EVERYONE,
        "message_count": 0, "member_count": 0, "thread_metadata": {**archive, "locked": False},
    }  # fmt: skip


def role_data(role_id: int, permissions: int) -> dict[str, Any]:
    """Return a role."""
    return {"id": role_id, "name": "r", "permissions": str(permissions), "position": 0, "colors": {"primary_color": 0}}


def an_interaction(*roles: int, here: int = ART, guild_id: int | None = EVERYONE, owner: int = 9) -> Any:  # noqa: ANN401
    """Return an interaction of a member with these roles, in a server as Discord's gateway tells of it."""
    client = discord.Client(intents=discord.Intents(guilds=True))
    state = client._connection
    view_channel = discord.Permissions(view_channel=True).value
    data: Any = {
        "id": EVERYONE, "name": "Art", "owner_id": owner,
        "roles": [role_data(EVERYONE, VIEW), role_data(STAFF_ROLE, 0), role_data(61, 8), role_data(62, 1 << 34)],
        "channels": [
            channel_data(ART, 0), channel_data(STAFF, 0, hidden=view_channel), channel_data(VOICE, 2, hidden=1 << 20),
        ],
        "threads": [
            thread_data(PRIVATE_THREAD, 12, ART), thread_data(PUBLIC_THREAD, 11, ART),
            thread_data(STAFF_THREAD, 11, STAFF), thread_data(ORPHAN, 11, 404),
        ],
    }  # fmt: skip
    guild = discord.Guild(data=data, state=state)
    state._add_guild(guild)
    user = {"id": 1, "username": "eve", "discriminator": "0", "avatar": None}
    member: Any = {"user": user, "roles": list(roles), "joined_at": None, "deaf": False, "mute": False, "flags": 0}
    person = discord.Member(data=member, guild=guild, state=state)
    return SimpleNamespace(
        client=client, guild_id=guild_id, channel_id=here, user=person if guild_id else person._user, message=None
    )


@pytest.mark.parametrize(
    ("roles", "channel_id", "can_view"),
    [
        ((), ART, True),
        ((), STAFF, False),
        ((STAFF_ROLE,), STAFF, True),
        ((61,), STAFF, True),
        ((), VOICE, False),
        ((STAFF_ROLE,), VOICE, True),
        ((), PUBLIC_THREAD, True),
        ((), STAFF_THREAD, False),
        ((STAFF_ROLE,), STAFF_THREAD, True),
        ((), PRIVATE_THREAD, None),
        ((62,), PRIVATE_THREAD, True),
        ((61,), ORPHAN, None),
        ((61,), 404, None),
    ],
)
def test_a_viewer_sees_the_channels_that_discord_lets_them_see(
    roles: tuple[int, ...],
    channel_id: int,
    can_view: bool | None,  # noqa: FBT001
) -> None:
    """By their roles; of unknown channels, archived threads and others' private threads, nothing is known."""
    viewer = get_viewer(an_interaction(*roles, here=20))
    assert viewer.can_view(EVERYONE, channel_id) is can_view
    assert viewer.person_id == 1
    assert viewer.clicked is None


@pytest.mark.parametrize(
    ("interaction", "guild_id", "channel_id", "can_view"),
    [
        (an_interaction(here=STAFF), EVERYONE, STAFF, True),
        (an_interaction(here=PRIVATE_THREAD), EVERYONE, PRIVATE_THREAD, True),
        (an_interaction(owner=1), EVERYONE, STAFF, True),
        (an_interaction(61), 66, 90, None),
        (an_interaction(61), 0, 90, None),
        (an_interaction(here=90, guild_id=None), 0, 90, True),
        (an_interaction(here=90, guild_id=None), 0, 91, None),
        (an_interaction(here=90, guild_id=None), EVERYONE, ART, None),
        (an_interaction(here=90, guild_id=66), 66, 91, None),
    ],
    ids=[
        "where they are", "in a private thread", "the server's owner", "another server", "a DM", "the same DM",
        "another DM", "a server, from a DM", "a server without the bot",
    ],
)  # fmt: skip
def test_a_viewer_sees_where_they_are_and_nothing_of_other_servers(
    interaction: Any,  # noqa: ANN401
    guild_id: int,
    channel_id: int,
    can_view: bool | None,  # noqa: FBT001
) -> None:
    """Discord tells a bot their roles only in the server of the interaction."""
    assert get_viewer(interaction).can_view(guild_id, channel_id) is can_view


@pytest.mark.parametrize(
    "server",
    [
        lambda role: {"denied_roles": frozenset({role})},
        lambda role: {"role_limits": {role: (LimitSetting(period=Period.DAY, tasks=0),)}},
    ],
)
async def test_a_role_that_the_cache_lacks_counts(tmp_path: Path, server: Callable[[int], dict[str, Any]]) -> None:
    """A rule about a role holds for its members although the bot has not been told of the role."""
    async with open_simcord_world(tmp_path) as w:
        role = w.guild.create_role("muted")
        w.env.backend.get_guild(GUILD_ID).members[w.member.id].role_ids.append(role.id)
        await w.app.store.rules.change_server_rules(GUILD_ID, lambda _: (ServerRules(**server(role.id)), []))
        guild: Any = w.app.bot.get_guild(GUILD_ID)
        await w.until(lambda: guild.get_role(role.id))
        guild._roles.pop(role.id)
        assert "You weren't charged" in await w.told(await w.slash(w.member, "imagine", prompt="a fox"))
        assert w.relay.submits == []
