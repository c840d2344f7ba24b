"""What responses of Discord, and of Cloudflare in front of it, ask for: who pauses, and for how long."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from multidict import CIMultiDict

from cogs.gateway.rest.pause_responses import MAX_PAUSE_SECONDS, Pause, PauseScope, parse_object, read_pause

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
VIA = {"Via": "1.1 google"}
ROUTE, ALL, ADDRESS = PauseScope.ROUTE, PauseScope.CREDENTIALS, PauseScope.ADDRESS


def read(status: int, headers: dict[str, str], body: object) -> Pause | None:
    """Read a response with a JSON body, or with bytes as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_pause(status, CIMultiDict(headers), raw, NOW)


@pytest.mark.parametrize(
    ("headers", "body", "scope", "seconds"),
    [
        (VIA, {"message": "You are being rate limited.", "retry_after": 0.35, "global": False}, ROUTE, 0.35),
        (VIA, {"message": "You are being rate limited.", "retry_after": 25, "global": True}, ALL, 25.0),
        (VIA | {"Retry-After": "1"}, {"retry_after": 0.35, "global": False}, ROUTE, 0.35),
        (VIA | {"Retry-After": "82721"}, {"retry_after": 0.35, "global": False}, ROUTE, 82_721.0),
        (VIA | {"x-ratelimit-global": "true", "retry-after": "7"}, {}, ALL, 7.0),
        (VIA | {"X-RateLimit-Scope": "global", "Retry-After": "7"}, b"", ALL, 7.0),
        (VIA | {"X-RateLimit-Scope": "shared", "X-RateLimit-Reset-After": "3.5"}, {}, ROUTE, 3.5),
        ({"X-RateLimit-Bucket": "abc"}, {"retry_after": "4.5"}, ROUTE, 4.5),
        ({}, {"retry_after": 4, "global": False}, ROUTE, 4.0),
        (VIA | {"Retry-After": "7"}, b"", ROUTE, 7.0),
        (VIA, {"message": "The resource is being rate limited.", "code": 40062}, ROUTE, None),
    ],
)
def test_limits_of_the_api_itself(headers: dict[str, str], body: object, scope: PauseScope, seconds: float) -> None:
    """A route's or a global one; the time is in the body, in a header, or nowhere."""
    found = read(429, headers, body)
    assert found is not None
    assert (found.scope, found.seconds) == (scope, seconds)


@pytest.mark.parametrize(
    ("status", "headers", "body", "seconds", "reason"),
    [
        (429, {"Retry-After": "82721"}, {"message": "You are being rate limited."}, 82_721.0, "HTTP 429"),
        (429, {}, b"error code: 1015", None, "HTTP 429, Cloudflare error 1015"),
        (429, {"Retry-After": "3600"}, b"<h1>Error <span>1015</span></h1>", 3600.0, "HTTP 429, Cloudflare error 1015"),
        (429, VIA, b"<html>You are being rate limited</html>", None, "HTTP 429"),
        (429, {}, b"", None, "HTTP 429"),
        (
            429,
            {"Content-Type": "application/json"},
            {"cloudflare_error": True, "error_code": 1015, "retry_after": 120},
            120.0,
            "HTTP 429, code 1015",
        ),
        (
            429,
            VIA | {"Retry-After": "5400"},
            {"message": "You are being blocked from accessing our API temporarily due to exceeding ...", "code": 0},
            5400.0,
            "HTTP 429",
        ),
    ],
)
def test_blocks_of_the_address(
    status: int, headers: dict[str, str], body: object, seconds: float | None, reason: str
) -> None:
    """What does not come from the API, or says so itself; the reason names no foreign text."""
    assert read(status, headers, body) == Pause(ADDRESS, seconds, reason)


