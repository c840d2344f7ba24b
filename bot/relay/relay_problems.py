"""Describe for the operator why the relay cannot be used: the sentence of `check`, of /mjcheck and of the log. Pure."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from bot.errors import ActionUnsupported, RelayBusy, RelayError, RelayMoved, RelayUnreachable
from bot.midjourney.reasons.refusal_reasons import is_wordless, translate_refusal
from bot.relay.key_advice import describe_key_error

_WANTS_TLS: Final = re.compile(r"\bhttp request\b.{0,20}\bto (?:an )?(?:https|tls)\b|requires tls", re.IGNORECASE)
"""What nginx, Go, Apache and Envoy answer to a plain request on a port for TLS."""


@dataclass(frozen=True)
class RelayProblem:
    """Why the relay cannot be used: `problem` and `advice` are sentences that may name its URL and quote its words.

    `subject` is what they are about. `cause` is a clause for /readyz, without URL and quotes; equal causes are one
    state.
    """

    subject: str
    problem: str
    advice: str
    cause: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.problem} {self.advice}"


def describe_relay_problem(error: RelayError, url: str = "") -> RelayProblem:
    """Describe an error of a read from the relay at `url`."""
    if key := describe_key_error(error, quoting=True):
        problem, advice = key
        cause, _ = describe_key_error(error) or key
        return RelayProblem("API key", f"{problem}.", advice, cause)
    where = url or "the relay"
    match error:
        case RelayMoved(address=address):
            cause = "the relay redirects to another address, to which MJ_API_URL must be changed"
            return RelayProblem("Relay", f"{where} redirects to {address}.", f"Set MJ_API_URL to {address}.", cause)
        case RelayUnreachable(proxy_problem=problem, proxy_advice=advice) if problem:
            return RelayProblem("Relay", problem, advice, "the proxy lets no request through to the relay")
        case RelayUnreachable(no_host=True):
            problem = f"this machine can't find the host {urlsplit(url).hostname or 'of the relay'}."
            advice = "Check its internet connection, then MJ_API_URL."
            return RelayProblem("Relay", problem, advice, "the relay's host name does not exist")
        case RelayUnreachable(connect_problem=problem, connect_advice=advice) if problem:
            return RelayProblem("Relay", problem, advice, "the relay does not answer")
        case RelayUnreachable(no_route=True) | ActionUnsupported(lasting=True):
            problem = f"{where} is no relay: it has no /mj routes."
            advice = "Check MJ_API_URL, also its port and path: another program or a proxy may answer there."
            return RelayProblem("Relay", problem, advice, "the address in MJ_API_URL has no /mj routes")
        case RelayUnreachable(reason=reason) if _WANTS_TLS.search(reason):
            advice = f"Set MJ_API_URL to {url.replace('http://', 'https://', 1) or 'https://…'}."
            return RelayProblem("Relay", f"{where} speaks https, not http.", advice, "the relay wants https")
        case RelayUnreachable():
            cause, advice = "the relay does not answer", "Check MJ_API_URL, and whether the relay is up."
        case RelayBusy():
            cause, advice = "the relay is too busy to check the key", "Wait; if it lasts, ask the relay's support."
        case _:
            cause = f"the relay sent an invalid answer ({type(error).__name__})"
            advice = "Check MJ_API_URL, and whether the relay is up."
    return RelayProblem("Relay", f"{where} doesn't respond properly ({_summarize(error)}).", advice, cause)


def _summarize(error: RelayError) -> str:
    """Return the relay's words in English, or the HTTP status; the status of a success would explain nothing."""
    if error.reason[:6] in {"HTTP 2", "HTTP 3"} and is_wordless(error.reason):
        return "a web page or an empty response"
    return translate_refusal(error.reason) or error.reason or type(error).__name__
