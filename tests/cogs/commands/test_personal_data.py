"""/mydata, on discord.py's own machinery and a real database."""

import json
from dataclasses import replace
from pathlib import Path

import discord

from bot.entities import PersonSettings
from tests.worlds.simcord import SimcordWorld, open_simcord_world, rows


async def opened(w: SimcordWorld) -> discord.Message:
    """Run the command and return its panel."""
    answer = await w.slash(w.member, "mydata")
    assert answer.response is not None
    assert answer.response.ephemeral
    return await w.titled(answer.response.id, "Your data")


async def test_a_person_exports_and_deletes_their_data(tmp_path: Path) -> None:
    """The settings are gone, and the panel says what is kept."""
    async with open_simcord_world(tmp_path, privacy_url="https://example.com/privacy") as w:
        store = w.app.store
        await store.update_person_settings(w.member.id, lambda settings: replace(settings, remix=True))
        panel = await opened(w)
        assert rows(panel) == [["Export my data", "Delete my data", "Refresh", "Privacy policy"]]
        assert "Your settings from `/mjsettings`." in str(panel.embeds[0].description)
        sent = await w.click(w.member, panel, "Export my data")
        assert await w.told(sent) == "This is all that I store about you, as JSON."
        [file] = sent.followups[0].attachments
        assert file.filename == "my-data.json"
        assert json.loads(await file.read())["settings"][0]["remix"] is True
        await w.click(w.member, panel, "Delete my data")
        asked = await w.titled(panel.id, "Delete your data?")
        assert await store.find_person_settings(w.member.id) != PersonSettings()
        await w.click(w.member, asked, "Delete for good")
        await w.titled(panel.id, "Your data is deleted")
        assert await store.find_person_settings(w.member.id) == PersonSettings()
        assert not w.env.errors
