"""Fetch a picture safely, make it fit Discord's limit."""

import asyncio
import re
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from bot.errors import (
    PictureError,
    PictureForbidden,
    PictureGone,
    PictureTooLarge,
    PictureUnreadable,
    UploadNotFound,
)
from bot.imaging.reencode import Picture, fit_to_limit
from bot.imaging.upload_validation import MAX_UPLOAD_BYTES
from bot.imaging.url_safety import (
    AddressRefusedError,
    create_public_connector,
    get_host_and_port,
    is_internal_url,
    is_public_ip,
    parse_expiry,
    rewrite_relay_url,
)
from bot.imaging.worker_process import ImageWorker

__all__ = [
    "DISCORD_FILE_LIMIT",
    "MAX_DOWNLOAD_BYTES",
    "LinkedPicture",
    "Picture",
    "PictureDownloader",
    "build_file_name",
    "parse_expiry",
    "rewrite_relay_url",
]

DISCORD_FILE_LIMIT = 10 * 1024 * 1024
MAX_DOWNLOAD_BYTES = MAX_UPLOAD_BYTES
"""What is downloaded: no more than is taken of a file that somebody uploads."""
MAX_REDIRECTS = 5

_AT_ONCE = 3
_RETRY_SECONDS = 1.0
_NAME_LENGTH = 80
_REDIRECTS = {301, 302, 303, 307, 308}
_GONE = {403, 404, 410}
# Whatever is printable ASCII is sent as it was signed; the rest must be quoted first.
_SENDABLE = re.compile(r"[\x21-\x7e]+")
_PARAMETERS = re.compile(r"(?:^|\s)(?:--|[\u2013\u2014])[A-Za-z].*", re.DOTALL)  # phones write dashes for --
_LINKS = re.compile(r"<?https?://\S+")
_OF_A_TASK = re.compile(r"(?:/[A-Za-z0-9_-]+)*/mj/image/[A-Za-z0-9_-]+")
_EXTENSION = re.compile(r"\.(?:jpe?g|png|webp|gif|mp4|webm)$", re.IGNORECASE)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def build_file_name(prompt: str, task_id: str) -> str:
    """Name a task's picture from its prompt, without parameters and links, and its id: no extension, 80 at most."""
    words = _LINKS.sub(" ", _PARAMETERS.sub(" ", prompt))
    tail = _ascii(task_id)[-40:]
    room = _NAME_LENGTH - len(tail) - 1
    slug = _ascii(words).lower()
    if len(slug) > room:
        slug = slug[: room + 1].rpartition("_")[0] or slug[:room]
    return "_".join(part for part in (slug.strip("_") or "midjourney", tail) if part)


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9-]+", "_", plain.replace("'", "")).strip("_-")


def _stem(name: str) -> str:
    stem = re.sub(r"[^A-Za-z0-9_.-]", "_", _EXTENSION.sub("", name))[:_NAME_LENGTH].strip(".")
    return stem or "midjourney"


