"""The sandbox's relay and what starts from a prompt or a picture."""

from __future__ import annotations

import asyncio
import base64
import io
import json

import av
import pytest
from PIL import Image

from sandbox.relay import RelaySettings
from tests.sandbox.relay_caller import Caller, calling, difference, picture, png


async def test_prompts_that_fail(caller: Caller) -> None:
    """A banned word is refused with code 24; what only Midjourney dislikes ends in FAILURE."""
    banned = await caller.submit("imagine", prompt="some gore")
    assert (banned["code"], banned["properties"]["bannedWord"], banned["result"]) == (24, "gore", None)
    wrong = await caller.submit("imagine", prompt="cat --ar banana")
    caller.clock.time += 21
    task = await caller.fetch(wrong["result"])
    assert tuple(task[k] for k in ("status", "progress", "buttons", "properties")) == ("FAILURE", "100%", [], None)
    assert task["failReason"] == "[Invalid parameter] Invalid value provided for argument `--ar`"
    assert task["imageUrl"] == ""


async def test_every_other_submit(caller: Caller) -> None:
    """Blend, describe, shorten, edits, swap and video check their fields and end in what they promise."""
    assert (await caller.submit("blend", base64Array=[png()]))["code"] == 4
    assert (await caller.submit("describe", base64="no picture"))["code"] == 4
    swap = await caller.post("/mj/insight-face/swap", {"sourceBase64": png()})
    assert json.loads(swap[2])["description"] == "sour_base64_and_target_base64_is_required "
    swap = await caller.post("/mj/insight-face/swap", {"sourceBase64": png(), "targetBase64": png()})
    ids = [
        (await caller.submit("blend", base64Array=[png(), png()], dimensions="PORTRAIT"))["result"],
        (await caller.submit("describe", base64=png()))["result"],
        (await caller.submit("shorten", prompt="a highly detailed fox in snow, watercolor"))["result"],
        (await caller.submit("edits", prompt="make it night", image=png()))["result"],
        json.loads(swap[2])["result"],
        (await caller.submit("video", prompt="waves", motion="low", image=png()))["result"],
    ]
    caller.clock.time += 21
    tasks = [await caller.fetch(task_id) for task_id in ids]
    assert [task["action"] for task in tasks] == ["BLEND", "DESCRIBE", "SHORTEN", "EDITS", "SWAP_FACE", "VIDEO"]
    assert [len(task["buttons"]) for task in tasks] == [9, 6, 5, 9, 0, 5]
    assert [tasks[0]["prompt"], tasks[1]["prompt"], tasks[4]["prompt"]] == ["", "", "InsightFace"]
    clip = await caller.session.get(tasks[5]["videoUrls"][2]["url"])
    assert clip.content_type == "video/mp4"
    assert (await clip.read())[4:8] == b"ftyp"
    wrong = await caller.post("/mj/submit/video", {"prompt": "x", "image": "y", "index": "1"})
    assert (wrong[0], json.loads(wrong[2])["description"]) == (400, "bind_request_body_failed ")


async def test_uploads_and_seeds(caller: Caller) -> None:
    """An upload answers an array of addresses that work, a seed a string of digits."""
    answer = await caller.submit("upload-discord-images", base64Array=[png(), png()])
    assert len(answer["result"]) == 2
    assert "properties" not in answer
    assert (await caller.session.get(answer["result"][0])).status == 200
    _, _, text = await caller.get(f"/mj/task/{caller.relay.add_task('grid')}/image-seed")
    assert json.loads(text)["result"].isdecimal()
    assert (await caller.get("/mj/task/1/image-seed"))[0] == 400


PATCHED = RelaySettings(refused_actions=frozenset())


async def _picture_of(caller: Caller, prompt: str) -> str:
    task_id = caller.relay.add_task("single", prompt=prompt)
    async with caller.session.get(f"{caller.relay.url}/mj/image/{task_id}") as answer:
        return "data:image/png;base64," + base64.b64encode(await answer.read()).decode()


async def test_a_description_says_what_the_picture_shows(caller: Caller) -> None:
    """Four readings of the picture's own words and shape, one with a link in it; the picture comes with them."""
    answer = await caller.submit("describe", base64=await _picture_of(caller, "a red fox --ar 3:2"))
    caller.clock.time += 21
    task = await caller.fetch(answer["result"])
    lines = task["promptEn"].split("\n\n")
    assert ["1️⃣", "2️⃣", "3️⃣", "4️⃣"] == [line[:3] for line in lines]
    assert all("red fox" in line and line.endswith("--ar 3:2") for line in lines)
    assert "](https://" in lines[1]
    assert (await picture(caller, answer["result"])).size == (80, 56)


