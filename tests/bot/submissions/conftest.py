"""A world of fakes, with a finished grid to press, and one process in it."""

from collections.abc import AsyncIterator

import pytest

from bot.midjourney.task import Status
from tests.fakes.sample_entities import CHILD, PARENT, task
from tests.worlds.services import ServiceProcess, ServiceWorld


@pytest.fixture
def world() -> ServiceWorld:
    """A finished grid, whose child the relay draws at once."""
    world = ServiceWorld()
    world.store.snapshots = {PARENT: task(status=Status.SUCCESS)}
    world.relay.set(task(CHILD, progress=10))
    return world


@pytest.fixture
async def process(world: ServiceWorld) -> AsyncIterator[ServiceProcess]:
    """One process of the service layer."""
    async with world.process() as process:
        yield process
