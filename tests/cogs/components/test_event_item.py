"""A component dispatches one event, however old its message is, and no custom_id belongs to two classes."""

import re
from typing import Any

import discord
import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st

from bot.entities import ReportAudience, TaskFilter
from bot.midjourney.buttons import ButtonKind
from cogs.commands.creations.blend_menu import BlendButton
from cogs.components.custom_ids import TaskButton, TaskCustomId, TaskMenu
from cogs.components.event_item import EventItem, is_known_custom_id
from cogs.languages.choice import LanguageChoice
from cogs.views.panels.server_controls import ServerItem
from cogs.views.panels.settings_panel import SettingButton, SettingChoice
from cogs.views.report_controls import ReportAction, ReportControl, ReportItem
from cogs.views.task_list import TaskListButton, TaskListMenu, TaskListPage

GRID = "1730621826053455"
ALL_TASKS = TaskListPage(0, TaskFilter.ALL)
TEMPLATES: dict[re.Pattern[str], type[EventItem[Any]]] = {
    item.template: type(item)
    for item in (
        TaskButton(ui.Button(custom_id=f"mj:l:{GRID}:-")),
        TaskMenu(ui.Select(custom_id=f"mj:m:{GRID}:-")),
        TaskListButton(ui.Button(custom_id="mj:t:again:0:all")),
        TaskListMenu(ui.Select(custom_id="mj:t:open:0:all")),
        SettingButton(ui.Button(custom_id="mj:e:remix:on")),
        ServerItem(ui.Button(custom_id="mj:server:p:who:-:allow:-:0a1b2c")),
        BlendButton(ui.Button(custom_id="mj:blend")),
        ReportItem(ui.Button(custom_id="mj:report:s:delete:12:-")),
    )
}


def press(kind: ButtonKind, key: str = "-", event: str = "press_click") -> tuple[object, ...]:
    """Return the event of a click on a task's button."""
    return event, TaskCustomId(kind, GRID, key)


