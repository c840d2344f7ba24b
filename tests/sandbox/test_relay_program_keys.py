"""The keys of the sandbox's relay: why each is refused, what is billed to it, and what the relay tells of that."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.relay import Key
from tests.sandbox.relay_caller import png
from tests.sandbox.relay_program_caller import OF_2025, OF_2026, PROMPT, PROXY, Asker, Got, asking


def _as(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer sk-{key}"}


async def _imagine(asker: Asker, key: str = "sandbox") -> Got:
    return await asker.ask("POST", "/mj/submit/imagine", {"prompt": PROMPT}, **_as(key))


async def _log(asker: Asker, key: str = "sandbox") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await asker.ask("GET", "/api/log/token", **_as(key))).json["data"]
    return rows


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("unknown", "无效的令牌"),
        ("expired", "该令牌已过期"),
        ("empty", "该令牌额度已用尽 TokenStatusExhausted[sk-emp***pty]"),
    ],
)
async def test_why_a_key_is_refused(key: str, said: str) -> None:
    """2025 tells the reason, 2026 does not."""
    async with asking(OF_2025) as asker:
        answer = await _imagine(asker, key)
        assert answer.status == 401
        assert answer.json["error"]["message"].startswith(said)
        assert "code" not in answer.json["error"]
    async with asking(OF_2026) as asker:
        assert (await _imagine(asker, key)).json["error"]["message"].startswith("Invalid token (request id: ")


@pytest.mark.parametrize("name", [OF_2025, OF_2026])
async def test_a_key_that_is_limited_to_models_spends_and_reads_nothing(name: str) -> None:
    """Submits of its models pass and are billed, others are refused, and so is every read."""
    async with asking(name) as asker:
        answer = await _imagine(asker, "models")
        task_id = answer.json["result"]
        assert len(asker.relay.submits) == 1
        for method, path in (
            ("GET", f"/mj/task/{task_id}/fetch"),
            ("POST", "/mj/task/list-by-condition"),
            ("GET", f"/mj/task/{task_id}/image-seed"),
        ):
            assert (await asker.ask(method, path, {"ids": [task_id]}, **_as("models"))).status == 403
        other = await asker.ask("POST", "/mj/submit/shorten", {"prompt": PROMPT}, **_as("models"))
        assert (other.status, "mj_shorten" in other.text) == (403, True)
        assert (await asker.task(task_id))["id"] == task_id


async def test_a_key_runs_out_while_tasks_run() -> None:
    """The last submit may end below zero; after that every read is refused, until the key is topped up."""
    async with asking(OF_2026) as asker:
        answers = [await _imagine(asker, "tiny") for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 401]
        task_id = answers[0].json["result"]
        assert (await asker.ask("GET", f"/mj/task/{task_id}/fetch", **_as("tiny"))).status == 401
        usage = (await asker.ask("GET", "/api/usage/token/", **_as("tiny"))).json["data"]
        assert (usage["total_granted"], usage["total_used"], usage["total_available"]) == (60_000, 100_000, -40_000)
        tiny = asker.relay.keys.find("sk-tiny")
        assert tiny is not None
        asker.relay.keys.top_up(tiny, 50_000)
        assert (await asker.task(task_id, **_as("tiny")))["id"] == task_id


async def test_the_usage_route() -> None:
    """It answers for keys that are refused elsewhere; an unlimited key's numbers are below zero."""
    async with asking(OF_2026) as asker:
        await _imagine(asker)
        usage = (await asker.ask("GET", "/api/usage/token/", **_as("sandbox"))).json["data"]
        assert (usage["total_available"], usage["unlimited_quota"]) == (-50_000, True)
        expired = (await asker.ask("GET", "/api/usage/token/", **_as("expired"))).json["data"]
        assert 0 < expired["expires_at"] < asker.clock.time
        limited = (await asker.ask("GET", "/api/usage/token/", **_as("models"))).json["data"]
        assert limited["model_limits"] == {"mj_imagine": True, "mj_upscale": True}
        wrong = await asker.ask("GET", "/api/usage/token/", **_as("unknown"))
        assert (wrong.status, wrong.json) == (401, {"success": False, "message": "Invalid token"})
        assert (await asker.ask("GET", "/api/usage/token", **_as("sandbox"))).headers["Location"] == "/api/usage/token/"


async def test_accounts_see_only_their_own_tasks() -> None:
    """A sibling reads all of its account's tasks; to a stranger they are unknown, and so is their parent."""
    async with asking(OF_2025) as asker:
        task_id = await asker.grid()
        assert (await asker.task(task_id, **_as("sibling")))["id"] == task_id
        assert (await asker.task(task_id, **_as("stranger")))["description"] == "task_no_found "
        body = {"ids": [task_id]}
        assert (await asker.ask("POST", "/mj/task/list-by-condition", body, **_as("stranger"))).json == []
        press = {"taskId": task_id, "customId": "MJ::JOB::upsample::1::x"}
        answer = await asker.ask("POST", "/mj/submit/action", press, **_as("stranger"))
        assert answer.json["description"] == "task_not_found "
        served = await asker.ask("POST", "/mj/submit/imagine", {"prompt": PROMPT}, **_as("svip"))
        assert (served.status, "分组 svip" in served.text) == (503, True)


