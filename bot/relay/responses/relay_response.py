"""One HTTP response of the relay as received, and the message in its body. Pure.

The content type is never believed: responses to submits come as text/plain.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bot.json_values import coerce_text, is_json_object
from bot.midjourney.submit_response import SubmitResponse
from bot.relay.responses.broken_json import decode_parts
from bot.text_cleaning import sanitize_reason

_LEADING_BLANKS: Final = "\ufeff \t\r\n"
_MAX_TEXT: Final = 2000
_MAX_EXACT: Final = 2**53


@dataclass(frozen=True)
class RelayResponse:
    """Status and body of a response; `retry_after` in seconds if the relay named it.

    `secret` is the key that was sent; no error may repeat it. `path` was requested below `base_url`, and `location` is
    where a redirect leads. `path_has_worked` says that the relay has answered that path in JSON before.
    `request_id` is the relay's name for the request, empty where it gave none.
    """

    status: int
    text: str
    retry_after: float | None = None
    secret: str = field(default="", repr=False)
    base_url: str = ""
    path: str = ""
    location: str = ""
    request_id: str = ""
    path_has_worked: bool = False
    has_tail: bool = False
    """Whether more than the JSON in `text` was received: what a server wrote after the relay's answer."""

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def is_redirect(self) -> bool:
        """Whether the status is 3xx."""
        return 300 <= self.status < 400

    @property
    def is_action(self) -> bool:
        """Whether it answers a submit of a customId, at any speed."""
        return self.path.endswith("/submit/action")

    @property
    def is_html(self) -> bool:
        """Whether the body is a web page."""
        return self.starts_with("<")

    def starts_with(self, prefix: str | tuple[str, ...]) -> bool:
        """Whether the body starts with `prefix`, or one of them, after blanks and a byte order mark."""
        return self.text.lstrip(_LEADING_BLANKS).startswith(prefix)


@dataclass(frozen=True)
class RelayMessage:
    """The message in a body of any shape.

    `reason` may be shown to people. `lowercase` holds message, code and type in lower case, for comparisons; `code` is
    the relay's number. `is_relay_error` says that the body has the shape of the relay's own errors,
    {"error": {"message": ...}}: errors of the upstream, which the relay passes on, have another shape.
    """

    reason: str
    lowercase: str
    code: int = 0
    is_relay_error: bool = False

    def contains_any(self, words: tuple[str, ...]) -> bool:
        """Whether the message contains one of these lower-case words."""
        return any(word in self.lowercase for word in words)


def decode_json(response: RelayResponse, *, parse_float: Callable[[str], float] = float) -> Any:  # noqa: ANN401 - JSON may be anything
    """Decode the body as JSON; None if it is not JSON."""
    try:
        return json.loads(response.text.lstrip("\ufeff"), parse_float=parse_float)
    except (ValueError, RecursionError):
        return None


def decode_rows(response: RelayResponse) -> Any:  # noqa: ANN401 - JSON may be anything
    """Decode the answer to a fetch or a list, without what is broken in it; None if nothing can be decoded."""
    body = decode_json(response)
    return decode_parts(response.text) if body is None and response.is_success else body


def parse_exact_number(text: str) -> float:
    """Parse a number of JSON; a whole one stays whole if all of its digits were sent: `1.754300000999002e15`.

    Beyond 2 ** 53 the relay's own number may have lost digits, and one such as `1.7543e15` may have been rounded.
    """
    number = float(text)
    if not number.is_integer() or abs(number) > _MAX_EXACT:
        return number
    digits = re.sub(r"\D", "", text.lower().partition("e")[0]).lstrip("0")
    return int(number) if len(digits) >= len(str(abs(int(number)))) else number


def extract_message(response: RelayResponse, body: object) -> RelayMessage:
    """Extract the message from a response whose JSON is `body`."""
    fallback = f"HTTP {response.status}"
    if not is_json_object(body):
        text = "" if response.is_html else coerce_text(body) or response.text
        return RelayMessage(sanitize_reason(text, response.secret) or fallback, text[:_MAX_TEXT].lower())
    error = body.get("error")
    source: Mapping[Any, Any] = error if is_json_object(error) else body
    fields = ("description", "message", "msg", "detail", "title", "error")
    text = next((found for name in fields if (found := coerce_text(source.get(name)).strip())), "")
    parts = (text[:_MAX_TEXT], coerce_text(source.get("code")), coerce_text(source.get("type")))
    return RelayMessage(
        sanitize_reason(text, response.secret) or fallback,
        " ".join(parts).lower(),
        SubmitResponse.model_validate(body).code,
        is_json_object(error) and bool(coerce_text(error.get("message")).strip()),
    )
