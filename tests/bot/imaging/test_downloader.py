"""Pictures fetched over real sockets: what is taken, what is refused, and what it costs the event loop."""

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
    PictureUnreadable,
    UploadNotFound,
)
from bot.imaging.downloader import (
    DISCORD_FILE_LIMIT,
    MAX_DOWNLOAD_BYTES,
    LinkedPicture,
    PictureDownloader,
    build_file_name,
)
from bot.imaging.worker_process import ImageWorker
from tests.bot.imaging.test_reencode import encoded, noise
from tests.bot.imaging.test_url_safety import Answers

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
T = TypeVar("T")
PNG = encoded(noise(40, 30), "PNG")
NOW = datetime(2024, 11, 4, tzinfo=UTC)


class Site:
    """A real server on 127.0.0.1 that answers every path through one replaceable handler."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.handler: Handler = serving(PNG)
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        self.server = TestServer(application, host="127.0.0.1", skip_url_asserts=True)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        return await self.handler(request)

    def url(self, path: str = "/mj/image/1") -> str:
        """Address a path of this server."""
        return f"http://127.0.0.1:{self.server.port}{path}"


def serving(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Handler:
    """Answer always the same."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, status=status, headers=headers)

    return answer


def redirecting(target: str, status: int = 302) -> Handler:
    """Send everybody on to `target`."""
    return serving(b"", status, {"Location": target})


class Bench:
    """A relay, another server, and Pictures that know the former."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.relay = Site()
        self.other = Site()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Note a pause instead of taking it."""
        self.slept.append(seconds)

    async def pictures(self, **options: Any) -> PictureDownloader:  # noqa: ANN401 - passed on
        """Build Pictures upon a session that would give the relay's key away."""
        session = aiohttp.ClientSession(
            headers={"mj-api-secret": "sk-key", "Authorization": "Bearer sk-key"}, cookies={"session": "sk-key"}
        )
        await self._stack.enter_async_context(session)
        options = {"now": lambda: NOW, "sleep": self.sleep, **options}
        pictures = PictureDownloader(session, self.relay.url(""), **options)
        self._stack.push_async_callback(pictures.close)
        return pictures

    async def public(self, *answers: list[str]) -> PictureDownloader:
        """Build Pictures to which 127.0.0.1 is an address like any other, under the names that `answers` resolve."""
        return await self.pictures(resolver=Answers(*answers), is_allowed={"127.0.0.1"}.__contains__)

    def elsewhere(self, path: str = "/a.png") -> str:
        """Address the other server by a name."""
        return f"http://cdn.example:{self.other.server.port}{path}"


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Two servers on 127.0.0.1 and what is needed to ask them."""
    async with AsyncExitStack() as stack:
        bench = Bench(stack)
        for site in (bench.relay, bench.other):
            await site.server.start_server()
            stack.push_async_callback(site.server.close)
        yield bench


HERE = ["127.0.0.1"]


async def test_the_relays_picture_is_fetched_whatever_its_address(bench: Bench) -> None:
    """The relay's own host and port may be private; its picture comes back untouched."""
    picture = await (await bench.pictures()).fetch(bench.relay.url(), name="a_17")
    assert (
        picture.data,
        picture.name,
        picture.width,
        picture.height,
        picture.is_reencoded,
    ) == (PNG, "a_17.png", 40, 30, False)


async def test_the_key_and_cookies_stay_at_home(bench: Bench) -> None:
    """Nothing that the lent session carries is sent, to the relay or to anybody."""
    pictures = await bench.public(HERE)
    await pictures.fetch(bench.relay.url(), name="a")
    await pictures.fetch(bench.elsewhere(), name="a")
    for request in (*bench.relay.requests, *bench.other.requests):
        assert "sk-key" not in str(request.headers)


async def test_a_public_name_is_fetched(bench: Bench) -> None:
    """A name that resolves to an allowed address is asked, with its signature to the byte."""
    path = "/a%2Fb.png?ex=77288aef&is=1&hm=a%2Fb%20c+d&"
    await (await bench.public(HERE)).fetch(bench.elsewhere(path), name="a")
    assert [path] == [request.raw_path for request in bench.other.requests]


