"""Where the API's buttons go: a flat list becomes rows, as Midjourney itself lays them."""

from collections.abc import Sequence
from itertools import groupby, pairwise

from bot.midjourney.buttons import ButtonKind, resolve_action
from bot.midjourney.task import Button
from cogs.text.limits import BUTTONS_PER_ROW

TASK_BUTTON_ROWS = 4
"""Four rows are the API's; the fifth is ours."""

# Kinds that share a row because Midjourney shows them so: U1 to U4 with the reroll, all that varies, all that zooms.
_FAMILIES = {
    ButtonKind.PICK_FROM_GRID: "pick",
    ButtonKind.REROLL: "pick",
    ButtonKind.VARIATION: "variation",
    ButtonKind.VARY: "vary",
    ButtonKind.VARY_REGION: "vary",
    ButtonKind.ZOOM: "zoom",
    ButtonKind.CUSTOM_ZOOM: "zoom",
}


def lay_out_rows(buttons: Sequence[Button]) -> tuple[list[list[Button]], list[Button]]:
    """Lay buttons out in order, a new row for each family; return the rows, and what has no room in them.

    That goes into a menu, which takes the fourth row whole. A menu holds no links: they keep their room.
    """
    if len(buttons) > TASK_BUTTON_ROWS * BUTTONS_PER_ROW:
        return _filled(buttons, TASK_BUTTON_ROWS - 1)  # there is no room for families
    groups = [list(group) for _, group in groupby(buttons, key=_family)]
    laid = [group[at : at + BUTTONS_PER_ROW] for group in groups for at in range(0, len(group), BUTTONS_PER_ROW)]
    while len(laid) > TASK_BUTTON_ROWS and (at := _closest(laid)) is not None:
        laid[at : at + 2] = [laid[at] + laid[at + 1]]
    return (laid, []) if len(laid) <= TASK_BUTTON_ROWS else _filled(buttons, TASK_BUTTON_ROWS)


def is_link_button(button: Button) -> bool:
    """Tell whether a button leads somewhere instead of doing something."""
    return button.style == 5 or not button.custom_id


def _filled(buttons: Sequence[Button], count: int) -> tuple[list[list[Button]], list[Button]]:
    room = count * BUTTONS_PER_ROW
    links = [at for at, button in enumerate(buttons) if is_link_button(button)][:room]
    others = [at for at, button in enumerate(buttons) if not is_link_button(button)][: room - len(links)]
    chosen = {*links, *others}
    shown = [buttons[at] for at in sorted(chosen)]
    rest = [button for at, button in enumerate(buttons) if at not in chosen]
    return [shown[at : at + BUTTONS_PER_ROW] for at in range(0, len(shown), BUTTONS_PER_ROW)], rest


def _family(button: Button) -> str:
    kind = resolve_action(button.custom_id).kind if button.custom_id else ButtonKind.OTHER
    return _FAMILIES.get(kind, kind.value)


def _closest(laid: list[list[Button]]) -> int | None:
    """Return where two neighbouring rows fit into one, the fullest such pair first: it looks least like a leftover."""
    sums = [len(first) + len(second) for first, second in pairwise(laid)]
    fitting = [at for at, total in enumerate(sums) if total <= BUTTONS_PER_ROW]
    return max(fitting, key=lambda at: (sums[at], -at), default=None)
