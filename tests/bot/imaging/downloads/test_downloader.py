"""Downloads over real sockets: what is accepted, what is refused, and how often servers are asked."""

import asyncio
import gc
import gzip
import string
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any, TypeVar

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import (
    PictureError,
    PictureForbidden,
    PictureGone,
    PictureTooLarge,
    PictureTooSlow,
    PictureUnavailable,
    PictureUnreadable,
    UploadNotFound,
    UploadTooSlow,
)
from bot.imaging.downloads.downloader import (
    DISCORD_FILE_LIMIT,
    MAX_DOWNLOAD_BYTES,
    DownloadLimits,
    LinkedPicture,
    Pace,
    PictureDownloader,
    build_file_name,
)
from bot.imaging.worker_process import ImageWorker
from tests.bot.imaging.downloads.test_url_safety import FakeResolver
from tests.pictures import draw_noise, encode

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
T = TypeVar("T")
PNG = encode(draw_noise(40, 30), "PNG")
NOW = datetime(2024, 11, 4, tzinfo=UTC)


class Site:
    """A server on 127.0.0.1 that serves every path with one replaceable handler."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.handler: Handler = make_handler(PNG)
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        self.server = TestServer(application, host="127.0.0.1", skip_url_asserts=True)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        return await self.handler(request)

    def url(self, path: str = "/mj/image/1") -> str:
        """Return the URL of a path."""
        return f"http://127.0.0.1:{self.server.port}{path}"


def make_handler(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Handler:
    """Make a handler that always sends the same response."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, status=status, headers=headers)

    return answer


def make_redirect(target: str, status: int = 302) -> Handler:
    """Make a handler that redirects every request to `target`."""
    return make_handler(b"", status, {"Location": target})


class Bench:
    """A relay, another server, and downloaders that know the relay."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.relay = Site()
        self.other = Site()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Record a pause without waiting."""
        self.slept.append(seconds)

    async def pictures(self, **options: Any) -> PictureDownloader:  # noqa: ANN401 - passed on
        """Create a downloader on a session whose headers and cookies hold the relay's key."""
        session = aiohttp.ClientSession(
            headers={"mj-api-secret": "sk-key", "Authorization": "Bearer sk-key"}, cookies={"session": "sk-key"}
        )
        await self._stack.enter_async_context(session)
        options = {"now": lambda: NOW, "sleep": self.sleep, **options}
        pictures = PictureDownloader(session, self.relay.url(""), **options)
        self._stack.push_async_callback(pictures.close)
        return pictures

    async def public(self, *answers: list[str]) -> PictureDownloader:
        """Create a downloader that accepts only 127.0.0.1, with names that resolve to `answers`."""
        return await self.pictures(resolver=FakeResolver(*answers), is_allowed={"127.0.0.1"}.__contains__)

    def elsewhere(self, path: str = "/a.png") -> str:
        """Return a URL of the other server, by a host name."""
        return f"http://cdn.example:{self.other.server.port}{path}"


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Start the relay and the other server."""
    async with AsyncExitStack() as stack:
        bench = Bench(stack)
        for site in (bench.relay, bench.other):
            await site.server.start_server()
            stack.push_async_callback(site.server.close)
        yield bench


HERE = ["127.0.0.1"]


async def test_relay_may_have_a_private_address(bench: Bench) -> None:
    picture = await (await bench.pictures()).fetch(bench.relay.url(), name="a_17")
    assert (
        picture.data,
        picture.name,
        picture.width,
        picture.height,
        picture.is_reencoded,
    ) == (PNG, "a_17.png", 40, 30, False)


async def test_session_key_and_cookies_are_not_sent(bench: Bench) -> None:
    """The session's headers go neither to the relay nor to other servers."""
    pictures = await bench.public(HERE)
    await pictures.fetch(bench.relay.url(), name="a")
    await pictures.fetch(bench.elsewhere(), name="a")
    for request in (*bench.relay.requests, *bench.other.requests):
        assert "sk-key" not in str(request.headers)


