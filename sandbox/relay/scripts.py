"""Let a test decide what the relay answers next: any status, any body, half a body, nothing at all."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from aiohttp import web


@dataclass(frozen=True, kw_only=True)
class Script:
    """One answer prepared for a route.

    `delay` is how long the caller waits for it, for ever if infinite; `drop` breaks the connection, after the first
    half of `text` if there is one.
    """

    status: int = 200
    text: str = ""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay: float = 0.0
    drop: bool = False
    passes: bool = False


class Scripts:
    """The prepared answers, first in first out for each route."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, deque[Script]] = defaultdict(deque)
        self._closing = asyncio.Event()

    def add(self, route: str, script: Script, times: int) -> None:
        """Prepare `times` answers for a route."""
        self._waiting[route].extend(replace(script) for _ in range(times))

    def take(self, route: str) -> Script | None:
        """Return the next prepared answer of a route, if any."""
        queue = self._waiting.get(route)
        return queue.popleft() if queue else None

    async def play(self, script: Script, request: web.Request) -> web.StreamResponse | None:
        """Give a prepared answer; None if the relay's own is wanted after the delay."""
        if script.delay:
            await self.wait(script.delay)
        if script.passes:
            return None
        headers = {"Content-Type": script.content_type, **script.headers}
        body = script.text.encode()
        if not script.drop:
            return web.Response(status=script.status, body=body, headers=headers)
        answer = web.StreamResponse(status=script.status, headers=headers)
        if body:
            answer.content_length = len(body)
            await answer.prepare(request)
            await answer.write(body[: len(body) // 2])
        if request.transport is not None:
            request.transport.close() if body else request.transport.abort()
        return answer

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
