"""The one loop that polls every watched task in batches."""

import asyncio
import heapq
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import count
from math import inf

from bot.clock import Clock, wait_for_first
from bot.errors import (
    ActionUnsupported,
    BalanceExhausted,
    KeyRefused,
    RelayBusy,
    RelayError,
    RelayUnreachable,
    TaskUnknown,
)
from bot.metrics import POLL_LAG, WATCHED_TASKS
from bot.midjourney.task import Status, Task
from bot.ports import Relay
from bot.relay.key_advice import describe_key_error
from bot.tracking.feeds import Feed, FeedDeadline, WatchedTask
from bot.tracking.poll_schedule import PollSchedule

log = logging.getLogger(__name__)

_GATHER_SECONDS = 0.05
"""How long a new watch waits for others to share its first batch."""
_AT_ONCE = 8
"""How many requests may be on their way at the same time."""
_LONGEST_HOLD = 120.0
"""How long one answer's Retry-After may hold everybody's reads."""
_FAR = 600.0
"""Nothing is put off for so long: what lies further ahead was reckoned before somebody put the clock back."""
_CONFIRM_SECONDS = 1.0
"""How soon a second poll confirms a refusal of the key, before messages speak of it: a single one may be a hiccup."""
_GRACE_SECONDS = 30
"""How long after its message's birth a task may be unknown."""


