"""Find the pictures and clips of a task that a relay puts under other keys than the API's. Pure.

Rows also carry pictures that are no result: references of the prompt, and what was given to an edit or a video.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from bot.json_values import MAX_LINK, MAX_LINKS, coerce_text, decode_nested, is_json_array, is_json_object, list_links

# Names in lower case, without what separates words: image_url, imageURL and "image-url" are one.
_PICTURES: Final = frozenset(
    {
        "imageurl", "imageurls", "imagelink", "imagelinks", "pictureurl", "pictureurls", "imgurl", "imgurls",
    }
)  # fmt: skip
_CLIPS: Final = frozenset({"videourl", "videourls", "videolink", "videolinks", "clipurl", "clipurls"})
_UNCERTAIN: Final = frozenset(
    {
        "image", "images", "img", "imgs", "picture", "pictures", "url", "urls", "link", "links", "uri", "attachment",
        "attachments", "file", "files", "resulturl", "resulturls", "outputurl", "outputurls", "cdnurl", "result",
        "results", "data", "output", "outputs",
    }
)  # fmt: skip
"""Names that a parameter of the request, or a link of another kind, may have too; only a row that has ended has them
for its result."""
_UNCERTAIN_CLIPS: Final = frozenset({"video", "videos", "clip", "clips"})
_ALL_PICTURES: Final = _PICTURES | _UNCERTAIN
_ALL_CLIPS: Final = _CLIPS | _UNCERTAIN_CLIPS
_WRAPPERS: Final = frozenset({"properties", "result", "results", "data", "output", "outputs", "response"})
_MAX_WRAPPERS: Final = 2
_INPUTS: Final = {"VIDEO": frozenset({"image", "images"}), "EDITS": frozenset({"image"})}
"""The parameters that a request for this action has for its own picture."""
_REFERENCE: Final = re.compile(
    r"prompt|base64|init|refer|source|input|mask|target|origin|parent|(?:start|end|first|last)(?:image|frame)|[cso]ref"
)
_PROMPT_LINK: Final = re.compile(r"(?:https?:)?//[^\s<>\"']+", re.IGNORECASE)
_LINK: Final = re.compile(
    r"(?:https?:)?//[^/\s]|/(?!9j/)[^/\s]|[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}(?::\d{1,5})?/", re.IGNORECASE
)
"""What an address of a picture begins with; "/9j/" begins a picture in base64."""
_OTHER_LINK: Final = re.compile(r"discord(?:app)?\.com/channels/|\.(?:json|html?|txt|php)(?:$|[?#])", re.IGNORECASE)
_MAX_PROMPT: Final = 20_000
_MAX_NAMES: Final = 1000


def find_other_links(row: Mapping[Any, Any], *, has_ended: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the links to pictures, and those to clips, under keys that are not the API's own.

    `has_ended`: something else in the row says that the task has ended.
    """
    fields = tuple(_flatten(row, _MAX_WRAPPERS))
    pictures = _list_links(fields, _ALL_PICTURES if has_ended else _PICTURES)
    clips = _list_links(fields, _ALL_CLIPS if has_ended else _CLIPS)
    if not pictures and not clips:
        return (), ()
    inputs = _INPUTS.get(coerce_text(row.get("action")).strip().upper(), frozenset())
    references = {_identify(link) for link in _find_references(fields, inputs)}
    pictures, clips = (
        tuple(link for link in links if _identify(link) not in references) for links in (pictures, clips)
    )
    return pictures, clips


@lru_cache(maxsize=_MAX_NAMES)
def may_hold_link(name: str) -> bool:
    """Whether a field of a row is read for links of results, or for those of references."""
    folded = _fold_name(name)
    is_result = folded in _ALL_PICTURES | _ALL_CLIPS | _WRAPPERS
    return is_result or _REFERENCE.search(folded) is not None


def remove_picture_data(value: object) -> object:
    """Return the value of a field without pictures in place of their links, which have millions of characters."""
    if is_json_array(value):
        return [item for item in value if not isinstance(item, str) or len(item) <= MAX_LINK]
    return value if not isinstance(value, str) or len(value) <= MAX_LINKS else ""


def _flatten(row: Mapping[Any, Any], wrappers: int) -> Iterator[tuple[str, object]]:
    """Return the fields of a row that have a value, those of what it wraps among them, with their folded names."""
    for name, value in row.items():
        if not value or not isinstance(name, str):
            continue
        folded = _fold_name(name)
        inner = decode_nested(value) if wrappers and folded in _WRAPPERS else None
        if is_json_object(inner):
            yield from _flatten(inner, wrappers - 1)
        else:
            yield folded, value


def _list_links(fields: Iterable[tuple[str, object]], names: frozenset[str]) -> tuple[str, ...]:
    found = (link for name, value in fields if name in names for link in list_links(value))
    return tuple(dict.fromkeys(link for link in found if _LINK.match(link) and not _OTHER_LINK.search(link)))


def _find_references(fields: Iterable[tuple[str, object]], inputs: frozenset[str]) -> Iterator[str]:
    for name, value in fields:
        if "prompt" in name:
            yield from _PROMPT_LINK.findall(coerce_text(value)[:_MAX_PROMPT])
        elif name in inputs or _REFERENCE.search(name):
            yield from list_links(value)


@lru_cache(maxsize=_MAX_NAMES)
def _fold_name(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _identify(link: str) -> str:
    """Return a link without its scheme, query and fragment, which change without another picture."""
    return re.split(r"[?#]", link.partition("//")[2] or link)[0].rstrip("/,.)").lower()
