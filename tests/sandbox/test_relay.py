from __future__ import annotations

import asyncio
import base64
import io
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from PIL import Image

from sandbox.relay import Relay, RelaySettings
from sandbox.relay.lives import Life

JSON = dict[str, Any]
KEY = {"Authorization": "Bearer sk-sandbox"}


class Clock:
    def __init__(self) -> None:
        self.time = 1_754_300_000.0

    def __call__(self) -> float:
        return self.time


class Caller:
    def __init__(self, relay: Relay, session: aiohttp.ClientSession, clock: Clock) -> None:
        self.relay = relay
        self.session = session
        self.clock = clock

    async def get(self, path: str) -> tuple[int, str, str]:
        async with self.session.get(self.relay.url + path, headers=KEY) as answer:
            return answer.status, answer.headers["Content-Type"], await answer.text()

    async def post(self, path: str, body: object, **headers: str) -> tuple[int, str, str]:
        async with self.session.post(self.relay.url + path, json=body, headers={**KEY, **headers}) as answer:
            return answer.status, answer.headers["Content-Type"], await answer.text()

    async def submit(self, path: str, **body: object) -> JSON:
        status, _, text = await self.post(f"/mj/submit/{path}", body)
        assert status == 200, text
        answer: JSON = json.loads(text)
        return answer

    async def fetch(self, task_id: str) -> JSON:
        status, kind, text = await self.get(f"/mj/task/{task_id}/fetch")
        assert (status, kind) == (200, "application/json")
        answer: JSON = json.loads(text)
        return answer

    async def listed(self, *ids: str) -> list[JSON]:
        _, _, text = await self.post("/mj/task/list-by-condition", {"ids": ids})
        answer: list[JSON] = json.loads(text)
        return answer

    async def press(self, task_id: str, word: str) -> JSON:
        button = next(b for b in (await self.fetch(task_id))["buttons"] if word in b["customId"])
        return await self.submit("action", taskId=task_id, customId=button["customId"])


@asynccontextmanager
async def calling(settings: RelaySettings | None = None) -> AsyncGenerator[Caller]:
    clock = Clock()
    settings = replace(settings or RelaySettings(), picture_side=64)
    async with Relay(settings, now=clock).serve() as relay, aiohttp.ClientSession() as session:
        yield Caller(relay, session, clock)


@pytest.fixture
async def caller() -> AsyncGenerator[Caller]:
    async with calling() as ready:
        yield ready


def png(size: tuple[int, int] = (8, 8), colour: str = "white") -> str:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


async def test_a_submit_answers_json_that_calls_itself_plain_text(caller: Caller) -> None:
    """The Content-Type of a submit is Go's guess, and its result a string of sixteen digits."""
    status, kind, text = await caller.post("/mj/submit/imagine", {"prompt": "a lighthouse", "state": "claim 7"})
    body = json.loads(text)
    assert (status, kind) == (200, "text/plain; charset=utf-8")
    assert (body["code"], body["description"], len(body["result"])) == (1, "Submit success", 16)
    assert body["result"].isdecimal()


async def test_a_task_goes_in_steps_to_its_grid(caller: Caller) -> None:
    """Status, progress, echo of state, times and the nine buttons come as Midjourney gives them."""
    task_id = (await caller.submit("imagine", prompt="a lighthouse --v 7", state="claim 7"))["result"]
    seen: list[tuple[str, str]] = []
    for _ in range(9):
        task = await caller.fetch(task_id)
        seen.append((task["status"], task["progress"]))
        caller.clock.time += 20 / 7 + 1e-6
    assert seen[:3] == [("SUBMITTED", "0%"), ("IN_PROGRESS", "15%"), ("IN_PROGRESS", "31%")]
    assert [progress for _, progress in seen[3:]] == ["46%", "62%", "78%", "93%", "100%", "100%"]
    assert (
        task["status"],
        task["state"],
        task["properties"]["finalPrompt"],
    ) == ("SUCCESS", "claim 7", "a lighthouse --v 7.0")
    assert [b["label"] for b in task["buttons"]] == ["U1", "U2", "U3", "U4", "", "V1", "V2", "V3", "V4"]
    assert task["finishTime"] - task["submitTime"] == 20_000


