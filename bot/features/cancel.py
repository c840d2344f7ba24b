"""Cancel a running task at the relay, or, if that cannot be done, stop watching it on this message."""

import logging
from dataclasses import replace
from enum import Enum, auto

from bot.clock import Clock
from bot.entities import Job, Place
from bot.errors import ActionUnsupported, RelayMoved, TaskUnknown
from bot.features.message_permissions import MessageActor
from bot.midjourney.capabilities import CANCEL_CAPABILITY, get_refusal_lifetime
from bot.policy.task_privacy import TaskPrivacy, Viewer
from bot.ports import Relay, Store
from bot.tracking.tracker import JobTracker

log = logging.getLogger(__name__)


class CancelOutcome(Enum):
    """What a click on Cancel has done."""

    REQUESTED = auto()
    """The relay accepted the request; the task's status shows later what came of it."""
    STOPPED = auto()
    """The message no longer watches the task, which it did not submit itself."""
    UNSUPPORTED = auto()
    """The message no longer watches the task, because the relay cannot cancel."""
    ALREADY_ENDED = auto()
    """The task has ended, and its result is shown."""


class CancelService:
    """Cancels tasks, and stops watching them."""

    def __init__(self, relay: Relay, store: Store, jobs: JobTracker, *, clock: Clock) -> None:
        self._relay = relay
        self._store = store
        self._jobs = jobs
        self._privacy = TaskPrivacy(store)
        self._now = clock.now

    async def cancel_task(self, task_id: str, place: Place, actor: MessageActor, viewer: Viewer) -> CancelOutcome:
        """Cancel a task that this message has submitted if the relay can, else stop watching the task here.

        A task that another message or program has submitted is not cancelled.

        Raises:
            NotOwnerOrModerator: This person may not do that.
            TaskUnknown: The viewer, who clicked, may not see the task.
            RelayError: The relay can cancel in general, but did not.
            StoreUnavailable: It is unknown whose message it is.
        """
        known = await self._store.find_job(place.message_id)
        actor.require_permission(known)
        if await self._privacy.is_hidden(task_id, viewer):
            raise TaskUnknown(task_id=task_id)
        new = Job(place=place, requester=actor.person, task_id=task_id, born_at=self._now())
        job = replace(known or new, place=place, task_id=task_id)
        task = await self._store.find_snapshot(task_id)
        if task is not None and task.status.is_final:
            await self._jobs.follow_again(task_id, place, actor.person, viewer)
            return CancelOutcome.ALREADY_ENDED
        if job.claim_id and await self._request_cancel(task_id):
            return CancelOutcome.REQUESTED
        await self._jobs.stop_watching(job)
        return CancelOutcome.UNSUPPORTED if job.claim_id else CancelOutcome.STOPPED

    async def _request_cancel(self, task_id: str) -> bool:
        """Ask the relay to cancel, and return True, unless it cannot; that it cannot is remembered."""
        capabilities = self._jobs.messages.capabilities
        if await capabilities.find_refusal(CANCEL_CAPABILITY) is not None:
            return False
        try:
            await self._relay.cancel_task(task_id)
        except RelayMoved as moved:
            # new-api with a separate web console redirects paths that it lacks to the console.
            log.info("The relay redirects the cancel of task %s to %s.", task_id, moved.address)
            return False
        except ActionUnsupported as unsupported:
            lifetime = get_refusal_lifetime(unsupported)
            await capabilities.save_refusal(CANCEL_CAPABILITY, unsupported.reason, lifetime)
            return False
        log.info("The relay was asked to cancel task %s.", task_id)
        return True