# One custom_id of each kind, as version 7e4ce19 put them into messages that still exist.
OLD_BUTTONS: dict[str, tuple[object, ...]] = {
    f"mj:u:{GRID}:0123456789": press(ButtonKind.PICK_FROM_GRID, "0123456789"),
    f"mj:v:{GRID}:0123456789": press(ButtonKind.VARIATION, "0123456789"),
    f"mj:r:{GRID}:0123456789": press(ButtonKind.REROLL, "0123456789"),
    f"mj:s:{GRID}:0123456789": press(ButtonKind.UPSCALE, "0123456789"),
    f"mj:w:{GRID}:0123456789": press(ButtonKind.VARY, "0123456789"),
    f"mj:z:{GRID}:0123456789": press(ButtonKind.ZOOM, "0123456789"),
    f"mj:c:{GRID}:0123456789": press(ButtonKind.CUSTOM_ZOOM, "0123456789"),
    f"mj:i:{GRID}:0123456789": press(ButtonKind.VARY_REGION, "0123456789", "region_click"),
    f"mj:p:{GRID}:0123456789": press(ButtonKind.PAN, "0123456789"),
    f"mj:a:{GRID}:0123456789": press(ButtonKind.ANIMATE, "0123456789"),
    f"mj:d:{GRID}:0123456789": press(ButtonKind.DESCRIBE, "0123456789"),
    f"mj:h:{GRID}:0123456789": press(ButtonKind.SHORTEN, "0123456789"),
    f"mj:N:{GRID}:0123456789": press(ButtonKind.IMAGINE_LINE, "0123456789"),
    f"mj:P:{GRID}:0123456789": press(ButtonKind.SAME_PROMPT, "0123456789"),
    f"mj:b:{GRID}:0123456789": press(ButtonKind.BOOKMARK, "0123456789"),
    f"mj:x:{GRID}:0123456789": press(ButtonKind.OTHER, "0123456789"),
    f"mj:f:{GRID}:-": press(ButtonKind.OPEN_MODAL),
    f"mj:g:{GRID}:-": press(ButtonKind.DISCARD_MODAL),
    f"mj:l:{GRID}:-": press(ButtonKind.REFRESH),
    f"mj:k:{GRID}:-": press(ButtonKind.SPLIT_GRID, event="result_click"),
    f"mj:o:{GRID}:-": press(ButtonKind.ORIGINAL_FILE, event="result_click"),
    f"mj:t:{GRID}:-": press(ButtonKind.LINEAGE, event="result_click"),
    f"mj:q:{GRID}:-": press(ButtonKind.STOP, event="ending_click"),
    f"mj:e:{GRID}:-": press(ButtonKind.DELETE, event="ending_click"),
    f"mj:n:{GRID}:1187000000000000001": press(ButtonKind.DELETE_CONFIRMED, "1187000000000000001", "ending_click"),
    f"mj:y:{GRID}:0123456789": press(ButtonKind.CONFIRM_REGION, "0123456789", "region_click"),
    f"mj:J:{GRID}:0123456789": press(ButtonKind.CHANGE_REGION, "0123456789", "region_click"),
    f"mj:K:{GRID}:-": press(ButtonKind.FORGET_REFUSALS, event="check_click"),
    f"mj:F:{GRID}:-": press(ButtonKind.REPORT, event="report_click"),
    f"mj:A:{GRID}:0123456789": press(ButtonKind.DRAW_AGAIN, "0123456789"),
    f"mj:C:{GRID}:0123456789": press(ButtonKind.CONFIRM_PRICE, "0123456789"),
    f"mj:R:{GRID}:0123456789": press(ButtonKind.REPAINT_AGAIN, "0123456789", "region_click"),
    "mj:t:newer:0:all": ("list_turn", ALL_TASKS),
    "mj:t:older:2:running": ("list_turn", TaskListPage(2, TaskFilter.RUNNING)),
    "mj:t:again:1:failed": ("list_turn", TaskListPage(1, TaskFilter.FAILED)),
    "mj:t:again:1:later": ("list_turn", TaskListPage(1, TaskFilter.ALL)),
    "mj:e:remix:on": ("setting_click", SettingChoice("remix", "on")),
    "mj:e:speed:own": ("setting_click", SettingChoice("speed", "own")),
    "mj:e:notify:late": ("setting_click", SettingChoice("notify", "late")),
    "mj:e:defaults:edit": ("setting_click", SettingChoice("defaults", "edit")),
    "mj:e:all:forget": ("setting_click", SettingChoice("all", "forget")),
    "mj:blend": ("blend_click",),
    "mj:report:s:delete:12:-": (
        "report_resolution",
        ReportControl(ReportAudience.SERVER, ReportAction.DELETE, 12),
    ),
    "mj:report:o:list:0:3": ("report_resolution", ReportControl(ReportAudience.OPERATOR, ReportAction.LIST, 0, 3)),
    "mj:report:o:later:7:-": ("report_resolution", ReportControl(ReportAudience.OPERATOR, ReportAction.UNKNOWN, 7)),
}
# Of each menu: its custom_id and the chosen value.
OLD_MENUS: dict[tuple[str, str], tuple[object, ...]] = {
    (f"mj:j:{GRID}:-", "2"): ("task_choice", TaskCustomId(ButtonKind.SPLIT_MENU, GRID), ("2",)),
    (f"mj:m:{GRID}:-", f"mj:u:{GRID}:0123456789"): (
        "task_choice",
        TaskCustomId(ButtonKind.OVERFLOW_MENU, GRID),
        (f"mj:u:{GRID}:0123456789",),
    ),
    ("mj:t:open:0:all", GRID): ("list_open", GRID),
    ("mj:t:only:3:all", "failed"): ("list_only", TaskListPage(0, TaskFilter.FAILED)),
    ("mj:t:only:3:all", "later"): ("list_only", ALL_TASKS),
}


