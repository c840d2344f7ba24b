"""Discord's limits, written down once, and the reasons for which it would refuse a body.

The figures are those of Discord's documentation and its OpenAPI document; the rules are those that this document leaves
unsaid too. Where Discord's own behaviour is unsure, the stricter reading is taken: what passes here is taken there.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias, cast
from urllib.parse import urlsplit

import emoji

CONTENT: Final = 2000
ROWS: Final = 5
BUTTONS_PER_ROW: Final = 5
LABEL: Final = 80
CUSTOM_ID: Final = 100
BUTTON_URL: Final = 512

EMBEDS: Final = 10
EMBED_TITLE: Final = 256
EMBED_DESCRIPTION: Final = 4096
EMBED_TOTAL: Final = 6000
EMBED_URL: Final = 2048
COLOUR: Final = 0xFFFFFF
FOOTER: Final = 2048
AUTHOR: Final = 256
FIELDS: Final = 25
FIELD_NAME: Final = 256
FIELD_VALUE: Final = 1024

FILES: Final = 10
FILE_BYTES: Final = 10 * 1024 * 1024
REQUEST_BYTES: Final = 25 * 1024 * 1024
ALT_TEXT: Final = 1024
EMBEDDABLE: Final = frozenset({"jpg", "jpeg", "png", "webp", "gif"})

OPTIONS: Final = 25
OPTION_TEXT: Final = 100
PLACEHOLDER: Final = 150
CHOICES: Final = 25
CHOICE_NAME: Final = 100

MODAL_TITLE: Final = 45
MODAL_ROWS: Final = 5
INPUT_LABEL: Final = 45
INPUT_DESCRIPTION: Final = 100
INPUT_PLACEHOLDER: Final = 100
INPUT: Final = 4000

COMMANDS: Final = 100
COMMAND_NAME: Final = 32
COMMAND_DESCRIPTION: Final = 100

V2_FLAG: Final = 1 << 15
V2_COMPONENTS: Final = 40
V2_TEXT: Final = 4000

ACK_SECONDS: Final = 3.0
TOKEN_SECONDS: Final = 15 * 60.0

Json: TypeAlias = Mapping[str, Any]

_NEWEST_EMOJI: Final = 15.1  # Unicode's; Discord takes up new ones with a year's delay
_JOINER: Final = "\u200d"
_FILENAME: Final = re.compile(r"[A-Za-z0-9_.-]+")
_COMMAND_NAME: Final = re.compile(r"[-_'\w]{1,32}")
_SELECTS: Final = frozenset({3, 5, 6, 7, 8})
_V2_TYPES: Final = frozenset({9, 10, 11, 12, 13, 14, 17})
_IN_LABEL: Final = frozenset({4, *_SELECTS, 19, 21, 22, 23})


def length(text: str) -> int:
    """Count characters as Discord may at most: in UTF-16 units.

    Staff say that the API counts code points (discord-api-docs, issue 1315); its clients count units, never fewer.
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """Shorten to `limit` units, the last being an ellipsis, without splitting what is drawn as one character."""
    if length(text) <= limit:
        return text
    units = end = 0
    for character in text:
        units += length(character)
        if units > limit - 1:
            break
        end += 1
    while end > 0 and _joined(text, end):
        end -= 1
    return text[:end].rstrip() + "…" if limit > 0 else ""


def _joined(text: str, index: int) -> bool:
    """Tell whether the characters before and at `index` are drawn as one."""
    before, after = text[index - 1], text[index]
    if _JOINER in (before, after) or unicodedata.category(after).startswith("M"):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":  # skin tones, tags
        return True
    if not "\U0001f1e6" <= after <= "\U0001f1ff":
        return False
    flags = re.search("[\U0001f1e6-\U0001f1ff]*$", text[:index])  # two letters make a flag
    return flags is not None and len(flags.group()) % 2 == 1


def emoji_refusal(value: Any) -> str | None:  # noqa: ANN401  (JSON)
    """Say why Discord would refuse this emoji object in a component, or None where it is fine."""
    if not isinstance(value, Mapping):
        return "is no object"
    given = cast("Json", value)
    if given.get("id") is not None:
        return None if re.fullmatch(r"[0-9]{15,20}", str(given["id"])) else "has an id that is no snowflake"
    known = emoji.EMOJI_DATA.get(str(given.get("name")))
    if known is None or known["status"] == emoji.STATUS["component"]:
        return "has a name that is no emoji"
    return None if float(known["E"]) <= _NEWEST_EMOJI else "is newer than Discord draws"


