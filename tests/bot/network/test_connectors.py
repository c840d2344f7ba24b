"""The connector over real sockets: requests and websockets through a proxy, and what a proxy does in their place."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from yarl import URL

from bot.network.connectors import ProxyError, SystemConnector, find_proxy_refusal
from bot.network.proxies import Proxies, Proxy
from tests.fakes.http_proxy import HttpProxy, create_client_context, create_server_context, respond, serve_tls

USER = "u%40ser:p%3Ass"
BASIC = "Proxy-Authorization: Basic dUBzZXI6cDpzcw=="
SECRETS = ("p:ss", "p%3Ass", "dUBzZXI6cDpzcw")


class Bench:
    """A site that echoes paths and websockets, TLS in front of it, and a proxy that knows it as site.test."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.proxy = HttpProxy()
        self.headers: list[dict[str, str]] = []

    async def start(self) -> None:
        """Listen."""
        application = web.Application()
        application.router.add_get("/ws", _echo)
        application.router.add_get("/{path:.*}", self._answer)
        site = TestServer(application, host="127.0.0.1", skip_url_asserts=True)
        await self._stack.enter_async_context(site)
        tls = await self._stack.enter_async_context(serve_tls(site.port or 0))
        await self._stack.enter_async_context(self.proxy.serve())
        self.proxy.routes = {"site.test": site.port or 0, "site.test:80": site.port or 0, "site.test:443": tls}

    async def _answer(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        return web.Response(text=request.path)

    async def session(self, address: str | None = None, **connector: Any) -> aiohttp.ClientSession:  # noqa: ANN401 - passed on
        """Open a session through a proxy for everything, which trusts the site's certificate."""
        proxy = Proxy.parse(address or self.proxy.address, "HTTPS_PROXY")
        made = SystemConnector(Proxies(http=proxy, https=proxy), **{"ssl": create_client_context(), **connector})
        return await self._stack.enter_async_context(aiohttp.ClientSession(connector=made))


async def _echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data)
    return socket


@pytest.fixture
async def bench() -> AsyncGenerator[Bench]:
    """Start the site and the proxy."""
    async with AsyncExitStack() as stack:
        made = Bench(stack)
        await made.start()
        yield made


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("http://site.test/a?b=1", "GET http://site.test/a"),
        ("https://site.test/a", "CONNECT site.test:443"),
    ],
)
@pytest.mark.parametrize("user", ["", f"{USER}@"])
async def test_requests_go_through_the_proxy(bench: Bench, url: str, seen: str, user: str) -> None:
    """Twice, the second time on the same connection where there is a tunnel; the site never gets the credentials."""
    session = await bench.session(f"http://{user}127.0.0.1:{bench.proxy.port}")
    for _ in range(2):
        async with session.get(url) as response:
            assert await response.text() == "/a"
    assert set(bench.proxy.seen) == {seen}
    assert all((BASIC in head) is bool(user) for head in bench.proxy.heads)
    assert not [name for headers in bench.headers for name in headers if name.lower().startswith("proxy")]


@pytest.mark.parametrize("scheme", ["wss", "ws"])
async def test_websockets_go_through_the_proxy(bench: Bench, scheme: str) -> None:
    session = await bench.session()
    async with session.ws_connect(f"{scheme}://site.test/ws") as socket:
        await socket.send_str("hello")
        assert await socket.receive_str() == "hello"
    assert len(bench.proxy.seen) == 1


async def test_a_proxy_may_itself_speak_tls(bench: Bench) -> None:
    async with bench.proxy.serve(create_server_context()):
        session = await bench.session(f"https://{USER}@localhost:{bench.proxy.port}")
        for url in ("https://site.test/b", "http://site.test/b"):
            async with session.get(url) as response:
                assert await response.text() == "/b"
    assert bench.proxy.seen == ["CONNECT site.test:443", "GET http://site.test/b"]


@pytest.mark.parametrize(
    ("answer", "user", "said", "advice"),
    [
        (respond(407), "", "wants a user name and password (HTTP 407)", "Add them to HTTPS_PROXY"),
        (respond(407), f"{USER}@", "refused the user name and password (HTTP 407)", "Correct them in HTTPS_PROXY"),
        (respond(403), "", "refused to connect to site.test:443 (HTTP 403)", "Allow that host"),
        (respond(502), "", "could not connect to site.test:443 (HTTP 502)", "NO_PROXY"),
        (respond(504), f"{USER}@", "could not connect to site.test:443 (HTTP 504)", "NO_PROXY"),
        (b"", "", "ended the connection without a proper answer", "has to be an HTTP proxy"),
        (b"\x05\xff", "", "ended the connection without a proper answer", "has to be an HTTP proxy"),
    ],
)
async def test_a_tunnel_that_fails_is_the_proxys_error(
    bench: Bench, answer: bytes, user: str, said: str, advice: str
) -> None:
    """It names the proxy, and no credentials, not even in its repr."""
    bench.proxy.answer = answer
    session = await bench.session(f"http://{user}127.0.0.1:{bench.proxy.port}")
    with pytest.raises(ProxyError) as failed:
        await session.get("https://site.test/")
    assert failed.value.problem == f"The proxy 127.0.0.1:{bench.proxy.port} {said}."
    assert advice in failed.value.advice
    assert str(failed.value) == f"{failed.value.problem} {failed.value.advice}"
    assert failed.value.__suppress_context__
    assert not [secret for secret in SECRETS if secret in f"{failed.value!r}"]


