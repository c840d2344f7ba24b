"""Render a scene as a message: embed, buttons and file. Pure, and the only module that knows how a message looks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import discord
from discord import ui

from bot.entities import ButtonStates, Person
from bot.midjourney.buttons import ButtonKind
from bot.midjourney.task import Status, Task
from bot.scene import FileRefusal, JobEnding, PictureLink, Scene
from cogs.components.custom_ids import TaskButton, TaskMenu
from cogs.components.event_item import build_view
from cogs.languages import _
from cogs.text import limits
from cogs.text.amounts import format_amount
from cogs.text.markdown import clean_and_cut, format_prompt, sanitize_link
from cogs.text.picture_errors import describe_missing_permission
from cogs.views.bot_buttons import (
    DELETE,
    FAMILY,
    FILE_BUTTONS,
    BotButton,
    build_report_option,
    render_bot_button,
)
from cogs.views.result_names import localize_button_name
from cogs.views.task_buttons import render_task_buttons
from cogs.views.task_states import REFRESH, SENDING, MessageState, build_state

_CLIP_SUFFIXES = (".mp4", ".webm")
_UNCHARGED_ENDINGS = {
    JobEnding.NOT_ACCEPTED,
    JobEnding.NOT_BILLED,
    JobEnding.NOT_SENT,
    JobEnding.FORM_DROPPED,
    JobEnding.FORM_DROPPED_MAYBE_BILLED,
}
"""The endings of which it is not known that anything was charged."""
_FOOTER_LENGTH = 1000
"""The longest footer, so that the whole embed stays within Discord's total of 6,000."""


@dataclass(frozen=True)
class RenderedMessage:
    """What the bot sends: `file_name` names the attachment that the embed shows, or is empty.

    `shows_result`: it holds what the task made, or the task made nothing.
    """

    embed: discord.Embed
    view: ui.View
    file_name: str = ""
    alt_text: str = ""
    shows_result: bool = True


def render_message(
    scene: Scene, *, careful: bool = False, plain: bool = False, is_spoiler: bool = False
) -> RenderedMessage:
    """Render a scene; `careful` leaves out emoji on buttons, picture links, and the relay's and the person's words.

    Discord may refuse those (50035), and so may a server's own filter (200000, 240000). `plain`: the embed is not sent
    itself, but its text. `is_spoiler`: the embed shows no picture, because Discord cannot hide one there; a finished
    one that is not attached is linked.
    """
    state = build_state(scene)
    task, job = scene.task, scene.job
    embed = discord.Embed(title=limits.cut(state.title, limits.EMBED_TITLE), color=state.color)
    icon = None if careful else sanitize_link(job.requester.avatar_url)
    embed.set_author(name=_format_author(job.requester, job.pressed), icon_url=icon)
    hidden = state.relay_lines if careful else ()
    prompt = format_prompt(task.shown_prompt) if task and not careful else ""
    permission = describe_missing_permission(scene.missing_permission)
    image_url = _choose_image_url(scene, careful=careful)
    link = _link_hidden_picture(scene, state, image_url) if is_spoiler else ""
    lines = (line for line in (prompt, *state.lines, link, permission) if line not in hidden)
    embed.description = limits.join_fitting(lines, limits.EMBED_DESCRIPTION)
    view, notes = _render_view(scene, state, careful=careful)
    action = localize_button_name(job.pressed) or (task.action.replace("_", " ").capitalize() if task else "")
    footer = _format_footer(action, job.task_id, _format_price(scene))
    embed.set_footer(text=limits.cut("\n".join((footer, *notes)), _FOOTER_LENGTH))
    if task and task.status.is_final and task.finish_time:
        embed.timestamp = datetime.fromtimestamp(task.finish_time / 1000, UTC)
    embed.set_image(url=None if is_spoiler else image_url)
    return RenderedMessage(
        embed,
        view,
        scene.picture.name if scene.picture else "",
        _format_alt_text(task, careful=careful),
        _shows_result(scene, careful=careful, has_image=bool(image_url) and not plain),
    )


def render_plain_text(embed: discord.Embed) -> str:
    """Return the text of an embed, and the link of its picture, for a channel that shows no embeds of the bot."""
    url = embed.image.url or ""
    link = _("[Open the picture]({link})").format(link=f"<{url}>") if url.startswith("http") else None
    lines = (embed.description or "").split("\n")
    return limits.join_fitting(filter(None, (f"**{embed.title}**", link, *lines)), limits.CONTENT)


def _shows_result(scene: Scene, *, careful: bool, has_image: bool) -> bool:
    task = scene.task
    if task is None or task.status is not Status.SUCCESS or scene.ending is not None:
        return True
    is_clip_linked = bool(task.first_clip_url) and not careful and scene.picture_link is not PictureLink.DEAD
    return bool(scene.picture or any(scene.clips) or has_image or task.text_result or is_clip_linked)


