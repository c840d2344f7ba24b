"""Ending what is there, or on its way, on discord.py's own machinery, a real relay and a real database."""

from pathlib import Path

import discord

from sandbox.relay import RelaySettings
from tests.world import rows, world

SLOW = RelaySettings(seconds_per_task=30, picture_side=64)
CANCELS = RelaySettings(seconds_per_task=30, picture_side=64, has_cancel=True)


async def test_a_press_is_cancelled_where_the_relay_can(tmp_path: Path) -> None:
    """The message says Cancel from its first news on, and Cancelled as soon as the relay does."""
    async with world(tmp_path, CANCELS) as w:
        grid = await w.finished(w.relay.add_task("grid"))
        child = await w.child(await w.click(w.member, grid, "V1"), "🎨")
        assert rows(child) == [["Cancel"]]
        told = await w.told(await w.click(w.member, child, "Cancel"))
        assert "asked to cancel" in told
        child = await w.titled(child.id, "🚫 Cancelled")
        assert rows(child) == []
        assert not w.env.errors


async def test_elsewhere_it_is_no_longer_watched(tmp_path: Path) -> None:
    """What a stock relay cannot do is learnt: the next message says so on its button. Looking again is free."""
    async with world(tmp_path, SLOW) as w:
        grid = await w.finished(w.relay.add_task("grid"))
        child = await w.child(await w.click(w.member, grid, "V1"), "🎨")
        told = await w.told(await w.click(w.member, child, "Cancel"))
        assert "cannot cancel" in told
        child = await w.titled(child.id, "🌙 Stopped watching")
        assert rows(child) == [["Look again"]]
        second = await w.child(await w.click(w.member, grid, "V2"), "🎨")
        assert rows(second) == [["Stop watching"]]
        await w.click(w.member, child, "Look again")
        await w.titled(child.id, "🎨")
        assert len(w.relay.submits) == 2
        assert not w.env.errors


async def test_others_may_not_but_moderators(tmp_path: Path) -> None:
    """One private sentence; who manages messages may, after a restart as well."""
    async with world(tmp_path, SLOW) as w:
        answer = await w.slash(w.member, "mjstatus", id=w.relay.add_task("running"))
        assert answer.response is not None
        shown = await w.titled(answer.response.id, "🎨")
        assert "Only the person who asked" in await w.told(await w.click(w.stranger, shown, "Stop watching"))
        role = w.guild.create_role("moderators", permissions=discord.Permissions(manage_messages=True))
        moderator = w.guild.add_member(w.env.create_user("mod"), roles=[role])
        await w.restart(lose_database=True)
        await w.click(moderator, shown, "Stop watching")
        await w.titled(shown.id, "🌙 Stopped watching")
