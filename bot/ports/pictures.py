"""Downloads, as the use cases need them."""

from typing import Protocol

from bot.imaging.downloads.downloader import Picture


class PictureSource(Protocol):
    """Downloads pictures."""

    async def fetch(self, url: str, *, name: str, limit: int) -> Picture:
        """Download a picture and re-encode it to at most `limit` bytes; raise a subclass of PictureError on failure."""
        ...

    def is_private(self, url: str) -> bool:
        """Return whether only this process can open the URL, and Discord cannot."""
        ...
