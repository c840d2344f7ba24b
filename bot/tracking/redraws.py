"""Draw final states again that Discord did not take: after growing pauses, and when their place may have changed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from bot.clock import Clock, wait_for_first
from bot.entities import Job, Place
from bot.errors import DisplayFailed, DisplayRefused, StoreUnavailable
from bot.ports import Store

log = logging.getLogger(__name__)

_FAILURE_PAUSES: Final = (60.0, 120.0, 300.0, 600.0)
"""The seconds between tries while Discord fails; the last is repeated."""
_REFUSAL_PAUSES: Final = (*_FAILURE_PAUSES, 1800.0, 3600.0)
"""The same while Discord refuses, which may last for days, and whose end the gateway reports."""
TOKEN_MARGIN: Final = timedelta(minutes=1)
"""How long before an interaction's token expires a message is drawn last, if only the token reaches it."""
_WAKE_PAUSES: Final = (10.0, 60.0, 300.0)
"""How long changes of a message's place do not shorten its pauses; longer after each that was in vain."""
_SERVER_INTERVAL = 2.0
_TOTAL_INTERVAL = 0.5
"""The seconds between messages that a change has drawn again, in one server (or DM) and in all.

A refused message costs up to four requests, and Discord blocks an address after 10,000 refusals in ten minutes.
"""


def _is_always_open(_: Place) -> bool:
    """Return True: nothing is known of any place."""
    return True


class _WakeTurns:
    """Spreads the drawings that a change brings: hundreds of messages may wait in one server."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._free_at: dict[int, float] = {}
        """When the next drawing may begin, of a server or DM by its id, and of all by 0."""

    async def take(self, place: Place, longest: float) -> None:
        """Wait for a turn, but at most so long: a pause ends without one."""
        until = self._clock.monotonic() + longest
        for key, interval in ((place.guild_id or place.channel_id, _SERVER_INTERVAL), (0, _TOTAL_INTERVAL)):
            await self._clock.sleep(self._reserve(key, interval, until))

    def _reserve(self, key: int, interval: float, until: float) -> float:
        """Reserve the next turn, unless it begins too late; return for how many seconds to wait."""
        now = self._clock.monotonic()
        self._free_at = {one: at for one, at in self._free_at.items() if at > now}
        begins_at = self._free_at.get(key, now)
        if begins_at < until:
            self._free_at[key] = begins_at + interval
        return max(0.0, min(begins_at, until) - now)


class Redraws:
    """Waits until final states are drawn again; the rows of the jobs stay open until then, and remember the pauses.

    A job is given up `keep_for` after it was born: what it drew has expired long before.
    """

    def __init__(self, store: Store, clock: Clock, *, keep_for: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._keep_for = keep_for
        self._waiting: dict[int, tuple[Place, asyncio.Event]] = {}
        self._turns = _WakeTurns(clock)

    def wake(
        self,
        guild_id: int | None = None,
        channel_id: int | None = None,
        is_open: Callable[[Place], bool] = _is_always_open,
    ) -> None:
        """End the pauses of all messages, or only of those in a server, or in one channel or thread of it.

        `is_open` returns False for a place that the change did not open. The messages are drawn one after the other.
        """
        for place, changed in self._waiting.values():
            if guild_id in {None, place.guild_id} and channel_id in {None, place.channel_id} and is_open(place):
                changed.set()

    def measure_rest(self, job: Job) -> float:
        """Return for how many seconds a job is still kept; zero or less where it is to be closed."""
        return (job.born_at + self._keep_for - self._clock.find_earliest()).total_seconds()

    async def draw_until_shown(self, job: Job, draw: Callable[[], Awaitable[None]], failure: DisplayFailed) -> bool:
        """Draw after growing pauses until Discord takes it; return False for a job that is no longer kept.

        `failure` is that of the first try.
        """
        redraws, wakes, last = job.redraws, 0, failure
        while True:
            pause = min(self._choose_pause(job, redraws, last), self.measure_rest(job))
            if pause <= 0:
                log.warning("Job %d is given up after %d days without its final state.", job.id, self._keep_for.days)
                return False
            redraws += 1
            log.warning("Job %d does not show its final state (%s); it is drawn again in %g s.", job.id, last, pause)
            await self._save(job, redraws, pause)
            wakes += await self._wait(job, pause, wakes)
            error = await find_failure(draw())
            if error is None:
                return True
            last = error

    def _choose_pause(self, job: Job, redraws: int, last: DisplayFailed) -> float:
        """Return a growing pause, which ends before the last way to the message does."""
        pauses = _REFUSAL_PAUSES if isinstance(last, DisplayRefused) else _FAILURE_PAUSES
        pause = pauses[min(redraws, len(pauses) - 1)]
        last_edit_in = (job.place.token_expires_at - TOKEN_MARGIN - self._clock.now()).total_seconds()
        return min(pause, last_edit_in) if not job.place.reachable and last_edit_in > 0 else pause

    async def resume_pause(self, job: Job) -> None:
        """Wait for the rest of the pause that an earlier process began: thousands of jobs may resume at once."""
        if job.redraw_at is None:
            return
        left = (job.redraw_at - self._clock.now()).total_seconds()
        if left > 0:
            await self._wait(job, min(left, _REFUSAL_PAUSES[-1]))

    async def _save(self, job: Job, redraws: int, pause: float) -> None:
        try:
            await self._store.save_redraw(job.id, redraws, self._clock.now() + timedelta(seconds=pause))
        except StoreUnavailable as error:
            log.warning("The pause of job %d is not saved: %s.", job.id, error)

    async def _wait(self, job: Job, seconds: float, wakes: int = 0) -> bool:
        """Wait so long, or until its place has changed and it has a turn; return whether a change ended the pause.

        `wakes`: how many changes have ended one before. After a short while, as changes may come together.
        """
        changed = asyncio.Event()
        self._waiting[job.id] = job.place, changed
        until = self._clock.monotonic() + seconds
        try:
            await self._clock.sleep(min(seconds, _WAKE_PAUSES[min(wakes, len(_WAKE_PAUSES) - 1)]))
            if (left := until - self._clock.monotonic()) > 0:
                await wait_for_first(changed.wait(), self._clock.sleep(left))
        finally:
            del self._waiting[job.id]
        if not changed.is_set() or (left := until - self._clock.monotonic()) <= 0:
            return False
        await self._turns.take(job.place, left)
        return True


async def find_failure(drawing: Awaitable[object]) -> DisplayFailed | None:
    """Return why Discord did not take a final state, or None if it did; a later drawing may work."""
    try:
        await drawing
    except DisplayFailed as failure:
        return failure
    return None
