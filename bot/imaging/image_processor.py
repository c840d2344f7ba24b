"""All work on pixels that commands ask for, off the event loop and one picture at a time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from weakref import WeakValueDictionary

from bot.imaging.downloader import DISCORD_FILE_LIMIT
from bot.imaging.grid_split import split_grid
from bot.imaging.mask_preview import draw_mask_preview
from bot.imaging.masks import Mask, Region, draw_mask, read_mask, read_own_mask
from bot.imaging.reencode import Picture
from bot.imaging.upload_validation import MAX_SENT_BYTES, Upload, prepare_upload
from bot.imaging.worker_process import ImageWorker

_AT_ONCE = 2
"""How many people's pictures may be here: each is up to 32 MiB until it is worked on."""


class ImageProcessor:
    """Uploads, masks, previews and cut grids; each waits for its turn, and raises what its function raises.

    Each also raises PictureUnfinished, where the work was cut short.
    """

    def __init__(self, off_loop: ImageWorker | None = None) -> None:
        self._off_loop = off_loop or ImageWorker()
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._guests: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def reserve_slot(self, person_id: int) -> AsyncGenerator[None]:
        """Wait until a person may bring pictures; their place is held until the block ends.

        One command of theirs at a time, so that slow links hold up nobody else.
        """
        own = self._guests.setdefault(person_id, asyncio.Lock())
        async with own, self._places:
            yield

    async def close(self) -> None:
        """End what is under way."""
        await self._off_loop.close()

    async def prepare_upload(self, data: bytes, *, name: str, limit: int = MAX_SENT_BYTES) -> Upload:
        """Check a picture that somebody gave, and make it what a relay takes; raises UploadRefused."""
        return await self._off_loop.run(partial(prepare_upload, data, name=name, limit=limit))

    async def draw_mask(self, region: Region, size: tuple[int, int]) -> Mask:
        """Draw a ready region for a picture of `size`."""
        return await self._off_loop.run(partial(draw_mask, region, size))

    async def read_mask(self, data: bytes, size: tuple[int, int], *, name: str) -> Mask:
        """Make a mask of a painted picture; raises UploadRefused or MaskRefused."""
        return await self._off_loop.run(partial(read_mask, data, size, name=name))

    async def read_own_mask(self, data: bytes, *, name: str) -> Mask:
        """Read a mask of our own again; raises UploadRefused or MaskRefused."""
        return await self._off_loop.run(partial(read_own_mask, data, name=name))

    async def draw_mask_preview(
        self, data: bytes, mask: Mask, *, name: str, limit: int = DISCORD_FILE_LIMIT, url: str = ""
    ) -> Picture:
        """Show what of a picture will be repainted; raises PictureError."""
        return await self._off_loop.run(partial(draw_mask_preview, data, mask, name=name, limit=limit, url=url))

    async def split_grid(
        self, data: bytes, *, name: str, limit: int = DISCORD_FILE_LIMIT, url: str = ""
    ) -> tuple[Picture, Picture, Picture, Picture]:
        """Cut a grid into its four pictures; raises PictureError."""
        return await self._off_loop.run(partial(split_grid, data, name=name, limit=limit, url=url))
