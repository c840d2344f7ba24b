"""Names are resolved by the system, in threads that delay neither other work nor the end."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.network.connectors import SystemConnector
from bot.network.system_resolver import SystemResolver

V4, V6 = socket.AF_INET, socket.AF_INET6


def answer(*found: tuple[int, tuple[Any, ...]]) -> Any:  # noqa: ANN401 - stands for getaddrinfo
    """Make a getaddrinfo that finds these addresses."""
    return lambda *_: [(family, socket.SOCK_STREAM, 6, "", address) for family, address in found]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([(V4, ("192.168.1.7", 80))], ["192.168.1.7"]),
        ([(V6, ("fd00::7", 80, 0, 0)), (V4, ("10.0.0.7", 80))], ["fd00::7", "10.0.0.7"]),
        ([(V6, ("fe80::7", 80, 0, 2))], ["fe80::7%2"]),
        ([(V6, ("fe80::7%eth0", 80, 0, 2))], ["fe80::7%eth0"]),
        ([(V6, (10, b"no IPv6")), (V4, ("10.0.0.7", 80))], ["10.0.0.7"]),
        ([], []),
    ],
)
async def test_addresses_come_as_the_system_says(found: list[Any], expected: list[str]) -> None:
    """In its order; a link-local address of IPv6 with its interface, without which nothing can connect to it."""
    results = await SystemResolver(answer(*found)).resolve("nas.local", 80)
    assert [(each["host"], each["port"], each["hostname"]) for each in results] == [
        (host, 80, "nas.local") for host in expected
    ]


@pytest.mark.parametrize("host", ["nas.local", "relay.svc.cluster.local", "only-in-nss"])
async def test_a_name_that_only_the_system_knows_is_reached(host: str) -> None:
    """A session connects to it."""
    application = web.Application()
    application.router.add_get("/", _say_host)
    async with TestServer(application, host="127.0.0.1", skip_url_asserts=True) as server:
        resolver = SystemResolver(answer((V4, ("127.0.0.1", server.port))))
        async with (
            aiohttp.ClientSession(connector=SystemConnector(resolver=resolver)) as session,
            session.get(f"http://{host}:{server.port}/") as response,
        ):
            assert await response.text() == f"{host}:{server.port}"


async def _say_host(request: web.Request) -> web.Response:
    return web.Response(text=request.host)


async def test_the_systems_own_hosts_are_found() -> None:
    """/etc/hosts has localhost everywhere."""
    assert {"127.0.0.1", "::1"} & {each["host"] for each in await SystemResolver().resolve("localhost")}


@pytest.mark.parametrize(
    ("host", "flags"),
    [("localhost", 0), ("127.0.0.1", 0), ("relay.localhost", 0), ("nas.local", socket.AI_ADDRCONFIG)],
)
async def test_loopback_is_found_without_another_network(host: str, flags: int) -> None:
    """For other names, only families are asked for that the machine has addresses of."""
    asked: list[tuple[object, ...]] = []

    def note(*arguments: object) -> list[Any]:
        asked.append(arguments)
        return []

    await SystemResolver(note).resolve(host, 80, V4)
    assert asked == [(host, 80, V4, socket.SOCK_STREAM, 0, flags)]


@pytest.mark.parametrize(
    "host", ["a..b", "x" * 64 + ".test", "no-such-host.invalid", "nul\0.test", "a%00.test", "a b.test", "a\n.test"]
)
async def test_what_is_no_host_is_an_oserror(host: str) -> None:
    """Aiohttp then reports that nothing was sent."""
    with pytest.raises(OSError):  # noqa: PT011 - the type is what aiohttp looks at
        await SystemResolver().resolve(host)


class SlowSystem:
    """A getaddrinfo that answers only when `server` is set."""

    def __init__(self) -> None:
        self.server = threading.Event()
        self.threads: list[threading.Thread] = []
        self._begun = threading.Semaphore(0)

    async def wait_for_lookups(self, count: int) -> None:
        """Wait until so many more lookups have begun."""
        for _ in range(count):
            await asyncio.to_thread(self._begun.acquire)

    def __call__(self, host: str, *_: object) -> list[Any]:
        """Wait for the server."""
        self.threads.append(threading.current_thread())
        self._begun.release()
        self.server.wait(30)
        return []


@pytest.fixture
def slow() -> Iterator[SlowSystem]:
    """A system whose DNS server does not answer until the test has ended."""
    system = SlowSystem()
    yield system
    system.server.set()
    for thread in system.threads:
        thread.join()


async def test_a_slow_server_blocks_neither_the_loop_nor_its_executor(slow: SlowSystem) -> None:
    """Only as many threads wait as are allowed, and they end with the process."""
    resolver = SystemResolver(slow)
    lookups = [asyncio.create_task(resolver.resolve(f"slow{number}.test")) for number in range(20)]
    await slow.wait_for_lookups(8)
    assert await asyncio.get_running_loop().run_in_executor(None, lambda: 7) == 7
    assert await SystemResolver(answer((V4, ("10.0.0.1", 0)))).resolve("other.test")
    assert len(slow.threads) == 8
    assert all(thread.daemon for thread in slow.threads)
    for lookup in lookups:
        lookup.cancel()
    await asyncio.gather(*lookups, return_exceptions=True)


async def test_a_canceled_lookup_keeps_its_place_until_the_system_answers(slow: SlowSystem) -> None:
    """So repeated lookups of a dead name start no more threads than that."""
    resolver = SystemResolver(slow)
    for begun in (8, 0, 0):
        lookups = [asyncio.create_task(resolver.resolve("slow.test")) for _ in range(8)]
        await slow.wait_for_lookups(begun)
        await asyncio.sleep(0)
        for lookup in lookups:
            lookup.cancel()
        await asyncio.gather(*lookups, return_exceptions=True)
    assert len(slow.threads) == 8
    slow.server.set()
    assert await resolver.resolve("slow.test") == []


def test_an_answer_after_the_loop_has_closed_is_dropped(slow: SlowSystem) -> None:
    """The thread ends without an error."""

    async def give_up() -> None:
        lookup = asyncio.create_task(SystemResolver(slow).resolve("slow.test"))
        await slow.wait_for_lookups(1)
        lookup.cancel()

    asyncio.run(give_up())
    slow.server.set()
    slow.threads[0].join()