async def test_a_fresh_task_says_nothing_until_the_loop_met_it() -> None:
    """Before new-api's first turn the status is empty, and after it stands still until the next."""
    async with calling(RelaySettings(refresh_seconds=15)) as caller:
        task_id = (await caller.submit("imagine", prompt="a lighthouse", state="mine"))["result"]
        caller.clock.time += 14
        fresh = await caller.fetch(task_id)
        caller.clock.time += 1
        met = await caller.fetch(task_id)
        caller.clock.time += 14
        still = await caller.fetch(task_id)
        caller.clock.time += 1
        done = await caller.fetch(task_id)
    assert tuple(fresh[key] for key in ("status", "progress", "buttons", "properties", "state")) == (
        "",
        "0%",
        None,
        None,
        "",
    )
    assert (met["status"], met["progress"], met["state"]) == ("IN_PROGRESS", "78%", "mine")
    assert still["progress"] == "78%"
    assert done["progress"] == "100%"


async def test_unknown_ids_are_an_error_alone_and_missing_in_a_list(caller: Caller) -> None:
    """A fetch of an unknown id is HTTP 400; a list leaves it out and keeps the order of insertion."""
    first, second = caller.relay.add_task(), caller.relay.add_task("grid")
    status, kind, text = await caller.get("/mj/task/1754399999999999/fetch")
    assert (status, kind) == (400, "application/json; charset=utf-8")
    assert json.loads(text) == {"code": 4, "description": "task_no_found ", "type": "upstream_error"}
    assert [first, second] == [task["id"] for task in await caller.listed(second, "1754399999999999", first)]
    assert await caller.listed() == []
    status, _, text = await caller.post("/mj/task/list-by-condition", {"ids": [int(first)]})
    assert (status, json.loads(text)["code"]) == (400, 4)


@pytest.mark.parametrize("path", ["/mj/task/1/cancel", "/mj/task/list-by-ids", "/", "/mj/submit/nothing"])
async def test_an_unknown_path_is_the_console_with_200(caller: Caller, path: str) -> None:
    """Whatever new-api does not know is answered with its web page."""
    status, kind, text = await caller.get(path)
    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert text.startswith("<!doctype html>")


async def test_an_old_relay_lacks_lists_actions_and_video() -> None:
    """Switched off, these paths are unknown ones; a prefix for speed changes nothing."""
    async with calling(RelaySettings(has_list=False, has_actions=False, has_video=False)) as caller:
        for path in ("task/list-by-condition", "submit/action", "submit/video", "submit/edits"):
            assert (await caller.post(f"/mj/{path}", {}))[1] == "text/html; charset=utf-8"
        fast = await caller.post("/mj-fast/mj/submit/imagine", {"prompt": "a lighthouse"})
    assert json.loads(fast[2])["code"] == 1
    assert caller.relay.requests["unknown"] == 4


async def test_keys_are_read_as_new_api_reads_them(caller: Caller) -> None:
    """Bearer and sk- are stripped, the other header serves where the first is empty, else 401."""

    async def ask(**headers: str) -> tuple[int, str]:
        url = f"{caller.relay.url}/mj/task/1/fetch"
        async with caller.session.get(url, headers=headers) as answer:
            return answer.status, await answer.text()

    assert (await ask(Authorization="Bearer sk-sandbox"))[0] == 400
    assert (await ask(Authorization="sandbox"))[0] == 400
    assert (await ask(**{"Authorization": "midjourney-proxy", "mj-api-secret": "sk-sandbox"}))[0] == 400
    status, text = await ask(Authorization="Bearer sk-other")
    assert status == 401
    assert json.loads(text)["error"]["message"].startswith("无效的令牌 (request id: ")
    assert "未提供令牌" in (await ask())[1]


async def test_an_upscale_gives_one_picture_and_fifteen_buttons(caller: Caller) -> None:
    """U2 is billed once, keeps its parent's prompt, and carries the emoji that is no emoji."""
    task_id = caller.relay.add_task("grid")
    answer = await caller.press(task_id, "upsample::2")
    caller.clock.time += 21
    task = await caller.fetch(answer["result"])
    assert (task["action"], task["prompt"]) == ("UPSCALE", "a lighthouse at dawn --ar 3:2 --v 7")
    assert len(task["buttons"]) == 15
    assert task["buttons"][0]["emoji"] == "upscale_1"
    assert [answer["result"]] == [submit.task_id for submit in caller.relay.submits]


@pytest.mark.parametrize(
    ("word", "action", "count"),
    [
        ("low_variation", "LOW_VARIATION", 9),
        ("high_variation", "HIGH_VARIATION", 9),
        ("Outpaint::50", "ZOOM", 9),
        ("pan_up", "PAN", 9),
        ("2x_creative", "UPSCALE", 9),
    ],
)
async def test_the_buttons_of_a_single_picture_work(caller: Caller, word: str, action: str, count: int) -> None:
    """Each relayed kind ends in a task of new-api's own action name."""
    answer = await caller.press(caller.relay.add_task("single"), word)
    caller.clock.time += 21
    task = await caller.fetch(answer["result"])
    assert (action, "SUCCESS", count) == (task["action"], task["status"], len(task["buttons"]))


