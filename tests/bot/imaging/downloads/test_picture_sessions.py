"""Pictures behind a proxy and behind fake-IP DNS: which hosts are opened, and how each refusal is told."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer

from bot.errors import PictureError, PictureForbidden, PictureGone, PictureUnavailable
from bot.imaging.downloads.downloader import PictureDownloader
from bot.imaging.downloads.picture_sessions import PictureRefusals, find_proxy_refusal_of
from bot.imaging.downloads.url_safety import is_fake_ip, is_public_ip
from bot.network.connectors import SystemConnector
from bot.network.proxies import Proxies, Proxy
from tests.fakes.http_proxy import HttpProxy, respond
from tests.pictures import draw_noise, encode

PNG = encode(draw_noise(40, 30), "PNG")
PUBLIC = "93.184.216.34"
NAMES = {
    "cdn.example": [PUBLIC],
    "cdn.discordapp.com": [PUBLIC],
    "nas.example": ["192.168.1.7"],
    "rebound.example": [PUBLIC, "127.0.0.1"],
    "meta.example": ["169.254.169.254"],
    "six.example": ["2606:4700::1111", "fd00::1"],
    "tun.example": ["198.18.0.9"],
    "tun6.example": ["fdfe:dcba:9876::9"],
    "127.1": ["127.0.0.1"],
}


class Names(AbstractResolver):
    """What the machine knows: NAMES, and what a test adds."""

    def __init__(self) -> None:
        self.known = dict(NAMES)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host not in self.known:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        kinds = {True: socket.AF_INET6, False: socket.AF_INET}
        return [
            ResolveResult(hostname=host, host=ip, port=port, family=kinds[":" in ip], proto=0, flags=0)
            for ip in self.known[host]
        ]

    async def close(self) -> None:
        """Hold nothing."""


class Bench:
    """A site that the proxy knows by every name, and downloaders behind the proxy."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.proxy = HttpProxy()
        self.names = Names()
        self.answers: dict[str, web.Response] = {}

    async def start(self) -> None:
        """Listen."""
        application = web.Application()
        application.router.add_get("/{path:.*}", self._answer)
        site = TestServer(application, host="127.0.0.1", skip_url_asserts=True)
        await self._stack.enter_async_context(site)
        await self._stack.enter_async_context(self.proxy.serve())
        hosts = [*NAMES, "unknown.example", "media.discordapp.net", "relay.test", "10.0.0.5", "2130706433", "0x7f.1"]
        self.proxy.routes = dict.fromkeys(hosts, site.port or 0)
        self.port = site.port or 0

    async def _answer(self, request: web.Request) -> web.Response:
        given = self.answers.get(request.path, web.Response(body=PNG))
        return web.Response(status=given.status, body=given.body, headers=given.headers)

    async def pictures(self, *, proxied: bool = True, **options: Any) -> PictureDownloader:  # noqa: ANN401 - passed on
        """Create a downloader whose relay is relay.test."""
        address = f"http://user:hunter2@127.0.0.1:{self.proxy.port}"
        proxy = Proxy.parse(address, "HTTP_PROXY") if proxied else None
        proxies = Proxies(http=proxy, https=proxy)
        session = aiohttp.ClientSession(connector=SystemConnector(proxies, resolver=self.names))
        await self._stack.enter_async_context(session)
        pictures = PictureDownloader(
            session, "http://relay.test", proxies=proxies, resolver=self.names, sleep=_skip, **options
        )
        self._stack.push_async_callback(pictures.close)
        return pictures


async def _skip(_: float) -> None:
    return


@pytest.fixture
async def bench() -> AsyncGenerator[Bench]:
    """Start the site and the proxy."""
    async with AsyncExitStack() as stack:
        made = Bench(stack)
        await made.start()
        yield made


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.example/a.png?ex=%2F&",
        "http://relay.test/mj/image/17",
        "http://media.discordapp.net/a.png",
        "http://cdn.discordapp.com./a.png",
    ],
)
async def test_pictures_come_through_the_proxy(bench: Bench, url: str) -> None:
    """The relay's, those of public hosts, and Discord's even if this machine does not know the name."""
    bench.proxy.routes["cdn.discordapp.com."] = bench.port
    pictures = await bench.pictures()
    assert await pictures.download_bytes(url) == PNG
    assert bench.proxy.seen == [f"GET {url.partition('?')[0]}"]
    assert pictures.refusals.problems == {}


