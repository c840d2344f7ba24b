"""The client over real sockets: what it sends, how often, and how it treats lost responses."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from bot.errors import KeyRefused, RelayError
from bot.midjourney.task import Status, Task
from bot.relay.client import BATCH_SIZE, RelayClient
from bot.relay.requests import PressButton, SubmitModal
from tests.fakes.socket_relay import ASKED, GRID, KEY, Slept, press_button, relay
from tests.recordings import recorded


async def test_fetch_sends_the_key_and_no_body(slept: Slept) -> None:
    async with relay(GRID) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        task = await api.fetch_task(ASKED)
    assert (task.status, len(task.buttons), task.progress) == (Status.SUCCESS, 9, 100)
    (seen,) = it.seen
    assert ("GET", f"/mj/task/{ASKED}/fetch", "") == (seen.method, seen.path, seen.body)
    assert seen.headers["Authorization"] == f"Bearer {KEY}"
    assert "Content-Type" not in seen.headers
    assert seen.headers["User-Agent"] == "mjbot"
    assert slept == []


async def test_list_fetches_all_ids_in_one_request(slept: Slept) -> None:
    body = json.dumps([recorded(GRID).body, {"id": "2", "status": "MODAL"}])
    async with relay(web.Response(text=body)) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        found = await api.fetch_tasks((ASKED, "2", "3"))
    assert {key: task.status for key, task in found.items()} == {ASKED: Status.SUCCESS, "2": Status.MODAL}
    (seen,) = it.seen
    assert (seen.method, seen.path) == ("POST", "/mj/task/list-by-condition")
    assert seen.headers["Content-Type"] == "application/json"
    assert json.loads(seen.body) == {"ids": [ASKED, "2", "3"]}
    assert BATCH_SIZE == 50


FIRST_ROW, TWO_ROWS = "real/fetch_after_modal_first_row", "real/modal_two_rows_list"
FORM = "1795856700887007"


async def test_fetch_of_a_modal_row_returns_the_most_advanced_row(slept: Slept) -> None:
    """new-api returns the first of two rows, which lags behind the modal's."""
    async with relay(FIRST_ROW, TWO_ROWS) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        found = await api.fetch_task(FORM)
    assert (found.status, found.action, found.shown_prompt) == (
        Status.SUCCESS,
        "MODAL",
        "a barn at sea --zoom 1.7 --v 7",
    )
    assert found.image_url == f"{it.url}/mj/image/{FORM}"
    assert json.loads(it.seen[1].body) == {"ids": [FORM]}


@pytest.mark.parametrize("listed", [web.Response(status=404), web.Response(text="[]"), web.Response(status=502)])
async def test_modal_row_missing_in_lists_is_returned_as_fetched(slept: Slept, listed: web.Response) -> None:
    async with relay(FIRST_ROW, listed) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        assert (await api.fetch_task(FORM)).action == "CUSTOM_ZOOM"


@pytest.mark.parametrize("status", ["", "MODAL"])
async def test_submitted_modal_needs_no_modal(slept: Slept, status: str) -> None:
    """Its row starts empty, and may repeat the status from before the modal was submitted."""
    first, second = recorded(TWO_ROWS).body
    rows = [first | {"status": "MODAL"}, second | {"status": status, "progress": "0%", "imageUrl": "", "finishTime": 0}]
    async with relay(web.Response(text=json.dumps(rows))) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        found = (await api.fetch_tasks([FORM]))[FORM]
    assert (found.status, found.action) == (Status.SUBMITTED, "MODAL")


@pytest.mark.parametrize(
    ("submit", "path", "body"),
    [
        (
            lambda api: api.submit(PressButton(task_id="5", custom_id="MJ::JOB::upsample::2::u"), state="s"),
            "/mj/submit/action",
            {"taskId": "5", "customId": "MJ::JOB::upsample::2::u", "chooseSameChannel": True, "state": "s"},
        ),
        (
            lambda api: api.submit_change("5", "UPSCALE", 2, state="s"),
            "/mj/submit/change",
            {"taskId": "5", "action": "UPSCALE", "index": 2, "state": "s"},
        ),
        (
            lambda api: api.submit_change("5", "REROLL", 0, state="s"),
            "/mj/submit/change",
            {"taskId": "5", "action": "REROLL", "index": 1, "state": "s"},
        ),
        (
            lambda api: api.submit(SubmitModal(task_id="5", prompt="a cat — 猫 \ud800"), state="s"),
            "/mj/submit/modal",
            {"taskId": "5", "prompt": "a cat — 猫 \ud800", "state": "s"},
        ),
    ],
    ids=["action", "change", "reroll", "modal"],
)
async def test_submits_send_their_json_once(
    submit: Callable[[RelayClient], Awaitable[object]], path: str, body: dict[str, object], slept: Slept
) -> None:
    async with relay("01_submit_imagine_ok") as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        submitted = await submit(api)
    assert getattr(submitted, "result", "") == ASKED
    (seen,) = it.seen
    assert ("POST", path, body) == (seen.method, seen.path, json.loads(seen.body))
    assert seen.headers["Authorization"] == f"Bearer {KEY}"
    assert seen.headers["Content-Type"] == "application/json"
    # Go's server resets such a connection if it responds before it has read the body, and the response is lost.
    assert "Connection" not in seen.headers


