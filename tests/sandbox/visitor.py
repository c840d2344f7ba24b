"""A visitor of the sandbox's page, who types commands, presses buttons, chooses, and fills in forms."""

import io
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from PIL import Image
from playwright.async_api import Locator, Page, Request, expect
from playwright.async_api import TimeoutError as Unheard

from bot.languages import Language
from tests.sandbox.sandbox_process import PATIENCE, RECORD, ROOT, pictures

_NUMBER = re.compile(r"\d+")
"""An id, for which there need be no suggestion."""
GREEN = re.compile("button-style-3")
_MS = PATIENCE * 1000
_HEARD_MS = 10_000
"""How soon the page says of a click that it took it; it forgets those that meet it while it draws itself anew."""
_TRIES = 10
_OPENINGS = 3
"""A menu that opens draws all messages anew; one that jumps out of sight thereby closes at once (SimCord 3.2.1)."""
_WIDEST = 640
_RIGHT = """shown => {
  const parts = [...shown.querySelectorAll(".embed-card, .component-button")];
  const ends = parts.map(part => part.getBoundingClientRect().right);
  return ends.length ? Math.max(...ends) - shown.getBoundingClientRect().left + 16 : 0;
}"""
_WHOLE = """
.modal-dialog, .modal-body { max-height: none !important; overflow: visible !important; }
.component-button { transition: none !important; }
.select-guidance, .message-context-actions { display: none !important; }
"""
"""How a form is shown whole in a picture, without what SimCord alone has there."""


