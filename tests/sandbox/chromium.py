"""A real Chromium for the tests of the page: Debian's, as playwright's own is a download."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.sandbox.sandbox_process import PATIENCE, RECORD

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

IN_BROWSER = [
    pytest.mark.browser,
    # The browser of the run lives in the session's event loop.
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(900),
]
"""The marks of every test that uses the fixture `browser`."""

expect.set_options(timeout=PATIENCE * 1000)


@asynccontextmanager
async def run_browser() -> AsyncGenerator[Browser]:
    """Start a browser; skip the test where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here: install Debian's package chromium to run the browser tests")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield started
        await started.close()


@asynccontextmanager
async def open_page(
    browser: Browser, url: str, *, width: int, height: int, restyled: bool = False
) -> AsyncGenerator[Page]:
    """Open an address in a profile of its own; `restyled` lets the page be given styles that its own rules forbid."""
    async with await browser.new_context(
        viewport={"width": width, "height": height},
        bypass_csp=restyled,
        reduced_motion="no-preference" if RECORD else "reduce",
    ) as context:
        page = await context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        await page.goto(url)
        yield page
