"""The client's seeds, cancels, uploads and billing log."""

import asyncio
import json

import aiohttp
import pytest
from aiohttp import web

from bot.errors import (
    ActionUnsupported,
    KeyRefused,
    KeyUnknown,
    MjbotError,
    ParentBusy,
    ParentGone,
    RelayBusy,
    RelayUnreachable,
    SubmitOutcomeUnknown,
    SubmitRefused,
    TaskUnknown,
)
from bot.relay.client import RelayClient
from bot.relay.requests import Imagine
from tests.fakes.socket_relay import KEY, Slept, relay

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
PAGE = "<!doctype html><html></html>"
SPRING = (
    '{{"timestamp": "2026-11-28T08:59:27.595+00:00", "status": {}, "error": "{}", "path": "/mj/task/5/image-seed"}}'
)


def _says(code: int, description: str, result: object = None, status: int = 200) -> web.Response:
    return web.Response(status=status, text=json.dumps({"code": code, "description": description, "result": result}))


@pytest.mark.parametrize("result", ["636646138", 636646138])
async def test_seed_is_returned_as_text(result: object) -> None:
    async with relay(_says(1, "成功", result)) as it, RelayClient.open(it.url, KEY, sleep=Slept()) as api:
        assert await api.fetch_seed("5") == "636646138"


@pytest.mark.parametrize(
    ("answer", "expected", "asked"),
    [
        ("32_fetch_unknown_id_newapi_400", TaskUnknown, 1),
        ("34_err_401_invalid_key", KeyUnknown, 2),
        (_says(5, "do_request_failed ", status=400), RelayUnreachable, 2),
        (_says(1, "成功", ""), RelayUnreachable, 2),
        (_says(1, "成功", [1]), RelayUnreachable, 2),
        (_says(4, "关联任务状态错误"), ParentBusy, 1),
        (_says(3, "任务已失效"), ParentGone, 1),
        (_says(3, "无可用的账号实例"), RelayBusy, 1),
        (_says(4, "该任务不支持获取种子"), SubmitRefused, 1),
        (web.Response(text=PAGE), ActionUnsupported, 2),  # the second read finds out that the page is the console
        (web.Response(status=502, text=PAGE), RelayUnreachable, 2),
        (web.Response(text=""), RelayUnreachable, 2),
        # Responses which mean that this relay provides no seeds, and similar ones which do not.
        (_says(5, "empty_response_body", ""), ActionUnsupported, 1),  # new-api of 2026, as recorded
        (_says(0, "", ""), ActionUnsupported, 1),  # new-api of 2026 before a midjourney-proxy
        (web.Response(status=404, text=SPRING.format(404, "Not Found")), ActionUnsupported, 1),  # midjourney-proxy
        (web.Response(status=405, text=SPRING.format(405, "Method Not Allowed")), ActionUnsupported, 1),
        (web.Response(status=404, text='{"error": {"message": "Invalid URL (GET /mj/x)"}}'), ActionUnsupported, 1),
        (web.Response(status=301, headers={"Location": "/"}), RelayUnreachable, 2),
        (web.Response(status=404, text="404 page not found"), RelayUnreachable, 2),
        (_says(9, "请配置私聊频道"), ActionUnsupported, 1),
        (_says(9, "未找到 seed"), SubmitRefused, 1),
        (_says(5, "empty_response_body ", status=502), RelayUnreachable, 2),
        (_says(5, "unmarshal_response_body_failed ", status=400), RelayUnreachable, 2),
        (_says(5, "read_response_body_failed ", status=400), RelayUnreachable, 2),
        (_says(0, "", status=500), RelayUnreachable, 2),
        (_says(0, "no seed of this one"), SubmitRefused, 1),
    ],
)
async def test_missing_seed_raises_its_error(
    answer: web.Response | str, expected: type[MjbotError], asked: int
) -> None:
    """A lost response is retried, because seeds are not billed."""
    async with relay(answer) as it, RelayClient.open(it.url, KEY, sleep=Slept()) as api:
        with pytest.raises(expected):
            await api.fetch_seed("5")
    assert asked == len(it.seen)


