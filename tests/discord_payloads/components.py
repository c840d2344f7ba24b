"""Why Discord would refuse the components of a message."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from cogs.text.limits import BUTTON_URL, BUTTONS_PER_ROW, CUSTOM_ID, LABEL, OPTION_TEXT, OPTIONS, is_emoji, length
from tests.discord_payloads.limits import PLACEHOLDER, ROWS, V2_COMPONENTS, V2_TEXT
from tests.discord_payloads.values import (
    Json,
    bounded,
    file_names,
    is_v2,
    media_refusals,
    object_of,
    objects_of,
    too_long,
    url_refusals,
)

SELECTS: Final = frozenset({3, 5, 6, 7, 8})
_V2_TYPES: Final = frozenset({9, 10, 11, 12, 13, 14, 17})


def emoji_refusal(value: Any) -> str | None:  # noqa: ANN401  (JSON)
    """Say why Discord would refuse this emoji object in a component, or None where it is fine."""
    if not isinstance(value, Mapping):
        return "is no object"
    given = cast("Json", value)
    if given.get("id") is not None:
        return None if re.fullmatch(r"[0-9]{15,20}", str(given["id"])) else "has an id that is no snowflake"
    return None if is_emoji(str(given.get("name"))) else "has a name that is no emoji"


def tree_refusals(message: Json, files: Collection[str]) -> Iterator[str]:
    """Say why the components of a message would be refused."""
    roots = objects_of(message.get("components"))
    every = list(walk(roots, "components"))
    yield from duplicates([part for _, part in every])
    named = file_names(message, files)
    for at, part in every:
        yield from _component(at, part, named)
    if is_v2(message):
        text = sum(length(part.get("content") or "") for _, part in every if part.get("type") == 10)
        if len(every) > V2_COMPONENTS:
            yield f"components are {len(every)}, at most {V2_COMPONENTS} are allowed"
        if text > V2_TEXT:
            yield f"components hold {text} characters, at most {V2_TEXT} are allowed"
        return
    if len(roots) > ROWS:
        yield f"components are {len(roots)} rows, at most {ROWS} are allowed"
    yield from (f"{at} needs the components v2 flag" for at, part in every if part.get("type") in _V2_TYPES)


def walk(parts: Sequence[Json], at: str) -> Iterator[tuple[str, Json]]:
    """Give each component with its path, those inside of others too."""
    for index, part in enumerate(parts):
        here = f"{at}[{index}]"
        yield here, part
        yield from walk(objects_of(part.get("components")), f"{here}.components")
        for key in ("accessory", "component"):
            if isinstance(part.get(key), Mapping):
                yield f"{here}.{key}", part[key]


def duplicates(parts: Sequence[Json]) -> Iterator[str]:
    """Say which custom_ids are used twice."""
    ids = [part["custom_id"] for part in parts if part.get("custom_id")]
    yield from (
        f"custom_id {double!r} is used {ids.count(double)} times"
        for double in dict.fromkeys(ids)
        if ids.count(double) > 1
    )


def _component(at: str, part: Json, named: Collection[str]) -> Iterator[str]:
    kind, children = part.get("type"), objects_of(part.get("components"))
    outside = re.fullmatch(r"components\[\d+\]", at)
    if kind == 1:
        yield from _row(at, children)
    elif kind == 2:
        yield from ([f"{at} is a button outside of a row"] if outside else _button(at, part))
    elif kind in SELECTS:
        yield from ([f"{at} is a select outside of a row"] if outside else select_refusals(at, part))
    elif kind in {9, 17} and not 1 <= len(children) <= (3 if kind == 9 else V2_COMPONENTS):
        yield f"{at} holds {len(children)} components"
    elif kind == 9 and not part.get("accessory"):
        yield f"{at} has no accessory"
    elif kind == 10:
        yield from bounded(f"{at}.content", part.get("content"), V2_TEXT)
    elif kind in {11, 12, 13}:
        yield from _media(at, part, named)
    elif kind not in {9, 14, 17}:
        yield f"{at} has the type {kind}, which no message takes"


def _row(at: str, children: Sequence[Json]) -> Iterator[str]:
    kinds = {child.get("type") for child in children}
    if not 1 <= len(children) <= BUTTONS_PER_ROW:
        yield f"{at} holds {len(children)} components, 1 to {BUTTONS_PER_ROW} are allowed"
    if not kinds <= {2, *SELECTS}:
        yield f"{at} holds something else than buttons or a select"
    elif kinds & SELECTS and len(children) > 1:
        yield f"{at} holds a select and something else"


def _button(at: str, button: Json) -> Iterator[str]:
    style, label, url = button.get("style"), button.get("label"), button.get("url")
    if style not in {1, 2, 3, 4, 5, 6}:
        yield f"{at}.style is {style}, which is none"
    if label is not None:
        yield from bounded(f"{at}.label", label, LABEL)
    if button.get("emoji") is not None and (refusal := emoji_refusal(button["emoji"])):
        yield f"{at}.emoji {refusal}"
    if style == 6:
        if not button.get("sku_id") or any(button.get(key) for key in ("label", "emoji", "url", "custom_id")):
            yield f"{at} is a premium button: it takes a sku_id and nothing else"
        return
    if label is None and button.get("emoji") is None:
        yield f"{at} has neither a label nor an emoji"
    if style == 5:
        yield from url_refusals(f"{at}.url", url, BUTTON_URL) if url else [f"{at} is a link without a url"]
        if button.get("custom_id"):
            yield f"{at} is a link with a custom_id"
        return
    yield from bounded(f"{at}.custom_id", button.get("custom_id"), CUSTOM_ID)
    if url:
        yield f"{at} has a url and is no link"


def select_refusals(at: str, select: Json) -> Iterator[str]:
    """Say why a select would be refused."""
    yield from bounded(f"{at}.custom_id", select.get("custom_id"), CUSTOM_ID)
    yield from too_long(f"{at}.placeholder", select.get("placeholder"), PLACEHOLDER)
    options = objects_of(select.get("options"))
    least, most = (1 if select.get(key) is None else select[key] for key in ("min_values", "max_values"))
    if not 0 <= least <= most <= OPTIONS or most < 1:
        yield f"{at} takes {least} to {most} values"
    if select.get("type") != 3:
        return
    if not 1 <= len(options) <= OPTIONS:
        yield f"{at} has {len(options)} options, 1 to {OPTIONS} are allowed"
    if len({option.get("value") for option in options}) < len(options):
        yield f"{at} has two options of one value"
    for index, option in enumerate(options):
        here = f"{at}.options[{index}]"
        yield from bounded(f"{here}.label", option.get("label"), OPTION_TEXT)
        yield from bounded(f"{here}.value", option.get("value"), OPTION_TEXT)
        yield from too_long(f"{here}.description", option.get("description"), OPTION_TEXT)
        if option.get("emoji") is not None and (refusal := emoji_refusal(option["emoji"])):
            yield f"{here}.emoji {refusal}"


def _media(at: str, part: Json, named: Collection[str]) -> Iterator[str]:
    if part.get("type") == 12:
        items = objects_of(part.get("items"))
        if not 1 <= len(items) <= 10:
            yield f"{at} holds {len(items)} items, 1 to 10 are allowed"
        for index, item in enumerate(items):
            yield from media_refusals(f"{at}.items[{index}]", object_of(item.get("media")).get("url"), named)
    elif part.get("type") == 11:
        yield from media_refusals(f"{at}.media", object_of(part.get("media")).get("url"), named)
    else:
        url = str(object_of(part.get("file")).get("url"))
        if url.startswith("attachment://"):
            yield from media_refusals(f"{at}.file", url, named, embeddable=False)
        else:
            yield f"{at}.file is not attachment://"
