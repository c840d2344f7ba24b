"""A finished task's picture, taken as if somebody had given it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.errors import PictureError, UploadNotFound
from bot.imaging.image_processor import ImageProcessor
from bot.imaging.upload_validation import MAX_UPLOAD_BYTES
from bot.midjourney.buttons import is_grid
from bot.midjourney.prompt_parser import parse_prompt
from bot.midjourney.task import Status, Task


@dataclass(frozen=True)
class FinishedPictures:
    """Finds pictures of tasks: `look` reads a task, `download` what is behind a link."""

    fetch_task: Callable[[str], Awaitable[Task]]
    download: Callable[[str], Awaitable[bytes]]
    studio: ImageProcessor

    def get_picture(self, task_id: str, number: int = 1) -> "TaskPicture":
        """Return a task's picture, of a grid that one of its four."""
        return TaskPicture(self, task_id, number)


@dataclass
class TaskPicture:
    """A bot.submissions.command_requests.Drawn of a task: `words` are empty until it was read."""

    source: FinishedPictures
    task_id: str
    number: int
    words: str = field(default="", init=False)

    @property
    def name(self) -> str:
        """The task's id."""
        return self.task_id

    async def read(self) -> bytes:
        """Download it; of a grid whose four pictures have no links of their own it is cut out.

        Raises:
            RelayError: The task cannot be read.
            UploadAbsent: It has no picture that could be had.
        """
        task = await self.source.fetch_task(self.task_id)
        if task.status is not Status.SUCCESS or not task.picture_url or task.clip_urls:
            raise UploadNotFound(self.task_id)
        self.words = parse_prompt(task.shown_prompt).words
        try:
            if self.number <= len(task.grid_picture_urls):
                return await self.source.download(task.grid_picture_urls[self.number - 1])
            data = await self.source.download(task.picture_url)
            if not is_grid(task):
                return data
            cut = await self.source.studio.split_grid(data, name=self.task_id, limit=MAX_UPLOAD_BYTES)
        except PictureError as error:
            raise UploadNotFound(self.task_id) from error
        return cut[self.number - 1].data
