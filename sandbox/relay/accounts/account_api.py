"""Answer the routes about money: the relay's status and prices, the remaining quota of a key, and its bills."""

from __future__ import annotations

import math
from collections import deque

from aiohttp import web

from sandbox.relay.accounts.billing import Billing
from sandbox.relay.accounts.keys import Key, KeyRing
from sandbox.relay.accounts.prices import build_available_models, build_pricing
from sandbox.relay.answers import RequestRefused, console_page, empty_answer, json_answer, not_found
from sandbox.relay.error_texts import ErrorTexts
from sandbox.relay.routes import is_billing
from sandbox.relay.settings import RelaySettings

_STATUS, _USAGE, _LOG = "/api/status", "/api/usage/token/", "/api/log/token"
_PRICING, _RATIOS, _MODELS = "/api/pricing", "/api/ratio_config", "/api/available_model"
_SUBSCRIPTION, _BILLED = "/dashboard/billing/subscription", "/dashboard/billing/usage"
_UNLIMITED = 100_000_000
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
    """The routes under `/api` and `/dashboard`, some of which need a key."""

    def __init__(self, settings: RelaySettings, keys: KeyRing, billing: Billing) -> None:
        self._settings = settings
        self._keys = keys
        self._billing = billing
        self._error_texts = ErrorTexts(settings.software)
        self._any_route = RateLimitWindow(180, 180)
        self._log_and_usage = RateLimitWindow(20, 1200)

    @property
    def _is_2026(self) -> bool:
        return self._settings.software == "newapi-2026"

    def answer(self, request: web.Request, now: float) -> web.Response:
        """Answer one request; a route that the software lacks is a JSON 404."""
        if self._any_route.wait(now):
            return empty_answer(429)
        if not self._settings.has_account_routes:
            return console_page()
        path = request.path
        if request.method != "GET":
            return not_found(request.method, path)
        if is_billing(path):
            return self._answer_billing(request, path.removeprefix("/v1"), now)
        if path == _STATUS:
            return self._status()
        if answer := self._list_prices(request, path):
            return answer
        return self._answer_log_or_usage(request, path, now)

    def _answer_log_or_usage(self, request: web.Request, path: str, now: float) -> web.Response:
        has_log = self._settings.software in {"newapi-2025", "newapi-2026"}
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
        settings = self._settings
        data: dict[str, object] = {
            "display_in_currency": settings.display_type != "TOKENS",
            "mj_notify_enabled": False,
            "quota_per_unit": settings.quota_per_unit,
            "server_address": settings.image_host or "http://localhost:3000",
            "version": settings.software,
        }
        if self._is_2026:
            data |= {"quota_display_type": settings.display_type, "usd_exchange_rate": settings.usd_exchange_rate}
            data |= {"custom_currency_symbol": settings.custom_symbol}
            data |= {"custom_currency_exchange_rate": settings.custom_rate}
        return json_answer({"data": dict(sorted(data.items())), "message": "", "success": True})

    def _list_prices(self, request: web.Request, path: str) -> web.Response | None:
        """Answer the routes that list prices; None for any other path, and for those that the software lacks."""
        if self._settings.software == "onehub":
            return json_answer(build_available_models(self._settings)) if path == _MODELS else None
        if path == _RATIOS and self._is_2026:
            return json_answer({"success": False, "message": "倍率配置接口未启用"}, 403)
        if path != _PRICING:
            return None
        if self._is_2026 and self._settings.pricing == "disabled":
            return json_answer({"success": False, "message": "pricing is disabled"}, 403)
        if self._is_2026 and self._settings.pricing == "login":
            status = 200 if request.headers.get("Authorization") else 401
            return json_answer({"success": False, "message": "无权进行此操作\uff0c未登录且未提供 access token"}, status)
        return json_answer(build_pricing(self._settings))

    def _answer_billing(self, request: web.Request, path: str, now: float) -> web.Response:
        """Answer OpenAI's old billing routes, whose amounts are in the console's currency, whatever their names say."""
        if path not in {_SUBSCRIPTION, _BILLED}:
            return not_found(request.method, request.path)
        sent = request.headers.get("Authorization", "")
        if fault := self._keys.fault(sent, now):
            return self._error_texts.refuse_key(fault, sent.removeprefix("Bearer ").removeprefix("sk-"))
        key = self._find_sent_key(request)
        left, spent, is_account = self._measure(key)
        if path == _BILLED:
            return json_answer({"object": "list", "total_usage": self._to_display(spent) * 100})
        is_unlimited = key.quota is None and not is_account
        limit = _UNLIMITED if is_unlimited else self._to_display(left + spent)
        return json_answer(
            {
                "object": "billing_subscription",
                "has_payment_method": True,
                "soft_limit_usd": limit,
                "hard_limit_usd": limit,
                "system_hard_limit_usd": limit,
                "access_until": int(key.expires),
            }
        )

    def _measure(self, key: Key) -> tuple[int, int, bool]:
        """Return what is left and spent in the relay's units, and whether it is the account's.

        one-hub tells the account's of an unlimited key.
        """
        quota = self._settings.account_quota
        if quota is not None and (self._settings.software != "onehub" or key.quota is None):
            spent = self._keys.spent_by_account(key.account)
            return quota - spent, spent, True
        return self._keys.remaining(key) or 0, self._keys.spent(key), False

    def _to_display(self, quota: int) -> float:
        settings = self._settings
        if settings.display_type == "TOKENS":
            return quota
        amount = quota / settings.quota_per_unit
        return amount * settings.usd_exchange_rate if self._is_2026 and settings.display_type == "CNY" else amount

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
