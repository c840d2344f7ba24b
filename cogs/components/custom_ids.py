"""The one button class, and the one menu class: everything a click needs travels in its custom_id.

So they outlive every process. discord.py drops the registration of a DynamicItem's class with any view that mixes it
with ordinary items and is stopped or times out: hence only these classes and link buttons, `timeout=None`, and a fresh
view for every drawing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Any, Self, cast

import discord
from discord import ui

from bot.midjourney.buttons import ButtonKind
from cogs.text import limits

TASK_ID_PATTERN = r"[A-Za-z0-9_-]{1,64}"
_REST = rf":(?P<task>{TASK_ID_PATTERN}):(?P<key>[0-9a-f]{{10}}|[0-9]{{15,20}}|-)"
TASK_CUSTOM_ID_TEMPLATE = rf"mj:(?P<kind>[A-Za-z]){_REST}"
_MENUS = f"[{ButtonKind.SPLIT_MENU}{ButtonKind.OVERFLOW_MENU}]"
_OF_MENUS = rf"mj:(?P<kind>{_MENUS}){_REST}"
# Every class whose template matches is called, so no two may match the same.
_OF_BUTTONS = rf"mj:(?P<kind>(?!{_MENUS})[A-Za-z]){_REST}"
MENU_CHOICE_EVENT = "task_choice"
"""The event that a choice in a menu is dispatched as: `on_task_choice(interaction, click, values)`."""


@unique
class ClickEvent(StrEnum):
    """Which cog answers a click, by the event that it is dispatched as: `on_press_click(interaction, click)`."""

    PRESS = "press_click"
    REGION = "region_click"
    RESULT = "result_click"
    ENDING = "ending_click"
    CHECK = "check_click"


_ROOMS: Mapping[ButtonKind, ClickEvent] = {
    **dict.fromkeys((ButtonKind.VARY_REGION, ButtonKind.CONFIRM_REGION, ButtonKind.CHANGE_REGION), ClickEvent.REGION),
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
}
"""All others are presses, what a newer version made up too."""


@dataclass(frozen=True)
class TaskCustomId:
    """What a custom_id says: the kind of button, the task, and the key of the API's button.

    Ours have "-", or the id of the message that they are about, where they stand below another.
    """

    kind: ButtonKind
    task_id: str
    key: str = "-"

    @property
    def event(self) -> ClickEvent:
        """Who answers it, and the form that it opens."""
        return _ROOMS.get(self.kind, ClickEvent.PRESS)

    @property
    def custom_id(self) -> str:
        """The custom_id that says so."""
        return f"mj:{self.kind}:{self.task_id}:{self.key}"

    @property
    def is_valid(self) -> bool:
        """Whether Discord takes it, and this module would know it again."""
        return (
            len(self.custom_id) <= limits.CUSTOM_ID
            and re.fullmatch(TASK_CUSTOM_ID_TEMPLATE, self.custom_id) is not None
        )

    @classmethod
    def parse(cls, custom_id: str) -> Self | None:
        """Read a custom_id; None where it is not ours. A kind that a newer version made up is OTHER."""
        found = re.fullmatch(TASK_CUSTOM_ID_TEMPLATE, custom_id)
        if found is None:
            return None
        kind = ButtonKind(found["kind"]) if found["kind"] in ButtonKind.__members__.values() else ButtonKind.OTHER
        return cls(kind, found["task"], found["key"])


class TaskButton(ui.DynamicItem[ui.Button[Any]], template=_OF_BUTTONS):
    """A button of a task's message, the API's or ours."""

    def __init__(self, click: TaskCustomId, button: ui.Button[Any] | None = None, *, row: int | None = None) -> None:
        super().__init__(button or ui.Button(custom_id=click.custom_id), row=row)
        self.item.custom_id = click.custom_id
        self.click = click

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Build the button anew from a click on any message, however old."""
        del interaction
        click = TaskCustomId.parse(match.string)
        assert click is not None, "the template matched"  # noqa: S101 - for the type checkers
        return cls(click, cast(ui.Button[Any], item))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the click to whoever listens; errors are theirs, as discord.py would only log them here."""
        interaction.client.dispatch(self.click.event, interaction, self.click)


class TaskMenu(ui.DynamicItem[ui.Select[Any]], template=_OF_MENUS):
    """A menu of a task's message, or about one."""

    def __init__(self, click: TaskCustomId, select: ui.Select[Any], *, row: int | None = None) -> None:
        super().__init__(select, row=row)
        self.item.custom_id = click.custom_id
        self.click = click

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Build the menu anew from a choice on any message, however old."""
        del interaction
        click = TaskCustomId.parse(match.string)
        assert click is not None, "the template matched"  # noqa: S101 - for the type checkers
        return cls(click, cast(ui.Select[Any], item))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the choice to whoever listens; errors are theirs, as discord.py would only log them here."""
        interaction.client.dispatch(MENU_CHOICE_EVENT, interaction, self.click, tuple(self.item.values))
