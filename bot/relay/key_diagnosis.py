"""Find out why the relay refuses the key, when the refusal does not say so."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from bot.clock import Now
from bot.errors import BalanceExhausted, KeyExpired, KeyRefused, KeyUnknown, RelayError, RelayUnreachable
from bot.json_values import is_json_object
from bot.relay.account_rate_limiter import AccountRateLimiter
from bot.relay.responses.relay_response import RelayResponse, decode_json, extract_message
from bot.relay.responses.response_errors import find_common_error, is_ambiguous_key_error, names_unknown_key

log = logging.getLogger(__name__)

USAGE_PATH: Final = "/api/usage/token/"
"""Served by new-api of 2026, for expired and exhausted keys too."""
_VALID_FOR: Final = timedelta(minutes=5)
"""How long a diagnosis is used before the usage is read again."""


class KeyDiagnosis:
    """Read the key's usage, at most every five minutes and within the rate limit of the account routes."""

    def __init__(
        self, read_usage: Callable[[], Awaitable[RelayResponse]], limiter: AccountRateLimiter, now: Now
    ) -> None:
        self._read_usage = read_usage
        self._limiter = limiter
        self._now = now
        self._read_at: datetime | None = None
        self._diagnosis: RelayError | None = None
        self._lock = asyncio.Lock()

    def forget(self) -> None:
        """Forget the diagnosis, because the relay accepts the key again."""
        self._diagnosis = None

    async def explain(self, refusal: RelayError) -> RelayError:
        """Return the error that names the key's problem, or `refusal` itself if the problem cannot be found out."""
        if not is_ambiguous_key_error(refusal):
            return refusal
        async with self._lock:
            now = self._now()
            if self._read_at is None or not timedelta() <= now - self._read_at < _VALID_FOR:
                await self._diagnose(now)
        if self._diagnosis is None:
            return refusal
        kind = type(self._diagnosis)
        # The refusal of an expired or exhausted key says "Invalid token", which is misleading.
        is_misleading = kind in {KeyExpired, BalanceExhausted}
        return kind(self._diagnosis.reason or ("" if is_misleading else refusal.reason))

    async def _diagnose(self, now: datetime) -> None:
        if not self._limiter.try_acquire():
            return
        self._read_at = now
        self._diagnosis = None
        try:
            response = await self._read_usage()
        except RelayUnreachable as error:
            log.debug("Cannot read the usage of the key: %s.", error.reason)
            return
        if response.status == 429:
            self._limiter.pause(response.retry_after)
        self._diagnosis = _parse_usage(response, now)


def _parse_usage(response: RelayResponse, now: datetime) -> RelayError | None:
    """Parse a response of the usage route into the key's error; None if it says nothing or the route is missing."""
    body = decode_json(response)
    if not response.is_success:
        message = extract_message(response, body)
        refusal = find_common_error(response, message)
        if not isinstance(refusal, KeyRefused):
            return None
        if not is_ambiguous_key_error(refusal):
            return refusal
        return KeyUnknown(refusal.reason) if names_unknown_key(message) else None
    usage = body.get("data") if is_json_object(body) else None
    if not is_json_object(usage) or "total_available" not in usage:
        return None
    if 0 < _parse_number(usage.get("expires_at")) <= now.timestamp():
        return KeyExpired()
    if usage.get("unlimited_quota") is not True and _parse_number(usage["total_available"], 1.0) <= 0:
        return BalanceExhausted("the key's quota is used up")
    # The relay knows the key, which is neither expired nor exhausted: it is switched off or refused for another reason.
    return KeyRefused()


def _parse_number(value: object, default: float = 0.0) -> float:
    try:
        return float(value) if isinstance(value, str | int | float) else default
    except (ValueError, OverflowError):
        return default
