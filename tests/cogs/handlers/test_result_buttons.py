"""What is ours below a finished picture, on discord.py's own machinery, a real relay and a real database."""

from functools import partial
from io import BytesIO
from pathlib import Path

import discord
from PIL import Image
from simcord import InteractionResult, MemberActor

from bot.entities import AgePolicy, ServerRules
from bot.imaging.reencode import Picture
from bot.midjourney.task import Button
from cogs.handlers.result_buttons import split_into_messages
from cogs.text.limits import REQUEST_BYTES
from tests.worlds.simcord import GUILD_ID, SimcordWorld, button, open_simcord_world, rows


def menu(shown: discord.Message) -> discord.SelectMenu:
    """Return the menu of a message."""
    parts = [part for row in shown.components if isinstance(row, discord.ActionRow) for part in row.children]
    (found,) = [part for part in parts if isinstance(part, discord.SelectMenu)]
    return found


async def choose(
    w: SimcordWorld, asked: InteractionResult, *values: str, who: MemberActor | None = None
) -> InteractionResult:
    """Choose in the menu that a click has opened."""
    assert asked.response is not None
    return await w.act((who or w.member).select(asked.response, values))


async def sizes(message: discord.Message) -> list[tuple[int, int]]:
    """Return the sizes of a message's pictures."""
    found: list[tuple[int, int]] = []
    for file in message.attachments:
        with Image.open(BytesIO(await file.read())) as image:
            found.append(image.size)
    return found