@pytest.mark.parametrize("base", ["", "/", "/relay/v2", "/relay/v2/", "/fast//"])
async def test_base_url_keeps_its_prefix(base: str, slept: Slept) -> None:
    async with relay(GRID) as it, RelayClient.open(it.url + base, KEY, sleep=slept) as api:
        await api.fetch_task("1")
    assert f"{base.rstrip('/')}/mj/task/1/fetch" == it.seen[0].path


async def test_check_key_succeeds_with_an_unknown_task(slept: Slept) -> None:
    async with relay("32_fetch_unknown_id_newapi_400") as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        await api.check_key()
    async with relay(GRID) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        await api.check_key()
    async with relay("34_err_401_invalid_key") as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        it.admits = False
        with pytest.raises(KeyRefused):
            await api.check_key()


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({"imageUrl": f"/mj/image/{ASKED}"}, f"/mj/image/{ASKED}"),
        ({"imageUrl": f"mj/image/{ASKED}"}, f"/mj/image/{ASKED}"),
        ({"imageUrl": "{host}/mj/image/" + ASKED}, f"/mj/image/{ASKED}"),
        ({"imageUrl": "//{host}/mj/image/" + ASKED}, f"/mj/image/{ASKED}"),
        ({"imageUrls": ["/files/1.png", "pending"]}, "/files/1.png"),
        ({"imageUrls": ["null", "null"]}, None),
        ({"imageUrl": "undefined"}, None),
    ],
)
async def test_pictures_without_scheme_or_host_are_the_relays(
    slept: Slept, sent: dict[str, Any], path: str | None
) -> None:
    async with relay() as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        host = it.url.removeprefix("http://")
        row = {"id": ASKED, "status": "SUCCESS", **sent}
        filled = json.loads(json.dumps(row).replace("{host}", host))
        it.answers = [web.json_response(filled), web.json_response([filled])]
        found = [await api.fetch_task(ASKED), (await api.fetch_tasks([ASKED]))[ASKED]]
        assert [task.picture_url for task in found] == [f"{it.url}{path}" if path else ""] * 2


async def test_every_task_passes_through_the_transform(slept: Slept) -> None:
    """After its links are rewritten."""
    seen: list[str] = []

    async def complete(task: Task) -> Task:
        seen.append(task.image_url)
        return task.model_copy(update={"prompt": "completed"})

    row = {"id": ASKED, "status": "SUCCESS", "imageUrl": f"http://localhost:3000/mj/image/{ASKED}"}
    answers = [web.json_response(row), web.json_response([row])]
    async with relay(*answers) as it, RelayClient.open(it.url, KEY, sleep=slept, transform_task=complete) as api:
        assert (await api.fetch_task(ASKED)).prompt == "completed"
        assert (await api.fetch_tasks([ASKED]))[ASKED].prompt == "completed"
        assert seen == [f"{it.url}/mj/image/{ASKED}"] * 2


REQUEST_IDS = {
    "202611281530129876543210abcdEFGH": "202611281530129876543210abcdEFGH",
    "a.b_c-9": "a.b_c-9",
    "x" * 80: "x" * 80,
    "x" * 81: "",
    "": "",
    "two words": "",
    "a;b": "",
    "b\u00e9": "",
}
"""What the header says, and what is kept of it: names are stored beside each other, separated by blanks."""


async def test_request_id_comes_from_the_header(slept: Slept) -> None:
    """Of answers and of refusals, whatever a relay writes into it."""
    accepted, refused = '{"code":1,"result":"9001"}', '{"code":24,"description":"banned"}'
    answers = [
        web.Response(text=text, headers={"X-Oneapi-Request-Id": name})
        for name in REQUEST_IDS
        for text in (accepted, refused)
    ]
    found: list[str] = []
    async with relay(*answers) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        for _ in REQUEST_IDS:
            found.append((await press_button(api)).request_id)
            with pytest.raises(RelayError) as error:
                await press_button(api)
            assert error.value.request_id == found[-1]
    assert found == list(REQUEST_IDS.values())
