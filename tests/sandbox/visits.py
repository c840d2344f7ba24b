"""Visits to a sandbox of one's own, in this process, with its page in the browser."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple
from unittest.mock import patch

from playwright.async_api import Browser, Page
from simcord.preview import _media

from bot.languages import Language
from sandbox.__main__ import OpenPage
from sandbox.__main__ import open_page as open_sandbox
from sandbox.relay import RelaySettings
from tests.fakes.image_worker import ThreadImageWorker
from tests.sandbox.chromium import open_page
from tests.sandbox.sandbox_process import RECORD, ROOT
from tests.sandbox.visitor import Visitor

DEMO = RelaySettings(has_remix_on_demand=True, seconds_per_task=1, picture_side=224 if RECORD else 192)
"""The relay of `python -m sandbox`, but faster and with smaller pictures."""


class Visit(NamedTuple):
    """A visitor for whom the page is open, and the sandbox behind it."""

    visitor: Visitor
    sandbox: OpenPage


@asynccontextmanager
async def visit(
    browser: Browser, relay: RelaySettings = DEMO, *, language: Language = Language.ENGLISH
) -> AsyncGenerator[Visit]:
    """Open a sandbox and its page, and wait for the welcome; if the block fails, build/ keeps a picture of the page."""
    with (
        patch.object(_media.MediaWorker, "_decode", _decode_in_thread),
        patch("bot.app.resources.ImageWorker", ThreadImageWorker),
        # The page draws all its messages anew at each refresh, which is most of the work of these tests.
        patch("sandbox.page.PAUSE_SECONDS", 0.25 if RECORD else 0.75),
    ):
        async with (
            open_sandbox(relay) as sandbox,
            open_page(browser, _name_language(sandbox.url, language), width=1080, height=1000, restyled=RECORD) as page,
        ):
            visitor = Visitor(page)
            try:
                await visitor.arrive()
                yield Visit(visitor, sandbox)
            except BaseException:
                await _keep_picture(page)
                raise


def _name_language(url: str, language: Language) -> str:
    """Return the address of a page in a language; the page itself is English."""
    return url if language is Language.ENGLISH else url.replace("/#", f"/?language={language}#")


@lru_cache(64)
def _read_media(blob: bytes, media_time: float | None) -> _media.MediaInfo:
    return replace(_media._process_media(blob, media_time), memory_limited=True)


async def _decode_in_thread(
    _: _media.MediaWorker, _key: str, blob: bytes, media_time: float | None
) -> _media.MediaInfo:
    """Read a picture for the page without the process that SimCord starts for each: no picture here is hostile."""
    return await asyncio.to_thread(_read_media, blob, media_time)


async def _keep_picture(page: Page) -> None:
    """Save what the page shows when the current test fails."""
    name = os.environ["PYTEST_CURRENT_TEST"].partition("::")[2].partition(" ")[0]
    shot = ROOT / "build" / f"{name}.png"
    shot.parent.mkdir(exist_ok=True)
    await page.screenshot(path=shot)
