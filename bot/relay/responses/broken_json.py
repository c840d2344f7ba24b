"""Decode what can be decoded of JSON that is broken or nested too deeply. Pure.

One bad field must not lose the rest of its row, nor one bad row the rest of its list.
"""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

# A string that has no end runs to the end of the text: else each escaped quote in it would be tried as a begin.
_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:(?P<end>")|\\?\Z)|[\[{]|[\]}]|,', re.DOTALL)
_SIGN: Final = re.compile(r"[\[\]{},]")
_KEY: Final = re.compile(r'\s*("[^"\\]*(?:\\.[^"\\]*)*")\s*:', re.DOTALL)
_MAX_DEPTH: Final = 4
"""How deeply the values lie that the bot reads: a list of rows, a row, its buttons, a button."""
_MAX_TOKENS: Final = 100_000
"""How many tokens are read: fifty rows have some 20,000, and a second's work for one bad row delays all messages."""
_BROKEN: Final = object()


def decode_parts(text: str) -> Any:  # noqa: ANN401 - JSON may be anything
    """Return an array or object without the items and members that can't be decoded; None if its end is missing.

    Text after the end is ignored.
    """
    start = len(text) - len(text.lstrip("\ufeff \t\r\n"))
    if text[start : start + 1] not in {"[", "{"}:
        return None
    value = _decode(text[start:], _MAX_DEPTH)
    return None if value is _BROKEN else value


def _decode(text: str, depth: int) -> Any:  # noqa: ANN401 - JSON may be anything
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        first = text.lstrip()[:1]
    if first not in {"[", "{"} or not depth:
        return _BROKEN
    parts = list(_split(text))
    if not parts or parts.pop() is not None:
        return _BROKEN
    items = [_decode(part or "", depth - 1) for part in parts] if first == "[" else []
    members = dict(_decode_members(parts, depth - 1)) if first == "{" else {}
    return [item for item in items if item is not _BROKEN] if first == "[" else members


def _decode_members(parts: list[str | None], depth: int) -> Iterator[tuple[str, Any]]:
    for part in parts:
        key = _KEY.match(part or "")
        value = _decode(key.string[key.end() :], depth) if key else _BROKEN
        name = _decode(key[1], 0) if key else _BROKEN
        if value is not _BROKEN and isinstance(name, str):
            yield name, value


def _split(text: str) -> Iterator[str | None]:
    """Split an array or object into the texts of its items or members; None comes last if it is closed."""
    depth = begin = 0
    for token in islice(_find_tokens(text), _MAX_TOKENS):
        sign = token[0]
        if sign in "[{":
            depth += 1
            begin = begin if depth > 1 else token.end()
        elif sign == "," and depth == 1:
            yield text[begin : token.start()]
            begin = token.end()
        elif sign in "]}":
            depth -= 1
            if not depth:
                yield text[begin : token.start()]
                yield None
                return


def _find_tokens(text: str) -> Iterator[re.Match[str]]:
    """Find strings, brackets and commas; behind the begin of a string without an end, only brackets and commas."""
    for token in _TOKEN.finditer(text):
        if token[0].startswith('"') and token["end"] is None:
            yield from _SIGN.finditer(text, token.start())
            return
        yield token
