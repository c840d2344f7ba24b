"""A message's menu, "Upscale picture", on discord.py's own machinery and a real relay."""

from pathlib import Path
from typing import Literal

import discord
import pytest
from simcord import InteractionResult

from tests.worlds.simcord import SimcordWorld, button, open_simcord_world, rows

Kind = Literal["grid", "single"]
GREEN = discord.ButtonStyle.success


async def chosen(w: SimcordWorld, message: discord.Message) -> InteractionResult:
    """Choose it in a message's menu."""
    return await w.act(w.member.context_menu(w.channel, "Upscale picture", message))


@pytest.mark.parametrize(
    ("kind", "offered"),
    [("grid", [["U1", "U2", "U3", "U4"]]), ("single", [["Upscale (Subtle)", "Upscale (Creative)"]])],
)
async def test_only_upscale_buttons_are_copied(tmp_path: Path, kind: Kind, offered: list[list[str]]) -> None:
    """To this person alone, and no others."""
    async with open_simcord_world(tmp_path) as w:
        picture = await w.finished(w.relay.add_task(kind))
        choice = (await chosen(w, picture)).response
        assert choice is not None
        assert choice.ephemeral
        assert rows(w.message(choice.id) or picture) == offered
        assert not w.env.errors


async def test_a_copied_button_works(tmp_path: Path) -> None:
    """Also after a restart: it is sent once, shown privately, and the button turns green on either message."""
    async with open_simcord_world(tmp_path) as w:
        picture = await w.finished(w.relay.add_task("grid"))
        choice = (await chosen(w, picture)).response
        assert choice is not None
        await w.restart()
        child = await w.child(await w.click(w.member, w.message(choice.id), "U3"), "✅ Picture 3")
        assert child.flags.ephemeral
        assert len(w.relay.submits) == 1
        assert len(w.public) == 1
        await w.until(lambda: button(w.message(choice.id) or picture, "U3").style is GREEN)
        assert rows(w.message(choice.id) or picture) == [["U1", "U2", "U3", "U4"]]
        again = await w.click(w.member, picture, "U3")
        await w.child(again, "✅ Picture 3")
        assert len(w.relay.submits) == 1
        assert not w.env.errors


async def test_messages_without_upscale_buttons_are_refused(tmp_path: Path) -> None:
    """Other people's messages, and the bot's own without a picture, get one ephemeral sentence."""
    async with open_simcord_world(tmp_path) as w:
        failed = await w.slash(w.member, "mjstatus", id=w.relay.add_task("failed"))
        assert failed.response is not None
        ours = await w.titled(failed.response.id, "❌")
        theirs = await w.member.send(w.channel, "look at this")
        for message in (ours, theirs):
            assert "picture to upscale" in w.said(await chosen(w, message))
        assert not w.env.errors
