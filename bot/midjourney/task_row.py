"""Normalize a relay's row of a task before it is validated: buttons, links and reasons in any shape, and the status."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from itertools import islice
from typing import Any, Final

from pydantic import BaseModel

from bot.json_values import (
    coerce_milliseconds,
    coerce_object,
    coerce_text,
    decode_nested,
    is_json_array,
    is_json_object,
    list_links,
)
from bot.midjourney.result_links import OtherLinks, drop_other_links, find_other_links, has_input_pictures
from bot.midjourney.task_status import RowEvidence, Status, infer_status, parse_percent, parse_status

TEXT_ACTIONS: Final = frozenset({"DESCRIBE", "SHORTEN"})
"""The actions whose result is a text."""
# Real tasks have at most about forty; a longer list could only keep the bot busy.
_MAX_BUTTONS: Final = 100
_MAX_BUTTON_DEPTH: Final = 6
_MAX_BUTTON_TEXT: Final = 10_000
_BUTTON_KEYS: Final = frozenset({"customId", "custom_id", "label", "emoji", "style", "url"})
_BUTTON_LISTS: Final = frozenset({"components", "buttons", "rows", "items", "children"})
_LINK_FIELDS: Final = ("imageUrl", "imageUrls", "videoUrl", "videoUrls")
_STORED_NAMES: Final = {name: re.sub(r"(?=[A-Z])", "_", name).lower() for name in (*_LINK_FIELDS, "failReason")}
_SNAKE_CASE: Final = frozenset({"submit_time", "start_time", "finish_time", "fail_reason", "prompt_en"})
"""Fields of a relay that writes all names with underscores, as those of the result."""
_MAX_REASON: Final = 4000
# What programs write for a value that is missing.
_NO_REASON: Final = frozenset({"", "null", "none", "nil", "undefined", "false", "0", "n/a", "-", "{}", "[]"})


class ButtonsKey(StrEnum):
    """What the relay's JSON of a task has under the key `buttons`."""

    ABSENT = "absent"
    """No such key: midjourney-proxy never sends buttons."""
    NULL = "null"
    """No buttons: new-api until its upstream has sent them, which a midjourney-proxy upstream never does."""
    ARRAY = "array"
    """An array; an empty one says that the task has no buttons."""


