"""What a message shows after one of its buttons was pressed: the same buttons, one more of them green."""

from pathlib import Path

import discord
import pytest

from sandbox.relay import RelaySettings
from tests.worlds.simcord import SimcordWorld, button, open_simcord_world, rows

GREEN = discord.ButtonStyle.success
PATCHED = RelaySettings(seconds_per_task=0.2, picture_side=64, refused_actions=frozenset())


async def single(w: SimcordWorld) -> discord.Message:
    """Take a picture out of a grid: a message with a family."""
    grid = await w.finished(w.relay.add_task("grid", prompt="a lighthouse --ar 1:1"))
    child = await w.child(await w.click(w.member, grid, "U2"), "✅")
    return await w.pictured(child.id)


async def green(w: SimcordWorld, shown: discord.Message, label: str) -> discord.Message:
    """Wait until a button is green, and return the message."""

    def found() -> discord.Message | None:
        now = w.message(shown.id)
        return now if now and button(now, label).style is GREEN else None

    return await w.until(found)


async def repainted(w: SimcordWorld, shown: discord.Message) -> None:
    """Press Vary (Region), fill in its form, and confirm what it shows."""
    form = await w.click(w.member, shown, "Vary (Region)")
    answer = await w.act(w.member.submit_modal(form, {"prompt": "a lighthouse at night", "region": ["centre"]}))
    assert answer.response is not None
    preview = await w.titled(answer.response.id, "Repaint this?")
    await w.clock.sleep(4.0)
    await w.child(await w.click(w.member, preview, "Repaint"), "✅ Four pictures")


@pytest.mark.parametrize("lose_database", [False, True])
async def test_a_click_changes_no_other_button(tmp_path: Path, *, lose_database: bool) -> None:
    """Not even the bot's own buttons, with or without the database."""
    async with open_simcord_world(tmp_path, PATCHED) as w:
        shown = await single(w)
        before = rows(shown)
        assert before[-1] == ["Original", "Family", "🗑️"]
        if lose_database:
            await w.restart(lose_database=True)
        pressed = await w.click(w.member, shown, "Vary (Subtle)")
        if lose_database:
            await w.confirm(w.member, pressed)
        assert rows(await green(w, shown, "Vary (Subtle)")) == before
        assert not w.env.errors


@pytest.mark.parametrize("lose_database", [False, True])
async def test_a_confirmed_region_changes_no_other_button(tmp_path: Path, *, lose_database: bool) -> None:
    """Though the click came from the preview, and the message itself was not clicked: green ones stay green."""
    async with open_simcord_world(tmp_path, PATCHED) as w:
        shown = await single(w)
        before = rows(shown)
        await w.click(w.member, shown, "Vary (Subtle)")
        shown = await green(w, shown, "Vary (Subtle)")
        if lose_database:
            await w.restart(lose_database=True)
        await repainted(w, shown)
        now = await green(w, shown, "Vary (Region)")
        assert rows(now) == before
        assert button(now, "Vary (Subtle)").style is GREEN
        assert not w.env.errors


async def test_a_button_that_is_refused_brings_refresh_and_takes_nothing(tmp_path: Path) -> None:
    """And Refresh stays with the next press."""
    async with open_simcord_world(tmp_path) as w:
        shown = await single(w)
        before = rows(shown)
        await w.click(w.member, shown, "❤️")
        shown = await w.until(lambda: _with_refresh(w, shown))
        assert rows(shown) == [*before[:-1], [*before[-1], "Refresh"]]
        await w.clock.sleep(4.0)
        await w.click(w.member, shown, "Vary (Subtle)")
        assert rows(await green(w, shown, "Vary (Subtle)"))[-1] == [*before[-1], "Refresh"]


def _with_refresh(w: SimcordWorld, shown: discord.Message) -> discord.Message | None:
    now = w.message(shown.id)
    return now if now and "Refresh" in rows(now)[-1] else None
