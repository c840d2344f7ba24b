"""Recognize the answers by which a relay itself says that it lacks a path. Pure.

Proxies answer with 404, 405 or a page too, while the relay behind them is being deployed. Such an answer proves
nothing, but that the request was not forwarded.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from bot.errors import ActionUnsupported, RelayError, RelayUnreachable
from bot.json_values import coerce_int, is_json_object
from bot.relay.responses.relay_response import RelayMessage, RelayResponse, decode_json

_NOT_FOUND: Final = frozenset({404, 405})
_SPEED_PREFIX: Final = "/mj-"
# Tomcat answers instead of Spring outside the application's paths, as midjourney-proxy 2.6 does for a speed prefix.
_TOMCAT_PAGE: Final = "HTTP Status 404"
_UNSTABLE_WORDS: Final = re.compile(r"[\w+/=-]{12,}")


def find_missing_path_error(response: RelayResponse, message: RelayMessage) -> RelayError | None:
    """Return ActionUnsupported for a path that the relay lacks, and RelayUnreachable for a proxy's 404 or 405.

    A page with HTTP 200 counts as new-api's web console, which it serves for paths that it lacks. The caller has to
    check that with `is_same_page`.
    """
    if response.status not in _NOT_FOUND:
        is_console = response.is_success and response.is_html and not response.path_has_worked
        return ActionUnsupported(message.reason, lasting=True) if is_console else None
    body = decode_json(response)
    if _is_own_json(body, message) or _is_tomcat_page(response):
        return ActionUnsupported(message.reason, lasting=True)
    if is_json_object(body) and "description" in body:
        return None  # a refusal in the relay's own shape
    return RelayUnreachable(message.reason, retry_after=response.retry_after)


def is_same_page(response: RelayResponse, other: RelayResponse) -> bool:
    """Whether two responses are the same web page, but for ids and hashes in it."""
    pages = {_UNSTABLE_WORDS.sub("", each.text) for each in (response, other)}
    return response.status == other.status and len(pages) == 1


def _is_own_json(body: object, message: RelayMessage) -> bool:
    """Whether the JSON of a 404 or 405 has the shape of a relay's software."""
    if message.is_relay_error:  # new-api and one-hub
        return "invalid url" in message.lowercase
    if not is_json_object(body):
        return False
    return _is_springs(body) or ("description" in body and coerce_int(body.get("code")) in _NOT_FOUND)


def _is_springs(body: Mapping[Any, Any]) -> bool:
    """Whether this is Spring's error, or its problem detail; those of Spring's gateway hold a request id."""
    if "requestId" in body or "traceId" in body:
        return False
    is_error = isinstance(body.get("error"), str) and isinstance(body.get("path"), str)
    return is_error or (isinstance(body.get("title"), str) and isinstance(body.get("instance"), str))


def _is_tomcat_page(response: RelayResponse) -> bool:
    is_page = response.is_html and _TOMCAT_PAGE in response.text
    return is_page and response.path.startswith(_SPEED_PREFIX) and not response.path_has_worked
