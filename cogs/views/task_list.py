"""Render a person's tasks as lines, as autocomplete choices, and as a list with pages. Pure.

The custom_id of each component holds its page and filter, so that any process can answer a click.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import discord
from discord import ui

from bot.entities import TaskFilter, TaskSummary
from bot.features.person_settings import TaskPage
from bot.midjourney.task import Status
from cogs.components.event_item import EventItem, build_view
from cogs.languages import N_, _, format_number, ngettext
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
from cogs.views.result_names import localize_button_name, localize_title

TURN_PAGE_EVENT, OPEN_TASK_EVENT, FILTER_TASKS_EVENT = "list_turn", "list_open", "list_only"
"""The events of a click: `on_list_turn(interaction, page)`, `on_list_open(interaction, task_id)` and
`on_list_only(interaction, page)`."""

_PROMPT_LENGTH = 100
_DESCRIPTION_LENGTH = 24
"""How many characters of the pressed button, and of its result, a line shows."""
_STATUS_EMOJI = {"SUCCESS": "✅", "FAILURE": "❌", "CANCEL": "🚫", "IN_PROGRESS": "🎨", "MODAL": "✋"}
_NOT_FOLLOWED_EMOJI = "🌙"
FILTER_NAMES = {
    TaskFilter.ALL: N_("All"),
    TaskFilter.RUNNING: N_("Still running"),
    TaskFilter.DONE: N_("Finished"),
    TaskFilter.FAILED: N_("Failed or canceled"),
}
_PAGE = r"(?P<page>\d{1,6}):(?P<which>[a-z]{1,9})"
_BUTTON_TEMPLATE = rf"mj:t:(?:newer|older|again):{_PAGE}"
_MENU_TEMPLATE = rf"mj:t:(?P<menu>open|only):{_PAGE}"


@dataclass(frozen=True)
class TaskListPage:
    """One page of the list: its number from 0, and which tasks the list shows."""

    number: int
    task_filter: TaskFilter

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Read what a template found in a custom_id."""
        return cls(int(match["page"]), _parse_filter(match["which"]))

    def custom_id(self, verb: str) -> str:
        """Return the custom_id of the component that does `verb` on this page."""
        return f"mj:t:{verb}:{self.number}:{self.task_filter}"


class TaskListButton(EventItem[ui.Button[Any]], template=_BUTTON_TEMPLATE):
    """A button that shows a page."""

    def get_event(self) -> tuple[str, TaskListPage]:
        """Dispatch the page to show."""
        return TURN_PAGE_EVENT, TaskListPage.from_match(self.match)


class TaskListMenu(EventItem[ui.Select[Any]], template=_MENU_TEMPLATE):
    """A menu of the page's tasks, or of the filters."""

    def get_event(self) -> tuple[str, str | TaskListPage]:
        """Dispatch the chosen task's id, or the first page of the chosen filter."""
        chosen = next(iter(self.item.values), "")
        if self.match["menu"] == "open":
            return OPEN_TASK_EVENT, chosen
        return FILTER_TASKS_EVENT, TaskListPage(0, _parse_filter(chosen))


def _parse_filter(text: str) -> TaskFilter:
    """Parse a filter; one that only another version of the bot knows shows all tasks."""
    return TaskFilter(text) if text in set(TaskFilter) else TaskFilter.ALL


def get_status_emoji(one: TaskSummary) -> str:
    """Return the emoji of a task's state; an unfinished task that no message follows gets a moon."""
    if not one.is_followed and not Status(one.status).is_final:
        return _NOT_FOLLOWED_EMOJI
    return _STATUS_EMOJI.get(one.status, "⏳")


def format_choice(one: TaskSummary) -> str:
    """Format a task as an autocomplete choice, which is text only."""
    what, prompt = _describe_origin(one), replace_links(one.prompt)
    description = f"{what}: {prompt}" if what and prompt else what or prompt
    description = description or _("no prompt")
    return limits.cut(f"{get_status_emoji(one)} {description} · {one.task_id}", limits.CHOICE_NAME)