async def test_an_address_that_is_not_ascii_is_quoted(bench: Bench) -> None:
    """A link with spaces or foreign letters is made sendable."""
    await (await bench.pictures()).fetch(bench.relay.url("/é a.png"), name="a")
    assert [request.raw_path for request in bench.relay.requests] == ["/%C3%A9%20a.png"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.1", "2130706433", "0"])
async def test_another_port_of_this_machine_is_forbidden(bench: Bench, host: str) -> None:
    """Only the relay's very port is the relay: its neighbours are refused, however they are written."""
    with pytest.raises(PictureForbidden):
        await (await bench.pictures()).fetch(f"http://{host}:{bench.other.server.port}/", name="a")
    assert bench.other.requests == []


async def test_a_name_that_resolves_anew_is_judged_anew(bench: Bench) -> None:
    """DNS rebinding: the second answer is private, and is refused where it would be connected to."""
    bench.other.handler = serving(PNG, headers={"Connection": "close"})
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
async def test_what_is_no_plain_http_address_is_forbidden(bench: Bench, url: str) -> None:
    """Other schemes, credentials and malformed addresses are refused without a request."""
    with pytest.raises(PictureForbidden) as caught:
        await (await bench.pictures()).fetch(url, name="a")
    assert url == caught.value.url


@given(st.text() | st.text().map("http://{}".format) | st.text(string.digits + ".:[]xa").map("http://{}/".format))
async def test_any_text_gives_our_error(text: str) -> None:
    """Whatever a relay calls an address, the caller meets a PictureError, and nobody a request."""

    async def skip(_: float) -> None:
        pass

    async with aiohttp.ClientSession() as session:
        pictures = PictureDownloader(
            session, "http://127.0.0.1:1", resolver=Answers(), is_allowed=set[str]().__contains__, sleep=skip
        )
        try:
            with pytest.raises(PictureError):
                await pictures.fetch(text, name="a")
        finally:
            await pictures.close()


async def test_a_redirect_is_followed(bench: Bench) -> None:
    """From the relay to a public host and back, relative or absolute, up to five times."""
    hops = {
        "/1": redirecting(bench.elsewhere("/2"), 301),
        "/2": redirecting("/3?a=%2F", 303),
        "/3": redirecting(bench.relay.url("/4"), 307),
        "/4": redirecting("5", 308),
        "/5": redirecting("6#part"),
        "/6": serving(PNG),
    }

    async def answer(request: web.Request) -> web.StreamResponse:
        return await hops[request.path](request)

    bench.relay.handler = bench.other.handler = answer
    picture = await (await bench.public(HERE)).fetch(bench.relay.url("/1"), name="a")
    assert picture.data == PNG
    assert [request.raw_path for request in bench.other.requests] == ["/2", "/3?a=%2F"]


async def test_a_sixth_redirect_is_one_too_many(bench: Bench) -> None:
    """A chain that goes on is given up."""
    bench.relay.handler = redirecting("/again")
    with pytest.raises(PictureUnreadable, match="circles"):
        await (await bench.pictures()).fetch(bench.relay.url(), name="a")
    assert len(bench.relay.requests) == 6


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1:{port}/", "http://169.254.169.254/latest/", "file:///etc/passwd", "http://a:b@cdn.example/"],
)
async def test_the_relay_cannot_send_us_inside(bench: Bench, target: str) -> None:
    """A redirect is judged like a first address, whoever sends it."""
    bench.relay.handler = redirecting(target.format(port=bench.other.server.port))
    with pytest.raises(PictureForbidden) as caught:
        await (await bench.pictures()).fetch(bench.relay.url(), name="a")
    assert bench.relay.url() == caught.value.url
    assert bench.other.requests == []


@pytest.mark.parametrize(
    "path", ["/api/status", "/mj/image/", "/mj/image/../../api", "/mj/image/%2e%2e/api", "/a/mj/image/1/x"]
)
@pytest.mark.parametrize("redirected", [False, True])
async def test_a_persons_link_finds_nothing_but_pictures_at_the_relay(
    bench: Bench, path: str, *, redirected: bool
) -> None:
    """It may stand in a network that only we reach, and answer whoever comes from there."""
    link = bench.relay.url(path)
    if redirected:
        bench.other.handler = redirecting(link)
    pictures = await bench.pictures(
        resolver=Answers(HERE), is_allowed=lambda _: redirected and not bench.other.requests
    )
    with pytest.raises(UploadNotFound):
        await LinkedPicture(pictures, bench.elsewhere() if redirected else link).read()
    assert bench.relay.requests == []
    assert await LinkedPicture(pictures, bench.relay.url()).read() == PNG


async def test_a_redirect_to_nowhere_is_unreadable(bench: Bench) -> None:
    """A redirect that does not say where is no picture."""
    bench.relay.handler = serving(b"", 302)
    with pytest.raises(PictureUnreadable, match="302"):
        await (await bench.pictures()).fetch(bench.relay.url(), name="a")


@pytest.mark.parametrize("status", [403, 404, 410, 400])
async def test_a_dead_link_is_gone(bench: Bench, status: int) -> None:
    """What the CDN or the relay no longer has is gone, at the first answer."""
    bench.relay.handler = serving(b'{"error":"midjourney_task_not_found"}', status)
    with pytest.raises(PictureGone, match=str(status)):
        await (await bench.pictures()).fetch(bench.relay.url(), name="a")
    assert len(bench.relay.requests) == 1


