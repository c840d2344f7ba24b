"""What a redirect of the relay means. None is followed, so that neither the key nor a submit reaches its target. Pure.

RFC 9110, 15.4: 301, 307 and 308 say that the request was not processed here, 303 that it was. 302 says neither: proxies
send it to their maintenance or login page.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from bot.errors import RelayError, RelayMoved, RelayUnreachable, SubmitOutcomeUnknown, SubmitRedirected
from bot.relay.responses.relay_response import RelayResponse
from bot.text_cleaning import clean_text

_NOT_PROCESSED: Final = frozenset({301, 307, 308})
_TO_ANOTHER_PAGE: Final = frozenset({301, 302, 307, 308})
_PROCESSED: Final = 303
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_MAX_LENGTH: Final = 200


@dataclass(frozen=True)
class _Address:
    """A URL without user, query and fragment, any of which may be a secret."""

    origin: str
    path: str

    def __str__(self) -> str:
        return self.origin + self.path


def classify_read_redirect(response: RelayResponse) -> RelayError:
    """Return the error of a read that was redirected."""
    address = find_new_address(response)
    reason = _describe_redirect(response)
    return RelayMoved(reason, address=address) if address else RelayUnreachable(reason)


def classify_submit_redirect(response: RelayResponse, *, claims_success: bool) -> RelayError:
    """Return the error of a submit that was redirected; `claims_success` says that its body accepts the submit.

    Only a redirect that says that the submit was not processed, and where to send it instead, proves that nothing is
    billed.
    """
    reason = _describe_redirect(response)
    if claims_success:
        return SubmitOutcomeUnknown(reason, accepted=True)
    if response.status in _NOT_PROCESSED and (address := find_new_address(response)):
        return RelayMoved(reason, address=address)
    if response.status in _TO_ANOTHER_PAGE or response.status == _PROCESSED:
        return SubmitRedirected(reason, processed=response.status == _PROCESSED)
    return SubmitOutcomeUnknown(reason)


def find_new_address(response: RelayResponse) -> str:
    """Return the relay's new base URL if a redirect leads to the same path elsewhere, else return ""."""
    target, asked = _parse_target(response), _parse_address(response.base_url + response.path)
    if target is None or asked is None or target == asked or not response.path:
        return ""
    # The path alone: the relay is no longer below a prefix that MJ_API_URL has.
    is_same_path = target.path in {asked.path, response.path}
    return str(target).removesuffix(response.path) if is_same_path else ""


def _describe_redirect(response: RelayResponse) -> str:
    """Return the reason of the error: status and target."""
    target = _parse_target(response)
    return f"HTTP {response.status}" + (f" to {target}" if target else "")


def _parse_target(response: RelayResponse) -> _Address | None:
    """Return where a redirect leads; None without a web address, or if it repeats the key."""
    if not response.location or (response.secret and response.secret in response.location):
        return None
    with suppress(ValueError):
        return _parse_address(urljoin(response.base_url + response.path, response.location.strip()))
    return None


def _parse_address(url: str) -> _Address | None:
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in _DEFAULT_PORTS and parts.hostname and len(url) <= _MAX_LENGTH and clean_text(url) == url:
            return _Address(_format_origin(parts), parts.path)
    return None


def _format_origin(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
