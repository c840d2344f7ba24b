"""The prompt field of modals, and readers of a submitted modal's raw data, whichever process opened it."""

from collections.abc import Iterator, Mapping
from typing import Any

import discord
from discord import ui

from bot.json_values import is_json_array, is_json_object
from cogs.context import Interaction
from cogs.languages import _
from cogs.text import limits

PROMPT_FIELD = "prompt"
MODAL_TIMEOUT_SECONDS = 60.0
"""How long discord.py keeps an open modal, with a timer; the bot reads later submissions without it."""


def build_prompt_field(text: str, hint: str) -> ui.Label[Any]:
    """Build the field of a prompt, prefilled with `text` cut to its limit."""
    field = ui.TextInput[Any](
        custom_id=PROMPT_FIELD,
        style=discord.TextStyle.paragraph,
        default=limits.cut(text, limits.INPUT) or None,
        max_length=limits.INPUT,
        required=True,
    )
    return ui.Label(text=_("Prompt"), description=hint, component=field)


def read_prompt(data: Mapping[str, Any]) -> str:
    """Return the prompt as it was typed, not normalized for Midjourney."""
    return read_text_field(data, PROMPT_FIELD)


def read_text_field(data: Mapping[str, Any], custom_id: str) -> str:
    """Return the text of a field as it was typed; "" if it is empty."""
    value = _find_component(data, custom_id).get("value")
    return value if isinstance(value, str) else ""


def get_typed_prompt(interaction: Interaction) -> str:
    """Return the prompt of a modal or a command as it was typed; "" if there is none."""
    data: Mapping[str, Any] = interaction.data or {}
    if interaction.type is discord.InteractionType.modal_submit:
        return read_prompt(data)
    options = data.get("options")
    for option in options if is_json_array(options) else ():
        if (
            is_json_object(option)
            and option.get("name") == PROMPT_FIELD
            and isinstance(value := option.get("value"), str)
        ):
            return value
    return ""


def read_choice(data: Mapping[str, Any], custom_id: str) -> str:
    """Return the value chosen in a menu; "" if none was chosen."""
    return next(_read_values(data, custom_id), "")


def read_upload(data: Mapping[str, Any], custom_id: str) -> Mapping[str, Any] | None:
    """Return Discord's raw data of the uploaded attachment; None if there is none."""
    return next(read_uploads(data, custom_id), None)


def read_uploads(data: Mapping[str, Any], custom_id: str) -> Iterator[Mapping[str, Any]]:
    """Return Discord's raw data of the uploaded attachments, in their order."""
    resolved = data.get("resolved")
    attachments = resolved.get("attachments") if is_json_object(resolved) else None
    for chosen in _read_values(data, custom_id) if is_json_object(attachments) else ():
        found = attachments.get(chosen) if is_json_object(attachments) else None
        if is_json_object(found):
            yield found


def _read_values(data: Mapping[str, Any], custom_id: str) -> Iterator[str]:
    values = _find_component(data, custom_id).get("values")
    yield from map(str, values) if is_json_array(values) else ()


def _find_component(data: Mapping[str, Any], custom_id: str) -> Mapping[str, Any]:
    nothing: Mapping[str, Any] = {}
    return next(_walk_components(data, custom_id), nothing)


def _walk_components(data: Mapping[str, Any], custom_id: str) -> Iterator[Mapping[str, Any]]:
    """Walk a modal's raw components, rows or labels, and yield those with that custom_id."""
    for part in (*data.get("components", ()), data.get("component", {})):
        if is_json_object(part):
            if part.get("custom_id") == custom_id:
                yield part
            elif part:
                yield from _walk_components(part, custom_id)
