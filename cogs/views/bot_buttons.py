"""The bot's own buttons, in the fifth row of a message, and the menus that they open. Pure."""

from typing import Any, NamedTuple

import discord
from discord import ui

from bot.entities import ButtonStates, Job
from bot.features.downloads import WHOLE_GRID
from bot.midjourney.buttons import ButtonKind, is_grid
from bot.midjourney.capabilities import CANCEL_CAPABILITY
from bot.midjourney.task import Task
from cogs.components.custom_ids import TaskButton, TaskCustomId, TaskMenu
from cogs.components.event_item import build_view
from cogs.languages import N_, _


class BotButton(NamedTuple):
    """One of the bot's own buttons, which the API does not offer; its label is marked for translation."""

    kind: ButtonKind
    emoji: str
    label: str


SPLIT = BotButton(ButtonKind.SPLIT_GRID, "✂️", N_("Split"))
ORIGINAL = BotButton(ButtonKind.ORIGINAL_FILE, "💾", N_("Original"))
FILE_BUTTONS = (SPLIT, ORIGINAL)
STOP = BotButton(ButtonKind.STOP, "", N_("Stop watching"))
CANCEL = BotButton(ButtonKind.STOP, "", N_("Cancel"))
FAMILY = BotButton(ButtonKind.LINEAGE, "🌳", N_("Family"))
DELETE = BotButton(ButtonKind.DELETE, "🗑️", N_("Delete"))
_ICON_ONLY_KINDS = frozenset({ButtonKind.DELETE})
"""Kinds whose emoji is enough, because the row is short."""


def get_result_buttons(task: Task, *, related: bool, private: bool) -> tuple[BotButton, ...]:
    """Return the bot's own buttons of a finished task.

    A `related` task has a family to show. A `private` message needs no Delete, because its reader can dismiss it.
    """
    family = (FAMILY,) if related else ()
    return (*_get_file_buttons(task), *family, *(() if private else (DELETE,)))


def get_ended_buttons(*, private: bool) -> tuple[BotButton, ...]:
    """Return the bot's own buttons of a message whose task will bring nothing more."""
    return () if private else (DELETE,)


def render_bot_button(button: BotButton, task_id: str, *, row: int, careful: bool) -> TaskButton | None:
    """Render one of the bot's own buttons; None for a task id that does not fit a custom_id."""
    custom_id = TaskCustomId(button.kind, task_id)
    if not custom_id.is_valid:
        return None
    return TaskButton(
        ui.Button(
            label=None if button.kind in _ICON_ONLY_KINDS and not careful else _(button.label),
            emoji=None if careful else button.emoji or None,
            custom_id=custom_id.custom_id,
            row=row,
        )
    )


def build_report_option(task_id: str) -> discord.SelectOption | None:
    """Build the entry of a menu that reports the message, for free; None for a task id that does not fit."""
    custom_id = TaskCustomId(ButtonKind.REPORT, task_id)
    if not custom_id.is_valid:
        return None
    return discord.SelectOption(label=_("Report"), value=custom_id.custom_id, emoji="🚩")


def render_delete_confirmation(task_id: str, message_id: int) -> ui.View:
    """Render the button that confirms deleting a message."""
    custom_id = TaskCustomId(ButtonKind.DELETE_CONFIRMED, task_id, str(message_id)).custom_id
    return build_view(
        [TaskButton(ui.Button(label=_("Delete it"), style=discord.ButtonStyle.danger, custom_id=custom_id))]
    )


def _get_file_buttons(task: Task) -> tuple[BotButton, ...]:
    if task.text_result or not task.picture_url:
        return ()
    four = not task.is_video and (task.grid_picture_urls or is_grid(task))
    return (SPLIT,) if four else (ORIGINAL,)


def get_running_buttons(job: Job, marks: ButtonStates) -> tuple[BotButton, ...]:
    """Return Cancel for a task that this message requested, unless the relay can't cancel; else Stop watching."""
    return (CANCEL,) if job.claim_id and CANCEL_CAPABILITY not in marks.missing_capabilities else (STOP,)


def render_pictures_menu(task_id: str, message_id: int | None) -> ui.View:
    """Render the menu of a grid's pictures; `message_id` is the grid's message, None for a private one."""
    custom_id = TaskCustomId(ButtonKind.SPLIT_MENU, task_id, str(message_id) if message_id else "-").custom_id
    options = [
        discord.SelectOption(label=_("Picture {number}").format(number=number), value=str(number))
        for number in range(1, 5)
    ]
    options.append(discord.SelectOption(label=_("All four in one, original file"), value=str(WHOLE_GRID)))
    select = ui.Select[Any](
        custom_id=custom_id, placeholder=_("Which ones?"), min_values=1, max_values=len(options), options=options
    )
    return build_view([TaskMenu(select)])