async def dispatch(custom_id: str, *values: str) -> list[tuple[object, ...]]:
    """Click a component with that custom_id, and return the events that its classes dispatch."""
    heard: list[tuple[object, ...]] = []

    class Client:
        """What a callback asks of discord.py's client."""

        languages = LanguageChoice()

        def dispatch(self, *event: object) -> None:
            """Record the event."""
            heard.append(event)

    class Interaction:
        """What a callback asks of an interaction."""

        client = Client()
        user = discord.Object(1)
        locale = discord.Locale.american_english

    interaction: Any = Interaction()
    for template, each in TEMPLATES.items():
        if (match := template.fullmatch(custom_id)) is not None:
            item: ui.Button[Any] | ChosenMenu = ui.Button(custom_id=custom_id)
            if issubclass(each, TaskMenu | TaskListMenu):
                item = ChosenMenu(custom_id, values)
            made = await each.from_custom_id(interaction, item, match)
            await made.callback(interaction)
    return [(name, *arguments) for name, _, *arguments in heard]


class ChosenMenu(ui.Select[Any]):
    """A menu in which a person has chosen."""

    def __init__(self, custom_id: str, chosen: tuple[str, ...]) -> None:
        super().__init__(custom_id=custom_id, options=[discord.SelectOption(label=one) for one in chosen])
        self.chosen = chosen

    @property
    def values(self) -> list[Any]:
        """What the person chose."""
        return list(self.chosen)


@pytest.mark.parametrize(("custom_id", "event"), OLD_BUTTONS.items(), ids=list(OLD_BUTTONS))
async def test_a_button_of_an_old_message_dispatches_its_event(custom_id: str, event: tuple[object, ...]) -> None:
    """The custom_ids are in messages that live longer than any version of the bot."""
    assert [event] == await dispatch(custom_id)


@pytest.mark.parametrize(("menu", "event"), OLD_MENUS.items(), ids=[f"{one}-{value}" for one, value in OLD_MENUS])
async def test_a_menu_of_an_old_message_dispatches_its_event(menu: tuple[str, str], event: tuple[object, ...]) -> None:
    """Its event has the chosen values."""
    assert [event] == await dispatch(*menu)


def test_every_kind_of_button_has_an_old_custom_id() -> None:
    """The tables above leave no kind out."""
    held = {custom_id.split(":")[1] for custom_id in (*OLD_BUTTONS, *(custom_id for custom_id, _ in OLD_MENUS))}
    assert set(ButtonKind) <= held


@given(st.one_of([st.from_regex(template, fullmatch=True) for template in TEMPLATES]))
def test_no_custom_id_belongs_to_two_classes(custom_id: str) -> None:
    """discord.py calls every class whose template matches."""
    assert sum(template.fullmatch(custom_id) is not None for template in TEMPLATES) == 1


def test_a_custom_id_with_a_foreign_end_is_refused() -> None:
    """discord.py's own check compares only the beginning."""
    with pytest.raises(ValueError, match="does not match all of"):
        TaskButton(ui.Button(custom_id=f"mj:l:{GRID}:-junk"))


@pytest.mark.parametrize(
    "custom_id",
    [
        f"mj:v:{GRID}:0123456789",
        f"mj:m:{GRID}:-",
        "mj:t:again:0:all",
        "mj:t:open:0:all",
        "mj:e:defaults:edit",
        "mj:server:p:who:-:allow:-:0a1b2c",
        "mj:blend",
        "mj:blend:private",
        "mj:report:o:block:12:-",
        "mj:F:-:1187000000000000001",
    ],
)
def test_what_a_class_takes_is_known(custom_id: str) -> None:
    """So it never gets the answer that the bot no longer knows it, as its own handler may be slow."""
    assert is_known_custom_id(custom_id)
    assert not is_known_custom_id(f"{custom_id}:another bot's")
