"""A finished task's picture, taken as if somebody had given it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.errors import PictureError, UploadAbsent
from bot.imaging.image_processor import Studio
from bot.imaging.upload_validation import MOST_BYTES
from bot.midjourney.buttons import is_grid
from bot.midjourney.prompt_parser import parse
from bot.midjourney.task import Status, Task


@dataclass(frozen=True)
class Finished:
    """Finds pictures of tasks: `look` reads a task, `download` what is behind a link."""

    look: Callable[[str], Awaitable[Task]]
    download: Callable[[str], Awaitable[bytes]]
    studio: Studio

    def of(self, task_id: str, number: int = 1) -> "TaskPicture":
        """Return a task's picture, of a grid that one of its four."""
        return TaskPicture(self, task_id, number)


@dataclass
class TaskPicture:
    """A bot.submissions.command_requests.Drawn of a task: `words` are empty until it was read."""

    finished: Finished
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
        task = await self.finished.look(self.task_id)
        if task.status is not Status.SUCCESS or not task.picture_url or task.clips:
            raise UploadAbsent(self.task_id)
        self.words = parse(task.shown_prompt).words
        try:
            if self.number <= len(task.pictures):
                return await self.finished.download(task.pictures[self.number - 1])
            data = await self.finished.download(task.picture_url)
            if not is_grid(task):
                return data
            cut = await self.finished.studio.quarters(data, name=self.task_id, limit=MOST_BYTES)
        except PictureError as error:
            raise UploadAbsent(self.task_id) from error
        return cut[self.number - 1].data
