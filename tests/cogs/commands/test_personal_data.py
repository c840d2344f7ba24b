"""/mydata, on discord.py's own machinery and a real database."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest
from simcord import InteractionResult
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.entities import ClaimState, Person, PersonSettings
from bot.midjourney.task import Task
from bot.store.rows import claim_to_row, job_to_row, task_to_row
from bot.store.schema import claims, jobs, metadata, snapshots
from cogs.views.panels.personal_data_panel import DataAction, DataChoice
from tests.fakes.sample_rows import NOON, a_claim, a_job
from tests.postgres import Postgres
from tests.worlds.simcord import SimcordWorld, open_simcord_world, rows

COUNT = 500
NAME, WORD = "Lien Zwetschge", "zeppelin"


async def opened(w: SimcordWorld) -> discord.Message:
    """Run the command and return its panel."""
    answer = await w.slash(w.member, "mydata")
    assert answer.response is not None
    assert answer.response.ephemeral
    return await w.titled(answer.response.id, "Your data")


async def export(w: SimcordWorld, panel: discord.Message) -> tuple[InteractionResult, dict[str, list[dict[str, Any]]]]:
    """Export, and return the answer and the file."""
    sent = await w.click(w.member, panel, "Export my data")
    await w.told(sent)
    [file] = sent.followups[0].attachments
    assert file.filename == "my-data.json"
    return sent, json.loads(await file.read())


async def test_a_person_exports_and_deletes_their_data(tmp_path: Path) -> None:
    """The settings are gone, and the panel says what is kept."""
    async with open_simcord_world(tmp_path, privacy_url="https://example.com/privacy") as w:
        store = w.app.store
        await store.update_person_settings(w.member.id, lambda settings: replace(settings, remix=True))
        panel = await opened(w)
        assert rows(panel) == [["Export my data", "Delete my data", "Refresh", "Privacy policy"]]
        assert "Your settings from `/mjsettings`." in str(panel.embeds[0].description)
        sent, found = await export(w, panel)
        assert w.said(sent) == "This is all that I store about you, as JSON."
        assert found["settings"][0]["remix"] is True
        await w.click(w.member, panel, "Delete my data")
        asked = await w.titled(panel.id, "Delete your data?")
        assert await store.find_person_settings(w.member.id) != PersonSettings()
        await w.click(w.member, asked, "Delete for good")
        await w.titled(panel.id, "Your data is deleted")
        assert await store.find_person_settings(w.member.id) == PersonSettings()
        assert not w.env.errors


async def test_another_persons_click_changes_and_tells_nothing(tmp_path: Path) -> None:
    """Of any button, also of one that only another version of the bot knows."""
    async with open_simcord_world(tmp_path) as w:
        store = w.app.store
        await store.update_person_settings(w.member.id, lambda settings: replace(settings, remix=True))
        panel = await opened(w)
        shown = panel.embeds[0].to_dict()
        public = await w.finished(w.relay.add_task("grid"))
        for action in (*DataAction, "burn"):
            _set_button(w, public, f"mj:data:{action}:{w.member.id}")
            refused = await w.act(w.stranger.click(public, custom_id=f"mj:data:{action}:{w.member.id}"))
            assert (await w.told(refused)).startswith("These buttons belong to the person who ran `/mydata`."), action
            assert not refused.followups
        _set_button(w, public, f"mj:data:burn:{w.member.id}")
        stale = await w.act(w.member.click(public, custom_id=f"mj:data:burn:{w.member.id}"))
        assert (await w.told(stale)).startswith("I no longer know this button.")
        assert (await store.find_person_settings(w.member.id)).remix
        assert (await w.titled(panel.id, "Your data")).embeds[0].to_dict() == shown
        assert DataChoice(DataAction.SHOW, w.member.id).custom_id == f"mj:data:show:{w.member.id}"
        assert not w.env.errors


def _set_button(w: SimcordWorld, message: discord.Message, custom_id: str) -> None:
    """Give a message everyone can click a button, as if a private panel had become public."""
    stored = w.env.backend.messages[w.channel.id][message.id]
    button = {"type": 2, "style": 2, "label": "x", "custom_id": custom_id}
    stored.components = [{"type": 1, "components": [button]}]


async def fill(w: SimcordWorld) -> None:
    """Write tasks that the member drew; a stranger follows every tenth."""
    lien, eve = Person(w.member.id, NAME, "https://cdn.example/zwetschge.png"), Person(w.stranger.id, "eve")
    written: dict[Any, list[dict[str, Any]]] = {jobs: [], claims: [], snapshots: []}
    for number in range(1, COUNT + 1):
        task_id, prompt = f"t{number}", f"{WORD} number {number} --ar 3:2"
        task = Task.model_validate(
            {"id": task_id, "status": "SUCCESS", "prompt": prompt, "description": f"ok: {prompt}"}
        )
        claim = a_claim(number, f"imagine:{number:010x}", task_id="", person_id=lien.id, message_id=number)
        followers = [a_job(number, task_id, requester=lien, claim_id=number)]
        followers += [a_job(number + COUNT, task_id, requester=eve)] if number % 10 == 0 else []
        written[jobs] += [{**job_to_row(job), "closed_at": NOON} for job in followers]
        written[claims].append(claim_to_row(replace(claim, state=ClaimState.ACCEPTED, child_id=task_id)))
        written[snapshots].append({**task_to_row(task), "kept_at": NOON})

    async def write(connection: AsyncConnection) -> None:
        for table, values in written.items():
            await connection.execute(table.insert(), values)

    await w.app.store.database.transaction(write)


async def read_everything(w: SimcordWorld) -> dict[str, str]:
    """Return each table as one text of all of its columns."""
    database = w.app.store.database
    return {
        table.name: "\n".join(" | ".join(map(str, row.values())) for row in await database.read(select(table)))
        for table in metadata.sorted_tables
    }


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_500_tasks_are_exported_and_deleted(tmp_path: Path, request: pytest.FixtureRequest, kind: str) -> None:
    """All of them are in the file; afterwards the whole database has only the pseudonym."""
    changes: dict[str, Any] = {}
    if kind == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        changes["database_url"] = await server.migrated_database()
    async with open_simcord_world(tmp_path, **changes) as w:
        await fill(w)
        panel = await opened(w)
        assert f"**{COUNT} tasks**" in str(panel.embeds[0].description)
        _, found = await export(w, panel)
        assert {section: len(found[section]) for section in ("jobs", "tasks", "ledger")} == dict.fromkeys(
            ("jobs", "tasks", "ledger"), COUNT
        )
        assert sorted(row["body"]["prompt"] for row in found["tasks"]) == sorted(
            f"{WORD} number {number} --ar 3:2" for number in range(1, COUNT + 1)
        )
        await w.click(w.member, panel, "Delete my data")
        await w.click(w.member, await w.titled(panel.id, "Delete your data?"), "Delete for good")
        done = await w.titled(panel.id, "Your data is deleted")
        assert f"the entries of {COUNT} messages" in str(done.embeds[0].description)
        tables = await read_everything(w)
        sought = (str(w.member.id), NAME, "zwetschge", WORD)
        assert [f"{text} in {name}" for name, text_of in tables.items() for text in sought if text in text_of] == []
        pseudonym = str(w.app.store.database.pseudonyms.find(w.member.id))
        assert {name for name, text in tables.items() if pseudonym in text} == {"claims", "deleted_messages"}
        assert len(tables["snapshots"].splitlines()) == COUNT // 10
        assert not w.env.errors
