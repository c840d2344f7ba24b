"""One HTTP exchange with the relay: its connections, its headers, its limits, and what a lost answer means."""

import asyncio
import math
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Self

import aiohttp

from bot.errors import RelayUnreachable, SubmitOutcomeUnknown
from bot.ports import Now
from bot.relay.requests import RequestBody, encode_body, has_pictures, measure_body
from bot.relay.response_errors import may_be_wrong_header
from bot.relay.responses import RelayResponse

_CONNECT_ERRORS = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)

_TRY_AGAIN: Final = timedelta(minutes=1)
"""How long after the other headers were of no use either they are tried again."""

KeyProof = Callable[[RelayResponse], bool | None]
"""Tells whether an answer is a relay's that has accepted the key, or none of such a relay's; None: it tells neither."""
_REFUSED: Final = frozenset({401, 402, 403})
_PASSING: Final = frozenset({408, 429})


@dataclass(frozen=True)
class RequestLimits:
    """What one request may take: bytes of answer, how many of them are read as text, seconds if not the session's."""

    max_bytes: int = 16 * 1024 * 1024
    max_text_bytes: int = 16 * 1024 * 1024
    timeout: aiohttp.ClientTimeout | None = None


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    body: RequestBody | None
    terms: RequestLimits


class KeyHeaders:
    """Which headers carry the key: `both`, until a relay shows that it accepts `mj-api-secret` only `alone`.

    new-api reads Authorization, and the other where that is missing. one-hub and midjourney-proxy read mj-api-secret
    only. TrueAI's proxy reads Authorization first, and takes its "Bearer " for a part of the key.
    """

    def __init__(self, key: str, now: Now) -> None:
        self.bearer_and_secret = {"Authorization": f"Bearer {key}", "mj-api-secret": key}
        self.secret_only = {"mj-api-secret": key}
        self._now = now
        self._failed_at: datetime | None = None
        self.sends_both = True
        self.lock = asyncio.Lock()

    @property
    def current(self) -> dict[str, str]:
        """Return the headers of the next request."""
        return self.bearer_and_secret if self.sends_both else self.secret_only

    @property
    def alternative(self) -> dict[str, str]:
        """Return those that it does not have."""
        return self.secret_only if self.sends_both else self.bearer_and_secret

    @property
    def can_try_alternative(self) -> bool:
        """Whether a read that was refused may be sent once more with the others."""
        return self._failed_at is None or not timedelta() <= self._now() - self._failed_at < _TRY_AGAIN

    def record_proof(self, proof: bool | None) -> None:  # noqa: FBT001 - what a Proof returned
        """Take in what an answer to the others proves: from one that is the relay's own on they are used."""
        if proof:
            self.sends_both = not self.sends_both
            self._failed_at = None
        elif proof is False:
            self._failed_at = self._now()


