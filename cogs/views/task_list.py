"""A person's tasks as lines, as choices, and as a list with pages: an embed, a menu and buttons. Pure.

A page's components say in their custom_id which page of what they mean, so they work in any process.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self, cast

import discord
from discord import ui

from bot.entities import TaskFilter, TaskSummary
from bot.features.person_settings import TaskPage
from bot.midjourney.task import Status
from cogs.text import limits
from cogs.text.markdown import (
    clean_and_cut,
    escape_markdown,
    format_code,
    format_prompt,
    format_relative_time,
    replace_links,
)
from cogs.views.colors import ACTIVE_COLOR

TURN_PAGE_EVENT, OPEN_TASK_EVENT, FILTER_TASKS_EVENT = "list_turn", "list_open", "list_only"
"""The events that a click is dispatched as: `on_list_turn(interaction, leaf)`, `on_list_open(interaction, task_id)`
and `on_list_only(interaction, leaf)`."""

_PROMPT = 100
_WORDS = 24
"""How much is shown of what was pressed, and of what came of it."""
_MARKS = {"SUCCESS": "✅", "FAILURE": "❌", "CANCEL": "🚫", "IN_PROGRESS": "🎨", "MODAL": "✋"}
_LEFT = "🌙"
FILTER_NAMES = {
    TaskFilter.ALL: "All",
    TaskFilter.RUNNING: "Still running",
    TaskFilter.DONE: "Finished",
    TaskFilter.FAILED: "Failed or cancelled",
}
_PAGE = r"(?P<page>\d{1,6}):(?P<which>[a-z]{1,9})"
_BUTTONS = rf"mj:t:(?:newer|older|again):{_PAGE}"
_MENUS = rf"mj:t:(?P<menu>open|only):{_PAGE}"


@dataclass(frozen=True)
class TaskListPage:
    """Which page of which tasks; a kind that only another version knows is all of them."""

    number: int
    task_filter: TaskFilter

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Read what a template has found in a custom_id."""
        known = match["which"] in set(TaskFilter)
        return cls(int(match["page"]), TaskFilter(match["which"]) if known else TaskFilter.ALL)

    def custom_id(self, verb: str) -> str:
        """Return the custom_id that says so."""
        return f"mj:t:{verb}:{self.number}:{self.task_filter}"


class TaskListButton(ui.DynamicItem[ui.Button[Any]], template=_BUTTONS):
    """A button that shows a page."""

    def __init__(self, leaf: TaskListPage, button: ui.Button[Any]) -> None:
        super().__init__(button, row=button.row)
        self.leaf = leaf

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Build the button anew from a click on any list."""
        del interaction
        return cls(TaskListPage.from_match(match), cast(ui.Button[Any], item))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the click to whoever listens; errors are theirs, as discord.py would only log them here."""
        interaction.client.dispatch(TURN_PAGE_EVENT, interaction, self.leaf)


class TaskListMenu(ui.DynamicItem[ui.Select[Any]], template=_MENUS):
    """A menu: of the page's tasks, or of the kinds of tasks."""

    def __init__(self, menu: str, select: ui.Select[Any]) -> None:
        super().__init__(select, row=select.row)
        self.menu = menu

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Build the menu anew from a choice on any list."""
        del interaction
        return cls(match["menu"], cast(ui.Select[Any], item))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the choice to whoever listens."""
        chosen = next(iter(self.item.values), "")
        if self.menu == "open":
            interaction.client.dispatch(OPEN_TASK_EVENT, interaction, chosen)
        else:
            which = TaskFilter(chosen) if chosen in set(TaskFilter) else TaskFilter.ALL
            interaction.client.dispatch(FILTER_TASKS_EVENT, interaction, TaskListPage(0, which))


def get_status_emoji(one: TaskSummary) -> str:
    """Return the sign of a task's state; one that nobody looks at any more rests."""
    if not one.is_followed and not Status(one.status).is_final:
        return _LEFT
    return _MARKS.get(one.status, "⏳")


