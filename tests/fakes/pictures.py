"""Pictures without a network."""

from dataclasses import dataclass, field

from bot.errors import PictureError
from bot.imaging.downloads.downloader import Picture
from tests.fakes.clock import FakeClock


def picture(url: str) -> Picture:
    """Make a picture whose bytes are its URL."""
    return Picture(data=url.encode(), name="picture.png", width=1, height=1, is_reencoded=False)


@dataclass
class FakePictures:
    """A bot.ports.PictureSource: URLs in `failures` fail, others are fetched in `seconds`."""

    clock: FakeClock
    failures: dict[str, PictureError] = field(default_factory=dict)
    seconds: float = 0.0
    private: set[str] = field(default_factory=set)
    fetched: list[tuple[str, str, int]] = field(default_factory=list)

    async def fetch(self, url: str, *, name: str, limit: int) -> Picture:
        """Fetch a picture."""
        self.fetched.append((url, name, limit))
        await self.clock.sleep(self.seconds)
        if url in self.failures:
            raise self.failures[url]
        return picture(url)

    def is_private(self, url: str) -> bool:
        """Whether only the bot can open the URL."""
        return url in self.private
