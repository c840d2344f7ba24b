"""Count the results of all requests to Discord, retries of discord.py included, and read the time from them."""

import asyncio
import re
from functools import cache, partial
from types import SimpleNamespace

import aiohttp
import discord
import yarl
from discord.http import Route
from prometheus_client import Counter

from bot.clock import Clock, read_response_date
from bot.metrics import DISCORD_REFUSALS, DISCORD_REQUESTS
from cogs.messaging.blocked_requests import RequestsBlocked

_OTHER = "other"
_ROUTES = (
    ("callback", "POST", re.compile(r"/interactions/\d+/[^/]+/callback")),
    ("edit by token", "PATCH", re.compile(r"/webhooks/\d+/[^/]+/messages/[^/]+")),
    ("edit as bot", "PATCH", re.compile(r"/channels/\d+/messages/\d+")),
    ("send", "POST", re.compile(r"/webhooks/\d+/[^/]+|/channels/\d+/messages")),
)


@cache
def _normalize(base: str) -> str:
    """Return the API's address as aiohttp spells it."""
    return str(yarl.URL(base)).rstrip("/")


@cache
def _get_counter(kind: str, result: str) -> Counter:
    return DISCORD_REQUESTS.labels(kind, result)


def find_api_path(url: yarl.URL) -> str:
    """Return the path of a request to the REST API after the API's own; empty for others."""
    address, base = str(url), _normalize(Route.BASE)
    return address[len(base) :].partition("?")[0] if address.startswith(base) else ""


def classify_request(method: str, url: yarl.URL) -> str:
    """Return the kind of a request to the REST API; empty for others, such as the gateway's and pictures'."""
    path = find_api_path(url)
    if not path:
        return ""
    return next((name for name, verb, form in _ROUTES if verb == method and form.fullmatch(path)), _OTHER)


def create_trace_config(clock: Clock) -> aiohttp.TraceConfig:
    """Return the counters as discord.py's `http_trace`, which also sees the webhooks of interactions.

    The Date of each response is recorded in `clock`.
    """
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(partial(_note_start, clock))
    trace.on_request_end.append(partial(_count_response, clock))
    trace.on_request_exception.append(_count_failure)
    return trace


async def _note_start(
    clock: Clock, _: aiohttp.ClientSession, context: SimpleNamespace, __: aiohttp.TraceRequestStartParams
) -> None:
    context.sent_at = clock.monotonic()


async def _count_response(
    clock: Clock, _: aiohttp.ClientSession, context: SimpleNamespace, request: aiohttp.TraceRequestEndParams
) -> None:
    status = request.response.status
    if kind := classify_request(request.method, request.url):
        _get_counter(kind, f"{status // 100}xx").inc()
        if 400 <= status < 500:
            DISCORD_REFUSALS.labels(kind, status).inc()
        if date := read_response_date(request.response.headers):
            clock.record_date(date, context.sent_at)


async def _count_failure(
    _: aiohttp.ClientSession, __: SimpleNamespace, request: aiohttp.TraceRequestExceptionParams
) -> None:
    kind = classify_request(request.method, request.url)
    ignored = asyncio.CancelledError | RequestsBlocked | discord.HTTPException
    if kind and not isinstance(request.exception, ignored):
        _get_counter(kind, "lost").inc()
