"""Limit how often each route to Discord is used: urgent requests first, the others in order of arrival.

The limits stay below those that Discord is known to enforce (webhooks 5 per 2 s and 30 per minute for each token,
messages 5 per 5 s for each channel, a bot 50 per second), so that the bot never gets a 429.

Discord counts a request when it arrives, which in a busy process may be a second after its turn: the turns of two
windows could arrive together. So a use whose response is reported counts from its response on.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from itertools import count

from bot.clock import Monotonic, wait_for_first

TOKEN_LIMIT = ((4, 2.0), (28, 60.0))
CHANNEL_LIMIT = ((4, 5.0),)
BOT_LIMIT = ((40, 1.0),)
"""How many uses are allowed in how many seconds."""
BOT_RESERVE = 10
"""How many of the bot's uses only urgent requests may take.

Without them, an end that comes just after the progress of forty other messages would wait for a second.
"""

_FORGET_SECONDS = 120.0
_URGENCY_CHECK_SECONDS = 0.25
"""How often the waiters of all routes are asked whether they have become urgent."""
RESPONSE_TIMEOUT_SECONDS = 5.0
"""After how long a use counts as answered: its turn may be dropped, or its upload may take long."""
_RECHECK_SECONDS = 0.1
"""How soon a route is checked again while all its uses wait for responses, so that its next time is unknown."""

RateLimit = tuple[tuple[int, float], ...]


class RateLimitWindow:
    """Remembers when a route was used, as far back as its longest limit needs."""

    def __init__(self, limits: RateLimit) -> None:
        self._limits = limits
        # Lists: there is a window for every token, and an empty deque takes ten times as much.
        self._uses: list[float] = []
        self._pending: list[float] = []

    def free_at(self, now: float, reserve: int = 0) -> float:
        """Return when the route may be used again, and `reserve` times more after that: `now` or later."""
        while self._pending and self._pending[0] + RESPONSE_TIMEOUT_SECONDS <= now:
            self.record_response(now)
        at = now
        for uses, seconds in self._limits:
            room = uses - reserve - len(self._pending)
            if room <= 0:
                at = max(at, now + _RECHECK_SECONDS)
            elif len(self._uses) >= room:
                at = max(at, self._uses[-room] + seconds)
        return at

    def record_use(self, now: float, *, awaits_response: bool = False) -> None:
        """Count a use from now, or from its response if `awaits_response`."""
        if awaits_response:
            self._pending.append(now)
        else:
            self._count(now)

    def record_response(self, now: float) -> None:
        """Count the oldest pending use from now."""
        if self._pending:
            del self._pending[0]
            self._count(now)

    def _count(self, now: float) -> None:
        self._uses.append(now)
        del self._uses[: -max(uses for uses, _ in self._limits)]

    def count_uses_since(self, then: float) -> int:
        """Return the number of remembered uses since a time."""
        return sum(at >= then for at in self._uses)

    def is_idle(self, now: float) -> bool:
        """Return whether the window can be forgotten."""
        return not self._pending and (not self._uses or now - self._uses[-1] > _FORGET_SECONDS)


@dataclass(eq=False)
class _Waiter:
    urgent: bool | Callable[[], bool]
    turn: asyncio.Future[None]
    awaits_response: bool

    def is_urgent(self) -> bool:
        """Return whether this waiter goes before others now."""
        return self.urgent if isinstance(self.urgent, bool) else self.urgent()


@dataclass(eq=False)
class _Route:
    window: RateLimitWindow
    counts_for_bot: bool
    waiters: dict[_Waiter, None] = field(default_factory=dict[_Waiter, None])
    is_closed: bool = False

    def is_urgent(self) -> bool:
        """Return whether any waiter of the route goes before others."""
        return any(waiter.is_urgent() for waiter in self.waiters)

    def next(self) -> _Waiter:
        """Return the first urgent waiter, else the first."""
        return next((waiter for waiter in self.waiters if waiter.is_urgent()), next(iter(self.waiters)))


class RateLimiter:
    """Grants turns on routes, each within its own limit and, for requests as the bot, within the bot's limit.

    A route with waiters is either closed until a time by its own limit, or open and waiting for the bot's limit. So a
    turn costs the same, however many routes there are. Times are seconds of the monotonic clock.
    """

    def __init__(self, monotonic: Monotonic, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._monotonic = monotonic
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

    async def acquire(
        self,
        route: Hashable,
        limits: RateLimit,
        *,
        as_bot: bool,
        urgent: bool | Callable[[], bool] = True,
        awaits_response: bool = False,
    ) -> None:
        """Wait until the route may be used, and count the use; urgent ones go first.

        A function `urgent` is asked again whenever a turn is given.

        With `awaits_response` the use is pending until `report_response`.
        """
        now = self._monotonic()
        found = self._routes.get(route)
        if found is None:
            self._forget(now)
            found = self._routes[route] = _Route(RateLimitWindow(limits), as_bot)
        waiter = _Waiter(urgent, asyncio.get_running_loop().create_future(), awaits_response)
        if not found.waiters and not (as_bot and self._open) and self._free_at(found, now, waiter) <= now:
            self._use(found, now, awaits_response=awaits_response)
            return
        self._join(found, waiter, now)
        try:
            await waiter.turn
        finally:
            found.waiters.pop(waiter, None)

    async def acquire_token(self, token: str) -> None:
        """Wait until an interaction's token may be used, and count the use."""
        await self.acquire(token, TOKEN_LIMIT, as_bot=False)

    def report_response(self, route: Hashable) -> None:
        """Report that Discord has answered a use of a route, or never will."""
        found = self._routes.get(route)
        if found is None:
            return
        now = self._monotonic()
        found.window.record_response(now)
        if found.counts_for_bot:
            self._bot.record_response(now)

    async def run(self) -> None:
        """Grant turns until canceled, in the caller's asyncio.Task.

        Otherwise the first waiter starts a Task, which would inherit the context of that waiter's interaction.
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
            self._granting = asyncio.create_task(self._grant(), name="rate limiter")

    def _place(self, route: _Route, now: float) -> None:
        """Put a route with waiters among the closed or the open ones, unless it is there already."""
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

    def _free_at(self, route: _Route, now: float, waiter: _Waiter) -> float:
        at = route.window.free_at(now)
        if not route.counts_for_bot:
            return at
        return max(at, self._bot.free_at(now, 0 if waiter.is_urgent() else BOT_RESERVE))

    def _use(self, route: _Route, now: float, *, awaits_response: bool) -> None:
        route.window.record_use(now, awaits_response=awaits_response)
        if route.counts_for_bot:
            self._bot.record_use(now, awaits_response=awaits_response)

    async def _grant(self) -> None:
        """Grant turns as they fall due, until no route has waiters."""
        while self._closed or self._open:
            now = self._monotonic()
            self._changed.clear()
            while self._closed and self._closed[0][0] <= now:
                self._reopen(heapq.heappop(self._closed)[2], now)
            while (route := self._pick(now)) is not None:
                self._give(route, now)
            due = [self._closed[0][0]] if self._closed else []
            due += [self._find_next_turn(now)] if self._open else []
            if due:
                await self._wait(max(min(due) - now, 0.001))

    def _reopen(self, route: _Route, now: float) -> None:
        """Reopen a route: a token's route gets its turn at once, a channel's waits for the bot's limit."""
        route.is_closed = False
        if not route.waiters:
            return
        if route.counts_for_bot or route.window.free_at(now) > now:
            self._place(route, now)
        else:
            self._give(route, now)

    def _pick(self, now: float) -> _Route | None:
        """Return the next open route: one with an urgent waiter, else the one that has waited longest.

        Return None if there is none, or if the bot's limit leaves it no turn now.
        """
        if not self._open or self._bot.free_at(now) > now:
            return None
        if now - self._asked_at >= _URGENCY_CHECK_SECONDS:
            self._asked_at = now
            self._urgent = deque(route for route in self._open if route.is_urgent())
        while self._urgent and not (self._urgent[0] in self._open and self._urgent[0].is_urgent()):
            self._urgent.popleft()
        if not self._urgent and self._bot.free_at(now, BOT_RESERVE) > now:
            return None
        route = self._urgent.popleft() if self._urgent else next(iter(self._open))
        del self._open[route]
        return route

    def _find_next_turn(self, now: float) -> float:
        """Return when an open route may get a turn, or whether one has become urgent is to be asked again."""
        if self._urgent:
            return self._bot.free_at(now)
        return max(
            self._bot.free_at(now), min(self._bot.free_at(now, BOT_RESERVE), self._asked_at + _URGENCY_CHECK_SECONDS)
        )

    def _give(self, route: _Route, now: float) -> None:
        if not route.waiters:
            return
        waiter = route.next()
        del route.waiters[waiter]
        if not waiter.turn.cancelled():
            self._use(route, now, awaits_response=waiter.awaits_response)
            waiter.turn.set_result(None)
        if route.waiters:
            self._place(route, now)

    async def _wait(self, seconds: float) -> None:
        await wait_for_first(self._changed.wait(), self._sleep(seconds))

    def _forget(self, now: float) -> None:
        if len(self._routes) >= self._forget_beyond:
            self._routes = {
                key: route for key, route in self._routes.items() if route.waiters or not route.window.is_idle(now)
            }
            self._forget_beyond = max(256, 2 * len(self._routes))
