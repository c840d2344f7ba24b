"""A task's buttons as Discord's components: order kept, one bad button never loses the message. Pure."""

import re
from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.entities import Marks
from bot.midjourney.buttons import Kind, click_of, key, marks_of, meaning
from bot.midjourney.capabilities import barred
from bot.midjourney.fail_reasons import is_wordless, translate
from bot.midjourney.task import Button, Task
from cogs.components.custom_ids import Click, TaskButton, TaskMenu
from cogs.text import limits
from cogs.text.markdown import short, web_link
from cogs.views.button_rows import ROWS, is_link, rows

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
PRESSED = "pressed before"
"""What a menu says of an option, where a button would be green."""
_STYLES = {
    1: discord.ButtonStyle.primary,
    2: discord.ButtonStyle.secondary,
    3: discord.ButtonStyle.success,
    4: discord.ButtonStyle.danger,
}


def task_buttons(task: Task, marks: Marks, *, careful: bool) -> tuple[list[ui.Item[Any]], list[str], bool]:
    """Draw the API's buttons; return them, what the footer says of them, and whether one is greyed."""
    laid, rest = rows([button for button in _usable(task) if not (careful and is_link(button))])
    items = [
        _button(task, button, marks, row=row, careful=careful) for row, buttons in enumerate(laid) for button in buttons
    ]
    offered = [button for button in rest if not is_link(button) and not _is_shut(button, marks)]
    if offered:
        items.append(_menu(task, offered[: limits.OPTIONS], marks, careful=careful))
    greyed: dict[str, list[str]] = {}
    for button in (*(button for buttons in laid for button in buttons), *rest):
        reason = None if is_link(button) else barred(button.custom_id, marks.refused, offered=button.offered)
        if reason is not None:
            greyed.setdefault(reason, []).append(_name(button))
    notes = [_note(names, reason) for reason, names in greyed.items()]
    left_over = len(offered[limits.OPTIONS :]) + sum(map(is_link, rest))
    if left_over:
        notes.append("1 more button does not fit here." if left_over == 1 else f"{left_over} more do not fit here.")
    return items, notes, bool(greyed)


def _note(names: Sequence[str], reason: str) -> str:
    why = short(translate(reason), 100)
    said = "does not offer it" if is_wordless(reason) else f"refuses it{f': {why}' if why else ''}"
    return f"Greyed: {', '.join(dict.fromkeys(names))}; the relay {said}"


def _name(button: Button) -> str:
    return short(button.label, limits.LABEL) or meaning(button.custom_id).name


def _usable(task: Task) -> list[Button]:
    seen: set[str] = set()
    usable: list[Button] = []
    for button in task.buttons:
        identity = _link(task, button) if is_link(button) else key(button.custom_id)
        fits = is_link(button) or Click(Kind.OTHER, task.id, identity).fits
        if identity and fits and identity not in seen:
            seen.add(identity)
            usable.append(button)
    return usable


def _is_shut(button: Button, marks: Marks) -> bool:
    """Tell whether a button is there to be seen only: there is no way left to what it does."""
    return barred(button.custom_id, marks.refused, offered=button.offered) is not None


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
    if is_link(button):
        return ui.Button(label=label or (None if symbol else "Open"), emoji=symbol, url=_link(task, button), row=row)
    action, name = meaning(button.custom_id), key(button.custom_id)
    if not label and symbol is None:
        label = action.name
    click = Click(click_of(button), task.id, name)
    pressed = bool(marks_of(button.custom_id, marks.pressed))
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


def _menu(task: Task, buttons: Sequence[Button], marks: Marks, *, careful: bool) -> TaskMenu:
    """Draw those buttons as one menu; an option's value is the custom_id that its button would have."""
    options = [
        discord.SelectOption(
            label=short(button.label, limits.LABEL) or meaning(button.custom_id).name,
            value=Click(click_of(button), task.id, key(button.custom_id)).custom_id,
            emoji=None if careful else _emoji(button.emoji),
            description=PRESSED if marks_of(button.custom_id, marks.pressed) else None,
        )
        for button in buttons
    ]
    click = Click(Kind.MORE, task.id)
    select = ui.Select[Any](custom_id=click.custom_id, placeholder="More", options=options, row=ROWS - 1)
    return TaskMenu(click, select, row=ROWS - 1)


def _emoji(text: str) -> str | None:
    """Return an emoji that Discord takes: relays also hand out names of custom emoji and broken escapes."""
    symbol = text.strip()
    return symbol if limits.is_emoji(symbol) else None
