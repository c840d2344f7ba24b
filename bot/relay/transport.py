"""One HTTP exchange with the relay: connections, key headers, size limits, and what a lost response means."""

import asyncio
import logging
import math
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Self

import aiohttp
from yarl import URL

from bot.clock import Now
from bot.errors import RelayUnreachable, SubmitOutcomeUnknown
from bot.network.connect_errors import explain_connect_error
from bot.network.connectors import DIRECT, ProxyError, find_proxy_refusal
from bot.network.proxies import Proxies
from bot.relay.requests import RequestBody, encode_body, has_pictures, measure_body
from bot.relay.response_recorder import (
    ReceivedAnswer,
    RecordingConnector,
    ResponseRecording,
    cut_complete_json,
    is_short,
    record_response,
)
from bot.relay.responses.relay_response import RelayResponse
from bot.relay.responses.response_errors import may_be_wrong_header

log = logging.getLogger(__name__)

_CONNECT_ERRORS: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)

_ALTERNATIVE_INTERVAL: Final = timedelta(minutes=1)
"""How long after the alternative headers have failed they are tried again."""

KeyProof = Callable[[RelayResponse], bool | None]
"""Whether a response shows that a relay accepted the key; None if it shows neither."""
_REQUEST_ID_HEADER: Final = "x-oneapi-request-id"
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,80}")
"""What new-api calls a request: its time, and eight random letters (middleware/request-id.go)."""
_TRAILING_SECONDS: Final = 2.0
"""How long an open connection is read on after a complete answer, whose length was given wrongly."""
_KEY_REFUSED: Final = frozenset({401, 402, 403})
_TEMPORARY: Final = frozenset({408, 429})


@dataclass(frozen=True)
class RequestLimits:
    """What one request may take: bytes of the response, and a timeout if it is not the session's."""

    max_bytes: int = 16 * 1024 * 1024
    timeout: aiohttp.ClientTimeout | None = None


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    body: RequestBody | None
    limits: RequestLimits


