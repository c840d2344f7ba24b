"""Find the child that waits for its modal; only its requester may answer the modal, and only once."""

from dataclasses import replace

from bot.clock import Now
from bot.entities import CostKind, Job
from bot.errors import ModalExpired, NotTheRequester, PlaceUnreachable, RequesterUnknown
from bot.midjourney.task import Status
from bot.policy.server_rules import find_needed_command
from bot.ports import Relay, Store
from bot.submissions.claims import Press


class PendingModals:
    """Finds the job whose modal a press answers or declines. Ports: `relay`, `store`."""

    def __init__(self, relay: Relay, store: Store, *, now: Now) -> None:
        self._relay = relay
        self._store = store
        self._now = now

    async def find_job(self, press: Press, *, elsewhere: bool = False) -> Job:
        """Return the child's job if this press may answer or decline its modal.

        `elsewhere` tells that another message than the child's own was pressed; the child's job must be known then.

        Raises:
            NotTheRequester: The child was requested by another person.
            RequesterUnknown: Neither the store nor Discord tells who requested it.
            FormGone: The modal was answered or declined already.
            PlaceUnreachable: The child's message can no longer be edited.
            TaskUnknown: Neither the store nor the relay knows the child.
        """
        jobs = await self._store.list_jobs_of_task(press.task_id)
        original = next((job for job in jobs if job.claim_id), None)
        job = original if elsewhere else await self._store.find_job(press.place.message_id)
        known = original or job
        requester_id = known.requester.id if known else press.spender.requester_id
        if not requester_id:
            raise RequesterUnknown
        if requester_id != press.person.id:
            raise NotTheRequester
        task = await self._store.find_snapshot(press.task_id)
        if task is None and not jobs:
            # The store has forgotten both; the relay knows whether the task has been drawn.
            task = await self._relay.fetch_task(press.task_id)
        # A task that is being drawn has had its modal; in earlier states it may still wait for one.
        is_drawn = task is not None and (task.status.is_final or task.status is Status.IN_PROGRESS)
        if is_drawn or any(other.form_sent for other in jobs):
            raise ModalExpired
        if elsewhere:
            return self._check_reachable(job)
        if job is None:
            return Job(place=press.place, requester=press.person, task_id=press.task_id, born_at=self._now())
        # The click brings a fresh token, and only that may reach a private message.
        return replace(job, place=press.place)

    async def find_needed_command(self, task_id: str) -> str:
        """Return the command that a person must be allowed to use to answer a child's modal: it draws, or makes clips.

        The claim of the press that opened the modal tells, or else the child.
        """
        task, claims = await self._store.find_snapshot(task_id), await self._store.list_claims_of_children([task_id])
        is_video = any(claim.cost.action == "VIDEO" or CostKind.VIDEO in claim.cost.kinds for claim in claims)
        return find_needed_command("MODAL", is_video=is_video or (task is not None and task.is_video))

    def _check_reachable(self, job: Job | None) -> Job:
        """Return a child's job if its own message can still be edited: this press brings no token for that message."""
        if job is None or not job.parent_id:
            raise ModalExpired
        if not job.place.reachable and job.place.token_expires_at <= self._now():
            raise PlaceUnreachable
        return job