def render_sending(person: Person, pressed: str, parent: Task) -> discord.Embed:
    """Render the first state of a child, before its message and job exist."""
    embed = discord.Embed(title=_(SENDING.title), color=SENDING.color, description=format_prompt(parent.shown_prompt))
    embed.set_author(name=_format_author(person, pressed), icon_url=sanitize_link(person.avatar_url))
    return embed.set_footer(text=_format_footer(localize_button_name(pressed), ""))


def render_finished_buttons(task: Task, marks: ButtonStates, bot_button_kinds: Collection[ButtonKind]) -> ui.View:
    """Render only the buttons of a finished task's message; `bot_button_kinds` are those of the bot's own to keep."""
    kept = tuple(one for one in (*FILE_BUTTONS, FAMILY, DELETE, REFRESH) if one.kind in bot_button_kinds)
    return _render_finished(task, marks, kept, careful=False)[0]


def _format_alt_text(task: Task | None, *, careful: bool) -> str:
    if task is None or careful:
        return ""
    return clean_and_cut(task.shown_prompt or task.text_result, limits.ALT_TEXT)


def _format_author(person: Person, pressed: str) -> str:
    name = clean_and_cut(person.name, 80) or _("someone")
    action = clean_and_cut(localize_button_name(pressed), 100)
    # Translators: {action} is the label of a button.
    return _("{name} pressed {action}").format(name=name, action=action) if action else name


def _format_footer(action: str, task_id: str, price: str = "") -> str:
    return " · ".join(filter(None, (clean_and_cut(action, 100), price, clean_and_cut(task_id, 100)))) or "mjbot"


def _format_price(scene: Scene) -> str:
    """Return what the task costs; "" where that is not known, or the relay credits it, or may not have charged it."""
    price = scene.price
    if price is None or price.is_credited or scene.ending in _UNCHARGED_ENDINGS:
        return ""
    return format_amount(price.amount, clean_and_cut(price.currency, 20), is_about=not price.is_confirmed)


def _choose_image_url(scene: Scene, *, careful: bool) -> str | None:
    """Return the URL that the embed shows: the attachment's, else the link, else None."""
    task = scene.task
    if scene.picture is not None:
        return None if scene.picture.name.endswith(_CLIP_SUFFIXES) else f"attachment://{scene.picture.name}"
    if (
        task is None
        or careful
        or scene.ending is not None
        or scene.picture_link in {PictureLink.BROKEN, PictureLink.DEAD, PictureLink.PRIVATE}
        or scene.file_refusal is FileRefusal.EXPLICIT
        or task.first_clip_url
    ):
        return None
    if task.status in {Status.FAILURE, Status.CANCEL, Status.MODAL}:
        return None
    return sanitize_link(task.picture_url)


def _link_hidden_picture(scene: Scene, state: MessageState, image_url: str | None) -> str:
    """Return a line with the link of a finished picture that the embed would show; "" where another line has it."""
    is_finished = scene.task is not None and scene.task.status is Status.SUCCESS
    if not is_finished or not image_url or not image_url.startswith("http"):
        return ""
    return (
        "" if any(image_url in line for line in state.lines) else _("[Open the picture]({link})").format(link=image_url)
    )


def _render_view(scene: Scene, state: MessageState, *, careful: bool) -> tuple[ui.View, list[str]]:
    """Render the buttons of a message; also return the notes on them for the footer."""
    if scene.task and scene.ending is None and scene.task.status is Status.SUCCESS:
        return _render_finished(scene.task, scene.marks, state.bot_buttons, careful=careful)
    return build_view(_render_bot_buttons(state.bot_buttons, scene.job.task_id, careful=careful)), []


def _render_finished(
    task: Task, marks: ButtonStates, bot_buttons: Sequence[BotButton], *, careful: bool
) -> tuple[ui.View, list[str]]:
    items, notes, is_any_grayed = render_task_buttons(task, marks, careful=careful)
    refresh = (REFRESH,) if is_any_grayed and REFRESH not in bot_buttons else ()
    if DELETE in bot_buttons:  # only a message that others see can be deleted or reported
        _add_report_to_menu(items, task.id)
    return build_view([*items, *_render_bot_buttons((*bot_buttons, *refresh), task.id, careful=careful)]), notes


def _add_report_to_menu(items: Sequence[ui.Item[Any]], task_id: str) -> None:
    """Add Report to the menu of the buttons that don't fit, if there is one with room; the context menu has it too."""
    menu = next((item.item for item in items if isinstance(item, TaskMenu)), None)
    option = build_report_option(task_id)
    if menu is not None and option is not None and len(menu.options) < limits.OPTIONS:
        menu.append_option(option)


def _render_bot_buttons(bot_buttons: Sequence[BotButton], task_id: str, *, careful: bool) -> list[TaskButton]:
    """Render the bot's own buttons for the fifth row."""
    rendered = (render_bot_button(button, task_id, row=4, careful=careful) for button in bot_buttons)
    return [button for button in rendered if button is not None]
