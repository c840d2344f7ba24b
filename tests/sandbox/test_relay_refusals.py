"""The sandbox's relay when it refuses, queues, breaks off, or is gone."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from sandbox.relay import RelaySettings
from tests.sandbox.relay_caller import KEY, Caller, calling


async def test_a_queue_is_told_in_chinese_with_code_1_and_ends_full() -> None:
    """Code 22 is rewritten to 1; a full queue is code 23, unbilled, without a result."""
    async with calling(RelaySettings(max_running=1, queue_size=2)) as caller:
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
