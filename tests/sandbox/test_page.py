"""What a newcomer does: the real sandbox, its page in a real Chromium, and the screenshots that the README shows."""

import asyncio
import io
import os
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page, expect

from tests.sandbox.chromium import chromium

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
RECORD = bool(os.environ.get("MJBOT_RECORD"))
"""Set by `make record`: keep the film of this test as docs/demo.webp, and slow it down to be watched."""


class Film:
    """Takes a frame of the page now and then, and ends as an animated picture."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._frames: list[Image.Image] = []

    async def take(self, times: int = 1) -> None:
        for _ in range(times if RECORD else 1):
            shot = await self._page.screenshot()
            frame = Image.open(io.BytesIO(shot)).convert("RGB")
            frame.thumbnail((900, 900), Image.Resampling.LANCZOS)
            self._frames.append(frame)
            if RECORD:
                await asyncio.sleep(0.35)

    def save(self, path: Path) -> None:
        first, *rest = self._frames
        path.parent.mkdir(parents=True, exist_ok=True)
        first.save(path, save_all=True, append_images=rest, duration=450, loop=0, quality=55, method=4)


@asynccontextmanager
async def _sandbox() -> AsyncGenerator[str]:
    """Run the real `python -m sandbox`, and give its page's address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-m", "sandbox", "--no-browser", "--seconds", "8" if RECORD else "4"),
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


@pytest.fixture(name="page")
async def _page() -> AsyncGenerator[Page]:
    async with _sandbox() as url, chromium(url, width=1080, height=860) as page:
        yield page


async def _pictures(page: Page, count: int) -> None:
    """Wait until so many pictures have arrived in the page."""
    arrived = "all => all.filter(one => one.naturalWidth > 200).length"
    async with asyncio.timeout(20):
        while await page.locator("img").evaluate_all(arrived) < count:  # noqa: ASYNC110 - a page has no event
            await asyncio.sleep(0.1)


@pytest.mark.timeout(180)
async def test_a_newcomers_first_minute(page: Page) -> None:
    """Pictures are there at once; U2 draws the second one, live; a form opens filled in; a typed command follows."""
    film = Film(page)
    await expect(page.get_by_text("Press U2").last).to_be_visible()
    await expect(page.get_by_text("A parameter is not valid").first).to_be_attached()
    await _pictures(page, 2)
    await film.take(4)

    await page.get_by_role("button", name="U2", exact=True).first.click()
    await expect(page.get_by_text("lien pressed U2").first).to_be_attached()
    await page.mouse.move(4, 500)
    await film.take(3)
    latest = page.get_by_text("jump to latest")
    if await latest.is_visible():
        await latest.click()
    for _ in range(14 if RECORD else 1):
        await film.take()
    await expect(page.get_by_text(re.compile("Picture 2 in"))).to_be_visible(timeout=30_000)
    await expect(page.get_by_role("button", name="Custom Zoom")).to_be_visible()
    await film.take(5)

    await page.get_by_role("button", name="Custom Zoom").click()
    form = page.get_by_role("dialog")
    await expect(form.locator("textarea")).to_have_value(re.compile("--zoom 2"))
    await film.take(4)
    await form.locator("textarea").fill("a pig in a wide meadow --v 6.1 --zoom 1.8")
    await film.take(2)
    await form.get_by_role("button", name="Submit").click()
    await expect(page.get_by_text("lien pressed Custom Zoom").first).to_be_attached()
    await film.take(6)

    composer = page.get_by_placeholder("Message #art")
    await composer.fill("/mjstatus")
    await film.take(2)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("private", exact=True)).to_be_visible()
    await page.keyboard.press("Enter")
    await page.keyboard.type("light", delay=60)
    suggestion = page.get_by_text("a lighthouse at dawn --ar 3:2 --v 7 ·")
    await expect(suggestion).to_be_visible()
    await film.take(4)
    await page.keyboard.press("Enter")
    await expect(suggestion).to_be_hidden()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("lien used")).to_have_count(4)
    if await latest.is_visible():
        await latest.click()
    await film.take(6)
    if RECORD:
        film.save(ROOT / "docs" / "demo.webp")
