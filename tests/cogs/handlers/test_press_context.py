"""What a form starts with: found in the time of a first answer, or nothing."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.midjourney.buttons import ButtonKind
from bot.midjourney.task import Status, Task
from bot.store.group_commit import run_to_completion
from cogs.components.custom_ids import TaskCustomId
from cogs.handlers.press_context import fetch_prefill, find_copied_message, get_shown_time, is_marked
from cogs.languages import Language, _, use_language
from cogs.text.guidance import COPIED_BUTTONS
from tests.fakes.sample_entities import PARENT, task, viewer
from tests.fakes.store import FakeStore
from tests.worlds.services import ServiceWorld


class BusyStore(FakeStore):
    """A store whose reads wait for `free`, and hold a cancellation back until they have ended, as a database's do."""

    free: asyncio.Event

    async def find_snapshot(self, task_id: str) -> Task | None:
        """Read, once it is free."""
        await run_to_completion(self.free.wait())
        return await super().find_snapshot(task_id)


async def test_a_modal_opens_without_waiting_for_a_busy_store() -> None:
    """Discord accepts a modal only in the first three seconds."""
    world = ServiceWorld()
    world.store = store = BusyStore(world.clock.now)
    store.snapshots = {PARENT: task(status=Status.SUCCESS)}
    store.free = asyncio.Event()
    async with world.process() as process:
        async with asyncio.timeout(10):
            asked = asyncio.create_task(
                fetch_prefill(process.presses, TaskCustomId(ButtonKind.VARY_REGION, PARENT), viewer())
            )
            done, _ = await asyncio.wait({asked}, timeout=2.5)
            store.free.set()
            assert (done, await asked) == ({asked}, "")
            assert (
                await fetch_prefill(process.presses, TaskCustomId(ButtonKind.VARY_REGION, PARENT), viewer())
                == "a lighthouse"
            )


async def test_a_modal_opens_empty_without_a_store() -> None:
    """An empty form is better than none."""
    world = ServiceWorld()
    async with world.process() as process:
        world.store.down = True
        assert await fetch_prefill(process.presses, TaskCustomId(ButtonKind.VARY_REGION, PARENT), viewer()) == ""
        world.store.down = False


CLICK = TaskCustomId(ButtonKind.PICK_FROM_GRID, PARENT, "aaaaaaaaaa")
OTHER = TaskCustomId(ButtonKind.PICK_FROM_GRID, PARENT, "bbbbbbbbbb")


def _message(*parts: dict[str, object]) -> discord.Message:
    payload: Any = {"type": 1, "components": parts}
    rows = [discord.ActionRow(payload)]
    return cast(discord.Message, SimpleNamespace(components=rows))


def _button(click: TaskCustomId, style: int) -> dict[str, object]:
    return {"type": 2, "custom_id": click.custom_id, "style": style, "label": "U1"}


def _menu(click: TaskCustomId, description: str) -> dict[str, object]:
    option = {"label": "U1", "value": click.custom_id, "description": description}
    return {"type": 3, "custom_id": "mj:m:1:-", "options": [option]}


@pytest.mark.parametrize(
    ("parts", "marked"),
    [
        ([_button(CLICK, 3)], True),
        ([_button(OTHER, 3), _button(CLICK, 2)], False),
        ([_button(CLICK, 1), _button(OTHER, 3)], False),
        ([_button(replace(CLICK, kind=ButtonKind.OTHER), 3)], True),
        ([_menu(CLICK, "pressed before")], True),
        ([_menu(CLICK, "")], False),
        ([_menu(OTHER, "pressed before")], False),
        ([], False),
    ],
)
def test_a_message_shows_which_buttons_were_pressed(parts: list[dict[str, object]], *, marked: bool) -> None:
    """In green, or in words in a menu."""
    assert marked is is_marked(_message(*parts), CLICK)


@pytest.mark.parametrize(
    ("message_id", "year"),
    [(1_576_351_814_981_255_192, 2026), (900_000_000_000_000_000, 2021), (700, None), (0, None), (-5, None)],
)
def test_a_messages_id_tells_its_time(message_id: int, year: int | None) -> None:
    """Unless it is from before there were buttons."""
    time = get_shown_time(message_id)
    assert (time and time.year) == year


@pytest.mark.parametrize("language", Language)
def test_copied_buttons_are_known_in_each_language(language: Language) -> None:
    """The person may have changed theirs since, and a link of other words is no copy."""
    link = "https://discord.com/channels/@me/700/1576351814981255192"
    with use_language(language):
        text = _(COPIED_BUTTONS).format(link=link)
    for description, found in ((text, 1576351814981255192), (f"{text} {text}", 0), (link, 0), ("", 0)):
        message = cast(discord.Message, SimpleNamespace(embeds=[discord.Embed(description=description)]))
        assert found == find_copied_message(message)
    assert find_copied_message(None) == 0
