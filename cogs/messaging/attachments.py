"""Files that come with a command: judged by what Discord tells of them, downloaded only if that is good."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import aiohttp
import discord

from bot.errors import UploadTooLarge, UploadTooSmall, UploadTypeUnsupported, UploadUnreadable
from bot.imaging.decode import MAX_PIXELS
from bot.imaging.upload_validation import MAX_UPLOAD_BYTES, MIN_SIDE_PIXELS
from cogs.messaging.responses import REQUEST_TIMEOUT_SECONDS

_KINDS = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
# Discord goes by the file's ending; where that tells nothing, the bytes will.
_UNTOLD = frozenset({"", "application/octet-stream"})
_RATE = 256 * 1024
"""How many bytes a second Discord's CDN gives at least."""

CdnFetch = Callable[[str], Awaitable[bytes]]
"""Downloads what Discord holds, by its link: discord.py's get_from_cdn."""


@dataclass(frozen=True, kw_only=True)
class DiscordUpload:
    """A command_requests.Given that Discord holds; `size` in bytes, and 0 or "" where Discord does not tell."""

    name: str
    download: Callable[[], Awaitable[bytes]]
    size: int = 0
    kind: str = ""
    width: int = 0
    height: int = 0

    @classmethod
    def from_attachment(cls, one: discord.Attachment) -> Self:
        """Take an option of a command, or a file of a message."""
        return cls(
            name=one.filename,
            download=one.read,
            size=one.size,
            kind=_kind(one.content_type),
            width=one.width or 0,
            height=one.height or 0,
        )

    @classmethod
    def from_modal_data(cls, raw: Mapping[str, Any], fetch: CdnFetch) -> Self:
        """Take a file of a form, as Discord's raw data describes it."""
        size, width, height = (
            value if isinstance(value := raw.get(key), int) else 0 for key in ("size", "width", "height")
        )
        url, kind = str(raw.get("url", "")), str(raw.get("content_type") or "")
        return cls(
            name=str(raw.get("filename", "")),
            download=partial(fetch, url),
            size=size,
            kind=_kind(kind),
            width=width,
            height=height,
        )

    @classmethod
    def from_link(cls, url: str, fetch: CdnFetch) -> Self:
        """Take a file by its link, which must be Discord's own word, as must its size have been looked at."""
        return cls(name=url.partition("?")[0].rpartition("/")[2], download=partial(fetch, url))

    def validate(self, *, least_side: int = MIN_SIDE_PIXELS) -> Self:
        """Return it, unless what Discord tells of it is enough to refuse it; raises UploadRefused."""
        if self.kind not in _KINDS | _UNTOLD:
            raise UploadTypeUnsupported(self.name, self.kind)
        if self.size > MAX_UPLOAD_BYTES:
            raise UploadTooLarge(self.name, self.size, MAX_UPLOAD_BYTES)
        if self.width and self.height:
            if min(self.width, self.height) < least_side:
                raise UploadTooSmall(self.name, self.width, self.height, least_side)
            if self.width * self.height > MAX_PIXELS:
                raise UploadTooLarge(self.name, self.width * self.height, MAX_PIXELS, pixels=True)
        return self

    async def read(self) -> bytes:
        """Download it from Discord's own CDN."""
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS + (self.size or MAX_UPLOAD_BYTES) / _RATE):
                return await self.download()
        except (discord.HTTPException, OSError, aiohttp.ClientError) as error:
            raise UploadUnreadable(self.name) from error


def validate_attachments(*attachments: discord.Attachment | None) -> tuple[DiscordUpload, ...]:
    """Take the files that were given, in order.

    Raises:
        UploadRefused: What Discord tells of one is enough to refuse it.
    """
    return tuple(DiscordUpload.from_attachment(one).validate() for one in attachments if one is not None)


def find_pictures(message: discord.Message | discord.MessageSnapshot) -> Iterator[discord.Attachment | str]:
    """Return the pictures of a message, and of one that it forwards: its files, then the links that embeds show."""
    yield from (one for one in message.attachments if _kind(one.content_type) in _KINDS)
    for embed in message.embeds:
        # What shows a file of the same message by "attachment://" is among the files.
        yield from (url for url in (embed.image.url, embed.thumbnail.url) if url and url.startswith("http"))
    for forwarded in getattr(message, "message_snapshots", ()):
        yield from find_pictures(forwarded)


def _kind(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()