async def test_public_host_is_fetched_with_its_signature_unchanged(bench: Bench) -> None:
    path = "/a%2Fb.png?ex=77288aef&is=1&hm=a%2Fb%20c+d&"
    await (await bench.public(HERE)).fetch(bench.elsewhere(path), name="a")
    assert [path] == [request.raw_path for request in bench.other.requests]


async def test_non_ascii_url_is_quoted(bench: Bench) -> None:
    await (await bench.pictures()).fetch(bench.relay.url("/é a.png"), name="a")
    assert [request.raw_path for request in bench.relay.requests] == ["/%C3%A9%20a.png"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.1", "2130706433", "0"])
async def test_other_ports_of_the_relay_host_are_forbidden(bench: Bench, host: str) -> None:
    """However the host is written."""
    with pytest.raises(PictureForbidden):
        await (await bench.pictures()).fetch(f"http://{host}:{bench.other.server.port}/", name="a")
    assert bench.other.requests == []


async def test_dns_rebinding_is_refused(bench: Bench) -> None:
    """The second resolution is private, and is refused when the socket would be connected."""
    bench.other.handler = make_handler(PNG, headers={"Connection": "close"})
    pictures = await bench.public(HERE, ["127.0.0.2"])
    await pictures.fetch(bench.elsewhere(), name="a")
    with pytest.raises(PictureForbidden):
        await pictures.fetch(bench.elsewhere(), name="a")
    assert len(bench.other.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "ftp://cdn.example/a",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "//cdn.example/a",
        "/mj/image/1",
        "",
        "http://",
        "http:///a",
        "http://[",
        "http://cdn.example:port/",
        "http://user:secret@cdn.example/a",
        "http://user@cdn.example/a",
        "http://:secret@cdn.example/a",
    ],
)
async def test_other_schemes_and_credentials_are_forbidden_without_a_request(bench: Bench, url: str) -> None:
    with pytest.raises(PictureForbidden) as caught:
        await (await bench.pictures()).fetch(url, name="a")
    assert url == caught.value.url


@given(st.text() | st.text().map("http://{}".format) | st.text(string.digits + ".:[]xa").map("http://{}/".format))
async def test_any_text_as_url_raises_picture_error_without_a_request(text: str) -> None:
    async def skip(_: float) -> None:
        pass

    async with aiohttp.ClientSession() as session:
        pictures = PictureDownloader(
            session, "http://127.0.0.1:1", resolver=FakeResolver(), is_allowed=set[str]().__contains__, sleep=skip
        )
        try:
            with pytest.raises(PictureError):
                await pictures.fetch(text, name="a")
        finally:
            await pictures.close()


async def test_up_to_five_redirects_are_followed(bench: Bench) -> None:
    """From the relay to a public host and back, relative or absolute."""
    hops = {
        "/1": make_redirect(bench.elsewhere("/2"), 301),
        "/2": make_redirect("/3?a=%2F", 303),
        "/3": make_redirect(bench.relay.url("/4"), 307),
        "/4": make_redirect("5", 308),
        "/5": make_redirect("6#part"),
        "/6": make_handler(PNG),
    }

    async def answer(request: web.Request) -> web.StreamResponse:
        return await hops[request.path](request)

    bench.relay.handler = bench.other.handler = answer
    picture = await (await bench.public(HERE)).fetch(bench.relay.url("/1"), name="a")
    assert picture.data == PNG
    assert [request.raw_path for request in bench.other.requests] == ["/2", "/3?a=%2F"]


async def test_sixth_redirect_is_not_followed(bench: Bench) -> None:
    bench.relay.handler = make_redirect("/again")
    with pytest.raises(PictureUnavailable, match="circles"):
        await (await bench.pictures()).fetch(bench.relay.url(), name="a")
    assert len(bench.relay.requests) == 6


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1:{port}/", "http://169.254.169.254/latest/", "file:///etc/passwd", "http://a:b@cdn.example/"],
)
async def test_redirect_to_private_address_is_forbidden(bench: Bench, target: str) -> None:
    """The target of a redirect is checked like a first URL, also if the relay sends it."""
    bench.relay.handler = make_redirect(target.format(port=bench.other.server.port))
    with pytest.raises(PictureForbidden) as caught:
        await (await bench.pictures()).fetch(bench.relay.url(), name="a")
    assert bench.relay.url() == caught.value.url
    assert bench.other.requests == []


