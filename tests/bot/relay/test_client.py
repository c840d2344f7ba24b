"""The client over real sockets: what it sends, how often, and how it treats lost responses."""

import asyncio
import json
import logging
import socket
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import unquote

import aiohttp
import pytest
from aiohttp import web

from bot.errors import (
    ActionUnsupported,
    KeyRefused,
    RelayBusy,
    RelayError,
    RelayUnreachable,
    SubmitOutcomeUnknown,
    SubmitRefused,
    TaskUnknown,
)
from bot.midjourney.task import Status, Task
from bot.relay.client import BATCH_SIZE, RelayClient
from bot.relay.requests import PressButton, SubmitModal
from tests.fakes.socket_relay import ADMITTED, CHECK, Slept, relay
from tests.recorded import recorded

KEY = "sk-VerySecretKey0123456789"
CONNECT_TIMEOUT = aiohttp.ClientTimeout(connect=0.1)
READ_TIMEOUT = aiohttp.ClientTimeout(sock_read=0.2)
ASKED = "1754300000123417"
GRID = "14_fetch_imagine_success_grid"


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class RawServer:
    """A raw server's address, and how many requests reached it."""

    url: str
    requests: int = 0


@asynccontextmanager
async def run_raw_server(talk: Talk) -> AsyncGenerator[RawServer]:
    """Run a server that reads a whole request and then sends what `talk` writes; it lets key checks pass."""
    line = RawServer("")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if CHECK.encode() in head:
                writer.write(f"HTTP/1.1 400 Bad Request\r\nContent-Length: {len(ADMITTED)}\r\n\r\n{ADMITTED}".encode())
                await writer.drain()
                return
            line.requests += 1
            lengths = [row.split(b":")[1] for row in head.split(b"\r\n") if row.lower().startswith(b"content-length")]
            await reader.readexactly(int(lengths[0]) if lengths else 0)
            await talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    line.url = f"http://{host}:{port}"
    try:
        yield line
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture
def slept() -> Slept:
    """The pauses that the client made."""
    return Slept()