def refusals(message: Json, *, files: Collection[str] = (), edit: bool = False) -> list[str]:
    """Give one sentence per reason why Discord would answer 400 to this message body; none means that it is taken.

    Takes the well-typed JSON of a create, an edit, a followup, or a callback's `data`. `files` names the files uploaded
    with it, and, on an edit that sends no `attachments`, those which the message has. `edit` permits to leave
    everything out.
    """
    return [
        *_whole(message, files, edit=edit),
        *_embeds(message, files),
        *_attachments(message, files),
        *_tree(message, files),
    ]


def _whole(message: Json, files: Collection[str], *, edit: bool) -> Iterator[str]:
    yield from _too_long("content", message.get("content"), CONTENT)
    shown = ("content", "embeds", "components", "attachments", "sticker_ids", "poll")
    emptied = all(key in message for key in shown[:4]) if edit else True
    if emptied and not files and not any(_filled(message.get(key)) for key in shown):
        yield "the message is empty"
    if _flag(message):
        yield from (
            f"{key} is not allowed in a components v2 message"
            for key in ("content", "embeds", "poll", "sticker_ids")
            if message.get(key)
        )
    mentions = _object(message.get("allowed_mentions"))
    for kind in ("users", "roles"):
        if kind in (mentions.get("parse") or ()) and mentions.get(kind):
            yield f"allowed_mentions names {kind} and parses them too"


def _filled(value: Any) -> bool:  # noqa: ANN401
    return bool(value.strip() if isinstance(value, str) else value)


def _embeds(message: Json, files: Collection[str]) -> Iterator[str]:
    embeds = _objects(message.get("embeds"))
    if len(embeds) > EMBEDS:
        yield f"embeds are {len(embeds)}, at most {EMBEDS} are allowed"
    named = _named(message, files)
    total = 0
    for index, embed in enumerate(embeds):
        at = f"embeds[{index}]"
        texts = list(_texts(embed, at))
        total += sum(length(text.strip()) for _, text, _ in texts)
        for where, text, limit in texts:
            yield from _too_long(where, text.strip(), limit)
        yield from _embed_shape(embed, at)
        yield from _embed_urls(embed, at, named)
    if total > EMBED_TOTAL:
        yield f"embeds hold {total} characters, at most {EMBED_TOTAL} are allowed"


def _texts(embed: Json, at: str) -> Iterator[tuple[str, str, int]]:
    yield f"{at}.title", str(embed.get("title") or ""), EMBED_TITLE
    yield f"{at}.description", str(embed.get("description") or ""), EMBED_DESCRIPTION
    yield f"{at}.footer.text", str(_object(embed.get("footer")).get("text") or ""), FOOTER
    yield f"{at}.author.name", str(_object(embed.get("author")).get("name") or ""), AUTHOR
    for index, field in enumerate(_objects(embed.get("fields"))):
        yield f"{at}.fields[{index}].name", str(field.get("name") or ""), FIELD_NAME
        yield f"{at}.fields[{index}].value", str(field.get("value") or ""), FIELD_VALUE


def _embed_shape(embed: Json, at: str) -> Iterator[str]:
    fields = _objects(embed.get("fields"))
    if len(fields) > FIELDS:
        yield f"{at}.fields are {len(fields)}, at most {FIELDS} are allowed"
    for index, field in enumerate(fields):
        yield from (f"{at}.fields[{index}].{key} is empty" for key in ("name", "value") if not _filled(field.get(key)))
    yield from (
        f"{at}.{part}.{key} is empty"
        for part, key in (("footer", "text"), ("author", "name"))
        if embed.get(part) and not _filled(_object(embed[part]).get(key))
    )
    shown = ("title", "description", "fields", "image", "thumbnail", "footer", "author")
    if not any(_filled(embed.get(key)) for key in shown):
        yield f"{at} is empty"
    colour = embed.get("color")
    if colour is not None and not (isinstance(colour, int) and 0 <= colour <= COLOUR):
        yield f"{at}.color is not between 0 and 0xFFFFFF"
    if embed.get("timestamp") is not None and not _is_timestamp(embed["timestamp"]):
        yield f"{at}.timestamp is no ISO 8601 time"


