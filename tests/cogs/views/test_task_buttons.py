"""The API's buttons become Discord's: order kept, and one bad button never loses the message."""

from collections.abc import Callable
from typing import Any

import discord
import pytest
from discord import ui

from bot.entities import ButtonStates, PressedButton
from bot.midjourney.buttons import ButtonKind, get_claim_key, hash_custom_id
from bot.midjourney.capabilities import name_capability, name_fallback_capability
from bot.midjourney.task import Button, Task
from cogs.components.custom_ids import TaskButton, TaskCustomId, TaskMenu
from cogs.views.task_buttons import render_task_buttons
from tests.recordings import recorded

UUID = "c41e9d02-77b3-4f58-8a1d-0e96b5d3f7a8"
SINGLE = Task.model_validate(recorded("15_fetch_upscale_success_v7_discord").body)
GRID = Task.model_validate(recorded("14_fetch_imagine_success_grid").body)


def drawn(*buttons: Button, marks: ButtonStates | None = None, careful: bool = False) -> list[ui.Button[Any]]:
    """The Discord buttons of these API buttons."""
    items, _, _ = render_task_buttons(Task(id="1", buttons=buttons), marks or ButtonStates(), careful=careful)
    return [item.item if isinstance(item, TaskButton) else item for item in items]  # type: ignore[misc]


def faces(task: Task, marks: ButtonStates | None = None) -> list[list[str]]:
    """What is to be read on a task's buttons, row by row."""
    view = ui.View(timeout=None)
    for item in render_task_buttons(task, marks or ButtonStates(), careful=False)[0]:
        view.add_item(item)
    return [
        [" ".join(filter(None, (part.get("emoji", {}).get("name"), part.get("label")))) for part in row["components"]]
        for row in view.to_components()
    ]


async def test_a_grid_has_its_buttons_in_two_rows() -> None:
    """U1 to U4 with the reroll, then V1 to V4, as Midjourney lays them."""
    assert faces(GRID) == [["U1", "U2", "U3", "U4", "🔄"], ["V1", "V2", "V3", "V4"]]


async def test_a_single_has_its_families_in_four_rows() -> None:
    """Upscales and variations, zooms, pans, then motion; names of custom emoji are dropped, arrows kept."""
    assert faces(SINGLE) == [
        ["Upscale (Subtle)", "Upscale (Creative)", "🪄 Vary (Subtle)", "🪄 Vary (Strong)", "🖌️ Vary (Region)"],
        ["🔍 Zoom Out 2x", "🔍 Zoom Out 1.5x", "🔍 Custom Zoom"],
        ["⬅️", "➡️", "⬆️", "⬇️"],
        ["🎞️ Animate (High motion)", "🎞️ Animate (Low motion)", "❤️"],
    ]


async def test_describe_has_keycaps() -> None:
    """Keycaps are emoji, and need no label."""
    described = Task.model_validate(recorded("18_fetch_describe_success").body)
    assert faces(described) == [["1️⃣", "2️⃣", "3️⃣", "4️⃣", "🔄"], ["🎉 Imagine all"]]


async def test_a_click_finds_its_button() -> None:
    """Kind, task and key travel in the custom_id."""
    given = Button(custom_id="MJ::JOB::upsample::2::aa", label="U2")
    assert drawn(given)[0].custom_id == f"mj:u:1:{hash_custom_id(given.custom_id)}"


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (1, discord.ButtonStyle.primary),
        (2, discord.ButtonStyle.secondary),
        (3, discord.ButtonStyle.success),
        (4, discord.ButtonStyle.danger),
        (0, discord.ButtonStyle.secondary),
        (-7, discord.ButtonStyle.secondary),
        (6, discord.ButtonStyle.secondary),
    ],
)
async def test_buttons_keep_the_styles_of_the_api(style: int, expected: discord.ButtonStyle) -> None:
    """Styles 1 to 4 are Discord's own; anything else is an ordinary button."""
    assert expected is drawn(Button(custom_id="x::1", label="x", style=style))[0].style


async def test_a_pressed_button_turns_green_and_stays_enabled() -> None:
    """It is green in place of any other style, and can still be pressed."""
    given = Button(custom_id="MJ::JOB::upsample::2::aa", label="U2", style=1)
    marks = ButtonStates(pressed={hash_custom_id(given.custom_id): PressedButton("2", "", is_finished=True)})
    [button] = drawn(given, marks=marks)
    assert (discord.ButtonStyle.success, False) == (button.style, button.disabled)