async def test_chosen_pictures_come_as_files(tmp_path: Path) -> None:
    """Split asks privately which; the files come where the grid is, half as wide, and nothing is submitted."""
    async with open_simcord_world(tmp_path) as w:
        grid = await w.finished(w.relay.add_task("grid"))
        assert rows(grid)[-1] == ["Split", "🗑️"]
        asked = await w.click(w.stranger, grid, "Split")
        assert asked.response is not None
        assert asked.response.ephemeral
        assert [option.label for option in menu(asked.response.message).options][:2] == ["Picture 1", "Picture 2"]
        chosen = await choose(w, asked, "2", "4", who=w.stranger)
        await w.until(lambda: chosen.followups)
        files = w.public[-1]
        assert [file.filename[-5:] for file in files.attachments] == ["2.png", "4.png"]
        ((width, height),) = await sizes(grid)
        assert await sizes(files) == [(width // 2, height // 2)] * 2
        shown = "**a lighthouse at dawn** `--ar 3:2` `--v 7`"
        assert files.content == f"{w.stranger.mention} split [these four]({grid.jump_url}): {shown}"
        assert not w.relay.submits
        assert not w.env.errors


async def test_pictures_of_a_private_grid_stay_private(tmp_path: Path) -> None:
    """Only the member who asked sees them."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member, "mjstatus", id=w.relay.add_task("grid"), private=True)
        assert answer.response is not None
        grid = await w.until(lambda: _with_buttons(w, answer))
        asked = await w.click(w.member, grid, "Split")
        assert asked.response is not None
        chosen = await choose(w, asked, "1")
        await w.until(lambda: chosen.followups)
        assert chosen.followups[-1].ephemeral
        assert len(chosen.followups[-1].attachments) == 1
        assert w.public == []


async def test_a_menu_outlives_the_process_and_the_database(tmp_path: Path) -> None:
    """Both the button and the menu that it opened carry all they need; old buttons live on after a choice."""
    async with open_simcord_world(tmp_path) as w:
        grid = await w.finished(w.relay.add_task("grid"))
        asked = await w.click(w.member, grid, "Split")
        await w.restart(lose_database=True)
        chosen = await choose(w, asked, "3")
        await w.until(lambda: chosen.followups)
        assert len(w.public[-1].attachments) == 1
        again = await w.click(w.member, grid, "Split")
        assert again.response is not None
        await w.child(await w.confirm(w.member, await w.click(w.member, grid, "U2")), "✅ Picture 2")


async def test_a_failed_split_replaces_the_menu_with_a_sentence(tmp_path: Path) -> None:
    """One sentence, and no half of an answer."""
    async with open_simcord_world(tmp_path) as w:
        grid = await w.finished(w.relay.add_task("grid"))
        asked = await w.click(w.member, grid, "Split")
        for route in ("image", "picture"):
            w.relay.script(route, status=500, text="", times=9)
        assert asked.response is not None
        await choose(w, asked, "1")
        await w.until(lambda: "can't send it right now (HTTP 500)" in _private(w, asked))
        assert len(w.public) == 1


async def test_the_original_comes_privately(tmp_path: Path) -> None:
    """It is the untouched file, visible only to the member who pressed."""
    async with open_simcord_world(tmp_path) as w:
        grid = await w.finished(w.relay.add_task("grid"))
        single = await w.child(await w.click(w.member, grid, "U2"), "✅")
        single = await w.pictured(single.id)
        assert button(single, "Original")
        asked = await w.click(w.stranger, single, "Original")
        assert asked.response is not None
        shown = await w.until(lambda: _attached(w, asked))
        assert await shown.attachments[0].read() == await single.attachments[0].read()
        assert len(w.public) == 2


async def test_pictures_are_spoilers_where_the_server_wants_that(tmp_path: Path) -> None:
    """The drawn one, those that were cut out of it, and the original."""
    async with open_simcord_world(tmp_path) as w:
        hidden = ServerRules(age_policy=AgePolicy.SPOILER)
        await w.app.store.rules.change_server_rules(GUILD_ID, lambda _: (hidden, ()))
        grid = await w.titled((await w.finished(w.relay.add_task("grid"))).id, "✅")
        assert [file.is_spoiler() for file in grid.attachments] == [True]
        assert grid.embeds[0].image.url is None
        asked = await w.click(w.member, grid, "Split")
        chosen = await choose(w, asked, "2", "4")
        await w.until(lambda: chosen.followups)
        assert [file.is_spoiler() for file in w.public[-1].attachments] == [True, True]
        single = await w.pictured((await w.child(await w.click(w.member, grid, "U2"), "✅")).id)
        asked = await w.click(w.stranger, single, "Original")
        shown = await w.until(lambda: _attached(w, asked))
        assert [file.is_spoiler() for file in shown.attachments] == [True]
        assert not w.env.errors


async def test_the_clips_of_a_video_come_privately(tmp_path: Path) -> None:
    """All of them, untouched, from the one button."""
    async with open_simcord_world(tmp_path) as w:
        shown = await w.finished(w.relay.add_task("video"))
        shown = await w.until(lambda: _with_files(w, shown, 4))
        asked = await w.click(w.stranger, shown, "Original")
        assert asked.response is not None
        given = await w.until(lambda: _attached(w, asked))
        assert [await one.read() for one in given.attachments] == [await one.read() for one in shown.attachments]
        assert len(w.public) == 1
        assert not w.env.errors


async def test_a_family_is_shown_from_any_of_its_members(tmp_path: Path) -> None:
    """The button comes with the first press, and with every child; both ways are linked, the clicked one marked."""
    async with open_simcord_world(tmp_path) as w:
        grid = await w.finished(w.relay.add_task("grid"))
        single = await w.child(await w.click(w.member, grid, "U2"), "✅")
        single = await w.pictured(single.id)
        assert [label for label in rows(single)[-1] if label == "Family"]
        parent = await w.until(lambda: _with_family(w, grid))
        for clicked, line in ((parent, "Four pictures]"), (single, "Picture 2]")):
            asked = await w.click(w.stranger, clicked, "Family")
            text = await w.until(partial(_embedded, w, asked))
            assert grid.jump_url in text
            assert single.jump_url in text
            (marked,) = [one for one in text.splitlines() if "this one" in one]
            assert line in marked
        assert len(w.relay.submits) == 1
        assert not w.env.errors


async def test_a_choice_in_more_is_a_press(tmp_path: Path) -> None:
    """Sent once, marked, and refused or opened as a form just as its button would be."""
    async with open_simcord_world(tmp_path) as w:
        task_id = w.relay.add_task("grid")
        await _with_more_buttons(w, task_id)
        grid = await w.finished(task_id)
        w.relay.clear_scripts()
        options = {option.label: option.value for option in menu(grid).options}
        assert list(options) == ["V1", "V2", "V3", "V4", "Custom Zoom", "Other", "Report"]
        chosen = await w.act(w.member.select(grid, [options["V2"]]))
        child = await w.child(chosen, "✅ Four pictures")
        assert child.embeds[0].author.name == "lien pressed V2"
        assert [submit.path for submit in w.relay.submits] == ["/mj/submit/action"]
        marked = await w.until(lambda: _pressed_in_menu(w, grid))
        assert marked == ["V2"]
        assert [option.label for option in menu(w.message(grid.id) or grid).options] == list(options)
        assert rows(w.message(grid.id) or grid)[-1] == ["Split", "Family", "🗑️"]
        form = await w.act(w.member.select(grid, [options["Custom Zoom"]]))
        assert form.modal is not None
        form = await w.act(w.stranger.select(grid, [options["Report"]]))
        assert form.modal is not None
        answer = await w.act(w.stranger.submit_modal(form, {"reason": ["other"]}))
        assert (await w.told(answer)).startswith("Reported.")
        assert len(w.relay.submits) == 1
        assert not w.env.errors


def test_what_discord_takes_as_one_request_goes_as_one() -> None:
    """Larger pictures go one after the other; none is left out."""
    large, small = (Picture(bytes(size), "a.png", 1, 1, is_reencoded=False) for size in (REQUEST_BYTES // 2, 100))
    assert [len(batch) for batch in split_into_messages([large, large, small])] == [2, 1]
    assert [len(batch) for batch in split_into_messages([small] * 4)] == [4]
    assert list(split_into_messages([])) == []


def _with_buttons(w: SimcordWorld, answer: InteractionResult) -> discord.Message | None:
    shown = w.message(answer.response.id, "✅") if answer.response else None
    return shown if shown and shown.components else None


def _private(w: SimcordWorld, asked: InteractionResult) -> str:
    shown = w.message(asked.response.id) if asked.response else None
    return shown.content if shown else ""


def _attached(w: SimcordWorld, asked: InteractionResult) -> discord.Message | None:
    shown = w.message(asked.response.id) if asked.response else None
    return shown if shown and shown.attachments else None


def _with_family(w: SimcordWorld, grid: discord.Message) -> discord.Message | None:
    shown = w.message(grid.id)
    return shown if shown and "Family" in rows(shown)[-1] else None


def _embedded(w: SimcordWorld, asked: InteractionResult) -> str:
    shown = w.message(asked.response.id) if asked.response else None
    return (shown.embeds[0].description or "") if shown and shown.embeds else ""


async def _with_more_buttons(w: SimcordWorld, task_id: str) -> None:
    """Let the relay tell of a task with more buttons than fit: dummies first, U's, then V's and a zoom."""
    told = await w.app.relay.fetch_task(task_id)
    dummies = tuple(Button(custom_id=f"x::{at}", label=f"x{at}") for at in range(10))
    zooms = [told.buttons[0].custom_id.replace("JOB::upsample::1", f"{name}Zoom") for name in ("Custom", "Other")]
    more = tuple(
        Button(custom_id=custom_id, label=label)
        for custom_id, label in zip(zooms, ("Custom Zoom", "Other"), strict=True)
    )
    grown = told.model_copy(update={"buttons": (*told.buttons[:5], *dummies, *told.buttons[5:], *more)})
    body = grown.model_dump(by_alias=True, mode="json") | {"progress": "100%"}
    for route, answer in (("fetch", body), ("list", [body])):
        w.relay.script(route, body=answer)


def _pressed_in_menu(w: SimcordWorld, grid: discord.Message) -> list[str]:
    shown = w.message(grid.id)
    return [option.label for option in menu(shown).options if option.description] if shown else []


def _with_files(w: SimcordWorld, shown: discord.Message, count: int) -> discord.Message | None:
    found = w.message(shown.id)
    return found if found and len(found.attachments) == count else None
