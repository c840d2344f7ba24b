"""/blend, /animate, /edit and /faceswap on discord.py's own machinery and a real relay."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sandbox.relay import RelaySettings
from tests.pictures import draw_noise, encode, make_animation
from tests.worlds.simcord import QUICK, SimcordWorld, buttons, open_simcord_world, title_of

PNG = encode(draw_noise(96, 96))
OTHER = encode(draw_noise(96, 128))
LARGE = RelaySettings(seconds_per_task=0.2, picture_side=256)
UNKNOWN = "1730621826053455"


async def sent(w: SimcordWorld, name: str, title: str, **options: Any) -> tuple[str, Mapping[str, Any]]:  # noqa: ANN401
    """Run a command, wait for its end, and return its one submit."""
    answer = await w.slash(w.member, name, **options)
    assert answer.response is not None, w.said(answer)
    await w.titled(answer.response.id, title)
    [submit] = w.relay.submits
    return submit.path, submit.body


async def test_blended_pictures_keep_their_order(tmp_path: Path) -> None:
    """Two to five, in the shape that was chosen."""
    async with open_simcord_world(tmp_path) as w:
        path, body = await sent(
            w, "blend", "✅ Four pictures", image1=("a.png", PNG), image2=("b.png", OTHER), image5=("c.png", PNG),
            dimensions="PORTRAIT",
        )  # fmt: skip
        assert (path, body["dimensions"], len(body["base64Array"])) == ("/mj/submit/blend", "PORTRAIT", 3)
        assert body["base64Array"][0] == body["base64Array"][2] != body["base64Array"][1]


async def test_a_picture_is_edited(tmp_path: Path) -> None:
    """The prompt is checked as /imagine's is."""
    async with open_simcord_world(tmp_path) as w:
        path, body = await sent(w, "edit", "✅ Four pictures", image=("a.png", PNG), prompt="make it night —ar 3:2")
        assert (path, body["prompt"]) == ("/mj/submit/edits", "make it night --ar 3:2")
        assert str(body["image"]).startswith("data:image/png;base64,")


async def test_a_face_is_swapped(tmp_path: Path) -> None:
    """Source and target keep their places."""
    async with open_simcord_world(tmp_path) as w:
        path, body = await sent(w, "faceswap", "✅ Faces swapped", source=("a.png", PNG), target=("b.png", OTHER))
        assert path == "/mj/insight-face/swap"
        assert body["sourceBase64"] != body["targetBase64"]
        shown = await w.pictured(w.public[-1].id)
        assert not shown.embeds[0].description, "what relays call its prompt is no member's"


@pytest.mark.parametrize("clip_format", ["mp4", "webp"])
async def test_a_picture_becomes_four_clips_in_the_message(tmp_path: Path, clip_format: Any) -> None:  # noqa: ANN401
    """They are attached, not linked, and stay when their links die."""
    relay = RelaySettings(seconds_per_task=0.2, picture_side=64, clip_format=clip_format)
    async with open_simcord_world(tmp_path, relay) as w:
        answer = await w.slash(
            w.member,
            "animate",
            image=("a.png", PNG),
            prompt="waves",
            motion="high",
            loop=True,
            end_image=("b.png", PNG),
        )
        assert answer.response is not None, w.said(answer)
        shown = await w.pictured(answer.response.id)
        assert title_of(shown).startswith("✅ Four clips")
        assert [file.filename[:5] for file in shown.attachments] == ["clip1", "clip2", "clip3", "clip4"]
        assert all(file.filename.endswith(clip_format) for file in shown.attachments)
        assert "[clip" not in (shown.embeds[0].description or "")
        [submit] = w.relay.submits
        assert (submit.path, submit.body["motion"], submit.body["loop"]) == ("/mj/submit/video", "high", True)
        assert submit.body["endImage"]
        assert list(buttons(shown))


async def test_one_picture_of_a_grid_is_animated(tmp_path: Path) -> None:
    """It is cut out where the relay has no link for it, and two of them are not the same."""
    async with open_simcord_world(tmp_path, LARGE) as w:
        grid = w.relay.add_task("grid")
        for number in (1, 4):
            answer = await w.slash(w.member, "animate", id=f"look at {grid}", picture=number)
            assert answer.response is not None, w.said(answer)
            await w.titled(answer.response.id, "✅ Four clips")
            await w.clock.sleep(4)  # two alike within three seconds are one
        first, fourth = (str(submit.body["image"]) for submit in w.relay.submits)
        assert first.startswith("data:image/")
        assert first != fourth


