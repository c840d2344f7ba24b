"""How often each route to Discord may be used: finals first, the rest in the order in which they came.

The figures stay under those that Discord is known to enforce (webhooks 5 per 2 s and 30 per minute for each token,
messages 5 per 5 s for each channel, a bot 50 per second), so that nobody ever sees a 429.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime

TOKEN = ((4, 2.0), (28, 60.0))
CHANNEL = ((4, 5.0),)
BOT = ((40, 1.0),)
"""Uses, and the seconds in which they may happen."""

_FORGET_SECONDS = 120.0

Figures = tuple[tuple[int, float], ...]


class Window:
    """Remembers when a route was used, as far back as its longest figure looks."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._uses: deque[float] = deque(maxlen=max(uses for uses, _ in figures))

    def free_at(self, now: float) -> float:
        """Return when it may be used again: now, or later."""
        at = now
        for uses, seconds in self._figures:
            if len(self._uses) >= uses:
                at = max(at, self._uses[-uses] + seconds)
        return at

    def use(self, now: float) -> None:
        """Count a use."""
        self._uses.append(now)

    def is_idle(self, now: float) -> bool:
        """Whether it can be forgotten."""
        return not self._uses or now - self._uses[-1] > _FORGET_SECONDS


@dataclass
class _Waiter:
    urgent: Callable[[], bool]
    turn: asyncio.Future[None]


@dataclass
class _Route:
    window: Window
    counts_for_bot: bool
    waiters: list[_Waiter] = field(default_factory=list)

    def next(self) -> _Waiter:
        """Return who goes first: the first urgent one, else the first."""
        return next((waiter for waiter in self.waiters if waiter.urgent()), self.waiters[0])


class Budgets:
    """Grants turns on routes, each within its own figures and, for the bot's own requests, within the bot's."""

    def __init__(self, now: Callable[[], datetime], sleep: Callable[[float], Awaitable[None]]) -> None:
        self._now = now
        self._sleep = sleep
        self._bot = Window(BOT)
        self._routes: dict[Hashable, _Route] = {}
        self._granting: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    async def turn(self, route: Hashable, figures: Figures, *, as_bot: bool, urgent: Callable[[], bool]) -> None:
        """Wait until the route may be used, and count the use; `urgent` is asked anew whenever a turn is given."""
        now = self._now().timestamp()
        found = self._routes.get(route)
        if found is None:
            self._forget(now)
            found = self._routes[route] = _Route(Window(figures), as_bot)
        if not found.waiters and self._free_at(found, now) <= now:
            self._use(found, now)
            return
        waiter = _Waiter(urgent, asyncio.get_running_loop().create_future())
        found.waiters.append(waiter)
        self._changed.set()
        if self._granting is None or self._granting.done():
            self._granting = asyncio.create_task(self._grant(), name="budgets")
        try:
            await waiter.turn
        finally:
            if waiter in found.waiters:
                found.waiters.remove(waiter)

    async def close(self) -> None:
        """Stop granting."""
        if self._granting is not None:
            self._granting.cancel()
            await asyncio.gather(self._granting, return_exceptions=True)

    def _free_at(self, route: _Route, now: float) -> float:
        at = route.window.free_at(now)
        return max(at, self._bot.free_at(now)) if route.counts_for_bot else at

    def _use(self, route: _Route, now: float) -> None:
        route.window.use(now)
        if route.counts_for_bot:
            self._bot.use(now)

    async def _grant(self) -> None:
        """Give turns as they fall due, until nobody waits."""
        while waiting := [route for route in self._routes.values() if route.waiters]:
            now = self._now().timestamp()
            given = sum(self._give(route, now) for route in self._fairly(waiting))
            if not given:
                self._changed.clear()
                at = min(self._free_at(route, now) for route in waiting)
                await self._wait(max(at - now, 0.001))
            else:
                await asyncio.sleep(0)

    def _fairly(self, waiting: list[_Route]) -> list[_Route]:
        """Put routes with something urgent first: the bot's own figure is shared by all of them."""
        return sorted(waiting, key=lambda route: not route.next().urgent())

    def _give(self, route: _Route, now: float) -> bool:
        if not route.waiters or self._free_at(route, now) > now:
            return False
        waiter = route.next()
        route.waiters.remove(waiter)
        if waiter.turn.cancelled():
            return True
        self._use(route, now)
        waiter.turn.set_result(None)
        return True

    async def _wait(self, seconds: float) -> None:
        changed = asyncio.ensure_future(self._changed.wait())
        slept = asyncio.ensure_future(self._sleep(seconds))
        try:
            await asyncio.wait({changed, slept}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
            slept.cancel()

    def _forget(self, now: float) -> None:
        if len(self._routes) % 256 == 255:
            idle = [key for key, route in self._routes.items() if not route.waiters and route.window.is_idle(now)]
            for key in idle:
                del self._routes[key]