def _is_timestamp(value: Any) -> bool:  # noqa: ANN401
    try:
        return bool(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _embed_urls(embed: Json, at: str, named: Collection[str]) -> Iterator[str]:
    links = [(f"{at}.url", embed.get("url")), (f"{at}.author.url", _object(embed.get("author")).get("url"))]
    for where, url in links:
        if url:
            yield from _url_refusals(where, url, EMBED_URL)
    media = [(f"{at}.{part}.url", _object(embed.get(part)).get("url")) for part in ("image", "thumbnail", "video")]
    media += [(f"{at}.{part}.icon_url", _object(embed.get(part)).get("icon_url")) for part in ("author", "footer")]
    for where, url in media:
        if url:
            yield from _media_refusals(where, url, named)


def _url_refusals(at: str, url: Any, limit: int) -> Iterator[str]:  # noqa: ANN401
    # Discord takes discord:// in buttons too; we have no use for it.
    text = str(url)
    yield from _too_long(at, text, limit)
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        formed = ("." in host or ":" in host) and (parts.port is None or parts.port > 0) and not re.search(r"\s", text)
    except ValueError:
        formed, parts = False, urlsplit("")
    if not formed:
        yield f"{at} is no well-formed URL"
    elif parts.scheme not in {"http", "https"}:
        yield f"{at} has the scheme {parts.scheme}, not http or https"


def _media_refusals(at: str, url: Any, named: Collection[str], *, embeddable: bool = True) -> Iterator[str]:  # noqa: ANN401
    name = str(url).removeprefix("attachment://")
    if name == url:
        yield from _url_refusals(at, url, EMBED_URL)
    elif name not in named:
        yield f"{at} names {name!r}, which is not among the files"
    elif _FILENAME.fullmatch(name) is None:
        yield f"{at} names {name!r}: only letters, digits, '_', '.' and '-' are allowed"
    elif embeddable and name.rpartition(".")[2].lower() not in EMBEDDABLE:
        yield f"{at} names {name!r}, whose extension is no picture's"


def _named(message: Json, files: Collection[str]) -> frozenset[str]:
    return frozenset(files) | {str(given.get("filename")) for given in _objects(message.get("attachments"))}


def _attachments(message: Json, files: Collection[str]) -> Iterator[str]:
    given = _objects(message.get("attachments"))
    if max(len(given), len(files)) > FILES:
        yield f"attachments are more than {FILES}"
    for index, attachment in enumerate(given):
        yield from _too_long(f"attachments[{index}].description", attachment.get("description"), ALT_TEXT)


def _flag(message: Json) -> bool:
    return bool(int(message.get("flags") or 0) & V2_FLAG)


def _tree(message: Json, files: Collection[str]) -> Iterator[str]:
    roots = _objects(message.get("components"))
    every = list(_walk(roots, "components"))
    yield from _duplicates([part for _, part in every])
    named = _named(message, files)
    for at, part in every:
        yield from _component(at, part, named)
    if _flag(message):
        text = sum(length(part.get("content") or "") for _, part in every if part.get("type") == 10)
        if len(every) > V2_COMPONENTS:
            yield f"components are {len(every)}, at most {V2_COMPONENTS} are allowed"
        if text > V2_TEXT:
            yield f"components hold {text} characters, at most {V2_TEXT} are allowed"
        return
    if len(roots) > ROWS:
        yield f"components are {len(roots)} rows, at most {ROWS} are allowed"
    yield from (f"{at} needs the components v2 flag" for at, part in every if part.get("type") in _V2_TYPES)


def _walk(parts: Sequence[Json], at: str) -> Iterator[tuple[str, Json]]:
    for index, part in enumerate(parts):
        here = f"{at}[{index}]"
        yield here, part
        yield from _walk(_objects(part.get("components")), f"{here}.components")
        for key in ("accessory", "component"):
            if isinstance(part.get(key), Mapping):
                yield f"{here}.{key}", part[key]


def _duplicates(parts: Sequence[Json]) -> Iterator[str]:
    ids = [part["custom_id"] for part in parts if part.get("custom_id")]
    yield from (
        f"custom_id {double!r} is used {ids.count(double)} times"
        for double in dict.fromkeys(ids)
        if ids.count(double) > 1
    )


def _component(at: str, part: Json, named: Collection[str]) -> Iterator[str]:
    kind, children = part.get("type"), _objects(part.get("components"))
    outside = re.fullmatch(r"components\[\d+\]", at)
    if kind == 1:
        yield from _row(at, children)
    elif kind == 2:
        yield from ([f"{at} is a button outside of a row"] if outside else _button(at, part))
    elif kind in _SELECTS:
        yield from ([f"{at} is a select outside of a row"] if outside else _select(at, part))
    elif kind in {9, 17} and not 1 <= len(children) <= (3 if kind == 9 else V2_COMPONENTS):
        yield f"{at} holds {len(children)} components"
    elif kind == 9 and not part.get("accessory"):
        yield f"{at} has no accessory"
    elif kind == 10:
        yield from _bounded(f"{at}.content", part.get("content"), V2_TEXT)
    elif kind in {11, 12, 13}:
        yield from _media(at, part, named)
    elif kind not in {9, 14, 17}:
        yield f"{at} has the type {kind}, which no message takes"


def _row(at: str, children: Sequence[Json]) -> Iterator[str]:
    kinds = {child.get("type") for child in children}
    if not 1 <= len(children) <= BUTTONS_PER_ROW:
        yield f"{at} holds {len(children)} components, 1 to {BUTTONS_PER_ROW} are allowed"
    if not kinds <= {2, *_SELECTS}:
        yield f"{at} holds something else than buttons or a select"
    elif kinds & _SELECTS and len(children) > 1:
        yield f"{at} holds a select and something else"


def _button(at: str, button: Json) -> Iterator[str]:
    style, label, url = button.get("style"), button.get("label"), button.get("url")
    if style not in {1, 2, 3, 4, 5, 6}:
        yield f"{at}.style is {style}, which is none"
    if label is not None:
        yield from _bounded(f"{at}.label", label, LABEL)
    if button.get("emoji") is not None and (refusal := emoji_refusal(button["emoji"])):
        yield f"{at}.emoji {refusal}"
    if style == 6:
        if not button.get("sku_id") or any(button.get(key) for key in ("label", "emoji", "url", "custom_id")):
            yield f"{at} is a premium button: it takes a sku_id and nothing else"
        return
    if label is None and button.get("emoji") is None:
        yield f"{at} has neither a label nor an emoji"
    if style == 5:
        yield from _url_refusals(f"{at}.url", url, BUTTON_URL) if url else [f"{at} is a link without a url"]
        if button.get("custom_id"):
            yield f"{at} is a link with a custom_id"
        return
    yield from _bounded(f"{at}.custom_id", button.get("custom_id"), CUSTOM_ID)
    if url:
        yield f"{at} has a url and is no link"


def _select(at: str, select: Json) -> Iterator[str]:
    yield from _bounded(f"{at}.custom_id", select.get("custom_id"), CUSTOM_ID)
    yield from _too_long(f"{at}.placeholder", select.get("placeholder"), PLACEHOLDER)
    options = _objects(select.get("options"))
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
        yield from _bounded(f"{here}.label", option.get("label"), OPTION_TEXT)
        yield from _bounded(f"{here}.value", option.get("value"), OPTION_TEXT)
        yield from _too_long(f"{here}.description", option.get("description"), OPTION_TEXT)
        if option.get("emoji") is not None and (refusal := emoji_refusal(option["emoji"])):
            yield f"{here}.emoji {refusal}"


def _media(at: str, part: Json, named: Collection[str]) -> Iterator[str]:
    if part.get("type") == 12:
        items = _objects(part.get("items"))
        if not 1 <= len(items) <= 10:
            yield f"{at} holds {len(items)} items, 1 to 10 are allowed"
        for index, item in enumerate(items):
            yield from _media_refusals(f"{at}.items[{index}]", _object(item.get("media")).get("url"), named)
    elif part.get("type") == 11:
        yield from _media_refusals(f"{at}.media", _object(part.get("media")).get("url"), named)
    else:
        url = str(_object(part.get("file")).get("url"))
        if url.startswith("attachment://"):
            yield from _media_refusals(f"{at}.file", url, named, embeddable=False)
        else:
            yield f"{at}.file is not attachment://"


def modal_refusals(data: Json) -> list[str]:
    """Give one sentence per reason why Discord would answer 400 to this modal, the `data` of a callback of type 9."""
    rows = _objects(data.get("components"))
    reasons = [
        *_bounded("title", data.get("title"), MODAL_TITLE),
        *_bounded("custom_id", data.get("custom_id"), CUSTOM_ID),
    ]
    if not 1 <= len(rows) <= MODAL_ROWS:
        reasons.append(f"components are {len(rows)}, 1 to {MODAL_ROWS} are allowed")
    for index, row in enumerate(rows):
        reasons += _modal_row(f"components[{index}]", row)
    reasons += _duplicates([part for _, part in _walk(rows, "components")])
    return reasons


def _modal_row(at: str, row: Json) -> Iterator[str]:
    kind, inputs, component = row.get("type"), _objects(row.get("components")), _object(row.get("component"))
    if kind == 1:
        if [part.get("type") for part in inputs] != [4]:
            yield f"{at} holds something else than one text input"
        for part in inputs:
            yield from _bounded(f"{at}.label", part.get("label"), INPUT_LABEL)
            yield from _text_input(at, part)
    elif kind == 18:
        yield from _bounded(f"{at}.label", row.get("label"), INPUT_LABEL)
        yield from _too_long(f"{at}.description", row.get("description"), INPUT_DESCRIPTION)
        if component.get("type") not in _IN_LABEL:
            yield f"{at} labels the type {component.get('type')}, which no modal takes"
        elif component.get("type") == 4:
            yield from [f"{at}.component has a label of its own"] if component.get("label") else []
            yield from _text_input(f"{at}.component", component)
        elif component.get("type") in _SELECTS:
            yield from _select(f"{at}.component", component)
    elif kind != 10:
        yield f"{at} has the type {kind}, which no modal takes"


def _text_input(at: str, part: Json) -> Iterator[str]:
    yield from _bounded(f"{at}.custom_id", part.get("custom_id"), CUSTOM_ID)
    yield from _too_long(f"{at}.placeholder", part.get("placeholder"), INPUT_PLACEHOLDER)
    least, most = part.get("min_length") or 0, part.get("max_length") or INPUT
    if part.get("style") not in {1, 2}:
        yield f"{at}.style is {part.get('style')}, which is none"
    if not 0 <= least <= most <= INPUT:
        yield f"{at} takes {least} to {most} characters"
    value = part.get("value")
    yield from _too_long(f"{at}.value", value, most)
    if value and length(value) < least:
        yield f"{at}.value is shorter than its min_length"


def command_refusals(command: Json) -> list[str]:
    """Give one sentence per reason why Discord would answer 400 to this application command."""
    name, slash = str(command.get("name")), command.get("type", 1) == 1
    if not slash:
        return [*_bounded("name", name, COMMAND_NAME)] + (
            ["description is not allowed"] if command.get("description") else []
        )
    return [*_option_refusals(name, command)]


def _option_refusals(at: str, part: Json) -> Iterator[str]:
    name, options = str(part.get("name")), _objects(part.get("options"))
    if _COMMAND_NAME.fullmatch(name) is None or name != name.lower():
        yield f"{at}: the name {name!r} is not allowed"
    if not _filled(part.get("description")) or length(part["description"]) > COMMAND_DESCRIPTION:
        yield f"{at}: the description must have 1 to {COMMAND_DESCRIPTION} characters"
    names, required = [option.get("name") for option in options], [bool(option.get("required")) for option in options]
    if len(options) > OPTIONS or len(_objects(part.get("choices"))) > CHOICES:
        yield f"{at}: more than {OPTIONS} options or choices"
    if len(set(names)) < len(names):
        yield f"{at}: two options have one name"
    if required != sorted(required, reverse=True):
        yield f"{at}: a required option follows an optional one"
    for option in options:
        yield from _option_refusals(f"{at} {option.get('name')}", option)


def choice_refusals(choices: Any) -> list[str]:  # noqa: ANN401
    """Give one sentence per reason why Discord would answer 400 to these autocomplete choices."""
    given = _objects(choices)
    reasons = [f"choices are {len(given)}, at most {CHOICES} are allowed"] if len(given) > CHOICES else []
    for index, choice in enumerate(given):
        reasons += _bounded(f"choices[{index}].name", choice.get("name"), CHOICE_NAME)
        if isinstance(choice.get("value"), str):
            reasons += _bounded(f"choices[{index}].value", choice["value"], CHOICE_NAME)
    return reasons


def _too_long(at: str, text: Any, limit: int) -> Iterator[str]:  # noqa: ANN401
    if isinstance(text, str) and length(text) > limit:
        yield f"{at} is {length(text)} characters long, at most {limit} are allowed"


def _bounded(at: str, text: Any, limit: int) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(text, str) or not text.strip():
        yield f"{at} is empty"
    else:
        yield from _too_long(at, text, limit)


def _object(value: Any) -> Json:  # noqa: ANN401
    return cast("Json", value) if isinstance(value, Mapping) else {}


def _objects(value: Any) -> list[Json]:  # noqa: ANN401
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [_object(item) for item in cast("Sequence[object]", value)]
