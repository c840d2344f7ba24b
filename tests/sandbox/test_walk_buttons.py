"""Every kind of button, pressed in the page of the real sandbox, from the first click to what it ends with."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.sandbox.stage_page import Visitor, side_by_side

pytestmark = pytest.mark.browser

_FOUR = "Four pictures in"


async def _one(visitor: Visitor, version: str) -> Locator:
    """Draw four pictures in 3:2, and take the first."""
    grid = await visitor.sends("imagine", prompt="a fox in snow", aspect="3:2", version=version)
    await visitor.gets(grid, _FOUR)
    one = await visitor.presses(grid, "U1")
    await visitor.gets(one, "Picture 1 in")
    return one


async def what_is_made_of_one_picture(visitor: Visitor) -> None:
    """Press what makes something new of a single picture, and see each end."""
    one = await _one(visitor, "7")
    ends = {
        "Upscale (Subtle)": "Upscaled in",
        "Upscale (Creative)": "Upscaled in",
        "Vary (Subtle)": _FOUR,
        "Vary (Strong)": _FOUR,
        "Zoom Out 2x": _FOUR,
        "Zoom Out 1.5x": _FOUR,
        "⬅️": _FOUR,
        "➡️": _FOUR,
        "⬆️": _FOUR,
        "⬇️": _FOUR,
        "Animate (High motion)": "Four clips in",
        "Animate (Low motion)": "Four clips in",
    }
    children = {label: await visitor.presses(one, label) for label in ends}
    for label, child in children.items():
        with visitor.step(f"the end of {label}"):
            await visitor.gets(child, ends[label])
            await expect(visitor.button(one, label)).to_have_class(re.compile("button-style-3"))
    clip = await visitor.presses(children["Animate (Low motion)"], "U2")
    await visitor.gets(clip, "Clip 2")
    extended = await visitor.presses(clip, "Extend (High motion)")
    await visitor.gets(extended, "Four clips in")
    refused = await visitor.presses(one, "❤️")
    await visitor.sees(refused, "This relay cannot do that at all.*Nothing was paid")
    await expect(visitor.button(one, "❤️")).to_be_disabled()


async def what_asks_first(visitor: Visitor) -> None:
    """Fill in the forms of Custom Zoom, Vary (Region) with its preview, and Remix."""
    one = await _one(visitor, "5")
    await visitor.gets(await visitor.presses(one, "Make Square"), _FOUR)

    form = await visitor.opens(one, "Custom Zoom")
    await expect(form.locator("textarea")).to_have_value(re.compile("a fox in snow.* --zoom 2$"))
    await visitor.keep(form, "custom-zoom")
    await form.locator("textarea").fill("a fox in a wide snowy valley --ar 3:2 --v 5 --zoom 1.8")
    await visitor.gets(await visitor.submits(form), _FOUR)