@pytest.fixture(autouse=True)
def _no_key_in_any_log(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """Assert that no log line of the test contains the key."""
    caplog.set_level(logging.DEBUG)
    yield
    assert "VerySecretKey" not in caplog.text


def _press(api: RelayClient) -> Awaitable[object]:
    return api.submit(PressButton(task_id=ASKED, custom_id="MJ::JOB::upsample::2::u"), state="s")


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
        told = await submit(api)
    assert getattr(told, "result", "") == ASKED
    (seen,) = it.seen
    assert ("POST", path, body) == (seen.method, seen.path, json.loads(seen.body))
    assert seen.headers["Authorization"] == f"Bearer {KEY}"
    assert seen.headers["Content-Type"] == "application/json"
    # Go's server resets such a connection where it answers before it has read the body, and the answer is lost.
    assert "Connection" not in seen.headers


async def test_each_submit_uses_a_new_connection(slept: Slept) -> None:
    """Reads share theirs."""
    accepted = "01_submit_imagine_ok"
    async with relay(accepted, accepted, GRID) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        await _press(api)
        await _press(api)
        await api.fetch_task(ASKED)
        await api.fetch_task(ASKED)
    first, second, *reads = [seen.port for seen in it.seen]
    assert first != second
    assert len(set(reads)) == 1
    assert len({first, second, *reads}) == 3


@pytest.mark.parametrize("base", ["", "/", "/relay/v2", "/relay/v2/", "/fast//"])
async def test_base_url_keeps_its_prefix(base: str, slept: Slept) -> None:
    async with relay(GRID) as it, RelayClient.open(it.url + base, KEY, sleep=slept) as api:
        await api.fetch_task("1")
    assert f"{base.rstrip('/')}/mj/task/1/fetch" == it.seen[0].path


@pytest.mark.parametrize(
    "task_id",
    [
        "../../api/user",
        "a/b",
        "1?x=2#y",
        "1%2e%2e%2f2",
        "%2e%2e",
        "1 2\r\nHost: evil",
        "猫",
        "http://evil.example/",
        "@evil.example",
        "..;/x",
        "\\..\\",
        "\x00",
        "\ud800",
    ],
)
async def test_any_task_id_stays_one_path_segment(task_id: str, slept: Slept) -> None:
    async with relay("32_fetch_unknown_id_newapi_400") as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with pytest.raises(TaskUnknown) as unknown:
            await api.fetch_task(task_id)
    assert task_id == unknown.value.task_id
    head, mj, task, segment, fetch = it.seen[0].path.split("/")
    assert (head, mj, task, fetch) == ("", "mj", "task", "fetch")
    assert task_id.replace("\ud800", "?") == unquote(segment)
    assert not {"?", "#"} & set(segment)


@pytest.mark.parametrize("task_id", ["", ".", "..", " ", ". ."])
async def test_task_ids_of_dots_are_not_requested(task_id: str, slept: Slept) -> None:
    """Dots are resolved in paths even when quoted."""
    async with relay(GRID) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with pytest.raises(TaskUnknown):
            await api.fetch_task(task_id)
    assert it.seen == []


async def test_check_key_succeeds_with_an_unknown_task(slept: Slept) -> None:
    async with relay("32_fetch_unknown_id_newapi_400") as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        await api.check_key()
    async with relay(GRID) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        await api.check_key()
    async with relay("34_err_401_invalid_key") as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        it.admits = False
        with pytest.raises(KeyRefused):
            await api.check_key()


async def test_read_is_retried_after_half_a_second(slept: Slept) -> None:
    async with (
        relay(web.Response(status=502, text="<html>"), GRID) as it,
        RelayClient.open(it.url, KEY, sleep=slept) as api,
    ):
        assert (await api.fetch_task(ASKED)).status is Status.SUCCESS
    assert (len(it.seen), slept) == (2, [0.5])


async def test_read_is_retried_only_once(slept: Slept) -> None:
    async with (
        relay(web.Response(status=502, text="<html>")) as it,
        RelayClient.open(it.url, KEY, sleep=slept) as api,
    ):
        with pytest.raises(RelayUnreachable):
            await api.fetch_tasks([ASKED])
    assert (len(it.seen), slept) == (2, [0.5])


@pytest.mark.parametrize(
    ("header", "expected"),
    [("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("99999999", 3600.0)],
)
async def test_read_with_retry_after_is_not_retried(header: str, expected: float, slept: Slept) -> None:
    away = web.Response(status=503, headers={"Retry-After": header})
    async with relay(away) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with pytest.raises(RelayUnreachable) as down:
            await api.fetch_task(ASKED)
    assert (expected, 1, []) == (down.value.retry_after, len(it.seen), slept)


@pytest.mark.parametrize("header", ["nan", "inf", "soon", "", "Wed, 21 Oct 2015 07:28:00 GMT"])
async def test_invalid_retry_after_is_ignored(header: str, slept: Slept) -> None:
    busy = web.Response(status=429, headers={"Retry-After": header})
    async with relay(busy) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with pytest.raises(RelayBusy) as told:
            await _press(api)
    assert (told.value.retry_after, len(it.seen)) == (None, 1)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (500, SubmitOutcomeUnknown),
        (502, SubmitOutcomeUnknown),
        (504, SubmitOutcomeUnknown),
        (429, RelayBusy),
        (521, RelayUnreachable),
    ],
)
async def test_submit_is_never_sent_twice(status: int, expected: type[RelayError], slept: Slept) -> None:
    async with (
        relay(web.Response(status=status, text="<html>"), "01_submit_imagine_ok") as it,
        RelayClient.open(it.url, KEY, sleep=slept) as api,
    ):
        with pytest.raises(expected):
            await _press(api)
    assert (len(it.seen), slept) == (1, [])


PAGE = "<!doctype html><html><title>one moment</title></html>"


@pytest.mark.parametrize("first", ["01_submit_imagine_ok", web.Response(status=400, text='{"code":4}')])
async def test_web_page_from_a_known_path_leaves_the_outcome_unknown(first: web.Response | str, slept: Slept) -> None:
    """A proxy may have forwarded the submit before it sent its page. Other paths stay unknown."""
    page = web.Response(text=PAGE)
    async with relay(first, page) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with suppress(SubmitRefused):
            await _press(api)
        with pytest.raises(SubmitOutcomeUnknown):
            await _press(api)
        with pytest.raises(ActionUnsupported):
            await api.submit_change(ASKED, "UPSCALE", 2, state="s")


@pytest.mark.parametrize("first", [PAGE, '{"status":404,"error":"Not Found"}', "busy"])
async def test_web_page_from_an_unknown_path_means_unsupported(first: str, slept: Slept) -> None:
    """new-api serves its web console for paths that it does not have."""
    status = 404 if first.startswith("{") else 200
    answers = web.Response(status=status, text=first), web.Response(text=PAGE)
    async with relay(*answers) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with suppress(RelayError):
            await _press(api)
        with pytest.raises(ActionUnsupported):
            await _press(api)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(status: int, slept: Slept) -> None:
    """Neither the key nor a submit is sent to the target."""
    async with relay(GRID) as elsewhere:
        away = web.Response(status=status, headers={"Location": elsewhere.url + "/mj/submit/action"})
        async with relay(away) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
            with pytest.raises(ActionUnsupported):
                await _press(api)
            with pytest.raises(RelayUnreachable):
                await api.fetch_task(ASKED)
    assert elsewhere.seen == []


def _closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("base", ["http://127.0.0.1:{port}", "http://[", "no-scheme", "ftp://127.0.0.1", "http://"])
async def test_failed_connection_is_unreachable_for_reads_and_submits(base: str, slept: Slept) -> None:
    async with RelayClient.open(base.format(port=_closed_port()), KEY, sleep=slept) as api:
        api._transport.gate.open()
        with pytest.raises(RelayUnreachable):
            await _press(api)
        assert slept == []
        with pytest.raises(RelayUnreachable):
            await api.fetch_task(ASKED)
        assert slept == [0.5]


async def test_connection_timeout_is_unreachable(slept: Slept) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        # With its one place taken, the kernel leaves every further connection waiting.
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)  # noqa: FBT003 - the socket's own signature
            filler.connect_ex(address)
        async with RelayClient.open(
            f"http://127.0.0.1:{address[1]}", KEY, sleep=slept, submit_timeout=CONNECT_TIMEOUT
        ) as api:
            api._transport.gate.open()
            with pytest.raises(RelayUnreachable, match="cannot connect"):
                await _press(api)
        for filler in fillers:
            filler.close()