@pytest.mark.parametrize(
    "path", ["/api/status", "/mj/image/", "/mj/image/../../api", "/mj/image/%2e%2e/api", "/a/mj/image/1/x"]
)
@pytest.mark.parametrize("redirected", [False, True])
async def test_user_supplied_url_reaches_only_pictures_of_the_relay(
    bench: Bench, path: str, *, redirected: bool
) -> None:
    """The relay may be in a network that only the bot can reach, and trust every client in it."""
    link = bench.relay.url(path)
    if redirected:
        bench.other.handler = make_redirect(link)
    pictures = await bench.pictures(
        resolver=FakeResolver(HERE), is_allowed=lambda _: redirected and not bench.other.requests
    )
    with pytest.raises(UploadNotFound):
        await LinkedPicture(pictures, bench.elsewhere() if redirected else link).read()
    assert bench.relay.requests == []
    assert await LinkedPicture(pictures, bench.relay.url()).read() == PNG


async def test_redirect_without_location_is_unavailable(bench: Bench) -> None:
    bench.relay.handler = make_handler(b"", 302)
    with pytest.raises(PictureUnavailable, match="302"):
        await (await bench.pictures()).fetch(bench.relay.url(), name="a")


@pytest.mark.parametrize("status", [404, 410, 400])
async def test_dead_link_raises_picture_gone_at_the_first_response(bench: Bench, status: int) -> None:
    bench.relay.handler = make_handler(b'{"error":"midjourney_task_not_found"}', status)
    with pytest.raises(PictureGone, match=str(status)):
        await (await bench.pictures()).fetch(bench.relay.url(), name="a")
    assert len(bench.relay.requests) == 1


CHALLENGE = b"<!DOCTYPE html><title>Just a moment...</title>"
DENIED = b'{"error":{"message":"hotlink denied","type":"forbidden"}}'
FORBIDDEN_XML = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
EXPIRED_XML = b"<?xml version='1.0'?>\n<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, DENIED),
        (403, CHALLENGE),
        (403, FORBIDDEN_XML),
        (403, b""),
        (403, b"Your session has expired"),
        (429, b"error code: 1015"),
        (401, b'{"error":"invalid token"}'),
        (451, CHALLENGE),
        (400, b"bad request"),
        (206, PNG),
        (204, b""),
    ],
)
@pytest.mark.parametrize("is_from_relay", [False, True])
async def test_host_that_refuses_the_bot_is_unavailable_and_may_return(
    bench: Bench, status: int, body: bytes, *, is_from_relay: bool
) -> None:
    """Only this request is refused: the link works for people, or later."""
    site, link = (bench.relay, bench.relay.url()) if is_from_relay else (bench.other, bench.elsewhere())
    site.handler = make_handler(body, status)
    with pytest.raises(PictureUnavailable, match=str(status)) as caught:
        await (await bench.public(HERE)).fetch(link, name="a")
    assert (caught.value.status, caught.value.may_return) == (status, True)
    assert len(site.requests) == 1


@pytest.mark.parametrize("body", [CHALLENGE, DENIED, b"error code: 1020", b"", b"[]", b"\xef\xbb\xbf<html>"])
async def test_page_or_json_with_status_200_is_unavailable(bench: Bench, body: bytes) -> None:
    bench.other.handler = make_handler(body, headers={"Content-Type": "image/png"})
    with pytest.raises(PictureUnavailable) as caught:
        await (await bench.public(HERE)).fetch(bench.elsewhere(), name="a")
    assert (caught.value.status, caught.value.may_return) == (200, True)


