"""Wait before a request is sent again, while the relay's queue is full or the parent task is busy.

The wait ends when the process begins to stop, and shows on the job's message when the request is sent again. stamina
does not fit: the pause depends on the error.
"""

import logging
from datetime import timedelta

from bot.clock import Clock, wait_for_first
from bot.entities import Claim, Job
from bot.errors import ParentBusy, PlaceGone, PlaceUnreachable, QueueFull
from bot.midjourney.task import Task
from bot.scene import RetryReason
from bot.tracking.task_supervisor import TaskSupervisor
from bot.tracking.tracker import JobTracker

log = logging.getLogger(__name__)

QUEUE_RETRY_SECONDS, MAX_QUEUE_RETRY_SECONDS = 30.0, 120.0
"""The first and the longest pause while the queue is full."""
QUEUE_TIMEOUT = timedelta(minutes=10)
"""How long a command waits for room in the queue: its interaction token must live to tell how that ended."""
PRESS_QUEUE_TIMEOUT = timedelta(minutes=2)
"""How long a press waits for room in the queue: its button is blocked for everyone meanwhile."""
PARENT_RETRY_SECONDS, MAX_PARENT_RETRY_SECONDS = 15.0, 30.0
"""The first pause while the parent is busy, which is one tick of new-api, and the longest."""
PARENT_TIMEOUT = timedelta(minutes=5)
"""How long a press waits for its parent."""
RETRY_GROWTH_FACTOR = 1.5


class QueueRetry:
    """The pauses between the attempts to send one claimed request."""

    def __init__(
        self,
        claim: Claim,
        job: Job,
        waiting_task: Task,
        *,
        jobs: JobTracker,
        supervisor: TaskSupervisor,
        clock: Clock,
    ) -> None:
        self._claim = claim
        self._job = job
        self._waiting_task = waiting_task
        self._jobs = jobs
        self._supervisor = supervisor
        self._clock = clock
        self._begun = clock.monotonic()
        self._queue_pause = QUEUE_RETRY_SECONDS
        self._parent_pause = PARENT_RETRY_SECONDS

    async def wait(self, error: QueueFull | ParentBusy) -> None:
        """Wait until the request may be sent again; raise `error` where no time is left or nothing shows the wait.

        It is raised too as soon as the process stops: now it is known that nothing was accepted, later it is not.
        """
        if isinstance(error, QueueFull):
            pause = min(max(self._queue_pause, error.retry_after or 0.0), MAX_QUEUE_RETRY_SECONDS)
            max_wait = PRESS_QUEUE_TIMEOUT if self._claim.task_id else QUEUE_TIMEOUT
            await self._pause(error, pause, max_wait, RetryReason.QUEUE_FULL)
            self._queue_pause = pause * RETRY_GROWTH_FACTOR
        else:
            await self._pause(error, self._parent_pause, PARENT_TIMEOUT, RetryReason.PARENT_BUSY)
            self._parent_pause = min(self._parent_pause * RETRY_GROWTH_FACTOR, MAX_PARENT_RETRY_SECONDS)

    async def _pause(
        self, error: QueueFull | ParentBusy, pause: float, max_wait: timedelta, reason: RetryReason
    ) -> None:
        """Show on the job's message why and until when the request waits, and wait."""
        is_too_late = self._clock.monotonic() + pause > self._begun + max_wait.total_seconds()
        if is_too_late or self._supervisor.is_ending:
            raise error
        retry_at = self._clock.now() + timedelta(seconds=pause)
        log.info("Message %d waits %.0f s for the %s: %s.", self._job.id, pause, reason, error.reason)
        try:
            await self._jobs.messages.show_waiting(self._job, self._waiting_task, retry_at, reason)
        except (PlaceGone, PlaceUnreachable):
            raise error from None
        except Exception:
            # What a message shows must not decide how a claim ends.
            log.exception("Message %d cannot show what it waits for.", self._job.id)
        await wait_for_first(self._clock.sleep(pause), self._supervisor.wait_until_ending())
        if self._supervisor.is_ending:
            raise error
