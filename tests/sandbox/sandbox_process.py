"""The sandbox as a process, for tests of its page, and what is waited for there."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Locator, Page

ROOT = Path(__file__).parents[2]
RECORD = bool(os.environ.get("MJBOT_RECORD"))
"""Set by `make record`: keep the pictures that README shows; the film slows down for it, to be watched."""

PATIENCE = 90.0
"""Seconds that one thing may take on a machine that does ten others; a quiet one takes two."""
_LARGE = "all => all.filter(one => one.naturalWidth >= 80 || one.videoWidth >= 80).length"
"""Counts what is larger than an avatar, which has 64 pixels."""


@asynccontextmanager
async def sandbox(*, seconds: float = 1, side: int = 224) -> AsyncGenerator[str]:
    """Run the real `python -m sandbox`, its tasks so long and its pictures so wide, and give its page's address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-m", "sandbox", "--no-browser"),
        *("--seconds", str(seconds), "--side", str(side)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            while not (found := re.search(rb"http://127\.0\.0\.1\S+", await process.stdout.readline())):
                assert process.returncode is None
        yield found[0].decode()
    finally:
        process.terminate()
        await process.communicate()


async def until(condition: Callable[[], Awaitable[bool]], otherwise: str) -> None:
    """Wait for what the page has no event for; AssertionError says what did not come."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not await condition():  # noqa: ASYNC110 - a page has no event
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(otherwise) from None


async def pictures(within: Page | Locator, count: int = 1) -> None:
    """Wait until so many pictures or clips have arrived there."""

    async def arrived() -> bool:
        found: int = await within.locator("img, video").evaluate_all(_LARGE)
        return found >= count

    await until(arrived, f"fewer than {count} pictures")