class KeyHeaders:
    """The headers that carry the key: both, until the relay shows that it accepts only `mj-api-secret` alone.

    new-api reads Authorization, and mj-api-secret if that is missing. one-hub and midjourney-proxy read only
    mj-api-secret. TrueAI's proxy reads Authorization first, and mistakes its "Bearer " for a part of the key.
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
        """Return the headers for the next request."""
        return self.bearer_and_secret if self.sends_both else self.secret_only

    @property
    def alternative(self) -> dict[str, str]:
        """Return the headers that are not in use."""
        return self.secret_only if self.sends_both else self.bearer_and_secret

    @property
    def can_try_alternative(self) -> bool:
        """Whether a refused read may be sent again with the alternative headers."""
        return self._failed_at is None or not timedelta() <= self._now() - self._failed_at < _ALTERNATIVE_INTERVAL

    def record_proof(self, proof: bool | None) -> None:  # noqa: FBT001 - what a KeyProof returned
        """Switch to the alternative headers if the response to them proved that they work."""
        if proof:
            self.sends_both = not self.sends_both
            self._failed_at = None
        elif proof is False:
            self._failed_at = self._now()


@dataclass(frozen=True, kw_only=True)
class RelayTransport:
    """The connections to the relay at `base_url`: a pool for reads, and a new connection for each submit."""

    base_url: str
    key: str = field(repr=False)
    headers: KeyHeaders = field(repr=False)
    read_session: aiohttp.ClientSession
    submit_session: aiohttp.ClientSession
    proxies: Proxies = DIRECT

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
        proxies: Proxies = DIRECT,
    ) -> AsyncGenerator[Self]:
        """Open the sessions; `key` is sent in the headers of each request."""
        headers = {"Accept": "application/json", "User-Agent": "mjbot"}
        # On a reused connection that the relay has just closed, it is unknown whether a submit arrived and was billed,
        # so no connection is used for two submits. `Connection: close` is not sent, as force_close would: Go's server
        # then resets the connection if it responds before it has read the body, which new-api does for a path that it
        # lacks, and the response is lost.
        pooled, unpooled = RecordingConnector(proxies), RecordingConnector(proxies, keepalive_timeout=0, limit=0)
        async with (
            aiohttp.ClientSession(headers=headers, timeout=read_timeout, connector=pooled) as read_session,
            aiohttp.ClientSession(headers=headers, timeout=submit_timeout, connector=unpooled) as submit_session,
        ):
            yield cls(
                base_url=base_url.rstrip("/"),
                key=key,
                headers=KeyHeaders(key, now),
                read_session=read_session,
                submit_session=submit_session,
                proxies=proxies,
            )

    async def read(
        self, method: str, path: str, body: RequestBody | None, limits: RequestLimits, proof: KeyProof
    ) -> RelayResponse:
        """Send a request that costs nothing, or raise RelayUnreachable.

        A refused read is sent again with the alternative headers, at most once a minute. Reads and submits keep using
        those if `proof` shows that the relay accepted them, until it no longer does.
        """
        request, headers = _Request(method, path, body, limits), self.headers
        sent_both = headers.sends_both
        response = await self._send(self.read_session, request, headers.current)
        is_doubtful = may_be_wrong_header(response) if sent_both else proof(response) is False
        if not is_doubtful:
            return response
        async with headers.lock:  # of several reads refused at once, one tries and the others wait for its result
            if headers.sends_both is sent_both:
                return await self._try_alternative(request, response, proof)
        return await self._send(self.read_session, request, headers.current)

    async def _try_alternative(self, request: _Request, first: RelayResponse, proof: KeyProof) -> RelayResponse:
        if not self.headers.can_try_alternative:
            return first
        try:
            second = await self._send(self.read_session, request, self.headers.alternative)
        except RelayUnreachable:
            return first
        proven = proof(second)
        self.headers.record_proof(proven)
        is_useless = second.status in _KEY_REFUSED | _TEMPORARY or second.status >= 500
        return first if proven is False or (proven is None and is_useless) else second

    async def read_account(self, path: str, limits: RequestLimits) -> RelayResponse:
        """Read one of new-api's account routes, which read only Authorization; or raise RelayUnreachable."""
        return await self._send(self.read_session, _Request("GET", path, None, limits), self.headers.bearer_and_secret)

    async def submit(self, path: str, body: RequestBody, limits: RequestLimits) -> RelayResponse:
        """Send a billed request, once.

        Raises:
            RelayUnreachable: The request never left.
            SubmitOutcomeUnknown: The request may have arrived.
        """
        return await self._send(self.submit_session, _Request("POST", path, body, limits), self.headers.current)

    async def _send(
        self, session: aiohttp.ClientSession, request: _Request, key_headers: dict[str, str]
    ) -> RelayResponse:
        lost = SubmitOutcomeUnknown if session is self.submit_session else RelayUnreachable
        if session.closed:
            raise RelayUnreachable("closed")
        # `from None`: the repr of aiohttp's errors contains the request's headers, and so the key.
        with record_response() as recording:
            try:
                return await self._exchange(session, request, key_headers, recording)
            except ProxyError as error:
                problem, advice = error.problem, error.advice
                if error.may_have_sent and lost is SubmitOutcomeUnknown:
                    raise SubmitOutcomeUnknown(problem) from None
                raise RelayUnreachable(problem, proxy_problem=problem, proxy_advice=advice) from None
            except _CONNECT_ERRORS as error:
                no_host = isinstance(error, aiohttp.ClientConnectorDNSError)
                known = explain_connect_error(error, "MJ_API_URL")
                raise RelayUnreachable(
                    f"cannot connect ({type(error).__name__})",
                    no_host=no_host,
                    connect_problem=known.problem if known else "",
                    connect_advice=known.advice if known else "",
                ) from None
            except (aiohttp.ClientError, OSError, ValueError) as error:
                if (answer := recording.find_answer()) is None:
                    raise lost(f"no answer ({type(error).__name__})") from None
        log.debug("The answer to %s came with wrong framing, but complete.", request.path)
        return self._build_response(request, answer)

    async def _exchange(
        self,
        session: aiohttp.ClientSession,
        request: _Request,
        key_headers: dict[str, str],
        recording: ResponseRecording,
    ) -> RelayResponse:
        """Send a request and read the response: as its framing says, or as recorded if only that is complete JSON."""
        data, headers = (None, key_headers) if request.body is None else _encode_request(request.body, key_headers)
        async with session.request(
            request.method,
            self.base_url + request.path,
            data=data,
            headers=headers,
            allow_redirects=False,
            timeout=request.limits.timeout or session.timeout,
        ) as response:
            proxy = self.proxies.find(response.url)
            if refusal := find_proxy_refusal(proxy, response.url, response.status, response.headers):
                raise refusal
            try:
                body = await _read_body(response, request.limits.max_bytes, recording)
            except (aiohttp.ClientError, OSError, ValueError) as error:
                if session is self.submit_session or response.status != 200 or recording.find_answer() is not None:
                    raise
                raise RelayUnreachable(f"half an answer ({type(error).__name__})", spoiled=True) from None
            # Relays send UTF-8; a declared charset is ignored.
            text = cut_complete_json(body) if is_short(body) else body.decode("utf-8", "replace")
            answer = None if text else recording.find_answer()
            if answer is None:
                headers = {name.lower(): value for name, value in response.headers.items()}
                answer = ReceivedAnswer(response.status, headers, text or body.decode("utf-8", "replace"))
            if proxy and session is self.submit_session and _may_be_proxys(response.url, answer):
                raise SubmitOutcomeUnknown(f"HTTP {answer.status}, perhaps of the proxy {proxy.name}")
            has_tail = is_short(body) and not body.decode("utf-8", "replace").rstrip(" \t\r\n\0").endswith(text)
            return replace(self._build_response(request, answer), has_tail=has_tail)

    def _build_response(self, request: _Request, answer: ReceivedAnswer) -> RelayResponse:
        return RelayResponse(
            answer.status,
            answer.text,
            retry_after=_parse_retry_after(answer.headers.get("retry-after")),
            secret=self.key,
            base_url=self.base_url,
            path=request.path,
            location=answer.headers.get("location", ""),
            request_id=_parse_request_id(answer.headers.get(_REQUEST_ID_HEADER, "")),
        )


