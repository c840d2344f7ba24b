"""Find the pictures and clips of a task that a relay puts under other keys than the API's. Pure.

Rows also carry pictures that are no result: references of the prompt, and what was given to an edit or a video.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from bot.json_values import MAX_LINK, MAX_LINKS, coerce_text, decode_nested, is_json_array, is_json_object, list_links

# Names in lower case, without what separates words: image_url, imageURL and "image-url" are one.
_PICTURE: Final = frozenset({"imageurl", "imagelink", "pictureurl", "imgurl"})
_PICTURES: Final = _PICTURE | {"imageurls", "imagelinks", "pictureurls", "imgurls"}
"""A running task has one preview: several pictures are its references."""
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
_API_NAMES: Final = frozenset({"imageUrl", "imageUrls"})
_OUTPUTS: Final = frozenset(
    {"result", "results", "output", "outputs", "response", "data", "resulturl", "resulturls", "outputurl", "outputurls"}
)
"""Names that a request has for no picture of its own; what is in an object called `data` may be of either kind."""
_INPUT: Final = "input"
_INPUT_ACTIONS: Final = re.compile(r"BLEND|EDIT|DESCRIBE|SWAP|INSIGHT|VIDEO|ANIMATE|RETEXTURE|UPLOAD")
"""The actions whose requests have pictures of their own, which relays repeat under any name for a picture."""
_REFERENCE: Final = re.compile(
    r"prompt|base64|init|refer|source|input|mask|target|origin|parent|(?:start|end|first|last)(?:image|frame)|[cso]ref"
)
_PROMPT_LINK: Final = re.compile(r"(?:https?:)?//[^\s<>\"']+", re.IGNORECASE)
_LINK: Final = re.compile(
    r"(?:https?:)?//[^/\s]|/(?!9j/)[^/\s]|[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}(?::\d{1,5})?/", re.IGNORECASE
)
"""What an address of a picture begins with; "/9j/" begins a picture in base64."""
_OTHER_LINK: Final = re.compile(
    r"(?:^|//|@)(?:[\w-]+\.)?(?:discord(?:app)?\.com|discord\.(?:gg|new|me))(?:[:/?#]|$)(?!attachments/|ephemeral)"
    r"|/(?:avatars?|(?:role-|app-|guild-)?icons?|banners|emojis|stickers|splashes|webhooks?|callbacks?)/"
    r"|//(?:[\w-]+\.)*(?:avatars?|gravatar|qlogo|thirdqq)[\w-]*\.|googleusercontent\.com/a/"
    r"|\.(?:json|html?|txt|php)(?:$|[?#])",
    re.IGNORECASE,
)
"""Pages, invitations and hooks, and pictures of people, servers and applications."""
_CDN: Final = re.compile(r"(?:^|//)(?:cdn|media)\.discordapp\.(?:com|net)/", re.IGNORECASE)
_SUFFIX: Final = r"\.(?:png|jpe?g|jfif|webp|gif|avif|heic|bmp|tiff?|mp4|webm|mov|m4v)(?![a-z0-9])"
_MEDIA_PATH: Final = re.compile(
    rf"^(?>(?:https?:)?//[^/#]*|[^/#]*)/[^#]*{_SUFFIX}"
    r"|/mj(?:-\w+)?/(?:image|video)s?/|/(?:ephemeral-)?attachments/\d"
    r"|^(?:https?:)?//(?:cdn\.midjourney\.com|[\w.-]+\.(?:aliyuncs|myqcloud|amazonaws|backblazeb2)\.com"
    r"|[\w.-]+\.r2\.(?:dev|cloudflarestorage\.com))/[^#]",
    re.IGNORECASE,
)
"""A link, without its query, to a picture or clip: by its suffix, or by the place where relays keep them."""
_MEDIA_QUERY: Final = re.compile(rf"{_SUFFIX}(?=$|[&#%?])", re.IGNORECASE)
"""The query of a link through a proxy, with the link to the picture in it."""
_CLIP_LINK: Final = re.compile(r"\.(?:mp4|webm|mov|m4v)(?:$|[?#])", re.IGNORECASE)
_HOOK: Final = re.compile(r"hook|callback|notify")
_HOST: Final = re.compile(r"(?:https?:)?//(?:[^/@?#]*@)?([^/:?#]+)", re.IGNORECASE)
_MAX_PROMPT: Final = 20_000
_MAX_NAMES: Final = 1000


class OtherLinks(NamedTuple):
    """Links to pictures and clips under keys that are not the API's own.

    `is_certain`: one of them has a name that is only a result's.
    """

    pictures: tuple[str, ...]
    clips: tuple[str, ...]
    is_certain: bool


def find_other_links(row: Mapping[Any, Any], *, may_have_result: bool) -> OtherLinks:
    """Find the links to pictures, and those to clips, under keys that are not the API's own.

    `may_have_result`: something else in the row says that the task has ended, and nothing that it failed. Only then
    does a name count that a parameter of the request may have, and only for a link that is one to a picture.
    """
    fields = tuple(_flatten(row, _MAX_WRAPPERS, has_inputs=has_input_pictures(row)))
    certain = _list_links(fields, (_PICTURES if may_have_result else _PICTURE) | _CLIPS)
    found = certain
    if may_have_result:
        uncertain = filter(_is_media, _list_links(fields, _UNCERTAIN | _UNCERTAIN_CLIPS))
        found = (*certain, *uncertain)
    if not found:
        return OtherLinks((), (), is_certain=False)
    kept = frozenset(_drop_others(fields, found))
    names = (_ALL_PICTURES, _ALL_CLIPS)
    pictures, clips = (tuple(link for link in _list_links(fields, group) if link in kept) for group in names)
    return OtherLinks(pictures, clips, is_certain=not kept.isdisjoint(certain))


def has_input_pictures(row: Mapping[Any, Any]) -> bool:
    """Whether a row is of an action whose request has pictures of its own."""
    return _INPUT_ACTIONS.search(coerce_text(row.get("action")).upper()) is not None


def drop_other_links(row: Mapping[Any, Any], links: Iterable[str]) -> tuple[str, ...]:
    """Return links without those to references of the row, to its hook, and to what is no picture."""
    given = tuple(link for link in links if not _OTHER_LINK.search(link))
    return tuple(_drop_others(tuple(_flatten(row, _MAX_WRAPPERS)), given)) if given else ()


def _drop_others(fields: Iterable[tuple[str, object]], links: Iterable[str]) -> Iterator[str]:
    fields = tuple(fields)
    references = {_identify(link) for link in _find_references(fields)}
    hooks = {_get_host(link) for name, value in fields if _HOOK.search(name) for link in list_links(value)} - {""}
    return (link for link in links if _identify(link) not in references and _get_host(link) not in hooks)


@lru_cache(maxsize=_MAX_NAMES)
def may_hold_link(name: str) -> bool:
    """Whether a field of a row is read for links of results, or for those of references."""
    folded = _fold_name(name)
    is_result = folded in _ALL_PICTURES | _ALL_CLIPS | _WRAPPERS
    return is_result or _REFERENCE.search(folded) is not None or _HOOK.search(folded) is not None


def remove_picture_data(value: object) -> object:
    """Return the value of a field without pictures in place of their links, which have millions of characters."""
    if is_json_array(value):
        return [item for item in value if not isinstance(item, str) or len(item) <= MAX_LINK]
    return value if not isinstance(value, str) or len(value) <= MAX_LINKS else ""


def _flatten(
    row: Mapping[Any, Any], wrappers: int, *, has_inputs: bool = False, is_data: bool = False
) -> Iterator[tuple[str, object]]:
    """Return the fields of a row that have a value, those of what it wraps among them, with their folded names.

    `has_inputs`: a picture is called _INPUT, unless it has the name of an output, or one of the API's within `data`.
    """
    for name, value in row.items():
        if not value or not isinstance(name, str):
            continue
        folded = _fold_name(name)
        inner = decode_nested(value) if wrappers and folded in _WRAPPERS else None
        if is_json_object(inner):
            holds_inputs = has_inputs and (folded == "data" or folded not in _OUTPUTS)
            yield from _flatten(inner, wrappers - 1, has_inputs=holds_inputs, is_data=folded == "data")
        elif has_inputs and folded in _ALL_PICTURES - _OUTPUTS and not (is_data and name in _API_NAMES):
            yield from _split_input(folded, list_links(value))
        else:
            yield folded, value


def _split_input(name: str, links: Sequence[str]) -> Iterator[tuple[str, object]]:
    """Return pictures as those of the request, and clips, which are results, under their own name."""
    clips = [link for link in links if _CLIP_LINK.search(link)]
    yield name, clips
    yield _INPUT, [link for link in links if link not in clips]


def _list_links(fields: Iterable[tuple[str, object]], names: frozenset[str]) -> tuple[str, ...]:
    found = (link for name, value in fields if name in names for link in list_links(value))
    return tuple(dict.fromkeys(link for link in found if _LINK.match(link) and not _OTHER_LINK.search(link)))


def _find_references(fields: Iterable[tuple[str, object]]) -> Iterator[str]:
    for name, value in fields:
        if "prompt" in name:
            yield from _PROMPT_LINK.findall(coerce_text(value)[:_MAX_PROMPT])
        elif _REFERENCE.search(name):
            yield from list_links(value)


@lru_cache(maxsize=_MAX_NAMES)
def _fold_name(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _identify(link: str) -> str:
    """Return a link without its scheme, query and fragment, which change without another picture."""
    link = _CDN.sub("//cdn/", link)
    return re.split(r"[?#]", link.partition("//")[2] or link)[0].rstrip("/,.)").lower()


def _is_media(link: str) -> bool:
    path, _, query = link.partition("?")
    return bool(_MEDIA_PATH.search(path) or _MEDIA_QUERY.search(query))


def _get_host(link: str) -> str:
    found = _HOST.match(link)
    return found[1].lower() if found else ""
