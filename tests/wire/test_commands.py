"""Commands that create, on the real process: from what is typed to the finished picture."""

import pytest

from tests.pictures import draw_noise, encode
from tests.wire.loopback import Upload
from tests.worlds.processes import GENEROUS, WireWorld

pytestmark = pytest.mark.wire


async def test_imagine_leads_from_the_command_to_the_picture(world: WireWorld) -> None:
    """A prompt and a picture are typed; the command's own answer ends as four pictures, whose buttons work."""
    async with world.bot(**GENEROUS):
        upload = Upload("cat.png", encode(draw_noise(120, 90)), "image/png")
        options = {"prompt": "a lighthouse at dawn", "aspect": "3:2", "image": upload}
        where = world.discord.channels[0]
        act = await world.discord.slash(world.discord.owner, where, "imagine", options)
        await act.answered()
        assert act.original is not None
        shown = await world.shows(act.original, "✅ Four pictures")
        assert [[len(row["components"]) for row in shown.components], len(shown.files)] == [[5, 4, 2], 1]
        assert shown.embed["description"].startswith("**a lighthouse at dawn** `--ar 3:2`")
        await world.shows(await world.press(shown, "U1"), "✅ Picture 1")
        refused = await world.discord.slash(world.discord.owner, where, "imagine", {"prompt": "a cat --chaos 900"})
        await refused.answered()
    assert [one.path for one in world.relay.submits] == ["/mj/submit/imagine", "/mj/submit/action"]
    assert world.relay.submits[0].body["prompt"] == "a lighthouse at dawn --ar 3:2"
    world.assert_polite()


async def test_describe_leads_from_the_upload_to_the_texts(world: WireWorld) -> None:
    """A picture is uploaded; the command's own answer ends with four readings and the picture."""
    async with world.bot(**GENEROUS):
        upload = Upload("fox.png", encode(draw_noise(120, 90)), "image/png")
        act = await world.discord.slash(world.discord.owner, world.discord.channels[0], "describe", {"image": upload})
        await act.answered()
        assert act.original is not None
        shown = await world.shows(act.original, "✅ Described")
        await world.until(lambda: shown.files)
        assert [line[:1] for line in shown.embed["description"].split("\n")] == ["1", "2", "3", "4"]
    assert [one.path for one in world.relay.submits] == ["/mj/submit/describe"]
    world.assert_polite()