def format_choice(one: TaskSummary) -> str:
    """Name a task where only text is taken: in autocomplete."""
    what, prompt = _kind(one), replace_links(one.prompt)
    told = f"{what}: {prompt}" if what and prompt else what or prompt
    return limits.cut(f"{get_status_emoji(one)} {told or 'no prompt'} · {one.task_id}", limits.CHOICE_NAME)


def format_task_line(one: TaskSummary) -> str:
    """Show a task in two lines: its state and prompt, then what it is, its id, its age and its message."""
    where = f" · [message]({one.link})" if one.link else ""
    prompt = format_prompt(one.prompt, _PROMPT) or "no prompt"
    running = one.is_followed and one.progress and not Status(one.status).is_final
    progress = f" {one.progress} % ·" if running else ""
    what = f"{escape_markdown(kind)} · " if (kind := _kind(one)) else ""
    details = f"{what}{format_code(one.task_id)} · {format_relative_time(one.requested_at)}{where}"
    return f"{get_status_emoji(one)}{progress} {prompt}\n{details}"


def _kind(one: TaskSummary) -> str:
    """Tell by which press a task was made, and what it brings, as a family does: the same prompt may stand in many."""
    return " → ".join(filter(None, (clean_and_cut(one.pressed, _WORDS), clean_and_cut(one.result_description, _WORDS))))


def render_task_list(page: TaskPage, empty: str) -> tuple[discord.Embed, ui.View]:
    """Draw a page of a person's tasks; `empty` says what to do where there are none."""
    embed = discord.Embed(title="Your tasks", colour=ACTIVE_COLOR, description=_lines(page.tasks) or empty)
    many = "1 task" if page.total_tasks == 1 else f"{page.total_tasks} tasks"
    if page.total_tasks:
        embed.set_footer(text=f"{FILTER_NAMES[page.which]}: {many}, page {page.index + 1} of {page.page_count}")
    view = ui.View(timeout=None)
    if options := _options(page.tasks):
        custom_id = TaskListPage(page.index, page.which).custom_id("open")
        menu = ui.Select[Any](custom_id=custom_id, placeholder="Open one here", options=options, row=0)
        view.add_item(TaskListMenu("open", menu))
    if page.tasks or page.which is not TaskFilter.ALL:
        view.add_item(_kinds(page))
        for button in _buttons(page):
            view.add_item(button)
    return embed, view


def _lines(tasks: Iterable[TaskSummary]) -> str:
    """Put tasks below each other; one that has no room is left out whole, as half a link is none."""
    text = ""
    for one in tasks:
        longer = f"{text}\n{format_task_line(one)}" if text else format_task_line(one)
        text = longer if limits.length(longer) <= limits.EMBED_DESCRIPTION else text
    return text


def _options(tasks: Iterable[TaskSummary]) -> list[discord.SelectOption]:
    return [
        discord.SelectOption(
            label=limits.cut(replace_links(one.prompt), limits.OPTION_TEXT) or "no prompt",
            value=one.task_id,
            description=limits.cut(" · ".join(filter(None, (_kind(one), one.task_id))), limits.OPTION_TEXT),
            emoji=get_status_emoji(one),
        )
        for one in tasks
        if len(one.task_id) <= limits.OPTION_TEXT
    ]


def _kinds(page: TaskPage) -> TaskListMenu:
    options = [
        discord.SelectOption(label=name, value=which, default=which is page.which)
        for which, name in FILTER_NAMES.items()
    ]
    custom_id = TaskListPage(page.index, page.which).custom_id("only")
    return TaskListMenu("only", ui.Select(custom_id=custom_id, options=options, row=1))


def _buttons(page: TaskPage) -> Iterable[TaskListButton]:
    last = page.page_count - 1
    yield _button("newer", "Newer", TaskListPage(max(page.index - 1, 0), page.which), there=page.index > 0)
    yield _button("older", "Older", TaskListPage(min(page.index + 1, last), page.which), there=page.index < last)
    yield _button("again", "Refresh", TaskListPage(page.index, page.which), there=True)


def _button(verb: str, label: str, leaf: TaskListPage, *, there: bool) -> TaskListButton:
    return TaskListButton(leaf, ui.Button(label=label, custom_id=leaf.custom_id(verb), disabled=not there, row=2))