@pytest.mark.parametrize("status", [204, 206, 400, 401, 429])
async def test_other_answers_are_unreadable(bench: Bench, status: int) -> None:
    """What is neither a picture nor a death is unreadable, and not asked again."""
    bench.other.handler = serving(b"", status)
    with pytest.raises(PictureUnreadable, match=str(status)):
        await (await bench.public(HERE)).fetch(bench.elsewhere(), name="a")
    assert len(bench.other.requests) == 1


async def test_an_expired_link_costs_no_request(bench: Bench) -> None:
    """A signature past its time is gone without asking; a second before, it is asked."""
    pictures = await bench.pictures()
    moment = int(NOW.timestamp())
    with pytest.raises(PictureGone, match="expired"):
        await pictures.fetch(bench.relay.url(f"/a.png?ex={moment:x}&is=1&hm=2&"), name="a")
    assert bench.relay.requests == []
    await pictures.fetch(bench.relay.url(f"/a.png?ex={moment + 1:x}&is=1&hm=2&"), name="a")


async def test_a_link_of_long_ago_is_expired_by_the_clock(bench: Bench) -> None:
    """Without an injected clock the real one counts."""
    async with aiohttp.ClientSession() as session:
        pictures = PictureDownloader(session, bench.relay.url(""))
        with pytest.raises(PictureGone):
            await pictures.fetch(bench.relay.url("/a.png?ex=1"), name="a")
        await pictures.close()


async def test_a_stumbling_server_is_asked_once_more(bench: Bench) -> None:
    """A 5xx is retried once, after a pause; a second one is the end."""
    answers = [serving(b"", 502), serving(PNG), serving(b"", 500), serving(b"", 503)]

    async def answer(request: web.Request) -> web.StreamResponse:
        return await answers.pop(0)(request)

    bench.relay.handler = answer
    pictures = await bench.pictures()
    assert (await pictures.fetch(bench.relay.url(), name="a")).data == PNG
    assert bench.slept == [1.0]
    with pytest.raises(PictureUnreadable):
        await pictures.fetch(bench.relay.url(), name="a")
    assert len(bench.relay.requests) == 4


async def test_a_silent_port_is_unreadable(bench: Bench, unused_tcp_port: int) -> None:
    """A refused connection is tried once more and then told."""
    with pytest.raises(PictureUnreadable):
        await (await bench.public(HERE, HERE)).fetch(f"http://cdn.example:{unused_tcp_port}/", name="a")
    assert bench.slept == [1.0]


def announcing(length: int, body: bytes) -> Handler:
    """Announce `length` bytes, send `body` and hang up."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(length), "Content-Type": "image/png"})
        await response.prepare(request)
        await response.write(body)
        assert request.transport is not None
        request.transport.close()
        return response

    return answer


@pytest.mark.parametrize("length", [len(PNG), len(PNG) + 1, len(PNG) * 1000])
async def test_half_a_body_is_unreadable(bench: Bench, length: int) -> None:
    """A body that ends before its Content-Length is half a picture, however the announcement came about."""
    bench.relay.handler = announcing(length, PNG[:-1] if length == len(PNG) else PNG)
    with pytest.raises(PictureUnreadable):
        await (await bench.pictures()).fetch(bench.relay.url(), name="a")
    assert len(bench.relay.requests) == 2


async def test_a_body_announced_too_short_is_unreadable(bench: Bench) -> None:
    """A Content-Length below the truth cuts the picture, which is noticed."""
    bench.relay.handler = announcing(len(PNG) // 2, PNG[: len(PNG) // 2])
    with pytest.raises(PictureUnreadable):
        await (await bench.pictures()).fetch(bench.relay.url(), name="a")


async def test_a_body_announced_too_large_is_not_read(bench: Bench) -> None:
    """A Content-Length above the limit is believed."""
    bench.relay.handler = announcing(MAX_DOWNLOAD_BYTES + 1, PNG)
    with pytest.raises(PictureTooLarge, match="announced"):
        await (await bench.pictures()).fetch(bench.relay.url(), name="a")


async def test_an_endless_body_is_cut(bench: Bench) -> None:
    """A body without Content-Length is counted as it comes, and left at the limit."""
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


async def test_a_server_that_never_ends_is_given_up(bench: Bench) -> None:
    """The time limit binds the whole transfer, and what is asked again is asked within it."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b".")
            await asyncio.sleep(0.005)

    bench.relay.handler = answer
    with pytest.raises(PictureUnreadable, match=r"0\.05 s"):
        await (await bench.pictures(timeout=0.05)).fetch(bench.relay.url(), name="a")


