"""discord.py's HTTP client, whose requests may be canceled at any moment without silencing later ones.

discord.py 2.7.1 keeps four things that a canceled request leaves in a bad state: `HTTPClient._global_over` stays
cleared, so that no request is ever sent again; a route's `Ratelimit` waits for a sleeper that is gone; the lock of an
interaction's token stays locked; and the time of a 429 is forgotten. Two of them also hold back the result of a
request that has succeeded. Here the pauses are in RestLimits, and ending a request never waits.
"""

import asyncio
import math
from contextlib import suppress
from types import SimpleNamespace, TracebackType
from typing import Any

import aiohttp
import discord
from discord.http import Ratelimit, Route
from discord.webhook import async_

from bot.clock import Clock
from cogs.gateway.rest.pause_responses import parse_object
from cogs.gateway.rest.rest_health import RestHealth
from cogs.gateway.rest.rest_limits import LONGEST_WAIT_SECONDS, RestLimits, RestRequest
from cogs.gateway.rest.rest_metrics import find_api_path
from cogs.messaging.blocked_requests import RequestsBlocked
from cogs.messaging.cdn_client import SizeLimitedHTTPClient
from cogs.messaging.discord_refusals import FIREWALL_CODE

_UNANSWERED_SECONDS = 5.0
"""A request that was canceled later than this got no answer; an earlier one was not given the time for one."""


class RestGuard:
    """Holds requests back while Discord asks for a pause, and records how they end; used as trace of a session."""

    def __init__(self, clock: Clock) -> None:
        self.limits = RestLimits(clock)
        self.health = RestHealth(clock)
        self._monotonic = clock.monotonic

    def find_problem(self) -> str:
        """Return why requests to Discord fail, or an empty text."""
        return self.limits.find_problem() or self.health.find_problem()

    def watch(self, trace: aiohttp.TraceConfig) -> aiohttp.TraceConfig:
        """Add the guard to a trace, which aiohttp waits for before it sends a request, and before it returns."""
        trace.on_request_start.append(self._hold)
        trace.on_request_end.append(self._record_response)
        trace.on_request_exception.append(self._record_failure)
        return trace

    async def _hold(
        self, _: aiohttp.ClientSession, context: SimpleNamespace, sent: aiohttp.TraceRequestStartParams
    ) -> None:
        request = context.rest_request = _read_request(sent)
        if request is not None:
            try:
                await self.limits.wait(request)
            except RequestsBlocked as blocked:
                self.health.record_failure(str(blocked))
                raise
        context.sent_at = self._monotonic()

    async def _record_response(
        self, _: aiohttp.ClientSession, context: SimpleNamespace, ended: aiohttp.TraceRequestEndParams
    ) -> None:
        request, response = context.rest_request, ended.response
        if request is None:
            return
        if response.status >= 400:
            await self._record_error(request, response)
        else:
            self._record_success()
        if (
            response.headers.get("X-RateLimit-Remaining") == "0"
            and response.status != 429
            and not request.is_authorized
        ):
            self.limits.record_exhaustion(request, _parse_number(response.headers.get("X-RateLimit-Reset-After", "")))

    async def _record_error(self, request: RestRequest, response: aiohttp.ClientResponse) -> None:
        body = await response.read()
        blocked = self.limits.record_refusal(request, response.status, response.headers, body)
        if blocked is not None:
            self.health.record_failure(str(blocked))
            if response.status == 403 and request.has_message:
                # discord.py can't read each page of a firewall; a message is drawn more simply after this error.
                raise discord.Forbidden(response, {"code": FIREWALL_CODE, "message": blocked.reason}) from blocked
            if not _is_waited_for_by_discord_py(response, body, blocked):
                raise blocked
        elif response.status >= 500:
            self.health.record_failure(f"HTTP {response.status}")
        elif response.status == 401 and request.is_authorized:
            self.health.record_failure("Discord refuses DISCORD_TOKEN")
            self.limits.record_unauthorized(request)
        else:
            self._record_success()

    def _record_success(self) -> None:
        self.limits.record_success()
        self.health.record_success()

    async def _record_failure(
        self, _: aiohttp.ClientSession, context: SimpleNamespace, failed: aiohttp.TraceRequestExceptionParams
    ) -> None:
        error = failed.exception
        if context.rest_request is None or isinstance(error, RequestsBlocked | discord.HTTPException):
            return
        if not isinstance(error, asyncio.CancelledError):
            self.health.record_failure(type(error).__name__)
        elif self._monotonic() - context.sent_at >= _UNANSWERED_SECONDS:
            self.health.record_failure("no answer")


