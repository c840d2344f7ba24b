"""Files of commands and modals: validated by Discord's metadata before they are downloaded."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import discord

from bot.errors import UploadTooLarge, UploadTooSmall, UploadTypeUnsupported, UploadUnreadable
from bot.imaging.decode import MAX_PIXELS
from bot.imaging.upload_validation import MAX_UPLOAD_BYTES, MIN_SIDE_PIXELS
from cogs.messaging.responses import REQUEST_ERRORS, REQUEST_TIMEOUT_SECONDS

_IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
# Discord goes by the file's extension; for an unknown one, the downloaded bytes decide.
_UNKNOWN_TYPES = frozenset({"", "application/octet-stream"})
_BYTES_PER_SECOND = 256 * 1024
"""The slowest download from Discord's CDN that the bot waits for."""

CdnFetch = Callable[[str], Awaitable[bytes]]
"""Downloads a file from Discord's CDN by its URL: discord.py's get_from_cdn."""


@dataclass(frozen=True, kw_only=True)
class DiscordUpload:
    """A PictureInput on Discord's CDN; `size` in bytes. A value that Discord does not send is 0 or ""."""

    name: str
    download: Callable[[], Awaitable[bytes]]
    size: int = 0
    kind: str = ""
    width: int = 0
    height: int = 0

    @classmethod
    def from_attachment(cls, one: discord.Attachment) -> Self:
        """Convert an option of a command, or a file of a message."""
        return cls(
            name=one.filename,
            download=one.read,
            size=one.size,
            kind=_parse_type(one.content_type),
            width=one.width or 0,
            height=one.height or 0,
        )

    @classmethod
    def from_modal_data(cls, raw: Mapping[str, Any], fetch: CdnFetch) -> Self:
        """Convert a file of a modal from Discord's raw data."""
        size, width, height = (
            value if isinstance(value := raw.get(key), int) else 0 for key in ("size", "width", "height")
        )
        url, kind = str(raw.get("url", "")), str(raw.get("content_type") or "")
        return cls(
            name=str(raw.get("filename", "")),
            download=partial(fetch, url),
            size=size,
            kind=_parse_type(kind),
            width=width,
            height=height,
        )

    @classmethod
    def from_link(cls, url: str, fetch: CdnFetch) -> Self:
        """Convert a link, which must come from Discord itself; its size is checked while downloading."""
        return cls(name=url.partition("?")[0].rpartition("/")[2], download=partial(fetch, url))

    def validate(self, *, least_side: int = MIN_SIDE_PIXELS) -> Self:
        """Return the upload itself; raise UploadRefused if Discord's metadata is enough to refuse it."""
        if self.kind not in _IMAGE_TYPES | _UNKNOWN_TYPES:
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
        """Download the file; raise UploadUnreadable if Discord's CDN fails."""
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS + (self.size or MAX_UPLOAD_BYTES) / _BYTES_PER_SECOND):
                return await self.download()
        except REQUEST_ERRORS as error:
            raise UploadUnreadable(self.name) from error


def validate_attachments(*attachments: discord.Attachment | None) -> tuple[DiscordUpload, ...]:
    """Convert and validate the files that were given, in order.

    Raises:
        UploadRefused: Discord's metadata is enough to refuse a file.
    """
    return tuple(DiscordUpload.from_attachment(one).validate() for one in attachments if one is not None)


def find_pictures(message: discord.Message | discord.MessageSnapshot) -> Iterator[discord.Attachment | str]:
    """Yield the pictures of a message, and of one that it forwards: its files, then the links of its embeds."""
    yield from (one for one in message.attachments if _parse_type(one.content_type) in _IMAGE_TYPES)
    for embed in message.embeds:
        # An "attachment://" URL shows a file of the same message, which is yielded already.
        yield from (url for url in (embed.image.url, embed.thumbnail.url) if url and url.startswith("http"))
    for forwarded in getattr(message, "message_snapshots", ()):
        yield from find_pictures(forwarded)


def _parse_type(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()
