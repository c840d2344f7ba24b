"""Read for how long Discord, or Cloudflare in front of it, asks to send nothing, and what that applies to. Pure."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, cast

from bot.clock import parse_http_date
from cogs.messaging.discord_refusals import FIREWALL_CODE

MAX_PAUSE_SECONDS = 86_400.0
"""The longest pause that is believed."""

_BLOCKED_ADDRESS = "blocked from accessing our api"
"""What Discord's own 429 for a whole address says: https://github.com/discord/discord-api-docs/issues/5682."""
_LEAST_SECONDS = 1.0
"""The pause where the API says that it has ended already."""
_ROUNDING_SECONDS = 1.0
"""Discord rounds its Retry-After header up to whole seconds; the body has the fraction."""
_CLOUDFLARE_PAGE = re.compile(rb"error(?: code)?:?\s*(?:<[^>]*>\s*)*(1\d{3})\b", re.IGNORECASE)


class PauseScope(Enum):
    """What a pause applies to."""

    ROUTE = "route"
    CREDENTIALS = "credentials"
    """All requests that are sent like the refused one: as the bot, or by the tokens of interactions."""
    ADDRESS = "address"
    FIREWALL = "firewall"
    """The refused request, whose text a firewall may dislike; or the address, which only other requests can show."""


@dataclass(frozen=True)
class Pause:
    """A request to send nothing to `scope` for `seconds`; None where Discord does not say for how long."""

    scope: PauseScope
    seconds: float | None
    reason: str


def read_pause(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> Pause | None:
    """Return the pause that a response asks for; None for every other response.

    A 429 that the API itself did not send comes from Cloudflare, and applies to this machine's address. A 403 from
    there may also be about the text of one request.
    """
    data = parse_object(body)
    if status == 429:
        seconds = _read_seconds(headers, data, now)
        scope = PauseScope.ADDRESS if _is_address_blocked(headers, data, body) else _read_scope(headers, data)
        if seconds is None and scope is not PauseScope.ADDRESS and _names_zero(headers, data):
            seconds = _LEAST_SECONDS
        return Pause(scope, seconds, _name_reason(status, data, body))
    if status == 403 and (data is None or _read_code(data) == FIREWALL_CODE):
        return Pause(PauseScope.FIREWALL, _read_seconds(headers, data, now), _name_reason(status, data, body))
    return None


def parse_object(body: bytes) -> Mapping[str, Any] | None:
    """Return the JSON object of a response; None for anything else."""
    try:
        data: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", data) if isinstance(data, dict) else None


def _read_code(data: Mapping[str, Any] | None) -> int:
    code = data.get("code") if data else None
    return code if isinstance(code, int) else 0


def _is_address_blocked(headers: Mapping[str, str], data: Mapping[str, Any] | None, body: bytes) -> bool:
    if any(name in headers for name in ("X-RateLimit-Scope", "X-RateLimit-Global", "X-RateLimit-Bucket")):
        return False
    if data is None:
        return bool(body.strip()) or "Via" not in headers
    if "cloudflare_error" in data or "error_code" in data or _BLOCKED_ADDRESS in str(data.get("message", "")).lower():
        return True
    return "Via" not in headers and "global" not in data


def _read_scope(headers: Mapping[str, str], data: Mapping[str, Any] | None) -> PauseScope:
    is_global = (
        headers.get("X-RateLimit-Scope", "").lower() == "global"
        or headers.get("X-RateLimit-Global", "").lower() == "true"
        or (data is not None and data.get("global") is True)
    )
    return PauseScope.CREDENTIALS if is_global else PauseScope.ROUTE


def _read_seconds(headers: Mapping[str, str], data: Mapping[str, Any] | None, now: datetime) -> float | None:
    """Return the longest pause that the response names, except that the body is more exact than a rounded header."""
    in_body = _to_seconds(data.get("retry_after")) if data else None
    header = headers.get("Retry-After", "")
    in_headers = _to_seconds(header) or _seconds_until(header, headers.get("Date", ""), now)
    in_headers = in_headers or _to_seconds(headers.get("X-RateLimit-Reset-After"))
    if in_body is None or in_headers is None:
        return in_body or in_headers
    return in_body if in_headers - in_body <= _ROUNDING_SECONDS else in_headers


def _to_seconds(value: object) -> float | None:
    """Return a positive number of seconds, a day at most; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return min(seconds, MAX_PAUSE_SECONDS) if seconds > 0 and not math.isnan(seconds) else None


def _names_zero(headers: Mapping[str, str], data: Mapping[str, Any] | None) -> bool:
    """Return whether a response names a pause of zero seconds."""
    named = [data.get("retry_after") if data else None]
    named += [headers.get("Retry-After"), headers.get("X-RateLimit-Reset-After")]
    return any(_is_zero(one) for one in named)


def _is_zero(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        return float(value) == 0
    except (ValueError, OverflowError):
        return False


def _seconds_until(header: str, date: str, now: datetime) -> float | None:
    """Return the seconds until an HTTP date, counted from the response's own date where it has one."""
    until, sent_at = parse_http_date(header), parse_http_date(date) or now
    return _to_seconds((until - sent_at).total_seconds()) if until else None


def _name_reason(status: int, data: Mapping[str, Any] | None, body: bytes) -> str:
    if found := _CLOUDFLARE_PAGE.search(body):
        return f"HTTP {status}, Cloudflare error {found[1].decode()}"
    if data is not None and (code := _read_code(data) or data.get("error_code")):
        return f"HTTP {status}, code {code}" if isinstance(code, int) else f"HTTP {status}"
    return f"HTTP {status}"