def format_task_line(one: TaskSummary) -> str:
    """Format a task in two lines: its state and prompt, then what it is, its id, its age and its message."""
    where = " · " + _("[message]({link})").format(link=one.link) if one.link else ""
    prompt = format_prompt(one.prompt, _PROMPT_LENGTH) or _("no prompt")
    running = one.is_followed and one.progress and not Status(one.status).is_final
    progress = f" {one.progress}% ·" if running else ""
    what = f"{escape_markdown(kind)} · " if (kind := _describe_origin(one)) else ""
    age = format_relative_time(one.requested_at)
    return f"{get_status_emoji(one)}{progress} {prompt}\n{what}{format_code(one.task_id)} · {age}{where}"


def _describe_origin(one: TaskSummary) -> str:
    """Describe a task by the pressed button and its result, because many tasks share one prompt."""
    return " → ".join(
        filter(
            None,
            (
                clean_and_cut(localize_button_name(one.pressed), _DESCRIPTION_LENGTH),
                clean_and_cut(localize_title(one.result_description), _DESCRIPTION_LENGTH),
            ),
        )
    )


def render_task_list(page: TaskPage, empty: str) -> tuple[discord.Embed, ui.View]:
    """Render a page of a person's tasks; `empty` is the text of a list without tasks."""
    lines = limits.join_fitting(map(format_task_line, page.tasks), limits.EMBED_DESCRIPTION)
    embed = discord.Embed(title=_("Your tasks"), color=ACTIVE_COLOR, description=lines or empty)
    if page.total_tasks:
        embed.set_footer(text=_format_footer(page))
    items: list[ui.Item[Any]] = []
    if options := _build_options(page.tasks):
        custom_id = TaskListPage(page.index, page.which).custom_id("open")
        menu = ui.Select[Any](custom_id=custom_id, placeholder=_("Open one here"), options=options, row=0)
        items.append(TaskListMenu(menu))
    if page.tasks or page.which is not TaskFilter.ALL:
        items += [_build_filter_menu(page), *_build_buttons(page)]
    return embed, build_view(items)


def _format_footer(page: TaskPage) -> str:
    # Translators: {filter} says which tasks the list shows, such as "Finished".
    text = ngettext(
        "{filter}: {count} task, page {page} of {pages}",
        "{filter}: {count} tasks, page {page} of {pages}",
        page.total_tasks,
    )
    return text.format(
        filter=_(FILTER_NAMES[page.which]),
        count=format_number(page.total_tasks),
        page=page.index + 1,
        pages=page.page_count,
    )


def _build_options(tasks: Iterable[TaskSummary]) -> list[discord.SelectOption]:
    return [
        discord.SelectOption(
            label=limits.cut(replace_links(one.prompt), limits.OPTION_TEXT) or _("no prompt"),
            value=one.task_id,
            description=limits.cut(" · ".join(filter(None, (_describe_origin(one), one.task_id))), limits.OPTION_TEXT),
            emoji=get_status_emoji(one),
        )
        for one in tasks
        if len(one.task_id) <= limits.OPTION_TEXT
    ]


def _build_filter_menu(page: TaskPage) -> TaskListMenu:
    options = [
        discord.SelectOption(label=_(name), value=which, default=which is page.which)
        for which, name in FILTER_NAMES.items()
    ]
    custom_id = TaskListPage(page.index, page.which).custom_id("only")
    return TaskListMenu(ui.Select(custom_id=custom_id, options=options, row=1))


def _build_buttons(page: TaskPage) -> Iterable[TaskListButton]:
    last = page.page_count - 1
    yield _build_button("newer", _("Newer"), TaskListPage(max(page.index - 1, 0), page.which), enabled=page.index > 0)
    yield _build_button(
        "older", _("Older"), TaskListPage(min(page.index + 1, last), page.which), enabled=page.index < last
    )
    yield _build_button("again", _("Refresh"), TaskListPage(page.index, page.which), enabled=True)


def _build_button(verb: str, label: str, page: TaskListPage, *, enabled: bool) -> TaskListButton:
    return TaskListButton(ui.Button(label=label, custom_id=page.custom_id(verb), disabled=not enabled, row=2))
