"""The sandbox's relay as a protocol: keys, paths, content types, rows and their freshness."""

from __future__ import annotations

import json

import pytest

from sandbox.relay import RelaySettings
from sandbox.relay.tasks.sample_tasks import SampleKind
from tests.sandbox.relay_caller import KEY, Caller, calling


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
    """new-api answers a path that it does not know with its web page."""
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


async def test_a_wrong_content_type_empties_every_field(caller: Caller) -> None:
    """A body that does not call itself JSON is not read at all."""
    url = f"{caller.relay.url}/mj/submit/imagine"
    data = json.dumps({"prompt": "a lighthouse"})
    async with caller.session.post(url, data=data, headers=KEY) as answer:
        assert (await answer.json())["description"] == "prompt_is_required "


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


LIVES: dict[SampleKind, tuple[str, str, str]] = {
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


async def test_ids_are_never_given_twice(caller: Caller) -> None:
    """A thousand tasks within one millisecond have a thousand ids of sixteen digits."""
    ids = {caller.relay.add_task() for _ in range(1000)}
    assert len(ids) == 1000
    assert {16} == {len(each) for each in ids}


async def test_answers_in_pieces(caller: Caller) -> None:
    """An answer may be bytes, without a length, slow, or lost although what was asked for is done."""
    caller.relay.script("list", data=b"[" + b" " * 200_000 + b"]", chunked=True, drip=0.02)
    async with caller.session.post(f"{caller.relay.url}/mj/task/list-by-condition", json={}, headers=KEY) as answer:
        assert ("Content-Length" in answer.headers, len(await answer.read())) == (False, 200_002)
    caller.relay.script("imagine", text="<html>", carried_out=True)
    assert (await caller.post("/mj/submit/imagine", {"prompt": "x"}))[2] == "<html>"
    assert len(caller.relay.submits) == 1
