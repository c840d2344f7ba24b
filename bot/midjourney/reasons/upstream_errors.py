"""Explain errors that Discord gave the relay's own account, and that the relay passes on.

midjourney-proxy 2.6 passes on the `message` of Discord's JSON, or the first 100 characters of Spring's text for other
answers ("401 Unauthorized: [no body]"). TrueAI's proxy passes on the name of the status with the body that it had
sent, or the text of .NET's exception. The messages are those of Discord's list of JSON error codes.
"""

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from bot.languages import N_

# Titles and advice that fail_reasons uses as well.
ACCOUNT_BLOCKED_TITLE: Final = N_("The relay's account can't draw")
PARENT_GONE_TITLE: Final = N_("The earlier picture is gone")
UPLOAD_FAILED_TITLE: Final = N_("The picture couldn't be sent")

REWORD_ADVICE: Final = N_("reword it and try again.")
START_AGAIN_ADVICE: Final = N_("start again from a newer picture, or from the prompt.")
WAIT_ADVICE: Final = N_("wait a few minutes and try again.")
RETRY_LATER_ADVICE: Final = N_("try again a little later.")
TELL_OPERATOR_ADVICE: Final = N_("try again later; if it keeps failing, tell the operator of this bot.")

_NO_ACCESS: Final = N_("The relay's account has no access")
_NOT_TAKEN: Final = N_("Discord refused the request")
_SLOWED: Final = N_("Discord is slowing the relay down")
_FAILING: Final = N_("Discord didn't answer the relay")

_OTHER: Final = N_("use a smaller PNG, JPEG or WebP picture, and try again.")


@dataclass(frozen=True)
class DiscordErrorMeaning:
    """What an error of Discord means: as a short clause without a full stop, and as a task's fail reason."""

    clause: str
    title: str
    sentence: str
    advice: str


_LOGIN = DiscordErrorMeaning(
    N_("Discord no longer accepts the login of the relay's account"),
    ACCOUNT_BLOCKED_TITLE,
    N_("Discord no longer accepts the login of its account."),
    TELL_OPERATOR_ADVICE,
)
_VERIFY = DiscordErrorMeaning(
    N_("Discord wants the relay's account verified"),
    ACCOUNT_BLOCKED_TITLE,
    N_("Discord wants its owner to verify it first."),
    TELL_OPERATOR_ADVICE,
)
_BARRED = DiscordErrorMeaning(
    N_("Discord has locked or banned the relay's account"),
    ACCOUNT_BLOCKED_TITLE,
    N_("Discord has locked it, or its server has banned it."),
    TELL_OPERATOR_ADVICE,
)
_CLOSED = DiscordErrorMeaning(
    N_("Discord doesn't let the relay's account use its channel"),
    _NO_ACCESS,
    N_("Discord doesn't let it use its own channel."),
    TELL_OPERATOR_ADVICE,
)
_FORM = DiscordErrorMeaning(
    N_("Discord rejected what the relay sent"),
    _NOT_TAKEN,
    N_("Discord rejected what the relay sent; the relay may be out of date."),
    N_("try again; if it fails once more, tell the operator of this bot."),
)
_MESSAGE = DiscordErrorMeaning(
    N_("Discord no longer has the original message"),
    PARENT_GONE_TITLE,
    N_("Discord no longer has the message that this one builds on."),
    START_AGAIN_ADVICE,
)
_RATE = DiscordErrorMeaning(
    N_("Discord is slowing the relay's account down"), _SLOWED, N_("Its account sent too many requests."), WAIT_ADVICE
)
_FILE = DiscordErrorMeaning(N_("Discord rejected the picture"), UPLOAD_FAILED_TITLE, N_("Discord rejected it."), _OTHER)
_FILTER = DiscordErrorMeaning(
    N_("a Discord filter blocked it"),
    N_("A Discord filter blocked this"),
    N_("The prompt never reached Midjourney."),
    REWORD_ADVICE,
)
_DOWN = DiscordErrorMeaning(
    N_("Discord didn't answer the relay"),
    _FAILING,
    N_("Discord, or the connection to it, had an error."),
    RETRY_LATER_ADVICE,
)

