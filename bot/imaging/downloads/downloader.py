"""Download pictures safely, and make them fit Discord's limit."""

import asyncio
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from bot.clock import Now, utc_now
from bot.errors import (
    PictureError,
    PictureForbidden,
    PictureGone,
    PictureTooLarge,
    PictureTooSlow,
    PictureUnavailable,
    UploadNotFound,
    UploadTooSlow,
)
from bot.imaging.downloads.link_resolver import look_up_for
from bot.imaging.downloads.picture_sessions import PictureRefusals, PictureSessions
from bot.imaging.downloads.url_safety import (
    AddressRefusedError,
    get_host_and_port,
    is_host,
    is_internal_url,
    is_public_ip,
    parse_expiry,
)
from bot.imaging.reencode import Picture, fit_to_limit, has_file_signature
from bot.imaging.upload_validation import MAX_UPLOAD_BYTES
from bot.imaging.worker_process import ImageWorker
from bot.network.connectors import DIRECT, ProxyError
from bot.network.proxies import Proxies
from bot.retry import Sleep, retry

__all__ = [
    "DISCORD_FILE_LIMIT",
    "MAX_DOWNLOAD_BYTES",
    "LinkedPicture",
    "Picture",
    "PictureDownloader",
    "build_file_name",
]


@dataclass(frozen=True)
class Pace:
    """How slowly a file may arrive: nothing for `grace_seconds`, and so many bytes a second on average after them."""

    grace_seconds: float
    bytes_per_second: float

    def find_seconds(self, received: int) -> float:
        """Return how long the first `received` bytes and what follows them may take."""
        return self.grace_seconds + received / self.bytes_per_second


@dataclass(frozen=True)
class DownloadLimits:
    """How long a download may take in all, and the slowest pace of pictures and of people's links.

    A relay may first download a picture itself. The host of a person's link may be the person's own, and others wait.
    """

    total_seconds: float = 60.0
    picture_pace: Pace = Pace(30.0, 16 * 1024)
    link_pace: Pace = Pace(8.0, 128 * 1024)


DISCORD_FILE_LIMIT: Final = 10 * 1024 * 1024
MAX_DOWNLOAD_BYTES: Final = MAX_UPLOAD_BYTES
"""The most that is downloaded: as much as a person may upload."""

_MAX_REDIRECTS: Final = 5
_MAX_CONCURRENT: Final = 3
_RETRY_DELAYS: Final = (1.0,)
_MAX_NAME_LENGTH: Final = 80
_REDIRECT_STATUSES: Final = {301, 302, 303, 307, 308}
_GONE_STATUSES: Final = {404, 410}
_ERROR_BODY_BYTES: Final = 4096
"""How much of an error's body is read."""
# S3 and its like answer 403 for a signature that has expired, and say so in XML.
_EXPIRED_SIGNATURE: Final = re.compile(rb"<Error>.*\bexpired\b", re.DOTALL | re.IGNORECASE)
# A URL of printable ASCII is sent byte for byte, because it may be signed; others must be quoted first.
_PRINTABLE_ASCII: Final = re.compile(r"[\x21-\x7e]+")
_PARAMETERS: Final = re.compile(r"(?:^|\s)(?:--|[\u2013\u2014])[A-Za-z].*", re.DOTALL)  # phones write dashes for --
_LINKS: Final = re.compile(r"<?https?://\S+")
_TASK_IMAGE_PATH: Final = re.compile(r"(?:/[A-Za-z0-9_-]+)*/mj/image/([A-Za-z0-9_-]+)")
_EXTENSION: Final = re.compile(r"\.(?:jpe?g|png|webp|gif|mp4|webm)$", re.IGNORECASE)


def build_file_name(prompt: str, task_id: str) -> str:
    """Build a file name without extension, of at most 80 characters, from a task's prompt and id.

    Parameters and links are left out.
    """
    words = _LINKS.sub(" ", _PARAMETERS.sub(" ", prompt))
    suffix = _slugify(task_id)[-40:]
    max_length = _MAX_NAME_LENGTH - len(suffix) - 1
    slug = _slugify(words).lower()
    if len(slug) > max_length:
        slug = slug[: max_length + 1].rpartition("_")[0] or slug[:max_length]
    return "_".join(part for part in (slug.strip("_") or "midjourney", suffix) if part)


def _slugify(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9-]+", "_", plain.replace("'", "")).strip("_-")


def _strip_extension(name: str) -> str:
    stem = re.sub(r"[^A-Za-z0-9_.-]", "_", _EXTENSION.sub("", name))[:_MAX_NAME_LENGTH].strip(".")
    return stem or "midjourney"


