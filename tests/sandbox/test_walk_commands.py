"""Every command, typed in the page of the real sandbox with its options and files, to its finished answer."""

import re
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.async_api import Browser, expect

from tests.sandbox.chromium import IN_BROWSER
from tests.sandbox.visits import visit

pytestmark = IN_BROWSER

_FOUR = "Four pictures in"
_LONG = "a very beautiful little fox that sits in the deep white snow, highly detailed"


@pytest.fixture(name="files")
def _files(tmp_path: Path) -> tuple[Path, Path]:
    """Make two pictures that a visitor could upload."""
    return _drawn(tmp_path / "sun.png", "orange"), _drawn(tmp_path / "moon.png", "teal")


def _drawn(path: Path, colour: str) -> Path:
    picture = Image.new("RGB", (320, 320), colour)
    ImageDraw.Draw(picture).ellipse((60, 60, 260, 260), "white")
    picture.save(path)
    return path


async def test_commands_that_draw(browser: Browser, files: tuple[Path, Path]) -> None:
    """What takes a prompt, or files, ends with a picture or a clip."""
    sun, moon = files
    async with visit(browser) as (visitor, _):
        options: dict[str, str | Path] = {
            "aspect": "3:2",
            "stylize": "250",
            "no": "trees",
            "raw": "True",
            "image": moon,
        }
        imagined = await visitor.sends("imagine", prompt="a fox in snow", **options)
        blended = await visitor.sends("blend", image1=sun, image2=moon, dimensions="portrait, 2:3")
        edited = await visitor.sends("edit", image=sun, prompt="make it a moon")
        swapped = await visitor.sends("faceswap", source=sun, target=moon)
        clips = await visitor.sends("animate", image=sun, motion="high", prompt="it rises", end_image=moon)
        await visitor.gets(imagined, _FOUR)
        await visitor.sees(imagined, "--ar 3:2.*--stylize 250.*--raw.*--no trees|--no trees.*--raw")
        await visitor.gets(blended, _FOUR)
        await visitor.gets(edited, _FOUR)
        await visitor.gets(swapped, " in ")
        await visitor.gets(clips, "Four clips in")
        again = await visitor.sends("animate", id="fox", picture="2")
        await visitor.gets(again, "Four clips in")


async def test_commands_that_read(browser: Browser, files: tuple[Path, Path]) -> None:
    """Each line that was read from a picture or a prompt can be drawn."""
    sun, _ = files
    async with visit(browser) as (visitor, _):
        described = await visitor.sends("describe", image=sun)
        shortened = await visitor.sends("shorten", prompt=_LONG)
        await visitor.gets(described, "Described in")
        form = await visitor.opens(described, "1️⃣")
        await expect(form.locator("textarea")).to_have_value(re.compile("^Watercolor of"))
        drawn = [await visitor.new(lambda: visitor.submits(form))]
        await visitor.sees(shortened, "Shortened in.*Most important words")
        form = await visitor.opens(shortened, "3️⃣")
        await expect(form.locator("textarea")).to_have_value("little, fox, that")
        drawn.append(await visitor.new(lambda: visitor.submits(form)))
        again = await visitor.presses(described, "🔄")
        question = await visitor.presses(described, "Imagine all")
        await visitor.sees(question, "Only you can see this.*up to 4 jobs")
        drawn.append(await visitor.presses(question, "Draw"))
        for message in drawn:
            await visitor.gets(message, _FOUR)
        await visitor.gets(again, "Described in")


async def test_commands_that_answer_at_once(browser: Browser) -> None:
    """Lists, seed, help and check are answered at once, and only the visitor who asked sees them."""
    async with visit(browser) as (visitor, _):
        tasks = await visitor.sends("mjtasks")
        await visitor.sees(tasks, "Only you can see this.*a lighthouse at dawn.*All: 3 tasks")
        opened = await visitor.new(lambda: visitor.chooses(tasks, "Open one here", "pig"))
        await visitor.gets(opened, "Only you can see this.*Four pictures")
        failed = await visitor.sends("mjtasks", state="Failed")
        await visitor.sees(failed, "a knight.*Failed or canceled: 1 task")
        followed = await visitor.sends("mjstatus", id="light")
        await visitor.gets(followed, _FOUR)
        seed = await visitor.sends("seed", id="pig")
        await visitor.sees(seed, r"The seed is \d+")
        await visitor.sees(await visitor.sends("mjhelp"), "Midjourney in this chat")
        await visitor.sees(await visitor.sends("mjcheck"), "Everything works")


async def test_settings_apply_to_what_is_drawn(browser: Browser) -> None:
    """What is chosen in the settings panel is used by commands and forms, until it is forgotten."""
    async with visit(browser) as (visitor, _):
        panel = await visitor.sends("mjsettings")
        await visitor.changes(panel, "Relax", "Relax.*Used for commands, buttons and forms")
        await visitor.changes(panel, "Never mention me", "Never,.*unless you ask")
        form = await visitor.opens(panel, "Default parameters")
        await form.locator("textarea").fill("--ar 3:2 --stylize 250")
        await visitor.keep(form, "default-parameters")
        await visitor.submits(form)
        await visitor.sees(panel, "--ar 3:2 --stylize 250.*Added unless your prompt")
        await visitor.changes(panel, "Remix: off", "On.*ask you for a new prompt first")
        await visitor.keep(panel, "settings")
        drawn = await visitor.sends("imagine", prompt="a fox in snow")
        await visitor.sees(drawn, "--ar 3:2.*--stylize 250")
        await visitor.gets(drawn, _FOUR)
        form = await visitor.opens(drawn, "V2")
        await expect(form.locator("textarea")).to_have_value(re.compile("^a fox in snow --ar 3:2"))
        await form.locator("textarea").fill("a wolf in snow --ar 3:2")
        await visitor.keep(form, "remix")
        varied = await visitor.new(lambda: visitor.submits(form))
        await visitor.gets(varied, f"lien pressed V2.*{_FOUR}.*a wolf in snow")
        await visitor.changes(panel, "Forget my settings", "Off.*None.*Default")
