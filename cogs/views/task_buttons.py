"""Render a task's buttons as Discord components, in order; one bad button never breaks the message. Pure."""

import re
from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.entities import ButtonStates
from bot.midjourney.buttons import ButtonKind, find_marks, get_custom_id_kind, hash_custom_id, resolve_action
from bot.midjourney.capabilities import find_refusal_reason
from bot.midjourney.reasons.refusal_reasons import is_wordless, translate_refusal
from bot.midjourney.task import Button, Task
from cogs.components.custom_ids import TaskButton, TaskCustomId, TaskMenu
from cogs.languages import N_, _, format_number, join_list, localize_text, ngettext, pgettext
from cogs.text import limits
from cogs.text.markdown import clean_and_cut, sanitize_link
from cogs.views.button_rows import TASK_BUTTON_ROWS, is_link_button, lay_out_rows
from cogs.views.result_names import localize_button_name

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
PRESSED_DESCRIPTION = N_("pressed before")
"""The description of a pressed button that is an option of a menu, where it can't be green."""
_STYLES = {
    1: discord.ButtonStyle.primary,
    2: discord.ButtonStyle.secondary,
    3: discord.ButtonStyle.success,
    4: discord.ButtonStyle.danger,
}


def render_task_buttons(
    task: Task, marks: ButtonStates, *, careful: bool
) -> tuple[list[ui.Item[Any]], list[str], bool]:
    """Render the API's buttons; return them, notes on them for the footer, and whether one is grayed out."""
    rows, rest = lay_out_rows([button for button in _list_usable(task) if not (careful and is_link_button(button))])
    items = [
        _render_button(task, button, marks, row=row, careful=careful)
        for row, buttons in enumerate(rows)
        for button in buttons
    ]
    offered = [button for button in rest if not is_link_button(button) and not _is_refused(button, marks)]
    if offered:
        items.append(_render_menu(task, offered[: limits.OPTIONS], marks, careful=careful))
    grayed: dict[str, list[str]] = {}
    for button in (*(button for buttons in rows for button in buttons), *rest):
        reason = (
            None
            if is_link_button(button)
            else find_refusal_reason(button.custom_id, marks.missing_capabilities, offered=button.offered)
        )
        if reason is not None:
            grayed.setdefault(reason, []).append(_name_button(button))
    notes = [_describe_grayed(names, reason) for reason, names in grayed.items()]
    left_over = len(offered[limits.OPTIONS :]) + sum(map(is_link_button, rest))
    if left_over:
        more = ngettext("{count} more button doesn't fit here.", "{count} more buttons don't fit here.", left_over)
        notes.append(more.format(count=format_number(left_over)))
    return items, notes, bool(grayed)


def _describe_grayed(names: Sequence[str], reason: str) -> str:
    why = clean_and_cut(localize_text(translate_refusal(reason)), 100)
    unique = list(dict.fromkeys(names))
    if why and not is_wordless(reason):
        text = ngettext(
            "{buttons} isn't available on this service: {reason}",
            "{buttons} aren't available on this service: {reason}",
            len(unique),
        )
    else:
        text = ngettext(
            "{buttons} isn't available on this service", "{buttons} aren't available on this service", len(unique)
        )
    return text.format(buttons=join_list(unique), reason=why)


def _name_button(button: Button) -> str:
    return clean_and_cut(button.label, limits.LABEL) or localize_button_name(resolve_action(button.custom_id).name)


def _list_usable(task: Task) -> list[Button]:
    seen: set[str] = set()
    usable: list[Button] = []
    for button in task.buttons:
        identity = _get_link(task, button) if is_link_button(button) else hash_custom_id(button.custom_id)
        fits = is_link_button(button) or TaskCustomId(ButtonKind.OTHER, task.id, identity).is_valid
        if identity and fits and identity not in seen:
            seen.add(identity)
            usable.append(button)
    return usable


def _is_refused(button: Button, marks: ButtonStates) -> bool:
    """Return whether the relay refuses what a button does, and no fallback is left."""
    return find_refusal_reason(button.custom_id, marks.missing_capabilities, offered=button.offered) is not None


def _get_link(task: Task, button: Button) -> str:
    """Return a link button's URL; where the relay dropped it, rebuild Midjourney's page from the job's id."""
    given = sanitize_link(button.url)
    if given and len(given) <= limits.BUTTON_URL:
        return given
    if button.label.strip().lower() != "web":
        return ""
    found = next((match for other in task.buttons if (match := _UUID.search(other.custom_id))), None)
    return f"https://www.midjourney.com/jobs/{found[0]}?index=0" if found else ""


def _render_button(task: Task, button: Button, marks: ButtonStates, *, row: int, careful: bool) -> ui.Item[Any]:
    emoji = None if careful else _parse_emoji(button.emoji)
    label = clean_and_cut(button.label, limits.LABEL)
    if is_link_button(button):
        return ui.Button(
            label=label or (None if emoji else pgettext("button", "Open")),
            emoji=emoji,
            url=_get_link(task, button),
            row=row,
        )
    if not label and emoji is None:
        label = _name_button(button)
    pressed = bool(find_marks(button.custom_id, marks.pressed))
    return TaskButton(
        ui.Button(
            label=label or None,
            emoji=emoji,
            style=discord.ButtonStyle.success if pressed else _STYLES.get(button.style, discord.ButtonStyle.secondary),
            disabled=_is_refused(button, marks),
            custom_id=TaskCustomId(get_custom_id_kind(button), task.id, hash_custom_id(button.custom_id)).custom_id,
            row=row,
        )
    )


def _render_menu(task: Task, buttons: Sequence[Button], marks: ButtonStates, *, careful: bool) -> TaskMenu:
    """Render buttons as one menu; an option's value is the custom_id that its button would have."""
    options = [
        discord.SelectOption(
            label=_name_button(button),
            value=TaskCustomId(get_custom_id_kind(button), task.id, hash_custom_id(button.custom_id)).custom_id,
            emoji=None if careful else _parse_emoji(button.emoji),
            description=_(PRESSED_DESCRIPTION) if find_marks(button.custom_id, marks.pressed) else None,
        )
        for button in buttons
    ]
    custom_id = TaskCustomId(ButtonKind.OVERFLOW_MENU, task.id).custom_id
    select = ui.Select[Any](custom_id=custom_id, placeholder=_("More"), options=options, row=TASK_BUTTON_ROWS - 1)
    return TaskMenu(select)


def _parse_emoji(text: str) -> str | None:
    """Return an emoji that Discord accepts, or None: relays also send names of custom emoji and broken escapes."""
    emoji = text.strip()
    return emoji if limits.is_emoji(emoji) else None