def _encode_request(
    body: RequestBody, key_headers: dict[str, str]
) -> tuple[bytes | AsyncGenerator[bytes], dict[str, str]]:
    headers = {**key_headers, "Content-Type": "application/json", "Content-Length": str(measure_body(body))}
    return (_stream_body(body) if has_pictures(body) else b"".join(encode_body(body))), headers


async def _stream_body(body: RequestBody) -> AsyncGenerator[bytes]:
    """Encode a long body chunk by chunk, and let other coroutines run in between."""
    for chunk in encode_body(body):
        yield chunk
        await asyncio.sleep(0)


async def _read_body(response: aiohttp.ClientResponse, max_bytes: int, recording: ResponseRecording) -> bytes:
    """Read a body to its end, or until no more comes after a complete answer."""
    body = bytearray()
    while True:
        is_awaited = bool(body) and not response.content.is_eof()
        is_whole = is_awaited and is_short(body) and recording.find_answer() is not None
        try:
            async with asyncio.timeout(_TRAILING_SECONDS if is_whole else None):
                chunk = await response.content.readany()
        except TimeoutError:
            if is_whole:
                return bytes(body)
            raise
        if not chunk:
            return bytes(body)
        body += chunk
        if len(body) > max_bytes:
            raise ValueError("the response is too long")


def _may_be_proxys(url: URL, answer: ReceivedAnswer) -> bool:
    """Whether a 4xx may be a forwarding proxy's, which may refuse the relay's answer: relays answer in JSON."""
    return url.scheme == "http" and 400 <= answer.status < 500 and not answer.text.lstrip().startswith("{")


def _parse_request_id(value: str) -> str:
    """Return new-api's name for a request; "" for anything that it would not write."""
    return value if _REQUEST_ID.fullmatch(value) else ""


def _parse_retry_after(value: str | None) -> float | None:
    """Parse a Retry-After header into seconds, an hour at most; dates are not supported."""
    try:
        seconds = float(value or "")
    except ValueError:
        return None
    return min(max(seconds, 0.0), 3600.0) if math.isfinite(seconds) else None