class PictureDownloader:
    """Download pictures from public addresses and from the relay, whatever the relay's address is.

    The connections of `session` are used for the host and port of `relay_url`, without its headers and cookies, which
    hold the key. Create the downloader inside a running loop, and close it before `session`. PictureSessions explains
    `proxies`, `allows_fake_ip`, `resolver` and `is_allowed`.
    """

    def __init__(  # noqa: PLR0913 - the composition root passes five of them, a test those that it replaces
        self,
        session: aiohttp.ClientSession,
        relay_url: str,
        *,
        proxies: Proxies = DIRECT,
        allows_fake_ip: bool = False,
        resolver: AbstractResolver | None = None,
        is_allowed: Callable[[str], bool] = is_public_ip,
        now: Now = utc_now,
        sleep: Sleep = asyncio.sleep,
        limits: DownloadLimits = DownloadLimits(),
        worker: ImageWorker | None = None,
    ) -> None:
        self._relay = get_host_and_port(URL(relay_url))
        self._sessions = PictureSessions(
            session, proxies=proxies, allows_fake_ip=allows_fake_ip, resolver=resolver, is_allowed=is_allowed
        )
        self._now = now
        self._sleep = sleep
        self._limits = limits
        self._slots = asyncio.Semaphore(_MAX_CONCURRENT)
        self._link_slots = asyncio.Semaphore(_MAX_CONCURRENT)  # people's links delay no results
        self._worker = worker or ImageWorker()

    async def close(self) -> None:
        """Abort the work in progress, and close the connections that do not belong to the relay's session."""
        await self._worker.close()
        await self._sessions.close()

    @property
    def refusals(self) -> PictureRefusals:
        """Return why the bot did not get the relay's last pictures, for operators."""
        return self._sessions.refusals

    def is_private(self, url: str) -> bool:
        """Whether only this process can open the URL: it names the relay, by a private network's address."""
        try:
            link = URL(url)
            return get_host_and_port(link) == self._relay and is_internal_url(self._relay[0], link.raw_path)
        except ValueError:
            return False

    def find_task_id(self, url: str) -> str:
        """Return the id of the task whose picture the URL names at the relay; empty for any other URL."""
        try:
            target = _parse_target(url, URL(), url)
        except (PictureForbidden, ValueError):
            return ""
        found = _TASK_IMAGE_PATH.fullmatch(target.path)  # decoded, as the relay reads it
        return found[1] if found and get_host_and_port(target) == self._relay else ""

    async def fetch(self, url: str, *, name: str, limit: int = DISCORD_FILE_LIMIT) -> Picture:
        """Download a picture and make it fit `limit` bytes; it is called `name` and gets its true extension.

        Raises:
            PictureError: One of its subclasses says why.
        """
        expiry = parse_expiry(url)
        if expiry is not None and expiry <= self._now():
            raise PictureGone(url, "its link has expired")
        async with self._slots:
            data = await self._download(url)
            fit = partial(fit_to_limit, data, name=_strip_extension(name), limit=limit, url=url)
            return await self._worker.run(fit)

    async def download_bytes(self, url: str, *, is_user_supplied: bool = False) -> bytes:
        """Download at most MAX_DOWNLOAD_BYTES.

        A URL that a person supplied may name a file of any type. If only we can reach the relay, it may name the
        relay's pictures, and nothing else of it; a redirect may not lead there, as the caller checks the task's id.

        Raises:
            PictureError: PictureGone, PictureUnavailable, PictureForbidden or PictureTooLarge.
        """
        async with self._link_slots if is_user_supplied else self._slots:
            return await self._download(url, is_user_supplied=is_user_supplied)

    async def _download(self, url: str, *, is_user_supplied: bool = False) -> bytes:
        try:
            async with asyncio.timeout(self._limits.total_seconds):
                data = await retry(
                    partial(self._download_at_pace, url, is_user_supplied=is_user_supplied),
                    should_retry=_is_temporary,
                    delays=_RETRY_DELAYS,
                    sleep=self._sleep,
                )
        except TimeoutError as error:
            raise PictureTooSlow(url, f"not here after {self._limits.total_seconds:g} s") from error
        except ValueError as error:
            raise PictureForbidden(url, "not an address") from error
        except aiohttp.ClientError as error:
            raise PictureUnavailable(url, "the transfer failed") from error
        if not is_user_supplied and not has_file_signature(data):
            raise PictureUnavailable(url, "a page or JSON instead of a picture", status=200)
        return data

    async def _download_at_pace(self, url: str, *, is_user_supplied: bool) -> bytes:
        """Download once; PictureTooSlow if it falls behind the slowest pace, which redirects do not restart."""
        pace = self._limits.link_pace if is_user_supplied else self._limits.picture_pace
        started_at = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(pace.grace_seconds) as limit:

                def extend(received: int) -> None:
                    limit.reschedule(started_at + pace.find_seconds(received))

                return await self._follow_redirects(url, extend, is_user_supplied=is_user_supplied)
        except TimeoutError as error:
            raise PictureTooSlow(url, "slower than the slowest pace") from error

    async def _follow_redirects(self, url: str, extend: Callable[[int], None], *, is_user_supplied: bool) -> bytes:
        target = _parse_target(url, URL(), url)
        for redirects in range(_MAX_REDIRECTS + 1):
            is_from_relay = get_host_and_port(target) == self._relay and (
                not is_user_supplied or (not redirects and _TASK_IMAGE_PATH.fullmatch(target.raw_path) is not None)
            )
            try:
                async with self._sessions.get(
                    target, is_from_relay=is_from_relay, is_user_supplied=is_user_supplied
                ) as response:
                    location = response.headers.get("Location")
                    if response.status not in _REDIRECT_STATUSES or location is None:
                        through_proxy = self._sessions.is_forwarded(target)
                        body = await _read_body(
                            response, url, extend, is_from_relay=is_from_relay, through_proxy=through_proxy
                        )
                        self.refusals.forget(target.host or "")
                        return body
            except (AddressRefusedError, ProxyError) as error:
                raise self._explain_refusal(url, target, error, is_user_supplied=is_user_supplied) from None
            target = _parse_target(location, target, url)
        # Challenge pages do that to clients that keep no cookies.
        raise PictureUnavailable(url, "redirected in circles", status=302)

    def _explain_refusal(
        self, url: str, target: URL, error: AddressRefusedError | ProxyError, *, is_user_supplied: bool
    ) -> PictureError:
        """Return the error for a link that was not opened; the operator is told of the relay's links only."""
        proxy_error = error if isinstance(error, ProxyError) else None
        if not is_user_supplied:
            self.refusals.add(target.host or "", proxy_error)
        if proxy_error:
            return PictureUnavailable(url, str(error), through_proxy=True)
        return PictureForbidden(url, f"{target.host}: {error}")


