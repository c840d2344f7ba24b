"""What a newcomer does: the real sandbox, its page in a real Chromium, and the screenshots that the README shows."""

import asyncio
import io
import re
from collections.abc import AsyncGenerator
from http import HTTPStatus
from pathlib import Path

import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser, Page, expect

from tests.sandbox.chromium import IN_BROWSER, open_page
from tests.sandbox.sandbox_process import RECORD, ROOT, pictures, sandbox, until

pytestmark = IN_BROWSER

_LOADED = "all => all.every(one => one.naturalWidth > 0)"


class Film:
    """Takes a frame of the page now and then, and ends as an animated picture."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._frames: list[Image.Image] = []

    async def take(self, times: int = 1) -> None:
        for _ in range(times if RECORD else 1):
            if RECORD:
                await until(self._drawn, "a picture that never loads")
            shot = await self._page.screenshot()
            frame = Image.open(io.BytesIO(shot)).convert("RGB")
            frame.thumbnail((900, 900), Image.Resampling.LANCZOS)
            self._frames.append(frame)
            if RECORD:
                await asyncio.sleep(0.35)

    async def _drawn(self) -> bool:
        """Tell whether no picture is on its way: the page draws its messages anew whenever one changes."""
        return bool(await self._page.locator("article img").evaluate_all(_LOADED))

    def save(self, path: Path) -> None:
        first, *rest = self._frames
        path.parent.mkdir(parents=True, exist_ok=True)
        # Each frame by itself (kmax): what is left out between two that are nearly the same shows as a ghost.
        first.save(path, save_all=True, append_images=rest, duration=450, loop=0, quality=65, method=4, kmin=0, kmax=1)


async def _to_the_end(page: Page) -> None:
    """Show the newest message down to its last button."""
    await page.locator("article.channel-message").last.evaluate("one => one.scrollIntoView({block: 'end'})")


@pytest_asyncio.fixture(name="page", loop_scope="session")
async def _page(browser: Browser) -> AsyncGenerator[Page]:
    async with (
        sandbox(seconds=8 if RECORD else 4, side=1024 if RECORD else 512) as url,
        open_page(browser, url, width=1080, height=860) as page,
    ):
        yield page


async def test_a_newcomers_first_minute(page: Page) -> None:
    """Pictures are there at once; U2 draws the second one, live; a form opens filled in; a typed prompt is drawn.

    No picture is missing on the way, also where the bot replaces it while the page fetches it.
    """
    film = Film(page)
    refused: list[str] = []
    page.on("response", lambda answer: refused.append(answer.url) if answer.status >= HTTPStatus.BAD_REQUEST else None)
    await expect(page.get_by_text("Press U2").last).to_be_visible()
    await expect(page.get_by_text("A parameter isn't valid").first).to_be_attached()
    await pictures(page, 2)
    await film.take(4)

    await page.get_by_role("button", name="U2", exact=True).first.click()
    await expect(page.get_by_text("lien pressed U2").first).to_be_attached()
    await page.mouse.move(4, 500)
    await film.take(3)
    await _to_the_end(page)
    for _ in range(14 if RECORD else 1):
        await _to_the_end(page)
        await film.take()
    await expect(page.get_by_text(re.compile("Picture 2 in"))).to_be_visible()
    await expect(page.get_by_role("button", name="Custom Zoom")).to_be_visible()
    await _to_the_end(page)
    await film.take(5)

    await page.get_by_role("button", name="Custom Zoom").click()
    form = page.get_by_role("dialog")
    await expect(form.locator("textarea")).to_have_value(re.compile("--zoom 2"))
    await film.take(4)
    await form.locator("textarea").fill("a pig in a wide meadow --v 6.1 --zoom 1.8")
    await film.take(2)
    await form.get_by_role("button", name="Submit").click()
    await page.mouse.move(4, 500)
    await expect(page.get_by_text("lien pressed Custom Zoom").first).to_be_attached()
    await _to_the_end(page)
    await film.take(6)

    composer = page.get_by_placeholder("Message #art")
    await composer.fill("/imagine")
    await film.take(2)
    await page.keyboard.press("Enter")
    await page.keyboard.type("a red fox in fresh snow", delay=60)
    await film.take(4)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("lien used")).to_have_count(4)
    drawn = page.locator("article.channel-message").filter(has_text="a red fox in fresh snow")
    for _ in range(14 if RECORD else 1):
        await _to_the_end(page)
        await film.take()
    await expect(drawn).to_contain_text("Four pictures in")
    await pictures(drawn)
    await _to_the_end(page)
    await film.take(6)
    assert [] == refused
    await expect(page.locator(".media-unavailable")).to_have_count(0)
    if RECORD:
        film.save(ROOT / "docs" / "demo.webp")
