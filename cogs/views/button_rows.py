"""Lay the API's flat list of buttons out in rows, as Midjourney itself does."""

from collections.abc import Sequence
from itertools import groupby, pairwise

from bot.midjourney.buttons import ButtonKind, resolve_action
from bot.midjourney.task import Button
from cogs.text.limits import BUTTONS_PER_ROW

TASK_BUTTON_ROWS = 4
"""The API's buttons get four rows; the fifth holds the bot's own."""

# Kinds that Midjourney shows in one row: U1 to U4 with the reroll, all that vary, all that zoom.
_GROUPS = {
    ButtonKind.PICK_FROM_GRID: "pick",
    ButtonKind.REROLL: "pick",
    ButtonKind.VARIATION: "variation",
    ButtonKind.VARY: "vary",
    ButtonKind.VARY_REGION: "vary",
    ButtonKind.ZOOM: "zoom",
    ButtonKind.CUSTOM_ZOOM: "zoom",
}


def lay_out_rows(buttons: Sequence[Button]) -> tuple[list[list[Button]], list[Button]]:
    """Lay buttons out in order, with a new row for each group; return the rows, and the buttons that don't fit.

    Those go into a menu, which takes the whole fourth row. A menu can't hold links, so links keep their room.
    """
    if len(buttons) > TASK_BUTTON_ROWS * BUTTONS_PER_ROW:
        return _fill_rows(buttons, TASK_BUTTON_ROWS - 1)  # there is no room for groups
    groups = [list(group) for _, group in groupby(buttons, key=_get_group)]
    laid = [group[at : at + BUTTONS_PER_ROW] for group in groups for at in range(0, len(group), BUTTONS_PER_ROW)]
    while len(laid) > TASK_BUTTON_ROWS and (at := _find_rows_to_merge(laid)) is not None:
        laid[at : at + 2] = [laid[at] + laid[at + 1]]
    return (laid, []) if len(laid) <= TASK_BUTTON_ROWS else _fill_rows(buttons, TASK_BUTTON_ROWS)


def is_link_button(button: Button) -> bool:
    """Return whether a button opens a link instead of doing something."""
    return button.style == 5 or not button.custom_id


def _fill_rows(buttons: Sequence[Button], count: int) -> tuple[list[list[Button]], list[Button]]:
    room = count * BUTTONS_PER_ROW
    links = [at for at, button in enumerate(buttons) if is_link_button(button)][:room]
    others = [at for at, button in enumerate(buttons) if not is_link_button(button)][: room - len(links)]
    chosen = {*links, *others}
    shown = [buttons[at] for at in sorted(chosen)]
    rest = [button for at, button in enumerate(buttons) if at not in chosen]
    return [shown[at : at + BUTTONS_PER_ROW] for at in range(0, len(shown), BUTTONS_PER_ROW)], rest


def _get_group(button: Button) -> str:
    kind = resolve_action(button.custom_id).kind if button.custom_id else ButtonKind.OTHER
    return _GROUPS.get(kind, kind.value)


def _find_rows_to_merge(laid: list[list[Button]]) -> int | None:
    """Return the first of two neighboring rows that fit into one; the fullest pair looks least like a leftover."""
    sums = [len(first) + len(second) for first, second in pairwise(laid)]
    fitting = [at for at, total in enumerate(sums) if total <= BUTTONS_PER_ROW]
    return max(fitting, key=lambda at: (sums[at], -at), default=None)
