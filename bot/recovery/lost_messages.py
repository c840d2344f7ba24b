"""Find the messages whose rows were only reserved when their process died, and end or continue them."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from bot.clock import Clock
from bot.entities import Job, Place
from bot.errors import DisplayFailed
from bot.ports import MessageEditor, Store
from bot.retry import retry_until_store_answers
from bot.scene import JobEnding
from bot.tracking.task_supervisor import TaskSupervisor
from bot.tracking.tracker import JobTracker, make_job_key

log = logging.getLogger(__name__)

_T = TypeVar("_T")

_SEARCH_PAUSES: Final = (0.0, 10.0, 60.0)
"""The seconds before each search: Discord may still be taking a message when its process dies."""


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

    def search(self, job: Job, *, is_told: bool = False) -> None:
        """Search for the message of a reserved row, in which the job names no claim: nothing was sent for it.

        A message without a task ends; one whose task is known is followed. If no message is found, the requester is
        told privately, unless that was done before (`is_told`).
        """
        self._supervisor.start(make_job_key(job.id), lambda: self._search(job, is_told=is_told))

    async def _search(self, job: Job, *, is_told: bool) -> None:
        place = await self._find_message(job)
        if place is None:
            log.info("Job %d has no message that can be found.", job.id)
            if not job.task_id and not is_told:
                await self._editor.notify_unsent(job)
            await self._retry(job, lambda: self._store.delete_job(job.id))
            return
        found = replace(job, place=place)
        await self._retry(job, lambda: self._store.open_job(found, replaces=job.id))
        if job.task_id:
            self._jobs.resume_job(found, await self._retry(job, lambda: self._store.find_snapshot(job.task_id)))
        else:
            self._jobs.start_ending(found, JobEnding.NOT_SENT)

    async def _find_message(self, job: Job) -> Place | None:
        """Search for the message a few times: the oldest answer to the interaction that has no row yet."""
        # A private message cannot be found by anyone but its reader.
        for pause in _SEARCH_PAUSES if job.place.reachable else ():
            await self._sleep(pause)
            try:
                places = await self._editor.find_messages(job.place, -job.id)
            except DisplayFailed as failed:
                log.info("The message of job %d cannot be searched for: %s.", job.id, failed)
                continue
            for place in places:
                if await self._retry(job, partial(self._store.find_job, place.message_id)) is None:
                    return place
        return None

    async def _retry(self, job: Job, call: Callable[[], Awaitable[_T]]) -> _T:
        return await retry_until_store_answers(call, sleep=self._sleep, subject=f"Job {job.id}")
