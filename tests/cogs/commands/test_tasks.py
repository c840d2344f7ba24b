"""/mjtasks, on discord.py's own machinery, a real relay and a real database."""

from pathlib import Path
from typing import Any

import discord
from simcord import InteractionResult

from bot.features.person_settings import TASKS_PER_PAGE
from sandbox.relay import RelaySettings
from tests.worlds.simcord import SimcordWorld, button, open_simcord_world

SLOW = RelaySettings(seconds_per_task=60, picture_side=64)


async def listed(w: SimcordWorld, **options: str) -> discord.Message:
    """Run the command and return its list."""
    answer = (await w.slash(w.member, "mjtasks", **options)).response
    assert answer is not None
    assert answer.ephemeral
    return await w.titled(answer.id, "Your tasks")


def text(w: SimcordWorld, message: discord.Message) -> str:
    """Return the text of the list as it is now, with its footer."""
    now = w.message(message.id) or message
    return f"{now.embeds[0].description}\n{now.embeds[0].footer.text}"


def menu(message: discord.Message, verb: str) -> discord.SelectMenu:
    """Return the menu whose custom_id has that verb."""
    found = [part for row in message.components for part in getattr(row, "children", ())]
    return next(one for one in found if isinstance(one, discord.SelectMenu) and f":{verb}:" in one.custom_id)


async def choose(w: SimcordWorld, message: discord.Message, verb: str, value: str) -> InteractionResult:
    return await w.act(w.member.select(message, [value], custom_id=menu(message, verb).custom_id))


async def test_tasks_are_listed_privately_running_ones_first(tmp_path: Path) -> None:
    """Each with its state and its message; others' are left out."""
    async with open_simcord_world(tmp_path) as w:
        done = w.relay.add_task("grid", prompt="a lighthouse")
        theirs = w.relay.add_task("grid", prompt="a pig")
        await w.finished(done)
        await w.finished(theirs, w.stranger)
        await w.until(lambda: len(w.app.poller.watch_list) == 0)
        shown = text(w, await listed(w))
        assert "✅ **a lighthouse**" in shown
        assert f"`{done}`" in shown
        assert "a pig" not in shown
        assert shown.endswith("All: 1 task, page 1 of 1")
        assert not w.env.errors


async def test_pages_can_be_turned_in_any_process(tmp_path: Path) -> None:
    """Older and Newer edit the list in place, also after a restart; the menu filters it."""
    async with open_simcord_world(tmp_path) as w:
        for number in range(TASKS_PER_PAGE + 1):
            await w.finished(w.relay.add_task("grid", prompt=f"picture {number}"))
        shown = await listed(w)
        assert "**picture 0**" not in text(w, shown)
        await w.click(w.member, shown, "Older")
        await w.until(lambda: "page 2 of 2" in text(w, shown))
        assert "**picture 0**" in text(w, shown)
        await w.restart()
        now = w.message(shown.id) or shown
        assert button(now, "Older").disabled
        await w.click(w.member, now, "Newer")
        await w.until(lambda: "page 1 of 2" in text(w, shown))
        await choose(w, w.message(shown.id) or shown, "only", "failed")
        await w.until(lambda: "You have no tasks here" in text(w, shown))
        await choose(w, w.message(shown.id) or shown, "only", "done")
        await w.until(lambda: f"Finished: {TASKS_PER_PAGE + 1} tasks" in text(w, shown))
        assert not w.env.errors


async def test_a_task_opens_in_an_ephemeral_message(tmp_path: Path) -> None:
    """The chosen task is followed there to its picture, with its buttons."""
    async with open_simcord_world(tmp_path) as w:
        task_id = w.relay.add_task("grid", prompt="a lighthouse")
        await w.finished(task_id)
        shown = await listed(w)
        opened = await choose(w, shown, "open", task_id)
        assert opened.response is not None
        assert opened.response.id != shown.id
        assert opened.response.ephemeral
        live = await w.pictured(opened.response.id)
        assert live.embeds[0].footer.text is not None
        assert live.embeds[0].footer.text.endswith(task_id)
        assert button(live, "U1").custom_id
        assert len(w.public) == 1
        assert "Your tasks" in str((w.message(shown.id) or shown).embeds[0].title)
        assert not w.env.errors


async def test_the_list_can_be_filtered(tmp_path: Path) -> None:
    """By the option; Refresh keeps the filter and the page."""
    async with open_simcord_world(tmp_path, SLOW) as w:
        await w.finished(w.relay.add_task("grid", prompt="a lighthouse"))
        running = w.relay.add_task("running", prompt="a fox")
        answer = (await w.slash(w.member, "mjstatus", id=running)).response
        assert answer is not None
        await w.titled(answer.id, "⏳")
        shown = await listed(w, state="running")
        assert "**a fox**" in text(w, shown)
        assert "a lighthouse" not in text(w, shown)
        everything = text(w, await listed(w))
        assert everything.index("a fox") < everything.index("a lighthouse")
        await w.click(w.member, shown, "Refresh")
        assert "**a fox**" in text(w, shown)
        assert not w.env.errors


async def test_results_of_one_prompt_can_be_told_apart(tmp_path: Path) -> None:
    """A reroll, a picture of four and its variations share a prompt; the list names each kind."""
    async with open_simcord_world(tmp_path) as w:
        grid = await w.finished(w.relay.add_task("grid", prompt="a lighthouse"))
        for label, title in (("🔄", "✅ Four pictures"), ("U2", "✅ Picture 2"), ("V1", "✅ Four pictures")):
            await w.child(await w.click(w.member, grid, label), title)
        shown = text(w, await listed(w))
        for kind in ("Reroll → Four pictures", "U2 → Picture 2", "V1 → Four pictures"):
            assert f"**a lighthouse**\n{kind} · `" in shown
        assert not w.env.errors


async def test_a_person_without_tasks_is_told_about_ids(tmp_path: Path) -> None:
    """And where there is none of a kind, how to see the others."""
    async with open_simcord_world(tmp_path) as w:
        shown = await listed(w)
        assert "have no tasks yet" in text(w, shown)
        assert not shown.components
        assert "You have no tasks here: failed or canceled" in text(w, await listed(w, state="failed"))


async def test_an_unreachable_database_is_reported(tmp_path: Path) -> None:
    """By the command, and by a click, which leaves the list as it was."""
    async with open_simcord_world(tmp_path) as w:
        await w.finished(w.relay.add_task("grid", prompt="a lighthouse"))
        shown = await listed(w)
        store: Any = w.app.store
        store.database._closed = True
        assert "can't reach my database" in await w.told(await w.slash(w.member, "mjtasks"))
        assert "can't reach my database" in await w.told(await w.click(w.member, shown, "Refresh"))
        assert "a lighthouse" in text(w, shown)