@pytest.mark.parametrize(
    "handler",
    [
        serving(b""),
        serving(b"<!doctype html><title>console</title>", headers={"Content-Type": "image/png"}),
        serving(b'{"error":"http_get_image_failed"}', headers={"Content-Type": "image/png"}),
        serving(gzip.compress(PNG), headers={"Content-Encoding": "gzip"}),
    ],
)
async def test_the_bytes_count_and_not_the_headers(bench: Bench, handler: Handler) -> None:
    """Nothing, HTML and JSON called pictures are unreadable, and so is what comes compressed unasked."""
    bench.relay.handler = handler
    with pytest.raises(PictureUnreadable):
        await (await bench.pictures()).fetch(bench.relay.url(), name="a")


async def test_a_picture_called_text_is_a_picture(bench: Bench) -> None:
    """A true picture under a false Content-Type and a false name is named by its bytes."""
    bench.relay.handler = serving(encoded(noise(8, 8), "WEBP"), headers={"Content-Type": "text/html"})
    picture = await (await bench.pictures()).fetch(bench.relay.url("/a.png"), name="a.png")
    assert picture.name == "a.webp"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("", "midjourney.png"), ("...", "midjourney.png"), ("é/../x.JPEG", "__.._x.png"), ("a" * 200, "a" * 80 + ".png")],
)
async def test_any_name_is_made_safe(bench: Bench, name: str, expected: str) -> None:
    """A name keeps only what Discord takes in attachment://."""
    picture = await (await bench.pictures()).fetch(bench.relay.url(), name=name)
    assert expected == picture.name


async def test_three_at_once(bench: Bench) -> None:
    """The fourth picture waits until one of three is done."""
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


@pytest.mark.parametrize("body", [PNG, b"no picture at all"])
async def test_whoever_leaves_is_in_nobodys_way(bench: Bench, body: bytes) -> None:
    """Six clicks on one Refresh are six fetches, five of them cancelled: the last one has its picture."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    bench.relay.handler = serving(body)
    worker = ImageWorker()
    pictures = await bench.pictures(worker=worker)
    for _ in range(5):
        left = asyncio.create_task(pictures.fetch(bench.relay.url(), name="a"))
        while not worker.is_busy:  # noqa: ASYNC110 - nobody but this test waits for that
            await asyncio.sleep(0.001)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        assert left.cancelled()
    bench.relay.handler = serving(PNG)
    last = await pictures.fetch(bench.relay.url(), name="a")
    assert (40, 30) == (last.width, last.height)
    await pictures.close()
    assert not worker.is_busy
    del left
    gc.collect()
    assert complaints == []


class CountingWorker(ImageWorker):
    """Counts the pieces of work that went to its process."""

    works = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Count, and do it."""
        self.works += 1
        return await super().run(work)


async def test_a_large_grid_fits(bench: Bench) -> None:
    """A noisy PNG of 14 MiB ends below 10 MiB, and was worked on elsewhere than on the event loop."""
    grid = encoded(noise(2240, 2240), "PNG", compress_level=1)
    assert len(grid) > 14 * 1024 * 1024
    bench.relay.handler = serving(grid)
    worker = CountingWorker()
    pictures = await bench.pictures(worker=worker)
    picture = await pictures.fetch(bench.relay.url(), name="a")
    assert (picture.name, picture.width, picture.height, picture.is_reencoded) == ("a.jpg", 2240, 2240, True)
    assert DISCORD_FILE_LIMIT * 0.4 < len(picture.data) <= DISCORD_FILE_LIMIT
    assert worker.works == 1


async def test_a_name_with_one_good_address_is_fetched(bench: Bench) -> None:
    """Of several addresses only the public ones are connected to."""
    pictures = await bench.public(["127.0.0.2", "127.0.0.1"])
    assert (await pictures.fetch(bench.elsewhere(), name="a")).data == PNG


def test_a_file_is_named_from_prompt_and_id() -> None:
    """The name says what was asked, without parameters, and which task it is."""
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
def test_names_of_odd_prompts(prompt: str, expected: str) -> None:
    """Links, accents, other scripts and great lengths leave a readable name."""
    assert expected == build_file_name(prompt, "17")


@given(st.text(), st.text())
def test_every_file_name_is_one_that_discord_takes(prompt: str, task_id: str) -> None:
    """Whatever the words, the name is plain ASCII, between 1 and 80 characters, and always the same."""
    name = build_file_name(prompt, task_id)
    assert set(name) <= set(string.ascii_letters + string.digits + "_-")
    assert 1 <= len(name) <= 80
    assert name == build_file_name(prompt, task_id)
