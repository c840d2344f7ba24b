"""Let a test decide what the relay answers next: any status, any body, half a body, nothing at all."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypedDict

from aiohttp import web

_PIECE = 1 << 16
"""How many bytes are written at a time."""


@dataclass(frozen=True, kw_only=True)
class ScriptedAnswer:
    """One answer prepared for a route.

    `delay` is how long the caller waits for it, for ever if infinite; `drop` breaks the connection, after the first
    half of the body if there is one. The body is `data`, else `text`; `drip` is over how many seconds it arrives, and
    where it is `chunked` its length is not said before. `carried_out`: what was asked for is done, its answer lost.
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
    """What few tests ask of a Script."""

    data: bytes
    chunked: bool
    drip: float
    carried_out: bool


class ScriptedAnswers:
    """The prepared answers, first in first out for each route."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, deque[ScriptedAnswer]] = defaultdict(deque)
        self._closing = asyncio.Event()

    def add(self, route: str, script: ScriptedAnswer, times: int) -> None:
        """Prepare `times` answers for a route."""
        self._waiting[route].extend(replace(script) for _ in range(times))

    def take(self, route: str) -> ScriptedAnswer | None:
        """Return the next prepared answer of a route, if any."""
        queue = self._waiting.get(route)
        return queue.popleft() if queue else None

    def clear(self, route: str = "") -> None:
        """Drop the answers that are left for a route, or for all."""
        if route:
            self._waiting.pop(route, None)
        else:
            self._waiting.clear()

    async def play(self, script: ScriptedAnswer, request: web.Request) -> web.StreamResponse | None:
        """Give a prepared answer; None if the relay's own is wanted after the delay."""
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
        """Send a body piece by piece, or the first half of one that breaks off; a caller that hangs up is let go."""
        if script.chunked:
            answer.enable_chunked_encoding()
        else:
            answer.content_length = len(body)
        pieces = range(0, len(body) // 2 if script.drop else len(body), _PIECE)
        with suppress(ConnectionError):
            await answer.prepare(request)
            for start in pieces:
                await answer.write(body[start : min(start + _PIECE, pieces.stop)])
                if script.drip:
                    await self.wait(script.drip / len(pieces))

    async def wait(self, seconds: float) -> None:
        """Wait, or until the relay closes."""
        try:
            async with asyncio.timeout(None if seconds == float("inf") else seconds):
                await self._closing.wait()
        except TimeoutError:
            return

    def close(self) -> None:
        """Let everything that waits go on."""
        self._closing.set()