async def test_a_picture_that_is_none_is_refused(caller: Caller) -> None:
    """Base64 of something else is code 4 wherever a picture is wanted, and nothing is billed."""
    none = "data:image/png;base64," + base64.b64encode(b"no picture at all").decode()
    answers = [
        await caller.submit("imagine", prompt="x", base64Array=[none]),
        await caller.submit("blend", base64Array=[png(), none]),
        await caller.submit("describe", base64=none),
        await caller.submit("upload-discord-images", base64Array=[none]),
        await caller.submit("edits", prompt="x", image=none),
        await caller.submit("video", prompt="x", image=none),
    ]
    swap = await caller.post("/mj/insight-face/swap", {"sourceBase64": png(), "targetBase64": none})
    assert {4} == {answer["code"] for answer in (*answers, json.loads(swap[2]))}
    assert caller.relay.submits == []


@pytest.mark.parametrize(
    ("dimensions", "size"), [("PORTRAIT", (48, 80)), ("SQUARE", (64, 64)), ("", (64, 64)), ("LANDSCAPE", (80, 48))]
)
async def test_a_blend_has_the_shape_that_was_asked_for(caller: Caller, dimensions: str, size: tuple[int, int]) -> None:
    """A grid of four in 2:3, 1:1 or 3:2."""
    pictures = [await _picture_of(caller, prompt) for prompt in ("a pig", "a lighthouse")]
    answer = await caller.submit("blend", base64Array=pictures, dimensions=dimensions)
    caller.clock.time += 21
    assert size == (await picture(caller, answer["result"])).size


async def test_an_edit_and_an_image_prompt_keep_the_picture(caller: Caller) -> None:
    """What is made of a picture is nearer to it than what its words alone would make."""
    given = await _picture_of(caller, "a pig")
    edit = await caller.submit("edits", prompt="in the evening", image=given)
    imagined = await caller.submit("imagine", prompt="in the evening", base64Array=[given])
    alone = await caller.submit("imagine", prompt="in the evening")
    caller.clock.time += 21
    base = Image.open(io.BytesIO(base64.b64decode(given.partition(",")[2]))).resize((32, 32))
    near, with_words, far = [
        difference((await picture(caller, one["result"])).crop((0, 0, 32, 32)), base) for one in (edit, imagined, alone)
    ]
    assert max(near, with_words) < far


async def test_addresses_stand_for_their_pictures(caller: Caller) -> None:
    """The relay's own addresses, of a task, of one of its four, of an upload, serve as the picture of a submit."""
    grid = caller.relay.add_task("grid", prompt="a pig")
    upload = (await caller.submit("upload-discord-images", base64Array=[png()]))["result"][0]
    links = [f"{caller.relay.url}/mj/image/{grid}", f"{caller.relay.url}/picture/{grid}/2.png", upload]
    for link in (*links, "https://cdn.discordapp.com/elsewhere.png"):
        assert (await caller.submit("video", prompt="", image=link))["code"] == 1
        assert (await caller.submit("edits", prompt="at night", image=link))["code"] == 1
        assert (await caller.submit("describe", link=link))["code"] == 1
    assert (await caller.submit("video", prompt="x", image=f"{caller.relay.url}/mj/image/1"))["code"] == 4


async def test_a_video_in_all_its_options() -> None:
    """Fewer clips where they are asked for; extended by path or by button, a clip is longer."""
    async with calling(PATCHED) as caller:
        made = await caller.submit("video", prompt="waves", image=png(), motion="high", loop=True, batchSize=2)
        caller.clock.time += 21
        task = await caller.fetch(made["result"])
        assert (len(task["videoUrls"]), task["videoUrl"]) == (2, task["videoUrls"][0]["url"])
        assert task["properties"]["finalPrompt"] == "waves --video 1 --motion high"
        extended = await caller.submit(
            "video", action="extend", taskId=made["result"], index=1, prompt="", motion="low"
        )
        clip = await caller.press(made["result"], "video_virtual_upscale::1")
        caller.clock.time += 21
        longer = await caller.press(clip["result"], "animate_low_extend")
        caller.clock.time += 21
        seconds = [await _seconds(caller, one["result"]) for one in (made, extended, clip, longer)]
        assert seconds == [3.0, 5.0, 3.0, 5.0]
        assert (await caller.submit("video", action="extend", taskId=made["result"], index=3, prompt=""))["code"] == 4
        grid = caller.relay.add_task("grid")
        assert (await caller.submit("video", action="extend", taskId=grid, index=0, prompt=""))["code"] == 4


async def _seconds(caller: Caller, task_id: str) -> float:
    async with caller.session.get((await caller.fetch(task_id))["videoUrl"]) as answer:
        with av.open(io.BytesIO(await answer.read()), "r") as opened:
            return len(list(opened.decode(video=0))) / 16


async def test_simple_change_is_broken(caller: Caller) -> None:
    """new-api takes it for a change, finds no action, and asks for a model without a name."""
    status, _, text = await caller.post("/mj/submit/simple-change", {"content": "1754300000123417 U2"})
    assert (status, "mj_ 无可用渠道" in text) == (503, True)


async def test_a_slow_seed() -> None:
    """A seed keeps its caller waiting; an unknown task is told at once."""
    async with calling(RelaySettings(seed_seconds=float("inf"))) as caller:
        task_id = caller.relay.add_task("grid")
        assert (await caller.get("/mj/task/1/image-seed"))[0] == 400
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await caller.get(f"/mj/task/{task_id}/image-seed")
