"""The use case of the seed: what number a task was drawn from; asked for once, then remembered with the task."""

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
from bot.midjourney.capabilities import SEED_CAPABILITY, compute_refusal_expiry
from bot.midjourney.task import Task
from bot.ports import Relay, Store

log = logging.getLogger(__name__)

_AT_ONCE = 8
"""How many may be asked for at once: each holds a connection that the polls need too, and anybody may ask."""
_AGAIN_SECONDS = 60.0


class SeedService:
    """Asks for seeds. Ports: `relay`, `store`."""

    def __init__(self, relay: Relay, store: Store, now: Now) -> None:
        self._relay = relay
        self._store = store
        self._now = now
        self._under_way = 0

    async def fetch_seed(self, task_id: str) -> Task:
        """Return a task with its seed; nothing else of it need be known.

        Raises:
            NoSeed: Midjourney tells none, of this task or of any.
            TaskUnknown: This key knows no such task.
            RelayBusy: Too many are being asked for.
            RelayError: Any other leaf: the relay cannot be asked.
        """
        return await self.find_known_seed(task_id) or await self._remember(task_id, await self._asked(task_id))

    async def find_known_seed(self, task_id: str) -> Task | None:
        """Return a task whose seed is known already; None where the relay has to be asked for it.

        Raises:
            NoSeed: This relay is known to tell no seeds, so it is not asked.
        """
        known = await self._known(task_id)
        if known.seed:
            return known
        reason = await self._refused()
        if reason is not None:
            raise SeedUnavailable(reason, lasting=True)
        return None

    async def _asked(self, task_id: str) -> str:
        if self._under_way >= _AT_ONCE:
            raise RelayBusy(retry_after=_AGAIN_SECONDS)
        self._under_way += 1
        try:
            return await self._relay.fetch_seed(task_id)
        except ActionUnsupported as unsupported:
            await self._learn(unsupported)
            raise SeedUnavailable(unsupported.reason, lasting=unsupported.lasting) from unsupported
        except (SubmitRefused, ParentBusy, ParentGone) as refused:
            raise SeedUnavailable(refused.reason) from refused
        finally:
            self._under_way -= 1

    async def _refused(self) -> str | None:
        """Return why this relay tells no seeds; None where it may, or where the store is away: it is asked then."""
        try:
            return (await self._store.find_missing_capabilities(self._now())).get(SEED_CAPABILITY)
        except StoreUnavailable:
            return None

    async def _learn(self, unsupported: ActionUnsupported) -> None:
        """Remember that this relay tells no seeds, until it is asked again."""
        if not unsupported.lasting:
            return
        now = self._now()
        try:
            await self._store.save_missing_capability(
                SEED_CAPABILITY, unsupported.reason, at=now, until=compute_refusal_expiry(unsupported, now)
            )
        except StoreUnavailable as gone:
            log.warning("That this relay tells no seeds was not written down: %s.", gone)

    async def _known(self, task_id: str) -> Task:
        try:
            return await self._store.find_snapshot(task_id) or Task(id=task_id)
        except StoreUnavailable as gone:
            log.warning("The seed of task %s is asked for anew: %s.", task_id, gone)
            return Task(id=task_id)

    async def _remember(self, task_id: str, seed: str) -> Task:
        """Keep it with the snapshot, if there is one: read again, as a minute has passed."""
        known = await self._known(task_id)
        task = known.model_copy(update={"seed": seed})
        if known.status.is_final:
            try:
                await self._store.save_snapshot(task)
            except StoreUnavailable as gone:
                log.warning("The seed of task %s is not kept: %s.", task_id, gone)
        return task
