"""Lenient readers of JSON from relays: a value that is missing, null or of another type becomes empty, not an error.

Relays write the same value in several shapes: arrays and objects as JSON text, links as objects or as one text, times
as milliseconds, seconds or dates. Each reader accepts all of them.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Annotated, Any, TypeGuard

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

# Real tasks have a handful; a longer list could only keep the bot busy.
_MAX_URLS = 20
_MAX_DEPTH = 4
"""How many arrays, objects and JSON texts within each other are read."""
_MAX_TEXT = 20_000
"""How many characters of a text are kept; Midjourney's longest prompts have 6,000."""
MAX_LINK = 8_000
"""How long a link may be, in characters; a picture in place of a link has millions."""
MAX_LINKS = 40_000
"""How long a text with several links may be, in characters."""

_LINK_KEYS = ("url", "imageUrl", "image_url", "videoUrl", "video_url", "link", "href", "src")
_LINK_LISTS = ("urls", "imageUrls", "videoUrls", "images", "videos", "list", "items", "data")
# What separates links in one text: a comma within a link is not followed by the begin of another.
_LINK_SEPARATOR = re.compile(
    r"(?<![\s,;|])[\s,;|]++(?=[\"'<\[]{0,3}(?:(?:[a-z][a-z0-9+.-]{0,9}:)?//|/|[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}(?::\d{1,5})?/))",
    re.IGNORECASE,
)
_BARE_LINK = re.compile(r"[^\s,;|\"'`<>\[\]{}]*")
_LINK_QUOTES = "\"'`<>[] \t\r\n"

# The latest time accepted: the year 2603. Seconds count from the year 2000 on, so that they can't be milliseconds.
_MAX_MILLISECONDS = 2 * 10**13
_SECONDS, _MICROSECONDS, _NANOSECONDS = range(946_684_800, 10**11), range(10**14, 10**17), range(10**17, 10**20)
_DIGITS_OF_A_DATE = range(2 * 10**13, 10**14)
"""Numbers such as 20250804093320, which are too large for milliseconds."""
_DATE = re.compile(
    "(\\d{4})[-/.\u5e74]?(\\d\\d?)[-/.\u6708]?(\\d\\d?)\u65e5?[T\\s]*"
    "(\\d\\d?):?(\\d\\d)(?::?(\\d\\d)(?:[.,](\\d{1,9}))?)?\\s*(Z|UTC|GMT|[+-]\\d\\d:?\\d\\d)?",
    re.IGNORECASE,
)
_DOT_NET_DATE = re.compile(r"/?Date\((\d{1,15})")


