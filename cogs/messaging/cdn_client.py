"""discord.py's HTTP client, with a size limit for files of people, the system's names, and the operator's proxy."""

from typing import Any, cast

import aiohttp
import discord
from discord.http import HTTPClient
from discord.utils import MISSING
from yarl import URL

from bot.errors import UploadTooLarge
from bot.imaging.upload_validation import MAX_UPLOAD_BYTES
from bot.network.connectors import DIRECT, SystemConnector
from bot.network.proxies import Proxies


class SizeLimitedHTTPClient(HTTPClient):
    """Requests, webhooks and the gateway connect through `proxies`; downloads stop at the largest accepted file."""

    proxies: Proxies = DIRECT

    async def static_login(self, token: str) -> Any:  # noqa: ANN401 - discord.py's payload of a user
        """Log in, over connections that discord.py's own session then uses for everything."""
        if self.connector is MISSING:
            self.connector = SystemConnector(self.proxies, limit=0)
        return await super().static_login(token)

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