@pytest.mark.parametrize("custom_id", ["MJ::JOB::upsample::2", f"MJ::JOB::upsample::2::{UUID}"])
@pytest.mark.parametrize("marked", [get_claim_key, hash_custom_id])
async def test_a_pressed_button_is_green_whether_the_relay_or_the_bot_offers_it(
    custom_id: str, marked: Callable[[str], str]
) -> None:
    """Its mark is the same for the bot's and the relay's own, and where an earlier version wrote it."""
    marks = ButtonStates(pressed={marked(custom_id): PressedButton("2", "", is_finished=True)})
    [button] = drawn(Button(custom_id=custom_id, label="U2"), marks=marks)
    assert button.style is discord.ButtonStyle.success
    assert button.custom_id == TaskCustomId(ButtonKind.PICK_FROM_GRID, "1", hash_custom_id(custom_id)).custom_id


async def test_a_refused_button_is_grayed_out_and_explained() -> None:
    """All that it can do by no way are disabled, and the footer tells which and why, each name once."""
    animate = [one.custom_id for one in SINGLE.buttons if "animate" in one.custom_id]
    lacks = dict.fromkeys((*map(name_capability, animate), *map(name_fallback_capability, animate)), "unknown_action")
    offered = {name_capability(one.custom_id): "HTTP 200" for one in SINGLE.buttons if "pan_" in one.custom_id}
    marks = ButtonStates(missing_capabilities={**lacks, **offered, "mj::bookmark": "", "mj::job::upsample": "not here"})
    items, notes, grayed = render_task_buttons(SINGLE, marks, careful=False)
    disabled = [item.item.label for item in items if isinstance(item, TaskButton) and item.item.disabled]
    assert disabled == [None, None, None, None, "Animate (High motion)", "Animate (Low motion)", None]
    assert grayed
    assert notes == [
        "Pan left, Pan right, Pan up, Pan down aren't available on this service",
        "Animate (High motion), Animate (Low motion) aren't available on this service: it doesn't know this action",
        "Favorite isn't available on this service",
    ]


async def test_a_button_with_a_fallback_is_not_grayed_out() -> None:
    """The button stays, and no note tells the member which request replaces it."""
    animate = [one.custom_id for one in SINGLE.buttons if "animate" in one.custom_id]
    marks = ButtonStates(missing_capabilities=dict.fromkeys(map(name_capability, animate), "unknown_action"))
    _, notes, grayed = render_task_buttons(SINGLE, marks, careful=False)
    assert (notes, grayed) == ([], False)


async def test_a_refused_clip_grays_out_no_picture_button() -> None:
    """U1 of a video is another thing than U1 of a grid, though both are picks."""
    refused = f"MJ::JOB::video_virtual_upscale::1::{UUID}"
    marks = ButtonStates(
        missing_capabilities=dict.fromkeys(
            (name_capability(refused), name_fallback_capability(refused)), "unknown_action"
        )
    )
    clip, pan, picture = drawn(
        Button(custom_id=refused, label="U1"),
        Button(custom_id=f"MJ::JOB::pan_up::1::{UUID}::SOLO", label="up"),
        Button(custom_id=f"MJ::JOB::upsample::1::{UUID}", label="U1"),
        marks=marks,
    )
    assert [True, False, False] == [clip.disabled, pan.disabled, picture.disabled]


@pytest.mark.parametrize(
    ("count", "shown", "notes"),
    [
        (20, 20, []),
        (21, 15, []),
        (40, 15, []),
        (41, 15, ["1 more button doesn't fit here."]),
        (50, 15, ["10 more buttons don't fit here."]),
    ],
)
async def test_buttons_that_do_not_fit_go_into_a_menu(count: int, shown: int, notes: list[str]) -> None:
    """Four rows of five, or three and a menu of 25; and a word about the rest."""
    buttons = tuple(Button(custom_id=f"x::{n}", label=str(n)) for n in range(count))
    items, said, _ = render_task_buttons(Task(id="1", buttons=buttons), ButtonStates(), careful=False)
    menus = [item for item in items if isinstance(item, TaskMenu)]
    assert (shown, notes) == (len(items) - len(menus), said)
    options = [option.label for menu in menus for option in menu.item.options]
    assert options == [str(n) for n in range(shown, min(count, 40))]


async def test_a_line_in_a_menu_asks_for_its_prompt_too() -> None:
    """A choice is a press like its button's, which opens the form of what was read."""
    line = Button(custom_id="MJ::Job::PicReader::1", label="1")
    alone, *_ = drawn(line)
    buttons = (*(Button(custom_id=f"MJ::JOB::{n}::1::{UUID}", label=str(n)) for n in range(20)), line)
    items, _, _ = render_task_buttons(Task(id="1", buttons=buttons), ButtonStates(), careful=False)
    (menu,) = [item for item in items if isinstance(item, TaskMenu)]
    assert menu.item.options[-1].value == alone.custom_id


