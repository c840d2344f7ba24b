"""Rate limit shared by the relay's account routes: the key's usage and its billing log."""

from collections import deque
from datetime import datetime, timedelta
from typing import Final

from bot.clock import Now

# new-api of 2026 counts /api/usage/token/ and /api/log/token together: 20 per address in 20 minutes, then 429.
MAX_CALLS: Final = 20
# A little more than the relay's window, because each call reaches the relay later than it was counted here.
RATE_LIMIT_WINDOW: Final = timedelta(minutes=20, seconds=5)
_MAX_PAUSE: Final = timedelta(hours=1)


class AccountRateLimiter:
    """Count calls to the account routes; callers acquire each call first and pause the limiter after a 429."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._call_times: deque[datetime] = deque()
        self._paused_at: datetime | None = None
        self._pause = timedelta()

    @property
    def calls_left(self) -> int:
        """Return how many calls may be made now."""
        now = self._now()
        if self._paused_at is not None and timedelta() <= now - self._paused_at < self._pause:
            return 0
        # If the clock was set back, earlier calls have times in the future; they no longer count.
        while self._call_times and not timedelta() <= now - self._call_times[0] < RATE_LIMIT_WINDOW:
            self._call_times.popleft()
        return MAX_CALLS - len(self._call_times)

    def try_acquire(self) -> bool:
        """Count one call that is about to be made; return False if it must not be made."""
        if self.calls_left <= 0:
            return False
        self._call_times.append(self._now())
        return True

    def pause(self, seconds: float | None = None) -> None:
        """Forbid every call for `seconds` (an hour at most); for a whole window if the 429 named no time."""
        self._paused_at = self._now()
        requested = RATE_LIMIT_WINDOW if seconds is None else timedelta(seconds=max(seconds, 0.0))
        self._pause = min(requested, _MAX_PAUSE)
