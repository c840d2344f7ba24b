"""Why Discord would answer 400 to a modal, a command, or the choices of an autocompletion."""

import re
from collections.abc import Iterator
from typing import Any, Final

from cogs.text.limits import CHOICE_NAME, CHOICES, CUSTOM_ID, INPUT, OPTIONS, length
from tests.discord_payloads.components import SELECTS, duplicates, select_refusals, walk
from tests.discord_payloads.limits import (
    COMMAND_DESCRIPTION,
    COMMAND_NAME,
    INPUT_DESCRIPTION,
    INPUT_LABEL,
    INPUT_PLACEHOLDER,
    MODAL_ROWS,
    MODAL_TITLE,
)
from tests.discord_payloads.values import Json, bounded, filled, object_of, objects_of, too_long

_COMMAND_NAME: Final = re.compile(r"[-_'\w]{1,32}")
_IN_LABEL: Final = frozenset({4, *SELECTS, 19, 21, 22, 23})


def modal_refusals(data: Json) -> list[str]:
    """Give one sentence per reason why Discord would answer 400 to this modal, the `data` of a callback of type 9."""
    rows = objects_of(data.get("components"))
    reasons = [
        *bounded("title", data.get("title"), MODAL_TITLE),
        *bounded("custom_id", data.get("custom_id"), CUSTOM_ID),
    ]
    if not 1 <= len(rows) <= MODAL_ROWS:
        reasons.append(f"components are {len(rows)}, 1 to {MODAL_ROWS} are allowed")
    for index, row in enumerate(rows):
        reasons += _modal_row(f"components[{index}]", row)
    reasons += duplicates([part for _, part in walk(rows, "components")])
    return reasons


def _modal_row(at: str, row: Json) -> Iterator[str]:
    kind, inputs, component = row.get("type"), objects_of(row.get("components")), object_of(row.get("component"))
    if kind == 1:
        if [part.get("type") for part in inputs] != [4]:
            yield f"{at} holds something else than one text input"
        for part in inputs:
            yield from bounded(f"{at}.label", part.get("label"), INPUT_LABEL)
            yield from _text_input(at, part)
    elif kind == 18:
        yield from bounded(f"{at}.label", row.get("label"), INPUT_LABEL)
        yield from too_long(f"{at}.description", row.get("description"), INPUT_DESCRIPTION)
        if component.get("type") not in _IN_LABEL:
            yield f"{at} labels the type {component.get('type')}, which no modal takes"
        elif component.get("type") == 4:
            yield from [f"{at}.component has a label of its own"] if component.get("label") else []
            yield from _text_input(f"{at}.component", component)
        elif component.get("type") in SELECTS:
            yield from select_refusals(f"{at}.component", component)
    elif kind != 10:
        yield f"{at} has the type {kind}, which no modal takes"


def _text_input(at: str, part: Json) -> Iterator[str]:
    yield from bounded(f"{at}.custom_id", part.get("custom_id"), CUSTOM_ID)
    yield from too_long(f"{at}.placeholder", part.get("placeholder"), INPUT_PLACEHOLDER)
    least, most = part.get("min_length") or 0, part.get("max_length") or INPUT
    if part.get("style") not in {1, 2}:
        yield f"{at}.style is {part.get('style')}, which is none"
    if not 0 <= least <= most <= INPUT:
        yield f"{at} takes {least} to {most} characters"
    value = part.get("value")
    yield from too_long(f"{at}.value", value, most)
    if value and length(value) < least:
        yield f"{at}.value is shorter than its min_length"


def command_refusals(command: Json) -> list[str]:
    """Give one sentence per reason why Discord would answer 400 to this application command."""
    name, slash = str(command.get("name")), command.get("type", 1) == 1
    if not slash:
        return [*bounded("name", name, COMMAND_NAME)] + (
            ["description is not allowed"] if command.get("description") else []
        )
    return [*_option_refusals(name, command)]


def _option_refusals(at: str, part: Json) -> Iterator[str]:
    name, options = str(part.get("name")), objects_of(part.get("options"))
    if _COMMAND_NAME.fullmatch(name) is None or name != name.lower():
        yield f"{at}: the name {name!r} is not allowed"
    if not filled(part.get("description")) or length(part["description"]) > COMMAND_DESCRIPTION:
        yield f"{at}: the description must have 1 to {COMMAND_DESCRIPTION} characters"
    names, required = [option.get("name") for option in options], [bool(option.get("required")) for option in options]
    if len(options) > OPTIONS or len(objects_of(part.get("choices"))) > CHOICES:
        yield f"{at}: more than {OPTIONS} options or choices"
    if len(set(names)) < len(names):
        yield f"{at}: two options have one name"
    if required != sorted(required, reverse=True):
        yield f"{at}: a required option follows an optional one"
    for option in options:
        yield from _option_refusals(f"{at} {option.get('name')}", option)


def choice_refusals(choices: Any) -> list[str]:  # noqa: ANN401
    """Give one sentence per reason why Discord would answer 400 to these autocomplete choices."""
    given = objects_of(choices)
    reasons = [f"choices are {len(given)}, at most {CHOICES} are allowed"] if len(given) > CHOICES else []
    for index, choice in enumerate(given):
        reasons += bounded(f"choices[{index}].name", choice.get("name"), CHOICE_NAME)
        if isinstance(choice.get("value"), str):
            reasons += bounded(f"choices[{index}].value", choice["value"], CHOICE_NAME)
    return reasons
