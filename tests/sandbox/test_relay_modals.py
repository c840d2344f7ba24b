"""The sandbox's relay and its windows: custom zoom, regions, remix, readings."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from sandbox.relay import RelaySettings
from tests.sandbox.relay_caller import Caller, calling, difference, picture, png


async def test_a_modal_keeps_code_21_and_its_task_id() -> None:
    """Custom Zoom is free; its modal is billed, adds a second row, and the first stays stale until one turn later."""
    async with calling(RelaySettings(refresh_seconds=15)) as caller:
        single = caller.relay.add_task("single")
        answer = await caller.press(single, "CustomZoom")
        task_id = answer["result"]
        assert (answer["code"], answer["description"]) == (21, "Waiting for window confirm")
        assert caller.relay.submits == []
        caller.clock.time += 16
        assert (await caller.fetch(task_id))["status"] == "MODAL"
        confirmed = await caller.submit("modal", taskId=task_id, prompt="a lighthouse --zoom 1.5")
        assert (1, task_id) == (confirmed["code"], confirmed["result"])
        assert [task_id] == [submit.task_id for submit in caller.relay.submits]
        caller.clock.time += 14
        running = [(task["action"], task["status"]) for task in await caller.listed(task_id)]
        assert running == [("CUSTOM_ZOOM", "MODAL"), ("MODAL", "IN_PROGRESS")]
        caller.clock.time += 15
        both = [task["status"] for task in await caller.listed(task_id)]
        assert both == ["MODAL", "SUCCESS"]
        assert (await caller.fetch(task_id))["status"] == "MODAL"
        caller.clock.time += 15
        assert ((last := await caller.fetch(task_id))["status"], len(last["buttons"])) == ("SUCCESS", 9)
        again = await caller.submit("modal", taskId=task_id, prompt="x")
        assert (again["code"], again["description"]) == (4, "关联任务状态错误")


async def test_a_region_is_painted_anew(caller: Caller) -> None:
    """The mask's white part changes, its black part stays."""
    single = caller.relay.add_task("single", prompt="a lighthouse")
    answer = await caller.press(single, "Inpaint")
    assert (answer["code"], answer["properties"]["finalPrompt"]) == (21, "")
    mask = Image.new("L", (64, 64))
    mask.paste(255, (32, 0, 64, 64))
    out = io.BytesIO()
    mask.save(out, "PNG")
    data = "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
    await caller.submit("modal", taskId=answer["result"], prompt="", maskBase64=data)
    caller.clock.time += 21
    old, new = await picture(caller, single), await picture(caller, answer["result"])
    small = old.resize((32, 32)).crop((0, 0, 12, 32))
    assert difference(small, new.crop((0, 0, 12, 32))) < difference(old.resize((32, 32)), new.crop((0, 0, 32, 32)))


async def test_remix_is_a_modal_with_code_1() -> None:
    """With remix on, a variation's 21 is rewritten, billed, and waits in MODAL."""
    async with calling(RelaySettings(has_remix=True)) as caller:
        task_id = caller.relay.add_task("grid")
        answer = await caller.press(task_id, "variation::2")
        assert (answer["code"], answer["description"]) == (1, "Waiting for window confirm")
        assert answer["properties"]["remix"]
        waiting = await caller.fetch(answer["result"])
        assert (waiting["status"], waiting["progress"], waiting["action"]) == ("MODAL", "", "VARIATION")
        await caller.submit("modal", taskId=answer["result"], prompt="a red lighthouse")
        caller.clock.time += 21
        assert (await caller.fetch(answer["result"]))["status"] == "SUCCESS"


@pytest.mark.parametrize(("heeds", "asks", "waits"), [(True, True, True), (True, False, False), (False, True, False)])
async def test_a_submit_may_ask_for_the_modal(*, heeds: bool, asks: bool, waits: bool) -> None:
    """A proxy that heeds `enableRemix` asks, even if its account has remix off; other proxies draw at once."""
    async with calling(RelaySettings(has_remix_on_demand=heeds)) as caller:
        task_id = caller.relay.add_task("grid")
        button = next(b for b in (await caller.fetch(task_id))["buttons"] if "variation::2" in b["customId"])
        answer = await caller.submit("action", taskId=task_id, customId=button["customId"], enableRemix=asks)
        assert ("window" in answer["description"]) is waits


async def test_a_relay_that_speaks_chinese() -> None:
    """Another upstream says the same in Chinese, and leaves the properties of a window out."""
    async with calling(RelaySettings(is_chinese=True)) as caller:
        answer = await caller.press(caller.relay.add_task("single"), "CustomZoom")
        assert (await caller.submit("imagine", prompt="x"))["description"] == "提交成功"
    assert {"code": 21, "description": "窗口等待", "result": answer["result"]} == answer


async def test_a_region_shows_the_prompt_of_its_modal(caller: Caller) -> None:
    """White becomes what the words say, black stays; a mask that is no picture is refused, and the window stays."""
    single = caller.relay.add_task("single", prompt="a lighthouse")
    answer = await caller.press(single, "Inpaint")
    none = "data:image/png;base64," + base64.b64encode(b"no picture").decode()
    refused = await caller.submit("modal", taskId=answer["result"], prompt="a pig", maskBase64=none)
    assert (refused["code"], refused["description"]) == (4, "base64格式错误")
    assert caller.relay.submits == []
    confirmed = await caller.submit("modal", taskId=answer["result"], prompt="a pig", maskBase64=png(colour="black"))
    assert confirmed["code"] == 1
    caller.clock.time += 21
    old, new = await picture(caller, single), await picture(caller, answer["result"])
    assert difference(old.resize((32, 32)), new.crop((0, 0, 32, 32))) < 8


async def test_a_described_line_is_the_prompt_of_its_modal() -> None:
    """On a patched relay the numbers of a description open a window with that line, links and all."""
    async with calling(RelaySettings(refused_actions=frozenset())) as caller:
        answer = await caller.press(caller.relay.add_task("describe"), "PicReader::2")
        assert answer["properties"]["finalPrompt"].startswith("A fox sitting in deep snow, ink and wash")
        short = await caller.press(
            caller.relay.add_task("shorten", prompt="a highly detailed fox"), "PromptAnalyzer::2"
        )
        assert short["properties"]["finalPrompt"] == "fox"