class PictureDownloader:
    """Fetch a picture safely, make it fit Discord's limit.

    Only public addresses are asked, and `relay_url`'s own host and port, whatever its address is.
    `session` lends its connections for the latter and nothing else: headers, keys and cookies stay with it.
    To be built inside a running loop, and closed before `session`.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        relay_url: str,
        *,
        resolver: AbstractResolver | None = None,
        allowed: Callable[[str], bool] = is_public_ip,
        now: Callable[[], datetime] = _utc_now,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        timeout: float = 60.0,
        off_loop: ImageWorker | None = None,
    ) -> None:
        self._relay = get_host_and_port(URL(relay_url))
        self._to_relay = _bare_session(session.connector, owner=False)
        self._to_public = _bare_session(create_public_connector(resolver, allowed), owner=True)
        self._now = now
        self._sleep = sleep
        self._timeout = timeout
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._off_loop = off_loop or ImageWorker()

    async def close(self) -> None:
        """End what is under way, and close the connections that are not the lent session's."""
        await self._off_loop.close()
        await self._to_relay.close()
        await self._to_public.close()

    def is_private(self, url: str) -> bool:
        """Tell whether only this process can open the link: it names the relay, by an address of a private network."""
        try:
            link = URL(url)
            return get_host_and_port(link) == self._relay and is_internal_url(get_host_and_port(link)[0], link.raw_path)
        except ValueError:
            return False

    async def fetch(self, url: str, *, name: str, limit: int = DISCORD_FILE_LIMIT) -> Picture:
        """Download what `url` shows, at most `limit` bytes once made to fit, named `name` and its true extension.

        Raises PictureGone, PictureForbidden, PictureTooLarge, PictureUnfinished or PictureUnreadable.
        """
        expiry = parse_expiry(url)
        if expiry is not None and expiry <= self._now():
            raise PictureGone(url, "its link has expired")
        async with self._slots:
            data = await self._download(url)
            return await self._off_loop.run(partial(fit_to_limit, data, name=_stem(name), limit=limit, url=url))

    async def download_bytes(self, url: str, *, by_a_person: bool = False) -> bytes:
        """Download what is behind a link, at most MAX_BODY, whatever it is.

        A link that was given `by_a_person` finds the relay's pictures alone where only we reach that relay.

        Raises PictureGone, PictureForbidden, PictureTooLarge or PictureUnreadable.
        """
        async with self._slots:
            return await self._download(url, by_a_person=by_a_person)

    async def _download(self, url: str, *, by_a_person: bool = False) -> bytes:
        try:
            async with asyncio.timeout(self._timeout):
                try:
                    return await self._follow(url, by_a_person=by_a_person)
                except aiohttp.InvalidURL:
                    raise
                except aiohttp.ClientError:
                    await self._sleep(_RETRY_SECONDS)
                return await self._follow(url, by_a_person=by_a_person)
        except TimeoutError as error:
            raise PictureUnreadable(url, f"not here after {self._timeout:g} s") from error
        except ValueError as error:
            raise PictureForbidden(url, "not an address") from error
        except aiohttp.ClientError as error:
            raise PictureUnreadable(
                url, "the transfer failed", may_return=get_host_and_port(URL(url)) == self._relay
            ) from error

    async def _follow(self, url: str, *, by_a_person: bool) -> bytes:
        target = _target(url, URL(), url)
        for _ in range(MAX_REDIRECTS + 1):
            from_relay = get_host_and_port(target) == self._relay and (
                not by_a_person or _OF_A_TASK.fullmatch(target.raw_path) is not None
            )
            session = self._to_relay if from_relay else self._to_public
            try:
                async with session.get(target, allow_redirects=False) as response:
                    location = response.headers.get("Location")
                    if response.status not in _REDIRECTS or location is None:
                        return await _body(response, url, from_relay=from_relay)
            except aiohttp.ClientConnectorError as error:
                if isinstance(error.os_error, AddressRefusedError):
                    raise PictureForbidden(url, "not a public address") from error
                raise
            target = _target(location, target, url)
        raise PictureUnreadable(url, "redirected in circles")


@dataclass(frozen=True)
class LinkedPicture:
    """A bot.submissions.command_requests.Given that somebody gave by its link."""

    pictures: PictureDownloader
    url: str

    @property
    def name(self) -> str:
        """The link itself."""
        return self.url

    async def read(self) -> bytes:
        """Download it, as anybody could."""
        try:
            return await self.pictures.download_bytes(self.url, by_a_person=True)
        except PictureError as error:
            raise UploadNotFound(self.url) from error


def _bare_session(connector: aiohttp.BaseConnector | None, *, owner: bool) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        connector_owner=owner,
        cookie_jar=aiohttp.DummyCookieJar(),
        # Nothing is asked compressed, and whatever comes so is no picture: no bomb can unfold.
        auto_decompress=False,
        headers={"Accept": "image/*, video/*", "Accept-Encoding": "identity", "User-Agent": "Mozilla/5.0 (mjbot)"},
        timeout=aiohttp.ClientTimeout(total=None),
    )


def _target(link: str, base: URL, url: str) -> URL:
    target = base.join(URL(link, encoded=_SENDABLE.fullmatch(link) is not None))
    if target.scheme not in {"http", "https"} or not target.raw_host:
        raise PictureForbidden(url, "not an http address")
    if target.raw_user is not None or target.raw_password is not None:
        raise PictureForbidden(url, "an address with credentials")
    return target.with_fragment(None)


async def _body(response: aiohttp.ClientResponse, url: str, *, from_relay: bool) -> bytes:
    said = f"HTTP {response.status}"
    # A relay says 400 midjourney_task_not_found on /mj/image/<id>. Its 404 may be that of a row that lags behind.
    if response.status in _GONE or (from_relay and response.status == 400):
        raise PictureGone(url, said, may_return=from_relay and response.status == 404)
    if response.status >= 500:
        response.raise_for_status()
    if response.status != 200:
        raise PictureUnreadable(url, said, may_return=from_relay and response.status == 429)
    if (response.content_length or 0) > MAX_DOWNLOAD_BYTES:
        raise PictureTooLarge(url, f"{response.content_length} bytes announced")
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_DOWNLOAD_BYTES:
            raise PictureTooLarge(url, f"more than {MAX_DOWNLOAD_BYTES} bytes")
    return bytes(body)
