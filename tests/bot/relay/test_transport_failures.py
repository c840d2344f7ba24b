"""Connections that fail, responses that break off, and relays that echo the key."""

import asyncio
import socket
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web

from bot.clock import utc_now
from bot.errors import (
    RelayBusy,
    RelayError,
    RelayMoved,
    RelayUnreachable,
    SubmitOutcomeUnknown,
    SubmitRedirected,
)
from bot.relay.client import RelayClient
from bot.relay.requests import Imagine
from bot.relay.transport import RelayTransport, RequestLimits
from tests.fakes.socket_relay import ADMITTED, ASKED, CHECK, GRID, KEY, Slept, press_button, relay

CONNECT_TIMEOUT = aiohttp.ClientTimeout(connect=0.1)


READ_TIMEOUT = aiohttp.ClientTimeout(sock_read=0.2)


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


async def test_each_submit_uses_a_new_connection(slept: Slept) -> None:
    """Reads share theirs."""
    accepted = "01_submit_imagine_ok"
    async with relay(accepted, accepted, GRID) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        await press_button(api)
        await press_button(api)
        await api.fetch_task(ASKED)
        await api.fetch_task(ASKED)
    first, second, *reads = [seen.port for seen in it.seen]
    assert first != second
    assert len(set(reads)) == 1
    assert len({first, second, *reads}) == 3


@pytest.mark.parametrize("header", ["nan", "inf", "soon", "", "Wed, 21 Oct 2015 07:28:00 GMT"])
async def test_invalid_retry_after_is_ignored(header: str, slept: Slept) -> None:
    busy = web.Response(status=429, headers={"Retry-After": header})
    async with relay(busy) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        with pytest.raises(RelayBusy) as raised:
            await press_button(api)
    assert (raised.value.retry_after, len(it.seen)) == (None, 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(status: int, slept: Slept) -> None:
    """Neither the key nor a submit is sent to the target."""
    async with relay(GRID) as elsewhere:
        away = web.Response(status=status, headers={"Location": elsewhere.url + "/mj/submit/action"})
        async with relay(away) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
            with pytest.raises(RelayMoved if status in {301, 307, 308} else SubmitRedirected):
                await press_button(api)
            with pytest.raises(RelayUnreachable):
                await api.fetch_task(ASKED)
            assert [seen.method for seen in it.seen] == ["POST", "GET"] + ["GET"] * len(slept)
    assert elsewhere.seen == []


def open_transport(
    base_url: str, timeout: aiohttp.ClientTimeout = READ_TIMEOUT
) -> AbstractAsyncContextManager[RelayTransport]:
    return RelayTransport.open(base_url, KEY, now=utc_now, read_timeout=timeout, submit_timeout=timeout)


def _closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("base", ["http://127.0.0.1:{port}", "http://[", "no-scheme", "ftp://127.0.0.1", "http://"])
async def test_failed_connection_is_unreachable_for_reads_and_submits(base: str) -> None:
    async with open_transport(base.format(port=_closed_port())) as transport:
        with pytest.raises(RelayUnreachable):
            await transport.submit("/mj/submit/action", {}, RequestLimits())
        with pytest.raises(RelayUnreachable):
            await transport.read("GET", "/mj/task/5/fetch", None, RequestLimits(), lambda _: None)


async def test_connection_timeout_is_unreachable() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        # With the backlog full, the kernel leaves every further connection waiting.
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)  # noqa: FBT003 - the socket's own signature
            filler.connect_ex(address)
        async with open_transport(f"http://127.0.0.1:{address[1]}", CONNECT_TIMEOUT) as transport:
            with pytest.raises(RelayUnreachable, match="cannot connect"):
                await transport.submit("/mj/submit/action", {}, RequestLimits())
        for filler in fillers:
            filler.close()


async def test_closed_client_sends_nothing(slept: Slept) -> None:
    async with relay(GRID) as it:
        connections = RelayClient.open(it.url, KEY, sleep=slept)
        async with connections as api:
            pass
        with pytest.raises(RelayUnreachable):
            await press_button(api)
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
            await press_button(api)
        assert (line.requests, slept) == (1, [])
        _assert_without_key(lost.value)
        with pytest.raises(RelayUnreachable) as down:
            await api.fetch_task(ASKED)
        assert slept == [0.5]
        assert line.requests >= 3
        _assert_without_key(down.value)


async def test_lost_response_to_pictures_leaves_the_outcome_unknown() -> None:
    pictures = (b"\x89PNG" * 1_000_000,)
    async with run_raw_server(_hang) as line, RelayClient.open(line.url, KEY, upload_timeout=READ_TIMEOUT) as api:
        with pytest.raises(SubmitOutcomeUnknown):
            await api.submit(Imagine(prompt="a pig", pictures=pictures), state="s")
    assert line.requests == 1


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
            await press_button(api)
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
        for ask in (api.fetch_task(ASKED), api.fetch_tasks([ASKED]), press_button(api)):
            with pytest.raises(RelayError) as raised:
                await ask
            assert "Very" not in raised.value.reason
            assert key not in repr(raised.value)


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
        for call in (press_button(api), api.fetch_task(ASKED), api.fetch_tasks([ASKED])):
            with pytest.raises(RelayError) as raised:
                await call
            _assert_without_key(raised.value)


async def test_invalid_utf8_is_replaced(slept: Slept) -> None:
    body = b'{"id":"1","status":"SUCCESS","prompt":"caf\xe9"}'
    answer = web.Response(body=body, headers={"Content-Type": "application/json; charset=nonsense"})
    async with relay(answer) as it, RelayClient.open(it.url, KEY, sleep=slept) as api:
        assert (await api.fetch_task("1")).prompt == "caf\ufffd"
