"""The use cases of a finished picture that cost nothing: its four parts as files, and its untouched file."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from bot.entities import Place
from bot.errors import PictureError, PictureForbidden, PictureGone, PictureTooLarge, RelayError
from bot.imaging.downloader import MAX_DOWNLOAD_BYTES, Picture, build_file_name
from bot.midjourney.task import Task
from bot.ports import MessageEditor, PictureSource, Relay, Store

log = logging.getLogger(__name__)

WHOLE_GRID = 0
"""The number of the whole grid, where its four pictures are 1 to 4."""


class GridSplitter(Protocol):
    """Who cuts grids, off the event loop."""

    async def split_grid(
        self, data: bytes, *, name: str, limit: int, url: str = ""
    ) -> tuple[Picture, Picture, Picture, Picture]:
        """Cut a grid into its four pictures, each of at most `limit` bytes; raises PictureError."""
        ...


@dataclass(frozen=True)
class DownloadFiles:
    """Files, with their prompt; `unfit` says why the first of those that are missing is, and `links` show them.

    `cut` tells that they were cut from the grid here, as the relay hands out only that.
    """

    prompt: str = ""
    pictures: tuple[Picture, ...] = ()
    is_split_here: bool = False
    links: tuple[str, ...] = ()
    first_error: PictureError | None = None


class DownloadService:
    """Hands out what a finished task holds. Ports: `store`, `display`, `pictures`."""

    def __init__(
        self, relay: Relay, store: Store, display: MessageEditor, pictures: PictureSource, scissors: GridSplitter
    ) -> None:
        self._relay = relay
        self._store = store
        self._display = display
        self._pictures = pictures
        self._scissors = scissors

    async def fetch_grid_pictures(self, task_id: str, numbers: Collection[int], place: Place) -> DownloadFiles:
        """Return the chosen ones of a grid's four pictures, or its WHOLE, each made to fit the place.

        Raises:
            PictureError: None of them can be had.
            RelayError: The task is not kept, and the relay cannot be asked.
        """
        task = await self._task(task_id)
        wanted, limit = sorted(set(numbers) - {WHOLE_GRID}), self._display.max_file_bytes(place)
        whole = (
            await self.fetch_originals(task_id, place) if WHOLE_GRID in numbers else DownloadFiles(task.shown_prompt)
        )
        if not wanted:
            return whole
        parts = await self._given(task, wanted, limit)
        cut = not parts
        if cut:
            grid = await self._whole(task, place)
            name = build_file_name(task.shown_prompt, task.id)
            four = await self._scissors.split_grid(grid.data, name=name, limit=limit, url=task.picture_url)
            parts = tuple(four[number - 1] for number in wanted)
        return DownloadFiles(task.shown_prompt, (*parts, *whole.pictures), cut, whole.links, whole.first_error)

    async def fetch_originals(self, task_id: str, place: Place) -> DownloadFiles:
        """Return a picture's untouched file, or those of a video's clips, where they fit, else links and the reason.

        Raises:
            PictureError: None of them can be had, and a link would not show it either.
            RelayError: The task is not kept, and the relay cannot be asked.
        """
        task = await self._task(task_id)
        found: list[DownloadFiles] = []
        lost: list[PictureError] = []
        for number in range(max(1, len(task.clip_urls))):
            try:
                found.append(await self._untouched(task, number, place))
            except PictureError as error:
                lost.append(error)
        if not found:
            raise lost[0]
        return DownloadFiles(
            task.shown_prompt,
            tuple(picture for files in found for picture in files.pictures),
            links=tuple(link for files in found for link in files.links),
            first_error=next((files.first_error for files in found if files.first_error), next(iter(lost), None)),
        )

    async def _untouched(self, task: Task, number: int, place: Place) -> DownloadFiles:
        """Return the untouched file of one picture, or of the clip of that number, counted from 0, or its link."""
        url = _url(task, number)
        link = "" if self._pictures.is_private(url) else url
        try:
            picture = await self._fresh(task, number)
        except PictureGone:
            raise
        except PictureError as unfit:
            if not link or isinstance(unfit, PictureForbidden):
                raise
            return DownloadFiles(links=(link,), first_error=unfit)
        if len(picture.data) <= self._display.max_file_bytes(place):
            return DownloadFiles(pictures=(picture,))
        too_large = PictureTooLarge(url, f"{len(picture.data)} bytes")
        if not link:
            raise too_large
        return DownloadFiles(links=(link,), first_error=too_large)

    async def _task(self, task_id: str) -> Task:
        """Return what is kept of a task, else what the relay tells of it."""
        kept = await self._store.find_snapshot(task_id)
        if kept is not None and kept.picture_url:
            return kept
        task = await self._relay.fetch_task(task_id)
        await self._store.save_snapshot(task)
        return task

    async def _given(self, task: Task, wanted: list[int], limit: int) -> tuple[Picture, ...]:
        """Fetch the pictures that the relay itself has split; none where one of them is not to be had."""
        name = build_file_name(task.shown_prompt, task.id)
        if len(task.grid_picture_urls) < max(wanted):
            return ()
        try:
            return tuple(
                [
                    await self._pictures.fetch(task.grid_picture_urls[number - 1], name=f"{name}_{number}", limit=limit)
                    for number in wanted
                ]
            )
        except PictureError as error:
            log.info("Task %s is cut from its grid: %s.", task.id, type(error).__name__)
            return ()

    async def _whole(self, task: Task, place: Place) -> Picture:
        """Fetch a grid as it is, at last from the message that shows it."""
        try:
            return await self._fresh(task, 0)
        except PictureGone:
            link = await self._display.fetch_attachment_url(place)
            if not link:
                raise
            return await self._fetch(task, link)

    async def _fresh(self, task: Task, number: int) -> Picture:
        """Fetch a picture, or a clip, as it is; where its link is dead the relay may have another by now."""
        try:
            return await self._fetch(task, _url(task, number), number)
        except PictureGone:
            link = await self._other_link(task, number)
            if not link:
                raise
            return await self._fetch(task, link, number)

    async def _other_link(self, task: Task, number: int) -> str:
        try:
            told = _url(await self._relay.fetch_task(task.id), number)
        except RelayError:
            return ""
        return told if told != _url(task, number) else ""

    async def _fetch(self, task: Task, url: str, number: int = 0) -> Picture:
        # Within what we download nothing is re-encoded.
        whose = f"{task.id}_{number + 1}" if len(task.clip_urls) > 1 else task.id
        return await self._pictures.fetch(url, name=build_file_name(task.shown_prompt, whose), limit=MAX_DOWNLOAD_BYTES)


def _url(task: Task, number: int) -> str:
    """Return the link of a task's picture, or, of a video, that of one of its clips; "" where it has none such."""
    if not task.clip_urls:
        return task.picture_url
    return task.clip_urls[number] if number < len(task.clip_urls) else ""