async def test_seed_has_a_timeout_of_its_own() -> None:
    quick, patient = aiohttp.ClientTimeout(total=0.05), aiohttp.ClientTimeout(total=300)
    seed_requested, may_respond = asyncio.Event(), asyncio.Event()

    async def respond_late(request: web.Request) -> web.Response:
        if request.path.endswith("/image-seed"):
            seed_requested.set()
        await may_respond.wait()
        return _says(1, "成功", "7")

    app = web.Application()
    app.router.add_get("/mj/task/5/{what}", respond_late)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with RelayClient.open(url, KEY, sleep=Slept(), read_timeout=quick, seed_timeout=patient) as api:
            seed = asyncio.create_task(api.fetch_seed("5"))
            await seed_requested.wait()
            with pytest.raises(RelayUnreachable):
                await api.fetch_task("5")
            assert not seed.done()
            may_respond.set()
            assert await seed == "7"
    finally:
        await runner.cleanup()


async def test_cancel_posts_a_body() -> None:
    """Some proxies refuse a POST without one."""
    async with relay(_says(1, "成功")) as it, RelayClient.open(it.url, KEY, sleep=Slept()) as api:
        await api.cancel_task("5")
    assert [(seen.method, seen.path) for seen in it.seen] == [("POST", "/mj/task/5/cancel")]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (web.Response(text=PAGE), ActionUnsupported),
        (web.Response(status=404, text='{"error": {"message": "Invalid URL (POST /mj/x)"}}'), ActionUnsupported),
        (web.Response(status=404, text="404 page not found"), RelayUnreachable),
        (web.Response(status=301, headers={"Location": "/"}), RelayUnreachable),
        (_says(3, "任务不存在"), TaskUnknown),
        (_says(3, "not found", status=404), TaskUnknown),
        (_says(4, "task_no_found ", status=400), TaskUnknown),
        (_says(4, "任务已结束"), SubmitRefused),
        (_says(9, "系统异常"), SubmitRefused),
        (_says(0, "?", status=500), RelayUnreachable),
        (web.json_response({"error": {"message": "无效的令牌"}}, status=401), KeyRefused),
        (web.Response(text=""), RelayUnreachable),
    ],
)
async def test_failed_cancel_raises_its_error(answer: web.Response, expected: type[MjbotError]) -> None:
    async with relay(answer) as it, RelayClient.open(it.url, KEY, sleep=Slept()) as api:
        with pytest.raises(expected):
            await api.cancel_task("5")


@pytest.mark.parametrize("task_id", ["", "..", " "])
async def test_seeds_of_ids_of_dots_are_not_requested(task_id: str) -> None:
    async with relay("46_image_seed_ok") as it, RelayClient.open(it.url, KEY, sleep=Slept()) as api:
        with pytest.raises(TaskUnknown):
            await api.fetch_seed(task_id)
    assert it.seen == []


async def test_upload_returns_links_that_can_be_opened() -> None:
    links = ["https://cdn.discordapp.com/a.png", None, "http://localhost:3000/mj/image/1"]
    async with relay(_says(1, "success", links)) as it, RelayClient.open(it.url, KEY, sleep=Slept()) as api:
        assert await api.upload_images([PNG]) == ("https://cdn.discordapp.com/a.png", f"{it.url}/mj/image/1")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (_says(1, "success", []), SubmitOutcomeUnknown),
        (_says(1, "success", "1754300000123417"), SubmitOutcomeUnknown),
        (_says(5, "do_request_failed ", status=400), SubmitOutcomeUnknown),
        (_says(4, "base64格式错误"), SubmitRefused),
        ("37_err_503_no_channel", ActionUnsupported),
        (web.Response(status=413, text=PAGE), SubmitRefused),
    ],
)
async def test_upload_is_sent_once(answer: web.Response | str, expected: type[MjbotError]) -> None:
    async with relay(answer) as it, RelayClient.open(it.url, KEY, sleep=Slept()) as api:
        with pytest.raises(expected):
            await api.upload_images([PNG])
    assert len(it.seen) == 1


