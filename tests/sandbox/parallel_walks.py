"""Walks through the sandbox's page, taken side by side: each in a sandbox of its own, in one browser."""

import asyncio
from collections.abc import Awaitable, Callable

from playwright.async_api import Browser, Page

from tests.sandbox.chromium import browser
from tests.sandbox.sandbox_process import PATIENCE, RECORD, ROOT, sandbox
from tests.sandbox.visitor import Visitor

Walk = Callable[[Visitor], Awaitable[None]]


async def side_by_side(*walks: Walk) -> None:
    """Take walks at once, each through a sandbox of its own, in one browser."""
    async with browser() as started, asyncio.TaskGroup() as group:
        for walk in walks:
            group.create_task(_walked(started, walk))


async def _walked(started: Browser, walk: Walk) -> None:
    async with sandbox() as url:
        page = await started.new_page(viewport={"width": 1080, "height": 1000}, bypass_csp=RECORD)
        page.set_default_timeout(PATIENCE * 1000)
        await page.goto(url)
        await walk_through(page, walk)


async def walk_through(page: Page, walk: Walk) -> None:
    """Take a walk in a page that is open; where it fails, build/ keeps what was to be seen then."""
    visitor = Visitor(page)
    try:
        await visitor.arrive()
        await walk(visitor)
    except BaseException as error:
        error.add_note(f"On the walk: {walk.__name__}")
        shot = ROOT / "build" / f"walk-{walk.__name__}.png"
        shot.parent.mkdir(exist_ok=True)
        await page.screenshot(path=shot)
        raise
