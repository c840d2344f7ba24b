"""The health server on real sockets."""

import asyncio
import errno
import logging
import re
import socket
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from bot.ops.health import Health, Readiness
from bot.ops.http_server import find_port_problem, serve_http
from bot.ops.loop_lag import LoopLagMonitor
from tests.fakes.clock import FakeClock

HERE = "127.0.0.1"


@asynccontextmanager
async def served(
    readiness: Readiness | None = None, monitor: LoopLagMonitor | None = None
) -> AsyncGenerator[tuple[aiohttp.ClientSession, int]]:
    """Serve on a free port, with a client session."""
    async with serve_http(0, HERE, readiness or Readiness(), monitor=monitor) as address:
        assert address is not None
        assert address[0] == HERE
        async with aiohttp.ClientSession(f"http://{HERE}:{address[1]}") as session:
            yield session, address[1]


async def test_the_process_is_alive_from_the_start() -> None:
    """The event loop runs, even while the bot still waits for Discord or the database."""
    async with served() as (session, _), session.get("/healthz") as answer:
        assert (answer.status, await answer.json()) == (200, {"alive": True})
        assert (answer.headers["Server"], answer.headers["Cache-Control"]) == ("mjbot", "no-store")


async def test_a_blocked_event_loop_is_not_alive() -> None:
    """Where the last beat is ten seconds old the answer is 503; with the next beat it is well again."""
    clock = FakeClock()
    async with served(monitor=LoopLagMonitor(lambda: clock.time, clock.sleep)) as (session, _):
        await clock.advance(0.5)
        clock.time += 10
        async with session.get("/healthz") as answer:
            assert (answer.status, await answer.json()) == (503, {"alive": False})
        await clock.advance(0.5)
        async with session.get("/healthz") as answer:
            assert (answer.status, await answer.json()) == (200, {"alive": True})


async def test_readyz_lists_the_problems() -> None:
    """503 with every reason, 200 without any."""
    readiness = Readiness()
    async with served(readiness) as (session, _):
        async with session.get("/readyz") as answer:
            assert (answer.status, await answer.json()) == (503, {"ready": False, "reasons": {"gateway": "starting"}})
        with readiness.delegate_to(Health({"key": lambda: "refused", "store": lambda: ""})):
            async with session.get("/readyz") as answer:
                assert (answer.status, await answer.json()) == (503, {"ready": False, "reasons": {"key": "refused"}})
        with readiness.delegate_to(Health({"store": lambda: ""})):
            async with session.get("/readyz") as answer:
                assert (answer.status, await answer.json()) == (200, {"ready": True, "reasons": {}})


async def test_metrics_are_prometheus_text() -> None:
    """With all metrics of the bot and of the process; the lag of the loop is measured."""
    async with served() as (session, _):
        delays = 0.0
        async with asyncio.timeout(10):
            while not delays:
                async with session.get("/metrics") as answer:
                    assert answer.status == 200
                    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
                    text = await answer.text()
                delays = float(re.findall(r"^mjbot_loop_delay_seconds_count (.*)$", text, re.MULTILINE)[0])
                await asyncio.sleep(0.05)
    names = "watched_tasks poll_lag_seconds api_requests_total presses_total discord_requests_total"
    for name in f"{names} discord_refusals_total database_writable loop_delay_seconds".split():
        assert re.search(rf"^# HELP mjbot_{name} \S", text, re.MULTILINE), name
    assert "_created" not in text
    assert "process_resident_memory_bytes" in text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/metrics/", 404), ("GET", "/.env", 404), ("POST", "/metrics", 405)],
)
async def test_other_paths_and_methods_are_refused(method: str, path: str, status: int) -> None:
    """With 404 and 405, and the path is not echoed."""
    async with served() as (session, _), session.request(method, path) as answer:
        assert answer.status == status
        assert "env" not in await answer.text()


