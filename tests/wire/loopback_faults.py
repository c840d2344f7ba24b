"""What a loopback Discord refuses on purpose: rate limits as Discord's own, and failures that a test scripts."""

import asyncio
import re
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

_TOKEN = re.compile(r"/webhooks/\d+/([^/]+)")
_CHANNEL = re.compile(r"/channels/(\d+)/messages")

# (requests, seconds), as design.md gives Discord's own figures
OF_A_TOKEN = ((5, 2.0), (30, 60.0))
OF_A_CHANNEL = ((5, 5.0),)
OF_THE_BOT = ((50, 1.0),)


@dataclass
class Fault:
    """A scripted failure: the next `times` requests (None: all) that match are answered so.

    `status` 0 cuts the connection; None only delays, by `delay` seconds or until `hold` is set. With `carried_out` the
    request takes effect, its answer is lost.
    """

    method: str
    path: str
    status: int | None
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    times: int | None = 1
    delay: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    carried_out: bool = False
    hits: int = 0
    hold: asyncio.Event | None = None
    """What each of these requests waits for before it is answered."""
    held: int = 0
    """How many requests wait now."""
    most_held: int = 0

    async def wait(self) -> None:
        """Wait as long as this failure delays a request."""
        self.held += 1
        self.most_held = max(self.most_held, self.held)
        try:
            await asyncio.sleep(self.delay)
            if self.hold is not None:
                await self.hold.wait()
        finally:
            self.held -= 1

    def takes(self, method: str, path: str) -> bool:
        """Tell whether this request is to fail, and count it."""
        left = self.times is None or self.hits < self.times
        taken = left and fnmatchcase(method, self.method) and fnmatchcase(path, self.path)
        self.hits += taken
        return taken

    def stop(self) -> None:
        """Let what comes pass again."""
        self.times = 0


@dataclass(frozen=True)
class Verdict:
    """What a rate limit says of one request: its headers, and, where it is too much, when to come back."""

    headers: dict[str, str]
    retry_after: float | None = None
    everywhere: bool = False


class RateLimits:
    """Counts requests in sliding windows, the strictest reading of Discord's figures."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], deque[float]] = {}

    def ask(self, method: str, path: str) -> Verdict:
        """Count one request and judge it; a refused one does not count."""
        now = time.monotonic()
        if path.startswith("/interactions/"):
            return Verdict({})
        if match := _TOKEN.match(path):
            return self._judge(("webhook", match[1]), OF_A_TOKEN, now)
        everywhere = self._judge(("bot", ""), OF_THE_BOT, now)
        if everywhere.retry_after is not None:
            return Verdict(everywhere.headers | {"X-RateLimit-Global": "true"}, everywhere.retry_after, everywhere=True)
        match = _CHANNEL.match(path)
        if match and method in {"POST", "PATCH"}:
            return self._judge((method, match[1]), OF_A_CHANNEL, now)
        return Verdict({})

    def _judge(self, key: tuple[str, str], windows: tuple[tuple[int, float], ...], now: float) -> Verdict:
        seen = self._seen.setdefault(key, deque())
        while seen and now - seen[0] > windows[-1][1]:
            seen.popleft()
        waits = [self._wait(seen, limit, seconds, now) for limit, seconds in windows]
        if (wait := max(waits)) > 0:
            return Verdict(self._headers(key, windows[0], 0, wait), wait)
        seen.append(now)
        left = min(limit - sum(now - at <= seconds for at in seen) for limit, seconds in windows)
        resets = max(self._wait(seen, limit, seconds, now) for limit, seconds in windows)
        return Verdict(self._headers(key, windows[0], left, resets or windows[0][1]))

    @staticmethod
    def _wait(seen: deque[float], limit: int, seconds: float, now: float) -> float:
        return max(0.0, seen[-limit] + seconds - now) if len(seen) >= limit else 0.0

    @staticmethod
    def _headers(key: tuple[str, str], window: tuple[int, float], left: int, resets: float) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(window[0]),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": f"{time.time() + resets:.3f}",
            "X-RateLimit-Reset-After": f"{resets:.3f}",
            "X-RateLimit-Bucket": f"loopback-{key[0].lower()}",
        }