async def test_closed_client_sends_nothing(slept: Slept) -> None:
    async with relay(GRID) as it:
        connections = RelayClient.open(it.url, KEY, sleep=slept)
        async with connections as api:
            pass
        with pytest.raises(RelayUnreachable):
            await _press(api)
        with pytest.raises(RelayUnreachable):
            await api.fetch_task(ASKED)
    assert it.seen == []


async def _close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _half_head(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    await writer.drain()


async def _half_body(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"code":1,"result":"17')
    await writer.drain()


async def _half_chunk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"code":1')
    await writer.drain()


async def _hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def _hang_in_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _half_body(reader, writer)
    await reader.read()


async def _noise(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\xff SSH-2.0 \xfe" * 50 + b"\r\n\r\n")
    await writer.drain()


async def _bad_gzip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!")
    await writer.drain()


async def _endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    for _turn in range(50):
        writer.write(b" " * 1024 * 1024)
        await writer.drain()


@pytest.mark.parametrize(
    "talk", [_close, _reset, _half_head, _half_body, _half_chunk, _hang, _hang_in_body, _noise, _bad_gzip, _endless]
)
async def test_lost_response_leaves_a_submit_unknown_and_retries_a_read(talk: Talk, slept: Slept) -> None:
    async with (
        run_raw_server(talk) as line,
        RelayClient.open(line.url, KEY, sleep=slept, read_timeout=READ_TIMEOUT, submit_timeout=READ_TIMEOUT) as api,
    ):
        with pytest.raises(SubmitOutcomeUnknown) as lost:
            await _press(api)
        assert (line.requests, slept) == (1, [])
        _assert_without_key(lost.value)
        with pytest.raises(RelayUnreachable) as down:
            await api.fetch_task(ASKED)
        assert slept == [0.5]
        assert line.requests >= 3
        _assert_without_key(down.value)


async def test_endless_response_is_cut(slept: Slept) -> None:
    sent = 0

    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n")
        for _turn in range(50):
            writer.write(b"[" * 1024 * 1024)
            await writer.drain()
            sent += 1

    async with run_raw_server(endless) as line, RelayClient.open(line.url, KEY, sleep=slept) as api:
        with pytest.raises(SubmitOutcomeUnknown, match="ValueError"):
            await _press(api)
    assert sent < 32


async def test_list_beyond_four_mebibytes_is_not_read(slept: Slept) -> None:
    small, large = (web.Response(body=b"[" + b" " * (size << 20) + b"]") for size in (3, 5))
    async with relay(small, large) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        assert await api.fetch_tasks([ASKED]) == {}
        with pytest.raises(RelayUnreachable, match="ValueError"):
            await api.fetch_tasks([ASKED])


@pytest.mark.parametrize("key", ["0a1b2c-VerySecretKey", "VerySecretKey+/=(*", "sk-VerySecretKey"])
@pytest.mark.parametrize(
    "said",
    [
        "Invalid token {key} ({key}).",
        '{{"error": {{"message": "Invalid token: {key}"}}}}',
        '{{"code": 4, "description": "' + "x " * 145 + '{key} was refused"}}',
        " " * 1990 + "{key}",
    ],
)
async def test_reasons_do_not_contain_our_key(key: str, said: str, slept: Slept) -> None:
    """A relay may repeat the key, in any shape, and reasons are shown to people."""
    answer = web.Response(status=401, text=said.format(key=key))
    async with relay(answer) as it, RelayClient.open(it.url, key, sleep=slept) as api:
        for ask in (api.fetch_task(ASKED), api.fetch_tasks([ASKED]), _press(api)):
            with pytest.raises(RelayError) as told:
                await ask
            assert "Very" not in told.value.reason
            assert key not in repr(told.value)


def _assert_without_key(error: BaseException) -> None:
    chain: BaseException | None = error
    while chain is not None:
        shown = "".join(traceback.format_exception(chain)) + str(chain) + repr(chain.args)
        assert "VerySecretKey" not in shown
        chain = chain.__cause__


@pytest.mark.parametrize(
    "text",
    [
        f'{{"error":{{"message":"Incorrect API key provided: {KEY}","type":"new_api_error"}}}}',
        f"Authorization: Bearer {KEY} is not known here",
        f'{{"code":4,"description":"[{KEY}] 该令牌额度已用尽"}}',
    ],
)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500, 503])
async def test_errors_do_not_contain_an_echoed_key(text: str, status: int, slept: Slept) -> None:
    async with relay(web.Response(status=status, text=text)) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        for call in (_press(api), api.fetch_task(ASKED), api.fetch_tasks([ASKED])):
            with pytest.raises(RelayError) as told:
                await call
            _assert_without_key(told.value)


async def test_invalid_utf8_is_replaced(slept: Slept) -> None:
    body = b'{"id":"1","status":"SUCCESS","prompt":"caf\xe9"}'
    answer = web.Response(body=body, headers={"Content-Type": "application/json; charset=nonsense"})
    async with relay(answer) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        assert (await api.fetch_task("1")).prompt == "caf\ufffd"


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
