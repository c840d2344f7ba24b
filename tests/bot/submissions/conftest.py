"""A world of fakes, with a finished grid to press, and one process in it."""

from collections.abc import AsyncIterator

import pytest

from bot.midjourney.task import Status
from tests.fakes.process import Process, World
from tests.fakes.rows import CHILD, PARENT, task


@pytest.fixture
def world() -> World:
    """A finished grid, whose child the relay draws at once."""
    world = World()
    world.store.snapshots = {PARENT: task(status=Status.SUCCESS)}
    world.relay.set(task(CHILD, progress=10))
    return world


@pytest.fixture
async def process(world: World) -> AsyncIterator[Process]:
    """One process of the service layer."""
    async with world.process() as process:
        yield process
