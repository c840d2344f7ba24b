"""A scene becomes a message: embed, buttons, file. Pure, and the only place that knows how a message looks."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import discord
from discord import ui

from bot.entities import ButtonStates, Person
from bot.midjourney.buttons import ButtonKind
from bot.midjourney.task import Status, Task
from bot.scene import PictureLink, Scene
from cogs.text import limits
from cogs.text.markdown import clean_and_cut, format_prompt, sanitize_link
from cogs.views.bot_buttons import DELETE, FAMILY, FILE_BUTTONS, BotButton, render_bot_button
from cogs.views.task_buttons import render_task_buttons
from cogs.views.task_states import REFRESH, SENDING, MessageState, build_state

_CLIPS = (".mp4", ".webm")
_FOOTER = 1000
"""How long a footer may be, so that the whole embed stays within Discord's total."""


@dataclass(frozen=True)
class RenderedMessage:
    """What is sent: `file_name` names the attachment that the embed shows, empty where there is none."""

    embed: discord.Embed
    view: ui.View
    file_name: str = ""
    alt_text: str = ""


def render_message(scene: Scene, *, careful: bool = False) -> RenderedMessage:
    """Draw a scene; `careful` leaves out emoji on buttons, links to pictures and the relay's and the person's words.

    They are what Discord may refuse (50035), or a server's own filter (200000, 240000).
    """
    state = build_state(scene)
    task, job = scene.task, scene.job
    embed = discord.Embed(title=limits.cut(state.title, limits.EMBED_TITLE), colour=state.color)
    icon = None if careful else sanitize_link(job.requester.avatar_url)
    embed.set_author(name=_author(job.requester, job.pressed), icon_url=icon)
    quoted = state.relay_lines if careful else ()
    embed.description = _joined(line for line in (_prompt(task, careful=careful), *state.lines) if line not in quoted)
    view, notes = _view(scene, state, careful=careful)
    action = job.pressed or (task.action.replace("_", " ").capitalize() if task else "")
    embed.set_footer(text=limits.cut("\n".join((_footer(action, job.task_id), *notes)), _FOOTER))
    if task and task.status.is_final and task.finish_time:
        embed.timestamp = datetime.fromtimestamp(task.finish_time / 1000, UTC)
    embed.set_image(url=_image(scene, careful=careful))
    return RenderedMessage(embed, view, scene.picture.name if scene.picture else "", _alt_text(task, careful=careful))


def render_sending(person: Person, pressed: str, parent: Task) -> discord.Embed:
    """Draw the first state of a child, before its message, and so its job, exists."""
    embed = discord.Embed(title=SENDING.title, colour=SENDING.color, description=format_prompt(parent.shown_prompt))
    embed.set_author(name=_author(person, pressed), icon_url=sanitize_link(person.avatar_url))
    return embed.set_footer(text=_footer(pressed, ""))


def render_finished_buttons(task: Task, marks: ButtonStates, ours: Collection[ButtonKind]) -> ui.View:
    """Draw the buttons of a finished task's message, and nothing else of it, with those kinds of `ours`."""
    kept = tuple(one for one in (*FILE_BUTTONS, FAMILY, DELETE, REFRESH) if one[0] in ours)
    return _finished(task, marks, kept, careful=False)[0]


def _prompt(task: Task | None, *, careful: bool) -> str:
    """Show the prompt, where one was given."""
    return "" if task is None or careful else format_prompt(task.shown_prompt)


def _joined(lines: Iterable[str]) -> str:
    """Put lines below each other; one that has no room is left out whole, as half a link is none."""
    text = ""
    for line in filter(None, lines):
        longer = f"{text}\n{line}" if text else line
        text = longer if limits.length(longer) <= limits.EMBED_DESCRIPTION else text
    return text


def _alt_text(task: Task | None, *, careful: bool) -> str:
    if task is None or careful:
        return ""
    return clean_and_cut(task.shown_prompt or task.text_result, limits.ALT_TEXT)


def _author(person: Person, pressed: str) -> str:
    name, action = clean_and_cut(person.name, 80) or "somebody", clean_and_cut(pressed, 100)
    return f"{name} pressed {action}" if action else name


def _footer(action: str, task_id: str) -> str:
    return " · ".join(filter(None, (clean_and_cut(action, 100), clean_and_cut(task_id, 100)))) or "mjbot"


def _image(scene: Scene, *, careful: bool) -> str | None:
    """Return what the embed shows: the attachment, else the link, else nothing."""
    task = scene.task
    if scene.picture is not None:
        return None if scene.picture.name.endswith(_CLIPS) else f"attachment://{scene.picture.name}"
    if (
        task is None
        or careful
        or scene.ending is not None
        or scene.picture_link is not PictureLink.WORKING
        or task.first_clip_url
    ):
        return None
    if task.status in {Status.FAILURE, Status.CANCEL, Status.MODAL}:
        return None
    return sanitize_link(task.picture_url)


def _view(scene: Scene, state: MessageState, *, careful: bool) -> tuple[ui.View, list[str]]:
    """Draw the buttons of a message; return what the footer says of them too."""
    if scene.task and scene.ending is None and scene.task.status is Status.SUCCESS:
        return _finished(scene.task, scene.marks, state.bot_buttons, careful=careful)
    view = ui.View(timeout=None)
    _add_ours(view, state.bot_buttons, scene.job.task_id, careful=careful)
    return view, []


def _finished(
    task: Task, marks: ButtonStates, ours: Sequence[BotButton], *, careful: bool
) -> tuple[ui.View, list[str]]:
    view = ui.View(timeout=None)
    items, notes, greyed = render_task_buttons(task, marks, careful=careful)
    for item in items:
        view.add_item(item)
    again = (REFRESH,) if greyed and REFRESH not in ours else ()
    _add_ours(view, (*ours, *again), task.id, careful=careful)
    return view, notes


def _add_ours(view: ui.View, ours: Sequence[BotButton], task_id: str, *, careful: bool) -> None:
    """Put our own buttons into the fifth row."""
    for one in ours:
        if (drawn := render_bot_button(one, task_id, row=4, careful=careful)) is not None:
            view.add_item(drawn)
