"""What Discord keeps of people's files, downloaded within a bound: discord.py would read whatever comes."""

from typing import cast

import aiohttp
import discord
from discord.http import HTTPClient
from yarl import URL

from bot.errors import UploadTooLarge
from bot.imaging.upload_validation import MAX_UPLOAD_BYTES


class SizeLimitedHTTPClient(HTTPClient):
    """discord.py's HTTP client, whose downloads end at what we take of a file, whatever size was announced."""

    async def get_from_cdn(self, url: str) -> bytes:
        """Download a file of somebody's.

        Raises:
            UploadTooLarge: More comes than MOST_BYTES; no more of it is read.
            discord.HTTPException: It is not there, or not to be had.
        """
        # As discord.py's own webhooks do: it hands its session to nobody.
        session = cast("aiohttp.ClientSession", vars(self)["_HTTPClient__session"])
        async with session.get(url, proxy=self.proxy, proxy_auth=self.proxy_auth) as response:
            if response.status != 200:
                kind = {404: discord.NotFound, 403: discord.Forbidden}.get(response.status, discord.HTTPException)
                raise kind(response, "failed to get asset")
            _bound(url, response.content_length or 0)
            body = bytearray()
            async for chunk in response.content.iter_any():
                _bound(url, len(body) + len(chunk))
                body += chunk
            return bytes(body)


def _bound(url: str, size: int) -> None:
    if size > MAX_UPLOAD_BYTES:
        raise UploadTooLarge(URL(url).name, size, MAX_UPLOAD_BYTES)