def normalize_row(data: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row with its links in their fields, its status by all that it shows, and its `buttons_key`.

    A snapshot from the store, which has been through this, has a `buttons_key` already and stays as it is.
    """
    row = {name: value for name, value in data.items() if isinstance(name, str)}
    if row.keys() & {"buttonsKey", "buttons_key"}:
        return row
    if "buttons" in row:
        row["buttons"], row["buttons_key"] = _read_buttons(row["buttons"])
    reason = row["failReason"] = coerce_reason(_take(row, "failReason"))
    evidence = RowEvidence(
        percent=parse_percent(row.get("progress")),
        has_reason=bool(reason),
        has_result=False,
        has_buttons=any(map(_is_of_result, row.get("buttons", ()))),
        has_finish_time=coerce_milliseconds(row.get("finishTime", row.get("finish_time"))) > 0,
    )
    word = parse_status(row.get("status"))
    may_have_result = word is Status.SUCCESS or (evidence.has_sign_of_the_end and not word.is_final)
    links, is_certain = _take_links(row, may_have_result=may_have_result)
    row |= links
    # A name that a parameter may have too is no evidence of the end by itself.
    has_result = (any(links.values()) and (is_certain or evidence.is_at_end)) or _has_text(row)
    row["status"] = infer_status(row.get("status"), replace(evidence, has_result=has_result))
    return row


def _take_links(row: dict[str, Any], *, may_have_result: bool) -> tuple[dict[str, tuple[str, ...]], bool]:
    """Remove the links from a row, and return them by the API's names; what these lack is found under other names.

    Also return whether one of them has a name that is only a result's.
    """
    links = {name: list_links(row.pop(name, None)) for name in _LINK_FIELDS}
    for name in _LINK_FIELDS:
        if not links[name] and _may_be_result(row, name):
            links[name] = drop_other_links(row, list_links(row.pop(_STORED_NAMES[name], None)))
    other = OtherLinks((), (), is_certain=any(links.values()))
    if not links["videoUrl"] and not links["videoUrls"]:
        has_picture = bool(links["imageUrl"] or links["imageUrls"])
        other = find_other_links(row, may_have_result=may_have_result)
        links["videoUrl"] = other.clips
        if not has_picture:
            links["imageUrl"] = other.pictures
        other = other._replace(is_certain=has_picture or other.is_certain)
    for name in _LINK_FIELDS:
        row.pop(_STORED_NAMES[name], None)
    taken: dict[str, tuple[str, ...]] = {}
    for one, several in (("imageUrl", "imageUrls"), ("videoUrl", "videoUrls")):
        taken[one] = links[one][:1]
        taken[several] = links[several] or (links[one] if len(links[one]) > 1 else ())
    return taken, other.is_certain


def _may_be_result(row: Mapping[str, Any], name: str) -> bool:
    """Whether a link under a name with underscores may be the result, and not what was given to the request."""
    return name.startswith("video") or not has_input_pictures(row) or not _SNAKE_CASE.isdisjoint(row)


def _take(row: dict[str, Any], name: str) -> object:
    """Remove a field from a row, under its name in JSON or the one of the store, and return its value."""
    stored = row.pop(_STORED_NAMES[name], None)
    value = row.pop(name, None)
    return value or stored


def _has_text(row: Mapping[str, Any]) -> bool:
    if coerce_text(row.get("action")).upper() not in TEXT_ACTIONS:
        return False
    properties = coerce_object(row.get("properties"))
    final = properties.get("finalPrompt") if is_json_object(properties) else ""
    return bool(coerce_text(final) or coerce_text(row.get("promptEn", row.get("prompt_en"))))


def coerce_reason(value: object) -> str:
    """Return a fail reason as one text; empty for what only says that there is none."""
    if is_json_array(value):
        return "; ".join(filter(None, map(coerce_reason, islice(value, 5))))[:_MAX_REASON]
    try:
        text = json.dumps(value, ensure_ascii=False) if is_json_object(value) else coerce_text(value)
    except (TypeError, ValueError, RecursionError):
        return ""
    text = coerce_text(text[:_MAX_REASON])
    return "" if text.strip().lower() in _NO_REASON else text


def _read_buttons(value: object) -> tuple[list[Any], ButtonsKey]:
    value = decode_nested(value)
    buttons = select_buttons(value)
    return buttons, ButtonsKey.ARRAY if buttons or is_json_array(value) else ButtonsKey.NULL


def select_buttons(value: object) -> list[Any]:
    """Return the first hundred buttons of a value, as JSON objects or models."""
    if is_json_array(value) and all(is_json_object(item) and "customId" in item for item in value):
        return list(value[:_MAX_BUTTONS])
    return list(islice(_find_buttons(value, _MAX_BUTTON_DEPTH), _MAX_BUTTONS))


def _find_buttons(value: object, depth: int) -> Iterator[Any]:
    """Find the buttons in arrays, action rows and objects that number or name them, and in JSON text of these."""
    value = decode_nested(value)
    if isinstance(value, BaseModel):
        yield value
    elif isinstance(value, str):
        words = re.split(r"[\s,;]+", value[:_MAX_BUTTON_TEXT])
        yield from ({"customId": word} for word in words if "::" in word)
    elif is_json_array(value) and depth:
        for item in value:
            yield from _find_buttons(item, depth - 1)
    elif is_json_object(value) and depth:
        yield from _find_buttons_of_object(value, depth)


def _find_buttons_of_object(value: Mapping[Any, Any], depth: int) -> Iterator[Any]:
    lists = [value[key] for key in _BUTTON_LISTS & value.keys()]
    if not lists and _BUTTON_KEYS & value.keys():
        yield value
        return
    for name, item in () if lists else value.items():
        if isinstance(item, str) and "::" in item:
            yield {"customId": item, "label": name}
        elif not isinstance(item, str):
            lists.append(item)
    for item in lists:
        yield from _find_buttons(item, depth - 1)


def _is_of_result(button: object) -> bool:
    """Whether a button belongs to a finished task; a running one has only Cancel Job."""
    given = (button.get("customId", button.get("custom_id")) if is_json_object(button) else "",)
    custom_id = coerce_text(getattr(button, "custom_id", *given))
    return "::" in custom_id and "cancel" not in custom_id.lower()
