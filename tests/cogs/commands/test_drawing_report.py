"""The rules in /mjcheck: who may draw here, with which limits, and which commands are denied."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import discord
import pytest
from simcord import MemberActor

from bot.entities import Block, LimitSetting, OperatorRules, Period, Rules, ServerAccess, ServerGrant, ServerRules
from bot.errors import DrawingPaused, PersonBlocked, PolicyRefused, RoleDenied, ServerDenied
from cogs.commands.drawing_report import describe_denial, explain_refusal
from cogs.commands.help_check import NOTE_MARK
from cogs.gateway.command_permissions import Denial
from tests.fakes.catalog import find_untranslated
from tests.worlds.simcord import GUILD_ID, SimcordWorld, open_simcord_world

BROKEN, FINE = "⚠️ Something needs fixing", "✅ Everything works"
REFUSED = f"{NOTE_MARK} This member may not draw here"
OPERATORS = "Only the operator of this bot can change that."


def may_manage(w: SimcordWorld, member: MemberActor) -> None:
    role = w.guild.create_role("boss", permissions=discord.Permissions(manage_guild=True))
    w.env.backend.get_guild(GUILD_ID).members[member.id].role_ids.append(role.id)


async def check(w: SimcordWorld, **options: object) -> tuple[str, str]:
    """Run /mjcheck as a manager, and return its title and text."""
    result = await w.slash(w.member, "mjcheck", **options)
    answer = result.response
    assert answer is not None
    embed = (await w.until(lambda: answer.embeds))[0]
    assert not w.env.errors
    return embed.title or "", embed.description or ""


async def change(w: SimcordWorld, **server: Any) -> None:  # noqa: ANN401
    await w.app.store.rules.change_server_rules(GUILD_ID, lambda _: (ServerRules(**server), []))


async def test_limits_are_shown_with_their_use(tmp_path: Path) -> None:
    async with open_simcord_world(tmp_path, daily_submits_per_person=30) as w:
        may_manage(w, w.member)
        await change(w, member_limits=(LimitSetting(period=Period.DAY, tasks=3),))
        title, text = await check(w)
        assert title == FINE
        assert "✅ **Drawing here for you**: no rule refuses it." in text
        assert re.search(r"\*\*30\*\* of 30 jobs today", text)
        assert re.search(r"\*\*3\*\* of 3 jobs", text)
        assert "✅ **Commands here**: this server's Integrations page denies none." in text


@pytest.mark.parametrize(
    ("server", "text"),
    [
        ({"paused": True}, "Drawing is paused in this server, until its managers resume it with `/mjresume`."),
        ({"allowed_roles": frozenset({4711})}, "This server's rules let only members with <@&4711> draw."),
        ({"allowed_channels": frozenset({4711})}, "This server's rules allow drawing only in <#4711>"),
        ({"server_limits": (LimitSetting(period=Period.DAY, tasks=0),)}, "Drawing is switched off in this server"),
        ({"member_limits": (LimitSetting(period=Period.DAY, amount=Decimal(0)),)}, "Drawing is switched off for you"),
    ],
)
async def test_all_is_well_is_not_said_where_a_rule_refuses(
    tmp_path: Path, server: Mapping[str, Any], text: str
) -> None:
    """The first rule that refuses is named."""
    async with open_simcord_world(tmp_path) as w:
        may_manage(w, w.member)
        await change(w, **server)
        title, found = await check(w)
        assert title == BROKEN
        assert f"❌ **Drawing here for you**: {text}" in found


@pytest.mark.parametrize("is_paused", [True, False])
async def test_what_the_operator_set_is_named_as_such(tmp_path: Path, is_paused: bool) -> None:  # noqa: FBT001
    """Managers are not told to change what they can't."""
    async with open_simcord_world(tmp_path) as w:
        may_manage(w, w.member)
        rules = w.app.store.rules
        grant = ServerGrant(access=ServerAccess.DEFAULT if is_paused else ServerAccess.DENIED)
        await rules.change_operator_rules(lambda _: (OperatorRules(paused=is_paused), []))
        await rules.change_grant(GUILD_ID, lambda _: (grant, []))
        title, text = await check(w)
        assert title == BROKEN
        expected = "has paused all drawing" if is_paused else "has switched drawing off in this server"
        assert f"❌ **Drawing here for you**: The operator of this bot {expected}" in text


async def test_a_daily_limit_of_zero_is_no_success(tmp_path: Path) -> None:
    async with open_simcord_world(tmp_path, daily_submits=0) as w:
        may_manage(w, w.member)
        title, text = await check(w)
        assert title == BROKEN
        assert "❌ **Drawing here for you**: Drawing is switched off on this bot." in text


