"""The world between which the real process runs."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.worlds.processes import WireWorld, open_wire_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[WireWorld]:
    """A Discord, and a relay whose tasks are over in two seconds."""
    async with open_wire_world(tmp_path) as made:
        yield made