class Poller:
    """Polls while anybody watches: first in starts it, last out stops it.

    The schedule says how often, the clock when.
    """

    def __init__(self, relay: Relay, schedule: PollSchedule, clock: Clock) -> None:
        self._relay = relay
        self._schedule = schedule
        self._now = clock.now
        self._sleep = clock.sleep
        self._watched: dict[str, WatchedTask] = {}
        self._deadlines: list[FeedDeadline] = []
        self._numbers = count()
        self._wake = asyncio.Event()
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._batches = True
        self._has_lists = False
        self._held_until = 0.0
        self._waits_until = inf
        self._silent_since: datetime | None = None
        self._silence_told = False
        self._refused_at: datetime | None = None
        self.key_refusal: RelayError | None = None
        """What the relay refuses this bot's key with, confirmed by a second poll; None while it does not."""
        self.last_answer_at: datetime | None = None

    @property
    def watched_count(self) -> int:
        """How many tasks are being watched."""
        return len(self._watched)

    @property
    def unanswered_seconds(self) -> float:
        """For how long an answer is owed: since the last one, or the first watch after it; 0 where nobody waits."""
        now = self._now().timestamp()
        joined = min((watched.joined_at for watched in self._watched.values() if not watched.is_over(now)), default=now)
        answered = self.last_answer_at.timestamp() if self.last_answer_at else 0.0
        return max(0.0, now - max(joined, answered))

    @asynccontextmanager
    async def watch(
        self,
        task_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        seed: Task | None = None,
        resumed: bool = False,
        impatient: bool = False,
    ) -> AsyncGenerator[Feed]:
        """Watch a task.

        `since` is when its message was born, which sets how often it is asked for; at `until` the feed expires;
        `seed` is what is known of the task already, and `resumed` tells that its message shows that, or newer.
        """
        feed = Feed(impatient=impatient)
        now = self._now()
        watched = self._join(feed, task_id, (since or now).timestamp(), seed)
        deadline = FeedDeadline(until.timestamp() if until else inf, next(self._numbers), feed)
        if until is not None:
            heapq.heappush(self._deadlines, deadline)
            self._wake.set()
        if self._silence_told:
            feed.silent_since, feed.key_refusal = self._silent_since, self.key_refusal
        feed.unchanged_since = self._unchanged_since(watched, now.timestamp())
        over = watched.is_over(now.timestamp())
        if resumed and watched.task is seed and not over:
            feed.latest = seed
        elif watched.task is not None:
            feed.publish(watched.task, over=over)
        try:
            yield feed
        finally:
            deadline.feed = None
            watched.feeds.discard(feed)
            if not watched.feeds and self._watched.get(task_id) is watched:
                del self._watched[task_id]
                WATCHED_TASKS.set(len(self._watched))

    def _join(self, feed: Feed, task_id: str, born: float, seed: Task | None) -> WatchedTask:
        now = self._now().timestamp()
        watched = self._watched.get(task_id)
        if watched is None:
            ended = now if seed is not None and seed.status.is_final else None
            watched = WatchedTask(task_id, born_at=born, joined_at=now, due_at=now, task=seed, ended_at=ended)
            if watched.is_over(now):
                watched.due_at = inf
            self._watched[task_id] = watched
            WATCHED_TASKS.set(len(self._watched))
            self._wake.set()
        elif born > watched.born_at:
            # A new message makes an old task young: somebody is looking at it now.
            watched.born_at, watched.changed_at = born, now
            if watched.due_at < inf:
                self._ask_again(watched, min(watched.due_at, now + self._schedule.poll_interval(now - born)))
        watched.feeds.add(feed)
        return watched

    async def fetch_task(self, task_id: str) -> Task:
        """Return the first snapshot of a task, sharing the poll.

        Raises:
            TaskUnknown: The relay does not know it.
            RelayBusy: The relay asked us to wait, and the time is not over.
            RelayError: The relay does not answer, or refuses.
        """
        async with self.watch(task_id, impatient=True) as feed:
            held = self._held(self._now().timestamp())
            if held and feed.latest is None:
                raise RelayBusy(retry_after=held)
            if self._silent_since is not None and feed.latest is None:
                # While the loop backs off, whoever asks is told at once rather than held.
                return await self._relay.fetch_task(task_id)
            async for task in feed:
                return task
            raise TaskUnknown(task_id)

    async def run(self) -> None:
        """Poll until cancelled; a slow batch holds up nobody but its own tasks, and neither does a broken one."""
        polls: set[asyncio.Task[None]] = set()
        try:
            while True:
                self._wake.clear()
                now = self._now().timestamp()
                self._expire(now)
                self._tell_silence(now)
                if self._due(now):
                    await self._sleep(_GATHER_SECONDS)
                    for batch in self._batched(self._due(self._now().timestamp())):
                        self._launch(batch, polls)
                    continue
                self._waits_until = self._next_at(now)
                await self._wait(self._waits_until - now)
        finally:
            for poll in polls:
                poll.cancel()
            await asyncio.gather(*polls, return_exceptions=True)

    def _launch(self, batch: list[WatchedTask], polls: set[asyncio.Task[None]]) -> None:
        for watched in batch:
            watched.was_due_at, watched.due_at = watched.due_at, inf
        poll = asyncio.create_task(self._poll(batch))
        polls.add(poll)
        poll.add_done_callback(polls.discard)
        poll.add_done_callback(partial(self._survive, batch))

    def _survive(self, batch: list[WatchedTask], poll: asyncio.Task[None]) -> None:
        """Log an error of ours, and ask again later for those that it kept from being asked for."""
        error = None if poll.cancelled() else poll.exception()
        if error is not None:
            log.error("A poll ended by an error of ours; its tasks are asked for again.", exc_info=error)
            for watched in batch:
                if watched.due_at == inf:
                    self._reschedule(watched)

    def _expire(self, now: float) -> None:
        while self._deadlines and self._deadlines[0].at <= now:
            feed = heapq.heappop(self._deadlines).feed
            if feed is not None:
                feed.expire()

    def _next_at(self, now: float) -> float:
        """Return when there is something to do next, unless somebody wakes the loop earlier."""
        due = min((watched.due_at for watched in self._watched.values()), default=inf)
        end = self._deadlines[0].at if self._deadlines else inf
        silent = self._silent_since if not self._silence_told else None
        told = silent.timestamp() + self._schedule.outage_notice_seconds if silent else inf
        return min(max(due, now + self._held(now)), end, told, now + 3600.0)

    def _tell_silence(self, now: float) -> None:
        """Tell every feed of an outage that has lasted a while; a hiccup is nobody's business."""
        silent = self._silent_since
        if silent is None or self._silence_told or now < silent.timestamp() + self._schedule.outage_notice_seconds:
            return
        self._tell_outage()

    def _tell_outage(self) -> None:
        self._silence_told = True
        for watched in self._watched.values():
            for feed in watched.feeds:
                feed.report_outage(self._silent_since, self.key_refusal)

    async def _wait(self, seconds: float) -> None:
        await wait_for_first(self._wake.wait(), self._sleep(seconds))

    def _due(self, now: float) -> list[WatchedTask]:
        """Return the tasks to ask for now: those that are due, and enough soon due ones to fill the last batch."""
        if self._held(now):
            return []
        due = [
            watched for watched in self._watched.values() if watched.due_at <= now or now + _FAR < watched.due_at < inf
        ]
        return self._schedule.fill_batch(due, self._watched.values(), now) if due and self._batches else due

    def _held(self, now: float) -> float:
        """Return for how many seconds yet a Retry-After forbids every read."""
        held = self._held_until - now
        return held if 0 < held <= _FAR else 0.0

    def _batched(self, due: list[WatchedTask]) -> list[list[WatchedTask]]:
        size = self._schedule.batch_size if self._batches else 1
        return [due[start : start + size] for start in range(0, len(due), size)]

    async def _poll(self, batch: list[WatchedTask]) -> None:
        if self._batches:
            await self._poll_batch(batch)
        else:
            await asyncio.gather(*map(self._poll_one, batch))

    async def _poll_batch(self, batch: list[WatchedTask]) -> None:
        try:
            async with self._places:
                self._count_lag(batch)
                found = await self._relay.fetch_tasks([watched.task_id for watched in batch])
        except ActionUnsupported:
            await self._poll_singly(batch)
            return
        except RelayError as error:
            self._failed(error, batch)
            return
        self._answered()
        self._has_lists = True
        for watched in batch:
            if watched.task_id in found:
                self._took(watched, found[watched.task_id])
        await asyncio.gather(*(self._poll_one(watched) for watched in batch if watched.task_id not in found))

    def _count_lag(self, batch: list[WatchedTask]) -> None:
        """Count how late each is asked for, once: what a batch brings to nothing is asked for singly at once."""
        now = self._now().timestamp()
        for watched in batch:
            if watched.was_due_at < inf:
                POLL_LAG.observe(max(0.0, now - watched.was_due_at))
                watched.was_due_at = inf

    async def _poll_singly(self, batch: list[WatchedTask]) -> None:
        """Ask for each by itself where list-by-condition is lacking: one tells that the relay is not merely away.

        A proxy's page during an outage reads like the lack of a path, and is not believed of one that has answered.
        """
        first, *others = batch
        if failure := await self._poll_one(first):
            self._failed(failure, others)
            return
        if self._batches and not self._has_lists:
            log.info("This relay has no list-by-condition: asking for each task by itself from now on.")
            self._batches = False
        await asyncio.gather(*map(self._poll_one, others))

    async def _poll_one(self, watched: WatchedTask) -> RelayError | None:
        """Ask for one task; return why the relay did not answer, None where it did."""
        try:
            async with self._places:
                self._count_lag([watched])
                task = await self._relay.fetch_task(watched.task_id)
        except TaskUnknown as unknown:
            self._answered()
            self._reschedule(watched)
            young = self._now().timestamp() - watched.born_at < _GRACE_SECONDS
            for feed in watched.feeds:
                # A relay may take a moment to find what it has just accepted.
                if feed.is_fail_fast or not young:
                    feed.fail(unknown)
        except RelayError as error:
            self._failed(error, [watched])
            return error
        else:
            self._answered()
            self._took(watched, task)
        return None

    def _took(self, watched: WatchedTask, task: Task) -> None:
        now = self._now().timestamp()
        watched.apply_snapshot(task, now)
        unchanged_since = self._unchanged_since(watched, now)
        for feed in watched.feeds:
            feed.report_stall(unchanged_since)
        if not watched.is_over(now):
            self._reschedule(watched)

    def _unchanged_since(self, watched: WatchedTask, now: float) -> datetime | None:
        """Return since when a task has stalled; None where it has changed lately, has ended, or waits for its form."""
        is_still = watched.task is not None and (watched.task.status.is_final or watched.task.status is Status.MODAL)
        if is_still or now - watched.changed_at < self._schedule.stall_seconds:
            return None
        return datetime.fromtimestamp(watched.changed_at, UTC)

    def _reschedule(self, watched: WatchedTask) -> None:
        now = self._now().timestamp()
        self._ask_again(watched, now + self._schedule.poll_interval(now - watched.born_at, now - watched.changed_at))

    def _ask_again(self, watched: WatchedTask, at: float) -> None:
        watched.due_at = at
        if at < self._waits_until:
            self._wake.set()

    def _answered(self) -> None:
        now = self._now()
        self.last_answer_at = now
        if self._silent_since is not None:
            log.info("The relay answers again, after %d s.", (now - self._silent_since).total_seconds())
            self._silent_since = self._refused_at = self.key_refusal = None
            self._silence_told = False
            for watched in self._watched.values():
                for feed in watched.feeds:
                    feed.report_outage(None)

    def _failed(self, error: RelayError, batch: list[WatchedTask]) -> None:
        now = self._now()
        asked = error.retry_after if isinstance(error, RelayBusy | RelayUnreachable) else None
        if asked is not None:
            asked = min(asked, _LONGEST_HOLD)
        if self._silent_since is None:
            log.warning("%s; still trying.", _failure(error))
            self._silent_since = now
            self._wake.set()
        silence = (now - self._silent_since).total_seconds()
        pause = self._schedule.outage_interval(silence) if asked is None else max(asked, self._schedule.base_seconds)
        if self._confirm_refusal(error, now):
            pause = min(pause, _CONFIRM_SECONDS)
        if asked is not None:
            self._held_until = now.timestamp() + max(self._held(now.timestamp()), asked)
        for watched in batch:
            self._ask_again(watched, now.timestamp() + pause)
            for feed in watched.feeds:
                if feed.is_fail_fast:
                    feed.fail(error)

    def _confirm_refusal(self, error: RelayError, now: datetime) -> bool:
        """Tell every feed of a refusal of the key that confirms an earlier one; return whether it needs confirming."""
        if not isinstance(error, KeyRefused | BalanceExhausted):
            self._refused_at = None
            return False
        first, self._refused_at = self._refused_at, self._refused_at or now
        if first is None or (now - first).total_seconds() < _CONFIRM_SECONDS / 2:
            return self.key_refusal is None
        if type(error) is not type(self.key_refusal):
            log.warning("%s; still trying.", _failure(error))
        self.key_refusal = error
        self._tell_outage()
        return False


def _failure(error: RelayError) -> str:
    """Say for the log why the relay tells nothing, and the cure where there is one."""
    told, name = describe_key_error(error), type(error).__name__
    if told is None:
        return f"The relay does not answer ({name}: {error.reason})"
    return f"The relay refuses this bot's key ({name}: {error.reason}): {told[0]}. {told[1].removesuffix('.')}"