async def test_a_named_member_is_checked_with_the_reason(tmp_path: Path) -> None:
    """Their verdict comes first; then each command for members that the Integrations page denies them."""
    async with open_simcord_world(tmp_path) as w:
        may_manage(w, w.member)
        known = {one["name"]: int(one["id"]) for one in w.env.backend.commands[None].values()}
        role = w.guild.create_role("guests")
        w.env.backend.get_guild(GUILD_ID).members[w.stranger.id].role_ids.append(role.id)
        w.guild.set_command_permissions(known["imagine"], {role: False})
        title, text = await check(w, member=w.stranger)
        assert title == REFUSED
        told = "refused. They are told: This server doesn't let you use `/imagine` here"
        assert text.startswith(f"{NOTE_MARK} **Drawing here for <@{w.stranger.id}>**: {told}")
        assert "✅ **Drawing here for you**" in text
        assert "(they, everywhere)" in text
        assert "**Next:** To change that: Server Settings, Integrations." in text
        assert f"`/imagine`: denied for <@&{role.id}>" in text
        assert (
            f"{NOTE_MARK} **Commands for <@{w.stranger.id}>**: denied here:\n`/imagine`: <@&{role.id}> is denied"
            in text
        )
        assert "`/mjcheck`:" not in text
        assert "`/mjstatus`:" not in text


async def test_a_blocked_member_is_checked_with_who_blocked_them(tmp_path: Path) -> None:
    async with open_simcord_world(tmp_path) as w:
        may_manage(w, w.member)
        block = Block(guild_id=GUILD_ID, person_id=w.stranger.id, blocked_by=4711, reason="spam")
        await w.app.store.rules.save_block(block, [])
        title, text = await check(w, member=w.stranger)
        assert title == REFUSED
        assert text.startswith(
            f"{NOTE_MARK} **Drawing here for <@{w.stranger.id}>**: refused. Blocked in this server by <@4711>, without "
            "an end. Reason: `spam`.\n**Next:** `/mjunblock` with this member lets them draw again.\n"
        )
        assert f"✅ **Commands for <@{w.stranger.id}>**: none is denied here." in text
        assert "This server's rules: 1 member blocked." in text


@pytest.mark.parametrize(
    ("refusal", "advice"),
    [
        (DrawingPaused("server"), "`/mjresume` lets everyone draw again."),
        (DrawingPaused("operator"), OPERATORS),
        (PersonBlocked("operator"), OPERATORS),
        (RoleDenied("server", role_id=5), "`/mjserver` changes this server's rules and limits."),
        (ServerDenied("operator"), OPERATORS),
    ],
)
def test_what_a_member_is_told_has_a_next_step_for_managers(refusal: PolicyRefused, advice: str) -> None:
    """Who blocked a person everywhere, and why, is not told."""
    rules = Rules(blocks=(Block(guild_id=0, person_id=2, blocked_by=1, reason="spam"),))
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert explain_refusal(refusal, rules, GUILD_ID, now) == ("", advice)


async def test_other_members_cannot_be_checked_by_members(tmp_path: Path) -> None:
    """The Integrations page may offer the command to people who manage nothing."""
    async with open_simcord_world(tmp_path) as w:
        known = {one["name"]: int(one["id"]) for one in w.env.backend.commands[None].values()}
        w.guild.set_command_permissions(known["mjcheck"], {w.member: True})
        _, text = await check(w, member=w.stranger)
        assert "only people who have the permission Manage Server can check another member" in text
        assert f"<@{w.stranger.id}>" not in text


@pytest.mark.parametrize(
    ("denial", "text"),
    [
        (Denial("channel", 5), "<#5> is denied"),
        (Denial("channel", 999, is_for_all=True), "all channels are denied, for all commands"),
        (Denial("person", 5), "this member is denied"),
        (Denial("role", 5, is_for_all=True), "<@&5> is denied, for all commands"),
        (Denial("role", 1000), "everyone is denied"),
        (Denial("default"), "it needs permissions that they lack"),
    ],
)
def test_a_denial_is_explained(denial: Denial, text: str) -> None:
    assert describe_denial(denial, 1000) == text


@pytest.mark.usefixtures("pseudo_language")
async def test_the_check_is_translated(tmp_path: Path) -> None:
    """For managers, whom no finding of `python -m bot check` is shown; the bot's name stays."""
    async with open_simcord_world(tmp_path) as w:
        may_manage(w, w.member)
        await change(w, paused=True)
        result = await w.slash(w.member, "mjcheck", member=w.stranger)
        answer = result.response
        assert answer is not None
        embed = (await w.until(lambda: answer.embeds))[0]
        assert find_untranslated(f"{embed.title}\n{embed.description}") == []


@pytest.mark.usefixtures("pseudo_language")
@pytest.mark.parametrize("cause", ["channel", "person", "role", ""])
@pytest.mark.parametrize("target", [GUILD_ID, GUILD_ID - 1, 4711])
@pytest.mark.parametrize("is_for_all", [True, False])
def test_a_denial_is_translated(cause: Any, target: int, is_for_all: bool) -> None:  # noqa: ANN401, FBT001
    """Whatever is denied."""
    denial = Denial(cause=cause, target_id=target, is_for_all=is_for_all)
    assert find_untranslated(describe_denial(denial, GUILD_ID)) == []
