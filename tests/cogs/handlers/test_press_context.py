"""What a form starts with: found in the time of a first answer, or nothing."""

import asyncio

from bot.midjourney.buttons import ButtonKind
from bot.midjourney.task import Status, Task
from bot.store.group_commit import run_to_completion
from cogs.components.custom_ids import TaskCustomId
from cogs.handlers.press_context import fetch_prefill
from tests.fakes.sample_entities import PARENT, task, viewer
from tests.fakes.store import FakeStore
from tests.worlds.services import ServiceWorld


class BusyStore(FakeStore):
    """A store whose reads wait for `free`, and hold a cancellation back until they have ended, as a database's do."""

    free: asyncio.Event

    async def find_snapshot(self, task_id: str) -> Task | None:
        """Read, once it is free."""
        await run_to_completion(self.free.wait())
        return await super().find_snapshot(task_id)


async def test_a_modal_opens_without_waiting_for_a_busy_store() -> None:
    """Discord accepts a modal only in the first three seconds."""
    world = ServiceWorld()
    world.store = store = BusyStore(world.clock.now)
    store.snapshots = {PARENT: task(status=Status.SUCCESS)}
    store.free = asyncio.Event()
    async with world.process() as process:
        async with asyncio.timeout(10):
            asked = asyncio.create_task(
                fetch_prefill(process.presses, TaskCustomId(ButtonKind.VARY_REGION, PARENT), viewer())
            )
            done, _ = await asyncio.wait({asked}, timeout=2.5)
            store.free.set()
            assert (done, await asked) == ({asked}, "")
            assert (
                await fetch_prefill(process.presses, TaskCustomId(ButtonKind.VARY_REGION, PARENT), viewer())
                == "a lighthouse"
            )


async def test_a_modal_opens_empty_without_a_store() -> None:
    """An empty form is better than none."""
    world = ServiceWorld()
    async with world.process() as process:
        world.store.down = True
        assert await fetch_prefill(process.presses, TaskCustomId(ButtonKind.VARY_REGION, PARENT), viewer()) == ""
        world.store.down = False
