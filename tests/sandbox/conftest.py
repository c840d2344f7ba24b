import os
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.sandbox.chromium import run_browser
from tests.sandbox.relay_caller import Caller, calling

collect_ignore = [] if os.environ.get("MJBOT_LANGUAGE_PICTURES") else ["test_language_pictures.py"]
"""It takes pictures for a reader of translations, and tests nothing."""


@pytest.fixture
async def caller() -> AsyncGenerator[Caller]:
    """A stock relay, and a client that calls it."""
    async with calling() as ready:
        yield ready


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncGenerator[Browser]:
    """A browser for all tests of a run: starting one takes as much as a short walk through the page."""
    async with run_browser() as started:
        yield started
