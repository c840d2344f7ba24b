"""Fetch the seed of a task: the relay is asked once, then the seed is saved with the task."""

import logging

from bot.clock import Now
from bot.errors import (
    ActionUnsupported,
    ParentBusy,
    ParentGone,
    RelayBusy,
    SeedUnavailable,
    StoreUnavailable,
    SubmitRefused,
)
from bot.midjourney.capabilities import SEED_CAPABILITY, get_refusal_lifetime
from bot.midjourney.task import Task
from bot.policy.task_privacy import TaskPrivacy, Viewer
from bot.ports import Relay, Store
from bot.retry import STORE_OUTAGE
from bot.tracking.relay_capabilities import RelayCapabilities

log = logging.getLogger(__name__)

_MAX_CONCURRENT_READS = 8
"""Each read holds for a minute a connection that the poller needs too, and any member may start one."""
_RETRY_SECONDS = 60.0


class SeedService:
    """Fetches and saves seeds."""

    def __init__(self, relay: Relay, store: Store, now: Now) -> None:
        self._relay = relay
        self._store = store
        self._privacy = TaskPrivacy(store)
        self._capabilities = RelayCapabilities(store, now)
        self._reads = 0

    async def fetch_seed(self, task_id: str, viewer: Viewer) -> Task:
        """Return a task with its seed; the rest of the task may be unknown.

        Raises:
            SeedUnavailable: Midjourney gives no seed for this task, or the relay gives none at all.
            TaskUnknown: The relay does not know the task, or not for this key; or the viewer may not see it.
            RelayBusy: Too many seeds are being read.
            RelayError: Any other error: the relay cannot be read.
            StoreUnavailable: It is not known whether the viewer may see the task.
        """
        if known := await self.find_known_seed(task_id, viewer):
            return known
        return await self._privacy.read(task_id, viewer, self._read_and_save_seed)

    async def find_known_seed(self, task_id: str, viewer: Viewer) -> Task | None:
        """Return a task whose seed is known; None if the relay has to be asked for it.

        Raises:
            SeedUnavailable: This relay is known to give no seeds, so it is not asked.
            StoreUnavailable: It is not known whether the viewer may see the task.
        """
        is_hidden = await self._privacy.is_hidden(task_id, viewer)
        known = Task(id=task_id) if is_hidden else await self._find_task(task_id)
        if known.seed:
            return known
        if (reason := await self._capabilities.find_refusal(SEED_CAPABILITY)) is not None:
            raise SeedUnavailable(reason, lasting=True)
        return None

    async def _read_and_save_seed(self, task_id: str) -> Task:
        return await self._save_seed(task_id, await self._read_seed(task_id))

    async def _read_seed(self, task_id: str) -> str:
        if self._reads >= _MAX_CONCURRENT_READS:
            raise RelayBusy(retry_after=_RETRY_SECONDS)
        self._reads += 1
        try:
            return await self._relay.fetch_seed(task_id)
        except ActionUnsupported as unsupported:
            if unsupported.lasting:
                lifetime = get_refusal_lifetime(unsupported)
                await self._capabilities.save_refusal(SEED_CAPABILITY, unsupported.reason, lifetime)
            raise SeedUnavailable(unsupported.reason, lasting=unsupported.lasting) from unsupported
        except (SubmitRefused, ParentBusy, ParentGone) as refused:
            raise SeedUnavailable(refused.reason) from refused
        finally:
            self._reads -= 1

    async def _find_task(self, task_id: str) -> Task:
        try:
            return await self._store.find_snapshot(task_id) or Task(id=task_id)
        except StoreUnavailable as gone:
            STORE_OUTAGE.report(log, f"The seed of task {task_id} is read again from the relay.", gone)
            return Task(id=task_id)

    async def _save_seed(self, task_id: str, seed: str) -> Task:
        """Save a seed with the task's snapshot, if there is one; it is read again, as a minute has passed."""
        known = await self._find_task(task_id)
        task = known.model_copy(update={"seed": seed})
        if known.status.is_final:
            try:
                await self._store.save_snapshot(task)
            except StoreUnavailable as gone:
                STORE_OUTAGE.report(log, f"The seed of task {task_id} is not saved.", gone)
        return task