async def test_a_single_picture_is_animated_whole(tmp_path: Path) -> None:
    """An upscaled one has no four."""
    async with open_simcord_world(tmp_path, LARGE) as w:
        _, body = await sent(w, "animate", "✅ Four clips", id=w.relay.add_task("single", prompt="a red fox --ar 1:1"))
        assert str(body["image"]).startswith("data:image/")
        assert body["prompt"] == "a red fox", "without a prompt it is the task's own, as its button would send"


@pytest.mark.parametrize(("motion", "prompt"), [("low", "subtle, natural motion"), ("high", "dynamic motion")])
async def test_a_missing_prompt_is_replaced_by_the_motion(tmp_path: Path, motion: str, prompt: str) -> None:
    """TrueAI's proxy refuses an empty prompt; the replacement is shown like any prompt."""
    async with open_simcord_world(tmp_path, LARGE) as w:
        _, body = await sent(w, "animate", "✅ Four clips", image=("a.png", PNG), motion=motion)
        assert body["prompt"] == prompt
        assert prompt in (w.public[-1].embeds[0].description or "")


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("blend", {"image1": ("a.png", PNG), "image2": ("b.mp4", b"xxxx")}, "video/mp4"),
    ("blend", {"image1": ("a.png", PNG), "image2": ("b.gif", make_animation("GIF"))}, "animated"),
    ("blend", {"image1": ("a.png", PNG), "image2": ("b.png", encode(draw_noise(4, 4)))}, "4 x 4"),
    ("edit", {"image": ("a.png", PNG), "prompt": "--ar 3:2"}, "needs a description too"),
    ("edit", {"image": ("a.png", PNG), "prompt": "night --chaos 900"}, "`--chaos`"),
    ("edit", {"image": ("a.txt", b"xxxx"), "prompt": "night"}, "text/plain"),
    ("faceswap", {"source": ("a.png", PNG), "target": ("b.png", PNG[:300])}, "broken"),
    ("animate", {}, "Choose a starting image"),
    ("animate", {"image": ("a.png", PNG), "id": UNKNOWN}, "Choose a starting image"),
    ("animate", {"id": "my cat"}, "isn't a task id"),
    ("animate", {"id": UNKNOWN}, "has no task"),
    ("animate", {"image": ("a.png", PNG), "end_image": ("b.gif", make_animation("GIF"))}, "animated"),
    ("animate", {"image": ("a.png", PNG), "prompt": "x --motion sideways"}, "`--motion`"),
]


@pytest.mark.parametrize(("name", "options", "said"), BAD)
async def test_invalid_options_are_refused_unpaid(
    tmp_path: Path, name: str, options: dict[str, Any], said: str
) -> None:
    """One private sentence, nothing left in the channel, nothing sent."""
    async with open_simcord_world(tmp_path) as w:
        answer = await w.slash(w.member, name, **options)
        assert said in await w.told(answer)
        await w.until(lambda: not w.public)
        assert w.relay.submits == []


@pytest.mark.parametrize("life", ["running", "failed"])
async def test_an_unfinished_task_is_not_animated(tmp_path: Path, life: Any) -> None:  # noqa: ANN401
    """A task that runs, or failed, gives nothing to begin with."""
    slow = RelaySettings(seconds_per_task=60, picture_side=64)
    async with open_simcord_world(tmp_path, slow if life == "running" else QUICK) as w:
        answer = await w.slash(w.member, "animate", id=w.relay.add_task(life))
        assert "I couldn't open" in await w.told(answer)
        assert w.relay.submits == []


@pytest.mark.parametrize(("name", "options"), [
    ("edit", {"image": ("a.png", PNG), "prompt": "night"}),
    ("animate", {"image": ("a.png", PNG)}),
])  # fmt: skip
async def test_a_relay_without_the_endpoint_is_named(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    """Older new-api answers with its web console's page."""
    async with open_simcord_world(tmp_path, RelaySettings(has_video=False)) as w:
        answer = await w.slash(w.member, name, **options)
        told = await w.told(answer)
        assert "This service doesn't offer that" in told
        assert "Try another command" in told
        await w.until(lambda: not w.public)
        assert w.relay.submits == []


async def test_own_tasks_are_suggested(tmp_path: Path) -> None:
    """By their prompts, as /mjstatus offers them."""
    async with open_simcord_world(tmp_path) as w:
        grid = w.relay.add_task("grid", prompt="a red fox")
        await w.finished(grid)
        offered = await w.act(w.member.autocomplete(w.channel, "animate", "id", "fox"))
        assert offered.autocomplete_choices is not None
        assert [one["value"] for one in offered.autocomplete_choices] == [grid]
