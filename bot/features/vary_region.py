"""Prepare Vary (Region) before it is paid: make a mask from the chosen region, and preview it over the picture."""

from dataclasses import dataclass

from bot.errors import ConfirmationNeeded, MaskMissing, PictureTooSlow, PictureUnreadable
from bot.imaging.downloads.downloader import DISCORD_FILE_LIMIT, MAX_DOWNLOAD_BYTES, Picture
from bot.imaging.downloads.upload_slots import UploadSlot
from bot.imaging.image_processor import ImageProcessor
from bot.imaging.masks import Mask, Region
from bot.midjourney.task import Task
from bot.ports import PictureSource
from bot.submissions.claims import Press
from bot.submissions.command_requests import PictureInput
from bot.submissions.presses import PressService


@dataclass(frozen=True)
class RegionProposal:
    """What a person confirms: the prompt as it will be sent, the mask, a preview of the mask, and the price."""

    prompt: str
    mask: Mask
    preview: Picture
    cost: ConfirmationNeeded


class RegionService:
    """Prepares, for free, what `PressService.confirm_press` sends."""

    def __init__(self, presses: PressService, pictures: PictureSource, processor: ImageProcessor) -> None:
        self._presses = presses
        self._pictures = pictures
        self._processor = processor

    async def propose_region(self, press: Press, prompt: str, region: Region | PictureInput | None) -> RegionProposal:
        """Draw the mask of a predefined region, or read a painted one, and preview it.

        Raises:
            PolicyRefused: This person may not spend here, or not now.
            PromptRefused: The prompt cannot be sent as it is.
            UploadRefused: The painted mask cannot be downloaded, or is not a supported image.
            MaskRefused: The mask is unusable, or there is none.
            PictureError: The task's own picture cannot be downloaded.
        """
        if region is None:
            raise MaskMissing
        parent, prompt, cost = await self._presses.check_prompt(press, prompt)
        async with self._processor.reserve_slot(press.person.id) as slot:
            mask, preview = await self._preview(parent, region, slot)
        return RegionProposal(prompt, mask, preview, cost)

    async def _preview(self, parent: Task, region: Region | PictureInput, slot: UploadSlot) -> tuple[Mask, Picture]:
        # Nothing smaller than the original will do: the mask must have the size of Midjourney's picture.
        fetching = self._pictures.fetch(parent.picture_url, name="picture", limit=MAX_DOWNLOAD_BYTES)
        try:
            picture = await slot.run(fetching)
        except TimeoutError as error:
            raise PictureTooSlow(parent.picture_url, "it took too long") from error
        size = picture.width, picture.height
        if not all(size):
            raise PictureUnreadable(parent.picture_url, "it moves")
        if isinstance(region, Region):
            mask = await self._processor.draw_mask(region, size)
        else:
            mask = await self._processor.read_mask(await slot.read(region), size, name=region.name)
        preview = await self._processor.draw_mask_preview(
            picture.data, mask, name="preview", limit=DISCORD_FILE_LIMIT, url=parent.picture_url
        )
        return mask, preview

    async def reread_mask(self, saved: PictureInput) -> Mask:
        """Read the bot's own mask from the message that proposed it; raise UploadRefused or MaskRefused."""
        return await self._processor.read_own_mask(await saved.read(), name=saved.name)
