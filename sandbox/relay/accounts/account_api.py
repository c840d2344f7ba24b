"""Answer the routes under `/api`: the relay's status, the remaining quota of a key, and its bills."""

from __future__ import annotations

import math
from collections import deque

from aiohttp import web

from sandbox.relay.accounts.billing import UNITS, Billing
from sandbox.relay.accounts.keys import Key, KeyRing
from sandbox.relay.answers import RequestRefused, empty_answer, json_answer, not_found
from sandbox.relay.settings import RelaySettings

_STATUS, _USAGE, _LOG = "/api/status", "/api/usage/token/", "/api/log/token"
_MOST_ROWS = 1000


class RateLimitWindow:
    """Counts requests in a sliding window, as new-api limits its own routes by address."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._times: deque[float] = deque()

    def wait(self, now: float) -> float:
        """Count a request and return 0, or the seconds to wait if it exceeds the limit."""
        while self._times and self._times[0] <= now - self._seconds:
            self._times.popleft()
        if len(self._times) >= self._most:
            return self._times[0] + self._seconds - now
        self._times.append(now)
        return 0.0


class AccountAPI:
    """The routes under `/api`, some of which need a key."""

    def __init__(self, settings: RelaySettings, keys: KeyRing, billing: Billing) -> None:
        self._settings = settings
        self._keys = keys
        self._billing = billing
        self._any_route = RateLimitWindow(180, 180)
        self._log_and_usage = RateLimitWindow(20, 1200)

    @property
    def _is_2026(self) -> bool:
        return self._settings.software == "newapi-2026"

    def answer(self, request: web.Request, now: float) -> web.Response:
        """Answer one request; a route that the software lacks is a JSON 404."""
        if self._any_route.wait(now):
            return empty_answer(429)
        path = request.path
        has_log = self._settings.software in {"newapi-2025", "newapi-2026"}
        if request.method != "GET":
            return not_found(request.method, path)
        if path == _STATUS:
            return self._status()
        if path == _USAGE and self._is_2026:
            self._limit(now)
            return self._usage(self._find_sent_key(request))
        if path == _LOG and has_log:
            return self._log(request, now)
        if (path == _USAGE.rstrip("/") and self._is_2026) or (path == f"{_LOG}/" and has_log):
            # gin redirects a path with one slash too many or too few.
            other = path.rstrip("/") if path.endswith("/") else f"{path}/"
            return web.Response(status=301, headers={"Location": other})
        return not_found(request.method, path)

    def _status(self) -> web.Response:
        data: dict[str, object] = {
            "display_in_currency": True,
            "mj_notify_enabled": False,
            "quota_per_unit": UNITS,
            "server_address": self._settings.image_host or "http://localhost:3000",
            "version": self._settings.software,
        }
        if self._is_2026:
            data |= {"quota_display_type": "USD", "usd_exchange_rate": 7.3}
        return json_answer({"data": dict(sorted(data.items())), "message": "", "success": True})

    def _usage(self, key: Key) -> web.Response:
        spent, remaining = self._keys.spent(key), self._keys.remaining(key)
        left = -spent if remaining is None else remaining
        data = {
            "expires_at": int(key.expires),
            "model_limits": dict.fromkeys(sorted(key.models), True),
            "model_limits_enabled": bool(key.models),
            "name": key.name,
            "object": "token_usage",
            "total_available": left,
            "total_granted": left + spent,
            "total_used": spent,
            "unlimited_quota": key.quota is None,
        }
        return json_answer({"code": True, "data": data, "message": "ok"})

    def _log(self, request: web.Request, now: float) -> web.Response:
        if not self._is_2026:
            # Only the key in the address counts; a header, right or wrong, gives an empty list.
            asked = self._keys.find(request.query.get("key", ""))
            return _rows(self._billing.log(asked) if asked else [])
        self._limit(now)
        newest = list(reversed(self._billing.log(self._find_sent_key(request))))[:_MOST_ROWS]
        return _rows([{**row, "id": number} for number, row in enumerate(newest, 1)])

    def _find_sent_key(self, request: web.Request) -> Key:
        """Return the key in the header, even an exhausted one, because these routes answer for it too."""
        key = self._keys.find(request.headers.get("Authorization", ""))
        if key is None:
            raise RequestRefused(json_answer({"success": False, "message": "Invalid token"}, 401))
        return key

    def _limit(self, now: float) -> None:
        """Refuse with 429 after twenty requests to log and usage together in twenty minutes."""
        if wait := self._log_and_usage.wait(now):
            raise RequestRefused(empty_answer(429, {"Retry-After": str(math.ceil(wait))}))


def _rows(rows: list[dict[str, object]]) -> web.Response:
    return json_answer({"data": rows, "message": "", "success": True})
