"""The use case of giving up: a running task is cancelled where the relay can, else its message no longer watches it."""

import logging
from dataclasses import replace
from enum import Enum, auto

from bot.clock import Clock
from bot.entities import Job, Place
from bot.errors import ActionUnsupported
from bot.features.message_permissions import MessageActor
from bot.midjourney.capabilities import CANCEL_CAPABILITY, compute_refusal_expiry
from bot.ports import Relay, Store
from bot.tracking.tracker import JobTracker

log = logging.getLogger(__name__)


class CancelOutcome(Enum):
    """What came of it."""

    REQUESTED = auto()
    """The relay took it; the task itself will tell."""
    STOPPED = auto()
    """The message no longer watches it."""
    UNSUPPORTED = auto()
    """The same, as the relay cannot cancel."""
    ALREADY_ENDED = auto()
    """There was nothing left to give up: its end is shown."""


class CancelService:
    """Gives up what is under way."""

    def __init__(self, relay: Relay, store: Store, jobs: JobTracker, *, clock: Clock) -> None:
        self._relay = relay
        self._store = store
        self._jobs = jobs
        self._now = clock.now

    async def cancel_task(self, task_id: str, place: Place, hand: MessageActor) -> CancelOutcome:
        """Cancel the task if this message has asked for it and the relay can, else stop watching it here.

        What another message, or program, has asked for is not this one's to cancel.

        Raises:
            NotYours: This person may not.
            RelayError: The relay can, in general, but did not.
            StoreUnavailable: Nobody knows whose message it is.
        """
        known = await self._store.find_job(place.message_id)
        hand.require_permission(known)
        born = Job(place=place, requester=hand.person, task_id=task_id, born_at=self._now())
        job = replace(known or born, place=place, task_id=task_id)
        task = await self._store.find_snapshot(task_id)
        if task is not None and task.status.is_final:
            await self._jobs.follow_again(task_id, place, hand.person)
            return CancelOutcome.ALREADY_ENDED
        if not job.claim_id:
            await self._jobs.stop_watching(job)
            return CancelOutcome.STOPPED
        if await self._cancelled(task_id):
            return CancelOutcome.REQUESTED
        await self._jobs.stop_watching(job)
        return CancelOutcome.UNSUPPORTED

    async def _cancelled(self, task_id: str) -> bool:
        """Ask the relay, unless it is known to lack that; what it lacks is learnt."""
        now = self._now()
        if CANCEL_CAPABILITY in await self._store.find_missing_capabilities(now):
            return False
        try:
            await self._relay.cancel_task(task_id)
        except ActionUnsupported as lacking:
            await self._store.save_missing_capability(
                CANCEL_CAPABILITY, lacking.reason, at=now, until=compute_refusal_expiry(lacking, now)
            )
            self._jobs.messages.capabilities.invalidate()
            return False
        log.info("Task %s is asked to be cancelled.", task_id)
        return True
