"""Choose the error for a response to a submit that is no acceptance. Pure.

A submit is refused only where that is known: by an error that is reported before the relay forwards the request, or by
a refusal of the Midjourney proxy behind it, with no sign of success, no id of a task and no doubtful word. Everything
else is unknown, and then the relay's log decides.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from bot.errors import (
    BalanceExhausted,
    NoAccountAvailable,
    ParentBusy,
    ParentGone,
    ParentUnchangeable,
    PromptBanned,
    QueueFull,
    RelayError,
    SubmitOutcomeUnknown,
    SubmitRefused,
)
from bot.json_values import coerce_text, is_json_array, is_json_object
from bot.midjourney.reasons.upstream_errors import is_discord_refusal
from bot.midjourney.submit_response import ACCEPTED_CODES, SubmitResponse
from bot.relay.responses.relay_response import RelayMessage, RelayResponse, extract_message
from bot.relay.responses.response_errors import find_gateway_error
from bot.relay.responses.submit_words import (
    AFTER_FORWARDING,
    BALANCE,
    BEFORE_FORWARDING,
    ERROR_NAME,
    FAILED_STEP,
    FIRST_BEFORE_FORWARDING,
    LOST,
    NO_ACCOUNT,
    PARENT_BUSY,
    PARENT_GONE,
    PARENT_UNCHANGEABLE,
    PARSER_PANIC,
    PROXY_REFUSALS,
    QUEUE_FULL,
    REFUSING,
    TAKEN,
    UNKNOWN_TO_KEY,
    UPSTREAM_LOST,
    fold_words,
    remove_known_refusals,
)

# Where relays say what happened. The type is left out, because new-api calls each of its errors upstream_error.
_TEXTS: Final = ("description", "message", "msg", "detail", "title", "error", "reason", "failReason", "status", "code")
_MAX_WORDS: Final = 2000
_REFUSAL_CODES: Final = frozenset({3, 4, 9, 23, 24, 30})
"""The codes with which midjourney-proxy and new-api refuse a submit, if their words do not say something else."""
_TURNED_AWAY: Final = frozenset({401, 402, 403, 429})
"""Statuses, and codes after them, that refuse the sender of a request, and not the request."""
_SUCCESS_CODES: Final = frozenset({"0", "200", "201", "202", "ok", "success", "true"})
"""What relays write as a code or status of success, beside HTTP 2xx."""
# Names of fields without separators, in lower case.
_SUCCESS_FIELDS: Final = ("success", "ok", "succeed", "succeeded", "issuccess", "issucceed", "successful", "accepted")
_FAILURE_FIELDS: Final = (
    "error", "errors", "err", "errno", "errcode", "errorcode", "errormessage", "failed", "failure", "isfailed",
    "iserror", "haserror", "rejected", "failreason",
)  # fmt: skip
_OUTCOME_FIELDS: Final = (
    "status", "state", "code", "result", "outcome", "taskstatus", "statuscode", "ret", "retcode", "resultcode",
)  # fmt: skip
_MESSAGE_FIELDS: Final = ("message", "msg", "description", "errmsg")
_WRAPPERS: Final = ("data", "result", "output", "response", "task")
_MAX_WRAPPERS: Final = 2
_MAX_ITEMS: Final = 20
_MAX_STATUS: Final = 60
_SEPARATOR: Final = re.compile(r"[_\W]")
_NEGATIONS: Final = frozenset({"false", "0", "no", "n", "f", "fail", "failed", "failure", "error"})
"""What a field of success holds after a failure."""
_NO_FAILURE: Final = frozenset({"", "false", "0", "no", "none", "null", "nil", "undefined", "ok", "success", "200"})
"""What a field of failure holds after a success."""
_FAILURE: Final = re.compile(
    r"fail|failed|failure|err(?:or)?s?\b|reject(?:ed)?|refused?|denied|declined|abort(?:ed)?|invalid|forbidden|unauthorized"
    r"|exception|失败|失敗|错误|錯誤|拒绝|拒絕|驳回|异常|異常|出错"
)
_DENIED_FAILURE: Final = re.compile(r"(?:no|not|non|without|0)[\W_]|无|未|没有")
_FAILURE_NUMBER: Final = re.compile(r"-\d{1,9}|[45]\d\d")
_REFUSED_STATUSES: Final = frozenset(
    {400, *range(406, 408), *range(410, 418), 421, 422, 425, 426, 428, 431, 451, *range(494, 498)}
)
"""Statuses that refuse a request without words. Others may come from a server that no longer waits for the relay."""


def classify_submit_error(response: RelayResponse, body: object, submit: SubmitResponse) -> RelayError:
    """Choose the error for a response that does not clearly accept a submit: `body` is its JSON, parsed as `submit`."""
    answer = _Answer(response, body, submit)
    return (
        answer.find_acceptance()
        or answer.find_doubt()
        or answer.find_precise_refusal()
        or find_gateway_error(response, answer.message)
        or answer.classify_by_code_and_status()
    )


def says_failure(body: object, depth: int = _MAX_WRAPPERS) -> bool:
    """Whether a field of an answer, or of what it wraps, says that the submit failed."""
    if is_json_array(body):
        return depth > 0 and any(says_failure(item, depth - 1) for item in body[:_MAX_ITEMS])
    if not is_json_object(body):
        return False
    fields = {_SEPARATOR.sub("", str(name)).lower(): value for name, value in body.items()}
    if _has_failure_field(fields):
        return True
    return depth > 0 and any(says_failure(fields.get(name), depth - 1) for name in _WRAPPERS)


def _has_failure_field(fields: Mapping[str, object]) -> bool:
    return (
        any(_fold_value(fields.get(name, True)) in _NEGATIONS for name in _SUCCESS_FIELDS)
        or any(_fold_value(fields.get(name)) not in _NO_FAILURE for name in _FAILURE_FIELDS)
        or any(_names_failure(fields.get(name)) for name in _OUTCOME_FIELDS)
        or any(_FAILURE.fullmatch(_fold_value(fields.get(name))) for name in _MESSAGE_FIELDS)
    )


def _names_failure(value: object) -> bool:
    """Whether a code or status is a word of failure, a negative number or an HTTP status of an error."""
    text = _fold_value(value)
    is_word = len(text) <= _MAX_STATUS and _FAILURE.search(text) is not None and not _DENIED_FAILURE.match(text)
    return is_word or text == "false" or _FAILURE_NUMBER.fullmatch(text) is not None


def _fold_value(value: object) -> str:
    """Return a value in lower case; a filled array or object as "filled", and an empty one or null as ""."""
    return str(value).strip(" .!").lower() if _is_scalar(value) else "filled" if value else ""


@dataclass(frozen=True)
class _Answer:
    """A response to a submit, with what its words say."""

    response: RelayResponse
    body: object
    submit: SubmitResponse

    @cached_property
    def message(self) -> RelayMessage:
        return extract_message(self.response, self.body)

    @cached_property
    def fields(self) -> Mapping[Any, Any]:
        """The body, empty if it is no object."""
        return self.body if is_json_object(self.body) else {}

    @cached_property
    def words(self) -> str:
        """All that the relay says, folded; a web page says nothing about a submit."""
        return fold_words(" ".join(filter(None, self._texts)))

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        if not is_json_object(self.body):
            return () if self.response.is_html else (self.message.lowercase,)
        sources = filter(is_json_object, (self.body, self.body.get("error"), self.body.get("data")))
        return tuple(coerce_text(source.get(name))[:_MAX_WORDS] for source in sources for name in _TEXTS)

    @cached_property
    def unexplained_words(self) -> str:
        """The words without the known refusals."""
        return remove_known_refusals(self.words)

    @cached_property
    def failed_before_forwarding(self) -> bool:
        """Whether an error begins with the name of a step before forwarding; the rest is why that step failed."""
        is_named = any(FIRST_BEFORE_FORWARDING.match(fold_words(text)) for text in self._texts)
        return is_named and not self.submit.result and not self.has_success_sign

    @cached_property
    def is_doubtful(self) -> bool:
        """Whether the words may be those of a relay that took the request."""
        if self.failed_before_forwarding:
            return False
        is_lost = not self.is_turned_away and LOST.search(self.unexplained_words)
        return bool(is_lost or TAKEN.search(self.unexplained_words))

    @cached_property
    def has_success_sign(self) -> bool:
        """Whether a field or the status says that the request succeeded, whatever the words say."""
        fields = {name.lower(): str(value).lower() for name, value in self.fields.items() if _is_scalar(value)}
        if self.submit.code in ACCEPTED_CODES or fields.get("success") == "true":
            return True
        codes = {fields.get(name, "") for name in ("code", "ret", "errno", "status")}
        return self.response.is_success and (self.response.status != 200 or not codes.isdisjoint(_SUCCESS_CODES))

    @property
    def is_half_json(self) -> bool:
        """Whether the body begins like a JSON object and is none: half of one may be new-api's code 5."""
        return self.response.starts_with("{") and not is_json_object(self.body)

    @property
    def is_turned_away(self) -> bool:
        return self.response.status in _TURNED_AWAY or self.message.code == 30

    def find_acceptance(self) -> RelayError | None:
        """Return the error for a response that says that the request was accepted, or at least forwarded."""
        reason, code = self.message.reason, self.submit.code
        if AFTER_FORWARDING.search(self.unexplained_words):
            return SubmitOutcomeUnknown(reason, accepted=True)
        if code in ACCEPTED_CODES:
            # A sender who is turned away with such a code may have been accepted or not.
            return SubmitOutcomeUnknown(reason, accepted=bool(self.submit.result) or not self.is_turned_away)
        is_lost = UPSTREAM_LOST.search(self.unexplained_words) is not None
        if is_lost or code == 5:
            # If a proxy on the way lost the answer, the relay may still be working; such a proxy responds with another
            # status or with words of its own.
            return SubmitOutcomeUnknown(reason, answered=is_lost and code == 5 and self.response.status == 400)
        return None

    def find_doubt(self) -> RelayError | None:
        """Return the error for a response whose words, fields or missing end may mean that the relay took the request.

        An id beside the code of a refusal is not followed: the relay's documents show ids of tasks that it deleted.
        """
        is_before = BEFORE_FORWARDING.search(self.words) or self._is_parser_panic
        is_cut = self.is_half_json and not is_before and not self.is_turned_away
        if self.is_doubtful or self.has_success_sign or is_cut or self.response.has_tail:
            return SubmitOutcomeUnknown(self.message.reason)
        if self.submit.result:
            return SubmitOutcomeUnknown(self.message.reason, answered=self.submit.code in _REFUSAL_CODES)
        return None

    @property
    def _is_parser_panic(self) -> bool:
        return self.response.is_action and PARSER_PANIC.search(self.words) is not None

    def find_precise_refusal(self) -> RelayError | None:
        """Return the error of its own for a {code, description} of a proxy, or TrueAI's {success, message}."""
        reason, words = self.message.reason, self.words
        if not self.fields or self.response.status >= 500:
            return None
        if self.submit.code == 24:
            return PromptBanned(reason, word=self.submit.properties.banned_word)
        if BALANCE.search(words):
            return BalanceExhausted(reason)
        if PARENT_BUSY.search(words):
            return ParentBusy(reason)
        if PARENT_GONE.search(words):
            return ParentGone(reason, unknown_to_key=UNKNOWN_TO_KEY.search(words) is not None)
        if PARENT_UNCHANGEABLE.search(words):
            return ParentUnchangeable(reason)
        return self._find_capacity_error() or (ParentGone(reason) if self.submit.code == 3 else None)

    def _find_capacity_error(self) -> RelayError | None:
        reason, retry_after = self.message.reason, self.response.retry_after
        if NO_ACCOUNT.search(self.words):
            return NoAccountAvailable(reason, retry_after=retry_after)
        if self.submit.code == 23 or QUEUE_FULL.search(self.words):
            return QueueFull(reason, retry_after=retry_after)
        return None

    def classify_by_code_and_status(self) -> RelayError:
        """Return the error for a response without a doubtful word, and without an error of its own."""
        is_refused = self._is_refused_by_code if self.fields else self.response.status in _REFUSED_STATUSES
        if is_refused:
            return SubmitRefused(self.message.reason, code=self.submit.code)
        is_failure = self.response.status == 200 and (self.submit.code in {4, 9} or self._has_failed)
        return SubmitOutcomeUnknown(self.message.reason, answered=is_failure)

    @property
    def _has_failed(self) -> bool:
        return self.fields.get("success") is False

    @property
    def _is_refused_by_code(self) -> bool:
        if BEFORE_FORWARDING.search(self.words):
            return True
        # A name that is in no list: a fork may report that error after it has forwarded the request.
        has_unknown_name = ERROR_NAME.fullmatch(self.message.reason.lower()) or FAILED_STEP.search(self.words)
        if self.response.status >= 500 or has_unknown_name:
            return False
        if PROXY_REFUSALS.search(self.words):
            return True
        if not self.response.is_success:
            # new-api answers 400 to everything, also after it has forwarded the request.
            return self.response.status in _REFUSED_STATUSES and "upstream_error" not in self.message.lowercase
        if self.submit.code in _TURNED_AWAY:
            return True
        return (self.submit.code in {4, 9} or self._has_failed) and self._has_refusing_words

    @property
    def _has_refusing_words(self) -> bool:
        """Whether the words beside a code of failure refuse the request; unknown ones may report what came later."""
        return REFUSING.search(self.words) is not None or is_discord_refusal(self.message.reason)


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float)
