"""Parse each text of SimCord's page once: SimCord builds a new parser for every field of every message it publishes.

That was half of the time of a publication, and the page is published after every change. (SimCord 3.2.1, pinned.)
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from simcord.preview import (
    _component_projection,  # pyright: ignore[reportPrivateUsage]
    _markdown,  # pyright: ignore[reportPrivateUsage]
    _messages,  # pyright: ignore[reportPrivateUsage]
    _queries,  # pyright: ignore[reportPrivateUsage]
    _snapshot,  # pyright: ignore[reportPrivateUsage]
)

_MAX_TEXTS = 2000
_parse_markdown = _markdown.markdown_tokens
_parsed: dict[tuple[str, str, str], str] = {}


def _parse_markdown_once(
    value: object, profile: str = "message", *, context: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Return the tokens of a text; SimCord changes them, so that each caller gets its own."""
    if value is None:
        return []
    key = str(value), profile, json.dumps(context, default=str)
    if key not in _parsed:
        if len(_parsed) >= _MAX_TEXTS:
            _parsed.clear()
        _parsed[key] = json.dumps(_parse_markdown(value, profile, context=context))
    tokens: list[dict[str, Any]] = json.loads(_parsed[key])
    return tokens


@cache
def install_markdown_cache() -> None:
    """Let SimCord's page parse each text once, from now on."""
    for module in (_component_projection, _messages, _queries, _snapshot):
        module.markdown_tokens = _parse_markdown_once  # type: ignore[attr-defined]
