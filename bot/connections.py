"""One HTTP exchange with the relay: its connections, its limits, and what a lost answer means."""

import asyncio
import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

import aiohttp

from bot.answers import Answer
from bot.errors import RelayUnreachable, SubmitUncertain
from bot.submits import Body, has_pictures, length, write

_CONNECT_ERRORS = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)


@dataclass(frozen=True)
class Terms:
    """What one request may take: bytes of answer, how many of them are read as text, seconds if not the session's."""

    most: int = 16 * 1024 * 1024
    text: int = 16 * 1024 * 1024
    timeout: aiohttp.ClientTimeout | None = None


@dataclass(frozen=True, kw_only=True)
class Connections:
    """The connections to the relay at `base`: a pool for reads, and one of its own for each submit."""

    base: str
    key: str = field(repr=False)
    reads: aiohttp.ClientSession
    submits: aiohttp.ClientSession

    @classmethod
    @asynccontextmanager
    async def open(
        cls, base_url: str, key: str, *, read_timeout: aiohttp.ClientTimeout, submit_timeout: aiohttp.ClientTimeout
    ) -> AsyncGenerator[Self]:
        """Open the connections, with `key` as the bearer of each request."""
        headers = {"Authorization": f"Bearer {key}", "Accept": "application/json", "User-Agent": "mjbot"}
        # A connection that the relay closed a moment ago would leave open whether a submit arrived, and so is paid:
        # none is used twice. It is not said in a header, as Go's server then resets the connection where it answers
        # before it has read the body, as new-api does for a path that it lacks, and the answer is lost.
        once = aiohttp.TCPConnector(keepalive_timeout=0, limit=0)
        async with (
            aiohttp.ClientSession(headers=headers, timeout=read_timeout) as reads,
            aiohttp.ClientSession(headers=headers, timeout=submit_timeout, connector=once) as submits,
        ):
            yield cls(base=base_url.rstrip("/"), key=key, reads=reads, submits=submits)

    async def read(self, method: str, path: str, body: Body | None, terms: Terms) -> Answer:
        """Ask for what costs nothing, or raise RelayUnreachable."""
        return await self._ask(self.reads, method, path, body, terms)

    async def submit(self, path: str, body: Body, terms: Terms) -> Answer:
        """Send what is paid, once; raise RelayUnreachable if it never left, SubmitUncertain if it may have arrived."""
        return await self._ask(self.submits, "POST", path, body, terms)

    async def _ask(
        self, session: aiohttp.ClientSession, method: str, path: str, body: Body | None, terms: Terms
    ) -> Answer:
        lost = SubmitUncertain if session is self.submits else RelayUnreachable
        data, headers = (None, None) if body is None else _sent(body)
        timeout = terms.timeout or session.timeout
        if session.closed:
            raise RelayUnreachable("closed")
        # `from None`: aiohttp's errors carry the request's headers, and so the key, in their repr.
        try:
            async with session.request(
                method, self.base + path, data=data, headers=headers, allow_redirects=False, timeout=timeout
            ) as response:
                said = await _body(response, terms.most)
                retry_after = _retry_after(response.headers.get("Retry-After"))
                # What a relay sends is UTF-8, or is not to be believed.
                text = said[: terms.text].decode("utf-8", "replace")
                return Answer(response.status, text, retry_after, self.key, said)
        except _CONNECT_ERRORS as error:
            no_host = isinstance(error, aiohttp.ClientConnectorDNSError)
            raise RelayUnreachable(f"cannot connect ({type(error).__name__})", no_host=no_host) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise lost(f"no answer ({type(error).__name__})") from None


def _sent(body: Body) -> tuple[bytes | AsyncGenerator[bytes], dict[str, str]]:
    headers = {"Content-Type": "application/json", "Content-Length": str(length(body))}
    return (_paced(body) if has_pictures(body) else b"".join(write(body))), headers


async def _paced(body: Body) -> AsyncGenerator[bytes]:
    """Write what is long part by part, others having their turn in between."""
    for part in write(body):
        yield part
        await asyncio.sleep(0)


async def _body(response: aiohttp.ClientResponse, most: int) -> bytes:
    """Read a body of at most that many bytes."""
    chunks = bytearray()
    async for chunk in response.content.iter_chunked(65536):
        chunks += chunk
        if len(chunks) > most:
            raise ValueError("the answer has no end")
    return bytes(chunks)


def _retry_after(value: str | None) -> float | None:
    try:
        seconds = float(value or "")
    except ValueError:
        return None
    return min(max(seconds, 0.0), 3600.0) if math.isfinite(seconds) else None
