"""The relay in the operator's network: names, what goes through a proxy, and what its own answer to a submit means."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import aiohttp
import pytest

from bot.clock import utc_now
from bot.errors import RelayUnreachable, SubmitOutcomeUnknown, SubmitRefused
from bot.network.proxies import Proxies, Proxy
from bot.network.system_resolver import SystemResolver
from bot.relay.client import RelayClient
from bot.relay.response_recorder import RecordingConnector
from bot.relay.transport import KeyHeaders, RelayTransport
from tests.fakes.http_proxy import HttpProxy, create_client_context, respond, serve_tls
from tests.fakes.socket_relay import ASKED, GRID, KEY, Relay, Slept, press_button, relay

ACCEPTED = "01_submit_imagine_ok"
HTTP, HTTPS = "http://relay.test", "https://relay.test"


@dataclass
class Bench:
    """A relay that only the proxy knows, by http and https."""

    relay: Relay
    stack: AsyncExitStack
    proxy: HttpProxy = field(default_factory=HttpProxy)

    async def open(self, url: str, user: str = "") -> RelayClient:
        """Open a client that reaches the relay through the proxy, and let a read open the way for submits."""
        proxy = Proxy.parse(f"http://{user}127.0.0.1:{self.proxy.port}", "HTTPS_PROXY")
        proxies = Proxies(http=proxy, https=proxy)
        sessions = [
            await self.stack.enter_async_context(
                aiohttp.ClientSession(
                    connector=RecordingConnector(proxies, ssl=create_client_context(), keepalive_timeout=0)
                )
            )
            for _ in range(2)
        ]
        client = RelayClient(
            RelayTransport(
                base_url=url,
                key=KEY,
                headers=KeyHeaders(KEY, utc_now),
                read_session=sessions[0],
                submit_session=sessions[1],
                proxies=proxies,
            ),
            sleep=Slept(),
        )
        await client.check_key()
        return client


@pytest.fixture
async def bench() -> AsyncGenerator[Bench]:
    """Start the relay and the proxy."""
    async with AsyncExitStack() as stack:
        made = Bench(await stack.enter_async_context(relay(ACCEPTED, GRID)), stack)
        port = int(made.relay.url.rpartition(":")[2])
        await stack.enter_async_context(made.proxy.serve())
        tls = await stack.enter_async_context(serve_tls(port))
        made.proxy.routes = {"relay.test": port, "relay.test:443": tls}
        yield made


@pytest.mark.parametrize("host", ["nas.local", "new-api", "relay.svc.cluster.local"])
async def test_the_relay_may_have_a_name_that_only_the_system_knows(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """mDNS, Docker's and Kubernetes' names are not those of a DNS server."""
    asked: list[str] = []

    async def resolve(_: SystemResolver, name: str, port: int = 0, **__: object) -> list[dict[str, str | int]]:
        asked.append(name)
        return [{"host": "127.0.0.1", "port": port}]

    monkeypatch.setattr(SystemResolver, "resolve", resolve)
    port = bench.relay.url.rpartition(":")[2]
    async with RelayClient.open(f"http://{host}:{port}", KEY) as client:
        assert (await press_button(client)).is_accepted
    assert set(asked) == {host}


@pytest.mark.parametrize("url", [HTTP, HTTPS])
@pytest.mark.parametrize("user", ["", "user:hunter2@"])
async def test_reads_and_submits_go_through_the_proxy(bench: Bench, url: str, user: str) -> None:
    """With the key for the relay, and the credentials for the proxy only."""
    client = await bench.open(url, user)
    assert (await press_button(client)).is_accepted
    assert (await client.fetch_task(ASKED)).buttons
    assert {entry.partition("/mj/")[0] for entry in bench.proxy.seen} == {
        "CONNECT relay.test:443" if url == HTTPS else "GET http://relay.test",
        "CONNECT relay.test:443" if url == HTTPS else "POST http://relay.test",
    }
    assert all(("Proxy-Authorization" in head) is bool(user) for head in bench.proxy.heads)
    assert not [name for seen in bench.relay.seen for name in seen.headers if name.lower().startswith("proxy")]
    assert {seen.headers["mj-api-secret"] for seen in bench.relay.seen} == {KEY}
    assert url == HTTP or not [head for head in bench.proxy.heads if KEY in head]


def squid(error: str, status: int = 403) -> bytes:
    """Build Squid's page for an error."""
    return respond(status, f"X-Squid-Error: {error}", "Content-Type: text/html", body="<html>Denied</html>")


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        (HTTPS, respond(407, "Proxy-Authenticate: Basic")),
        (HTTPS, respond(403, body="<html>Denied</html>")),
        (HTTPS, respond(502)),
        (HTTPS, respond(504, body='{"code":1,"result":"1730000000000000"}')),
        (HTTPS, b""),
        (HTTP, respond(407, "Proxy-Authenticate: Basic")),
        (HTTP, squid("ERR_CACHE_ACCESS_DENIED 0", 407)),
        (HTTP, squid("ERR_FORWARDING_DENIED 0")),
        (HTTP, squid("ERR_INVALID_URL 0", 400)),
        (HTTP, respond(400, "Server: tinyproxy/1.11.0")),
    ],
)
async def test_what_a_proxy_refused_was_not_sent(bench: Bench, url: str, answer: bytes) -> None:
    """The person isn't charged; the operator is told of the proxy, and nothing of the key."""
    client = await bench.open(url)
    bench.proxy.answer = answer
    for request in (press_button(client), client.fetch_task(ASKED)):
        with pytest.raises(RelayUnreachable) as refused:
            await request
        assert f"The proxy 127.0.0.1:{bench.proxy.port} " in refused.value.proxy_problem
        assert refused.value.proxy_advice
    assert [seen for seen in bench.relay.seen if seen.method == "POST"] == []


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520])
async def test_a_forwarding_proxy_may_have_sent_what_it_fails(bench: Bench, status: int) -> None:
    """It answers a plain HTTP request itself, and may have lost the relay's answer."""
    client = await bench.open(HTTP)
    bench.proxy.answer = respond(status, "Server: tinyproxy/1.11.0", "X-Squid-Error: ERR_READ_TIMEOUT 0", body="<p>")
    with pytest.raises(SubmitOutcomeUnknown):
        await press_button(client)


