"""What every rule of Discord asks of a value: its length, its shape, where a link leads."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias, cast
from urllib.parse import urlsplit

from cogs.text.limits import EMBED_URL, length
from tests.discord_payloads.limits import EMBEDDABLE, V2_FLAG

Json: TypeAlias = Mapping[str, Any]

_FILENAME: Final = re.compile(r"[A-Za-z0-9_.-]+")


def too_long(at: str, text: Any, limit: int) -> Iterator[str]:  # noqa: ANN401
    """Say that a text is longer than `limit`."""
    if isinstance(text, str) and length(text) > limit:
        yield f"{at} is {length(text)} characters long, at most {limit} are allowed"


def bounded(at: str, text: Any, limit: int) -> Iterator[str]:  # noqa: ANN401
    """Say that a text is empty, or longer than `limit`."""
    if not isinstance(text, str) or not text.strip():
        yield f"{at} is empty"
    else:
        yield from too_long(at, text, limit)


def filled(value: Any) -> bool:  # noqa: ANN401
    """Tell whether there is anything but blanks."""
    return bool(value.strip() if isinstance(value, str) else value)


def object_of(value: Any) -> Json:  # noqa: ANN401
    """Return a JSON object, an empty one where it is none."""
    return cast("Json", value) if isinstance(value, Mapping) else {}


def objects_of(value: Any) -> list[Json]:  # noqa: ANN401
    """Return the objects of a JSON array."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [object_of(item) for item in cast("Sequence[object]", value)]


def url_refusals(at: str, url: Any, limit: int) -> Iterator[str]:  # noqa: ANN401
    """Say why a link is none that Discord takes."""
    # Discord takes discord:// in buttons too; we have no use for it.
    text = str(url)
    yield from too_long(at, text, limit)
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        named = ":" in host or ("." in host and all(host.split(".")))
        formed = named and (parts.port is None or parts.port > 0) and not re.search(r"[\s\x00-\x1f\x7f]", text)
    except ValueError:
        formed, parts = False, urlsplit("")
    if not formed:
        yield f"{at} is no well-formed URL"
    elif parts.scheme not in {"http", "https"}:
        yield f"{at} has the scheme {parts.scheme}, not http or https"


def media_refusals(at: str, url: Any, named: Collection[str], *, embeddable: bool = True) -> Iterator[str]:  # noqa: ANN401
    """Say why a picture's link is none, or names no file that is there."""
    name = str(url).removeprefix("attachment://")
    if name == url:
        yield from url_refusals(at, url, EMBED_URL)
    elif name not in named:
        yield f"{at} names {name!r}, which is not among the files"
    elif _FILENAME.fullmatch(name) is None:
        yield f"{at} names {name!r}: only letters, digits, '_', '.' and '-' are allowed"
    elif embeddable and name.rpartition(".")[2].lower() not in EMBEDDABLE:
        yield f"{at} names {name!r}, whose extension is no picture's"


def file_names(message: Json, files: Collection[str]) -> frozenset[str]:
    """Name the files that the message will have."""
    return frozenset(files) | {str(given.get("filename")) for given in objects_of(message.get("attachments"))}


def is_v2(message: Json) -> bool:
    """Tell whether this is a components v2 message."""
    return bool(int(message.get("flags") or 0) & V2_FLAG)
