"""The sandbox as a process, and somebody who sits at its page: types commands, presses buttons, fills in forms."""

import asyncio
import io
import os
import re
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeAlias

from PIL import Image
from playwright.async_api import Browser, Locator, Page, expect

from tests.sandbox.chromium import browser

ROOT = Path(__file__).parents[2]
RECORD = bool(os.environ.get("MJBOT_RECORD"))
"""Set by `make record`: keep the pictures that README shows; the film slows down for it, to be watched."""

PATIENCE = 40.0
"""Seconds that one thing may take on a machine that does ten others; a quiet one takes two."""
_MS = PATIENCE * 1000
_LARGE = "all => all.filter(one => one.naturalWidth > 200 || one.videoWidth > 200).length"
_WIDEST = 640


Walk: TypeAlias = "Callable[[Visitor], Awaitable[None]]"


@asynccontextmanager
async def sandbox(*, seconds: float = 1, side: int = 400) -> AsyncGenerator[str]:
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


async def side_by_side(*walks: Walk) -> None:
    """Take walks at once, each through a sandbox of its own, in one browser."""
    async with browser() as started, asyncio.TaskGroup() as group:
        for walk in walks:
            group.create_task(_walked(started, walk))


async def _walked(started: Browser, walk: Walk) -> None:
    async with sandbox() as url:
        page = await started.new_page(viewport={"width": 1080, "height": 1000})
        page.set_default_timeout(PATIENCE * 1000)
        await page.goto(url)
        visitor = Visitor(page)
        await visitor.arrive()
        await walk(visitor)


class Visitor:
    """One person at the page, who does one thing at a time; what fails is told with the step in which it did."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._composer = page.locator("#channel-composer")
        self._messages = page.locator("article.channel-message")

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Name what is done, for whoever reads the failure."""
        try:
            yield
        except BaseException as error:
            error.add_note(f"In the step: {name}")
            raise

    async def arrive(self) -> None:
        """Wait for the welcome."""
        await expect(self.page.get_by_text("Press U2").last).to_be_visible(timeout=PATIENCE * 1000)
        await pictures(self.page, 2)

    async def sends(self, command: str, **options: str | Path | list[Path]) -> Locator:
        """Type a command with its options, send it, and return the answer's message."""
        with self.step(f"/{command} {' '.join(options)}"):
            await self._composer.locator("textarea").fill(f"/{command}")
            await self._composer.locator(".command-entry.is-active").get_by_text(f"/{command}", exact=True).click()
            for name, value in options.items():
                await self._option(name, value)
            return await self._new(self._send)

    async def presses(self, message: Locator, label: str) -> Locator:
        """Press a button, and return the message that answers."""
        with self.step(f"press {label}"):
            return await self._new(lambda: self.button(message, label).click())

    async def opens(self, message: Locator, label: str) -> Locator:
        """Press a button, and return the form that it opens."""
        with self.step(f"press {label}"):
            await self.button(message, label).click()
            return await self.form()

    async def form(self) -> Locator:
        """Wait for a form, and return it."""
        form = self.page.get_by_role("dialog")
        await expect(form.get_by_role("button", name="Submit")).to_be_enabled(timeout=PATIENCE * 1000)
        return form

    async def submits(self, form: Locator) -> Locator:
        """Send a form, and return the message that answers."""
        return await self._new(lambda: form.get_by_role("button", name="Submit").click())

    async def chooses(self, message: Locator, *names: str) -> None:
        """Choose from the message's menu."""
        await message.locator(".component-select, [role=combobox]").first.click()
        for name in names:
            await self.page.get_by_role("option").filter(has_text=name).first.click()

    def button(self, message: Locator, label: str) -> Locator:
        """Find a button by what it says, or shows."""
        return message.locator(".component-button").filter(has=self.page.get_by_text(label, exact=True))

    async def sees(self, message: Locator, text: str) -> None:
        """Wait for words in a message, given as a regular expression."""
        with self.step(f"see {text!r}"):
            await expect(message).to_contain_text(re.compile(text), timeout=_MS)

    async def gets(self, message: Locator, title: str) -> None:
        """Wait for a finished picture, or a clip, under a title."""
        await self.sees(message, title)
        with self.step(f"get the picture of {title!r}"):
            await pictures(message)

    async def keep(self, shown: Locator, name: str) -> None:
        """Keep a picture of a form for README, if this is a recording."""
        if RECORD:
            shot = Image.open(io.BytesIO(await shown.screenshot())).convert("RGB")
            shot.thumbnail((_WIDEST, _WIDEST * 2), Image.Resampling.LANCZOS)
            folder = ROOT / "docs" / "forms"
            folder.mkdir(parents=True, exist_ok=True)
            shot.save(folder / f"{name}.webp", quality=80, method=6)

    async def _option(self, name: str, value: str | Path | list[Path]) -> None:
        pill = self._composer.locator(f".command-pill[data-option={name}]")
        if not await pill.count():
            await self._composer.locator(".command-chip").click()
            await self._composer.locator(f".command-suggestion[data-value={name}]").click()
        if not isinstance(value, str):
            await pill.locator("input[type=file]").set_input_files(value)
            await expect(pill.locator(".command-file-remove")).to_be_visible()
            return
        field = pill.locator(".command-option-input")
        await field.fill(value)
        if await field.get_attribute("role") == "combobox":
            await self._composer.locator(".command-suggestion").filter(has_text=value).first.click()

    async def _send(self) -> None:
        """Send what stands in the composer; a page that is busy forgets a key, and a person presses it again."""
        command = self._composer.locator(".command-row")

        async def gone() -> bool:
            if await command.count() and await command.get_attribute("aria-busy") != "true":
                await self._composer.locator("#send-message").click()
            return not await command.count()

        await until(gone, "the composer did not send")

    async def _new(self, act: Callable[[], Awaitable[None]]) -> Locator:
        """Do something, and return the message that was not there before: always the last one."""
        last = self._messages.last
        before = await last.get_attribute("data-message-id") or ""
        await act()
        await expect(last).not_to_have_attribute("data-message-id", before, timeout=_MS)
        return self.page.locator(f'article[data-message-id="{await last.get_attribute("data-message-id")}"]')
