"""Draw the messages of jobs: collect what a message shows at the moment when it is drawn."""

import logging
from dataclasses import replace
from datetime import datetime

from bot.clock import Now
from bot.entities import ButtonStates, Job
from bot.errors import PictureError, PlaceGone, PlaceUnreachable
from bot.imaging.downloads.downloader import Picture
from bot.midjourney.task import Status, Task
from bot.polling.feeds import Feed
from bot.ports import MessageEditor, PictureSource, Store
from bot.scene import PREVIEW_NAME, AnswerSearch, JobEnding, PictureLink, RetryReason, Scene, SubmitRetry
from bot.tracking.relay_capabilities import RelayCapabilities
from bot.tracking.result_message import ResultContent
from bot.tracking.task_prices import TaskPrices

log = logging.getLogger(__name__)


class JobMessages:
    """Draws jobs at every stage.

    The methods that let them pass raise PlaceGone or PlaceUnreachable if the message, or the way to it, is gone, and
    DisplayFailed if Discord did not take a final state.
    """

    def __init__(self, store: Store, editor: MessageEditor, pictures: PictureSource, now: Now) -> None:
        self._store = store
        self._editor = editor
        self._pictures = pictures
        self._now = now
        self._prices = TaskPrices(store)
        self.capabilities = RelayCapabilities(store, now)
        self.has_unread_buttons = editor.has_unread_buttons

    async def show_progress(self, job: Job, feed: Feed) -> None:
        """Draw a task's newest state, as it is once the message's turn comes; nothing if the task has ended by then."""

        async def build_scene() -> Scene | None:
            if feed.has_ended:
                return None
            task = feed.take_latest()
            preview = await self._fetch_preview(job, task) if task else None
            return Scene(
                job=job,
                now=self._now(),
                task=task,
                marks=await self.find_button_states(task),
                price=await self._prices.find(job, is_final=False),
                picture=preview,
                picture_link=self._classify_link(task) if task else PictureLink.WORKING,
                silent_since=feed.silent_since,
                unchanged_since=feed.unchanged_since,
                refusal=feed.key_refusal,
            )

        await self._editor.show(job.place, build_scene, urgent=lambda: feed.has_ended)

    async def show_result(self, job: Job, result: ResultContent) -> bool:
        """Draw a task that has ended, with the files that were downloaded so far; return whether they are shown."""
        return await self._show(
            Scene(
                job=job,
                now=self._now(),
                task=result.task,
                picture=result.files.picture,
                clips=result.files.clips,
                picture_link=self._check_picture_link(result),
                picture_refusal=result.files.refusal,
                is_picture_pending=result.is_picture_pending,
            )
        )

    async def show_ending(self, job: Job, ending: JobEnding, task: Task | None = None) -> None:
        """Draw an ending other than the task's own, unless the message is gone; the job's row stays as it is."""
        log.info("Job %d ends: %s.", job.id, ending)
        try:
            await self._show(Scene(job=job, now=self._now(), task=task, phase=ending))
        except (PlaceGone, PlaceUnreachable):
            log.info("Job %d no longer has a message.", job.id)

    async def show_waiting(self, job: Job, prompt: Task, again_at: datetime, reason: RetryReason) -> None:
        """Draw what a submit waits for, and when it is sent again; `prompt` is a task that holds only its prompt."""
        await self._show(Scene(job=job, now=self._now(), task=prompt, phase=SubmitRetry(again_at, reason)))

    async def show_searching(self, job: Job, ending: JobEnding) -> None:
        """Draw why the answer to the submit was lost, and that its task is being searched for."""
        await self._show(Scene(job=job, now=self._now(), phase=AnswerSearch(ending)))

    async def _show(self, scene: Scene) -> bool:
        """Draw a scene, with the time and the states of its buttons as they are once the message's turn comes.

        Return whether the message shows what its task made.
        """

        async def build_scene() -> Scene:
            is_sent = not isinstance(scene.phase, SubmitRetry | AnswerSearch)
            marks = await self.find_button_states(scene.task) if is_sent else scene.marks
            price = await self._prices.find(scene.job, is_final=True) if is_sent else None
            return replace(scene, now=self._now(), marks=marks, price=price)

        return await self._editor.show(scene.job.place, build_scene)

    async def _fetch_preview(self, job: Job, task: Task) -> Picture | None:
        """Download a preview that only this process can open; Discord shows any other by its link, at no cost."""
        if task.status is not Status.IN_PROGRESS or not task.image_url or not self._pictures.is_private(task.image_url):
            return None
        limit = self._editor.max_file_bytes(job.place)
        try:
            return await self._pictures.fetch(task.image_url, name=PREVIEW_NAME, limit=limit)
        except PictureError:
            return None

    async def find_button_states(self, task: Task | None) -> ButtonStates:
        """Return how a task's buttons are drawn; for a task without any, only what the relay lacks."""
        if task is None or not task.buttons:
            return ButtonStates(missing_capabilities=await self.capabilities.read_cached())
        return ButtonStates(
            await self._store.find_pressed_buttons(task.id), await self._store.find_missing_capabilities(self._now())
        )

    def _check_picture_link(self, result: ResultContent) -> PictureLink:
        if result.files.is_gone:
            return PictureLink.DEAD
        if result.files.refusal and not self._pictures.is_private(result.task.picture_url):
            return PictureLink.REFUSED
        if result.files.is_pending:
            return PictureLink.BROKEN
        return self._classify_link(result.task)

    def _classify_link(self, task: Task) -> PictureLink:
        return PictureLink.PRIVATE if self._pictures.is_private(task.picture_url) else PictureLink.WORKING
