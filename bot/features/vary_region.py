"""The use case of Vary (Region) before it is paid: a wish becomes a mask, shown over the picture."""

from dataclasses import dataclass

from bot.errors import MaskMissing, PictureUnreadable
from bot.imaging.downloader import DISCORD_FILE_LIMIT, MAX_DOWNLOAD_BYTES, Picture
from bot.imaging.image_processor import ImageProcessor
from bot.imaging.masks import Mask, Region
from bot.midjourney.task import Task
from bot.ports import PictureSource
from bot.submissions.claims import Press
from bot.submissions.command_requests import PictureInput
from bot.submissions.presses import PressService


@dataclass(frozen=True)
class RegionProposal:
    """What a person confirms: the prompt as it will be sent, the mask, and how both look."""

    prompt: str
    mask: Mask
    preview: Picture


class RegionService:
    """Prepares, for free, what `Presses.repaint` sends."""

    def __init__(self, presses: PressService, pictures: PictureSource, studio: ImageProcessor) -> None:
        self._presses = presses
        self._pictures = pictures
        self._studio = studio

    async def propose_region(self, press: Press, prompt: str, wish: Region | PictureInput | None) -> RegionProposal:
        """Draw the mask of a ready region, or read one that somebody painted, and preview it.

        Raises:
            AdmissionRefused: This person may not spend here.
            PromptRefused: The prompt cannot be sent as it is.
            UploadRefused: The mask cannot be had, or is no picture that we take.
            MaskRefused: It says nothing usable, or there is none.
            PictureError: The task's own picture cannot be had.
        """
        if wish is None:
            raise MaskMissing
        parent, prompt = await self._presses.check_prompt(press, prompt)
        async with self._studio.reserve_slot(press.person.id):
            return await self._previewed(parent, prompt, wish)

    async def _previewed(self, parent: Task, prompt: str, wish: Region | PictureInput) -> RegionProposal:
        # No limit but that of the download: the mask must have the size that Midjourney's picture has.
        picture = await self._pictures.fetch(parent.picture_url, name="picture", limit=MAX_DOWNLOAD_BYTES)
        size = picture.width, picture.height
        if not all(size):
            raise PictureUnreadable(parent.picture_url, "it moves")
        if isinstance(wish, Region):
            mask = await self._studio.draw_mask(wish, size)
        else:
            mask = await self._studio.read_mask(await wish.read(), size, name=wish.name)
        preview = await self._studio.draw_mask_preview(
            picture.data, mask, name="preview", limit=DISCORD_FILE_LIMIT, url=parent.picture_url
        )
        return RegionProposal(prompt, mask, preview)

    async def reread_mask(self, kept: PictureInput) -> Mask:
        """Read a mask of ours again, as the message that proposed it kept it; raises UploadRefused or MaskRefused."""
        return await self._studio.read_own_mask(await kept.read(), name=kept.name)