async def test_links_of_clips_are_rewritten() -> None:
    clip = "http://localhost:3000/video/5/0.mp4"
    task = {"id": "5", "status": "SUCCESS", "videoUrl": clip, "videoUrls": [{"url": clip}]}
    async with relay(web.Response(text=json.dumps(task))) as it, RelayClient.open(it.url, KEY, sleep=Slept()) as api:
        found = await api.fetch_task("5")
    assert (found.video_url, found.video_urls) == (f"{it.url}/video/5/0.mp4", (f"{it.url}/video/5/0.mp4",))


async def test_billing_log_is_fetched_once_with_the_key_in_the_header() -> None:
    """Proxies log URLs, so the key must not be there; a retry would cost one of few calls."""
    row = {"type": 2, "created_at": 1_795_857_879, "model_name": "mj_imagine", "quota": 1, "content": "ID 123"}
    log = web.Response(text=json.dumps({"success": True, "data": [row]}))
    async with relay(log) as it, RelayClient.open(it.url, KEY, sleep=Slept()) as api:
        assert [one.task_id for one in (await api.fetch_billing_log()).rows] == ["123"]
        assert [(one.method, one.path) for one in it.seen] == [("GET", "/api/log/token")]
        assert it.seen[0].headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (web.Response(status=404, text='{"error":{"message":"Invalid URL (GET /api/log/token)"}}'), ActionUnsupported),
        (web.Response(status=404, text="{}"), RelayUnreachable),
        (web.Response(text=PAGE), ActionUnsupported),
        (web.Response(status=401), KeyRefused),
        (web.Response(status=429, headers={"Retry-After": "1179"}), RelayBusy),
        (web.Response(status=502, text=PAGE), RelayUnreachable),
        (web.Response(text='{"data": ['), RelayUnreachable),
        (web.Response(body=b"[" + b" " * (9 * 1024 * 1024)), RelayUnreachable),
    ],
)
async def test_unreadable_billing_log_is_fetched_once(answer: web.Response, expected: type[MjbotError]) -> None:
    async with relay(answer) as it, RelayClient.open(it.url, KEY, sleep=Slept()) as api:
        with pytest.raises(expected):
            await api.fetch_billing_log()
        assert len(it.seen) == 1


async def test_task_found_by_state_has_rewritten_links() -> None:
    listed = [{"id": "1", "state": "a"}, {"id": "2", "state": "mjbot:7", "imageUrl": "http://localhost:3000/2.png"}]
    async with relay(web.json_response(listed)) as it, RelayClient.open(it.url, KEY, sleep=Slept()) as api:
        task = await api.find_task_by_state("mjbot:7")
        assert task is not None
        assert (task.id, task.image_url) == ("2", f"{it.url}/2.png")
        assert await api.find_task_by_state("mjbot:8") is None
        assert {one.path for one in it.seen} == {"/mj/task/list"}


@pytest.mark.parametrize(
    ("answer", "answered", "accepted"),
    [
        (_says(5, "do_request_failed ", status=400), True, False),
        (_says(5, "unmarshal_response_body_failed", status=400), True, False),
        (_says(5, "read_response_body_failed", status=400), True, False),
        (_says(5, "something else", status=400), False, False),
        (_says(5, "do_request_failed ", status=200), False, False),
        (_says(5, "do_request_failed ", status=504), False, False),
        (_says(1, "Submit success"), False, True),
        (_says(21, "Task exists"), False, True),
        (_says(22, "Queued"), False, True),
        (_says(4, "insert_midjourney_task_failed", status=400), False, True),
        (_says(5, "billing_failed", status=500), False, True),
        (web.Response(status=504, text=PAGE), False, False),
        (web.Response(text='{"code": 1, "resu'), False, False),
    ],
)
async def test_unknown_outcome_says_what_the_relay_has_answered(
    answer: web.Response,
    answered: bool,  # noqa: FBT001
    accepted: bool,  # noqa: FBT001
) -> None:
    async with relay(answer) as it, RelayClient.open(it.url, KEY, sleep=Slept()) as api:
        with pytest.raises(SubmitOutcomeUnknown) as lost:
            await api.submit(Imagine(prompt="x"), state="s")
        assert (lost.value.answered, lost.value.accepted) == (answered, accepted)
