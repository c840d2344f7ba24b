"""Children that wait for their form: which of them a press may answer, once for each, by whom it was made for."""

from dataclasses import replace

from bot.clock import Now
from bot.entities import Job
from bot.errors import ModalExpired, NotTheRequester, PlaceUnreachable, RequesterUnknown
from bot.midjourney.task import Status
from bot.ports import Relay, Store
from bot.submissions.claims import Press


class PendingModals:
    """Finds the job whose form a press answers. Ports: `relay`, `store`."""

    def __init__(self, relay: Relay, store: Store, *, now: Now) -> None:
        self._relay = relay
        self._store = store
        self._now = now

    async def find_job(self, press: Press, *, elsewhere: bool = False) -> Job:
        """Return the child's job, as this press may answer or drop its form.

        `elsewhere`: the press is of another message than the child's own, which must be known then.

        Raises:
            NotTheRequester: The child was made for somebody else.
            RequesterUnknown: Nobody can tell for whom.
            FormGone: It has had its form, or was dropped.
            PlaceUnreachable: Nobody can draw the child's message any more.
            TaskUnknown: Neither the store nor the relay knows the child.
        """
        jobs = await self._store.list_jobs_of_task(press.task_id)
        made = next((job for job in jobs if job.claim_id), None)
        job = made if elsewhere else await self._store.find_job(press.place.message_id)
        asked_by = made or job
        requester_id = asked_by.requester.id if asked_by else press.asker.requester_id
        if not requester_id:
            raise RequesterUnknown
        if requester_id != press.person.id:
            raise NotTheRequester
        task = await self._store.find_snapshot(press.task_id)
        if task is None and not jobs:
            # Both may be forgotten; the relay knows whether it has been drawn.
            task = await self._relay.fetch_task(press.task_id)
        # What is being drawn has had its form; earlier states may come to wait for it yet.
        drawn = task is not None and (task.status.is_final or task.status is Status.IN_PROGRESS)
        if drawn or any(other.form_sent for other in jobs):
            raise ModalExpired
        if elsewhere:
            return self._reached(job)
        if job is None:
            return Job(place=press.place, requester=press.person, task_id=press.task_id, born_at=self._now())
        # The click brings a fresh token, which may be all that reaches a private message.
        return replace(job, place=press.place)

    def _reached(self, job: Job | None) -> Job:
        """Return a child's job if its own message can be drawn still: this press brings no token for it."""
        if job is None or not job.parent_id:
            raise ModalExpired
        if not job.place.reachable and job.place.token_expires_at <= self._now():
            raise PlaceUnreachable
        return job
