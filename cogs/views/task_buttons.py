"""A task's buttons as Discord's components: order kept, one bad button never loses the message. Pure."""

import re
from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.entities import ButtonStates
from bot.midjourney.buttons import ButtonKind, find_marks, get_custom_id_kind, hash_custom_id, resolve_action
from bot.midjourney.capabilities import find_refusal_reason
from bot.midjourney.refusal_reasons import is_wordless, translate_refusal
from bot.midjourney.task import Button, Task
from cogs.components.custom_ids import TaskButton, TaskCustomId, TaskMenu
from cogs.text import limits
from cogs.text.markdown import clean_and_cut, sanitize_link
from cogs.views.button_rows import TASK_BUTTON_ROWS, is_link_button, lay_out_rows

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
PRESSED_DESCRIPTION = "pressed before"
"""What a menu says of an option, where a button would be green."""
_STYLES = {
    1: discord.ButtonStyle.primary,
    2: discord.ButtonStyle.secondary,
    3: discord.ButtonStyle.success,
    4: discord.ButtonStyle.danger,
}


def render_task_buttons(
    task: Task, marks: ButtonStates, *, careful: bool
) -> tuple[list[ui.Item[Any]], list[str], bool]:
    """Draw the API's buttons; return them, what the footer says of them, and whether one is greyed."""
    laid, rest = lay_out_rows([button for button in _usable(task) if not (careful and is_link_button(button))])
    items = [
        _button(task, button, marks, row=row, careful=careful) for row, buttons in enumerate(laid) for button in buttons
    ]
    offered = [button for button in rest if not is_link_button(button) and not _is_shut(button, marks)]
    if offered:
        items.append(_menu(task, offered[: limits.OPTIONS], marks, careful=careful))
    greyed: dict[str, list[str]] = {}
    for button in (*(button for buttons in laid for button in buttons), *rest):
        reason = (
            None
            if is_link_button(button)
            else find_refusal_reason(button.custom_id, marks.missing_capabilities, offered=button.offered)
        )
        if reason is not None:
            greyed.setdefault(reason, []).append(_name(button))
    notes = [_note(names, reason) for reason, names in greyed.items()]
    left_over = len(offered[limits.OPTIONS :]) + sum(map(is_link_button, rest))
    if left_over:
        notes.append("1 more button does not fit here." if left_over == 1 else f"{left_over} more do not fit here.")
    return items, notes, bool(greyed)


def _note(names: Sequence[str], reason: str) -> str:
    why = clean_and_cut(translate_refusal(reason), 100)
    said = "does not offer it" if is_wordless(reason) else f"refuses it{f': {why}' if why else ''}"
    return f"Greyed: {', '.join(dict.fromkeys(names))}; the relay {said}"


def _name(button: Button) -> str:
    return clean_and_cut(button.label, limits.LABEL) or resolve_action(button.custom_id).name


def _usable(task: Task) -> list[Button]:
    seen: set[str] = set()
    usable: list[Button] = []
    for button in task.buttons:
        identity = _link(task, button) if is_link_button(button) else hash_custom_id(button.custom_id)
        fits = is_link_button(button) or TaskCustomId(ButtonKind.OTHER, task.id, identity).is_valid
        if identity and fits and identity not in seen:
            seen.add(identity)
            usable.append(button)
    return usable


def _is_shut(button: Button, marks: ButtonStates) -> bool:
    """Tell whether a button is there to be seen only: there is no way left to what it does."""
    return find_refusal_reason(button.custom_id, marks.missing_capabilities, offered=button.offered) is not None


def _link(task: Task, button: Button) -> str:
    """Return where a link button leads; relays drop its url, and Midjourney's page can be rebuilt from the job's id."""
    given = sanitize_link(button.url)
    if given and len(given) <= limits.BUTTON_URL:
        return given
    if button.label.strip().lower() != "web":
        return ""
    found = next((match for other in task.buttons if (match := _UUID.search(other.custom_id))), None)
    return f"https://www.midjourney.com/jobs/{found[0]}?index=0" if found else ""


def _button(task: Task, button: Button, marks: ButtonStates, *, row: int, careful: bool) -> ui.Item[Any]:
    symbol = None if careful else _emoji(button.emoji)
    label = clean_and_cut(button.label, limits.LABEL)
    if is_link_button(button):
        return ui.Button(label=label or (None if symbol else "Open"), emoji=symbol, url=_link(task, button), row=row)
    action, name = resolve_action(button.custom_id), hash_custom_id(button.custom_id)
    if not label and symbol is None:
        label = action.name
    click = TaskCustomId(get_custom_id_kind(button), task.id, name)
    pressed = bool(find_marks(button.custom_id, marks.pressed))
    return TaskButton(
        click,
        ui.Button(
            label=label or None,
            emoji=symbol,
            style=discord.ButtonStyle.success if pressed else _STYLES.get(button.style, discord.ButtonStyle.secondary),
            disabled=_is_shut(button, marks),
            custom_id=click.custom_id,
            row=row,
        ),
        row=row,
    )


def _menu(task: Task, buttons: Sequence[Button], marks: ButtonStates, *, careful: bool) -> TaskMenu:
    """Draw those buttons as one menu; an option's value is the custom_id that its button would have."""
    options = [
        discord.SelectOption(
            label=clean_and_cut(button.label, limits.LABEL) or resolve_action(button.custom_id).name,
            value=TaskCustomId(get_custom_id_kind(button), task.id, hash_custom_id(button.custom_id)).custom_id,
            emoji=None if careful else _emoji(button.emoji),
            description=PRESSED_DESCRIPTION if find_marks(button.custom_id, marks.pressed) else None,
        )
        for button in buttons
    ]
    click = TaskCustomId(ButtonKind.OVERFLOW_MENU, task.id)
    select = ui.Select[Any](custom_id=click.custom_id, placeholder="More", options=options, row=TASK_BUTTON_ROWS - 1)
    return TaskMenu(click, select, row=TASK_BUTTON_ROWS - 1)


def _emoji(text: str) -> str | None:
    """Return an emoji that Discord takes: relays also hand out names of custom emoji and broken escapes."""
    symbol = text.strip()
    return symbol if limits.is_emoji(symbol) else None
