"""Download people's files from Discord's CDN with a size limit, which discord.py does not have."""

from typing import cast

import aiohttp
import discord
from discord.http import HTTPClient
from yarl import URL

from bot.errors import UploadTooLarge
from bot.imaging.upload_validation import MAX_UPLOAD_BYTES


class SizeLimitedHTTPClient(HTTPClient):
    """discord.py's HTTP client, whose downloads stop at the largest file that the bot accepts."""

    async def get_from_cdn(self, url: str) -> bytes:
        """Download a file.

        Raises:
            UploadTooLarge: The file is larger than MAX_UPLOAD_BYTES; no more of it is read.
            discord.HTTPException: Discord refused the download.
        """
        # discord.py has no public access to its session; its own webhooks read it the same way.
        session = cast("aiohttp.ClientSession", vars(self)["_HTTPClient__session"])
        async with session.get(url, proxy=self.proxy, proxy_auth=self.proxy_auth) as response:
            if response.status != 200:
                kind = {404: discord.NotFound, 403: discord.Forbidden}.get(response.status, discord.HTTPException)
                raise kind(response, "failed to get asset")
            _check_size(url, response.content_length or 0)
            body = bytearray()
            async for chunk in response.content.iter_any():
                _check_size(url, len(body) + len(chunk))
                body += chunk
            return bytes(body)


def _check_size(url: str, size: int) -> None:
    if size > MAX_UPLOAD_BYTES:
        raise UploadTooLarge(URL(url).name, size, MAX_UPLOAD_BYTES)