@pytest.mark.parametrize(
    "answer",
    [
        squid("ERR_TOO_BIG 0"),
        squid("ERR_ACCESS_DENIED 0"),
        squid("ERR_INVALID_RESP 0"),
        squid("MY_DENIAL 0", 451),
        respond(403, body="<html>Blocked by your company</html>"),
        respond(403, "Server: privoxy", body="<p>"),
        respond(451, "Server: tinyproxy/1.11.0"),
        respond(404, body="Not here"),
        respond(413),
    ],
)
async def test_a_forwarding_proxy_may_refuse_the_relays_answer(bench: Bench, answer: bytes) -> None:
    """The relay may have taken the submit by then, so it counts; a read shows the operator the proxy or the status."""
    client = await bench.open(HTTP)
    bench.proxy.answer = answer
    with pytest.raises(SubmitOutcomeUnknown):
        await press_button(client)


async def test_a_read_whose_answer_the_proxy_refused_names_the_proxy(bench: Bench) -> None:
    client = await bench.open(HTTP)
    bench.proxy.answer = squid("ERR_TOO_BIG 0")
    with pytest.raises(RelayUnreachable) as refused:
        await client.fetch_task(ASKED)
    assert "refused a request to relay.test:80, or its answer (HTTP 403)" in refused.value.proxy_problem


async def test_the_relays_own_refusal_comes_through_a_forwarding_proxy(bench: Bench) -> None:
    """In JSON, as relays answer."""
    client = await bench.open(HTTP)
    bench.proxy.answer = respond(413, body='{"code": 4, "description": "too large"}')
    with pytest.raises(SubmitRefused):
        await press_button(client)


@pytest.mark.parametrize("url", [HTTP, HTTPS])
async def test_a_proxy_that_has_gone_is_named(bench: Bench, url: str) -> None:
    """Nothing was sent."""
    async with HttpProxy(bench.proxy.routes).serve() as going:
        bench.proxy, stays = going, bench.proxy
        client = await bench.open(url, "user:hunter2@")
    bench.proxy = stays
    with pytest.raises(RelayUnreachable, match="can't be reached") as refused:
        await press_button(client)
    assert "hunter2" not in f"{refused.value!r}"
