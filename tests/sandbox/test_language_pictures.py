"""Pictures of states, panels, forms and errors in other languages, for a reader of them to look at.

MJBOT_LANGUAGE_PICTURES names the folder that they are written to; without it this module is not collected. Beside them,
`found.txt` lists the English sentences and the truncated words that the page showed.
"""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect
from playwright.async_api import TimeoutError as Unheard

from bot.languages import OWN_NAMES
from cogs.languages import Language, _, use_language
from sandbox.__main__ import DEMO_RELAY, OpenPage
from tests.sandbox import visitor as visiting
from tests.sandbox.catalog_words import find_english
from tests.sandbox.chromium import IN_BROWSER
from tests.sandbox.test_states import _scenes, _send
from tests.sandbox.visitor import Visitor
from tests.sandbox.visits import visit

FOLDER = os.environ.get("MJBOT_LANGUAGE_PICTURES", "")
_CHOSEN = os.environ.get("MJBOT_LANGUAGES", "vi zh-CN").split()
pytestmark = IN_BROWSER

_SIZES = ((1280, 800), (390, 844))
_WALKING = (1080, 1000)
_QUICK = replace(DEMO_RELAY, seconds_per_task=1, picture_side=224)
_TRUNCATED = """shown => [...shown.querySelectorAll("*")].filter(one => !one.children.length && one.textContent.trim()
  && one.clientWidth && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflow !== "visible"
).map(one => one.textContent.trim())"""
_WHOLE = """
.modal-dialog, .modal-body { max-height: none !important; overflow: visible !important; }
.select-guidance, .message-context-actions { display: none !important; }
"""
_AROUND = 320
"""The height of what surrounds the messages."""
_SETTLE_MS = 1200
"""How long an answer that changes a message in place may take; here only pictures depend on it."""


class Album:
    """Takes pictures of parts of a page in both sizes, and notes what reads wrong in them."""

    def __init__(self, visitor: Visitor, language: Language) -> None:
        self.visitor = visitor
        self.language = language
        self._folder = Path(FOLDER) / language
        self._folder.mkdir(parents=True, exist_ok=True)
        self._seen: set[str] = set()
        self._notes: list[str] = []

    async def take(self, shown: Locator, name: str) -> None:
        """Take something, unless it looks as before."""
        text = await shown.inner_text()
        if text in self._seen:
            return
        self._seen.add(text)
        self._notes += [f"{name}: English: {one}" for one in find_english(text, self.language)]
        (self._folder / f"{name}.txt").write_text(text)
        for width, height in _SIZES:
            await self.visitor.page.set_viewport_size({"width": width, "height": height})
            box = await shown.bounding_box()
            if box and box["height"] > height - _AROUND:
                # What is taller than the room for messages is shown whole all the same.
                await self.visitor.page.set_viewport_size({"width": width, "height": int(box["height"]) + _AROUND})
            await shown.screenshot(path=self._folder / f"{name}-{width}.png", style=_WHOLE, animations="disabled")
            cut: list[str] = await shown.evaluate(_TRUNCATED)
            self._notes += [f"{name}: truncated at {width}: {one}" for one in cut]
        await self.visitor.page.set_viewport_size({"width": _WALKING[0], "height": _WALKING[1]})

    async def take_page(self, name: str) -> None:
        """Take the whole page."""
        for width, height in _SIZES:
            await self.visitor.page.set_viewport_size({"width": width, "height": height})
            await self.visitor.page.screenshot(path=self._folder / f"{name}-{width}.png")
        await self.visitor.page.set_viewport_size({"width": _WALKING[0], "height": _WALKING[1]})

    @asynccontextmanager
    async def part(self, name: str) -> AsyncGenerator[None]:
        """Note a part of the walk that fails, and go on with the next."""
        try:
            yield
        except (AssertionError, Unheard, Exception) as error:  # noqa: BLE001 - each part stands for itself
            self._notes.append(f"{name}: not reached: {type(error).__name__} {str(error)[:300]}")
            with suppress(Unheard, AssertionError):
                await self.visitor.page.reload()
                await self.visitor.arrive()
        self.save()

    def save(self) -> None:
        """Write what was noted."""
        (self._folder / "found.txt").write_text("\n".join(dict.fromkeys(self._notes)) + "\n")


