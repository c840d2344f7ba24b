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

from bot.midjourney.buttons import Kind
from cogs.text import limits

TASK_ID = r"[A-Za-z0-9_-]{1,64}"
_REST = rf":(?P<task>{TASK_ID}):(?P<key>[0-9a-f]{{10}}|[0-9]{{15,20}}|-)"
TEMPLATE = rf"mj:(?P<kind>[A-Za-z]){_REST}"
_MENUS = f"[{Kind.PICTURES}{Kind.MORE}]"
_OF_MENUS = rf"mj:(?P<kind>{_MENUS}){_REST}"
# Every class whose template matches is called, so no two may match the same.
_OF_BUTTONS = rf"mj:(?P<kind>(?!{_MENUS})[A-Za-z]){_REST}"
CHOICE = "task_choice"
"""The event that a choice in a menu is dispatched as: `on_task_choice(interaction, click, values)`."""


@unique
class Room(StrEnum):
    """Which cog answers a click, by the event that it is dispatched as: `on_press_click(interaction, click)`."""

    PRESS = "press_click"
    REGION = "region_click"
    RESULT = "result_click"
    ENDING = "ending_click"
    CHECK = "check_click"


_ROOMS: Mapping[Kind, Room] = {
    **dict.fromkeys((Kind.REGION, Kind.CONFIRM, Kind.CHANGE), Room.REGION),
    **dict.fromkeys((Kind.SPLIT, Kind.PICTURES, Kind.ORIGINAL, Kind.FAMILY, Kind.MORE), Room.RESULT),
    **dict.fromkeys((Kind.STOP, Kind.DELETE, Kind.DELETE_SURELY), Room.ENDING),
    Kind.FORGET: Room.CHECK,
}
"""All others are presses, what a newer version made up too."""


@dataclass(frozen=True)
class Click:
    """What a custom_id says: the kind of button, the task, and the key of the API's button.

    Ours have "-", or the id of the message that they are about, where they stand below another.
    """

    kind: Kind
    task_id: str
    key: str = "-"

    @property
    def room(self) -> Room:
        """Who answers it, and the form that it opens."""
        return _ROOMS.get(self.kind, Room.PRESS)

    @property
    def custom_id(self) -> str:
        """The custom_id that says so."""
        return f"mj:{self.kind}:{self.task_id}:{self.key}"

    @property
    def fits(self) -> bool:
        """Whether Discord takes it, and this module would know it again."""
        return len(self.custom_id) <= limits.CUSTOM_ID and re.fullmatch(TEMPLATE, self.custom_id) is not None

    @classmethod
    def read(cls, custom_id: str) -> Self | None:
        """Read a custom_id; None where it is not ours. A kind that a newer version made up is OTHER."""
        found = re.fullmatch(TEMPLATE, custom_id)
        if found is None:
            return None
        kind = Kind(found["kind"]) if found["kind"] in Kind.__members__.values() else Kind.OTHER
        return cls(kind, found["task"], found["key"])


class TaskButton(ui.DynamicItem[ui.Button[Any]], template=_OF_BUTTONS):
    """A button of a task's message, the API's or ours."""

    def __init__(self, click: Click, button: ui.Button[Any] | None = None, *, row: int | None = None) -> None:
        super().__init__(button or ui.Button(custom_id=click.custom_id), row=row)
        self.item.custom_id = click.custom_id
        self.click = click

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Build the button anew from a click on any message, however old."""
        del interaction
        click = Click.read(match.string)
        assert click is not None, "the template matched"  # noqa: S101 - for the type checkers
        return cls(click, cast(ui.Button[Any], item))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the click to whoever listens; errors are theirs, as discord.py would only log them here."""
        interaction.client.dispatch(self.click.room, interaction, self.click)


class TaskMenu(ui.DynamicItem[ui.Select[Any]], template=_OF_MENUS):
    """A menu of a task's message, or about one."""

    def __init__(self, click: Click, select: ui.Select[Any], *, row: int | None = None) -> None:
        super().__init__(select, row=row)
        self.item.custom_id = click.custom_id
        self.click = click

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Build the menu anew from a choice on any message, however old."""
        del interaction
        click = Click.read(match.string)
        assert click is not None, "the template matched"  # noqa: S101 - for the type checkers
        return cls(click, cast(ui.Select[Any], item))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the choice to whoever listens; errors are theirs, as discord.py would only log them here."""
        interaction.client.dispatch(CHOICE, interaction, self.click, tuple(self.item.values))