@pytest.mark.parametrize(
    "host",
    [
        *("nas.example", "rebound.example", "meta.example", "six.example", "tun.example", "unknown.example"),
        *("10.0.0.5", "127.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:10.0.0.5]", "localhost", "010.8.8.8"),
        *("discordapp.com.unknown.example", "notdiscordapp.com"),
    ],
)
@pytest.mark.parametrize("supplied", [True, False])
async def test_private_hosts_are_refused_with_a_proxy_too(bench: Bench, host: str, supplied: bool) -> None:  # noqa: FBT001
    """The proxy is not asked: names of which one address is private, that are unknown here, and literal addresses."""
    bench.names.known["localhost"] = ["127.0.0.1"]
    pictures = await bench.pictures()
    with pytest.raises(PictureForbidden):
        await pictures.download_bytes(f"http://{host}/a.png", is_user_supplied=supplied)
    assert bench.proxy.seen == []
    assert list(pictures.refusals.problems) == ([] if supplied else [host.strip("[]")])


@pytest.mark.parametrize(
    "host",
    ["a%00.discord.com", ".discord.com", "a..discord.com", "%31.0.0.1", "cdn%2eexample", "[fe80::1%25eth0]"],
)
@pytest.mark.parametrize("proxied", [True, False])
async def test_what_is_no_host_is_never_opened(bench: Bench, host: str, proxied: bool) -> None:  # noqa: FBT001
    """Also as the target of a redirect."""
    bench.answers["/a.png"] = web.Response(status=302, headers={"Location": f"http://{host}/b.png"})
    pictures = await bench.pictures(proxied=proxied)
    with pytest.raises(PictureForbidden):
        await pictures.download_bytes(f"http://{host}/b.png")
    if proxied:
        with pytest.raises(PictureForbidden):
            await pictures.download_bytes("http://cdn.example/a.png")
    assert [seen for seen in bench.proxy.seen if "b.png" in seen] == []


@pytest.mark.parametrize(("host", "opens"), [("cdn.discordapp.com", True), ("cdn.example", False)])
async def test_dns_servers_that_do_not_answer_count_as_unknown(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, host: str, *, opens: bool
) -> None:
    """In time for the picture."""

    async def hang(*_: object) -> list[ResolveResult]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr("bot.imaging.downloads.url_safety._LOOKUP_SECONDS", 0.01)
    monkeypatch.setattr(bench.names, "resolve", hang)
    pictures = await bench.pictures()
    if opens:
        assert await pictures.download_bytes(f"http://{host}/a.png") == PNG
        return
    with pytest.raises(PictureForbidden, match="unknown to this machine"):
        await pictures.download_bytes(f"http://{host}/a.png")


@pytest.mark.parametrize("target", ["http://nas.example/b.png", "http://169.254.169.254/", "https://unknown.example/"])
async def test_redirects_are_judged_again(bench: Bench, target: str) -> None:
    """Only the first host is asked."""
    bench.answers["/a.png"] = web.Response(status=302, headers={"Location": target})
    with pytest.raises(PictureForbidden):
        await (await bench.pictures()).download_bytes("http://cdn.example/a.png")
    assert bench.proxy.seen == ["GET http://cdn.example/a.png"]


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("https://cdn.example/a.png", respond(403)),
        ("https://cdn.example/a.png", respond(502)),
        ("https://cdn.discordapp.com/a.png", respond(407)),
        ("https://cdn.example/a.png", b""),
        ("http://cdn.example/a.png", respond(407, "Proxy-Authenticate: Basic")),
        ("http://cdn.example/a.png", respond(403, "X-Squid-Error: ERR_ACCESS_DENIED 0")),
        ("http://relay.test/mj/image/1", respond(404, "Server: tinyproxy/1.11")),
    ],
)
async def test_a_proxys_refusal_is_not_the_hosts(bench: Bench, url: str, answer: bytes) -> None:
    """It is remembered for the operator, without credentials, until a picture of the host arrives."""
    bench.proxy.answer = answer
    pictures = await bench.pictures()
    with pytest.raises(PictureUnavailable) as refused:
        await pictures.download_bytes(url)
    assert (refused.value.status, refused.value.through_proxy) == (0, True)
    (error,) = pictures.refusals.problems.values()
    assert str(error).startswith(f"The proxy 127.0.0.1:{bench.proxy.port} ")
    assert "hunter2" not in f"{error!r}"
    bench.proxy.answer = None
    await pictures.download_bytes(url.replace("https:", "http:"))
    assert pictures.refusals.problems == {}


@pytest.mark.parametrize(
    ("status", "error", "through_proxy"),
    [(403, PictureUnavailable, True), (503, PictureUnavailable, True), (404, PictureGone, False)],
)
async def test_an_unmarked_answer_to_a_forwarded_request_may_be_either(
    bench: Bench,
    status: int,
    error: type[PictureError],
    through_proxy: bool,  # noqa: FBT001
) -> None:
    bench.answers["/a.png"] = web.Response(status=status)
    with pytest.raises(error) as refused:
        await (await bench.pictures()).download_bytes("http://cdn.example/a.png")
    assert getattr(refused.value, "through_proxy", False) is through_proxy


