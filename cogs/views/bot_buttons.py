"""The fifth row of a message: what is ours below a finished picture, and the menus behind it. Pure."""

from typing import Any

import discord
from discord import ui

from bot.entities import ButtonStates, Job
from bot.features.downloads import WHOLE_GRID
from bot.midjourney.buttons import ButtonKind, is_grid
from bot.midjourney.capabilities import CANCEL_CAPABILITY
from bot.midjourney.task import Task
from cogs.components.custom_ids import TaskButton, TaskCustomId, TaskMenu

BotButton = tuple[ButtonKind, str, str]
"""A button of ours: kind, emoji, label."""

SPLIT = (ButtonKind.SPLIT_GRID, "✂️", "Split")
ORIGINAL = (ButtonKind.ORIGINAL_FILE, "💾", "Original")
FILE_BUTTONS = (SPLIT, ORIGINAL)
STOP = (ButtonKind.STOP, "", "Stop watching")
CANCEL = (ButtonKind.STOP, "", "Cancel")
FAMILY = (ButtonKind.LINEAGE, "🌳", "Family")
DELETE = (ButtonKind.DELETE, "🗑️", "Delete")
_ICONS = frozenset({ButtonKind.DELETE})
"""Those that need no word: the row is short."""


def get_result_buttons(task: Task, *, related: bool, private: bool) -> tuple[BotButton, ...]:
    """Tell what can be done with a finished task's message, beside what the API offers.

    `related` ones have a family to show; `private` ones whoever sees them can dismiss.
    """
    family = (FAMILY,) if related else ()
    return (*_files(task), *family, *(() if private else (DELETE,)))


def get_ended_buttons(*, private: bool) -> tuple[BotButton, ...]:
    """Tell what can be done with a message of which nothing comes any more: take it away, where it can be."""
    return () if private else (DELETE,)


def render_bot_button(ours: BotButton, task_id: str, *, row: int, careful: bool) -> TaskButton | None:
    """Draw a button of ours; None for an id that does not fit a custom_id."""
    kind, symbol, label = ours
    click = TaskCustomId(kind, task_id)
    if not click.is_valid:
        return None
    shown = ui.Button[Any](
        label=None if kind in _ICONS and not careful else label,
        emoji=None if careful else symbol or None,
        custom_id=click.custom_id,
        row=row,
    )
    return TaskButton(click, shown, row=row)


def render_delete_confirmation(task_id: str, message_id: int) -> ui.View:
    """Draw the button that deletes a message, below the question whether to."""
    click = TaskCustomId(ButtonKind.DELETE_CONFIRMED, task_id, str(message_id))
    view = ui.View(timeout=None)
    danger = discord.ButtonStyle.danger
    view.add_item(TaskButton(click, ui.Button[Any](label="Delete it", style=danger, custom_id=click.custom_id)))
    return view


def _files(task: Task) -> tuple[BotButton, ...]:
    if task.text_result or not task.picture_url:
        return ()
    four = not task.first_clip_url and (task.grid_picture_urls or is_grid(task))
    return (SPLIT,) if four else (ORIGINAL,)


def get_running_buttons(job: Job, marks: ButtonStates) -> tuple[BotButton, ...]:
    """Offer to give up: a task that this message has asked for may be cancelled, until a relay said that it cannot."""
    return (CANCEL,) if job.claim_id and CANCEL_CAPABILITY not in marks.missing_capabilities else (STOP,)


def render_pictures_menu(task_id: str, message_id: int | None) -> ui.View:
    """Draw the menu of a grid's pictures; `message_id` is the grid's message, None for one that is private."""
    click = TaskCustomId(ButtonKind.SPLIT_MENU, task_id, str(message_id) if message_id else "-")
    options = [discord.SelectOption(label=f"Picture {number}", value=str(number)) for number in range(1, 5)]
    options.append(discord.SelectOption(label="All four in one, untouched", value=str(WHOLE_GRID)))
    select = ui.Select[Any](
        custom_id=click.custom_id, placeholder="Which ones?", min_values=1, max_values=len(options), options=options
    )
    view = ui.View(timeout=None)
    view.add_item(TaskMenu(click, select))
    return view