async def test_expired_signature_of_a_store_is_gone(bench: Bench) -> None:
    """S3 and its like answer 403 for it, and say so."""
    bench.other.handler = make_handler(EXPIRED_XML, 403)
    with pytest.raises(PictureGone):
        await (await bench.public(HERE)).fetch(bench.elsewhere(), name="a")


async def test_expired_link_is_gone_without_a_request(bench: Bench) -> None:
    """A second before its expiry, it is requested."""
    pictures = await bench.pictures()
    moment = int(NOW.timestamp())
    with pytest.raises(PictureGone, match="expired"):
        await pictures.fetch(bench.relay.url(f"/a.png?ex={moment:x}&is=1&hm=2&"), name="a")
    assert bench.relay.requests == []
    await pictures.fetch(bench.relay.url(f"/a.png?ex={moment + 1:x}&is=1&hm=2&"), name="a")


async def test_expiry_uses_the_real_clock_by_default(bench: Bench) -> None:
    async with aiohttp.ClientSession() as session:
        pictures = PictureDownloader(session, bench.relay.url(""))
        with pytest.raises(PictureGone):
            await pictures.fetch(bench.relay.url("/a.png?ex=1"), name="a")
        await pictures.close()


async def test_server_error_is_retried_once_after_a_pause(bench: Bench) -> None:
    answers = [make_handler(b"", 502), make_handler(PNG), make_handler(b"", 500), make_handler(b"", 503)]

    async def answer(request: web.Request) -> web.StreamResponse:
        return await answers.pop(0)(request)

    bench.relay.handler = answer
    pictures = await bench.pictures()
    assert (await pictures.fetch(bench.relay.url(), name="a")).data == PNG
    assert bench.slept == [1.0]
    with pytest.raises(PictureUnavailable, match="503"):
        await pictures.fetch(bench.relay.url(), name="a")
    assert len(bench.relay.requests) == 4


async def test_refused_connection_is_retried_once(bench: Bench, unused_tcp_port: int) -> None:
    with pytest.raises(PictureUnavailable):
        await (await bench.public(HERE, HERE)).fetch(f"http://cdn.example:{unused_tcp_port}/", name="a")
    assert bench.slept == [1.0]


def make_truncated_handler(length: int, body: bytes) -> Handler:
    """Make a handler that announces `length` bytes, sends `body` and closes the connection."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(length), "Content-Type": "image/png"})
        await response.prepare(request)
        await response.write(body)
        assert request.transport is not None
        request.transport.close()
        return response

    return answer


@pytest.mark.parametrize("length", [len(PNG), len(PNG) + 1, len(PNG) * 1000])
async def test_body_shorter_than_content_length_is_unavailable(bench: Bench, length: int) -> None:
    bench.relay.handler = make_truncated_handler(length, PNG[:-1] if length == len(PNG) else PNG)
    with pytest.raises(PictureUnavailable):
        await (await bench.pictures()).fetch(bench.relay.url(), name="a")
    assert len(bench.relay.requests) == 2


async def test_content_length_that_cuts_the_picture_is_unreadable(bench: Bench) -> None:
    bench.relay.handler = make_truncated_handler(len(PNG) // 2, PNG[: len(PNG) // 2])
    with pytest.raises(PictureUnreadable):
        await (await bench.pictures()).fetch(bench.relay.url(), name="a")


async def test_body_with_too_large_content_length_is_not_read(bench: Bench) -> None:
    bench.relay.handler = make_truncated_handler(MAX_DOWNLOAD_BYTES + 1, PNG)
    with pytest.raises(PictureTooLarge, match="announced"):
        await (await bench.pictures()).fetch(bench.relay.url(), name="a")


async def test_body_without_content_length_is_read_up_to_the_limit(bench: Bench) -> None:
    sent = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(bytes(1024 * 1024))
            sent += 1

    bench.relay.handler = answer
    with pytest.raises(PictureTooLarge, match="more than"):
        await (await bench.pictures()).fetch(bench.relay.url(), name="a")
    assert 32 <= sent < 48


async def test_timeout_includes_the_whole_transfer_and_retries(bench: Bench) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b".")
            await asyncio.sleep(0.005)

    bench.relay.handler = answer
    with pytest.raises(PictureUnavailable, match=r"0\.05 s"):
        await (await bench.pictures(limits=DownloadLimits(0.05))).fetch(bench.relay.url(), name="a")


@pytest.mark.parametrize(("received", "seconds"), [(0, 8.0), (1024 * 1024, 16.0), (MAX_DOWNLOAD_BYTES, 264.0)])
def test_slowest_pace_grows_with_what_has_arrived(received: int, seconds: float) -> None:
    """A link that sends nothing is given up after the grace period; the total deadline applies too."""
    assert DownloadLimits().link_pace.find_seconds(received) == seconds
    assert DownloadLimits().picture_pace.find_seconds(received) > seconds


def make_trickle(first: bytes = b"") -> Handler:
    """Make a handler that sends `first`, and then nothing more before the client leaves."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(PNG))})
        await response.prepare(request)
        await response.write(first)
        await asyncio.sleep(60)
        return response

    return answer