async def test_the_billing_log_of_2025() -> None:
    """The key stands in the address; a header gives an empty list, even a wrong one."""
    async with asking(OF_2025) as asker:
        grid = (await _imagine(asker)).json["result"]
        asker.clock.time += 40
        assert await _log(asker) == await _log(asker, "unknown") == []
        press = next(b for b in (await asker.task(grid))["buttons"] if "upsample::2" in b["customId"])
        upscale = await asker.sent("submit/action", taskId=grid, customId=press["customId"])
        rows = (await asker.ask("GET", "/api/log/token?key=sk-sandbox")).json["data"]
        assert [row["model_name"] for row in rows] == ["mj_imagine", "mj_upscale"]
        assert [row["quota"] for row in rows] == [50_000, 25_000]
        content = f"模型固定价格 0.05\uff0c分组倍率 1.00\uff0c操作 UPSCALE\uff0cID {upscale.json['result']}"
        assert (rows[1]["type"], rows[1]["content"]) == (2, content)
        assert rows[1]["other"] == '{"group_ratio":1,"model_price":0.05}'
        assert "request_id" not in rows[1]


async def test_the_billing_log_of_2026() -> None:
    """Newest first, numbered anew, by the header alone; 20 calls with those for usage, then 429 with Retry-After."""
    async with asking(OF_2026) as asker:
        answers = [await _imagine(asker, "vip") for _ in range(2)]
        rows = await _log(asker, "vip")
        assert [row["id"] for row in rows] == [1, 2]
        assert [row["request_id"] for row in rows] == [
            answer.headers["X-Oneapi-Request-Id"] for answer in reversed(answers)
        ]
        other = {"group_ratio": 1.2, "model_price": 0.1, "request_path": "/mj/submit/imagine"}
        assert (rows[0]["quota"], rows[0]["group"], json.loads(rows[0]["other"])) == (60_000, "vip", other)
        assert await _log(asker) == []
        for _ in range(18):
            assert (await asker.ask("GET", "/api/usage/token/", **_as("vip"))).status == 200
        asker.clock.time += 21
        refused = await asker.ask("GET", "/api/log/token", **_as("vip"))
        assert (refused.status, refused.text, refused.headers["Retry-After"]) == (429, "", "1179")
        asker.clock.time += 1179
        assert len(await _log(asker, "vip")) == 2


async def test_each_accepted_submit_is_billed() -> None:
    """Windows of Custom Zoom are free, those of a remix are not; a face has no id, an upload an empty one."""
    async with asking(OF_2025, has_remix=True) as asker:
        single, grid = asker.relay.add_task("single"), asker.relay.add_task("grid")
        for task_id, word in ((single, "CustomZoom"), (grid, "variation::1")):
            press = next(b for b in (await asker.task(task_id))["buttons"] if word in b["customId"])
            opened = await asker.sent("submit/action", taskId=task_id, customId=press["customId"])
            await asker.sent("submit/modal", taskId=opened.json["result"], prompt="a fox --zoom 2")
        await asker.sent("insight-face/swap", sourceBase64=png(), targetBase64=png())
        await asker.sent("submit/upload-discord-images", base64Array=[png()])
        asker.relay.upstream = "unreachable"
        await asker.sent("submit/imagine", prompt=PROMPT)
        rows = (await asker.ask("GET", "/api/log/token?key=sk-sandbox")).json["data"]
        models = ["mj_modal", "mj_variation", "mj_modal", "swap_face", "mj_upload"]
        assert [row["model_name"] for row in rows] == models
        assert rows[-2]["content"].endswith("操作 SWAP_FACE")
        assert rows[-1]["content"].endswith("操作 UPLOAD\uff0cID ")


async def test_a_price_of_zero() -> None:
    """A row of 0 in 2026, none in 2025."""
    free = (Key(value="sk-free", ratio=0.0),)
    async with asking(OF_2026, keys=free) as asker:
        await _imagine(asker, "free")
        assert [row["quota"] for row in await _log(asker, "free")] == [0]
    async with asking(OF_2025, keys=free) as asker:
        await _imagine(asker, "free")
        assert (await asker.ask("GET", "/api/log/token?key=sk-free")).json["data"] == []


async def test_the_same_upscale_again_is_billed_again() -> None:
    """Behind new-api a code 21 that says "exists" arrives as 1, and costs as much as the first."""
    async with asking(OF_2025, recognizes_repeats=True) as asker:
        grid = await asker.grid()
        press = next(b for b in (await asker.task(grid))["buttons"] if "upsample::2" in b["customId"])
        answers = [await asker.sent("submit/action", taskId=grid, customId=press["customId"]) for _ in range(2)]
        assert [answer.json["description"] for answer in answers] == ["Submit success", "任务已存在"]
        rows = (await asker.ask("GET", "/api/log/token?key=sk-sandbox")).json["data"]
        assert [row["model_name"] for row in rows] == ["mj_imagine", "mj_upscale", "mj_upscale"]


async def test_the_status_of_a_relay() -> None:
    """Anyone may ask, 180 times in three minutes."""
    async with asking(OF_2026) as asker:
        data = (await asker.ask("GET", "/api/status")).json["data"]
        assert (data["quota_per_unit"], data["mj_notify_enabled"]) == (500_000, False)
        assert (data["server_address"], data["quota_display_type"]) == ("http://localhost:3000", "USD")
        for _ in range(179):
            await asker.ask("GET", "/api/status")
        assert (await asker.ask("GET", "/api/status")).status == 429
    async with asking("onehub") as asker:
        assert (await asker.ask("GET", "/api/log/token")).status == 404
        assert (await asker.ask("GET", "/api/usage/token/")).status == 404
    async with asking(PROXY) as asker:
        assert (await asker.ask("GET", "/api/status")).status == 404