@dataclass(frozen=True)
class LinkedPicture:
    """A picture that a person gave as a URL."""

    pictures: PictureDownloader
    url: str
    person_id: int = 0

    @property
    def name(self) -> str:
        """The URL, which stands for a file's name."""
        return self.url

    async def read(self) -> bytes:
        """Download the picture; raises UploadNotFound or UploadTooSlow."""
        try:
            with look_up_for(self.person_id):
                return await self.pictures.download_bytes(self.url, is_user_supplied=True)
        except PictureTooSlow as error:
            raise UploadTooSlow(self.url) from error
        except PictureError as error:
            raise UploadNotFound(self.url) from error


def _is_temporary(error: Exception) -> bool:
    if isinstance(error, PictureUnavailable):
        return error.status >= 500
    return isinstance(error, aiohttp.ClientError) and not isinstance(error, aiohttp.InvalidURL)


def _parse_target(link: str, base: URL, url: str) -> URL:
    """Resolve `link` against `base`; `url` is only for the errors."""
    target = base.join(URL(link, encoded=_PRINTABLE_ASCII.fullmatch(link) is not None))
    if target.scheme not in {"http", "https"} or not target.raw_host:
        raise PictureForbidden(url, "not an http address")
    if not is_host(target.raw_host):
        raise PictureForbidden(url, "not a host name")
    if target.raw_user is not None or target.raw_password is not None:
        raise PictureForbidden(url, "an address with credentials")
    return target.with_fragment(None)


async def _read_body(
    response: aiohttp.ClientResponse,
    url: str,
    extend: Callable[[int], None],
    *,
    is_from_relay: bool,
    through_proxy: bool,
) -> bytes:
    """Read the file; `extend` is told how many bytes have arrived."""
    if response.status != 200:
        raise await _explain_status(response, url, is_from_relay=is_from_relay, through_proxy=through_proxy)
    if (response.content_length or 0) > MAX_DOWNLOAD_BYTES:
        raise PictureTooLarge(url, f"{response.content_length} bytes announced")
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        extend(len(body))
        if len(body) > MAX_DOWNLOAD_BYTES:
            raise PictureTooLarge(url, f"more than {MAX_DOWNLOAD_BYTES} bytes")
    return bytes(body)


async def _explain_status(
    response: aiohttp.ClientResponse, url: str, *, is_from_relay: bool, through_proxy: bool
) -> PictureError:
    """Return the error for a status other than 200: only the host's own word makes a link a dead one.

    403, 429 and 5xx come from protection against hot links, from challenge pages and from faults, which pass, and which
    people's browsers may not get at all.
    """
    reason = f"HTTP {response.status}"
    if response.status in _GONE_STATUSES:
        # The relay's 404 may be temporary, because its database row lags behind.
        return PictureGone(url, reason, may_return=is_from_relay and response.status == 404)
    body = await _read_start(response)
    # For an unknown task, a relay responds with 400 midjourney_task_not_found to /mj/image/<id>.
    is_unknown_task = is_from_relay and response.status == 400 and b"not_found" in body
    if is_unknown_task or (response.status == 403 and _EXPIRED_SIGNATURE.search(body)):
        return PictureGone(url, reason)
    return PictureUnavailable(url, reason, status=response.status, through_proxy=through_proxy)


async def _read_start(response: aiohttp.ClientResponse) -> bytes:
    """Read the start of an error's body; what cannot be read is left out."""
    try:
        return await response.content.read(_ERROR_BODY_BYTES)
    except aiohttp.ClientError:
        return b""
