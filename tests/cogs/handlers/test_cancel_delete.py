"""Ending what is there, or on its way, on discord.py's own machinery, a real relay and a real database."""

from pathlib import Path

import discord
from simcord import InteractionResult

from sandbox.relay import RelaySettings
from tests.worlds.simcord import SimcordWorld, button, open_simcord_world, rows

SLOW = RelaySettings(seconds_per_task=30, picture_side=64)
CANCELS = RelaySettings(seconds_per_task=30, picture_side=64, has_cancel=True)


async def test_a_press_is_cancelled_where_the_relay_can(tmp_path: Path) -> None:
    """The message says Cancel from its first news on, and Cancelled as soon as the relay does."""
    async with open_simcord_world(tmp_path, CANCELS) as w:
        grid = await w.finished(w.relay.add_task("grid"))
        child = await w.child(await w.click(w.member, grid, "V1"), "🎨")
        assert rows(child) == [["Cancel"]]
        told = await w.told(await w.click(w.member, child, "Cancel"))
        assert "asked the service to cancel" in told
        child = await w.titled(child.id, "🚫 Canceled")
        assert rows(child) == [["🗑️"]]
        assert not w.env.errors


async def test_a_task_that_cannot_be_canceled_is_no_longer_watched(tmp_path: Path) -> None:
    """What a stock relay cannot do is learnt: the next message says so on its button. Looking again is free."""
    async with open_simcord_world(tmp_path, SLOW) as w:
        grid = await w.finished(w.relay.add_task("grid"))
        child = await w.child(await w.click(w.member, grid, "V1"), "🎨")
        told = await w.told(await w.click(w.member, child, "Cancel"))
        assert "can't cancel" in told
        child = await w.titled(child.id, "🌙 Stopped watching")
        assert rows(child) == [["Look again"]]
        second = await w.child(await w.click(w.member, grid, "V2"), "🎨")
        assert rows(second) == [["Stop watching"]]
        await w.click(w.member, child, "Look again")
        await w.titled(child.id, "🎨")
        assert len(w.relay.submits) == 2
        assert not w.env.errors


async def test_only_the_requester_and_moderators_may_delete(tmp_path: Path) -> None:
    """One private sentence; who manages messages may, after a restart as well."""
    async with open_simcord_world(tmp_path, SLOW) as w:
        answer = await w.slash(w.member, "mjstatus", id=w.relay.add_task("running"))
        assert answer.response is not None
        shown = await w.titled(answer.response.id, "🎨")
        assert "Only the person who asked" in await w.told(await w.click(w.stranger, shown, "Stop watching"))
        role = w.guild.create_role("moderators", permissions=discord.Permissions(manage_messages=True))
        moderator = w.guild.add_member(w.env.create_user("mod"), roles=[role])
        await w.restart(lose_database=True)
        await w.click(moderator, shown, "Stop watching")
        await w.titled(shown.id, "🌙 Stopped watching")


async def test_a_result_is_deleted_after_a_question(tmp_path: Path) -> None:
    """By its requester, after a restart too; pressing its button again opens it anew, unpaid."""
    async with open_simcord_world(tmp_path) as w:
        grid = await w.finished(w.relay.add_task("grid"))
        child = await w.child(await w.click(w.member, grid, "U2"), "✅")
        child = await w.pictured(child.id)
        refused = await w.click(w.stranger, child, custom_id=button(child, "🗑️").custom_id or "")
        assert refused.response is not None
        await w.until(lambda: "Only the person who asked" in _now(w, refused))
        asked = await w.click(w.member, child, custom_id=button(child, "🗑️").custom_id or "")
        assert asked.response is not None
        await w.until(lambda: "Delete this message" in _now(w, asked))
        await w.restart()
        await w.click(w.member, asked.response, "Delete it")
        await w.until(lambda: _now(w, asked) == "Deleted.")
        assert [one.id for one in w.public] == [grid.id]
        again = await w.child(await w.click(w.member, grid, "U2"), "✅")
        assert again.id != child.id
        assert len(w.relay.submits) == 1


async def test_a_failure_is_deleted_as_a_result_is(tmp_path: Path) -> None:
    """By its requester alone, after the same question."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member, "mjstatus", id=w.relay.add_task("failed"))
        assert answer.response is not None
        failed = await w.titled(answer.response.id, "❌")
        assert "Only the person who asked" in await w.told(await w.click(w.stranger, failed, "🗑️"))
        asked = await w.click(w.member, failed, "🗑️")
        assert asked.response is not None
        await w.until(lambda: "Delete this message" in _now(w, asked))
        await w.click(w.member, asked.response, "Delete it")
        await w.until(lambda: _now(w, asked) == "Deleted.")
        assert not w.public
        assert not w.env.errors


async def test_deleting_a_message_that_is_gone_succeeds(tmp_path: Path) -> None:
    """Another member was quicker, and no failure is reported. A private result has no such button."""
    async with open_simcord_world(tmp_path) as w:
        grid = await w.finished(w.relay.add_task("grid"))
        asked = await w.click(w.member, grid, custom_id=button(grid, "🗑️").custom_id or "")
        assert asked.response is not None
        await w.until(lambda: "Delete this message" in _now(w, asked))
        await grid.delete()
        await w.click(w.member, asked.response, "Delete it")
        await w.until(lambda: _now(w, asked) == "Deleted.")
        answer = await w.slash(w.member, "mjstatus", id=w.relay.add_task("grid"), private=True)
        shown = await w.until(lambda: _finished(w, answer))
        assert "🗑️" not in rows(shown)[-1]
        assert not w.env.errors


def _now(w: SimcordWorld, asked: InteractionResult) -> str:
    shown = w.message(asked.response.id) if asked.response else None
    return shown.content if shown else ""


def _finished(w: SimcordWorld, answer: InteractionResult) -> discord.Message | None:
    shown = w.message(answer.response.id, "✅") if answer.response else None
    return shown if shown and shown.components else None