class Visitor:
    """One person at the page, who does one thing at a time; what fails is told with the step in which it did."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._composer = page.locator("#channel-composer")
        self._messages = page.locator("article.channel-message")

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Name the step in the error, if it fails."""
        try:
            yield
        except BaseException as error:
            error.add_note(f"In the step: {name}")
            raise

    async def arrive(self) -> None:
        """Wait for the welcome."""
        with self.step("arrive"):
            await expect(self.page.get_by_text("Press U2").last).to_be_visible(timeout=_MS)
            await pictures(self.page, 2)

    async def switches(self, language: Language) -> None:
        """Choose the language of Discord's client, which opens the page anew."""
        with self.step(f"switch to {language}"):
            await self.page.locator("#language-picker").select_option(language.value)
            await self.page.wait_for_url(f"**/?language={language}**")
            await self.arrive()

    async def sends(self, command: str, **options: str | Path | list[Path]) -> Locator:
        """Type a command with its options, send it, and return the answer's message."""
        with self.step(f"/{command} {' '.join(options)}"):
            await self._composer.locator("textarea").fill(f"/{command}")
            await self._composer.locator(".command-entry.is-active").get_by_text(f"/{command}", exact=True).click()
            for name, value in options.items():
                await self._option(name, value)
            return await self.new(lambda: self._clicks("run_command", self._composer.locator("#send-message")))

    async def presses(self, message: Locator, label: str) -> Locator:
        """Press a button, and return the message that answers."""
        with self.step(f"press {label}"):
            return await self.new(lambda: self._clicks("click", self.button(message, label)))

    async def changes(self, message: Locator, label: str, text: str) -> None:
        """Press a button that changes its own message, until it says so."""
        with self.step(f"press {label}"):
            await self._clicks("click", self.button(message, label))
        await self.sees(message, text)

    async def is_told(self, message: Locator, label: str, text: str) -> Locator:
        """Press a button that no task comes of: the child that was begun goes, and this message comes in its place."""
        with self.step(f"press {label}"):
            await self._clicks("click", self.button(message, label))
        await self.sees(self._messages.last, text)
        return self._messages.last

    async def opens(self, message: Locator, label: str) -> Locator:
        """Press a button, and return the form that it opens."""
        with self.step(f"press {label}"):
            await self._clicks("click", self.button(message, label))
            form = self.page.get_by_role("dialog")
            await expect(form).to_be_visible(timeout=_MS)
            return form

    async def submits(self, form: Locator) -> None:
        """Send a form."""
        with self.step(f"submit {await form.get_by_role('heading').inner_text()}"):
            await self._clicks("modal_submit", form.locator("button.button-primary"))

    async def chooses(self, message: Locator, menu: str, *names: str) -> None:
        """Choose from a message's menu, by what it shows before, and by the options' names."""
        with self.step(f"choose {', '.join(names)} from {menu}"):
            found = await self._menu(message, menu)

            async def choose() -> None:
                await found.evaluate("menu => menu.scrollIntoView({block: 'center'})")
                await _choose(found, names)

            await self._acts("select", choose)

    async def marks(self, form: Locator, menu: str, name: str) -> None:
        """Choose in a form, where nothing is sent before the form is."""
        with self.step(f"choose {name} from {menu}"):
            found = await self._menu(form, menu)
            await _choose(found, [name])
            await expect(found.locator(".select-value")).to_contain_text(name)

    async def new(self, act: Callable[[], Awaitable[None]]) -> Locator:
        """Do something, and return the message that was not there before: always the last one."""
        last = self._messages.last
        before = await last.get_attribute("data-message-id") or ""
        await act()
        await expect(last).not_to_have_attribute("data-message-id", before, timeout=_MS)
        return self.page.locator(f'article[data-message-id="{await last.get_attribute("data-message-id")}"]')

    def button(self, message: Locator, label: str) -> Locator:
        """Find a button by what it says, or shows."""
        return message.locator(".component-button").filter(has=self.page.get_by_text(label, exact=True))

    async def sees(self, message: Locator, text: str) -> None:
        """Wait for words in a message, given as a regular expression."""
        with self.step(f"see {text!r}"):
            await expect(message).to_contain_text(re.compile(text, re.DOTALL), timeout=_MS)

    async def gets(self, message: Locator, title: str) -> None:
        """Wait for a finished picture, or a clip, under a title."""
        await self.sees(message, title)
        with self.step(f"get the picture of {title!r}"):
            await pictures(message)

    async def keep(self, shown: Locator, name: str) -> None:
        """Keep a picture of a form for README, if this is a recording."""
        if RECORD:
            await self.page.mouse.move(4, 500)
            if not await shown.get_by_role("heading").count():
                await self.page.locator("#channel-composer-input").focus()
            shot = Image.open(io.BytesIO(await shown.screenshot(style=_WHOLE))).convert("RGB")
            # A message is as wide as its channel, and empty at the right.
            right = min(shot.width, await shown.evaluate(_RIGHT) or shot.width)
            shot = shot.crop((0, 0, round(right), shot.height))
            shot.thumbnail((_WIDEST, _WIDEST * 2), Image.Resampling.LANCZOS)
            folder = ROOT / "docs" / "forms"
            folder.mkdir(parents=True, exist_ok=True)
            shot.save(folder / f"{name}.webp", quality=80, method=6)

    async def _option(self, name: str, value: str | Path | list[Path]) -> None:
        pill = self._composer.locator(f".command-pill[data-option={name}]")
        await self._add_option(name, pill)
        if not isinstance(value, str):
            await pill.locator("input[type=file]").set_input_files(value)
            await expect(pill.locator(".command-file-remove")).to_be_visible()
            return
        field = pill.locator(".command-option-input")
        await field.fill(value)
        if await field.get_attribute("role") == "combobox" and not _NUMBER.fullmatch(value):
            await self._composer.locator(".command-suggestion").filter(has_text=value).first.click()

    async def _add_option(self, name: str, pill: Locator) -> None:
        """Choose an option from the list of options, until it is there: the page may redraw under a click."""
        for _ in range(_TRIES):
            if await pill.count():
                return
            with suppress(Unheard):
                await self._composer.locator(".command-chip").click(timeout=_HEARD_MS)
                await self._composer.locator(f".command-suggestion[data-value={name}]").click(timeout=_HEARD_MS)
        await expect(pill).to_be_attached(timeout=_MS)

    async def _menu(self, within: Locator, shows: str) -> Locator:
        """Find a menu by what it shows now; it stays found when it shows something else."""
        menu = within.locator(".preview-select").filter(has=self.page.locator(".select-trigger", has_text=shows))
        key = await menu.get_attribute("data-control-key", timeout=_MS)
        return within.locator(f'.preview-select[data-control-key="{key}"]')

    async def _clicks(self, kind: str, control: Locator) -> None:
        """Click what makes the page send something."""
        await control.wait_for(timeout=_MS)
        await self._acts(kind, lambda: control.click(timeout=_HEARD_MS))

    async def _acts(self, kind: str, act: Callable[[], Awaitable[None]]) -> None:
        """Act until the page sends it and SimCord takes it, as a person would: a click may meet a page in motion."""
        told: object = "nothing was sent"
        for _ in range(_TRIES):
            try:
                async with self.page.expect_request(lambda request: _is(request, kind), timeout=2 * _HEARD_MS) as sent:
                    await act()
            except Unheard:
                continue
            answer = await (await sent.value).response()
            told = await answer.json() if answer else "no answer"
            if isinstance(told, dict) and not told["rejected"]:
                assert told["settlement"] == "settled", told
                return
        raise AssertionError(f"the page did not take this {kind}: {told}")


async def _choose(menu: Locator, names: Sequence[str]) -> None:
    """Open a menu, choose, and apply several choices."""
    trigger = menu.locator(".select-trigger")
    for _ in range(_OPENINGS):
        if await trigger.get_attribute("aria-expanded") == "true":
            break
        await trigger.press("Enter", timeout=_HEARD_MS)
    for name in names:
        option = menu.get_by_role("option").filter(has_text=name).first
        chosen = await option.get_attribute("aria-selected", timeout=_HEARD_MS) == "true"
        if not (chosen and len(names) > 1):  # the only choice, met by a busy page, is marked but not yet sent
            await option.click(timeout=_HEARD_MS)
    if len(names) > 1:
        await menu.get_by_role("button", name="Apply").click(timeout=_HEARD_MS)


def _is(request: Request, kind: str) -> bool:
    """Tell whether the page sends an action of that kind; of one with files only the address can be read."""
    body = request.post_data_buffer
    return request.url.endswith("/api/action") and (not body or f'"kind":"{kind}"'.encode() in body)
