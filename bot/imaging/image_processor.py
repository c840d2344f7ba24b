"""The work on pixels that commands need, in the worker process."""

from contextlib import AbstractAsyncContextManager
from functools import partial

from bot.imaging.downloads.downloader import DISCORD_FILE_LIMIT
from bot.imaging.downloads.upload_slots import UploadSlot, UploadSlots
from bot.imaging.grid_split import split_grid
from bot.imaging.mask_preview import draw_mask_preview
from bot.imaging.masks import Mask, Region, draw_mask, read_mask, read_own_mask
from bot.imaging.reencode import Picture
from bot.imaging.upload_validation import MAX_SENT_BYTES, Upload, prepare_upload
from bot.imaging.worker_process import ImageWorker


class ImageProcessor:
    """Prepare uploads, make masks and previews, and split grids in an ImageWorker.

    Each method raises what the function of the same name raises, and PictureWorkAborted.
    """

    def __init__(self, worker: ImageWorker | None = None, slots: UploadSlots | None = None) -> None:
        self._worker = worker or ImageWorker()
        self._slots = slots or UploadSlots()

    def reserve_slot(self, person_id: int) -> AbstractAsyncContextManager[UploadSlot]:
        """Wait until a person may load pictures, and hold the person's slot until the block ends."""
        return self._slots.reserve(person_id)

    async def close(self) -> None:
        """Abort the work in progress."""
        await self._worker.close()

    async def prepare_upload(self, data: bytes, *, name: str, limit: int = MAX_SENT_BYTES) -> Upload:
        """Validate a picture that a person uploaded, and prepare it for the relay."""
        return await self._worker.run(partial(prepare_upload, data, name=name, limit=limit))

    async def draw_mask(self, region: Region, size: tuple[int, int]) -> Mask:
        """Draw the mask of a predefined region for a picture of `size`."""
        return await self._worker.run(partial(draw_mask, region, size))

    async def read_mask(self, data: bytes, size: tuple[int, int], *, name: str) -> Mask:
        """Make a mask from a picture that a person painted."""
        return await self._worker.run(partial(read_mask, data, size, name=name))

    async def read_own_mask(self, data: bytes, *, name: str) -> Mask:
        """Read a mask that the bot made."""
        return await self._worker.run(partial(read_own_mask, data, name=name))

    async def draw_mask_preview(
        self, data: bytes, mask: Mask, *, name: str, limit: int = DISCORD_FILE_LIMIT, url: str = ""
    ) -> Picture:
        """Draw a preview of what will be repainted."""
        return await self._worker.run(partial(draw_mask_preview, data, mask, name=name, limit=limit, url=url))

    async def split_grid(
        self, data: bytes, *, name: str, limit: int = DISCORD_FILE_LIMIT, url: str = ""
    ) -> tuple[Picture, Picture, Picture, Picture]:
        """Split a grid into its four pictures."""
        return await self._worker.run(partial(split_grid, data, name=name, limit=limit, url=url))
