"""Follow tasks: write a job's row, watch its task, and keep its message up to date until the task has ended."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import repeat
from math import inf

from bot.clock import Clock
from bot.entities import ClaimState, Job, Person, Place, TaskSummary, compute_id_time
from bot.errors import DisplayFailed, PlaceGone, PlaceUnreachable, StoreUnavailable, TaskUnknown
from bot.imaging.downloads.downloader import Picture
from bot.midjourney.task import Status, Task
from bot.policy.task_privacy import TaskPrivacy, Viewer
from bot.polling.feeds import Feed
from bot.polling.poller import Poller
from bot.ports import MessageEditor, PictureSource, Store
from bot.retry import STORE_OUTAGE, retry_until_store_answers
from bot.scene import JobEnding
from bot.tracking.job_messages import JobMessages
from bot.tracking.notifications import Notifier
from bot.tracking.offered_buttons import ButtonOffers
from bot.tracking.redraws import TOKEN_MARGIN, Redraws, find_failure
from bot.tracking.result_files import ResultFileFetcher
from bot.tracking.result_message import PICTURE_RETRY_SECONDS, ResultCallbacks, ResultContent, ResultMessage
from bot.tracking.task_supervisor import TaskSupervisor, WorkKey

log = logging.getLogger(__name__)

_JOB = "job"


@dataclass(frozen=True, kw_only=True)
class WatchTimes:
    """How long a task is watched, and how long it takes at least to be worth a notification (zero: none).

    `keep_for`: how long a final state that Discord does not take is drawn again.
    """

    give_up_after: timedelta
    notify_after: timedelta
    keep_for: timedelta = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class _JobTimes:
    """When a job ends whose task has not ended by then, how, and until when its message can be drawn.

    The times are of the monotonic clock, and computed once: setting the system's time must not end a watch, and free
    the button of a task that is still being drawn.
    """

    ends_at: float
    ending: JobEnding
    last_edit_at: float


def make_job_key(message_id: int) -> WorkKey:
    """Return the key under which the job of a message runs, or the search for its task."""
    return WorkKey(_JOB, message_id)


class JobTracker:
    """Follows tasks for messages, each in an asyncio task of the supervisor."""

    def __init__(
        self,
        store: Store,
        poller: Poller,
        editor: MessageEditor,
        pictures: PictureSource,
        supervisor: TaskSupervisor,
        offers: ButtonOffers,
        *,
        times: WatchTimes,
        clock: Clock,
    ) -> None:
        self._store = store
        self._poller = poller
        self._supervisor = supervisor
        self._offers = offers
        self._files = ResultFileFetcher(store, editor, pictures, now=clock.now)
        self._notifier = Notifier(store, editor, after=times.notify_after, clock=clock)
        self._privacy = TaskPrivacy(store)
        self._give_up_after = times.give_up_after
        self._clock = clock
        self.redraws = Redraws(store, clock, keep_for=times.keep_for)
        self.post_result: Callable[[Job, ResultContent], None] = lambda _job, _result: None
        """Is told each result that a message shows, once nothing more of it can change."""
        self.messages = JobMessages(store, editor, pictures, clock.now)

    async def fetch_task(self, task_id: str, viewer: Viewer) -> Task:
        """Read a task from the relay, which is free; settle the claim that it belongs to, if its answer was lost.

        Raises:
            TaskUnknown: The relay does not know the task, or not for this key; or the viewer may not see it.
            RelayError: The relay cannot be read.
        """
        task = await self._privacy.read(task_id, viewer, self._poller.fetch_task)
        await self._settle_lost_claim(task)
        return task

    async def follow_job(self, job: Job, task: Task | None = None, *, viewer: Viewer | None = None) -> None:
        """Write a job's row, then run it; `task` is its task as it was just read.

        The message links to the task's parent only if `viewer` can see it.
        """
        if task is not None:
            await self._store.save_snapshot(task)
        if not job.claim_id:
            job = await self._copy_from_earlier_jobs(job, viewer)
        await self._store.open_job(job)
        self._start_job(job, task)

    async def follow_again(self, task_id: str, place: Place, person: Person, viewer: Viewer) -> None:
        """Watch a message's task again, starting now; `person` counts as its requester if its row is lost.

        The place of the click is used: its token is fresh, and may be the only way to the message.

        Raises:
            TaskUnknown: The relay does not know the task, or the viewer, who clicked, may not see it.
            RelayError: The relay cannot be read.
        """
        task = await self.fetch_task(task_id, viewer)
        known = await self._store.find_job(place.message_id)
        now = self._clock.now()
        job = known or Job(place=place, requester=person, task_id=task_id, born_at=now)
        job = replace(job, place=place, task_id=task_id, born_at=now, notify=False, redraws=0, redraw_at=None)
        await self.follow_job(job, task, viewer=viewer)

    async def continue_job(
        self, job: Job, task: Task | None = None, *, form_again: bool = False, replaces: int = 0
    ) -> None:
        """Write the row of a job whose task is paid, however long the store takes, then run the job.

        A row that was closed or lost meanwhile is opened again; with `form_again`, its form can be submitted again.
        The row that was reserved as `replaces` is deleted.
        """
        if task is not None:
            await self._retry(job, partial(self._store.save_snapshot, task))
        await self._retry(job, partial(self._store.open_job, job, form_again=form_again, replaces=replaces))
        self._start_job(job, task)

    async def reserve_job(self, job: Job) -> None:
        """Write the row of a paid task whose message is not sent yet, however long the store takes."""
        await self._retry(job, partial(self._store.open_job, job))

    async def close_job(self, job: Job) -> None:
        """Close a job's row, however long the store takes: an open one would be drawn again after the next start."""
        await self._retry(job, partial(self._store.close_job, job.id))

    def _retry(self, job: Job, write: Callable[[], Awaitable[None]]) -> Awaitable[None]:
        return retry_until_store_answers(write, sleep=self._clock.sleep, subject=f"Job {job.id}")

    def _start_job(self, job: Job, task: Task | None) -> None:
        """Run a job whose row is written, in place of any that runs for the same message."""
        self._supervisor.start(make_job_key(job.id), partial(self._run, job, task))

    def resume_job(self, job: Job, seed: Task | None) -> None:
        """Run a job that another process left unfinished; `seed` is the saved snapshot of its task."""
        self._supervisor.start(make_job_key(job.id), partial(self._run, job, seed, resumed=True))

    def stop_running(self, message_id: int) -> None:
        """Stop running the job of a message, without writing its row or drawing it."""
        self._supervisor.stop(make_job_key(message_id))

    @property
    def running_message_ids(self) -> set[int]:
        """The messages whose jobs this process runs."""
        return {key.id for key in self._supervisor.running_keys if key.kind == _JOB}

    async def end_declined(self, job: Job, *, charged: bool = False) -> None:
        """End a job whose form was declined; its task's snapshot says so to a person who has the form still open.

        `charged`: the relay may have billed the press that opened the form.
        """
        self.stop_running(job.id)
        await self._store.open_job(job)  # another process may be running it
        task = await self._store.find_snapshot(job.task_id) or Task(id=job.task_id)
        await self._store.save_snapshot(task.model_copy(update={"status": Status.CANCEL}))
        await self.end_job(job, JobEnding.FORM_DROPPED_MAYBE_BILLED if charged else JobEnding.FORM_DROPPED, task)

    async def stop_watching(self, job: Job) -> None:
        """End a job at a person's request; its task goes on, and can be watched again."""
        self.stop_running(job.id)
        await self._store.open_job(job)  # another process may be running it
        await self.end_job(job, JobEnding.WATCH_STOPPED, await self._store.find_snapshot(job.task_id))

    async def end_job(self, job: Job, ending: JobEnding, task: Task | None = None) -> None:
        """Draw an ending other than the task's own; the row is closed only then, so that a crash brings it back.

        If Discord does not take it, it is drawn later, in the background.
        """
        draw = partial(self._end_job, job, ending, task)
        if (failure := await find_failure(draw())) is not None:
            self._supervisor.start(make_job_key(job.id), partial(self._draw_later, job, draw, failure))

    async def _end_job(self, job: Job, ending: JobEnding, task: Task | None) -> None:
        await self.messages.show_ending(job, ending, task)
        await self.close_job(job)

    def start_ending(self, job: Job, ending: JobEnding) -> None:
        """End a job in the background; a process that stops before leaves the row to the next one."""
        self._supervisor.start(make_job_key(job.id), partial(self.end_job, job, ending))

    async def find_picture_copy(self, task: Task, here: Place, *, name: str, limit: int) -> Picture | None:
        """Download a task's picture from a message of the bot that shows it, last of all from the one at `here`."""
        return await self._files.find_picture_copy(task, here, name=name, limit=limit)

    async def list_recent_tasks(self, viewer: Viewer, limit: int) -> list[TaskSummary]:
        """Return a person's own tasks, newest first, without those that they may no longer see."""
        return await self._privacy.filter_summaries(
            await self._store.list_recent_tasks(viewer.person_id, limit), viewer
        )

    async def _copy_from_earlier_jobs(self, job: Job, viewer: Viewer | None) -> Job:
        """Return a job with what earlier jobs of its task know: the parent, and that its form was submitted."""
        others = await self._store.list_jobs_of_task(job.task_id)
        job = replace(job, form_sent=job.form_sent or any(earlier.form_sent for earlier in others))
        for earlier in others:
            if viewer and earlier.parent_id and viewer.can_see(earlier.place):
                link = earlier.parent_link if viewer.can_open(earlier.parent_link) else ""
                return replace(job, done=earlier.done, parent_id=earlier.parent_id, parent_link=link)
        return job

    async def _settle_lost_claim(self, task: Task) -> None:
        """Settle the claim whose tag a task carries in its `state`, if the answer to that submit was lost."""
        if not task.state:
            return
        for claim in await self._store.list_claims(ClaimState.UNKNOWN):
            if claim.tag == task.state:
                await self._store.settle_claim(claim.id, ClaimState.ACCEPTED, task.id)
                log.info("Task %s closes claim %d, whose answer was lost.", task.id, claim.id)

    async def _run(self, job: Job, seed: Task | None = None, *, resumed: bool = False) -> None:
        """Follow a job to its end; start over once the store, or Discord, answers again."""
        # A job that starts over reads what was saved since; a resumed one shows at least what it was given.
        seeds = repeat(seed) if resumed else iter((seed,))
        times = self._compute_times(job)
        if resumed:
            await self.redraws.resume_pause(job)
        follow = self._retry(job, lambda: self._follow(job, times, next(seeds, None), resumed=resumed))
        if (failure := await find_failure(follow)) is not None:
            # The picture is downloaded again: thousands of them must not stay in memory while Discord is away.
            await self._draw_later(job, lambda: self._retry(job, lambda: self._follow(job, times, None)), failure)

    async def _draw_later(self, job: Job, draw: Callable[[], Awaitable[None]], failure: DisplayFailed) -> None:
        """Draw a final state again until Discord takes it, says that the message is gone, or the row is too old."""
        if not await self.redraws.draw_until_shown(job, draw, failure):
            await self.close_job(job)

    async def _follow(self, job: Job, times: _JobTimes, seed: Task | None, *, resumed: bool = False) -> None:
        try:
            until, ending = self._clock.convert_to_time(times.ends_at), times.ending
            if seed is None and not resumed:
                seed = await self._store.find_snapshot(job.task_id)
            saved = seed.status if seed else None
            watch = self._poller.watch(job.task_id, since=job.born_at, until=until, seed=seed, resumed=resumed)
            del seed  # with thousands of jobs, a task that each frame holds is a fifth of their memory
            async with watch as feed:
                try:
                    await self._show_changes(job, feed, saved)
                except TaskUnknown:
                    ending = JobEnding.TASK_NOT_FOUND
                # A task that has ended is shown so, however its watch ended.
                if feed.latest is not None and feed.has_ended:
                    await self._show_result(job, times, feed, feed.latest)
                    return
            await self.end_job(job, ending, feed.latest)
        except (PlaceGone, PlaceUnreachable) as gone:
            log.info("Job %d ends: %s.", job.id, type(gone).__name__)
            await self.close_job(job)

    def _compute_times(self, job: Job) -> _JobTimes:
        """Compute the times of a job whose watch began when its row says, but not before its message was sent.

        The row may be of a process whose clock was wrong: a watch never ends later than one that begins now.
        """
        began_at = min(max(job.born_at, compute_id_time(abs(job.id))), self._clock.now())
        end, last_edit = began_at + self._give_up_after, job.place.token_expires_at - TOKEN_MARGIN
        ends_at, last_edit_at = map(self._clock.convert_to_monotonic, (end, last_edit))
        if job.place.reachable:
            return _JobTimes(ends_at=ends_at, ending=JobEnding.WATCH_TIMEOUT, last_edit_at=inf)
        ending = JobEnding.WATCH_TIMEOUT if ends_at <= last_edit_at else JobEnding.MESSAGE_UNREACHABLE
        return _JobTimes(ends_at=min(ends_at, last_edit_at), ending=ending, last_edit_at=last_edit_at)

    async def _show_changes(self, job: Job, feed: Feed, saved: Status | None) -> None:
        """Draw every change until the task has ended, or the feed expires; `saved` is the status in the store."""
        if feed.has_ended:
            return
        async for task in feed:
            if task.status.is_final:
                return
            if task.status is not saved and await self._try_save(task):
                log.info("Task %s is %s.", task.id, task.status or "accepted")
                saved = task.status
            await self.messages.show_progress(job, feed)

    async def _try_save(self, task: Task) -> bool:
        """Save a snapshot; return whether the store answered: without it the message is still kept up to date."""
        try:
            await self._store.save_snapshot(task)
        except StoreUnavailable as gone:
            STORE_OUTAGE.report(log, f"The snapshot of task {task.id} is not saved.", gone)
            return False
        return True

    async def _show_result(self, job: Job, times: _JobTimes, feed: Feed, task: Task) -> None:
        """Show a task that has ended until its picture and buttons are there, then close the job's row."""
        log.info("Task %s is %s.", task.id, task.status)
        callbacks = ResultCallbacks(
            fetch_files=partial(self._files.fetch_files, job),
            save_snapshot=self._store.save_snapshot,
            draw=partial(self.messages.show_result, job),
            notify=partial(self._notifier.notify, job),
            add_buttons=self._offers.learn_and_add_buttons,
        )
        until = min(self._clock.monotonic() + PICTURE_RETRY_SECONDS, times.last_edit_at)
        message = ResultMessage(feed, task, callbacks, self._clock, until)
        await message.show()
        await self.close_job(job)
        if message.shown is not None:
            self.post_result(job, message.shown)