FAKE = ["198.18.0.2", "198.18.1.7", "198.19.255.255", "fc00::2", "fc00:3fff::9", "fdfe:dcba:9876::2"]
OTHERS = [
    *("198.18.0.0", "198.18.0.1", "fc00::1", "fdfe:dcba:9876::1", "198.17.255.255", "198.20.0.1", "fc00:4000::1"),
    *("10.0.0.1", "127.0.0.1", "169.254.169.254", "100.100.100.200", "192.168.1.1", "::1", "fd00::1", "fe80::1"),
    *("::ffff:198.18.0.9", "28.0.0.9", "93.184.216.34", "tun.example", ""),
]


@pytest.mark.parametrize("address", FAKE)
def test_fake_addresses_are_known_and_not_public(address: str) -> None:
    """Those of Clash, sing-box, Xray and Surge."""
    assert is_fake_ip(address)
    assert not is_public_ip(address)


@pytest.mark.parametrize("address", OTHERS)
def test_other_addresses_are_not_fake(address: str) -> None:
    """Neither what the software's own interface has, nor anything private."""
    assert not is_fake_ip(address)


@pytest.mark.parametrize("host", ["tun.example", "tun6.example"])
async def test_fake_addresses_of_names_are_allowed_by_the_setting(bench: Bench, host: str) -> None:
    """Directly and through a proxy; without the setting they are refused and remembered."""
    bench.proxy.routes[host] = bench.port
    refusing, allowing = await bench.pictures(), await bench.pictures(allows_fake_ip=True)
    with pytest.raises(PictureForbidden):
        await refusing.download_bytes(f"http://{host}/a.png")
    assert refusing.refusals.problems == {host: None}
    assert await allowing.download_bytes(f"http://{host}/a.png") == PNG
    direct = await bench.pictures(proxied=False)
    with pytest.raises(PictureForbidden):
        await direct.download_bytes(f"http://{host}/a.png")


@pytest.mark.parametrize("proxied", [True, False])
@pytest.mark.parametrize(
    "host",
    [
        *("198.18.0.9", "[fc00::9]", "[fdfe:dcba:9876::9]", "10.0.0.5", "169.254.169.254", "[::ffff:198.18.0.9]"),
        *("nas.example", "meta.example", "six.example"),
    ],
)
async def test_the_setting_opens_neither_literal_nor_private_addresses(bench: Bench, host: str, proxied: bool) -> None:  # noqa: FBT001
    bench.names.known["six.example"] = ["fd00::1", "198.18.0.1"]
    with pytest.raises(PictureForbidden):
        await (await bench.pictures(proxied=proxied, allows_fake_ip=True)).download_bytes(f"http://{host}/a.png")
    assert bench.proxy.seen == []


@pytest.mark.parametrize(
    "host", ["router", "nas.local", "box.lan", "db.internal", "localhost", "x.localhost", "NAS.LOCAL."]
)
@pytest.mark.parametrize("proxied", [True, False])
async def test_the_setting_refuses_names_of_private_networks(bench: Bench, host: str, proxied: bool) -> None:  # noqa: FBT001
    """Their own addresses cannot be seen behind the stand-ins."""
    bench.names.known[host] = ["198.18.0.9"]
    with pytest.raises(PictureForbidden):
        await (await bench.pictures(proxied=proxied, allows_fake_ip=True)).download_bytes(f"http://{host}/a.png")
    assert bench.proxy.seen == []


@pytest.mark.parametrize(
    ("answer", "status"), [(respond(403), 403), (respond(407), 407), (respond(502), 502), (b"", 0), (None, None)]
)
async def test_a_proxy_is_tried_for_a_host(bench: Bench, answer: bytes | None, status: int | None) -> None:
    """What comes through its tunnel is not looked at."""
    bench.proxy.answer = answer
    bench.proxy.routes["cdn.example:443"] = bench.port
    proxy = Proxy.parse(bench.proxy.address, "HTTPS_PROXY")
    refusal = await find_proxy_refusal_of("cdn.example", Proxies(https=proxy))
    assert (refusal.status if refusal else None) == status
    assert bench.proxy.seen == ["CONNECT cdn.example:443"]
    assert await find_proxy_refusal_of("cdn.example", Proxies(http=proxy)) is None


def test_only_the_last_refusals_are_kept() -> None:
    """A host once, with what happened last."""
    refusals = PictureRefusals()
    for host in ("a", "b", "a", "c", "d"):
        refusals.add(host)
    assert refusals.problems == dict.fromkeys(("a", "c", "d"))
    refusals.forget("c")
    refusals.forget("never")
    assert list(refusals.problems) == ["a", "d"]