@pytest.mark.parametrize("url", ["https://site.test/", "http://site.test/"])
async def test_a_proxy_that_does_not_listen_is_named(bench: Bench, url: str) -> None:
    port = unused_port()
    session = await bench.session(f"http://{USER}@127.0.0.1:{port}")
    with pytest.raises(ProxyError, match=rf"The proxy 127\.0\.0\.1:{port} can't be reached \(Connection refused\)"):
        await session.get(url)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://no-such-proxy.invalid:3128", "isn't known by this name"),
        ("http://proxy.a..b:3128", "isn't known by this name"),
        ("https://127.0.0.1:{port}", "doesn't accept a TLS connection"),
    ],
)
async def test_an_address_without_a_proxy_is_explained(bench: Bench, address: str, said: str) -> None:
    """An unknown name, or https:// before a proxy that speaks plain HTTP, as most do."""
    session = await bench.session(address.format(port=bench.proxy.port))
    with pytest.raises(ProxyError, match=said):
        await session.get("https://site.test/")


async def test_the_hosts_own_certificate_is_not_the_proxys_error(bench: Bench) -> None:
    """The tunnel stands, so it is about the host."""
    bench.proxy.routes["other.example:443"] = bench.proxy.routes["site.test:443"]
    session = await bench.session()
    with pytest.raises(aiohttp.ClientConnectorCertificateError) as failed:
        await session.get("https://other.example/")
    assert failed.value.host == "other.example"


async def test_a_proxy_that_reads_tls_is_explained(bench: Bench) -> None:
    """Its certificates have an issuer that this machine does not trust."""
    session = await bench.session(ssl=True)
    with pytest.raises(ProxyError, match=r"shows a certificate of its own for site\.test, whose issuer") as failed:
        await session.get("https://site.test/")
    assert "SSL_CERT_FILE" in failed.value.advice


PROXY = Proxy(URL("http://proxy.test:3128"), "HTTP_PROXY")


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (407, {"Proxy-Authenticate": "Basic"}, "wants a user name and password"),
        (407, {"Proxy-Authenticate": "Basic", "X-Squid-Error": "ERR_CACHE_ACCESS_DENIED 0"}, "wants a user name"),
        (403, {"X-Squid-Error": "ERR_FORWARDING_DENIED 0"}, "refused to connect"),
        (409, {"X-Squid-Error": "ERR_CONFLICT_HOST 0"}, "refused to connect"),
        (403, {"Server": "tinyproxy/1.11.1"}, "refused to connect"),
        (407, {}, ""),
        (403, {}, ""),
        (404, {"Via": "1.1 proxy.test (squid/5.7)"}, ""),
        (503, {"X-Squid-Error": "ERR_CONNECT_FAIL 111"}, ""),
        (504, {"Server": "tinyproxy/1.11.1"}, ""),
        (200, {"Server": "tinyproxy/1.11.1"}, ""),
    ],
)
def test_only_a_certain_refusal_of_a_forwarded_request_is_the_proxys(
    status: int, headers: dict[str, str], said: str
) -> None:
    """Anything else may be the host's answer, and after 5xx the request may have arrived."""
    refusal = find_proxy_refusal(PROXY, URL("http://site.test/"), status, headers)
    assert (said in str(refusal) and refusal and not refusal.may_have_sent) if said else refusal is None
    assert find_proxy_refusal(PROXY, URL("https://site.test/"), status, headers) is None
    assert find_proxy_refusal(None, URL("http://site.test/"), status, headers) is None


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (403, {"X-Squid-Error": "ERR_ACCESS_DENIED 0"}),
        (403, {"X-Squid-Error": "ERR_TOO_BIG 0"}),
        (403, {"X-Squid-Error": "ERR_INVALID_RESP 0"}),
        (403, {"X-Squid-Error": "ERR_OF_A_LATER_VERSION 0"}),
        (403, {"X-Squid-Error": ""}),
        (403, {"X-Squid-Error": "ERR_TOO_BIG 0", "Server": "tinyproxy/1.11.1"}),
        (403, {"Server": "Privoxy"}),
        (429, {"Server": "tinyproxy/1.11.1"}),
    ],
)
def test_a_proxy_may_refuse_the_answer_to_what_it_forwarded(status: int, headers: dict[str, str]) -> None:
    """The operator is told of the proxy, but the host may have acted on the request."""
    refusal = find_proxy_refusal(PROXY, URL("http://site.test/"), status, headers)
    assert refusal is not None
    assert refusal.may_have_sent
    assert "refused a request to site.test:80, or its answer" in refusal.problem
