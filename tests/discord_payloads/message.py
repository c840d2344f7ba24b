"""Why Discord would answer 400 to a message: the rules that its OpenAPI document leaves unsaid too.

Where Discord's own behavior is unsure, the stricter reading is taken: what passes here is taken there.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from cogs.text.limits import ALT_TEXT, CONTENT, EMBED_DESCRIPTION, EMBED_TITLE, EMBED_URL, FIELD_VALUE, length
from tests.discord_payloads.components import tree_refusals
from tests.discord_payloads.limits import AUTHOR, COLOR, EMBED_TOTAL, EMBEDS, FIELD_NAME, FIELDS, FILES, FOOTER
from tests.discord_payloads.values import (
    Json,
    file_names,
    filled,
    is_v2,
    media_refusals,
    object_of,
    objects_of,
    too_long,
    url_refusals,
)


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
        *tree_refusals(message, files),
    ]


def _whole(message: Json, files: Collection[str], *, edit: bool) -> Iterator[str]:
    yield from too_long("content", message.get("content"), CONTENT)
    shown = ("content", "embeds", "components", "attachments", "sticker_ids", "poll")
    emptied = all(key in message for key in shown[:4]) if edit else True
    if emptied and not files and not any(filled(message.get(key)) for key in shown):
        yield "the message is empty"
    if is_v2(message):
        yield from (
            f"{key} is not allowed in a components v2 message"
            for key in ("content", "embeds", "poll", "sticker_ids")
            if message.get(key)
        )
    mentions = object_of(message.get("allowed_mentions"))
    for kind in ("users", "roles"):
        if kind in (mentions.get("parse") or ()) and mentions.get(kind):
            yield f"allowed_mentions names {kind} and parses them too"


def _embeds(message: Json, files: Collection[str]) -> Iterator[str]:
    embeds = objects_of(message.get("embeds"))
    if len(embeds) > EMBEDS:
        yield f"embeds are {len(embeds)}, at most {EMBEDS} are allowed"
    named = file_names(message, files)
    total = 0
    for index, embed in enumerate(embeds):
        at = f"embeds[{index}]"
        texts = list(_texts(embed, at))
        total += sum(length(text.strip()) for _, text, _ in texts)
        for where, text, limit in texts:
            yield from too_long(where, text.strip(), limit)
        yield from _embed_shape(embed, at)
        yield from _embed_urls(embed, at, named)
    if total > EMBED_TOTAL:
        yield f"embeds hold {total} characters, at most {EMBED_TOTAL} are allowed"


def _texts(embed: Json, at: str) -> Iterator[tuple[str, str, int]]:
    yield f"{at}.title", str(embed.get("title") or ""), EMBED_TITLE
    yield f"{at}.description", str(embed.get("description") or ""), EMBED_DESCRIPTION
    yield f"{at}.footer.text", str(object_of(embed.get("footer")).get("text") or ""), FOOTER
    yield f"{at}.author.name", str(object_of(embed.get("author")).get("name") or ""), AUTHOR
    for index, field in enumerate(objects_of(embed.get("fields"))):
        yield f"{at}.fields[{index}].name", str(field.get("name") or ""), FIELD_NAME
        yield f"{at}.fields[{index}].value", str(field.get("value") or ""), FIELD_VALUE


def _embed_shape(embed: Json, at: str) -> Iterator[str]:
    fields = objects_of(embed.get("fields"))
    if len(fields) > FIELDS:
        yield f"{at}.fields are {len(fields)}, at most {FIELDS} are allowed"
    for index, field in enumerate(fields):
        yield from (f"{at}.fields[{index}].{key} is empty" for key in ("name", "value") if not filled(field.get(key)))
    yield from (
        f"{at}.{part}.{key} is empty"
        for part, key in (("footer", "text"), ("author", "name"))
        if embed.get(part) and not filled(object_of(embed[part]).get(key))
    )
    shown = ("title", "description", "fields", "image", "thumbnail", "footer", "author")
    if not any(filled(embed.get(key)) for key in shown):
        yield f"{at} is empty"
    colour = embed.get("color")
    if colour is not None and not (isinstance(colour, int) and 0 <= colour <= COLOR):
        yield f"{at}.color is not between 0 and 0xFFFFFF"
    if embed.get("timestamp") is not None and not _is_timestamp(embed["timestamp"]):
        yield f"{at}.timestamp is no ISO 8601 time"


def _is_timestamp(value: Any) -> bool:  # noqa: ANN401
    try:
        return bool(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _embed_urls(embed: Json, at: str, named: Collection[str]) -> Iterator[str]:
    links = [(f"{at}.url", embed.get("url")), (f"{at}.author.url", object_of(embed.get("author")).get("url"))]
    for where, url in links:
        if url:
            yield from url_refusals(where, url, EMBED_URL)
    media = [(f"{at}.{part}.url", object_of(embed.get(part)).get("url")) for part in ("image", "thumbnail", "video")]
    media += [(f"{at}.{part}.icon_url", object_of(embed.get(part)).get("icon_url")) for part in ("author", "footer")]
    for where, url in media:
        if url:
            yield from media_refusals(where, url, named)


def _attachments(message: Json, files: Collection[str]) -> Iterator[str]:
    given = objects_of(message.get("attachments"))
    if max(len(given), len(files)) > FILES:
        yield f"attachments are more than {FILES}"
    for index, attachment in enumerate(given):
        yield from too_long(f"attachments[{index}].description", attachment.get("description"), ALT_TEXT)
