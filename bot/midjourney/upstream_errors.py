"""What Discord answered to the relay's own account, as relays pass it on, put into plain English; pure.

midjourney-proxy 2.6 gives the `message` of Discord's JSON, or the first 100 characters of Spring's text for an answer
that is none ("401 Unauthorized: [no body]"); TrueAI's proxy gives the name of the status with the body that it had
sent, or the text of .NET's exception. The messages are those of Discord's list of JSON error codes.
"""

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from bot.midjourney.failure_texts import (
    ACCOUNT_BLOCKED_TITLE,
    PARENT_GONE_TITLE,
    RETRY_LATER_ADVICE,
    REWORD_ADVICE,
    START_AGAIN_ADVICE,
    TELL_OPERATOR_ADVICE,
    UPLOAD_FAILED_TITLE,
    WAIT_ADVICE,
)

_NO_ACCESS: Final = "The relay's account has no access"
_NOT_TAKEN: Final = "Discord refused the request"
_SLOWED: Final = "Discord slows the relay down"
_FAILING: Final = "Discord did not answer the relay"

_OTHER: Final = "use a smaller picture, as PNG, JPEG or WebP, and ask again."


@dataclass(frozen=True)
class DiscordErrorMeaning:
    """What one answer of Discord means: `clause` is short and without its full stop, the others are a task's reason."""

    clause: str
    title: str
    sentence: str
    advice: str


_LOGIN = DiscordErrorMeaning(
    "Discord no longer accepts the login of the relay's account",
    ACCOUNT_BLOCKED_TITLE,
    "Discord no longer accepts the login of its account.",
    TELL_OPERATOR_ADVICE,
)
_VERIFY = DiscordErrorMeaning(
    "Discord wants the relay's account verified",
    ACCOUNT_BLOCKED_TITLE,
    "Discord wants its owner to verify it first.",
    TELL_OPERATOR_ADVICE,
)
_BARRED = DiscordErrorMeaning(
    "Discord has locked or banned the relay's account",
    ACCOUNT_BLOCKED_TITLE,
    "Discord has locked it, or its server has banned it.",
    TELL_OPERATOR_ADVICE,
)
_CLOSED = DiscordErrorMeaning(
    "Discord does not let the relay's account in there",
    _NO_ACCESS,
    "Discord does not let it use its own channel.",
    TELL_OPERATOR_ADVICE,
)
_FORM = DiscordErrorMeaning(
    "Discord did not take what the relay sent",
    _NOT_TAKEN,
    "Discord did not take what the relay sent, which may be out of date.",
    "ask again; if it fails once more, tell the operator of this bot.",
)
_MESSAGE = DiscordErrorMeaning(
    "Discord no longer has the message behind it",
    PARENT_GONE_TITLE,
    "Discord no longer has the message that this one builds on.",
    START_AGAIN_ADVICE,
)
_RATE = DiscordErrorMeaning(
    "Discord slows the relay's account down", _SLOWED, "Its account asked for too much at once.", WAIT_ADVICE
)
_FILE = DiscordErrorMeaning(
    "Discord did not take the picture", UPLOAD_FAILED_TITLE, "Discord did not take it from the relay.", _OTHER
)
_FILTER = DiscordErrorMeaning(
    "a filter of Discord stopped it",
    "A filter of Discord stopped this",
    "The words did not get through to Midjourney.",
    REWORD_ADVICE,
)
_DOWN = DiscordErrorMeaning(
    "Discord did not answer the relay", _FAILING, "Discord, or the way to it, had an error.", RETRY_LATER_ADVICE
)

# Discord's own words: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json-json-error-codes
_MESSAGES: Final[tuple[tuple[str, DiscordErrorMeaning], ...]] = (
    (r"unauthorized\W+provide a valid token and try again|connection has been revoked", _LOGIN),
    (r"invalid authentication token(?: provided)?|improper token has been passed", _LOGIN),
    (r"you need to verify your (?:account|e-?mail)\b.*|.*\bcaptcha\b.*", _VERIFY),
    (r"(?:the )?user is banned from this guild|unknown account|invalid account type", _BARRED),
    (r"missing (?:access|permissions?)|unknown (?:channel|guild|server)|you lack permissions?\b.*", _CLOSED),
    (r"cannot (?:send messages|execute action) (?:in|on) .*", _CLOSED),
    (r"(?:you are|the \w+ is|service resource is) being rate limited", _RATE),
    (r".*\b(?:write|slowmode|global) rate limit\b.*", _RATE),
    (r"unknown (?:message|attachment)", _MESSAGE),
    (r"invalid form body|the request body contains invalid json|invalid component\b.*", _FORM),
    (r"unknown (?:interaction|integration|application(?: command)?|session|user)|.*\bcommand is outdated\b.*", _FORM),
    (r"cannot send an empty message|interaction has already been acknowledged", _FORM),
    (r"request entity too large\W.*|file uploaded exceeds the maximum size|invalid file uploaded", _FILE),
    (r"message was blocked by automatic moderation|.*\bblocked by (?:the )?harmful links? filter\b.*", _FILTER),
    (r"api resource is currently overloaded.*|this feature has been temporarily disabled.*", _DOWN),
    (r"i/o error on \w+ request for .*|no such host is known\b.*|connection (?:refused|reset|timed out)\b.*", _DOWN),
    (r"the ssl connection could not be established\b.*|an error occurred while sending the request", _DOWN),
)
_KNOWN: Final = tuple((re.compile(rf"(?:{pattern})\W*", re.IGNORECASE | re.DOTALL), row) for pattern, row in _MESSAGES)
_STATUSES: Final = {401: _LOGIN, 403: _CLOSED, 404: _MESSAGE, 413: _FILE, 415: _FILE, 429: _RATE}


