"""What a finished task shows: its picture, or its clips, fetched before their links die."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.clock import Now
from bot.entities import Job, Place
from bot.errors import PictureError, PictureGone
from bot.imaging.downloader import Picture, build_file_name
from bot.midjourney.task import Status, Task
from bot.ports import MessageEditor, PictureSource, Store

log = logging.getLogger(__name__)

MAX_CLIPS = 4
"""How many clips a message has."""
MESSAGE_BYTES = 24 * 1024 * 1024
"""How many bytes the files of a message have altogether: what Discord takes in one request, less its own part of it."""
PICTURE_GRACE_PERIOD = timedelta(minutes=30)
"""How long after its task's end a picture that the relay does not find may be one that it does not find yet."""


@dataclass(frozen=True)
class ResultFiles:
    """What was fetched of a finished task.

    `gone` tells that its link is dead, and that there is no copy; `follows` that a later try may bring what is missing.
    """

    picture: Picture | None = None
    clips: tuple[Picture | None, ...] = ()
    is_gone: bool = False
    is_pending: bool = False

    @property
    def has_files(self) -> bool:
        """Whether there is anything to attach."""
        return self.picture is not None or any(clip is not None for clip in self.clips)


class ResultFileFetcher:
    """Fetches them, within what the place of a message allows."""

    def __init__(self, store: Store, display: MessageEditor, pictures: PictureSource, *, now: Now) -> None:
        self._store = store
        self._display = display
        self._pictures = pictures
        self._now = now

    async def fetch_files(self, job: Job, task: Task, have: ResultFiles | None = None) -> ResultFiles:
        """Fetch what a finished task shows: its clips, of which those that we `have` are kept, else its picture."""
        if task.status is not Status.SUCCESS or not task.picture_url:
            return ResultFiles()
        if len(task.clip_urls) > 1:
            return await self._clips(job, task, have.clips if have else ())
        return await self._picture(job, task)

    async def _clips(self, job: Job, task: Task, have: tuple[Picture | None, ...]) -> ResultFiles:
        """Fetch the clips of a video, as many as one message carries; the others are linked."""
        name, room, follows = _name(task), MESSAGE_BYTES, False
        found: list[Picture | None] = []
        for number, url in enumerate(task.clip_urls[:MAX_CLIPS], 1):
            limit = min(self._display.max_file_bytes(job.place), room)
            known = have[number - 1] if number <= len(have) else None
            if known is not None:
                room -= len(known.data)
                found.append(known)
                continue
            try:
                clip = await self._pictures.fetch(url, name=f"clip{number}_{name}", limit=limit)
            except PictureError as error:
                log.info("Clip %d of task %s is only linked: %s.", number, task.id, type(error).__name__)
                found.append(None)
                follows = follows or self._may_follow(task, error)
            else:
                room -= len(clip.data)
                found.append(clip)
        return ResultFiles(clips=tuple(found), is_pending=follows)

    async def _picture(self, job: Job, task: Task) -> ResultFiles:
        """Fetch the finished picture, or only clip, from the bot's own earlier message where its link is dead."""
        name, limit = _name(task), self._display.max_file_bytes(job.place)
        try:
            return ResultFiles(
                await self._pictures.fetch(next(iter(task.clip_urls), task.picture_url), name=name, limit=limit)
            )
        except PictureError as error:
            if self._may_follow(task, error):
                log.info("The picture of task %s is not there yet: %s.", task.id, error.reason)
                return ResultFiles(is_pending=True)
            if isinstance(error, PictureGone):
                copy = await self.find_picture_copy(task, job.place, name=name, limit=limit)
                return ResultFiles(copy, is_gone=copy is None)
            log.warning(
                "The picture of task %s cannot be attached: %s (%s).", task.id, type(error).__name__, error.reason
            )
            return ResultFiles()

    def _may_follow(self, task: Task, error: PictureError) -> bool:
        """Whether a later try may bring it: a link that leads nowhere long after the task's end is dead."""
        if not error.may_return or not isinstance(error, PictureGone) or not task.finish_time:
            return error.may_return
        return self._now() - datetime.fromtimestamp(task.finish_time / 1000, UTC) < PICTURE_GRACE_PERIOD

    async def find_picture_copy(self, task: Task, here: Place, *, name: str, limit: int) -> Picture | None:
        """Take a task's picture from a message of ours that shows it already: another one, or at last that `here`."""
        places = [
            other.place
            for other in await self._store.list_jobs_of_task(task.id)
            if other.place.is_visible_from(here.guild_id, here.channel_id) and other.id != here.message_id
        ]
        for place in (*places, here):
            link = await self._display.fetch_attachment_url(place)
            if link:
                try:
                    return await self._pictures.fetch(link, name=name, limit=limit)
                except PictureError:
                    continue
        return None


def _name(task: Task) -> str:
    """Name a file from the prompt; what was read from a picture is none of it."""
    return build_file_name(task.shown_prompt or ("described" if task.text_result else ""), task.id)