async def test_invalid_requests_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Data that is not HTTP, incomplete or too long does no harm either."""
    caplog.set_level(logging.DEBUG)
    async with served() as (session, port):
        for junk in (
            b"\x16\x03\x01\x02\x00\x01\x00",
            b"GET /healthz HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n",
            b"GET /" + b"a" * 99999,
        ):
            reader, writer = await asyncio.open_connection(HERE, port)
            writer.write(junk + b"\r\n\r\n")
            await asyncio.wait_for(reader.read(), 5)
            writer.close()
        async with session.get("/healthz") as answer:
            assert answer.status == 200
        async with session.get("/metrics?name[]=nothing") as answer:
            assert (answer.status, await answer.text()) == (200, "")
    assert {"bot.ops.http_server"} >= {record.name for record in caplog.records if record.name != "asyncio"}
    assert 1 == len([record for record in caplog.records if record.name == "bot.ops.http_server"])


async def test_closing_the_server_leaves_nothing_open() -> None:
    """The port is free, no asyncio task is left, and a hanging request did not delay it."""
    before = asyncio.all_tasks()
    readiness, begun = Readiness(), asyncio.Event()

    async def never() -> str:
        begun.set()
        await asyncio.Event().wait()
        return ""

    async with aiohttp.ClientSession() as asker:
        with readiness.delegate_to(Health({"slow": never}, seconds=60)):
            async with served(readiness) as (_, port):
                asking = asyncio.create_task(asker.get(f"http://{HERE}:{port}/readyz"))
                await begun.wait()
                ending = time.monotonic()
            assert time.monotonic() - ending < 30
        with pytest.raises(aiohttp.ClientError):
            await asking
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind((HERE, port))
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_a_port_that_cannot_be_opened_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """A taken port, and a host that is none, are one line each, and no end."""
    with socket.socket() as taken:
        taken.bind((HERE, 0))
        taken.listen()
        async with serve_http(taken.getsockname()[1], HERE, Readiness()) as address:
            assert address is None
    async with serve_http(8080, "192.0.2.1", Readiness()) as address:
        assert address is None
    async with serve_http(8080, "a..b", Readiness()) as address:
        assert address is None
    said = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.levelname for record in said] == ["ERROR"] * 3
    assert all(re.match(r"PORT \d+ cannot be opened \(.+\): the health server is off\.$", one.message) for one in said)


async def test_without_a_port_no_server_starts() -> None:
    """Neither a socket nor an asyncio task."""
    before = asyncio.all_tasks()
    async with serve_http(None, "", Readiness()) as address:
        assert address is None
        assert asyncio.all_tasks() == before


@asynccontextmanager
async def taken_port(*, speaks_http: bool) -> AsyncGenerator[int]:
    """Take a port as another program does."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if speaks_http:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: nginx\r\n\r\n{}")
        writer.close()

    async with await asyncio.start_server(answer, HERE, 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("speaks_http", [False, True])
@pytest.mark.parametrize("host", [HERE, "", "0.0.0.0"])  # noqa: S104
async def test_a_port_of_another_program_is_taken(host: str, *, speaks_http: bool) -> None:
    async with taken_port(speaks_http=speaks_http) as port:
        assert await find_port_problem(port, host) == "is taken by another program"


async def test_a_port_that_a_running_bot_serves_is_no_problem() -> None:
    """A check beside the bot, as in its container, finds nothing wrong."""
    async with served() as (_, port):
        assert await find_port_problem(port, HERE) == ""


@pytest.mark.parametrize("host", [HERE, "", "localhost"])
async def test_a_free_port_is_left_free(host: str, unused_tcp_port: int) -> None:
    for _ in range(2):
        assert await find_port_problem(unused_tcp_port, host) == ""
    assert await find_port_problem(None, host) == ""


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        ("192.0.2.1", "cannot be opened, because LISTEN_HOST is not an address of this machine"),
        ("mj.invalid", "cannot be opened, because LISTEN_HOST is not an address"),
        ("a..b", "cannot be opened, because LISTEN_HOST is not an address"),
    ],
)
async def test_a_wrong_listen_host_is_named(host: str, problem: str, unused_tcp_port: int) -> None:
    assert await find_port_problem(unused_tcp_port, host) == problem


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM])
async def test_a_port_of_root_is_named(code: int, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> None:
    async def refuse(*_: object) -> None:
        raise OSError(code, "denied")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_server", refuse)
    assert "may not be opened by this user" in await find_port_problem(unused_tcp_port, HERE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("could not bind on any address out of [('192.0.2.1', 8080)]", "LISTEN_HOST is not an address of this machine"),
        ("[Errno 98] error while attempting to bind on address", "is taken by another program"),
        ("[Errno 13] error while attempting to bind on address", "may not be opened by this user"),
    ],
)
async def test_an_error_without_a_number_is_named_too(
    text: str, said: str, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    """As asyncio of Python 3.13 raises them."""

    async def refuse(*_: object) -> None:
        raise OSError(text)

    monkeypatch.setattr(asyncio.get_running_loop(), "create_server", refuse)
    assert said in await find_port_problem(unused_tcp_port, HERE)