@pytest.mark.parametrize(
    ("life", "word"),
    [
        ("single", "animate_high"),
        ("single", "BOOKMARK"),
        ("describe", "PicReader::1"),
        ("describe", "Picread::Retry"),
        ("shorten", "PromptAnalyzer::3"),
        ("video", "video_virtual_upscale"),
    ],
)
async def test_what_new_api_refuses_and_a_patched_relay_does(life: Life, word: str) -> None:
    """Stock, these are HTTP 400 unknown_action and cost nothing; with no refusals they are taken."""
    async with calling() as caller:
        task_id = caller.relay.add_task(life)
        custom_id = next(b["customId"] for b in (await caller.fetch(task_id))["buttons"] if word in b["customId"])
        status, _, text = await caller.post("/mj/submit/action", {"taskId": task_id, "customId": custom_id})
        assert caller.relay.submits == []
    assert status == 400
    assert json.loads(text)["error"]["message"].startswith(f"Invalid request, unknown_action:{custom_id} (")
    async with calling(RelaySettings(refuses=frozenset())) as caller:
        answer = await caller.press(caller.relay.add_task(life), word)
    assert answer["code"] == 1


async def test_odd_custom_ids(caller: Caller) -> None:
    """No "::" crashes new-api; a foreign button is refused by the upstream; none at all is a bad request."""
    task_id = caller.relay.add_task("grid")
    status, _, text = await caller.post("/mj/submit/action", {"taskId": task_id, "customId": "U1"})
    assert (status, json.loads(text)["error"]["type"]) == (500, "new_api_panic")
    foreign = await caller.submit("action", taskId=task_id, customId="MJ::JOB::upsample::1::other")
    assert (foreign["code"], foreign["result"]) == (4, None)
    assert (await caller.post("/mj/submit/action", {"taskId": task_id}))[0] == 400
    missing = {"taskId": "1", "customId": "MJ::JOB::upsample::1::other"}
    status, _, text = await caller.post("/mj/submit/action", missing)
    assert (status, json.loads(text)["description"]) == (400, "task_not_found ")


async def test_a_parent_must_have_succeeded(caller: Caller) -> None:
    """A press on an unfinished task is refused by new-api itself."""
    task_id = caller.relay.add_task("running")
    body = {"taskId": task_id, "action": "UPSCALE", "index": 1}
    status, _, text = await caller.post("/mj/submit/change", body)
    assert (status, json.loads(text)["description"]) == (400, "task_status_not_success ")


async def test_change_wants_an_index_even_for_a_reroll(caller: Caller) -> None:
    """Index 0 or absent is refused for every action; with 1 a reroll works."""
    task_id = caller.relay.add_task("grid")
    for body in ({"action": "REROLL"}, {"action": "UPSCALE", "index": 0}):
        status, _, text = await caller.post("/mj/submit/change", {"taskId": task_id, **body})
        assert (status, json.loads(text)["description"]) == (400, "index_is_required ")
    for action in ("REROLL", "UPSCALE", "VARIATION"):
        assert (await caller.submit("change", taskId=task_id, action=action, index=1))["code"] == 1
    assert (await caller.post("/mj/submit/change", {"taskId": task_id}))[0] == 503


async def test_a_model_without_a_channel_is_503() -> None:
    """The button exists, the reseller just does not sell it."""
    async with calling(RelaySettings(missing_models=frozenset({"mj_pan"}))) as caller:
        task_id = caller.relay.add_task("single")
        custom_id = (await caller.fetch(task_id))["buttons"][8]["customId"]
        status, _, text = await caller.post("/mj/submit/action", {"taskId": task_id, "customId": custom_id})
    assert (status, json.loads(text)["error"]["code"]) == (503, "model_not_found")
    assert "mj_pan 无可用渠道" in text


async def test_a_wrong_content_type_empties_every_field(caller: Caller) -> None:
    """A body that does not call itself JSON is not read at all."""
    url = f"{caller.relay.url}/mj/submit/imagine"
    data = json.dumps({"prompt": "a lighthouse"})
    async with caller.session.post(url, data=data, headers=KEY) as answer:
        assert (await answer.json())["description"] == "prompt_is_required "


async def test_a_window_keeps_code_21_and_its_modal_has_the_same_id() -> None:
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


async def picture(caller: Caller, task_id: str) -> Image.Image:
    async with caller.session.get(f"{caller.relay.url}/mj/image/{task_id}") as answer:
        assert answer.status == 200
        return Image.open(io.BytesIO(await answer.read()))