class Explorer:
    """Opens every page of a panel, and every form and answer that its buttons lead to."""

    def __init__(self, album: Album) -> None:
        self._album = album
        self._visitor = album.visitor
        self._page = album.visitor.page

    async def explore(self, command: str, *, pages: bool = False, buttons: bool = True) -> None:
        """Send a command, and look at its panel."""
        album = self._album
        async with album.part(command):
            panel = await self._visitor.sends(command)
            await self._page.wait_for_timeout(_SETTLE_MS)
            await album.take(panel, command)
            if command == "mjserver":
                await self._visitor._clicks("click", self._visitor.button(panel, _("Skip the guide")))
                await self._page.wait_for_timeout(_SETTLE_MS)
            names = await self._read_options(panel) if pages else [""]
            for at, name in enumerate(names):
                async with album.part(f"{command}-{at}"):
                    if name:
                        await self._choose(panel, name)
                        await album.take(panel, f"{command}-{at}")
                    if buttons:
                        await self._press_all(panel, f"{command}-{at}", name)

    async def _press_all(self, panel: Locator, title: str, page_name: str) -> None:
        count = await panel.locator("button.component-button:not([disabled])").count()
        for at in range(count):
            async with self._album.part(f"{title}-button{at}"):
                button = panel.locator("button.component-button:not([disabled])").nth(at)
                if not await button.count():
                    break
                if (await button.inner_text()).strip() in OWN_NAMES.values():
                    continue
                await self._press(button, panel, f"{title}-button{at}")
                if page_name:
                    with suppress(Unheard, AssertionError):
                        await self._choose(panel, page_name)

    async def _press(self, button: Locator, panel: Locator, title: str) -> None:
        last = self._page.locator("article.channel-message").last
        before = await last.get_attribute("data-message-id")
        await self._visitor._clicks("click", button)
        await self._page.wait_for_timeout(_SETTLE_MS)
        form = self._page.get_by_role("dialog")
        if await form.count() and await form.is_visible():
            await self._album.take(form, f"{title}-form")
            await self._page.keyboard.press("Escape")
            return
        if await last.get_attribute("data-message-id") != before:
            await self._album.take(last, f"{title}-answer")
        await self._album.take(panel, title)

    async def _read_options(self, panel: Locator) -> list[str]:
        trigger = panel.locator(".preview-select .select-trigger").first
        await trigger.press("Enter", timeout=5000)
        names = await panel.get_by_role("option").all_inner_texts()
        await self._page.keyboard.press("Escape")
        return [name.splitlines()[0] for name in names]

    async def _choose(self, panel: Locator, name: str) -> None:
        menu = panel.locator(".preview-select").first
        if name in await menu.locator(".select-trigger").inner_text():
            return
        await self._visitor._acts("select", partial(visiting._choose, menu, [name]))
        await self._page.wait_for_timeout(_SETTLE_MS)


