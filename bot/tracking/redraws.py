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
_LEAST_PAUSE_SECONDS = 10.0
"""How long a change of a message's place does not shorten a pause: changes may come in great numbers."""


class Redraws:
    """Waits until final states are drawn again; the rows of the jobs stay open until then, and remember the pauses.

    A job is given up `keep_for` after it was born: what it drew has expired long before.
    """

    def __init__(self, store: Store, clock: Clock, *, keep_for: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._keep_for = keep_for
        self._waiting: dict[int, tuple[Place, asyncio.Event]] = {}

    def wake(self, guild_id: int | None = None, channel_id: int | None = None) -> None:
        """End the pauses of all messages, or only of those in a server, or in one channel or thread of it."""
        for place, changed in self._waiting.values():
            if guild_id in {None, place.guild_id} and channel_id in {None, place.channel_id}:
                changed.set()

    def measure_rest(self, job: Job) -> float:
        """Return for how many seconds a job is still kept; zero or less where it is to be closed."""
        return (job.born_at + self._keep_for - self._clock.now()).total_seconds()

    async def draw_until_shown(self, job: Job, draw: Callable[[], Awaitable[None]], failure: DisplayFailed) -> bool:
        """Draw after growing pauses until Discord takes it; return False for a job that is no longer kept.

        `failure` is that of the first try.
        """
        redraws, last = job.redraws, failure
        while True:
            pause = min(self._choose_pause(job, redraws, last), self.measure_rest(job))
            if pause <= 0:
                log.warning("Job %d is given up after %d days without its final state.", job.id, self._keep_for.days)
                return False
            redraws += 1
            log.warning("Job %d does not show its final state (%s); it is drawn again in %g s.", job.id, last, pause)
            await self._save(job, redraws, pause)
            await self._wait(job, pause)
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

    async def _wait(self, job: Job, seconds: float) -> None:
        """Wait so long, or until its place has changed; after a short while, as changes may come together."""
        changed = asyncio.Event()
        self._waiting[job.id] = job.place, changed
        try:
            least = min(seconds, _LEAST_PAUSE_SECONDS)
            await self._clock.sleep(least)
            if seconds > least:
                await wait_for_first(changed.wait(), self._clock.sleep(seconds - least))
        finally:
            del self._waiting[job.id]


async def find_failure(drawing: Awaitable[object]) -> DisplayFailed | None:
    """Return why Discord did not take a final state, or None if it did; a later drawing may work."""
    try:
        await drawing
    except DisplayFailed as failure:
        return failure
    return None