def difference(first: Image.Image, second: Image.Image) -> float:
    pairs = zip(first.convert("L").tobytes(), second.convert("L").tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / (first.width * first.height)


async def test_remix_is_a_window_that_says_code_1() -> None:
    """With remix on, a variation's 21 is rewritten, billed, and waits in MODAL."""
    async with calling(RelaySettings(remix=True)) as caller:
        task_id = caller.relay.add_task("grid")
        answer = await caller.press(task_id, "variation::2")
        assert (answer["code"], answer["description"]) == (1, "Waiting for window confirm")
        assert answer["properties"]["remix"]
        waiting = await caller.fetch(answer["result"])
        assert (waiting["status"], waiting["progress"], waiting["action"]) == ("MODAL", "", "VARIATION")
        await caller.submit("modal", taskId=answer["result"], prompt="a red lighthouse")
        caller.clock.time += 21
        assert (await caller.fetch(answer["result"]))["status"] == "SUCCESS"


async def test_chinese_words() -> None:
    """Another upstream says the same in Chinese, and leaves the properties of a window out."""
    async with calling(RelaySettings(zh=True)) as caller:
        answer = await caller.press(caller.relay.add_task("single"), "CustomZoom")
        assert (await caller.submit("imagine", prompt="x"))["description"] == "提交成功"
    assert {"code": 21, "description": "窗口等待", "result": answer["result"]} == answer


async def test_a_queue_is_told_in_chinese_with_code_1_and_ends_full() -> None:
    """Code 22 is rewritten to 1; a full queue is code 23, unbilled, without a result."""
    async with calling(RelaySettings(parallel=1, queue_size=2)) as caller:
        answers = [await caller.submit("imagine", prompt="x") for _ in range(4)]
        assert [answer["code"] for answer in answers] == [1, 1, 1, 23]
        assert answers[2]["description"] == "排队中\uff0c前面还有2个任务"
        assert answers[2]["properties"]["numberOfQueues"] == 2
        assert answers[3]["result"] is None
        assert len(caller.relay.submits) == 3
        assert (await caller.fetch(answers[1]["result"]))["status"] == "NOT_START"
        caller.clock.time += 41
        statuses = [task["status"] for task in await caller.listed(*(a["result"] for a in answers[:3]))]
    assert statuses == ["SUCCESS", "SUCCESS", "SUBMITTED"]


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


async def test_lives_that_can_be_asked_for(caller: Caller) -> None:
    """Every life has the shape of its recorded answer."""
    tasks = {life: await caller.fetch(caller.relay.add_task(life)) for life in LIVES}
    assert {life: (task["status"], task["progress"], task["action"]) for life, task in tasks.items()} == LIVES
    assert tasks["describe"]["promptEn"] == tasks["describe"]["properties"]["finalPrompt"]
    assert tasks["describe"]["prompt"] == ""
    assert tasks["shorten"]["imageUrl"] == ""
    assert "## Important tokens" in tasks["shorten"]["properties"]["finalPrompt"]
    assert len(tasks["video"]["videoUrls"]) == 4
    assert tasks["cancelled"]["buttons"] is None
    late = await caller.fetch(caller.relay.add_task("failed", fail_reason="上游任务超时"))
    assert (late["buttons"], late["finishTime"]) == (None, 0)
    assert "/mj/image/" in late["imageUrl"]


LIVES: dict[Life, tuple[str, str, str]] = {
    "running": ("SUBMITTED", "0%", "IMAGINE"),
    "grid": ("SUCCESS", "100%", "IMAGINE"),
    "single": ("SUCCESS", "100%", "UPSCALE"),
    "failed": ("FAILURE", "100%", "IMAGINE"),
    "modal": ("MODAL", "", "VARIATION"),
    "cancelled": ("CANCEL", "0%", "IMAGINE"),
    "describe": ("SUCCESS", "100%", "DESCRIBE"),
    "shorten": ("SUCCESS", "100%", "SHORTEN"),
    "video": ("SUCCESS", "100%", "VIDEO"),
}


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
    assert clip.content_type == "image/webp"
    assert getattr(Image.open(io.BytesIO(await clip.read())), "is_animated", False)
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


async def test_pictures_need_no_key_and_previews_change_their_address(caller: Caller) -> None:
    """A preview is WebP under a new `rand` each time; the finished picture PNG; after a day it is gone."""
    task_id = caller.relay.add_task("running", age=10)
    first = (await caller.fetch(task_id))["imageUrl"]
    caller.clock.time += 1
    second = (await caller.fetch(task_id))["imageUrl"]
    assert first != second
    assert first.split("?rand=")[0] == second.split("?rand=")[0] == f"{caller.relay.url}/mj/image/{task_id}"
    assert (await caller.session.get(first)).content_type == "image/webp"
    caller.clock.time += 10
    final = (await caller.fetch(task_id))["imageUrl"]
    assert f"{caller.relay.url}/mj/image/{task_id}" == final
    assert (await picture(caller, task_id)).format == "PNG"
    caller.clock.time += 86_500
    gone = await caller.session.get(final)
    assert (gone.status, await gone.json()) == (404, {"error": "This content is no longer available."})
    unknown = await caller.session.get(f"{caller.relay.url}/mj/image/1")
    assert (unknown.status, await unknown.json()) == (400, {"error": "midjourney_task_not_found"})


async def test_the_address_of_a_relay_that_was_never_told_its_own() -> None:
    """`image_host` reproduces pictures at http://localhost:3000."""
    async with calling(RelaySettings(image_host="localhost:3000")) as caller:
        task_id = caller.relay.add_task("grid")
        assert f"http://localhost:3000/mj/image/{task_id}" == (await caller.fetch(task_id))["imageUrl"]


async def test_scripted_answers_come_first_in_first_out(caller: Caller) -> None:
    """Any status, type, body and header can be the next answer; then the relay is itself again."""
    caller.relay.script("fetch", 429, headers={"Retry-After": "7"})
    caller.relay.script("fetch", 200, text="<html>", content_type="text/html", times=2)
    caller.relay.script("fetch", 503, {"error": {"message": "x"}})
    task_id = caller.relay.add_task()
    url = f"{caller.relay.url}/mj/task/{task_id}/fetch"
    async with caller.session.get(url, headers=KEY) as answer:
        assert (answer.status, answer.headers["Retry-After"], await answer.read()) == (429, "7", b"")
    texts = [(await caller.get(f"/mj/task/{task_id}/fetch"))[2] for _ in range(3)]
    assert texts == ["<html>", "<html>", '{"error":{"message":"x"}}']
    assert task_id == (await caller.fetch(task_id))["id"]
    assert caller.relay.requests["fetch"] == 5


async def test_broken_connections(caller: Caller) -> None:
    """A drop cuts the answer in half or gives none; a delay without end hangs the caller."""
    caller.relay.script("list", text='[{"id":"1754300000123417"}]', drop=True)
    with pytest.raises(aiohttp.ClientPayloadError):
        await caller.listed("1")
    caller.relay.script("imagine", drop=True)
    with pytest.raises(aiohttp.ClientConnectionError):
        await caller.submit("imagine", prompt="x")
    caller.relay.script("fetch", delay=float("inf"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await caller.fetch("1")


async def test_answers_in_pieces(caller: Caller) -> None:
    """An answer may be bytes, without a length, slow, or lost although what was asked for is done."""
    caller.relay.script("list", data=b"[" + b" " * 200_000 + b"]", chunked=True, drip=0.02)
    async with caller.session.post(f"{caller.relay.url}/mj/task/list-by-condition", json={}, headers=KEY) as answer:
        assert ("Content-Length" in answer.headers, len(await answer.read())) == (False, 200_002)
    caller.relay.script("imagine", text="<html>", carried_out=True)
    assert (await caller.post("/mj/submit/imagine", {"prompt": "x"}))[2] == "<html>"
    assert len(caller.relay.submits) == 1


async def test_a_submit_whose_answer_is_lost_was_taken_all_the_same() -> None:
    """With `submit_seconds`, a caller that gives up leaves a task behind, and a bill."""
    async with calling(RelaySettings(submit_seconds=5)) as caller:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await caller.submit("imagine", prompt="x", state="claim 9")
        (lost,) = caller.relay.submits
    assert (lost.path, lost.body["state"]) == ("/mj/submit/imagine", "claim 9")


async def test_an_outage_and_its_end(caller: Caller) -> None:
    """While down, everything is 502 with HTML."""
    task_id = caller.relay.add_task()
    caller.relay.down = True
    assert (await caller.get(f"/mj/task/{task_id}/fetch"))[:2] == (502, "text/html; charset=utf-8")
    caller.relay.down = False
    assert task_id == (await caller.fetch(task_id))["id"]


async def test_ids_are_never_given_twice(caller: Caller) -> None:
    """A thousand tasks within one millisecond have a thousand ids of sixteen digits."""
    ids = {caller.relay.add_task() for _ in range(1000)}
    assert len(ids) == 1000
    assert {16} == {len(each) for each in ids}
