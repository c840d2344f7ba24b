"""The world between which the real process runs."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.wire.process import World, world_of


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[World]:
    """A Discord, and a relay whose tasks are over in two seconds."""
    async with world_of(tmp_path) as made:
        yield made