async def make_silence(_: web.Request) -> web.StreamResponse:
    """Send not even the headers."""
    await asyncio.sleep(60)
    return web.Response()


SLOW_LINKS = {"silent": make_silence, "headers": make_trickle(), "a byte": make_trickle(PNG[:1])}
HASTY = DownloadLimits(60.0, picture_pace=Pace(60.0, 1.0), link_pace=Pace(0.02, 1e9))


@pytest.mark.parametrize("kind", SLOW_LINKS)
async def test_link_that_trickles_is_refused_and_delays_no_result(bench: Bench, kind: str) -> None:
    """Three people's slow links hold all places for links, and none for results."""
    bench.other.handler = SLOW_LINKS[kind]
    pictures = await bench.pictures(
        resolver=FakeResolver(HERE, HERE, HERE), is_allowed={"127.0.0.1"}.__contains__, limits=HASTY
    )
    slow = [asyncio.create_task(LinkedPicture(pictures, bench.elsewhere()).read()) for _ in range(3)]
    await asyncio.sleep(0)
    assert (await pictures.fetch(bench.relay.url(), name="a")).data == PNG
    for reading in slow:
        with pytest.raises(UploadTooSlow):
            await reading
    assert await LinkedPicture(pictures, bench.relay.url()).read() == PNG


async def test_result_that_trickles_is_too_slow_and_may_return(bench: Bench) -> None:
    bench.relay.handler = make_trickle(PNG[:20])
    pictures = await bench.pictures(limits=DownloadLimits(picture_pace=Pace(0.02, 1e9)))
    with pytest.raises(PictureTooSlow) as caught:
        await pictures.fetch(bench.relay.url(), name="a")
    assert caught.value.may_return


@pytest.mark.parametrize(
    "handler",
    [
        make_handler(b""),
        make_handler(b"<!doctype html><title>console</title>", headers={"Content-Type": "image/png"}),
        make_handler(b'{"error":"http_get_image_failed"}', headers={"Content-Type": "image/png"}),
        make_handler(gzip.compress(PNG), headers={"Content-Encoding": "gzip"}),
    ],
)
async def test_content_type_does_not_make_other_bytes_a_picture(bench: Bench, handler: Handler) -> None:
    bench.relay.handler = handler
    with pytest.raises(PictureUnavailable):
        await (await bench.pictures()).fetch(bench.relay.url(), name="a")


async def test_extension_follows_the_bytes_not_the_headers(bench: Bench) -> None:
    bench.relay.handler = make_handler(encode(draw_noise(8, 8), "WEBP"), headers={"Content-Type": "text/html"})
    picture = await (await bench.pictures()).fetch(bench.relay.url("/a.png"), name="a.png")
    assert picture.name == "a.webp"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("", "midjourney.png"), ("...", "midjourney.png"), ("é/../x.JPEG", "__.._x.png"), ("a" * 200, "a" * 80 + ".png")],
)
async def test_file_name_keeps_only_characters_of_attachment_urls(bench: Bench, name: str, expected: str) -> None:
    picture = await (await bench.pictures()).fetch(bench.relay.url(), name=name)
    assert expected == picture.name


