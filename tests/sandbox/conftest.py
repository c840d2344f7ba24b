from collections.abc import AsyncGenerator

import pytest

from tests.sandbox.relay_caller import Caller, calling


@pytest.fixture
async def caller() -> AsyncGenerator[Caller]:
    """A stock relay, and a client that calls it."""
    async with calling() as ready:
        yield ready
