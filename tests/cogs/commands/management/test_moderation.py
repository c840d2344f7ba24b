"""/mjblock, /mjunblock, /mjpause and /mjresume, on discord.py's own machinery and a real database."""

import re
from collections.abc import Mapping
from pathlib import Path

import discord
import pytest
from simcord import MemberActor

from bot.entities import Rules
from tests.worlds.simcord import GUILD_ID, SimcordWorld, open_simcord_world


def give(w: SimcordWorld, member: MemberActor, **granted: bool) -> None:
    """Give a member a role with these permissions."""
    role = w.guild.create_role("role", permissions=discord.Permissions(**granted))
    w.env.backend.get_guild(GUILD_ID).members[member.id].role_ids.append(role.id)


async def told(w: SimcordWorld, actor: MemberActor, name: str, **options: object) -> str:
    """Run a command and return its answer, which only that person sees."""
    result = await w.slash(actor, name, **options)
    answer = result.response
    assert answer is not None
    assert answer.ephemeral
    await w.until(lambda: answer.content)
    assert not w.public
    return str(answer.content)


async def rules_of(w: SimcordWorld, member: MemberActor) -> Rules:
    return await w.app.store.rules.find_rules(GUILD_ID, member.id)


async def test_a_moderator_blocks_and_unblocks(tmp_path: Path) -> None:
    """The member is refused with the end of the block, and told whom to ask; nothing is sent."""
    async with open_simcord_world(tmp_path) as w:
        give(w, w.member, manage_messages=True)
        text = await told(w, w.member, "mjblock", member=w.stranger, hours=24, reason="`spam` @everyone")
        assert re.fullmatch(
            rf"<@{w.stranger.id}> can't draw in this server until <t:\d+:f>, <t:\d+:R>\. Reason: "
            r"`'spam' @\u200beveryone`\. What is already drawing goes on\. `/mjunblock` ends the block\.",
            text,
        )
        refused = await w.told(await w.slash(w.stranger, "imagine", prompt="a fox"))
        assert re.match(r"In this server you're blocked from drawing until <t:\d+:f>, <t:\d+:R>\. Ask the mod", refused)
        assert "You weren't charged." in refused
        assert w.relay_requests == 0

        text = await told(w, w.member, "mjblock", member=w.stranger)
        assert "until a moderator unblocks them. This replaces the earlier block (until <t:" in text
        listed = await told(w, w.member, "mjunblock")
        assert f"- <@{w.stranger.id}> until a moderator unblocks them, by <@{w.member.id}>." in listed
        text = await told(w, w.member, "mjunblock", member=w.stranger)
        assert text.startswith(f"<@{w.stranger.id}> can draw in this server again")
        text = await told(w, w.member, "mjunblock", member=w.stranger)
        assert text.startswith(f"<@{w.stranger.id}> isn't blocked")
        assert (await told(w, w.member, "mjunblock")).startswith("No one is blocked")
        changes = await w.app.store.rules.list_changes(GUILD_ID, 10)
        assert [(one.person_id, one.what) for one in changes] == [(w.member.id, f"block of <@{w.stranger.id}>")] * 3
        assert not w.env.errors


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"hours": 0}, "`hours` must be more than 0"),
        ({"hours": -3.5}, "`hours` must be more than 0"),
        ({"hours": 1e9}, "`hours` must be more than 0"),
        ({"member": "self"}, "You can't block yourself."),
        ({"member": "bot"}, "Bots can't draw"),
        ({"member": "owner"}, "You can't block the operator of this bot."),
        ({"member": "moderator"}, "You can block only members with fewer rights than you"),
    ],
)
async def test_what_cannot_be_blocked_is_said(tmp_path: Path, options: Mapping[str, object], text: str) -> None:
    async with open_simcord_world(tmp_path) as w:
        for member in (w.member, w.stranger):
            give(w, member, manage_messages=True)
        people = {
            "self": w.member,
            "bot": w.guild.add_member(w.env.create_user("robot", bot=True)),
            "owner": w.owner,
            "moderator": w.stranger,
        }
        other = w.guild.add_member(w.env.create_user("bo"))
        target = people.get(str(options.get("member")), other)
        answer = await told(w, w.member, "mjblock", **{**options, "member": target})
        assert answer.startswith(text)
        assert answer.endswith("Nothing changed.")
        assert await w.app.store.rules.list_blocks(GUILD_ID) == []
        assert not w.env.errors


