"""Download the files of a finished task: the pictures of its grid, and its original file."""

import logging
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.entities import Place
from bot.errors import (
    PictureError,
    PictureForbidden,
    PictureGone,
    PictureTooLarge,
    PictureUnavailable,
    RelayError,
)
from bot.imaging.downloads.downloader import MAX_DOWNLOAD_BYTES, Picture, build_file_name
from bot.imaging.image_processor import ImageProcessor
from bot.midjourney.task import Task
from bot.policy.task_privacy import TaskPrivacy, Viewer
from bot.ports import MessageEditor, PictureSource, Relay, Store

log = logging.getLogger(__name__)

WHOLE_GRID = 0
"""The number of the whole grid, whose four pictures have the numbers 1 to 4."""

_LINK_ERRORS = (PictureGone, PictureForbidden, PictureUnavailable)
"""The errors after which another link to the same picture may work."""


@dataclass(frozen=True)
class DownloadFiles:
    """Files, and their prompt; `links` lead to those that are missing, and `first_error` says why the first one is.

    `is_split_here`: the files were cut out of the grid, because the relay provides only that.
    """

    prompt: str = ""
    pictures: tuple[Picture, ...] = ()
    is_split_here: bool = False
    links: tuple[str, ...] = ()
    first_error: PictureError | None = None


