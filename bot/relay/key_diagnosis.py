"""Find out what is wrong with a refused key, where the refusal does not say it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.errors import BalanceExhausted, KeyExpired, KeyRefused, KeyUnknown, RelayError, RelayUnreachable
from bot.json_values import is_json_object
from bot.ports import Now
from bot.relay.account_rate_limiter import AccountRateLimiter
from bot.relay.response_errors import (
    decode_json,
    extract_message,
    find_common_error,
    is_ambiguous_key_error,
    names_unknown_key,
)
from bot.relay.responses import RelayResponse

log = logging.getLogger(__name__)

USAGE_PATH: Final = "/api/usage/token/"
"""new-api of 2026 has it: it answers for keys that are expired or exhausted, too."""
_AGAIN: Final = timedelta(minutes=5)
"""How long an answer of it holds."""


@dataclass(frozen=True)
class _Cause:
    """What is wrong with the key: the error to raise, and the relay's words for it, empty where it gave none."""

    kind: type[RelayError]
    reason: str = ""


class KeyDiagnosis:
    """Asks for the key's usage, at most every five minutes, and within the budget of all such calls."""

    def __init__(self, ask: Callable[[], Awaitable[RelayResponse]], calls: AccountRateLimiter, now: Now) -> None:
        self._ask = ask
        self._calls = calls
        self._now = now
        self._asked_at: datetime | None = None
        self._cause: _Cause | None = None
        self._lock = asyncio.Lock()

    def forget(self) -> None:
        """Forget what was wrong: the relay accepts the key again."""
        self._cause = None

    async def explain(self, refused: RelayError) -> RelayError:
        """Return the error that says which key problem it is, or the refusal as it is where that cannot be told."""
        if not is_ambiguous_key_error(refused):
            return refused
        async with self._lock:
            now = self._now()
            if self._asked_at is None or not timedelta() <= now - self._asked_at < _AGAIN:
                await self._look(now)
        if self._cause is None:
            return refused
        # Of a key that has expired, or is used up, the refusal's own "Invalid token" says the wrong thing.
        is_misleading = self._cause.kind in {KeyExpired, BalanceExhausted}
        return self._cause.kind(self._cause.reason or ("" if is_misleading else refused.reason))

    async def _look(self, now: datetime) -> None:
        if not self._calls.try_acquire():
            return
        self._asked_at = now
        self._cause = None
        try:
            answer = await self._ask()
        except RelayUnreachable as error:
            log.debug("The usage of the key cannot be read: %s.", error.reason)
            return
        if answer.status == 429:
            self._calls.pause(answer.retry_after)
        self._cause = _cause(answer, now)


def _cause(answer: RelayResponse, now: datetime) -> _Cause | None:
    """Read an answer of the usage route; None where it says nothing, or there is no such route."""
    body = decode_json(answer)
    if not answer.is_success:
        words = extract_message(answer, body)
        refusal = find_common_error(answer, words)
        if not isinstance(refusal, KeyRefused):
            return None
        if not is_ambiguous_key_error(refusal):
            return _Cause(type(refusal), refusal.reason)
        return _Cause(KeyUnknown, refusal.reason) if names_unknown_key(words) else None
    usage = body.get("data") if is_json_object(body) else None
    if not is_json_object(usage) or "total_available" not in usage:
        return None
    ends = _number(usage.get("expires_at"))
    if 0 < ends <= now.timestamp():
        return _Cause(KeyExpired)
    if usage.get("unlimited_quota") is not True and _number(usage["total_available"], 1.0) <= 0:
        return _Cause(BalanceExhausted)
    # The relay knows the key, and it has time and money left: it is switched off, or refused for another reason.
    return _Cause(KeyRefused)


def _number(value: object, otherwise: float = 0.0) -> float:
    try:
        return float(value) if isinstance(value, str | int | float) else otherwise
    except (ValueError, OverflowError):
        return otherwise
