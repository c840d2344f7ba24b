"""Use the picture of a finished task as the input of a command."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.errors import PictureError, UploadNotFound
from bot.imaging.image_processor import ImageProcessor
from bot.imaging.upload_validation import MAX_UPLOAD_BYTES
from bot.midjourney.buttons import is_grid
from bot.midjourney.prompts.prompt_parser import parse_prompt
from bot.midjourney.task import Status, Task
from bot.policy.task_privacy import Viewer


@dataclass(frozen=True)
class FinishedPictures:
    """Gives access to pictures of tasks."""

    fetch_task: Callable[[str, Viewer], Awaitable[Task]]
    download: Callable[[str], Awaitable[bytes]]
    processor: ImageProcessor

    def get_picture(self, task_id: str, number: int, viewer: Viewer) -> "TaskPicture":
        """Return a task's picture, or one of the four of a grid, counted from 1; nothing is read yet."""
        return TaskPicture(self, task_id, number, viewer)


@dataclass
class TaskPicture:
    """A GeneratedPictureInput (see command_requests): `words`, the task's prompt, is empty until it was read."""

    source: FinishedPictures
    task_id: str
    number: int
    viewer: Viewer
    words: str = field(default="", init=False)

    @property
    def name(self) -> str:
        """The task's id."""
        return self.task_id

    async def read(self) -> bytes:
        """Download the picture; one of a grid is cut out of it if it has no link of its own.

        Raises:
            RelayError: The task cannot be read, or the viewer may not see it.
            UploadNotFound: The task has no picture, or it cannot be downloaded.
        """
        task = await self.source.fetch_task(self.task_id, self.viewer)
        if task.status is not Status.SUCCESS or not task.picture_url or task.clip_urls:
            raise UploadNotFound(self.task_id)
        self.words = parse_prompt(task.shown_prompt).words
        try:
            if self.number <= len(task.grid_picture_urls):
                return await self.source.download(task.grid_picture_urls[self.number - 1])
            data = await self.source.download(task.picture_url)
            if not is_grid(task):
                return data
            cut = await self.source.processor.split_grid(data, name=self.task_id, limit=MAX_UPLOAD_BYTES)
        except PictureError as error:
            raise UploadNotFound(self.task_id) from error
        return cut[self.number - 1].data
