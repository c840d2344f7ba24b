"""The calls to the relay's account routes (usage and log of the key), which share one rate limit."""

from collections import deque
from datetime import datetime, timedelta
from typing import Final

from bot.ports import Now

# new-api of 2026 counts /api/usage/token/ and /api/log/token together: 20 per address in 20 minutes, then 429.
MAX_CALLS: Final = 20
# A little more than the relay's window, as each call reaches it later than it was counted here.
RATE_LIMIT_WINDOW: Final = timedelta(minutes=20, seconds=5)
_LONGEST_HOLD: Final = timedelta(hours=1)


class AccountRateLimiter:
    """The budget of these calls: `take` one before each, `hold` all of them after a 429."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._made: deque[datetime] = deque()
        self._held_at: datetime | None = None
        self._hold = timedelta()

    @property
    def calls_left(self) -> int:
        """Return how many calls may be made now."""
        now = self._now()
        if self._held_at is not None and timedelta() <= now - self._held_at < self._hold:
            return 0
        # After the clock was put back, calls of before have times in the future; they no longer count.
        while self._made and not timedelta() <= now - self._made[0] < RATE_LIMIT_WINDOW:
            self._made.popleft()
        return MAX_CALLS - len(self._made)

    def try_acquire(self) -> bool:
        """Count one call that is about to be made; return False where it must not be made."""
        if self.calls_left <= 0:
            return False
        self._made.append(self._now())
        return True

    def pause(self, seconds: float | None = None) -> None:
        """Forbid every call for so many seconds, as a 429 asks for; for a whole window where it names no time."""
        self._held_at = self._now()
        asked = RATE_LIMIT_WINDOW if seconds is None else timedelta(seconds=max(seconds, 0.0))
        self._hold = min(asked, _LONGEST_HOLD)
