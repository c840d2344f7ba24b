"""What the custom_id of a task's button or menu holds: its kind, the task and the API's button."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Any, Self

from discord import ui

from bot.midjourney.buttons import ButtonKind
from bot.midjourney.task_ids import TASK_ID_PATTERN
from cogs.components.event_item import EventItem
from cogs.text import limits

_REST = rf":(?P<task>{TASK_ID_PATTERN}):(?P<key>[0-9a-f]{{10}}|[0-9]{{15,20}}|-)"
TASK_CUSTOM_ID_TEMPLATE = rf"mj:(?P<kind>[A-Za-z]){_REST}"
_MENU_KINDS = f"[{ButtonKind.SPLIT_MENU}{ButtonKind.OVERFLOW_MENU}]"
_MENU_TEMPLATE = rf"mj:(?P<kind>{_MENU_KINDS}){_REST}"
# The lists of tasks and the settings share letters with two kinds, but no key of theirs is like one of these.
_BUTTON_TEMPLATE = rf"mj:(?P<kind>(?!{_MENU_KINDS})[A-Za-z]){_REST}"
MENU_CHOICE_EVENT = "task_choice"
"""The event of a choice in a menu: `on_task_choice(interaction, click, values)`."""


@unique
class ClickEvent(StrEnum):
    """The event that a click is dispatched as, each handled by one cog: `on_press_click(interaction, click)`."""

    PRESS = "press_click"
    REGION = "region_click"
    RESULT = "result_click"
    ENDING = "ending_click"
    CHECK = "check_click"
    REPORT = "report_click"


_EVENTS: Mapping[ButtonKind, ClickEvent] = {
    **dict.fromkeys(
        (
            ButtonKind.VARY_REGION,
            ButtonKind.CONFIRM_REGION,
            ButtonKind.CHANGE_REGION,
            ButtonKind.REPAINT_AGAIN,
        ),
        ClickEvent.REGION,
    ),
    **dict.fromkeys(
        (
            ButtonKind.SPLIT_GRID,
            ButtonKind.SPLIT_MENU,
            ButtonKind.ORIGINAL_FILE,
            ButtonKind.LINEAGE,
            ButtonKind.OVERFLOW_MENU,
        ),
        ClickEvent.RESULT,
    ),
    **dict.fromkeys((ButtonKind.STOP, ButtonKind.DELETE, ButtonKind.DELETE_CONFIRMED), ClickEvent.ENDING),
    ButtonKind.FORGET_REFUSALS: ClickEvent.CHECK,
    ButtonKind.REPORT: ClickEvent.REPORT,
}
"""All other kinds are presses, including those of newer versions of the bot."""


@dataclass(frozen=True)
class TaskCustomId:
    """The kind of button, the task, and the key of the API's button.

    The bot's own buttons have "-" for a key, or the id of the message that they are about if another one shows them.
    """

    kind: ButtonKind
    task_id: str
    key: str = "-"

    @property
    def event(self) -> ClickEvent:
        """The event of a click on it, and of the form that it opens."""
        return _EVENTS.get(self.kind, ClickEvent.PRESS)

    @property
    def custom_id(self) -> str:
        """The custom_id, which `parse` reads."""
        return f"mj:{self.kind}:{self.task_id}:{self.key}"

    @property
    def is_valid(self) -> bool:
        """Whether Discord accepts the custom_id, and `parse` can read it."""
        return (
            len(self.custom_id) <= limits.CUSTOM_ID
            and re.fullmatch(TASK_CUSTOM_ID_TEMPLATE, self.custom_id) is not None
        )

    @classmethod
    def parse(cls, custom_id: str) -> Self | None:
        """Parse a custom_id; None for one that is not a task's."""
        found = re.fullmatch(TASK_CUSTOM_ID_TEMPLATE, custom_id)
        return cls.from_match(found) if found else None

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Read what a template found in a custom_id; a kind that only a newer version of the bot knows is OTHER."""
        kind = ButtonKind(match["kind"]) if match["kind"] in ButtonKind.__members__.values() else ButtonKind.OTHER
        return cls(kind, match["task"], match["key"])


class TaskButton(EventItem[ui.Button[Any]], template=_BUTTON_TEMPLATE):
    """A button of a task's message, the API's or the bot's."""

    def get_event(self) -> tuple[str, TaskCustomId]:
        """Dispatch the click to the cog that handles its kind."""
        click = TaskCustomId.from_match(self.match)
        return click.event, click


class TaskMenu(EventItem[ui.Select[Any]], template=_MENU_TEMPLATE):
    """A menu of a task's message, or about one."""

    def get_event(self) -> tuple[str, TaskCustomId, tuple[str, ...]]:
        """Dispatch the chosen values."""
        return MENU_CHOICE_EVENT, TaskCustomId.from_match(self.match), tuple(self.item.values)
