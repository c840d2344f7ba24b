"""How often each route to Discord may be used: finals first, the rest in the order in which they came.

The figures stay under those that Discord is known to enforce (webhooks 5 per 2 s and 30 per minute for each token,
messages 5 per 5 s for each channel, a bot 50 per second), so that nobody ever sees a 429.

Discord counts a request when it arrives, which in a busy process may be a second after its turn: turns given in one
go, and those of the next window, would arrive together. So a use whose answer is told counts from its answer on.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from bot.clock import wait_for_first

TOKEN_LIMIT = ((4, 2.0), (28, 60.0))
CHANNEL_LIMIT = ((4, 5.0),)
BOT_LIMIT = ((40, 1.0),)
"""Uses, and the seconds in which they may happen."""

_FORGET_SECONDS = 120.0
_ASK_SECONDS = 0.25
"""How long it may take until a waiter that has become urgent is noticed among those of all routes."""
RESPONSE_TIMEOUT_SECONDS = 5.0
"""After how long a use counts as answered whatever happens: a turn may be dropped, and a large picture takes long."""
_AGAIN_SECONDS = 0.1
"""How soon a route is looked at again of which nobody knows when it is free, as all its uses are on their way."""

RateLimit = tuple[tuple[int, float], ...]


class RateLimitWindow:
    """Remembers when a route was used, as far back as its longest figure looks."""

    def __init__(self, figures: RateLimit) -> None:
        self._figures = figures
        # Lists: there is a window for every token, and an empty deque takes ten times as much.
        self._uses: list[float] = []
        self._on_their_way: list[float] = []

    def free_at(self, now: float) -> float:
        """Return when it may be used again: now, or later."""
        while self._on_their_way and self._on_their_way[0] + RESPONSE_TIMEOUT_SECONDS <= now:
            self.record_response(now)
        at = now
        for uses, seconds in self._figures:
            room = uses - len(self._on_their_way)
            if room <= 0:
                at = max(at, now + _AGAIN_SECONDS)
            elif len(self._uses) >= room:
                at = max(at, self._uses[-room] + seconds)
        return at

    def record_use(self, now: float, *, told: bool = False) -> None:
        """Count a use: as of now, or, where its answer is told, as of that."""
        if told:
            self._on_their_way.append(now)
        else:
            self._count(now)

    def record_response(self, now: float) -> None:
        """Count the oldest use that is on its way as of now."""
        if self._on_their_way:
            del self._on_their_way[0]
            self._count(now)

    def _count(self, now: float) -> None:
        self._uses.append(now)
        del self._uses[: -max(uses for uses, _ in self._figures)]

    def count_uses_since(self, then: float) -> int:
        """Count the uses from that moment on, as far as they are remembered."""
        return sum(at >= then for at in self._uses)

    def is_idle(self, now: float) -> bool:
        """Whether it can be forgotten."""
        return not self._on_their_way and (not self._uses or now - self._uses[-1] > _FORGET_SECONDS)


@dataclass(eq=False)
class _Waiter:
    urgent: bool | Callable[[], bool]
    turn: asyncio.Future[None]
    told: bool

    def is_urgent(self) -> bool:
        """Whether this one goes before others now."""
        return self.urgent if isinstance(self.urgent, bool) else self.urgent()


@dataclass(eq=False)
class _Route:
    window: RateLimitWindow
    counts_for_bot: bool
    waiters: dict[_Waiter, None] = field(default_factory=dict[_Waiter, None])
    is_closed: bool = False

    def is_urgent(self) -> bool:
        """Whether anybody here goes before others."""
        return any(waiter.is_urgent() for waiter in self.waiters)

    def next(self) -> _Waiter:
        """Return who goes first: the first urgent one, else the first."""
        return next((waiter for waiter in self.waiters if waiter.is_urgent()), next(iter(self.waiters)))


class RateLimiter:
    """Grants turns on routes, each within its own figures and, for the bot's own requests, within the bot's.

    A route with waiters is in one of two places: among those that their own figures close until some time, or, open,
    among those that wait for the bot's. So a turn costs the same, however many routes there are.
    """

    def __init__(self, now: Callable[[], datetime], sleep: Callable[[float], Awaitable[None]]) -> None:
        self._now = now
        self._sleep = sleep
        self._bot = RateLimitWindow(BOT_LIMIT)
        self._routes: dict[Hashable, _Route] = {}
        self._forget_beyond = 256
        self._closed: list[tuple[float, int, _Route]] = []
        self._open: dict[_Route, None] = {}
        self._urgent: deque[_Route] = deque()
        self._asked_at = 0.0
        self._order = count()
        self._granting: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._wall = 0.0
        self._skew = 0.0

    async def acquire(
        self,
        route: Hashable,
        figures: RateLimit,
        *,
        as_bot: bool,
        urgent: bool | Callable[[], bool] = True,
        told: bool = False,
    ) -> None:
        """Wait until the route may be used, and count the use; urgent ones go first.

        A function `urgent` is asked again whenever a turn is given.

        With `told` the use is on its way until `answered` tells otherwise.
        """
        now = self._time()
        found = self._routes.get(route)
        if found is None:
            self._forget(now)
            found = self._routes[route] = _Route(RateLimitWindow(figures), as_bot)
        if not found.waiters and not (as_bot and self._open) and self._free_at(found, now) <= now:
            self._use(found, now, told=told)
            return
        waiter = _Waiter(urgent, asyncio.get_running_loop().create_future(), told)
        self._join(found, waiter, now)
        try:
            await waiter.turn
        finally:
            found.waiters.pop(waiter, None)

    def report_response(self, route: Hashable) -> None:
        """Tell that Discord has answered a use of a route, or never will."""
        found = self._routes.get(route)
        if found is None:
            return
        now = self._time()
        found.window.record_response(now)
        if found.counts_for_bot:
            self._bot.record_response(now)

    async def run(self) -> None:
        """Give turns until cancelled, from a task of whoever calls.

        Left alone, the first to wait starts one; inside an interaction's callback it would live in that one's context.
        """
        self._granting = asyncio.current_task()
        while True:
            await self._grant()
            self._changed.clear()
            await self._changed.wait()

    async def close(self) -> None:
        """Stop granting."""
        if self._granting is not None:
            self._granting.cancel()
            await asyncio.gather(self._granting, return_exceptions=True)

    def _join(self, route: _Route, waiter: _Waiter, now: float) -> None:
        route.waiters[waiter] = None
        if len(route.waiters) == 1:
            self._place(route, now)
            self._changed.set()
        elif route in self._open and waiter.is_urgent():
            self._urgent.append(route)
        if self._granting is None or self._granting.done():
            self._granting = asyncio.create_task(self._grant(), name="budgets")

    def _place(self, route: _Route, now: float) -> None:
        """Put a route with waiters where it belongs; what was left by waiters that gave up it finds there again."""
        if route.is_closed or route in self._open:
            return
        at = route.window.free_at(now)
        if at > now or not route.counts_for_bot:
            route.is_closed = True
            heapq.heappush(self._closed, (at, next(self._order), route))
            return
        self._open[route] = None
        if route.is_urgent():
            self._urgent.append(route)

    def _free_at(self, route: _Route, now: float) -> float:
        at = route.window.free_at(now)
        return max(at, self._bot.free_at(now)) if route.counts_for_bot else at

    def _use(self, route: _Route, now: float, *, told: bool) -> None:
        route.window.record_use(now, told=told)
        if route.counts_for_bot:
            self._bot.record_use(now, told=told)

    async def _grant(self) -> None:
        """Give turns as they fall due, until nobody waits."""
        while self._closed or self._open:
            now = self._time()
            self._changed.clear()
            while self._closed and self._closed[0][0] <= now:
                self._reopen(heapq.heappop(self._closed)[2], now)
            while self._open and self._bot.free_at(now) <= now:
                self._give(self._pick(now), now)
            due = [self._closed[0][0]] if self._closed else []
            due += [self._bot.free_at(now)] if self._open else []
            if due:
                await self._wait(max(min(due) - now, 0.001))

    def _reopen(self, route: _Route, now: float) -> None:
        """Take a route whose own figures open it: a token's has its turn at once, a channel's waits for the bot's."""
        route.is_closed = False
        if not route.waiters:
            return
        if route.counts_for_bot or route.window.free_at(now) > now:
            self._place(route, now)
        else:
            self._give(route, now)

    def _pick(self, now: float) -> _Route:
        """Take the next of the open routes: one with somebody urgent, else the one that has waited longest."""
        if now - self._asked_at >= _ASK_SECONDS:
            self._asked_at = now
            self._urgent = deque(route for route in self._open if route.is_urgent())
        while self._urgent:
            route = self._urgent.popleft()
            if route in self._open and route.is_urgent():
                break
        else:
            route = next(iter(self._open))
        del self._open[route]
        return route

    def _give(self, route: _Route, now: float) -> None:
        if not route.waiters:
            return
        waiter = route.next()
        del route.waiters[waiter]
        if not waiter.turn.cancelled():
            self._use(route, now, told=waiter.told)
            waiter.turn.set_result(None)
        if route.waiters:
            self._place(route, now)

    async def _wait(self, seconds: float) -> None:
        await wait_for_first(self._changed.wait(), self._sleep(seconds))

    def _time(self) -> float:
        """Tell the time in seconds that never run backwards, whatever is done to the machine's clock."""
        wall = self._now().timestamp()
        self._skew += max(self._wall - wall, 0.0)
        self._wall = wall
        return wall + self._skew

    def _forget(self, now: float) -> None:
        if len(self._routes) < self._forget_beyond:
            return
        idle = [key for key, route in self._routes.items() if not route.waiters and route.window.is_idle(now)]
        for key in idle:
            del self._routes[key]
        self._forget_beyond = max(256, 2 * len(self._routes))