def _read_request(sent: aiohttp.TraceRequestStartParams) -> RestRequest | None:
    """Return the request as limits see it; None for the gateway's, and for pictures."""
    path = find_api_path(sent.url)
    return RestRequest(sent.method, path, "Authorization" in sent.headers) if path else None


def _is_waited_for_by_discord_py(response: aiohttp.ClientResponse, body: bytes, blocked: RequestsBlocked) -> bool:
    """Whether discord.py understands a 429, so that it waits as told and tries again."""
    if response.status != 429 or blocked.seconds is None or blocked.seconds > LONGEST_WAIT_SECONDS:
        return False
    if not response.headers.get("Via") or response.headers.get("Content-Type") != "application/json":
        return False
    seconds = (parse_object(body) or {}).get("retry_after")
    return isinstance(seconds, int | float) and 0 <= seconds <= LONGEST_WAIT_SECONDS


def _parse_number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0


class _NeverCleared(asyncio.Event):
    """Stands for discord.py's event of the global limit, which RestLimits replaces."""

    def __init__(self) -> None:
        super().__init__()
        self.set()

    def clear(self) -> None:
        """Do nothing."""


_NEVER_CLEARED = _NeverCleared()


class RouteTurns(Ratelimit):
    """discord.py's count of a route's requests, in which neither an end nor a cancellation waits or is lost.

    Each waiter checks by itself whether it may go on, whenever a request ends and when the window resets.
    """

    async def acquire(self) -> None:
        """Wait until the route allows one more request, and count it."""
        self._last_request = self._loop.time()
        while not self._is_free():
            turn: asyncio.Future[None] = self._loop.create_future()
            self._pending_requests.append(turn)
            try:
                left = None if self.expires is None else max(self.expires - self._loop.time(), 0.0)
                await asyncio.wait([turn], timeout=left)
            finally:
                turn.cancel()
                with suppress(ValueError):
                    self._pending_requests.remove(turn)
        self.remaining -= 1
        self.outgoing += 1

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Uncount a request; the next ones go on at once, or when the window resets."""
        self.outgoing -= 1
        if self.expires is None:
            self.reset()
        self._wake(len(self._pending_requests))

    def update(self, response: aiohttp.ClientResponse, *, use_clock: bool = False) -> None:
        """Read the headers of a response; malformed ones are ignored."""
        try:
            super().update(response, use_clock=use_clock)
        except (LookupError, ValueError, OverflowError, OSError):
            self.expires = None
            return
        self.limit = max(self.limit, 1)
        if not math.isfinite(self.reset_after):
            self.expires = None

    def reset(self) -> None:
        """Begin a new window."""
        super().reset()  # type: ignore[no-untyped-call]

    def _is_free(self) -> bool:
        if self.expires is not None and self._loop.time() >= self.expires:
            self.reset()
        return self.remaining > 0


class _ReleasedLock(async_.AsyncDeferredLock):
    """A lock of an interaction's token that is released at once; RestLimits holds the next request back."""

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.lock.release()


class GuardedHTTPClient(SizeLimitedHTTPClient):
    """discord.py's HTTP client with the limits of this module."""

    def get_ratelimit(self, key: str) -> Ratelimit:
        """Return the count of the requests of a route."""
        if key not in self._buckets:
            self._buckets[key] = RouteTurns(None)
            self._try_clear_expired_ratelimits()
        return self._buckets[key]

    async def request(self, route: Route, **options: Any) -> Any:  # noqa: ANN401 - discord.py's own signature
        """Send a request."""
        self._global_over = _NEVER_CLEARED
        return await super().request(route, **options)


# discord.py has no other way to replace the lock of its webhooks.
async_.AsyncDeferredLock = _ReleasedLock  # type: ignore[misc]
