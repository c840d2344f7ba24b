"""What becomes of every request to Discord, counted beneath discord.py: whoever asks, and however often it tries."""

import asyncio
import re
from types import SimpleNamespace

import aiohttp
import yarl
from discord.http import Route

from bot.metrics import DISCORD_REFUSALS, DISCORD_REQUESTS

_OTHER = "other"
_ROUTES = (
    ("callback", "POST", re.compile(r"/interactions/\d+/[^/]+/callback")),
    ("edit by token", "PATCH", re.compile(r"/webhooks/\d+/[^/]+/messages/[^/]+")),
    ("edit as bot", "PATCH", re.compile(r"/channels/\d+/messages/\d+")),
    ("send", "POST", re.compile(r"/webhooks/\d+/[^/]+|/channels/\d+/messages")),
)


def classify_request(method: str, url: yarl.URL) -> str:
    """Name the kind of a request; empty where it is none of REST, but the gateway's or a picture's."""
    base = yarl.URL(Route.BASE)
    if url.origin() != base.origin() or not url.path.startswith(base.path):
        return ""
    path = url.raw_path.removeprefix(base.raw_path)
    return next((name for name, verb, form in _ROUTES if verb == method and form.fullmatch(path)), _OTHER)


def create_trace_config() -> aiohttp.TraceConfig:
    """Return what counts, for discord.py's `http_trace`; webhooks of interactions use the same session."""
    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(_answered)
    trace.on_request_exception.append(_lost)
    return trace


async def _answered(_: aiohttp.ClientSession, __: SimpleNamespace, request: aiohttp.TraceRequestEndParams) -> None:
    status = request.response.status
    if kind := classify_request(request.method, request.url):
        DISCORD_REQUESTS.labels(kind, f"{status // 100}xx").inc()
        if 400 <= status < 500:
            DISCORD_REFUSALS.labels(kind, status).inc()


async def _lost(_: aiohttp.ClientSession, __: SimpleNamespace, request: aiohttp.TraceRequestExceptionParams) -> None:
    kind = classify_request(request.method, request.url)
    if kind and not isinstance(request.exception, asyncio.CancelledError):
        DISCORD_REQUESTS.labels(kind, "lost").inc()