def _squeezed(phrase: str) -> str:
    """Write the phrase of a status as .NET names it, in lower case: `toomanyrequests`."""
    return re.sub(r"[\s'-]", "", phrase).lower()


_NAMES: Final = {_squeezed(status.phrase): int(status) for status in HTTPStatus if status >= 400}
_PHRASE: Final = r"[A-Z][A-Za-z'-]*(?: [A-Z][A-Za-z'-]*){0,4}"
_WRAPPED: Final = re.compile(r"\[internal server error\]\s*(?=\S)", re.IGNORECASE)
"""What midjourney-proxy writes before an exception's own text."""
_SPRING: Final = re.compile(
    rf"(?P<status>[45]\d\d)(?: {_PHRASE})?(?: on [A-Z]+ request for \"[^\"]*\")?\s?(?::\s*(?P<body>.*))?"
)
_EXCEPTION: Final = re.compile(
    r"response status code does not indicate success: (?P<status>[45]\d\d)\b.*", re.IGNORECASE
)
_NAMED: Final = re.compile(rf"(?P<name>{'|'.join(sorted(_NAMES, key=len, reverse=True))}): .*", re.IGNORECASE)
_FIELD: Final = re.compile(r'"(?:message|description|detail|title|error)"\s*:\s*"(?P<text>(?:[^"\\]|\\.)*)')
_DEPTH: Final = 3
"""How many answers within answers are unpacked."""


@dataclass(frozen=True)
class UpstreamError:
    """An answer that was passed on: what it means, None where that is not known.

    `left` are its words that the meaning does not cover, empty where there are none.
    """

    meaning: DiscordErrorMeaning | None
    unexplained_text: str = ""


def parse_upstream_error(said: str) -> UpstreamError | None:
    """Read a reason of a relay as an answer of Discord that was passed on; None where it is none."""
    return _read(said.strip(), _DEPTH)


def _read(said: str, depth: int) -> UpstreamError | None:
    said = _WRAPPED.sub("", said, count=1)
    if row := _known(said):
        return UpstreamError(row)
    if is_web_page(said):
        return UpstreamError(None)
    if said.startswith("{") and (message := _message(said)):
        return (_read(message, depth - 1) if depth else None) or UpstreamError(None, message)
    if named := _NAMED.fullmatch(said):
        # What follows is what the relay had sent: ids and a session, nothing to be shown.
        return UpstreamError(_of_status(_NAMES[named["name"].lower()]))
    if found := _EXCEPTION.fullmatch(said):
        return UpstreamError(_of_status(int(found["status"])))
    if found := _SPRING.fullmatch(said):
        return _of_body(int(found["status"]), found["body"] or "", depth)
    return None


def is_web_page(said: str) -> bool:
    """Tell whether a reason is a web page, or half of one, rather than words."""
    return said.lstrip("\ufeff \t\r\n[\"'").startswith("<")


def _of_body(status: int, body: str, depth: int) -> UpstreamError:
    body = re.sub(r'^[\["]+|[\]"]+$', "", body.strip()).strip()
    if body.startswith("{"):
        body = _message(body)
    # Spring writes "[no body]"; others name the status once more.
    if not body or is_web_page(body) or _squeezed(body) in {"nobody", *_NAMES}:
        return UpstreamError(_of_status(status))
    inner = _read(body, depth - 1) if depth else None
    if inner is not None and inner.meaning is not None:
        return inner
    return UpstreamError(_of_status(status), body)


def _of_status(status: int) -> DiscordErrorMeaning:
    return _DOWN if status >= 500 or status == 408 else _STATUSES.get(status, _FORM)


def _known(said: str) -> DiscordErrorMeaning | None:
    return next((row for pattern, row in _KNOWN if pattern.fullmatch(said)), None)


def _message(body: str) -> str:
    """Return the words of a JSON error, which may have been cut short."""
    if re.search(r'"captcha_(?:key|sitekey|service)"', body):
        return "captcha"
    found = _FIELD.search(body)
    if found is None:
        return ""
    try:
        return str(json.loads(f'"{found["text"]}"')).strip()
    except ValueError:
        return found["text"].strip()
