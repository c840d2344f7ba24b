"""The loop that reads every watched task from the relay, in batches."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from math import inf

from bot.clock import Clock, wait_for_first
from bot.errors import ActionUnsupported, RelayBusy, RelayError, TaskUnknown
from bot.metrics import POLL_LAG
from bot.midjourney.task import Status, Task
from bot.polling.feeds import Feed
from bot.polling.poll_schedule import PollSchedule
from bot.polling.relay_outage import RelayOutage
from bot.polling.spoiled_batches import SpoiledBatches, is_spoiled, poll_until_read
from bot.polling.watch_list import WatchedTask, WatchList
from bot.ports import Relay

log = logging.getLogger(__name__)

_BATCH_DELAY_SECONDS = 0.05
"""How long a poll waits once a task is due, so that other new watches share its batch."""
_MAX_CONCURRENT_REQUESTS = 8
_UNKNOWN_GRACE_SECONDS = 30
"""How long after the message's creation the relay may not know its task: it may take a moment to find a new one."""
_MAX_WAIT_SECONDS = 3600.0
_ALONE_INTERVAL_SECONDS = 15.0
"""How often at most a task is read whose row may be large."""
_LATE_SECONDS = 60.0
"""How long after its last answer the relay still counts as answering for other tasks."""


class Poller:
    """Polls while any task is watched. The schedule says how often, the clock when."""

    def __init__(self, relay: Relay, schedule: PollSchedule, clock: Clock) -> None:
        self._relay = relay
        self._schedule = schedule
        self._clock = clock
        self._now = clock.now
        self._monotonic = clock.monotonic
        self._sleep = clock.sleep
        self.watch_list = WatchList()
        self.outage = RelayOutage(schedule, clock)
        self._wake = asyncio.Event()
        self._wakes_at = inf
        self._request_slots = asyncio.Semaphore(_MAX_CONCURRENT_REQUESTS)
        self._spoiled = SpoiledBatches(self, self.outage, clock.monotonic)
        self._can_batch = True
        self._has_batched = False
        """Whether the relay has answered a list-by-condition before."""

    @property
    def _batch_size(self) -> int:
        return self._schedule.batch_size if self._can_batch else 1

    @property
    def unanswered_seconds(self) -> float:
        """How long the poller has waited for an answer: since the last one, or the first watch after it."""
        now = self._monotonic()
        joined = min((watched.joined_at for watched in self.watch_list if not watched.is_over(now)), default=now)
        answered = self.outage.last_answer_at
        return max(0.0, now - (joined if answered is None else max(joined, answered)))

    @asynccontextmanager
    async def watch(
        self,
        task_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        seed: Task | None = None,
        resumed: bool = False,
        fail_fast: bool = False,
    ) -> AsyncGenerator[Feed]:
        """Watch a task.

        `since` is when its message was created, which sets how often the task is read; at `until` the feed expires.
        Both are compared with the system's time only here: setting it later changes neither.
        `seed` is the task as it is known already; with `resumed`, the message shows that state, or a newer one.
        """
        feed = Feed(fail_fast=fail_fast)
        at = self._monotonic()
        watched = self._join(feed, task_id, at if since is None else self._clock.convert_to_monotonic(since), seed)
        deadline = None
        if until is not None:
            deadline = self.watch_list.add_deadline(feed, self._clock.convert_to_monotonic(until))
            self._wake.set()
        if self.outage.is_reported:
            feed.silent_since, feed.key_refusal = self.outage.silent_since, self.outage.key_refusal
        feed.unchanged_since = self._find_stall(watched, at)
        is_over = watched.is_over(at)
        if resumed and watched.task is seed and not is_over:
            feed.latest = seed
        elif watched.task is not None:
            feed.publish(watched.task, over=is_over)
        del seed  # superseded by the first snapshot, while this frame lives as long as the watch
        try:
            yield feed
        finally:
            if deadline is not None:
                deadline.feed = None
            self.watch_list.remove_feed(watched, feed)

    def _join(self, feed: Feed, task_id: str, born_at: float, seed: Task | None) -> WatchedTask:
        """Add a feed to a task, which is watched from now on if it was not before."""
        now = self._monotonic()
        watched = self.watch_list.find(task_id)
        if watched is None:
            watched = self.watch_list.add_task(task_id, born_at, seed, now)
            self._wake.set()
        elif born_at > watched.born_at:
            # A person looks at a new message about an old task now, so it is read as often as a new one.
            watched.born_at, watched.changed_at = born_at, now
            if watched.due_at < inf:
                self._read_again(watched, min(watched.due_at, now + self._schedule.poll_interval(now - born_at)))
        watched.feeds.append(feed)
        return watched

    async def fetch_task(self, task_id: str) -> Task:
        """Return the first snapshot of a task; lookups at the same time share a poll.

        Raises:
            TaskUnknown: The relay does not know the task.
            RelayBusy: The relay asked for a pause, which has not ended.
            RelayError: The relay does not answer, or refuses.
        """
        async with self.watch(task_id, fail_fast=True) as feed:
            if feed.latest is None:
                if pause := self.outage.compute_pause(self._monotonic()):
                    raise RelayBusy(retry_after=pause)
                if self.outage.silent_since is not None:
                    # The loop reads rarely during an outage: a lookup must not wait for it.
                    return await self._relay.fetch_task(task_id)
            return await anext(aiter(feed))

    async def run(self) -> None:
        """Poll until cancelled; a slow or failing batch delays only its own tasks."""
        async with asyncio.TaskGroup() as polls:
            while True:
                self._wake.clear()
                now = self._monotonic()
                self.watch_list.expire_feeds(now)
                if now >= self.outage.report_at:
                    self._report_outage()
                if self._find_due(now):
                    await self._sleep(_BATCH_DELAY_SECONDS)
                    batches = self._split(self._find_due(self._monotonic()))
                    for later, batch in enumerate(reversed(batches)):
                        share = self._schedule.spread(later, len(self.watch_list), self._batch_size)
                        for watched in batch:
                            watched.was_due_at, watched.due_at = watched.due_at, inf
                            watched.interval_share = share
                    for batch in batches:
                        polls.create_task(self._poll(batch))
                    continue
                self._wakes_at = self._compute_wake_up(now)
                await wait_for_first(self._wake.wait(), self._sleep(self._wakes_at - now))

    def _compute_wake_up(self, now: float) -> float:
        """Return when the loop has something to do next, unless it is woken earlier."""
        due_at = min((watched.due_at for watched in self.watch_list), default=inf)
        read_at = max(due_at, now + self.outage.compute_pause(now))
        return min(read_at, self.watch_list.next_deadline, self.outage.report_at, now + _MAX_WAIT_SECONDS)

    def _report_outage(self) -> None:
        self.outage.is_reported = True
        for feed in self.watch_list.feeds:
            feed.report_outage(self.outage.silent_since, self.outage.key_refusal)

    def _find_due(self, now: float) -> list[WatchedTask]:
        """Return the tasks to read now: those that are due, and enough that soon will be to fill the last batch."""
        if self.outage.compute_pause(now):
            return []
        due = [watched for watched in self.watch_list if watched.due_at <= now]
        return self._schedule.fill_batch(due, self.watch_list, now) if due and self._can_batch else due

    def _split(self, due: list[WatchedTask]) -> list[list[WatchedTask]]:
        size, now = self._batch_size, self._monotonic()
        alone = [[watched] for watched in due if watched.is_alone(now)]
        together = [watched for watched in due if not watched.is_alone(now)]
        return alone + [together[start : start + size] for start in range(0, len(together), size)]

    async def _poll(self, batch: list[WatchedTask]) -> None:
        """Read tasks; after a programming error, schedule again those that it left without a next read."""
        try:
            if self._can_batch and not batch[0].is_alone(self._monotonic()):
                await self._poll_batch(batch)
            else:
                await asyncio.gather(*map(self.poll_one, batch))
        except Exception:
            log.exception("A poll ended by a programming error; its tasks are read again.")
            for watched in batch:
                if watched.due_at == inf:
                    self._reschedule(watched)

    async def _poll_batch(self, batch: list[WatchedTask]) -> None:
        try:
            await self._read_batch(batch)
        except ActionUnsupported as unsupported:
            await self._poll_without_list(batch, lasting=unsupported.lasting)
        except RelayError as error:
            if is_spoiled(error):
                await self._spoiled.poll(error, batch)
            else:
                self.handle_failure(error, batch)

    async def _read_batch(self, batch: list[WatchedTask]) -> None:
        """Read tasks by one request, and by themselves those that it does not bring; or raise RelayError."""
        async with self._request_slots:
            self._observe_lag(batch)
            found = await self._relay.fetch_tasks([watched.task_id for watched in batch])
        self._handle_answer()
        self._has_batched = True
        for watched in batch:
            if watched.task_id in found:
                watched.times_alone = 0
                self._apply_snapshot(watched, found[watched.task_id])
        await asyncio.gather(*(self.poll_one(watched) for watched in batch if watched.task_id not in found))

    async def try_batch(self, batch: list[WatchedTask]) -> RelayError | None:
        """Read a batch; return why it could not be read, None if it was."""
        if pause := self.outage.compute_pause(self._monotonic()):
            return RelayBusy(retry_after=pause)
        try:
            await self._read_batch(batch)
        except RelayError as error:
            return error
        return None

    def _observe_lag(self, batch: list[WatchedTask]) -> None:
        """Observe once how late each task is read: one that its batch does not bring is read again at once."""
        now = self._monotonic()
        for watched in batch:
            if watched.was_due_at < inf:
                POLL_LAG.observe(max(0.0, now - watched.was_due_at))
                watched.was_due_at = inf

    async def _poll_without_list(self, batch: list[WatchedTask], *, lasting: bool) -> None:
        """Read each task by itself, as the relay seems to have no list-by-condition.

        A proxy's error page in an outage looks like a missing path, and of a relay whose lists have worked it is not
        taken for one.
        """
        if await self.poll_singly(batch) and lasting and self._can_batch and not self._has_batched:
            log.info("This relay has no list-by-condition: reading each task by itself from now on.")
            self._can_batch = False

    async def poll_singly(self, batch: list[WatchedTask]) -> bool:
        """Read each task by itself, if the first of them show that the relay answers; return whether it does."""
        others, failure = await poll_until_read(self, batch)
        if failure is not None:
            self.handle_failure(failure, others)
            return False
        await asyncio.gather(*map(self.poll_one, others))
        return True

    async def poll_one(self, watched: WatchedTask) -> RelayError | None:
        """Read one task; return why the relay did not answer, None if it did."""
        try:
            async with self._request_slots:
                self._observe_lag([watched])
                task = await self._relay.fetch_task(watched.task_id)
        except TaskUnknown as unknown:
            self._handle_answer()
            self._reschedule(watched)
            now = self._monotonic()
            is_gone = watched.record_unknown(now) or watched.task is None
            is_young = now - watched.born_at < _UNKNOWN_GRACE_SECONDS
            for feed in watched.feeds:
                if feed.is_fail_fast or (is_gone and not is_young):
                    feed.fail(unknown)
        except RelayError as error:
            if not self._handle_own_failure(error, watched):
                self.handle_failure(error, [watched])
            return error
        else:
            self._handle_answer()
            self._apply_snapshot(watched, task)
        return None

    def _apply_snapshot(self, watched: WatchedTask, task: Task) -> None:
        now = self._monotonic()
        watched.apply_snapshot(task, now)
        watched.record_read()
        unchanged_since = self._find_stall(watched, now)
        for feed in watched.feeds:
            feed.report_stall(unchanged_since)
        if not watched.is_over(now):
            self._reschedule(watched)

    def _find_stall(self, watched: WatchedTask, now: float) -> datetime | None:
        """Return since when a task has stalled; None if it changed lately, has ended, or waits for its modal."""
        is_still = watched.task is not None and (watched.task.status.is_final or watched.task.status is Status.MODAL)
        if is_still or now - watched.changed_at < self._schedule.stall_seconds:
            return None
        return self._clock.convert_to_time(watched.changed_at)

    def _reschedule(self, watched: WatchedTask) -> None:
        now = self._monotonic()
        interval = self._schedule.poll_interval(now - watched.born_at, now - watched.changed_at)
        interval *= watched.interval_share
        self._read_again(watched, now + max(interval, _ALONE_INTERVAL_SECONDS * watched.is_alone(now)))

    def _read_again(self, watched: WatchedTask, at: float) -> None:
        watched.due_at = at
        if at < self._wakes_at:
            self._wake.set()

    def _handle_answer(self) -> None:
        if self.outage.record_answer():
            for feed in self.watch_list.feeds:
                feed.report_outage(None)

    def _handle_own_failure(self, error: RelayError, watched: WatchedTask) -> bool:
        """Delay only a task that cannot be read while the relay answers for others; return whether that is the case."""
        now, answered_at = self._monotonic(), self.outage.last_answer_at
        if not is_spoiled(error) or answered_at is None or now - answered_at > _LATE_SECONDS:
            return False
        watched.record_unread(self._now(), now, error, self._schedule.outage_notice_seconds)
        self._read_again(watched, now + _ALONE_INTERVAL_SECONDS)
        return True

    def handle_failure(self, error: RelayError, batch: list[WatchedTask]) -> None:
        """Note that the relay did not answer, and read these tasks later."""
        if self.outage.silent_since is None:
            self._wake.set()
        again_at = self._monotonic() + self.outage.record_failure(error)
        if self.outage.key_refusal is error:
            self._report_outage()
        for watched in batch:
            self._read_again(watched, again_at)
            for feed in watched.feeds:
                if feed.is_fail_fast:
                    feed.fail(error)