@dataclass(frozen=True, kw_only=True)
class RelayTransport:
    """The connections to the relay at `base`: a pool for reads, and one of its own for each submit."""

    base_url: str
    key: str = field(repr=False)
    headers: KeyHeaders = field(repr=False)
    read_session: aiohttp.ClientSession
    submit_session: aiohttp.ClientSession

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        base_url: str,
        key: str,
        *,
        now: Now,
        read_timeout: aiohttp.ClientTimeout,
        submit_timeout: aiohttp.ClientTimeout,
    ) -> AsyncGenerator[Self]:
        """Open the connections, with `key` in the headers of each request."""
        headers = {"Accept": "application/json", "User-Agent": "mjbot"}
        # A connection that the relay closed a moment ago would leave open whether a submit arrived, and so is paid:
        # none is used twice. `Connection: close` is not sent, as force_close would: Go's server then resets the
        # connection where it answers before it has read the body, which new-api does for a path that it lacks, and
        # the answer is lost.
        once = aiohttp.TCPConnector(keepalive_timeout=0, limit=0)
        async with (
            aiohttp.ClientSession(headers=headers, timeout=read_timeout) as reads,
            aiohttp.ClientSession(headers=headers, timeout=submit_timeout, connector=once) as submits,
        ):
            key_headers = KeyHeaders(key, now)
            yield cls(
                base_url=base_url.rstrip("/"), key=key, headers=key_headers, read_session=reads, submit_session=submits
            )

    async def read(
        self, method: str, path: str, body: RequestBody | None, terms: RequestLimits, proof: KeyProof
    ) -> RelayResponse:
        """Ask for what costs nothing, or raise RelayUnreachable.

        What is refused is asked for once more with the second header alone, at most once a minute; that one stays, for
        submits too, where `proof` says that the relay has answered to it. Where it no longer does, both are tried.
        """
        asked, key = _Request(method, path, body, terms), self.headers
        were_both = key.sends_both
        answer = await self._ask(self.read_session, asked, key.current)
        is_doubtful = may_be_wrong_header(answer) if were_both else proof(answer) is False
        if not is_doubtful:
            return answer
        async with key.lock:  # of several reads that are refused at once, the others wait for what one finds out
            if key.sends_both is were_both:
                return await self._try_others(asked, answer, proof)
        return await self._ask(self.read_session, asked, key.current)

    async def _try_others(self, asked: _Request, first: RelayResponse, proof: KeyProof) -> RelayResponse:
        if not self.headers.can_try_alternative:
            return first
        try:
            second = await self._ask(self.read_session, asked, self.headers.alternative)
        except RelayUnreachable:
            return first
        proven = proof(second)
        self.headers.record_proof(proven)
        no_answer = second.status in _REFUSED | _PASSING or second.status >= 500
        return first if proven is False or (proven is None and no_answer) else second

    async def read_account(self, path: str, terms: RequestLimits) -> RelayResponse:
        """Ask one of new-api's own account routes, which read Authorization only; or raise RelayUnreachable."""
        return await self._ask(self.read_session, _Request("GET", path, None, terms), self.headers.bearer_and_secret)

    async def submit(self, path: str, body: RequestBody, terms: RequestLimits) -> RelayResponse:
        """Send what is paid, once; raise RelayUnreachable if it never left, SubmitUncertain if it may have arrived."""
        return await self._ask(self.submit_session, _Request("POST", path, body, terms), self.headers.current)

    async def _ask(self, session: aiohttp.ClientSession, asked: _Request, key: dict[str, str]) -> RelayResponse:
        lost = SubmitOutcomeUnknown if session is self.submit_session else RelayUnreachable
        data, headers = (None, key) if asked.body is None else _sent(asked.body, key)
        timeout = asked.terms.timeout or session.timeout
        if session.closed:
            raise RelayUnreachable("closed")
        # `from None`: aiohttp's errors carry the request's headers, and so the key, in their repr.
        try:
            async with session.request(
                asked.method,
                self.base_url + asked.path,
                data=data,
                headers=headers,
                allow_redirects=False,
                timeout=timeout,
            ) as response:
                said = await _body(response, asked.terms.max_bytes)
                retry_after = _retry_after(response.headers.get("Retry-After"))
                # What a relay sends is UTF-8, or is not to be believed.
                text = said[: asked.terms.max_text_bytes].decode("utf-8", "replace")
                return RelayResponse(response.status, text, retry_after, self.key, said)
        except _CONNECT_ERRORS as error:
            no_host = isinstance(error, aiohttp.ClientConnectorDNSError)
            raise RelayUnreachable(f"cannot connect ({type(error).__name__})", no_host=no_host) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise lost(f"no answer ({type(error).__name__})") from None


def _sent(body: RequestBody, key: dict[str, str]) -> tuple[bytes | AsyncGenerator[bytes], dict[str, str]]:
    headers = {**key, "Content-Type": "application/json", "Content-Length": str(measure_body(body))}
    return (_paced(body) if has_pictures(body) else b"".join(encode_body(body))), headers


async def _paced(body: RequestBody) -> AsyncGenerator[bytes]:
    """Write what is long part by part, others having their turn in between."""
    for part in encode_body(body):
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