# Source: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json-json-error-codes
_MESSAGES: Final[tuple[tuple[str, DiscordErrorMeaning], ...]] = (
    (r"unauthorized\W+provide a valid token and try again|connection has been revoked", _LOGIN),
    (r"invalid authentication token(?: provided)?|improper token has been passed", _LOGIN),
    (r"you need to verify your (?:account|e-?mail)\b.*|.*captcha\b.*", _VERIFY),
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


def _squeeze(phrase: str) -> str:
    """Write a status phrase as .NET names it, in lower case: `toomanyrequests`."""
    return re.sub(r"[\s'-]", "", phrase).lower()


_NAMES: Final = {_squeeze(status.phrase): int(status) for status in HTTPStatus if status >= 400}
_PHRASE: Final = r"[A-Z][A-Za-z'-]*(?: [A-Z][A-Za-z'-]*){0,4}"
# midjourney-proxy writes this before an exception's own text.
_WRAPPED: Final = re.compile(r"\[internal server error\]\s*(?=\S)", re.IGNORECASE)
_SPRING: Final = re.compile(
    rf"(?P<status>[45]\d\d)(?: {_PHRASE})?(?: on [A-Z]+ request for \"[^\"]*\")?\s?(?::\s*(?P<body>.*))?"
)
_EXCEPTION: Final = re.compile(
    r"response status code does not indicate success: (?P<status>[45]\d\d)\b.*", re.IGNORECASE
)
_NAMED: Final = re.compile(rf"(?P<name>{'|'.join(sorted(_NAMES, key=len, reverse=True))}): .*", re.IGNORECASE)
_FIELD: Final = re.compile(r'"(?:message|description|detail|title|error)"\s*:\s*"(?P<text>(?:[^"\\]|\\.)*)')
# How many answers within answers are unpacked.
_MAX_DEPTH: Final = 3


@dataclass(frozen=True)
class UpstreamError:
    """An error of Discord that a relay passed on; `meaning` is None where it is unknown.

    `unexplained_text` is what the meaning does not say, empty where it says everything.
    """

    meaning: DiscordErrorMeaning | None
    unexplained_text: str = ""


def parse_upstream_error(text: str) -> UpstreamError | None:
    """Parse a relay's reason as an error of Discord that it passed on; None where it is something else."""
    return _parse(text.strip(), _MAX_DEPTH)


def is_discord_refusal(text: str) -> bool:
    """Whether a reason is an error with which Discord refused a request; after others it may have taken it."""
    error = parse_upstream_error(text)
    return error is not None and error.meaning not in {None, _DOWN}


def _parse(text: str, depth: int) -> UpstreamError | None:
    text = _WRAPPED.sub("", text, count=1)
    for pattern, meaning in _KNOWN:
        if pattern.fullmatch(text):
            return UpstreamError(meaning)
    if is_web_page(text):
        return UpstreamError(None)
    if text.startswith("{") and (message := _extract_message(text)):
        return (_parse(message, depth - 1) if depth else None) or UpstreamError(None, message)
    if named := _NAMED.fullmatch(text):
        # The rest is what the relay had sent: ids and a session, which must not be shown.
        return UpstreamError(_explain_status(_NAMES[named["name"].lower()]))
    if found := _EXCEPTION.fullmatch(text):
        return UpstreamError(_explain_status(int(found["status"])))
    if found := _SPRING.fullmatch(text):
        return _parse_body(int(found["status"]), found["body"] or "", depth)
    return None


def is_web_page(text: str) -> bool:
    """Whether a reason is a web page, or part of one."""
    return text.lstrip("\ufeff \t\r\n[\"'").startswith("<")


def _parse_body(status: int, body: str, depth: int) -> UpstreamError:
    body = re.sub(r'^[\["]+|[\]"]+$', "", body.strip()).strip()
    if body.startswith("{"):
        body = _extract_message(body)
    # Spring writes "[no body]"; others repeat the name of the status.
    if not body or is_web_page(body) or _squeeze(body) in {"nobody", *_NAMES}:
        return UpstreamError(_explain_status(status))
    inner = _parse(body, depth - 1) if depth else None
    if inner is not None and inner.meaning is not None:
        return inner
    return UpstreamError(_explain_status(status), body)


def _explain_status(status: int) -> DiscordErrorMeaning:
    return _DOWN if status >= 500 or status == 408 else _STATUSES.get(status, _FORM)


def _extract_message(body: str) -> str:
    """Return the message of a JSON error, which may be cut off."""
    if re.search(r'"captcha_(?:key|sitekey|service)"', body):
        return "captcha"
    found = _FIELD.search(body)
    if found is None:
        return ""
    try:
        return str(json.loads(f'"{found["text"]}"')).strip()
    except ValueError:
        return found["text"].strip()
