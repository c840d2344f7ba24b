"""Vary (Region) over the wire: the process ends between the preview and the click that pays."""

from base64 import b64decode
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from sandbox.relay import RelaySettings
from tests.wire.loopback import Interaction, Message, Upload
from tests.worlds.processes import WireWorld, open_wire_world

pytestmark = pytest.mark.wire

_QUICK = RelaySettings(seconds_per_task=1.0, picture_side=192)


def _painted() -> Upload:
    """Paint a mask of another size, whose middle is to change."""
    image = Image.new("L", (400, 400), 0)
    ImageDraw.Draw(image).ellipse((100, 100, 300, 300), fill=255)
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return Upload("mine.png", buffer.getvalue())


async def _opened(world: WireWorld, message: Message, which: str) -> Interaction:
    act = await world.discord.click(world.discord.owner, message, which)
    await act.answered()
    return act


@pytest.mark.parametrize("own", [False, True])
async def test_a_preview_is_confirmed_after_a_restart(tmp_path: Path, *, own: bool) -> None:
    """The next process reads prompt and mask from the preview, pays once, and the child lives as any other."""
    async with open_wire_world(tmp_path, _QUICK) as world:
        async with world.bot() as bot:
            single = await world.shows(
                await world.follow(world.relay.add_task("single", prompt="a fox --ar 1:1")), "✅ Upscaled"
            )
            opened = await _opened(world, single, "Vary (Region)")
            await bot.kill()
        async with world.bot() as bot:
            values: dict[str, str | Upload] = {"mask": _painted()} if own else {"region": "right-half"}
            act = await world.discord.submit_modal(world.discord.owner, opened, {"prompt": "a fox at night", **values})
            await world.until(lambda: act.original and act.original.files)
            assert act.original is not None
            preview = act.original
            assert preview.ephemeral
            assert preview.embed["title"] == "Repaint this?"
            assert world.relay.requests["action"] == 0
            await bot.kill()
        async with world.bot(PRESS_COOLDOWN_SECONDS="0") as bot:
            child = await world.press(preview, "Repaint")
            await world.shows(child, "✅ Four pictures")
            bot.assert_calm()
        [submit] = world.relay.submits
        assert (submit.path, submit.body["prompt"]) == ("/mj/submit/modal", "a fox at night")
        assert world.relay.requests["action"] == 1
        mask = Image.open(BytesIO(b64decode(str(submit.body["maskBase64"]).partition(",")[2])))
        middle = (mask.width // 2, mask.height // 2)
        seen = [mask.getpixel(at) for at in ((0, 0), middle, (mask.width - 1, 0))]
        assert seen == ([0, 255, 0] if own else [0, 255, 255])
        world.assert_polite()