async def test_a_menu_offers_what_its_buttons_would() -> None:
    """Each option is the button's own click; what was pressed says so, and what is refused is said and left out."""
    some = [Button(custom_id=f"x::{n}", label=str(n)) for n in range(19)]
    pan = Button(custom_id="MJ::JOB::pan_up::1::aa", emoji="⬆️")
    zoom = Button(custom_id=f"MJ::Outpaint::50::1::{UUID}::SOLO", label="Zoom out", emoji="upscale_1")
    link = Button(label="Web", style=5, url="https://a.test/")
    marks = ButtonStates(
        {hash_custom_id(pan.custom_id): PressedButton("2", "", is_finished=True)}, {"mj::outpaint": "no"}
    )
    task = Task(id="1", buttons=(*some, pan, zoom, link))
    items, notes, grayed = render_task_buttons(task, marks, careful=False)
    (menu,) = [item for item in items if isinstance(item, TaskMenu)]
    last = menu.item.options[-1]
    assert (last.label, str(last.emoji), last.description) == ("Pan up", "⬆️", "pressed before")
    assert last.value == f"mj:p:1:{hash_custom_id(pan.custom_id)}"
    assert (notes, grayed) == (["Zoom out isn't available on this service: no"], True)
    assert [item.url for item in items if isinstance(item, ui.Button)] == ["https://a.test/"]
    (careful,) = [item for item in render_task_buttons(task, marks, careful=True)[0] if isinstance(item, TaskMenu)]
    assert [option.emoji for option in careful.item.options if option.emoji] == []


@pytest.mark.parametrize(
    ("given", "label", "symbol"),
    [
        (Button(custom_id="MJ::JOB::reroll::0::aa::SOLO"), "Reroll", None),
        (Button(custom_id="not::known", label="\u200b", emoji="ὐ4"), "More", None),
        (Button(custom_id="MJ::JOB::pan_up::1::aa", emoji=" ⬆️ "), None, "⬆️"),
        (Button(custom_id="a::b", label="x" * 100_000, emoji="black_nib"), "x" * 79 + "…", None),
        (Button(custom_id="a::b", label="\u202eevil\n1", emoji="🏻"), "evil 1", None),
    ],
)
async def test_every_button_has_a_label_or_an_emoji(given: Button, label: str | None, symbol: str | None) -> None:
    """A button left with neither label nor emoji gets a label from what it does."""
    [button] = drawn(given)
    assert (label, symbol) == (button.label, str(button.emoji) if button.emoji else None)


async def test_careful_buttons_have_no_emoji_and_no_links() -> None:
    """What Discord may have refused is left out."""
    pan, link = Button(custom_id="MJ::JOB::pan_up::1::aa", emoji="⬆️"), Button(style=5, label="x", url="https://a.test/")
    [button] = drawn(pan, link, careful=True)
    assert ("Pan up", None) == (button.label, button.emoji)


@pytest.mark.parametrize(
    "given",
    [
        Button(label="nothing"),
        Button(custom_id="x::y", label="Web of lies", style=5),
        Button(label="Web", style=5),
        Button(label="far", style=5, url="https://a.test/" + "x" * 512),
        Button(label="evil", style=5, url="javascript://a.test/%0a"),
    ],
)
async def test_a_button_without_an_action_is_skipped(given: Button) -> None:
    """A link without an address, or a button without an id, is not offered."""
    assert drawn(given) == []


async def test_the_web_link_is_rebuilt() -> None:
    """Midjourney's page of a job is known by the id in the other buttons."""
    buttons = drawn(*SINGLE.buttons[:1], Button(label="Web", style=5))
    assert buttons[1].url == f"https://www.midjourney.com/jobs/{UUID}?index=0"


async def test_a_link_that_is_given_is_kept() -> None:
    """Its address is the relay's; one without a face says what it does."""
    named, bare, drawn_only = drawn(
        Button(label="Web", style=5, url="https://a.test/1"),
        Button(custom_id="x", style=5, url="https://a.test/2"),
        Button(style=5, url="https://a.test/3", emoji="🔗"),
    )
    assert [(one.label, one.url) for one in (named, bare, drawn_only)] == [
        ("Web", "https://a.test/1"),
        ("Open", "https://a.test/2"),
        (None, "https://a.test/3"),
    ]


async def test_duplicate_buttons_are_dropped() -> None:
    """Of two buttons that would do the same the first is shown."""
    link = Button(label="Web", style=5, url="https://a.test/")
    buttons = drawn(Button(custom_id="x::1", label="a"), Button(custom_id="x::1", label="b"), link, link)
    assert [button.label for button in buttons] == ["a", "Web"]


@pytest.mark.parametrize("task_id", ["x" * 65, "a:b", "äöü", "", "1\n"])
async def test_an_id_that_no_click_could_carry_has_links_only(task_id: str) -> None:
    """Such a task is shown, and only its links can be pressed."""
    link = Button(label="Web", style=5)
    items, _, _ = render_task_buttons(Task(id=task_id, buttons=(*SINGLE.buttons, link)), ButtonStates(), careful=False)
    assert [item.url for item in items if isinstance(item, ui.Button)] == [
        f"https://www.midjourney.com/jobs/{UUID}?index=0"
    ]
    assert len(items) == 1