@pytest.mark.parametrize(
    ("headers", "body", "seconds", "reason"),
    [
        (VIA, {"message": "internal network error", "code": 40333}, None, "HTTP 403, code 40333"),
        ({}, b"error code: 1020", None, "HTTP 403, Cloudflare error 1020"),
        ({"Retry-After": "900"}, b"<title>Access denied</title>", 900.0, "HTTP 403"),
        (VIA, b"", None, "HTTP 403"),
        (VIA, b"[" * 200_000, None, "HTTP 403"),
    ],
)
def test_refusals_of_a_firewall(headers: dict[str, str], body: object, seconds: float | None, reason: str) -> None:
    """They may be about the address, or only about the text of that request."""
    assert read(403, headers, body) == Pause(PauseScope.FIREWALL, seconds, reason)


@pytest.mark.parametrize(
    ("headers", "body", "scope"),
    [
        (VIA, {"retry_after": 0, "global": True}, ALL),
        (VIA, {"retry_after": 0.0, "global": False}, ROUTE),
        (VIA | {"Retry-After": "0"}, {"global": True}, ALL),
        (VIA | {"X-RateLimit-Global": "true", "X-RateLimit-Reset-After": "0.000"}, {}, ALL),
    ],
)
def test_a_limit_of_the_api_that_has_ended_already(headers: dict[str, str], body: object, scope: PauseScope) -> None:
    """A second, rather than a pause without an end."""
    assert read(429, headers, body) == Pause(scope, 1.0, "HTTP 429")


@pytest.mark.parametrize("opening", [b"[", b'{"retry_after":', b'{"a":['])
@pytest.mark.parametrize("status", [403, 429])
def test_deeply_nested_json_is_read_as_a_page(status: int, opening: bytes) -> None:
    found = read(status, {}, opening * 100_000)
    assert found is not None
    assert found.seconds is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "Sat, 28 Nov 2026 12:10:00 GMT"}, 600.0),
        ({"Retry-After": "Sat, 28 Nov 2026 13:10:00 GMT", "Date": "Sat, 28 Nov 2026 13:00:00 GMT"}, 600.0),
        ({"Retry-After": "Sat, 28 Nov 2026 12:10:00 GMT", "Date": "soon"}, 600.0),
        ({"Retry-After": "Sat, 28 Nov 2026 11:00:00 GMT"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, None),
        ({"Retry-After": "Sat, 28 Nov 2026 12:10:00 GMT", "Date": "Fri, 31 Dec 9999 23:59:59 GMT"}, 600.0),
        ({"Retry-After": "Sat, 28 Nov 2026 12:10:00 GMT", "Date": "Mon, 01 Jan 0001 00:00:00 +1200"}, 600.0),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "0"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, MAX_PAUSE_SECONDS),
        ({"Retry-After": "9" * 400}, MAX_PAUSE_SECONDS),
        ({"Retry-After": "604800"}, MAX_PAUSE_SECONDS),
        ({"Retry-After": "Fri, 28 Nov 2036 12:10:00 GMT"}, MAX_PAUSE_SECONDS),
    ],
)
def test_retry_after_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds or a date, which counts from the response's own; a day at most, and nothing that is no time."""
    found = read(429, headers, b"error code: 1015")
    assert found is not None
    assert found.seconds == seconds


@pytest.mark.parametrize(
    "body", [{"retry_after": True}, {"retry_after": None}, {"retry_after": [3]}, {"retry_after": "x"}, [1], "x", 3]
)
def test_a_body_without_a_time_is_not_believed(body: Any) -> None:  # noqa: ANN401 - any JSON
    """Whatever JSON it is."""
    found = read(429, VIA, body)
    assert found is not None
    assert found.seconds is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {}),
        (401, {"message": "401: Unauthorized", "code": 0}),
        (403, {"message": "Missing Access", "code": 50001}),
        (403, {}),
        (404, b"error code: 1015"),
        (503, b"error code: 1015"),
    ],
)
def test_other_responses_ask_for_no_pause(status: int, body: object) -> None:
    """A refusal of the API itself concerns that one request."""
    assert read(status, {"Retry-After": "5"}, body) is None


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 200_000, b"[]", b"{", b"\xff", b""])
def test_a_body_that_is_no_object_is_read_as_none(body: bytes) -> None:
    """Also one that is nested too deeply."""
    assert parse_object(body) is None
