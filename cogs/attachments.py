"""Files that come with a command: judged by what Discord tells of them, downloaded only if that is good."""

import asyncio
from dataclasses import dataclass
from typing import Self

import aiohttp
import discord

from bot.errors import UploadForeign, UploadTooLarge, UploadTooSmall, UploadUnreadable
from bot.fit import MAX_PIXELS
from bot.uploads import LEAST_SIDE, MOST_BYTES
from cogs.replies import PATIENCE_SECONDS

_KINDS = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
# Discord goes by the file's ending; where that tells nothing, the bytes will.
_UNTOLD = frozenset({"", "application/octet-stream"})
_RATE = 256 * 1024
"""How many bytes a second Discord's CDN gives at least."""


@dataclass(frozen=True)
class Attached:
    """A bot.wishes.Given that Discord holds."""

    attachment: discord.Attachment

    @property
    def name(self) -> str:
        """Its file's name."""
        return self.attachment.filename

    def checked(self) -> Self:
        """Return it, unless what Discord tells of it is enough to refuse it; raises UploadRefused."""
        _check(self.attachment)
        return self

    async def read(self) -> bytes:
        """Download it from Discord's own CDN."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS + self.attachment.size / _RATE):
                return await self.attachment.read()
        except (discord.HTTPException, OSError, aiohttp.ClientError) as error:
            raise UploadUnreadable(self.name) from error


def given(*attachments: discord.Attachment | None) -> tuple[Attached, ...]:
    """Take the files that were given, in order.

    Raises:
        UploadRefused: What Discord tells of one is enough to refuse it.
    """
    return tuple(Attached(one).checked() for one in attachments if one is not None)


def is_picture(one: discord.Attachment) -> bool:
    """Tell whether Discord takes a file for a picture of a kind that we take."""
    return _kind(one) in _KINDS


def _kind(one: discord.Attachment) -> str:
    return (one.content_type or "").partition(";")[0].strip().lower()


def _check(one: discord.Attachment) -> None:
    kind = _kind(one)
    if kind not in _KINDS | _UNTOLD:
        raise UploadForeign(one.filename, kind)
    if one.size > MOST_BYTES:
        raise UploadTooLarge(one.filename, one.size, MOST_BYTES)
    if one.width and one.height:
        if min(one.width, one.height) < LEAST_SIDE:
            raise UploadTooSmall(one.filename, one.width, one.height, LEAST_SIDE)
        if one.width * one.height > MAX_PIXELS:
            raise UploadTooLarge(one.filename, one.width * one.height, MAX_PIXELS, pixels=True)
