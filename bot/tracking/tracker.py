"""The use case of following: a job's row is written, its task watched, its message drawn, to the end."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from bot.clock import Clock
from bot.entities import ButtonStates, ClaimState, Job, Notify, Person, Place, TaskSummary
from bot.errors import PictureError, PlaceGone, PlaceUnreachable, StoreUnavailable, TaskUnknown
from bot.imaging.downloader import Picture
from bot.midjourney.task import Status, Task
from bot.ports import MessageEditor, PictureSource, Store
from bot.scene import PREVIEW_NAME, AnswerSearch, JobEnding, PictureLink, RetryReason, Scene, SubmitRetry
from bot.tracking.capability_cache import CapabilityCache
from bot.tracking.feeds import Feed
from bot.tracking.offered_buttons import ButtonOffers
from bot.tracking.poller import Poller
from bot.tracking.result_files import ResultFileFetcher, ResultFiles
from bot.tracking.result_message import PICTURE_RETRY_TIMEOUT, ResultCallbacks, ResultContent, ResultMessage
from bot.tracking.task_supervisor import TaskSupervisor

log = logging.getLogger(__name__)

_TOKEN_MARGIN = timedelta(minutes=1)
"""How long before its token expires a message that nothing else reaches is drawn for the last time."""
_STORE_SECONDS = 15.0
"""How long a job waits before it asks a store that is gone again."""


@dataclass(frozen=True, kw_only=True)
class WatchTimes:
    """How long a task is watched, and after how long its end is worth a notification (zero: never)."""

    give_up_after: timedelta
    notify_after: timedelta


@dataclass(frozen=True)
class _Left:
    """What another process left of a job: the snapshot it kept, older than what it drew last."""

    seed: Task | None


class JobTracker:
    """Follows tasks on behalf of messages. Ports: `store`, `display`, `pictures`."""

    def __init__(
        self,
        store: Store,
        watcher: Poller,
        display: MessageEditor,
        pictures: PictureSource,
        supervisor: TaskSupervisor,
        offers: ButtonOffers,
        *,
        times: WatchTimes,
        clock: Clock,
    ) -> None:
        self._store = store
        self._watcher = watcher
        self._display = display
        self._pictures = pictures
        self._outcomes = ResultFileFetcher(store, display, pictures, now=clock.now)
        self._supervisor = supervisor
        self._offers = offers
        self._times = times
        self.capabilities = CapabilityCache(store, clock.now)
        self._clock = clock
        self._now = clock.now
        self._sleep = clock.sleep

    async def fetch_task(self, task_id: str) -> Task:
        """Return a task as the relay tells it now; free.

        Raises:
            TaskUnknown: This key knows no such task.
            RelayError: The relay cannot be asked.
        """
        task = await self._watcher.fetch_task(task_id)
        await self._meet(task)
        return task

    async def follow_job(self, job: Job, task: Task | None = None) -> None:
        """Write the job's row, then keep its message alive to the task's end; `task` is what is known of it."""
        if task is not None:
            await self._store.save_snapshot(task)
        if not job.claim_id:
            job = await self._related(job)
        await self._store.open_job(job)
        self.start_job(job)

    async def follow_again(self, task_id: str, place: Place, person: Person) -> None:
        """Watch a message's task anew, from now; `person` counts as its requester where its row is lost.

        The click's own place counts: its token is fresh, and may be all that reaches the message.
        """
        task = await self.fetch_task(task_id)
        known = await self._store.find_job(place.message_id)
        job = known or Job(place=place, requester=person, task_id=task_id, born_at=self._now())
        await self.follow_job(replace(job, place=place, task_id=task_id, born_at=self._now(), notify=False), task)

    async def continue_job(self, job: Job, task: Task | None = None, *, form_again: bool = False) -> None:
        """Write a job's row anew, however long that takes, as its task is paid; then run it so.

        A row that was closed meanwhile, or lost, is opened again; `form_again` lets a form be answered once more.
        """
        if task is not None:
            await self._insist(job, lambda: self._store.save_snapshot(task))
        await self._insist(job, lambda: self._store.open_job(job, form_again=form_again))
        self.start_job(job)

    async def close_job(self, job: Job) -> None:
        """Close a job's row, however long that takes: an open one would be drawn again after the next start."""
        await self._insist(job, lambda: self._store.close_job(job.id))

    def start_job(self, job: Job) -> None:
        """Run a job whose row is written, in place of whatever runs for its message."""
        self._supervisor.start(job.id, lambda: self._run(job))

    def resume_job(self, job: Job, seed: Task | None) -> None:
        """Run a job that another process left unfinished; `seed` is the snapshot kept of its task."""
        self._supervisor.start(job.id, lambda: self._run(job, _Left(seed)))

    def stop_running(self, message_id: int) -> None:
        """Stop running a job, which is another process's now."""
        self._supervisor.stop(message_id)

    @property
    def running_message_ids(self) -> set[int]:
        """The messages whose jobs this process runs."""
        return {key for key in self._supervisor.running_keys if isinstance(key, int)}

    async def end_declined(self, job: Job, *, charged: bool = False) -> None:
        """End a job whose form was declined; its task's snapshot says so, for a person who still has the form open.

        `charged`: the relay may have billed the press that opened the form.
        """
        self._supervisor.stop(job.id)
        await self._store.open_job(job)  # another process may be running it
        task = await self._store.find_snapshot(job.task_id) or Task(id=job.task_id)
        await self._store.save_snapshot(task.model_copy(update={"status": Status.CANCEL}))
        await self._end(job, task, JobEnding.FORM_DROPPED_MAYBE_BILLED if charged else JobEnding.FORM_DROPPED)

    async def stop_watching(self, job: Job) -> None:
        """End a job that somebody no longer wants watched; its task goes on, and may be looked at again."""
        self._supervisor.stop(job.id)
        await self._store.open_job(job)  # another process may be running it
        await self._end(job, await self._store.find_snapshot(job.task_id), JobEnding.WATCH_STOPPED)

    async def find_picture_copy(self, task: Task, here: Place, *, name: str, limit: int) -> Picture | None:
        """Return a task's picture as a message of ours, best that `here`, keeps it when its link is dead, or None."""
        return await self._outcomes.find_picture_copy(task, here, name=name, limit=limit)

    async def list_recent_tasks(self, person_id: int, limit: int) -> list[TaskSummary]:
        """Return a person's own tasks, newest first."""
        return list(await self._store.list_recent_tasks(person_id, limit))

    async def _related(self, job: Job) -> Job:
        """Copy to a job that follows a child by id what earlier jobs know: its parent, and that its form was sent."""
        others = await self._store.list_jobs_of_task(job.task_id)
        job = replace(job, form_sent=job.form_sent or any(earlier.form_sent for earlier in others))
        for earlier in others:
            if earlier.parent_id and earlier.place.is_visible_from(job.place.guild_id, job.place.channel_id):
                return replace(job, done=earlier.done, parent_id=earlier.parent_id, parent_link=earlier.parent_link)
        return job

    async def end_uncertain(self, job: Job) -> None:
        """Tell on the job's message that the answer to its submit was lost, and end it."""
        await self._end(job, None, JobEnding.ANSWER_LOST)

    async def show_waiting(self, job: Job, shown: Task, again_at: datetime, waits_for: RetryReason) -> None:
        """Tell on a job's message what its submit waits for, and when it is sent again.

        Raises:
            PlaceGone: There is no message any more.
            PlaceUnreachable: Nobody can draw it any more.
        """

        async def build_scene() -> Scene:
            return Scene(job=job, now=self._now(), task=shown, phase=SubmitRetry(again_at, waits_for))

        await self._display.show(job.place, build_scene)

    async def show_searching(self, job: Job) -> None:
        """Tell on a job's message that the answer to its submit was lost, and that its task is looked for.

        Raises:
            PlaceGone: There is no message any more.
            PlaceUnreachable: Its interaction token has expired.
        """

        async def build_scene() -> Scene:
            return Scene(job=job, now=self._now(), phase=AnswerSearch())

        await self._display.show(job.place, build_scene)

    async def show_ending(self, job: Job, ending: JobEnding) -> None:
        """Draw how a job without a task ended, and leave its row as it is."""
        log.info("Job %d ends: %s.", job.id, ending)
        try:
            await self._show(job, None, ending=ending)
        except (PlaceGone, PlaceUnreachable):
            log.info("Job %d has no message any more.", job.id)

    async def _meet(self, task: Task) -> None:
        """Close the claim that a task carries in its `state`, where its submit's answer was lost."""
        if not task.state:
            return
        for claim in await self._store.list_claims(ClaimState.UNKNOWN):
            if claim.tag == task.state:
                await self._store.settle_claim(claim.id, ClaimState.ACCEPTED, task.id)
                log.info("Task %s closes claim %d, whose answer was lost.", task.id, claim.id)

    async def _run(self, job: Job, left: _Left | None = None) -> None:
        """Follow one job to its end: a message that is gone ends it quietly, a store that is gone is waited for."""
        while True:
            try:
                await self._follow(job, left)
            except StoreUnavailable as gone:
                await self._wait_for_store(job, gone)
            else:
                return

    async def _insist(self, job: Job, write: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await write()
            except StoreUnavailable as gone:
                await self._wait_for_store(job, gone)
            else:
                return

    async def _wait_for_store(self, job: Job, gone: StoreUnavailable) -> None:
        log.warning("Job %d waits for the store: %s.", job.id, gone)
        await self._sleep(_STORE_SECONDS)

    async def _follow(self, job: Job, left: _Left | None) -> None:
        try:
            until, ending = self._until(job)
            seed = left.seed if left else await self._store.find_snapshot(job.task_id)
            watch = self._watcher.watch(
                job.task_id, since=job.born_at, until=until, seed=seed, resumed=left is not None
            )
            async with watch as feed:
                try:
                    await self._draw_changes(job, feed, seed)
                except TaskUnknown:
                    ending = JobEnding.TASK_NOT_FOUND
                task = feed.latest
                # What has ended is told as its end, however the watch of it ended.
                if task is not None and task.status.is_final:
                    await self._finish(job, feed, task)
                    return
            await self._end(job, task, ending)
        except (PlaceGone, PlaceUnreachable) as gone:
            log.info("Job %d ends: %s.", job.id, type(gone).__name__)
            await self.close_job(job)

    async def _draw_changes(self, job: Job, feed: Feed, seed: Task | None) -> None:
        """Draw every change until the task has ended, or the job's time is over."""
        kept = seed.status if seed else None
        if _has_ended(feed):
            return
        async for task in feed:
            if task.status.is_final:
                return
            if task.status is not kept and await self._keep(task):
                log.info("Task %s is %s.", task.id, task.status or "accepted")
                kept = task.status
            await self._draw(job, feed)

    async def _keep(self, task: Task) -> bool:
        """Keep a snapshot if the store is there: a message lives on without it."""
        try:
            await self._store.save_snapshot(task)
        except StoreUnavailable as gone:
            log.warning("The snapshot of task %s is not kept: %s.", task.id, gone)
            return False
        return True

    def _until(self, job: Job) -> tuple[datetime, JobEnding]:
        end = job.born_at + self._times.give_up_after
        if job.place.reachable:
            return end, JobEnding.WATCH_TIMEOUT
        reach = job.place.token_expires_at - _TOKEN_MARGIN
        return (end, JobEnding.WATCH_TIMEOUT) if end <= reach else (reach, JobEnding.MESSAGE_UNREACHABLE)

    async def _draw(self, job: Job, feed: Feed) -> None:
        """Draw the newest state once the route is free; while it waits, newer news replaces older."""

        async def build_scene() -> Scene | None:
            if _has_ended(feed):
                return None
            task = feed.take_latest()
            preview = await self._preview(job, task) if task else None
            return Scene(
                job=job,
                now=self._now(),
                task=task,
                marks=await self._marks(task),
                picture=preview,
                silent_since=feed.silent_since,
                unchanged_since=feed.unchanged_since,
                refusal=feed.key_refusal,
            )

        await self._display.show(job.place, build_scene, urgent=lambda: _has_ended(feed))

    async def _preview(self, job: Job, task: Task) -> Picture | None:
        """Fetch a preview that only this process can open; the others are linked, and cost nothing."""
        if task.status is not Status.IN_PROGRESS or not task.image_url or not self._pictures.is_private(task.image_url):
            return None
        try:
            return await self._pictures.fetch(
                task.image_url, name=PREVIEW_NAME, limit=self._display.max_file_bytes(job.place)
            )
        except PictureError:
            return None

    async def _finish(self, job: Job, feed: Feed, task: Task) -> None:
        """Draw the end: with its picture where that is at hand, else at once and the picture following."""
        log.info("Task %s is %s.", task.id, task.status)
        steps = ResultCallbacks(
            fetch_files=partial(self._outcomes.fetch_files, job),
            save_snapshot=self._store.save_snapshot,
            draw=partial(self._show_result, job),
            notify=partial(self._notify, job),
            add_buttons=self._offers.learn_and_add_buttons,
        )
        until = self._now() + PICTURE_RETRY_TIMEOUT
        if not job.place.reachable:
            until = min(until, job.place.token_expires_at - _TOKEN_MARGIN)
        await ResultMessage(feed, task, steps, self._clock, until).show()
        await self.close_job(job)

    async def _show_result(self, job: Job, result: ResultContent) -> None:
        await self._show(job, result.task, files=result.files, picture_follows=result.is_picture_pending)

    async def _notify(self, job: Job, task: Task) -> None:
        after = self._times.notify_after
        if not after or not (job.notify or job.pressed or job.claim_id):
            return
        chosen = await self._notify_of(job.requester)
        # Who asked for it on this one message has asked, whatever they chose for all.
        if chosen is Notify.NEVER and not job.notify:
            return
        if chosen is Notify.ALWAYS or self._now() - job.born_at > after:
            await self._insist(job, lambda: self._notify_once(job, task))

    async def _notify_once(self, job: Job, task: Task) -> None:
        """Mention the requester, unless an earlier run of this job has: the row is written before the mention."""
        known = await self._store.find_job(job.id)
        if known is None or not known.notified:
            await self._store.update_job(replace(known or job, notified=True))
            await self._display.notify_requester(job, task)

    async def _notify_of(self, person: Person) -> Notify:
        """Read when a person wants to be notified; what nobody can read now is not waited for."""
        try:
            return (await self._store.find_person_settings(person.id)).notify
        except StoreUnavailable:
            return Notify.LATE

    async def _end(self, job: Job, task: Task | None, ending: JobEnding | None) -> None:
        """Draw an end other than the task's own; only then is the row closed, so that a crash brings it back."""
        log.info("Job %d ends: %s.", job.id, ending)
        try:
            await self._show(job, task, ending=ending)
        except (PlaceGone, PlaceUnreachable):
            log.info("Job %d has no message any more.", job.id)
        await self.close_job(job)

    async def _show(
        self,
        job: Job,
        task: Task | None,
        *,
        ending: JobEnding | None = None,
        files: ResultFiles | None = None,
        picture_follows: bool = False,
    ) -> None:
        shown = files or ResultFiles()

        async def build_scene() -> Scene:
            return Scene(
                job=job,
                now=self._now(),
                task=task,
                marks=await self._marks(task),
                phase=ending,
                picture=shown.picture,
                clips=shown.clips,
                picture_link=_check_picture_link(shown),
                is_picture_pending=picture_follows,
            )

        await self._display.show(job.place, build_scene)

    async def _marks(self, task: Task | None) -> ButtonStates:
        if task is None or not task.buttons:
            return ButtonStates(missing_capabilities=await self.capabilities.missing_capabilities())
        return ButtonStates(
            await self._store.find_pressed_buttons(task.id), await self._store.find_missing_capabilities(self._now())
        )


def _check_picture_link(files: ResultFiles) -> PictureLink:
    if files.is_gone:
        return PictureLink.DEAD
    return PictureLink.BROKEN if files.is_pending else PictureLink.WORKING


def _has_ended(feed: Feed) -> bool:
    return feed.latest is not None and feed.latest.status.is_final