@pytest.mark.parametrize("language", [Language(one) for one in _CHOSEN])
async def test_pictures_of_a_language(browser: Browser, language: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    """Walk through commands, panels, forms, errors and all states."""
    monkeypatch.setattr(visiting, "_MS", 15_000)
    monkeypatch.setattr(visiting, "_TRIES", 2)
    monkeypatch.setattr(visiting, "_HEARD_MS", 5_000)
    async with visit(browser, _QUICK, language=language) as (visitor, sandbox):
        visitor.page.set_default_timeout(15_000)
        album = Album(visitor, language)
        with use_language(language):
            await _walk(album, sandbox)
        album.save()


async def _walk(album: Album, sandbox: OpenPage) -> None:
    only = os.environ.get("MJBOT_LANGUAGE_PARTS", "").split()
    await album.take_page("page")
    for walk in (_look_at_picker, _look_at_examples, _look_at_errors, _look_at_forms, _look_at_menus, _look_at_states):
        if only and walk.__name__.rpartition("_")[2] not in only:
            continue
        async with album.part(walk.__name__.strip("_")):
            await walk(album, sandbox)
    explorer = Explorer(album)
    for name in ("mjsettings", "mjhelp", "mjcheck", "mjtasks", "mjusage", "mydata", "mjserver", "mjadmin"):
        if not only or name in only:
            await explorer.explore(name, pages=name in {"mjserver", "mjadmin"})


async def _look_at_picker(album: Album, _sandbox: OpenPage) -> None:
    composer = album.visitor.page.locator("#channel-composer textarea")
    await composer.fill("/")
    await album.visitor.page.wait_for_timeout(_SETTLE_MS)
    await album.take_page("picker")
    await composer.fill("")


async def _look_at_examples(album: Album, _sandbox: OpenPage) -> None:
    messages = album.visitor.page.locator("article.channel-message")
    for at in range(4, await messages.count()):
        await album.take(messages.nth(at), f"example-{at}")


async def _look_at_errors(album: Album, sandbox: OpenPage) -> None:
    add = sandbox.scene.relay.add_task
    sends = album.visitor.sends
    refused: tuple[tuple[str, str, dict[str, str]], ...] = (
        ("chaos", "imagine", {"prompt": "a fox --chaos 900"}),
        ("parameter", "imagine", {"prompt": "a fox --banana 2"}),
        ("no-words", "imagine", {"prompt": "--ar 3:2"}),
        ("two-ratios", "imagine", {"prompt": "a fox --ar 3:0"}),
        ("banned", "imagine", {"prompt": "a naked fox"}),
        ("unknown-task", "mjstatus", {"id": "99"}),
        ("gone-task", "mjstatus", {"id": "1730621826053999"}),
        ("no-picture", "describe", {}),
        ("no-source", "animate", {}),
        ("bad-url", "describe", {"link": "no address"}),
        ("no-seed", "seed", {"id": "1730621826053999"}),
    )
    for title, command, options in refused:
        async with album.part(f"error-{title}"):
            await album.take(await sends(command, **options), f"error-{title}")
    for kind in ("failed", "modal", "cancelled", "single", "upscaled", "describe", "shorten", "video", "clip"):
        async with album.part(f"task-{kind}"):
            shown = await sends("mjstatus", id=add(kind, prompt="a fox in snow --v 7"))
            await album.visitor.page.wait_for_timeout(3 * _SETTLE_MS)
            await album.take(shown, f"task-{kind}")


async def _look_at_forms(album: Album, sandbox: OpenPage) -> None:
    visitor, add = album.visitor, sandbox.scene.relay.add_task
    one = await visitor.sends("mjstatus", id=add("single", prompt="a fox in snow --v 7"))
    await visitor.page.wait_for_timeout(3 * _SETTLE_MS)
    for label in ("Custom Zoom", "Vary (Region)"):
        async with album.part(f"form-{label}"):
            form = await visitor.opens(one, label)
            await album.take(form, f"form-{label}")
            await visitor.page.keyboard.press("Escape")
    for label in ("❤️", "🗑️"):
        async with album.part(f"press-{label}"):
            await album.take(await visitor.presses(one, label), f"press-{label}")
    async with album.part("region"):
        form = await visitor.opens(one, "Vary (Region)")
        await visiting._choose(form.locator(".preview-select").first, [_("Left half")])
        preview = await visitor.new(lambda: visitor.submits(form))
        await visitor.page.wait_for_timeout(3 * _SETTLE_MS)
        await album.take(preview, "region-preview")
    for kind in ("describe", "grid", "clip"):
        message = await visitor.sends("mjstatus", id=add(kind, prompt="a cat on a roof --v 7"))
        await visitor.page.wait_for_timeout(3 * _SETTLE_MS)
        explorer = Explorer(album)
        own = message.locator("button.component-button:not([disabled])")
        for at in reversed(range(await own.count())):
            label = (await own.nth(at).inner_text()).strip()
            if label.isascii() and len(label) < 3:
                continue
            async with album.part(f"{kind}-{at}"):
                await explorer._press(own.nth(at), message, f"{kind}-{at}")
    async with album.part("question"):
        await album.take(await visitor.sends("animate", id="cat", picture="1"), "question-animate")


async def _look_at_menus(album: Album, sandbox: OpenPage) -> None:
    visitor = album.visitor
    grid = visitor.page.locator("article.channel-message").nth(5)
    message_id = await grid.get_attribute("data-message-id")
    target = next(one for one in sandbox.scene.channel.history() if str(one.id) == message_id)

    def choose(name: str) -> Callable[[], Awaitable[None]]:
        async def act() -> None:
            async with sandbox.page.pause_refresh():
                await sandbox.scene.member.context_menu(sandbox.scene.channel, name, target)

        return act

    for name in ("Upscale picture", "Blend with ...", "Describe this image"):
        async with album.part(f"menu-{name}"):
            shown = await visitor.new(choose(name))
            await visitor.page.wait_for_timeout(3 * _SETTLE_MS)
            await album.take(shown, f"menu-{name}")
            if name.startswith("Blend"):
                await Explorer(album)._press_all(shown, "menu-blend", "")


async def _look_at_states(album: Album, sandbox: OpenPage) -> None:
    scene = sandbox.scene
    titles: list[str] = []
    for shown in _scenes(str(scene.app.bot.user and scene.app.bot.user.display_avatar.url)):
        async with sandbox.page.pause_refresh():
            titles.append(await _send(scene, shown))
    await expect(album.visitor.page.get_by_text(titles[-1], exact=True).first).to_be_attached()
    messages = album.visitor.page.locator("article.channel-message")
    count = await messages.count()
    for at in range(len(titles)):
        await album.take(messages.nth(count - len(titles) + at), f"state-{at:02}")