def is_json_object(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Whether this is a JSON object."""
    return isinstance(value, Mapping)


def is_json_array(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Whether this is a JSON array."""
    return isinstance(value, list | tuple)


def is_json_integer(value: object) -> TypeGuard[int]:
    """Whether this is a whole number; Python counts booleans as such, JSON does not."""
    return isinstance(value, int) and not isinstance(value, bool)


def coerce_text(value: object) -> str:
    """Return a string as it is and a whole number as its digits; everything else, floats included, becomes empty."""
    if isinstance(value, str):
        if value.isascii() and "\0" not in value:
            return value
        # JSON can carry a lone surrogate, which no encoder accepts, and a NUL, which PostgreSQL does not store.
        return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")
    # Numbers beyond 64 bits are not ids, and Python refuses to print more than 4,300 digits.
    return str(value) if is_json_integer(value) and abs(value) < 1 << 64 else ""


def coerce_int(value: object) -> int:
    """Return a whole number, or the one that a string or float holds; everything else, or more than 64 bits, is 0."""
    try:
        number = int(value) if isinstance(value, str | float) else value
    except (ValueError, OverflowError):
        return 0
    return number if is_json_integer(number) and abs(number) < 1 << 64 else 0


def decode_nested(value: object) -> object:
    """Return what a JSON text of an array or object holds; every other value as it is."""
    for _ in range(_MAX_DEPTH):
        if not isinstance(value, str) or value.lstrip()[:1] not in {"[", "{", '"'}:
            return value
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def coerce_milliseconds(value: object) -> int:
    """Return a time in milliseconds since 1970; 0 where it is unknown.

    The time may be a number of seconds, milliseconds, microseconds or nanoseconds, a date in ISO format or another
    common one, or Java's array of year, month, day, hour, minute and second. A date without a zone is UTC.
    """
    if is_json_array(value):
        milliseconds = _count_from_parts(value)
    elif isinstance(value, str):
        milliseconds = _count_from_text(value.strip()[:64])
    else:
        milliseconds = _count_from_number(value)
    # Milliseconds that would be read as seconds the next time are none of Midjourney's.
    return milliseconds if 0 < milliseconds < _MAX_MILLISECONDS and milliseconds not in _SECONDS else 0


def _count_from_number(value: object) -> int:
    number = value if isinstance(value, float) and math.isfinite(value) else coerce_int(value)
    whole = int(number)
    if whole in _SECONDS:
        return int(number * 1000)
    if whole in _DIGITS_OF_A_DATE:
        return _count_from_date(str(whole))
    if whole in _MICROSECONDS:
        return whole // 1000
    return whole // 1_000_000 if whole in _NANOSECONDS else whole


def _count_from_text(text: str) -> int:
    if wrapped := _DOT_NET_DATE.match(text):
        text = wrapped[1]
    try:
        return _count_from_number(int(text) if text.isdecimal() else float(text))
    except ValueError:
        return _count_from_date(text)


def _count_from_date(text: str) -> int:
    try:
        found = _DATE.match(text)
        if found is None:
            return _measure(parsedate_to_datetime(text))
        parts = [int(part or 0) for part in found.groups()[:6]]
        time = datetime.fromisoformat("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}".format(*parts))
        zone = found[8] or ""
        time = time.replace(
            microsecond=int((found[7] or "").ljust(6, "0")[:6]),
            tzinfo=datetime.strptime(zone, "%z").tzinfo if zone[:1] in {"+", "-"} else UTC,
        )
        return _measure(time)
    except (ValueError, TypeError, OverflowError):
        return 0


def _count_from_parts(parts: list[Any] | tuple[Any, ...]) -> int:
    if not 3 <= len(parts) <= 7 or not all(map(is_json_integer, parts)):
        return 0
    return _count_from_date("{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*parts[:6], *[0] * (6 - len(parts))))


def _measure(time: datetime) -> int:
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def _coerce_texts(value: object) -> tuple[str, ...]:
    """Return the texts of an array of strings, or of objects with a `url`, without empty ones."""
    if not is_json_array(value):
        return ()
    texts = (coerce_text(item.get("url") if is_json_object(item) else item) for item in value)
    return tuple(islice((text for text in texts if text), _MAX_URLS))


def list_links(value: object) -> tuple[str, ...]:
    """Return the links that a value holds: one text, several in one text, an array or object of them, or JSON text."""
    if not value:
        return ()
    found = (link for link in _find_links(value, _MAX_DEPTH) if 0 < len(link) <= MAX_LINK)
    return tuple(islice(found, _MAX_URLS))


def _find_links(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str) and _BARE_LINK.fullmatch(value):
        yield coerce_text(value)
        return
    value = decode_nested(value)
    if isinstance(value, str):
        parts = _LINK_SEPARATOR.split(value) if len(value) <= MAX_LINKS else ()
        yield from (coerce_text(part).strip(_LINK_QUOTES) for part in parts)
    elif is_json_array(value) and depth:
        for item in value:
            yield from _find_links(item, depth - 1)
    elif is_json_object(value) and depth:
        link = next((value[key] for key in _LINK_KEYS if value.get(key)), None)
        items = [link] if link else [item for key, item in value.items() if key in _LINK_LISTS or str(key).isdecimal()]
        for item in items:
            yield from _find_links(item, depth - 1)


def _coerce_link(value: object) -> str:
    return next(iter(list_links(value)), "")


def _cut_text(value: object) -> str:
    return coerce_text(value)[:_MAX_TEXT]


def coerce_object(value: object) -> object:
    """Return a JSON object, or the one in a JSON text, or a model as it is; an empty object for everything else."""
    value = decode_nested(value)
    return value if is_json_object(value) or isinstance(value, BaseModel) else {}


Text = Annotated[str, BeforeValidator(_cut_text)]
Link = Annotated[str, BeforeValidator(_coerce_link)]
Links = Annotated[tuple[str, ...], BeforeValidator(list_links)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_coerce_texts)]
Number = Annotated[int, BeforeValidator(coerce_int)]
Milliseconds = Annotated[int, BeforeValidator(coerce_milliseconds)]


class WireModel(BaseModel):
    """Base of what relays send: frozen, with camelCase names on the wire, and blind to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)
