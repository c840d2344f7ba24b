"""The garbage collector skips what lives as long as the process, and nothing else."""

import gc
import weakref
from collections.abc import Generator

import pytest

from bot.ops.garbage_collection import YOUNG_OBJECTS, freeze_heap


class Cycle:
    """An object that only the collector can delete."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def restored_collector() -> Generator[None]:
    """Leave the collector of the test process as it was."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.freeze()
    gc.set_threshold(*before)


async def test_live_objects_are_frozen() -> None:
    """Collections look at few objects, and come seldom."""
    await freeze_heap()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold()[0] == YOUNG_OBJECTS


async def test_cycles_made_after_the_freeze_are_collected() -> None:
    """By young collections, which go on by themselves."""
    await freeze_heap()
    cycle = weakref.ref(Cycle())
    kept = list[list[None]]()
    for _ in range(2 * YOUNG_OBJECTS):
        kept.append([])
        if cycle() is None:
            return
    pytest.fail("no collection came")


async def test_freezing_again_collects_what_was_frozen() -> None:
    """A process that loses its session with Discord again and again keeps nothing of the earlier ones."""
    cycle = Cycle()
    reference = weakref.ref(cycle)
    await freeze_heap()
    del cycle
    gc.collect()
    assert reference() is not None
    await freeze_heap()
    assert reference() is None
