"""/mjsettings, on discord.py's own machinery and a real database."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest
from simcord import InteractionResult

from bot.entities import Notify, PersonSettings
from bot.midjourney.request_options import Speed
from cogs.languages import Language, _, use_language
from tests.worlds.simcord import SimcordWorld, button, open_simcord_world, rows

GREEN = discord.ButtonStyle.success


async def opened(w: SimcordWorld) -> discord.Message:
    """Run the command and return its panel."""
    answer = await w.slash(w.member, "mjsettings")
    panel = answer.response
    assert panel is not None
    assert panel.ephemeral
    return await w.titled(panel.id, "Your settings")


async def chosen(w: SimcordWorld, person_id: int) -> PersonSettings:
    return await w.app.store.find_person_settings(person_id)


async def typed(w: SimcordWorld, panel: discord.Message, text: str) -> InteractionResult:
    """Open the form of the default parameters, and send it with that text."""
    shown = await w.click(w.member, panel, "Default parameters")
    assert shown.modal is not None
    return await w.act(w.member.submit_modal(shown, {"defaults": text}))


async def test_buttons_of_the_ephemeral_panel_change_settings(tmp_path: Path) -> None:
    """The panel changes in place, and the database has the new setting."""
    async with open_simcord_world(tmp_path, notify_after_seconds=30) as w:
        panel = await opened(w)
        assert rows(panel) == [
            ["Remix: off", "Default parameters"],
            ["Service default", "Relax", "Fast", "Turbo"],
            ["Never mention me", "After 30 s", "Always mention me"],
            ["As in Discord", "English", "Tiếng Việt", "简体中文", "繁體中文"],
        ]
        for label in ("Remix: off", "Relax", "Always mention me"):
            await w.click(w.member, panel, label)
        await w.until(lambda: button(w.message(panel.id) or panel, "Always mention me").style is GREEN)
        wanted = PersonSettings(remix=True, speed=Speed.RELAX, notify=Notify.ALWAYS)
        assert wanted == await chosen(w, w.member.id)
        assert await chosen(w, w.stranger.id) == PersonSettings()
        now = w.message(panel.id) or panel
        assert button(now, "Remix: on").style is GREEN
        assert not w.public
        assert not w.env.errors


async def test_a_language_holds_at_once(tmp_path: Path) -> None:
    """Also for the panel itself, until it is forgotten."""
    async with open_simcord_world(tmp_path) as w:
        panel = await opened(w)
        await w.click(w.member, panel, "Tiếng Việt")
        await w.until(lambda: button(w.message(panel.id) or panel, "Tiếng Việt").style is GREEN)
        with use_language(Language.VIETNAMESE):
            title = _("Your settings")
        assert (w.message(panel.id) or panel).embeds[0].title == title
        assert (await chosen(w, w.member.id)).language is Language.VIETNAMESE
        assert w.app.known_languages.get_person_language(w.member.id) is Language.VIETNAMESE
        now = w.message(panel.id) or panel
        with use_language(Language.VIETNAMESE):
            label = _("Forget my settings")
        await w.click(w.member, now, label)
        await w.until(lambda: (w.message(panel.id) or panel).embeds[0].title == "Your settings")
        assert w.app.known_languages.get_person_language(w.member.id) is None
        assert not w.env.errors


async def test_the_modal_shows_and_saves_default_parameters(tmp_path: Path) -> None:
    """They are stored in Midjourney's spelling, shown in the next modal, and deleted by an empty one."""
    async with open_simcord_world(tmp_path) as w:
        panel = await opened(w)
        await typed(w, panel, "--ar 3:2 --s 250")
        await w.until(lambda: "--stylize 250" in str((w.message(panel.id) or panel).embeds[0].to_dict()))
        again = await w.click(w.member, panel, "Default parameters")
        assert again.modal is not None
        assert again.modal["components"][0]["component"]["value"] == "--ar 3:2 --stylize 250"
        await w.act(w.member.submit_modal(again, {"defaults": ""}))
        await w.until(lambda: "None." in str((w.message(panel.id) or panel).embeds[0].to_dict()))
        assert await chosen(w, w.member.id) == PersonSettings()
        assert not w.env.errors


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a fox --ar 3:2", "Defaults are parameters only"),
        ("--ar banana", "isn't a valid `--ar`"),
        ("--stylize 5000 --chaos 900", "Please fix these"),
    ],
)
async def test_invalid_default_parameters_change_nothing(tmp_path: Path, text: str, said: str) -> None:
    """One ephemeral text has the next step, and the typed text for copying."""
    async with open_simcord_world(tmp_path) as w:
        panel = await opened(w)
        answer = await typed(w, panel, text)
        told = await w.told(answer)
        assert said in told
        assert "Your defaults are unchanged." in told
        assert told.endswith(f"\nYou wrote:\n```\n{text}\n```")
        assert await chosen(w, w.member.id) == PersonSettings()


async def test_the_panel_and_its_modal_work_after_a_restart(tmp_path: Path) -> None:
    """Nothing of either is in the memory of a process."""
    async with open_simcord_world(tmp_path) as w:
        panel = await opened(w)
        form = await w.click(w.member, panel, "Default parameters")
        await w.restart()
        await w.click(w.member, panel, "Turbo")
        await w.until(lambda: button(w.message(panel.id) or panel, "Turbo").style is GREEN)
        await w.act(w.member.submit_modal(form, {"defaults": "--tile"}))
        await w.until(lambda: "--tile" in str((w.message(panel.id) or panel).embeds[0].to_dict()))
        assert await chosen(w, w.member.id) == PersonSettings(defaults="--tile", speed=Speed.TURBO)
        assert not w.env.errors


async def test_an_unreachable_database_is_reported(tmp_path: Path) -> None:
    """The modal is not opened empty, because submitting it would delete the defaults."""
    async with open_simcord_world(tmp_path) as w:
        panel = await opened(w)
        store: Any = w.app.store
        store.database._closed = True
        for act in (w.slash(w.member, "mjsettings"), w.click(w.member, panel, "Turbo")):
            assert "can't reach my database" in await w.told(await act)
        form = await w.click(w.member, panel, "Default parameters")
        assert form.modal is None
        assert "can't reach my database" in await w.told(form)


async def test_settings_can_be_reset(tmp_path: Path) -> None:
    """The person's row is deleted; others' rows are kept."""
    async with open_simcord_world(tmp_path) as w:
        for person_id in (w.member.id, w.stranger.id):
            await w.app.store.update_person_settings(person_id, lambda now: replace(now, remix=True, defaults="--tile"))
        panel = await opened(w)
        await w.click(w.member, panel, "Forget my settings")
        now = await w.until(lambda: _without(w, panel, "Forget my settings"))
        assert button(now, "Remix: off")
        assert await chosen(w, w.member.id) == PersonSettings()
        assert (await chosen(w, w.stranger.id)).remix
        assert not w.env.errors


def _without(w: SimcordWorld, panel: discord.Message, label: str) -> discord.Message | None:
    now = w.message(panel.id)
    return now if now and all(label not in row for row in rows(now)) else None
