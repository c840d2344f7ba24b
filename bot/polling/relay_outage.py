"""Whether the relay answers: since when it does not, why, and how long reads have to pause for it."""

import logging
from datetime import datetime
from math import inf

from bot.clock import Clock
from bot.errors import BalanceExhausted, KeyRefused, RelayBusy, RelayError, RelayUnreachable
from bot.polling.poll_schedule import PollSchedule
from bot.relay.relay_problems import describe_relay_problem

log = logging.getLogger(__name__)

_MAX_RETRY_AFTER_SECONDS = 120.0
"""How long the Retry-After of one answer may pause all reads."""
_CONFIRM_SECONDS = 1.0
"""How soon a second read confirms a refusal of the key before messages show it: a single one may be a hiccup."""


class RelayOutage:
    """The state of the relay as the poller's reads show it; times in seconds are those of the monotonic clock."""

    def __init__(self, schedule: PollSchedule, clock: Clock) -> None:
        self._schedule = schedule
        self._now = clock.now
        self._monotonic = clock.monotonic
        self.last_answer_at: float | None = None
        self.silent_since: datetime | None = None
        """When the outage began by the system's time, for messages."""
        self._silent_at = 0.0
        self.is_reported = False
        """Whether messages show the outage; a short one is not reported."""
        self.key_refusal: RelayError | None = None
        """The relay's refusal of the bot's key, confirmed by a second read; None while it accepts the key."""
        self._first_refusal_at: float | None = None
        self._paused_until = 0.0

    def record_answer(self) -> bool:
        """Note that the relay has answered; return whether that ends an outage."""
        self.last_answer_at = now = self._monotonic()
        if self.silent_since is None:
            return False
        log.info("The relay answers again, after %d s.", now - self._silent_at)
        self.silent_since = self._first_refusal_at = self.key_refusal = None
        self.is_reported = False
        return True

    def record_failure(self, error: RelayError) -> float:
        """Note that a read has failed; return how many seconds later its tasks are read again.

        If this failure confirms a refusal of the key, `key_refusal` is `error` afterwards.
        """
        now = self._monotonic()
        if self.silent_since is None:
            log.warning("Polls fail, and go on. %s", describe_relay_problem(error))
            self.silent_since, self._silent_at = self._now(), now
        retry_after = error.retry_after if isinstance(error, RelayBusy | RelayUnreachable) else None
        if retry_after is None:
            pause = self._schedule.outage_interval(now - self._silent_at)
        else:
            retry_after = min(retry_after, _MAX_RETRY_AFTER_SECONDS)
            pause = max(retry_after, self._schedule.base_seconds)
            self._paused_until = now + max(self.compute_pause(now), retry_after)
        return min(pause, _CONFIRM_SECONDS) if self._needs_confirmation(error, now) else pause

    def compute_pause(self, now: float) -> float:
        """Return for how many seconds more a Retry-After forbids every read."""
        return max(self._paused_until - now, 0.0)

    @property
    def report_at(self) -> float:
        """When messages have to show the outage; infinite without one, or if they show it already."""
        if self.silent_since is None or self.is_reported:
            return inf
        return self._silent_at + self._schedule.outage_notice_seconds

    def _needs_confirmation(self, error: RelayError, now: float) -> bool:
        """Return whether an error may be a first refusal of the key; a later one confirms it."""
        if not isinstance(error, KeyRefused | BalanceExhausted):
            self._first_refusal_at = None
            return False
        first_at = self._first_refusal_at
        self._first_refusal_at = now if first_at is None else first_at
        # Requests that were under way together may have met the same hiccup.
        if first_at is None or now - first_at < _CONFIRM_SECONDS / 2:
            return self.key_refusal is None
        if type(error) is not type(self.key_refusal):
            log.warning("Polls fail, and go on. %s", describe_relay_problem(error))
        self.key_refusal = error
        return False
