"""Find the messages whose rows were only reserved when their process died, and end or continue them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from itertools import chain, repeat
from typing import Final, TypeVar

from bot.clock import Clock
from bot.entities import Job, Place
from bot.errors import DisplayError, DisplayFailed
from bot.ports import MessageEditor, Store
from bot.retry import retry_until_store_answers
from bot.scene import JobEnding
from bot.tracking.task_supervisor import TaskSupervisor
from bot.tracking.tracker import JobTracker, make_job_key

log = logging.getLogger(__name__)

_T = TypeVar("_T")

_SEARCH_PAUSES: Final = (0.0, 10.0, 60.0)
"""The seconds before each search: Discord may still be taking a message when its process dies."""
_SEND_PAUSES: Final = (60.0, 120.0, 300.0, 600.0)
"""The seconds between tries to send a message; the last is repeated."""


class LostMessageSearch:
    """Searches for messages in the background. Ports: `store`, `editor`."""

    def __init__(
        self, store: Store, jobs: JobTracker, editor: MessageEditor, supervisor: TaskSupervisor, *, clock: Clock
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._editor = editor
        self._supervisor = supervisor
        self._sleep = clock.sleep
        self._lock = asyncio.Lock()

    def search(self, job: Job, *, is_told: bool = False) -> None:
        """Search for the message of a reserved row.

        A message without a task ends: nothing was sent for it. One whose task is known is followed. If no message is
        found, a known task gets a new one; else the requester is told privately, unless that was done before
        (`is_told`).
        """
        self._supervisor.start(make_job_key(job.id), lambda: self._search(job, is_told=is_told))

    def send(self, job: Job) -> None:
        """Send the message of a reserved row that has none yet, and follow its task."""
        self._supervisor.start(make_job_key(job.id), lambda: self._send_message(job))

    async def _search(self, job: Job, *, is_told: bool) -> None:
        found = await self._find_message(job)
        if found is None and job.task_id:
            await self._send_message(job)
        elif found is None:
            log.info("Job %d has no message that can be found.", job.id)
            if not is_told:
                await self._editor.notify_unsent(job)
            await self._retry(job, lambda: self._store.delete_job(job.id))
        elif job.task_id:
            await self._resume(found)
        else:
            self._jobs.start_ending(found, JobEnding.NOT_SENT)

    async def _send_message(self, job: Job) -> None:
        """Send a message for a paid task that has none; where none can be sent, its row tells /mjtasks of it."""
        for pause in chain(_SEND_PAUSES, repeat(_SEND_PAUSES[-1])):
            try:
                place = await self._editor.send_message(job)
            except DisplayFailed as failed:
                log.info("A message for task %s cannot be sent yet: %s.", job.task_id, failed)
                if self._jobs.redraws.measure_rest(job) <= 0:
                    await self._jobs.close_job(job)
                    return
                await self._sleep(pause)
            except DisplayError as gone:
                log.warning("Task %s has no message: %s.", job.task_id, type(gone).__name__)
                await self._jobs.close_job(job)
                return
            else:
                await self._resume(await self._replace_row(job, place))
                return

    async def _resume(self, job: Job) -> None:
        self._jobs.resume_job(job, await self._retry(job, lambda: self._store.find_snapshot(job.task_id)))

    async def _replace_row(self, job: Job, place: Place) -> Job:
        found = replace(job, place=place)
        await self._retry(job, lambda: self._store.open_job(found, replaces=job.id))
        return found

    async def _find_message(self, job: Job) -> Job | None:
        """Search for the message a few times: the oldest answer to the interaction that has no row yet."""
        # A private message cannot be found by anyone but its reader.
        for pause in _SEARCH_PAUSES if job.place.reachable else ():
            await self._sleep(pause)
            async with self._lock:  # several tasks of one press must not get the same message
                try:
                    places = await self._editor.find_messages(job.place, _find_interaction_id(job))
                except DisplayFailed as failed:
                    log.info("The message of job %d cannot be searched for: %s.", job.id, failed)
                    continue
                for place in places:
                    if await self._retry(job, partial(self._store.find_job, place.message_id)) is None:
                        return await self._replace_row(job, place)
        return None

    async def _retry(self, job: Job, call: Callable[[], Awaitable[_T]]) -> _T:
        return await retry_until_store_answers(call, sleep=self._sleep, subject=f"Job {job.id}")


def _find_interaction_id(job: Job) -> int:
    """Return the id of the interaction that a reserved row belongs to: in its own id, or in that of its claim."""
    return job.claim_id % 2**62 if job.claim_id else -job.id
