"""Every kind of button, pressed in the page of the real sandbox, from the first click to what it ends with."""

import re
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.async_api import Browser, Locator, expect

from tests.sandbox.chromium import IN_BROWSER
from tests.sandbox.sandbox_process import pictures
from tests.sandbox.visitor import GREEN, Visitor
from tests.sandbox.visits import visit

pytestmark = IN_BROWSER

_FOUR = "Four pictures in"
_OF_ONE = {
    "Upscale (Subtle)": "Upscaled in",
    "Vary (Strong)": _FOUR,
    "Zoom Out 1.5x": _FOUR,
    "⬅️": _FOUR,
    "Animate (Low motion)": "Four clips in",
}
"""What is pressed below a single picture, and how its message ends: one of each row; tests/wire/ presses all."""


@pytest.fixture(name="mask")
def _mask(tmp_path: Path) -> Path:
    """Make a mask of one's own, in the picture's shape: white on the right."""
    picture = Image.new("L", (300, 200), 0)
    ImageDraw.Draw(picture).rectangle((200, 0, 300, 200), 255)
    picture.save(tmp_path / "mask.png")
    return tmp_path / "mask.png"


async def test_buttons_below_one_picture(browser: Browser) -> None:
    """A button that makes something new of a picture gives a message that ends with it, and turns green."""
    async with visit(browser) as (visitor, _):
        one = await _one(visitor, version="7")
        children = {label: await visitor.presses(one, label) for label in _OF_ONE}
        for label, child in children.items():
            with visitor.step(f"the end of {label}"):
                await visitor.gets(child, _OF_ONE[label])
                await expect(visitor.button(one, label)).to_have_class(GREEN)
        clip = "lien pressed U2.*One clip"
        await visitor.gets(await visitor.is_told(children["Animate (Low motion)"], "U2", clip), clip)
        await visitor.is_told(one, "❤️", "This service doesn't support that button.*You weren't charged")
        await expect(visitor.button(one, "❤️")).to_be_disabled()


async def test_buttons_below_four_pictures(browser: Browser) -> None:
    """Also the upscalers of an older version, and the squared picture: each message ends with its pictures."""
    async with visit(browser) as (visitor, _):
        one = await _one(visitor, version="5")
        squared = await visitor.presses(one, "Make Square")
        larger = [await visitor.presses(one, f"Upscale ({times})") for times in ("2x", "4x")]
        await visitor.gets(squared, _FOUR)
        for each in larger:
            await visitor.gets(each, "Upscaled in")
        for label, ends in (("V3", _FOUR), ("🔄", _FOUR), ("U4", "Picture 4 in")):
            await visitor.gets(await visitor.presses(squared, label), f"lien pressed .*{ends}")


async def test_buttons_with_forms(browser: Browser, mask: Path) -> None:
    """Forms are filled in and sent, and a mask of one's own is taken."""
    async with visit(browser) as (visitor, _):
        one = await _one(visitor, version="7")
        form = await visitor.opens(one, "Custom Zoom")
        await expect(form.locator("textarea")).to_have_value(re.compile("^a fox in snow.* --zoom 2$"))
        await visitor.keep(form, "custom-zoom")
        await form.locator("textarea").fill("a fox in a wide valley --ar 3:2 --v 7 --zoom 1.8")
        await visitor.gets(
            await visitor.new(lambda: visitor.submits(form)), f"lien pressed Custom Zoom.*{_FOUR}.*a wide valley"
        )

        form = await visitor.opens(one, "Vary (Region)")
        await form.locator("textarea").fill("a red fox in snow --ar 3:2 --v 7")
        await visitor.marks(form, "Choose a region", "Left half")
        await visitor.keep(form, "vary-region")
        preview = await visitor.new(lambda: visitor.submits(form))
        await visitor.gets(preview, "Repaint this.*Left half, 50% of the picture")
        form = await visitor.opens(preview, "Change")
        await form.locator("input[type=file]").set_input_files(mask)
        await visitor.submits(form)
        await visitor.sees(preview, "Your mask, 33% of the picture")
        with visitor.step("see the mask, and the picture below it"):
            await pictures(preview, 2)
        await visitor.keep(preview, "vary-region-preview")
        await visitor.gets(await visitor.presses(preview, "Repaint"), f"lien pressed Vary .Region.*{_FOUR}")


async def test_free_buttons(browser: Browser) -> None:
    """Files, family, the original and deleting cost nothing."""
    async with visit(browser) as (visitor, _):
        pigs = visitor.page.locator("article.channel-message").filter(has_text="pig").first
        which = await visitor.presses(pigs, "Split")
        await visitor.sees(which, "Only you can see this.*Which pictures should I post")
        one = await _one(visitor, version="7")
        await visitor.sees(await visitor.presses(one, "Family"), "Only you can see this.*a fox in snow")
        await visitor.gets(await visitor.presses(one, "Original"), "Only you can see this")
        files = await visitor.new(lambda: visitor.chooses(which, "Which ones?", "Picture 2", "Picture 3"))
        with visitor.step("get two files"):
            await pictures(files, 2)
        await visitor.sees(which, "Cut from the grid|Here you are")

        wanted = await visitor.presses(one, "🗑️")
        await visitor.sees(wanted, "Delete this message for everyone")
        await visitor.changes(wanted, "Delete it", "Deleted")
        await expect(one).to_be_hidden()


async def _one(visitor: Visitor, *, version: str) -> Locator:
    """Draw four pictures in 3:2, and take the first."""
    grid = await visitor.sends("imagine", prompt="a fox in snow", aspect="3:2", version=version)
    await visitor.gets(grid, _FOUR)
    one = await visitor.presses(grid, "U1")
    await visitor.gets(one, "Picture 1 in")
    return one