async def test_a_manager_blocks_a_moderator_and_not_the_other_way_round(tmp_path: Path) -> None:
    async with open_simcord_world(tmp_path) as w:
        give(w, w.member, manage_guild=True, manage_messages=True)
        give(w, w.stranger, manage_messages=True)
        assert "fewer rights" in await told(w, w.stranger, "mjblock", member=w.member)
        assert "can't draw" in await told(w, w.member, "mjblock", member=w.stranger)
        assert "can't unblock yourself" in await told(w, w.stranger, "mjunblock", member=w.stranger)
        assert len((await rules_of(w, w.stranger)).blocks) == 1


async def test_a_moderator_of_one_channel_moderates_nothing(tmp_path: Path) -> None:
    """Whoever can edit one channel's permissions could otherwise block members in the whole server."""
    async with open_simcord_world(tmp_path) as w:
        granted = discord.PermissionOverwrite(view_channel=True, manage_messages=True, manage_guild=True)
        w.channel = w.guild.create_text_channel("room", overwrites={w.stranger: granted})
        assert "Only moderators" in await told(w, w.stranger, "mjblock", member=w.member)
        assert "Only moderators" in await told(w, w.stranger, "mjunblock")
        assert "Only managers" in await told(w, w.stranger, "mjpause")
        assert await w.app.store.rules.list_changes(GUILD_ID, 10) == []


async def test_no_one_moderates_while_roles_are_not_known(tmp_path: Path) -> None:
    """A manager whose role is not cached would otherwise look like a member without rights."""
    async with open_simcord_world(tmp_path) as w:
        give(w, w.member, manage_messages=True)
        give(w, w.stranger, manage_guild=True)
        guild = w.app.bot.get_guild(GUILD_ID)
        assert guild is not None
        unknown = w.env.backend.get_guild(GUILD_ID).members[w.stranger.id].role_ids[-1]
        guild._roles.pop(unknown)
        assert "Try again in a minute." in await told(w, w.member, "mjblock", member=w.stranger)
        assert "Try again in a minute." in await told(w, w.stranger, "mjpause")
        assert (await rules_of(w, w.stranger)).blocks == ()


async def test_a_manager_pauses_and_resumes(tmp_path: Path) -> None:
    """Others are refused meanwhile, with the level that set it and how it ends."""
    async with open_simcord_world(tmp_path) as w:
        give(w, w.member, manage_guild=True)
        assert "Drawing is paused in this server: nothing new" in await told(w, w.member, "mjpause")
        assert "Drawing is paused in this server already" in await told(w, w.member, "mjpause")
        refused = await w.told(await w.slash(w.stranger, "imagine", prompt="a fox"))
        assert refused.startswith("Drawing is paused in this server, until its managers resume it with `/mjresume`.")
        assert w.relay_requests == 0
        assert (await told(w, w.member, "mjresume")).startswith("This server's pause is over. Members can draw")
        await w.app.moderation.set_paused(0, w.owner.id, paused=True)
        assert (await told(w, w.member, "mjresume")).startswith(
            "Drawing wasn't paused by this server. But the operator of this bot has paused all drawing"
        )
        assert not w.env.errors


@pytest.mark.parametrize("name", ["mjblock", "mjunblock", "mjpause", "mjresume"])
async def test_rights_are_checked_when_the_command_runs(tmp_path: Path, name: str) -> None:
    """Server managers may offer commands to others on the Integrations page, who have no such rights all the same."""
    async with open_simcord_world(tmp_path) as w:
        known = {one["name"]: int(one["id"]) for one in w.env.backend.commands[None].values()}
        w.guild.set_command_permissions(known[name], {w.member: True})
        options = {"member": w.stranger} if name == "mjblock" else {}
        assert "Nothing changed." in await told(w, w.member, name, **options)
        assert await w.app.store.rules.list_changes(GUILD_ID, 10) == []
