"""Render what is stored about a person, with buttons to export and delete it. Pure.

A button's custom_id holds whose data it is about: the confirmation of a deletion belongs to the person who asked.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

import discord
from discord import ui

from bot.entities import DeletedData, StoredData
from cogs.components.event_item import EventItem, build_view
from cogs.languages import _
from cogs.text import limits
from cogs.text.personal_data import (
    PRIVACY_SUMMARY,
    describe_deleted_data,
    describe_deletion,
    describe_kept_data,
    describe_running_tasks,
    describe_stored_data,
)
from cogs.views.colors import ACTIVE_COLOR, DONE_COLOR, FAILED_COLOR

DATA_CLICK_EVENT: Final = "data_click"
"""The event of a click: `on_data_click(interaction, choice)`."""
_TEMPLATE = r"mj:data:(?P<action>[a-z]{1,9}):(?P<person>[0-9]{1,20})"


class DataAction(StrEnum):
    """What a button of the panel does."""

    SHOW = "show"
    EXPORT = "export"
    DELETE = "delete"
    """Asks before it deletes."""
    CONFIRM = "confirm"
    UNKNOWN = "unknown"
    """An action that only another version of the bot knows."""


@dataclass(frozen=True)
class DataChoice:
    """An action, and whose data it is about."""

    action: DataAction
    person_id: int

    @property
    def custom_id(self) -> str:
        """The custom_id, which `from_match` reads."""
        return f"mj:data:{self.action}:{self.person_id}"

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Read what the template found in a custom_id."""
        action = match["action"]
        return cls(DataAction(action) if action in set(DataAction) else DataAction.UNKNOWN, int(match["person"]))


class DataButton(EventItem[ui.Button[Any]], template=_TEMPLATE):
    """A button of the panel."""

    def get_event(self) -> tuple[str, DataChoice]:
        """Dispatch the choice."""
        return DATA_CLICK_EVENT, DataChoice.from_match(self.match)


def render_data_panel(person_id: int, stored: StoredData, privacy_url: str) -> tuple[discord.Embed, ui.View]:
    """Render what is stored about a person."""
    lines = [f"- {line}" for line in describe_stored_data(stored)]
    parts = ("\n".join(lines) or _("I store nothing about you."), describe_kept_data(stored.kept))
    embed = discord.Embed(title=_("Your data"), color=ACTIVE_COLOR, description=_join(parts))
    if not privacy_url:
        embed.add_field(name=_("Privacy"), value=_(PRIVACY_SUMMARY), inline=False)
    buttons: list[ui.Item[Any]] = [
        _build_button(DataAction.EXPORT, person_id, _("Export my data")),
        _build_button(DataAction.DELETE, person_id, _("Delete my data"), discord.ButtonStyle.danger),
        _build_button(DataAction.SHOW, person_id, _("Refresh")),
    ]
    return embed, build_view([*buttons, *build_privacy_buttons(privacy_url)])


def build_privacy_buttons(privacy_url: str) -> list[ui.Item[Any]]:
    """Build the button that leads to the privacy policy; none without a link."""
    return [ui.Button(label=_("Privacy policy"), url=privacy_url)] if privacy_url else []


def render_question(person_id: int, stored: StoredData) -> tuple[discord.Embed, ui.View]:
    """Ask before a deletion, or say why it has to wait."""
    if stored.running:
        return render_waiting(person_id, stored.running)
    embed = discord.Embed(title=_("Delete your data?"), color=FAILED_COLOR, description=describe_deletion())
    buttons = [
        _build_button(DataAction.CONFIRM, person_id, _("Delete for good"), discord.ButtonStyle.danger),
        _build_button(DataAction.SHOW, person_id, _("Keep my data")),
        _build_button(DataAction.EXPORT, person_id, _("Export my data")),
    ]
    return embed, build_view(buttons)


def render_waiting(person_id: int, running: int) -> tuple[discord.Embed, ui.View]:
    """Say that a deletion has to wait, with a button to try again."""
    embed = discord.Embed(title=_("Not yet"), color=FAILED_COLOR, description=describe_running_tasks(running))
    buttons = [
        _build_button(DataAction.DELETE, person_id, _("Try again"), discord.ButtonStyle.danger),
        _build_button(DataAction.SHOW, person_id, _("Keep my data")),
    ]
    return embed, build_view(buttons)


def render_deleted(person_id: int, deleted: DeletedData) -> tuple[discord.Embed, ui.View]:
    """Say what was deleted, and what is kept."""
    if deleted.running:
        return render_waiting(person_id, deleted.running)
    embed = discord.Embed(
        title=_("Your data is deleted"), color=DONE_COLOR, description=_join([describe_deleted_data(deleted)])
    )
    return embed, build_view([_build_button(DataAction.SHOW, person_id, _("Show what is stored"))])


def _join(parts: tuple[str, ...] | list[str]) -> str:
    return limits.join_fitting(parts, limits.EMBED_DESCRIPTION, "\n\n")


def _build_button(
    action: DataAction, person_id: int, label: str, style: discord.ButtonStyle = discord.ButtonStyle.secondary
) -> DataButton:
    return DataButton(ui.Button(label=label, style=style, custom_id=DataChoice(action, person_id).custom_id))
