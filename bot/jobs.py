"""The use case of following: a job's row is written, its task watched, its message drawn, to the end."""

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import PictureError, PictureGone, PlaceGone, PlaceUnreachable, StoreUnavailable, TaskUnknown
from bot.images import Picture, file_name
from bot.models import Status, Task
from bot.ports import Display, Ending, PictureSource, Scene, Store
from bot.records import ClaimState, Job, Marks, Recent
from bot.supervisor import Supervisor
from bot.watcher import Feed, Watcher

log = logging.getLogger(__name__)

_PICTURE_SECONDS = 1.0
"""How long the end of a task waits for its picture before it is told without."""
_TOKEN_MARGIN = timedelta(minutes=1)
"""How long before its token expires a message that nothing else reaches is drawn for the last time."""
_STORE_SECONDS = 15.0
"""How long a job waits before it asks a store that is gone again."""
_TAG = "mjbot:"


@dataclass(frozen=True, kw_only=True)
class Times:
    """How long a task is watched, and after how long its end is worth a notification (zero: never)."""

    watch: timedelta
    notify_after: timedelta


class Jobs:
    """Follows tasks on behalf of messages. Ports: `store`, `display`, `pictures`."""

    def __init__(
        self,
        store: Store,
        watcher: Watcher,
        display: Display,
        pictures: PictureSource,
        supervisor: Supervisor,
        *,
        times: Times,
        clock: Clock,
    ) -> None:
        self._store = store
        self._watcher = watcher
        self._display = display
        self._pictures = pictures
        self._supervisor = supervisor
        self._times = times
        self._now = clock.now
        self._sleep = clock.sleep

    async def look(self, task_id: str) -> Task:
        """Return a task as the relay tells it now; free.

        Raises:
            TaskUnknown: This key knows no such task.
            RelayError: The relay cannot be asked.
        """
        task = await self._watcher.look(task_id)
        await self._meet(task)
        return task

    async def follow(self, job: Job, task: Task | None = None) -> None:
        """Write the job's row, then keep its message alive to the task's end; `task` is what is known of it."""
        if task is not None:
            await self._store.keep(task)
        await self._store.open_job(job)
        self.start(job)

    async def go_on(self, job: Job, task: Task | None = None) -> None:
        """Write an open job's row anew, and run it so; `task` is what is known of its task."""
        if task is not None:
            await self._store.keep(task)
        await self._store.change_job(job)
        self.start(job)

    def start(self, job: Job) -> None:
        """Run a job whose row is written, in place of whatever runs for its message."""
        self._supervisor.start(job.id, lambda: self._run(job))

    async def drop(self, job: Job) -> None:
        """End a job whose form was declined."""
        self._supervisor.stop(job.id)
        await self._store.close_job(job.id)
        await self._show(job, await self._store.snapshot(job.task_id), ending=Ending.DROPPED)

    async def recent(self, person_id: int, limit: int) -> list[Recent]:
        """Return a person's own tasks, newest first."""
        return list(await self._store.recent(person_id, limit))

    async def resume(self) -> None:
        """Go on with every job that the last process left unfinished."""
        for claim in await self._store.claims(ClaimState.SUBMITTING):
            log.warning("Claim %d was on its way when the process ended: it may have been accepted.", claim.id)
            await self._store.settle(claim.id, ClaimState.UNKNOWN)
        jobs = await self._store.open_jobs()
        for job in jobs:
            await self._resume(job)
        if jobs:
            log.info("Going on with %d unfinished messages.", len(jobs))

    async def _resume(self, job: Job) -> None:
        if not job.task_id:
            accepted = await self._store.claims(ClaimState.ACCEPTED)
            child_id = next((claim.child_id for claim in accepted if claim.id == job.claim_id), "")
            if not child_id:
                self._supervisor.start(job.id, lambda: self._end(job, None, Ending.UNCERTAIN))
                return
            job = replace(job, task_id=child_id)
            await self._store.change_job(job)
        self.start(job)

    async def uncertain(self, job: Job) -> None:
        """Tell on the job's message that the answer to its submit was lost, and end it."""
        await self._end(job, None, Ending.UNCERTAIN)

    async def _meet(self, task: Task) -> None:
        """Close the claim that a task carries in its `state`, where its submit's answer was lost."""
        number = task.state.removeprefix(_TAG)
        if task.state.startswith(_TAG) and number.isascii() and number.isdigit():
            unknown = {claim.id for claim in await self._store.claims(ClaimState.UNKNOWN)}
            if int(number) in unknown:
                await self._store.settle(int(number), ClaimState.ACCEPTED, task.id)
                log.info("Task %s closes claim %s, whose answer was lost.", task.id, number)

    async def _run(self, job: Job) -> None:
        """Follow one job to its end: a message that is gone ends it quietly, a store that is gone is waited for."""
        while True:
            try:
                await self._follow(job)
            except StoreUnavailable as gone:
                log.warning("Job %d waits for the store: %s.", job.id, gone)
                await self._sleep(_STORE_SECONDS)
            else:
                return

    async def _follow(self, job: Job) -> None:
        try:
            task, ending = await self._watch(job)
            if ending is None and task is not None:
                await self._finish(job, task)
            else:
                await self._end(job, task, ending)
        except (PlaceGone, PlaceUnreachable) as gone:
            log.info("Job %d ends: %s.", job.id, type(gone).__name__)
            await self._store.close_job(job.id)

    async def _watch(self, job: Job) -> tuple[Task | None, Ending | None]:
        """Draw every change until the task is over, or the job's time is."""
        until, ending = self._until(job)
        seed = await self._store.snapshot(job.task_id)
        kept = seed.status if seed else None
        try:
            async with self._watcher.watch(job.task_id, since=job.born_at, until=until, seed=seed) as feed:
                async for task in feed:
                    if feed.over:
                        break
                    if task.status is not kept:
                        await self._store.keep(task)
                        log.info("Task %s is %s.", task.id, task.status or "accepted")
                        kept = task.status
                    await self._draw(job, feed)
        except TaskUnknown:
            return seed, Ending.LOST
        return feed.latest, ending if feed.expired else None

    def _until(self, job: Job) -> tuple[datetime, Ending]:
        end = job.born_at + self._times.watch
        if job.place.reachable:
            return end, Ending.GAVE_UP
        reach = job.place.token_expires_at - _TOKEN_MARGIN
        return (end, Ending.GAVE_UP) if end <= reach else (reach, Ending.OUT_OF_REACH)

    async def _draw(self, job: Job, feed: Feed) -> None:
        """Draw the newest state once the route is free; while it waits, newer news replaces older."""
        await self._display.turn(job.place, urgent=lambda: feed.latest is not None and feed.latest.status.is_final)
        if feed.over:
            return
        preview = await self._preview(job, feed.latest) if feed.latest else None
        await self._display.show(
            Scene(
                job=job,
                now=self._now(),
                task=feed.latest,
                marks=await self._marks(feed.latest),
                picture=preview,
                silent_since=feed.silent_since,
            )
        )

    async def _preview(self, job: Job, task: Task) -> Picture | None:
        """Fetch a preview that only this process can open; the others are linked, and cost nothing."""
        if task.status is not Status.IN_PROGRESS or not task.image_url or not self._pictures.is_private(task.image_url):
            return None
        try:
            return await self._pictures.fetch(task.image_url, name="preview", limit=self._display.file_limit(job.place))
        except PictureError:
            return None

    async def _finish(self, job: Job, task: Task) -> None:
        """Draw the end: with its picture where that is at hand, else at once and the picture following."""
        await self._store.keep(task)
        log.info("Task %s is %s.", task.id, task.status)
        fetching = asyncio.ensure_future(self._picture(job, task))
        timer = asyncio.ensure_future(self._sleep(_PICTURE_SECONDS))
        try:
            await asyncio.wait({fetching, timer}, return_when=asyncio.FIRST_COMPLETED)
            if not fetching.done():
                await self._show(job, task)
            picture, gone = await fetching
        finally:
            timer.cancel()
            fetching.cancel()
        await self._show(job, task, picture=picture, picture_gone=gone)
        await self._store.close_job(job.id)
        await self._notify(job, task)

    async def _picture(self, job: Job, task: Task) -> tuple[Picture | None, bool]:
        """Fetch the finished picture, from the bot's own earlier message where its link is dead."""
        if task.status is not Status.SUCCESS or not task.picture_url:
            return None, False
        name, limit = file_name(task.shown_prompt, task.id), self._display.file_limit(job.place)
        try:
            return await self._pictures.fetch(task.picture_url, name=name, limit=limit), False
        except PictureGone:
            return await self._copy(job, task, name, limit)
        except PictureError as error:
            log.warning(
                "The picture of task %s cannot be attached: %s (%s).", task.id, type(error).__name__, error.reason
            )
            return None, False

    async def _copy(self, job: Job, task: Task, name: str, limit: int) -> tuple[Picture | None, bool]:
        for other in await self._store.jobs_of_task(task.id):
            if other.id == job.id or other.place.ephemeral:
                continue
            link = await self._display.picture_link(other.place)
            if link:
                try:
                    return await self._pictures.fetch(link, name=name, limit=limit), False
                except PictureError:
                    continue
        return None, True

    async def _notify(self, job: Job, task: Task) -> None:
        after = self._times.notify_after
        wanted = job.notify or bool(job.pressed)
        if wanted and after and self._now() - job.born_at > after:
            await self._display.notify(job, task)

    async def _end(self, job: Job, task: Task | None, ending: Ending | None) -> None:
        """Draw an end other than the task's own; only then is the row closed, so that a crash brings it back."""
        log.info("Job %d ends: %s.", job.id, ending)
        try:
            await self._show(job, task, ending=ending)
        except (PlaceGone, PlaceUnreachable):
            log.info("Job %d has no message any more.", job.id)
        await self._store.close_job(job.id)

    async def _show(
        self,
        job: Job,
        task: Task | None,
        *,
        ending: Ending | None = None,
        picture: Picture | None = None,
        picture_gone: bool = False,
    ) -> None:
        await self._display.turn(job.place, urgent=lambda: True)
        await self._display.show(
            Scene(
                job=job,
                now=self._now(),
                task=task,
                marks=await self._marks(task),
                ending=ending,
                picture=picture,
                picture_gone=picture_gone,
            )
        )

    async def _marks(self, task: Task | None) -> Marks:
        if task is None or not task.buttons:
            return Marks()
        return Marks(await self._store.marks(task.id), await self._store.refusals(self._now()))
