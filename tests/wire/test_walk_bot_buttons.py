"""Our own buttons and menus, on the real process: files, families, endings, forms, and what had no room."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest
from PIL import Image, ImageChops

from bot.midjourney.buttons import ButtonKind
from tests.wire.loopback import Interaction, Message, Person
from tests.wire.walk import (
    BRISK,
    PROMPT,
    clicked,
    ended,
    finished,
    kinds_clicked,
    paid_by,
    shape,
    together,
)
from tests.worlds.processes import GENEROUS, WireWorld, open_wire_world

pytestmark = pytest.mark.wire

RELAY = replace(BRISK, seconds_per_task=4.0, picture_side=192, refused_actions=frozenset(), has_cancel=True)
"""A relay that can cancel, slow enough to be asked to."""

ELSEWHERE = {
    *(ButtonKind.CONFIRM_REGION, ButtonKind.CHANGE_REGION, ButtonKind.FORGET_REFUSALS),
    *(ButtonKind.DRAW_AGAIN, ButtonKind.REPAINT_AGAIN, ButtonKind.CONFIRM_PRICE, ButtonKind.REPORT),
}
"""The bot's buttons that other tests press: the first two and the last test_walk_buttons.py, the third
test_walk_refused_buttons.py, and the others, which appear five minutes after a lost answer,
tests/cogs/handlers/test_task_buttons_again.py and, of Report,
tests/cogs/handlers/test_result_buttons.py."""

LOST = {f"MJ::JOB::made_up_{number}::1::u::SOLO": f"Made up {number}" for number in range(8)}
ZOOM = {"MJ::CustomZoom::u": "Zoom as you like"}


async def test_every_button_of_the_bot_leads_to_its_result(tmp_path: Path) -> None:
    """Each does what it says, is free unless it presses a button of the API, and none disturbs another."""
    async with open_wire_world(tmp_path, RELAY) as world:
        async with world.bot(**GENEROUS) as bot:
            await together({name: walk(world) for name, walk in OURS.items()})
            bot.assert_calm()
        ours = {kind for kind in ButtonKind if kind.is_bot_button}
        assert kinds_clicked(world) & ours == ours - ELSEWHERE
        # Two that were cancelled, or not; the child that has a family; the form; and two from the menu.
        assert len(world.relay.submits) == 2 + 1 + 1 + 2
        world.assert_polite()


async def _asked(world: WireWorld, message: Message, which: str, by: Person | None = None) -> Message:
    """Press a button of ours; give what is said to this person alone."""
    act = await world.discord.click(by or world.discord.owner, message, which)
    await act.answered(20)
    assert act.original is not None
    assert act.original is not message
    assert act.original.ephemeral
    return act.original


async def _served(world: WireWorld, task_id: str) -> bytes:
    url = f"{world.relay.url}/mj/image/{task_id}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.read()


def _opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data)).convert("RGB")


def _quarter(data: bytes, number: int) -> Image.Image:
    whole = _opened(data)
    x, y = (number - 1) % 2 * (whole.width // 2), (number - 1) // 2 * (whole.height // 2)
    return whole.crop((x, y, x + whole.width // 2, y + whole.height // 2))


def _same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and ImageChops.difference(one, other).getbbox() is None


async def _split(world: WireWorld) -> None:
    """Of the four the chosen ones arrive as files, to the pixel, and the whole to the byte."""
    task_id = world.relay.add_task("grid")
    grid = await finished(world, task_id)
    asked = await _asked(world, grid, "Split")
    assert asked.content.startswith("Which pictures should I post")
    act = await world.discord.click(
        world.discord.owner, asked, asked.components[0]["components"][0]["custom_id"], values=["3", "2", "0"]
    )
    [sent] = await world.told(act)
    await world.until(lambda: asked.content.startswith("Cut from the grid"))
    assert not sent.ephemeral
    assert f"/{grid.channel.id}/{grid.id}" in sent.content
    served = await _served(world, task_id)
    second, third, whole = (one.content for one in sent.files)
    assert _same(_opened(second), _quarter(served, 2))
    assert _same(_opened(third), _quarter(served, 3))
    assert whole == served


async def _original(world: WireWorld) -> None:
    """The untouched file, to the byte."""
    task_id = world.relay.add_task("single")
    single = await finished(world, task_id)
    shown = await _asked(world, single, "Original")
    await world.until(lambda: shown.files)
    assert [one.content for one in shown.files] == [await _served(world, task_id)]


async def _family(world: WireWorld) -> None:
    """A child's family names its parent, and where each of the two is shown."""
    grid = await finished(world, world.relay.add_task("grid", prompt="a family"))
    child = await world.press(grid, "U2")
    await ended(world, child, "✅ Picture 2", 1)
    shown = await _asked(world, child, "Family")
    assert shown.embed["title"] == "🌳 Family"
    parent_line, child_line = shown.embed["description"].split("\n")[1:]
    assert parent_line.startswith("[Four pictures](")
    assert parent_line.endswith(f"/{grid.id})")
    assert "U2 → [Picture 2](" in child_line
    assert child_line.endswith(f"/{child.id}) ◂ **this one**")


async def _running(world: WireWorld, grid: Message, which: str) -> tuple[Interaction, Message]:
    act = await clicked(world, grid, which)
    [child] = await world.told(act)
    await world.until(lambda: [part.get("label") for part in child.buttons] == ["Cancel"])
    return act, child


