"""Let a test prepare the relay's next answers: any status, any body, half a body, or no answer."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypedDict

from aiohttp import web

_PIECE_BYTES = 1 << 16
"""Bytes written at a time."""


@dataclass(frozen=True, kw_only=True)
class ScriptedAnswer:
    """One answer prepared for a route.

    `delay` seconds pass before it (infinite: the caller hangs). `drop` breaks the connection, after the first half of
    the body if there is one. The body is `data`, or else `text`; it arrives over `drip` seconds, and without a
    Content-Length if `chunked`. With `passes` the relay's own answer follows the delay. With `carried_out` the relay
    carries out the request, but this answer replaces its own.
    """

    status: int = 200
    text: str = ""
    data: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay: float = 0.0
    drop: bool = False
    passes: bool = False
    chunked: bool = False
    drip: float = 0.0
    carried_out: bool = False


class RareOptions(TypedDict, total=False):
    """Fields of ScriptedAnswer that few tests set."""

    data: bytes
    chunked: bool
    drip: float
    carried_out: bool


class ScriptedAnswers:
    """The prepared answers: one queue for each route."""

    def __init__(self) -> None:
        self._queues: defaultdict[str, deque[ScriptedAnswer]] = defaultdict(deque)
        self._closing = asyncio.Event()

    def add(self, route: str, script: ScriptedAnswer, times: int) -> None:
        """Prepare `times` answers for a route."""
        self._queues[route].extend(replace(script) for _ in range(times))

    def take(self, route: str) -> ScriptedAnswer | None:
        """Return the next prepared answer of a route, if any."""
        queue = self._queues.get(route)
        return queue.popleft() if queue else None

    def clear(self, route: str = "") -> None:
        """Drop the answers that are left for a route, or for all."""
        if route:
            self._queues.pop(route, None)
        else:
            self._queues.clear()

    async def play(self, script: ScriptedAnswer, request: web.Request) -> web.StreamResponse | None:
        """Send a prepared answer; return None if the relay's own answer is to follow the delay."""
        if script.delay:
            await self.wait(script.delay)
        if script.passes:
            return None
        headers = {"Content-Type": script.content_type, **script.headers}
        body = script.data or script.text.encode()
        if not (script.drop or script.chunked or script.drip):
            return web.Response(status=script.status, body=body, headers=headers)
        answer = web.StreamResponse(status=script.status, headers=headers)
        if body:
            await self._stream(answer, body, script, request)
        if script.drop and request.transport is not None:
            request.transport.close() if body else request.transport.abort()
        return answer

    async def _stream(
        self, answer: web.StreamResponse, body: bytes, script: ScriptedAnswer, request: web.Request
    ) -> None:
        """Send a body piece by piece, only its first half with `drop`; stop if the caller closes the connection."""
        if script.chunked:
            answer.enable_chunked_encoding()
        else:
            answer.content_length = len(body)
        pieces = range(0, len(body) // 2 if script.drop else len(body), _PIECE_BYTES)
        with suppress(ConnectionError):
            await answer.prepare(request)
            for start in pieces:
                await answer.write(body[start : min(start + _PIECE_BYTES, pieces.stop)])
                if script.drip:
                    await self.wait(script.drip / len(pieces))

    async def wait(self, seconds: float) -> None:
        """Wait so many seconds, or until the relay closes."""
        try:
            async with asyncio.timeout(None if seconds == float("inf") else seconds):
                await self._closing.wait()
        except TimeoutError:
            return

    def close(self) -> None:
        """End all waits, because the relay closes."""
        self._closing.set()