class DownloadService:
    """Downloads the files of finished tasks for a message."""

    def __init__(
        self, relay: Relay, store: Store, editor: MessageEditor, pictures: PictureSource, processor: ImageProcessor
    ) -> None:
        self._relay = relay
        self._store = store
        self._privacy = TaskPrivacy(store)
        self._editor = editor
        self._pictures = pictures
        self._processor = processor

    async def fetch_grid_pictures(
        self, task_id: str, numbers: Collection[int], place: Place, viewer: Viewer
    ) -> DownloadFiles:
        """Return the chosen pictures of a grid, or WHOLE_GRID, within the file size limit of the place.

        Only the grid's link is returned where its host does not send it now.

        Raises:
            PictureError: None of them can be downloaded, and there is no link that people can open.
            TaskUnknown: The relay does not know the task, or the viewer may not see it.
            RelayError: The task is not stored, and the relay cannot be read.
        """
        task = await self._privacy.read(task_id, viewer, self._find_task)
        chosen, limit = sorted(set(numbers) - {WHOLE_GRID}), self._editor.max_file_bytes(place)
        grid = await self._fetch_originals(task, place) if WHOLE_GRID in numbers else DownloadFiles(task.shown_prompt)
        if not chosen:
            return grid
        parts = await self._fetch_relay_parts(task, chosen, limit)
        is_split_here = not parts
        if is_split_here:
            try:
                whole = await self._fetch_whole(task, place)
            except PictureUnavailable as error:
                return self._link_whole(task, grid, error)
            name = build_file_name(task.shown_prompt, task.id)
            four = await self._processor.split_grid(whole.data, name=name, limit=limit, url=task.picture_url)
            parts = tuple(four[number - 1] for number in chosen)
        return DownloadFiles(task.shown_prompt, (*parts, *grid.pictures), is_split_here, grid.links, grid.first_error)

    def _link_whole(self, task: Task, grid: DownloadFiles, error: PictureUnavailable) -> DownloadFiles:
        """Add the link of a grid that cannot be cut; raise the error where people cannot open the link either."""
        if self._pictures.is_private(task.picture_url):
            raise error
        return replace(grid, links=(task.picture_url,), first_error=error)

    async def fetch_originals(self, task_id: str, place: Place, viewer: Viewer) -> DownloadFiles:
        """Return the unchanged file of a picture, or those of a video's clips; links for those that are too large.

        Raises:
            PictureError: None of them can be downloaded, and a link would not show them either.
            TaskUnknown: The relay does not know the task, or the viewer may not see it.
            RelayError: The task is not stored, and the relay cannot be read.
        """
        return await self._fetch_originals(await self._privacy.read(task_id, viewer, self._find_task), place)

    async def _fetch_originals(self, task: Task, place: Place) -> DownloadFiles:
        pictures: list[Picture] = []
        links: list[str] = []
        linked: list[PictureError] = []
        missing: list[PictureError] = []
        for index in range(max(1, len(task.clip_urls))):
            try:
                pictures.append(await self._fetch_original(task, index, place))
            except PictureError as error:
                url = _get_url(task, index)
                if not url or isinstance(error, PictureGone | PictureForbidden) or self._pictures.is_private(url):
                    missing.append(error)
                else:
                    linked.append(error)
                    links.append(url)
        if not pictures and not links:
            raise missing[0]
        return DownloadFiles(
            task.shown_prompt, tuple(pictures), links=tuple(links), first_error=next(iter([*linked, *missing]), None)
        )

    async def _fetch_original(self, task: Task, index: int, place: Place) -> Picture:
        """Return the unchanged file of a picture, or of the clip of that index; PictureTooLarge if it does not fit."""
        picture = await self._fetch_current(task, index)
        if len(picture.data) > self._editor.max_file_bytes(place):
            raise PictureTooLarge(_get_url(task, index), f"{len(picture.data)} bytes")
        return picture

    async def _find_task(self, task_id: str) -> Task:
        """Return the stored snapshot of a task, else read the task from the relay."""
        known = await self._store.find_snapshot(task_id)
        if known is not None and known.picture_url:
            return known
        task = await self._relay.fetch_task(task_id)
        await self._store.save_snapshot(task)
        return task

    async def _fetch_relay_parts(self, task: Task, numbers: list[int], limit: int) -> tuple[Picture, ...]:
        """Download the pictures that the relay itself has split; none if one of them cannot be downloaded."""
        name = build_file_name(task.shown_prompt, task.id)
        if len(task.grid_picture_urls) < max(numbers):
            return ()
        pictures: list[Picture] = []
        try:
            for number in numbers:
                url = task.grid_picture_urls[number - 1]
                pictures.append(await self._pictures.fetch(url, name=f"{name}_{number}", limit=limit))
        except PictureError as error:
            log.info("Task %s is cut from its grid: %s.", task.id, type(error).__name__)
            return ()
        return tuple(pictures)

    async def _fetch_whole(self, task: Task, place: Place) -> Picture:
        """Download a grid unchanged, at last from the message that shows it."""
        try:
            return await self._fetch_current(task, 0)
        except _LINK_ERRORS:
            if link := await self._editor.fetch_attachment_url(place):
                with suppress(PictureError):  # the first error says more
                    return await self._fetch(task, link)
            raise

    async def _fetch_current(self, task: Task, index: int) -> Picture:
        """Download a picture, or a clip, unchanged; if its link fails, with the one that the relay has now."""
        try:
            return await self._fetch(task, _get_url(task, index), index)
        except _LINK_ERRORS:
            link = await self._fetch_new_url(task, index)
            if not link:
                raise
            return await self._fetch(task, link, index)

    async def _fetch_new_url(self, task: Task, index: int) -> str:
        try:
            url = _get_url(await self._relay.fetch_task(task.id), index)
        except RelayError:
            return ""
        return url if url != _get_url(task, index) else ""

    async def _fetch(self, task: Task, url: str, index: int = 0) -> Picture:
        # With the limit of the download itself, nothing is re-encoded.
        suffix = f"{task.id}_{index + 1}" if len(task.clip_urls) > 1 else task.id
        return await self._pictures.fetch(
            url, name=build_file_name(task.shown_prompt, suffix), limit=MAX_DOWNLOAD_BYTES
        )


def _get_url(task: Task, index: int) -> str:
    """Return the link of a task's picture, or of the clip of that index; empty if there is none."""
    if not task.clip_urls:
        return task.picture_url
    return task.clip_urls[index] if index < len(task.clip_urls) else ""
