"""Download the picture or clips of a finished task, before their links stop working."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.clock import Now
from bot.entities import Job, Place
from bot.errors import PictureError, PictureGone, PictureUnavailable
from bot.imaging.downloads.downloader import Picture, build_file_name
from bot.midjourney.task import Status, Task
from bot.ports import MessageEditor, PictureSource, Store

log = logging.getLogger(__name__)

MAX_CLIPS = 4
"""How many clips of a video are attached to its message."""
MESSAGE_BYTES = 24 * 1024 * 1024
"""The limit of all files of one message: what Discord accepts in one request, less room for the rest of it."""
PICTURE_GRACE_PERIOD = timedelta(minutes=30)
"""How long after a task's end a picture that is not found may still appear."""
_LONGEST_WATCH = timedelta(days=1)
"""How long after a watch began its task may have ended, at most, where the relay does not tell."""


@dataclass(frozen=True)
class ResultFiles:
    """The files of a finished task that were downloaded; a clip is None if it is only linked.

    `is_gone`: the link of the picture, or each of the clips', is dead; `picture` may be a copy. `is_pending`: a later
    try may bring what is missing. `refusal`: the host does not send the picture, or one of the clips, to the bot now.
    """

    picture: Picture | None = None
    clips: tuple[Picture | None, ...] = ()
    is_gone: bool = False
    is_pending: bool = False
    refusal: PictureUnavailable | None = None

    @property
    def has_files(self) -> bool:
        """Whether there is a file to attach."""
        return self.picture is not None or any(clip is not None for clip in self.clips)


class ResultFileFetcher:
    """Downloads files of tasks, within the limits of the message that shows them."""

    def __init__(self, store: Store, editor: MessageEditor, pictures: PictureSource, *, now: Now) -> None:
        self._store = store
        self._editor = editor
        self._pictures = pictures
        self._now = now

    async def fetch_files(self, job: Job, task: Task, have: ResultFiles | None = None) -> ResultFiles:
        """Download the clips of a finished task, except those in `have`, or else its picture.

        `have` is what the try before brought; copies of the picture are only searched for at the first try.
        """
        have = have or ResultFiles()
        if task.status is not Status.SUCCESS or not task.picture_url:
            return ResultFiles()
        if len(task.clip_urls) > 1:
            return await self._fetch_clips(job, task, have.clips)
        return await self._fetch_picture(job, task, is_first_try=not have.is_pending)

    async def _fetch_clips(self, job: Job, task: Task, have: tuple[Picture | None, ...]) -> ResultFiles:
        """Download the clips of a video, as many as fit into one message; the others are linked."""
        name, room, is_pending, refusal = _make_file_name(task), MESSAGE_BYTES, False, None
        found: list[Picture | None] = []
        dead_links = 0
        for number, url in enumerate(task.clip_urls[:MAX_CLIPS], 1):
            limit = min(self._editor.max_file_bytes(job.place), room)
            clip = have[number - 1] if number <= len(have) else None
            if clip is None:
                try:
                    clip = await self._pictures.fetch(url, name=f"clip{number}_{name}", limit=limit)
                except PictureError as error:
                    log.info("Clip %d of task %s is only linked: %s.", number, task.id, type(error).__name__)
                    is_pending = is_pending or self._may_appear(job, task, error)
                    dead_links += isinstance(error, PictureGone)
                    refusal = refusal or (error if isinstance(error, PictureUnavailable) else None)
            room -= len(clip.data) if clip else 0
            found.append(clip)
        is_gone = dead_links == len(found) and not is_pending
        return ResultFiles(clips=tuple(found), is_gone=is_gone, is_pending=is_pending, refusal=refusal)

    async def _fetch_picture(self, job: Job, task: Task, *, is_first_try: bool) -> ResultFiles:
        """Download the finished picture, or only clip; if its link fails, from an earlier message of the bot."""
        name, limit = _make_file_name(task), self._editor.max_file_bytes(job.place)
        try:
            return ResultFiles(
                await self._pictures.fetch(next(iter(task.clip_urls), task.picture_url), name=name, limit=limit)
            )
        except PictureUnavailable as error:
            log.info("The host does not send the picture of task %s: %s.", task.id, error.reason)
            copy = await self.find_picture_copy(task, job.place, name=name, limit=limit) if is_first_try else None
            return ResultFiles(copy) if copy else ResultFiles(is_pending=error.may_return, refusal=error)
        except PictureError as error:
            if self._may_appear(job, task, error):
                log.info("The picture of task %s is not there yet: %s.", task.id, error.reason)
                return ResultFiles(is_pending=True)
            if isinstance(error, PictureGone):
                copy = await self.find_picture_copy(task, job.place, name=name, limit=limit)
                return ResultFiles(copy, is_gone=True)
            log.warning(
                "The picture of task %s cannot be attached: %s (%s).", task.id, type(error).__name__, error.reason
            )
            return ResultFiles()

    def _may_appear(self, job: Job, task: Task, error: PictureError) -> bool:
        """Whether a later try may succeed: a picture that is not found long after the task's end is gone."""
        if not error.may_return or not isinstance(error, PictureGone):
            return error.may_return
        if not task.finish_time:
            return self._now() - job.born_at < _LONGEST_WATCH
        return self._now() - datetime.fromtimestamp(task.finish_time / 1000, UTC) < PICTURE_GRACE_PERIOD

    async def find_picture_copy(self, task: Task, here: Place, *, name: str, limit: int) -> Picture | None:
        """Download a task's picture from a message of the bot that shows it, last of all from the one at `here`."""
        places = [
            other.place
            for other in await self._store.list_jobs_of_task(task.id)
            if other.place.is_visible_from(here) and other.id != here.message_id
        ]
        for place in (*places, here):
            link = await self._editor.fetch_attachment_url(place)
            if link:
                try:
                    return await self._pictures.fetch(link, name=name, limit=limit)
                except PictureError:
                    continue
        return None


def _make_file_name(task: Task) -> str:
    """Name a file after the prompt; the text that describe reads from a picture is not one."""
    return build_file_name(task.shown_prompt or ("described" if task.text_result else ""), task.id)
