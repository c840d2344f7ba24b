"""Use a picture that a person gave as a link as the input of a command."""

from contextlib import suppress
from dataclasses import dataclass

from bot.errors import UploadNotFound
from bot.imaging.downloads.downloader import LinkedPicture, PictureDownloader
from bot.midjourney.task_ids import UNUSED_TASK_ID
from bot.policy.task_privacy import TaskPrivacy, Viewer


@dataclass(frozen=True)
class LinkedPictures:
    """Gives access to linked pictures, except those of tasks that are hidden from the person."""

    downloader: PictureDownloader
    privacy: TaskPrivacy

    def get_picture(self, url: str, viewer: Viewer) -> "ViewedPicture":
        """Return a linked picture; nothing is read yet."""
        return ViewedPicture(self, url, viewer)

    async def is_private(self, url: str, viewer: Viewer) -> bool:
        """Return whether a link is that of a picture which a person drew in private.

        Raises:
            StoreUnavailable: It is not known.
        """
        task_id = self.downloader.find_task_id(url)
        return bool(task_id) and await self.privacy.is_private(task_id, viewer)


@dataclass(frozen=True)
class ViewedPicture:
    """A PictureInput (see command_requests) for one person."""

    source: LinkedPictures
    url: str
    viewer: Viewer

    @property
    def name(self) -> str:
        """The URL, which stands for a file's name."""
        return self.url

    async def read(self) -> bytes:
        """Download the picture; that of a hidden task is answered like that of a task that does not exist.

        Raises:
            UploadNotFound: The link leads to no picture.
            UploadTooSlow: The picture arrives too slowly.
            StoreUnavailable: It is not known whether its task is hidden.
        """
        downloader, person_id = self.source.downloader, self.viewer.person_id
        task_id = downloader.find_task_id(self.url)
        if not task_id or not await self.source.privacy.is_hidden(task_id, self.viewer):
            return await LinkedPicture(downloader, self.url, person_id).read()
        with suppress(UploadNotFound):
            await LinkedPicture(downloader, self.url.replace(task_id, UNUSED_TASK_ID), person_id).read()
        raise UploadNotFound(self.url)
