"""The client against real sockets: what it sends, how often, and what it makes of an answer that breaks off."""

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
SHORT = aiohttp.ClientTimeout(total=0.2, connect=0.1)
ASKED = "1754300000123417"
GRID = "14_fetch_imagine_success_grid"


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Line:
    """A raw server's address, and how many requests reached it."""

    url: str
    requests: int = 0


@asynccontextmanager
async def raw(talk: Talk) -> AsyncGenerator[Line]:
    """Run a server on 127.0.0.1 that reads a request's head and body, and then talks as it likes; it admits submits."""
    line = Line("")

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
    """The pauses that the client asked for."""
    return Slept()


@pytest.fixture(autouse=True)
def _no_key_in_any_log(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """Whatever a test does, no log line holds the key."""
    caplog.set_level(logging.DEBUG)
    yield
    assert "VerySecretKey" not in caplog.text


def _press(api: RelayClient) -> Awaitable[object]:
    return api.submit(PressButton(task_id=ASKED, custom_id="MJ::JOB::upsample::2::u"), state="s")


async def test_a_fetch_sends_the_key_and_no_body(slept: Slept) -> None:
    """A read carries the bearer, and becomes the recorded task."""
    async with relay(GRID) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        task = await api.fetch_task(ASKED)
    assert (task.status, len(task.buttons), task.progress) == (Status.SUCCESS, 9, 100)
    (seen,) = it.seen
    assert ("GET", f"/mj/task/{ASKED}/fetch", "") == (seen.method, seen.path, seen.body)
    assert seen.headers["Authorization"] == f"Bearer {KEY}"
    assert "Content-Type" not in seen.headers
    assert seen.headers["User-Agent"] == "mjbot"
    assert slept == []


async def test_a_list_asks_for_all_ids_at_once(slept: Slept) -> None:
    """The ids travel as strings in one request, and rows come back by id."""
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


async def test_a_fetch_of_a_window_reads_the_most_advanced_row(slept: Slept) -> None:
    """new-api answers a fetch from the first of two rows, which lags behind the one of the form."""
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
async def test_a_window_that_is_in_no_list_is_as_it_was_fetched(slept: Slept, listed: web.Response) -> None:
    """Where the relay has no lists, or does not answer to one."""
    async with relay(FIRST_ROW, listed) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        assert (await api.fetch_task(FORM)).action == "CUSTOM_ZOOM"


@pytest.mark.parametrize("status", ["", "MODAL"])
async def test_a_form_that_was_sent_is_not_asked_for_again(slept: Slept, status: str) -> None:
    """Its own row starts empty, and may repeat for a tick what the upstream said before it was sent."""
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
async def test_submits(
    submit: Callable[[RelayClient], Awaitable[object]], path: str, body: dict[str, object], slept: Slept
) -> None:
    """Each submit sends its own JSON, once; text/plain is read as JSON."""
    async with relay("01_submit_imagine_ok") as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        told = await submit(api)
    assert getattr(told, "result", "") == ASKED
    (seen,) = it.seen
    assert ("POST", path, body) == (seen.method, seen.path, json.loads(seen.body))
    assert seen.headers["Authorization"] == f"Bearer {KEY}"
    assert seen.headers["Content-Type"] == "application/json"
    # Go's server resets such a connection where it answers before it has read the body, and the answer is lost.
    assert "Connection" not in seen.headers


async def test_each_submit_has_a_connection_of_its_own(slept: Slept) -> None:
    """Also right after another; reads share theirs."""
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
async def test_base_urls(base: str, slept: Slept) -> None:
    """A prefix stays, a trailing slash does not double."""
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
async def test_hostile_ids_stay_one_segment(task_id: str, slept: Slept) -> None:
    """Whatever a person types as an id, the relay is asked under /mj/task, about that id."""
    async with relay("32_fetch_unknown_id_newapi_400") as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with pytest.raises(TaskUnknown) as unknown:
            await api.fetch_task(task_id)
    assert task_id == unknown.value.task_id
    head, mj, task, segment, fetch = it.seen[0].path.split("/")
    assert (head, mj, task, fetch) == ("", "mj", "task", "fetch")
    assert task_id.replace("\ud800", "?") == unquote(segment)
    assert not {"?", "#"} & set(segment)


@pytest.mark.parametrize("task_id", ["", ".", "..", " ", ". ."])
async def test_ids_of_dots_are_not_asked_for(task_id: str, slept: Slept) -> None:
    """Dots are resolved as a path even when quoted, so nobody is asked."""
    async with relay(GRID) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with pytest.raises(TaskUnknown):
            await api.fetch_task(task_id)
    assert it.seen == []


async def test_check(slept: Slept) -> None:
    """An unknown task is the good answer to a check; a refused key, or silence, is not."""
    async with relay("32_fetch_unknown_id_newapi_400") as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        await api.check_key()
    async with relay(GRID) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        await api.check_key()
    async with relay("34_err_401_invalid_key") as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        it.admits = False
        with pytest.raises(KeyRefused):
            await api.check_key()


async def test_a_read_is_retried_once(slept: Slept) -> None:
    """A gateway's hiccup is asked again after half a second, and forgotten."""
    async with (
        relay(web.Response(status=502, text="<html>"), GRID) as it,
        RelayClient.open(it.url, KEY, sleep=slept) as api,
    ):
        assert (await api.fetch_task(ASKED)).status is Status.SUCCESS
    assert (len(it.seen), slept) == (2, [0.5])


async def test_a_read_is_retried_only_once(slept: Slept) -> None:
    """The second failure is told."""
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
async def test_retry_after_is_not_run_over(header: str, expected: float, slept: Slept) -> None:
    """A relay that says when to come back is not asked before."""
    away = web.Response(status=503, headers={"Retry-After": header})
    async with relay(away) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with pytest.raises(RelayUnreachable) as down:
            await api.fetch_task(ASKED)
    assert (expected, 1, []) == (down.value.retry_after, len(it.seen), slept)


@pytest.mark.parametrize("header", ["nan", "inf", "soon", "", "Wed, 21 Oct 2015 07:28:00 GMT"])
async def test_an_odd_retry_after_is_none(header: str, slept: Slept) -> None:
    """Only a number of seconds is believed."""
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
async def test_a_submit_is_never_sent_twice(status: int, expected: type[RelayError], slept: Slept) -> None:
    """Whatever the relay answers, a submit is sent once."""
    async with (
        relay(web.Response(status=status, text="<html>"), "01_submit_imagine_ok") as it,
        RelayClient.open(it.url, KEY, sleep=slept) as api,
    ):
        with pytest.raises(expected):
            await _press(api)
    assert (len(it.seen), slept) == (1, [])


PAGE = "<!doctype html><html><title>one moment</title></html>"


@pytest.mark.parametrize("first", ["01_submit_imagine_ok", web.Response(status=400, text='{"code":4}')])
async def test_a_page_from_a_path_that_has_answered_is_uncertain(first: web.Response | str, slept: Slept) -> None:
    """A proxy may have forwarded the submit before it showed its page; of another path nothing is known."""
    page = web.Response(text=PAGE)
    async with relay(first, page) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with suppress(SubmitRefused):
            await _press(api)
        with pytest.raises(SubmitOutcomeUnknown):
            await _press(api)
        with pytest.raises(ActionUnsupported):
            await api.submit_change(ASKED, "UPSCALE", 2, state="s")


@pytest.mark.parametrize("first", [PAGE, '{"status":404,"error":"Not Found"}', "busy"])
async def test_a_page_from_a_path_that_never_answered_is_the_web_console(first: str, slept: Slept) -> None:
    """It is how new-api says that it has no such path, and so that nothing was accepted."""
    status = 404 if first.startswith("{") else 200
    answers = web.Response(status=status, text=first), web.Response(text=PAGE)
    async with relay(*answers) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with suppress(RelayError):
            await _press(api)
        with pytest.raises(ActionUnsupported):
            await _press(api)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(status: int, slept: Slept) -> None:
    """Neither the key nor a submit goes where a redirect points."""
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
async def test_nothing_sent_is_certain(base: str, slept: Slept) -> None:
    """Where no connection was made, a submit is no more uncertain than a read."""
    async with RelayClient.open(base.format(port=_closed_port()), KEY, sleep=slept) as api:
        api._transport.gate.open()
        with pytest.raises(RelayUnreachable):
            await _press(api)
        assert slept == []
        with pytest.raises(RelayUnreachable):
            await api.fetch_task(ASKED)
        assert slept == [0.5]


async def test_a_host_that_takes_no_connection_is_certain(slept: Slept) -> None:
    """A connection that is never made ends within its own timeout, and nothing was sent."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        # With its one place taken, the kernel leaves every further connection waiting.
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)  # noqa: FBT003 - the socket's own signature
            filler.connect_ex(address)
        async with RelayClient.open(f"http://127.0.0.1:{address[1]}", KEY, sleep=slept, submit_timeout=SHORT) as api:
            api._transport.gate.open()
            with pytest.raises(RelayUnreachable, match="cannot connect"):
                await _press(api)
        for filler in fillers:
            filler.close()


async def test_a_closed_client_sends_nothing(slept: Slept) -> None:
    """During shutdown a late submit is refused, certainly."""
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
async def test_lost_answers(talk: Talk, slept: Slept) -> None:
    """A submit that arrived, and whose answer did not, is uncertain and sent once; a read is asked again."""
    timeout = aiohttp.ClientTimeout(total=5) if talk is _endless else SHORT
    async with (
        raw(talk) as line,
        RelayClient.open(line.url, KEY, sleep=slept, read_timeout=timeout, submit_timeout=timeout) as api,
    ):
        with pytest.raises(SubmitOutcomeUnknown) as lost:
            await _press(api)
        assert (line.requests, slept) == (1, [])
        _without_key(lost.value)
        with pytest.raises(RelayUnreachable) as down:
            await api.fetch_task(ASKED)
        assert slept == [0.5]
        assert line.requests >= 3
        _without_key(down.value)


async def test_an_endless_answer_is_cut(slept: Slept) -> None:
    """Fifty mebibytes are not read to their end."""
    sent = 0

    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n")
        for _turn in range(50):
            writer.write(b"[" * 1024 * 1024)
            await writer.drain()
            sent += 1

    async with raw(endless) as line, RelayClient.open(line.url, KEY, sleep=slept) as api:
        with pytest.raises(SubmitOutcomeUnknown, match="ValueError"):
            await _press(api)
    assert sent < 32


async def test_a_list_beyond_four_mebibytes_is_not_read(slept: Slept) -> None:
    """Fifty tasks are a fraction of that, and reading it all would hold up everybody."""
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
async def test_our_own_key_is_in_no_reason(key: str, said: str, slept: Slept) -> None:
    """A relay may repeat what it was sent, and a reason is shown to people: of a key of any shape nothing is left."""
    answer = web.Response(status=401, text=said.format(key=key))
    async with relay(answer) as it, RelayClient.open(it.url, key, sleep=slept) as api:
        for ask in (api.fetch_task(ASKED), api.fetch_tasks([ASKED]), _press(api)):
            with pytest.raises(RelayError) as told:
                await ask
            assert "Very" not in told.value.reason
            assert key not in repr(told.value)


def _without_key(error: BaseException) -> None:
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
async def test_a_relay_that_echoes_the_key_is_not_repeated(text: str, status: int, slept: Slept) -> None:
    """No error holds the key, even where the relay says it."""
    async with relay(web.Response(status=status, text=text)) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        for call in (_press(api), api.fetch_task(ASKED), api.fetch_tasks([ASKED])):
            with pytest.raises(RelayError) as told:
                await call
            _without_key(told.value)


async def test_a_body_that_is_not_utf8_is_read_as_far_as_it_goes(slept: Slept) -> None:
    """Bytes that are no UTF-8 become question marks, and the rest is believed."""
    body = b'{"id":"1","status":"SUCCESS","prompt":"caf\xe9"}'
    answer = web.Response(body=body, headers={"Content-Type": "application/json; charset=nonsense"})
    async with relay(answer) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        assert (await api.fetch_task("1")).prompt == "caf\ufffd"


async def test_every_task_that_is_read_is_completed(slept: Slept) -> None:
    """Fetched by itself or in a list, once its links are those that we open."""
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