async def test_three_downloads_run_at_once(bench: Bench) -> None:
    open_now = 0
    most = 0
    three_here = asyncio.Event()

    async def answer(_: web.Request) -> web.StreamResponse:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        if open_now == 3:
            three_here.set()
        await three_here.wait()
        await asyncio.sleep(0.005)
        open_now -= 1
        return web.Response(body=PNG)

    bench.relay.handler = answer
    pictures = await bench.pictures()
    await asyncio.gather(*(pictures.fetch(bench.relay.url(f"/{number}"), name="a") for number in range(9)))
    assert most == 3


@pytest.mark.parametrize("body", [PNG, PNG[:50]])
async def test_cancelled_downloads_do_not_block_the_next(bench: Bench, body: bytes) -> None:
    """Six presses of Refresh start six downloads, and cancel five of them."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    bench.relay.handler = make_handler(body)
    worker = CountingWorker()
    pictures = await bench.pictures(worker=worker)
    for started in range(1, 6):
        left = asyncio.create_task(pictures.fetch(bench.relay.url(), name="a"))
        while worker.works < started:  # noqa: ASYNC110 - only this test waits for that
            await asyncio.sleep(0.001)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        assert left.cancelled()
    bench.relay.handler = make_handler(PNG)
    last = await pictures.fetch(bench.relay.url(), name="a")
    assert (40, 30) == (last.width, last.height)
    await pictures.close()
    del left
    gc.collect()
    assert complaints == []


class CountingWorker(ImageWorker):
    """An ImageWorker that counts the work it runs."""

    works = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Count the work, and run it."""
        self.works += 1
        return await super().run(work)


async def test_large_grid_is_reencoded_in_the_worker(bench: Bench) -> None:
    grid = encode(draw_noise(2240, 2240), "PNG", compress_level=1)
    assert len(grid) > 14 * 1024 * 1024
    bench.relay.handler = make_handler(grid)
    worker = CountingWorker()
    pictures = await bench.pictures(worker=worker)
    picture = await pictures.fetch(bench.relay.url(), name="a")
    assert (picture.name, picture.width, picture.height, picture.is_reencoded) == ("a.jpg", 2240, 2240, True)
    assert DISCORD_FILE_LIMIT * 0.4 < len(picture.data) <= DISCORD_FILE_LIMIT
    assert worker.works == 1


async def test_host_with_one_public_address_is_fetched(bench: Bench) -> None:
    pictures = await bench.public(["127.0.0.2", "127.0.0.1"])
    assert (await pictures.fetch(bench.elsewhere(), name="a")).data == PNG


def test_file_name_holds_prompt_without_parameters_and_id() -> None:
    assert (
        build_file_name("a lighthouse at dawn --ar 3:2 --v 7", "1730621826053455")
        == "a_lighthouse_at_dawn_1730621826053455"
    )


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("", "midjourney_17"),
        ("--v 7", "midjourney_17"),
        ("\u706f\u5854", "midjourney_17"),
        ("<https://s.mj.run/abc> Café—crème, l'été \u2014ar 3:2", "cafecreme_lete_17"),
        ("https://cdn.example/a.png well-lit::2 room", "well-lit_2_room_17"),
        ("word " * 40, "_".join(["word"] * 15) + "_17"),
        ("w" * 200, "w" * 77 + "_17"),
    ],
)
def test_file_names_of_odd_prompts(prompt: str, expected: str) -> None:
    assert expected == build_file_name(prompt, "17")


@given(st.text(), st.text())
def test_every_file_name_is_short_ascii(prompt: str, task_id: str) -> None:
    name = build_file_name(prompt, task_id)
    assert set(name) <= set(string.ascii_letters + string.digits + "_-")
    assert 1 <= len(name) <= 80
    assert name == build_file_name(prompt, task_id)
