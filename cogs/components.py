"""A task's buttons as Discord's components: order kept, one bad button never loses the message. Pure."""

import re
from typing import Any

import discord
import emoji
from discord import ui

from bot.actions import Kind, key, meaning, said
from bot.models import Button, Task
from bot.records import Marks
from cogs import limits
from cogs.buttons import Click, TaskButton
from cogs.layout import rows
from cogs.prose import plain, web_link

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_STYLES = {
    1: discord.ButtonStyle.primary,
    2: discord.ButtonStyle.secondary,
    3: discord.ButtonStyle.success,
    4: discord.ButtonStyle.danger,
}


def task_buttons(task: Task, marks: Marks, *, careful: bool) -> tuple[list[ui.Item[Any]], list[str], bool]:
    """Draw the API's buttons; return them, what the footer says of them, and whether one is greyed."""
    usable = _usable(task)
    laid, left_over = rows(usable)
    items: list[ui.Item[Any]] = []
    greyed: dict[str, str] = {}
    for row, buttons in enumerate(laid):
        for button in buttons:
            kind = meaning(button.custom_id).kind if button.custom_id else Kind.OTHER
            if kind in marks.refused:
                greyed[said(button)] = marks.refused[kind]
            items.append(_button(task, button, marks, row=row, careful=careful))
    notes = [f"Greyed, as this relay refuses it: {', '.join(map(plain, greyed))}"] if greyed else []
    if left_over:
        notes.append(f"{left_over} more buttons do not fit here.")
    return items, notes, bool(greyed)


def _usable(task: Task) -> list[Button]:
    seen: set[str] = set()
    usable: list[Button] = []
    for button in task.buttons:
        link = _link(task, button)
        identity = link or button.custom_id
        if not identity or identity in seen or not (link or Click(Kind.OTHER, task.id, key(button.custom_id)).fits):
            continue
        seen.add(identity)
        usable.append(button)
    return usable


def _link(task: Task, button: Button) -> str:
    """Return where a link button leads; relays drop its url, and Midjourney's page can be rebuilt from the job's id."""
    if button.custom_id and button.style != 5:
        return ""
    given = web_link(button.url)
    if given and len(given) <= limits.BUTTON_URL:
        return given
    if button.label.strip().lower() != "web":
        return ""
    found = next((match for other in task.buttons if (match := _UUID.search(other.custom_id))), None)
    return f"https://www.midjourney.com/jobs/{found[0]}?index=0" if found else ""


def _button(task: Task, button: Button, marks: Marks, *, row: int, careful: bool) -> ui.Item[Any]:
    symbol = None if careful else _emoji(button.emoji)
    label = limits.cut(plain(button.label), limits.LABEL)
    if not label and symbol is None:
        label = limits.cut(plain(said(button)) or "Press", limits.LABEL)
    if link := _link(task, button):
        return ui.Button(label=label or None, emoji=symbol, url=link, row=row)
    kind, name = meaning(button.custom_id).kind, key(button.custom_id)
    click = Click(kind, task.id, name)
    pressed = name in marks.pressed
    return TaskButton(
        click,
        ui.Button(
            label=label or None,
            emoji=symbol,
            style=discord.ButtonStyle.success if pressed else _STYLES.get(button.style, discord.ButtonStyle.secondary),
            disabled=kind in marks.refused or kind is Kind.REGION,
            custom_id=click.custom_id,
            row=row,
        ),
        row=row,
    )


def _emoji(text: str) -> str | None:
    """Return an emoji that Discord takes: relays also hand out names of custom emoji and broken escapes."""
    symbol = text.strip()
    return symbol if emoji.is_emoji(symbol) else None
