"""What was typed into a form, from Discord's raw data: no modal of ours need be in memory. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.models import is_mapping


def values(data: Mapping[str, Any], custom_id: str) -> Iterator[str]:
    """Walk a modal's raw components (action rows or labels) for a field's value."""
    for part in (*data.get("components", ()), data.get("component", {})):
        if is_mapping(part):
            if part.get("custom_id") == custom_id and isinstance(part.get("value"), str):
                yield part["value"]
            elif part:
                yield from values(part, custom_id)
