"""Recognize the answers by which a relay itself says that it lacks a path. Pure.

Proxies answer with 404, 405 or a page too, while the relay behind them is being deployed. Such an answer proves
nothing, but that the request was not forwarded.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from bot.errors import ActionUnsupported, RelayError, RelayUnreachable
from bot.json_values import coerce_int, coerce_text, is_json_object
from bot.relay.responses.relay_response import RelayMessage, RelayResponse, decode_json

_NOT_FOUND: Final = frozenset({404, 405})
_SPEED_PREFIX: Final = "/mj-"
_SUBMIT: Final = "/submit/"
# Tomcat answers instead of Spring outside the application's paths, as midjourney-proxy 2.6 does for a speed prefix.
_TOMCAT_PAGE: Final = "HTTP Status 404"
_INVALID_URL: Final = re.compile(r"invalid url(?: \([A-Z]+ (?P<path>[^\s)]+)\))?", re.IGNORECASE)
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
    if named := _find_named_path(response, body, message):
        # Another path than the requested one is that of a service behind the relay, which has got the request.
        return _make_unsupported(response, message) if _is_same_path(named, response.path) else None
    if _has_own_code(body) or _is_tomcat_page(response):
        return _make_unsupported(response, message)
    if is_json_object(body) and "description" in body:
        return None  # a refusal in the relay's own shape
    return RelayUnreachable(message.reason, retry_after=response.retry_after, no_route=True)


def is_same_page(response: RelayResponse, other: RelayResponse) -> bool:
    """Whether two responses are the same web page, but for ids and hashes in it."""
    pages = {_UNSTABLE_WORDS.sub("", each.text) for each in (response, other)}
    return response.status == other.status and len(pages) == 1


def _make_unsupported(response: RelayResponse, message: RelayMessage) -> ActionUnsupported:
    """Return the error for a path that the relay lacks: for now, if the path has worked before."""
    return ActionUnsupported(message.reason, lasting=not response.path_has_worked)


def _find_named_path(response: RelayResponse, body: object, message: RelayMessage) -> str:
    """Return the path that the JSON of a relay's software says is missing, "" where it is another JSON."""
    if message.is_relay_error:  # new-api and one-hub
        found = _INVALID_URL.search(message.reason)
        return (found["path"] or response.path or "/") if found else ""
    return _find_springs_path(body) if is_json_object(body) else ""


def _find_springs_path(body: Mapping[Any, Any]) -> str:
    """Return the path in Spring's error or its problem detail; those of Spring's gateway hold a request id."""
    if "requestId" in body or "traceId" in body:
        return ""
    pairs = (("error", "path"), ("title", "instance"))
    return next((coerce_text(body[path]) for word, path in pairs if _has_texts(body, word, path)), "")


def _has_texts(body: Mapping[Any, Any], *names: str) -> bool:
    return all(isinstance(body.get(name), str) for name in names)


def _has_own_code(body: object) -> bool:
    return is_json_object(body) and "description" in body and coerce_int(body.get("code")) in _NOT_FOUND


def _is_same_path(named: str, requested: str) -> bool:
    """Whether a path is that of the requested submit, perhaps with a prefix that a server adds or removes."""
    if _SUBMIT not in requested:
        return True  # a read is not forwarded
    one, other = (path.partition("?")[0].rstrip("/").lower() for path in (named, requested))
    return one.endswith(other) or (one.startswith("/mj") and other.endswith(one))


def _is_tomcat_page(response: RelayResponse) -> bool:
    is_page = response.is_html and _TOMCAT_PAGE in response.text
    return is_page and response.path.startswith(_SPEED_PREFIX) and not response.path_has_worked
