"""A task's buttons as Discord's components: order kept, one bad button never loses the message. Pure."""

import re
from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.abilities import barred
from bot.actions import Kind, key, meaning
from bot.models import Button, Task
from bot.reasons import translate
from bot.records import Marks
from cogs import limits
from cogs.buttons import Click, TaskButton
from cogs.layout import rows
from cogs.prose import short, web_link

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_STYLES = {
    1: discord.ButtonStyle.primary,
    2: discord.ButtonStyle.secondary,
    3: discord.ButtonStyle.success,
    4: discord.ButtonStyle.danger,
}


def task_buttons(task: Task, marks: Marks, *, careful: bool) -> tuple[list[ui.Item[Any]], list[str], bool]:
    """Draw the API's buttons; return them, what the footer says of them, and whether one is greyed."""
    laid, left_over = rows([button for button in _usable(task) if not (careful and _is_link(button))])
    items: list[ui.Item[Any]] = []
    greyed: dict[str, list[str]] = {}
    for row, buttons in enumerate(laid):
        for button in buttons:
            reason = None if _is_link(button) else barred(button.custom_id, marks.refused)
            if reason is not None:
                greyed.setdefault(reason, []).append(_name(button))
            items.append(_button(task, button, marks, row=row, careful=careful))
    notes = [_note(names, reason) for reason, names in greyed.items()]
    if left_over:
        notes.append("1 more button does not fit here." if left_over == 1 else f"{left_over} more do not fit here.")
    return items, notes, bool(greyed)


def _note(names: Sequence[str], reason: str) -> str:
    why = short(translate(reason), 100)
    return f"Greyed: {', '.join(dict.fromkeys(names))}; the relay refuses it{f': {why}' if why else ''}"


def _name(button: Button) -> str:
    return short(button.label, limits.LABEL) or meaning(button.custom_id).name


def _usable(task: Task) -> list[Button]:
    seen: set[str] = set()
    usable: list[Button] = []
    for button in task.buttons:
        identity = _link(task, button) if _is_link(button) else key(button.custom_id)
        fits = _is_link(button) or Click(Kind.OTHER, task.id, identity).fits
        if identity and fits and identity not in seen:
            seen.add(identity)
            usable.append(button)
    return usable


def _is_link(button: Button) -> bool:
    return button.style == 5 or not button.custom_id


def _link(task: Task, button: Button) -> str:
    """Return where a link button leads; relays drop its url, and Midjourney's page can be rebuilt from the job's id."""
    given = web_link(button.url)
    if given and len(given) <= limits.BUTTON_URL:
        return given
    if button.label.strip().lower() != "web":
        return ""
    found = next((match for other in task.buttons if (match := _UUID.search(other.custom_id))), None)
    return f"https://www.midjourney.com/jobs/{found[0]}?index=0" if found else ""


def _button(task: Task, button: Button, marks: Marks, *, row: int, careful: bool) -> ui.Item[Any]:
    symbol = None if careful else _emoji(button.emoji)
    label = short(button.label, limits.LABEL)
    if _is_link(button):
        return ui.Button(label=label or (None if symbol else "Open"), emoji=symbol, url=_link(task, button), row=row)
    action, name = meaning(button.custom_id), key(button.custom_id)
    if not label and symbol is None:
        label = action.name
    click = Click(action.click, task.id, name)
    pressed = name in marks.pressed
    return TaskButton(
        click,
        ui.Button(
            label=label or None,
            emoji=symbol,
            style=discord.ButtonStyle.success if pressed else _STYLES.get(button.style, discord.ButtonStyle.secondary),
            disabled=barred(button.custom_id, marks.refused) is not None,
            custom_id=click.custom_id,
            row=row,
        ),
        row=row,
    )


def _emoji(text: str) -> str | None:
    """Return an emoji that Discord takes: relays also hand out names of custom emoji and broken escapes."""
    symbol = text.strip()
    return symbol if limits.is_emoji(symbol) else None