async def _cancel(world: WireWorld) -> None:
    """A task that was asked for here is cancelled where the relay can; where not, it is only watched no more."""
    grid = await finished(world, world.relay.add_task("grid", prompt="to be cancelled"))
    press, child = await _running(world, grid, "V1")
    act = await clicked(world, child, "Cancel")
    [told] = await world.told(act)
    assert (told.ephemeral, told.content.startswith("I asked the service to cancel it")) == (True, True)
    await world.shows(child, "🚫 Canceled")
    assert len(paid_by(world, press.id)) == 1

    world.relay.script("cancel", 404, body={"error": {"message": "Invalid URL (POST /mj/task/1/cancel)"}})
    _, child = await _running(world, grid, "V2")
    act = await clicked(world, child, "Cancel")
    [told] = await world.told(act)
    assert (told.ephemeral, told.content.startswith("This service can't cancel")) == (True, True)
    await world.shows(child, "🌙 Stopped watching")
    assert world.relay.requests["cancel"] == 2
    await clicked(world, child, "Look again")
    await ended(world, child, "✅ Four pictures", 1)


async def _stop(world: WireWorld) -> None:
    """Another program's task is not canceled: its message rests, and Look again follows it to the end."""
    running = await world.follow(world.relay.add_task("running", prompt="watched"))
    await world.until(lambda: [part.get("label") for part in running.buttons] == ["Stop watching"])
    await clicked(world, running, "Stop watching")
    await world.shows(running, "🌙 Stopped watching")
    assert [part["label"] for part in running.buttons] == ["Look again"]
    await clicked(world, running, "Look again")
    await ended(world, running, "✅ Four pictures", 1)


async def _delete(world: WireWorld) -> None:
    """The requester is asked to confirm; another member is refused."""
    grid = await finished(world, world.relay.add_task("grid", prompt="to be deleted"))
    told = await _asked(world, grid, "🗑️", world.discord.member)
    assert told.content.startswith("Only the person who asked")
    asked = await _asked(world, grid, "🗑️")
    assert asked.content.startswith("Delete this message")
    assert not grid.deleted
    await clicked(world, asked, "Delete it")
    await world.until(lambda: grid.deleted)
    await world.until(lambda: asked.content == "Deleted.")


async def _more(world: WireWorld) -> None:
    """What finds no room is in a menu, where a choice is a press, its form included."""
    single = await finished(world, world.relay.add_task("single", extra_buttons={**LOST, **ZOOM}))
    assert shape(single) == (5, 5, 5, 1, 2)
    menu = single.components[3]["components"][0]
    values = {option["label"]: option["value"] for option in menu["options"]}
    assert list(values) == [*LOST.values(), *ZOOM.values(), "Report"]
    act = await world.discord.click(world.discord.owner, single, menu["custom_id"], values=[values["Made up 7"]])
    [child] = await world.told(act)
    await ended(world, child, "✅ Done", 1)
    assert len(paid_by(world, act.id)) == 1
    await world.until(lambda: _noted(single) == {"Made up 7": "pressed before"})
    opened = await world.discord.click(
        world.discord.owner, single, menu["custom_id"], values=[values["Zoom as you like"]]
    )
    await opened.acknowledged()
    sent = await world.discord.submit_modal(world.discord.owner, opened, {"prompt": f"{PROMPT} --zoom 1.2"})
    [child] = await world.told(sent)
    await ended(world, child, "✅ Four pictures", 1)
    [submit] = paid_by(world, sent.id)
    assert (submit.path, submit.body["prompt"]) == ("/mj/submit/modal", f"{PROMPT} --zoom 1.2")


def _noted(message: Message) -> dict[str, str]:
    options = message.components[3]["components"][0]["options"]
    return {option["label"]: option["description"] for option in options if option.get("description")}


async def _form(world: WireWorld) -> None:
    """A task that waits for its form is drawn from what is typed, by the person who asked for it; or dropped."""
    waiting = await world.follow(world.relay.add_task("modal", prompt="a form"))
    await world.shows(waiting, "✋ Waiting for Lien to confirm")
    told = await _asked(world, waiting, "Open form", world.discord.member)
    assert told.content.startswith("These buttons belong to the person who asked")
    opened = await clicked(world, waiting, "Open form")
    assert opened.modal["components"][0]["component"]["value"] == "a form"
    sent = await world.discord.submit_modal(world.discord.owner, opened, {"prompt": "a form, filled in"})
    await ended(world, waiting, "✅ Four pictures", 1)
    assert [(one.path, one.body["prompt"]) for one in paid_by(world, sent.id)] == [
        ("/mj/submit/modal", "a form, filled in")
    ]
    dropped = await world.follow(world.relay.add_task("modal", prompt="dropped"))
    await world.shows(dropped, "✋ Waiting")
    await clicked(world, dropped, "Drop it")
    await world.shows(dropped, "🚫 Dropped")


OURS: Mapping[str, Callable[[WireWorld], Awaitable[None]]] = {
    "Split": _split,
    "Original": _original,
    "Family": _family,
    "Cancel": _cancel,
    "Stop watching": _stop,
    "Delete": _delete,
    "More": _more,
    "forms": _form,
}
