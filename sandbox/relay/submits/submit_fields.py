"""Read the fields of a submit, and decode its pictures in a thread."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from aiohttp import web

from sandbox.pictures import Photo, open_photo
from sandbox.relay.accounts.keys import OPEN_KEY, Key
from sandbox.relay.answers import RequestRefused, midjourney_error

Body = dict[str, object]
Pictures = Mapping[str, tuple[Photo | None, ...]]
"""The pictures of a body by field; None stands for one that cannot be decoded."""

_FIELDS = ("base64Array", "base64", "image", "endImage", "sourceBase64", "targetBase64", "maskBase64")


@dataclass(frozen=True, kw_only=True)
class Submit:
    """A submit after new-api's middleware, with the action that it derived."""

    path: str
    body: Body
    action: str
    now: float
    pictures: Pictures = field(default_factory=dict[str, tuple[Photo | None, ...]])
    key: Key = OPEN_KEY

    def text(self, name: str) -> str:
        """Return a text field, "" if it is missing or not text."""
        value = self.body.get(name)
        return value if isinstance(value, str) else ""

    def photo(self, name: str) -> Photo | None:
        """Return the first picture of a field, None if there is none."""
        return next(iter(self.pictures.get(name, ())), None)

    def photos(self, name: str) -> tuple[Photo, ...] | None:
        """Return all pictures of a field, None if one of them cannot be decoded."""
        found = self.pictures.get(name, ())
        good = tuple(photo for photo in found if photo is not None)
        return good if len(good) == len(found) else None


async def read_body(request: web.Request) -> Body:
    """Return the JSON object of a request, empty for any other content type, as in new-api."""
    if not request.headers.get("Content-Type", "").startswith("application/json"):
        return {}
    try:
        body: object = json.loads(await request.read())
    except ValueError:
        raise RequestRefused(midjourney_error("bind_request_body_failed")) from None
    return cast("Body", body) if isinstance(body, dict) else {}


async def open_pictures(body: Body) -> Pictures:
    """Decode every picture of a body in a thread; links and other texts become None."""
    wanted = {name: given for name in _FIELDS if (given := body.get(name))}
    return await asyncio.to_thread(_decode_pictures, wanted) if wanted else {}


def as_list(value: object) -> list[object] | None:
    """Return a value if it is a JSON array, else None."""
    return cast("list[object]", value) if isinstance(value, list) else None


def decode_picture(text: object) -> bytes | None:
    """Return the bytes of a data URL or of bare base64, None for anything else."""
    if not isinstance(text, str) or not text:
        return None
    head, _, tail = text.rpartition(",")
    if head and not re.fullmatch(r"data:image/[\w.+-]+;base64", head):
        return None
    try:
        return base64.b64decode(tail, validate=True)
    except binascii.Error:
        return None


def _decode_pictures(wanted: Mapping[str, object]) -> Pictures:
    found: dict[str, tuple[Photo | None, ...]] = {}
    for name, given in wanted.items():
        texts = as_list(given)
        found[name] = tuple(
            open_photo(data) if (data := decode_picture(text)) else None
            for text in (texts if texts is not None else [given])
        )
    return found
