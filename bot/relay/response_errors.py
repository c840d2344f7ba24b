"""Tell why an answer is no value: which leaf of our tree stands for what a relay said. Pure.

Relays differ in status, body and language for the same event; what each line stands for is read in new-api,
midjourney-proxy(-plus) and TrueAI's proxy. The content type is never believed: submits come as text/plain.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.errors import (
    ActionUnsupported,
    BalanceExhausted,
    KeyExpired,
    KeyLimited,
    KeyRefused,
    KeyUnknown,
    NoAccountAvailable,
    ParentBusy,
    ParentGone,
    ParentUnchangeable,
    PromptBanned,
    QueueFull,
    RelayBusy,
    RelayError,
    RelayUnreachable,
    SubmitOutcomeUnknown,
    SubmitRefused,
    UpstreamKeyRefused,
)
from bot.json_values import coerce_text, is_json_object
from bot.midjourney.submit_response import SubmitResponse
from bot.text_cleaning import sanitize_reason

# new-api speaks simplified or traditional Chinese, or English (its i18n/locales); one-hub and others have their own.
_EXHAUSTED = re.compile(
    r"额度|額度|余额|餘額|欠费|欠費|quota|\bbalance\b|exhausted|used up|"
    r"(?:insufficient|out of|no|not enough|run out of) (?:\w+ )?(?:credits?|funds?)\b"
)
_EXPIRED = re.compile(r"过期|過期|\bexpired\b")
_UNKNOWN_KEY = re.compile(
    r"(?:无效的?|無效的?)(?:令牌|密钥|密鑰)|(?:invalid|incorrect|unknown|wrong)[ _](?:api[ _]?)?key\b"
)
# The same text for a wrong, an expired and an exhausted key on new-api of 2026, a wrong one elsewhere.
_INVALID_TOKEN = re.compile(r"invalid (?:access )?token|token (?:is )?invalid")
# Other reasons for which a key is refused; these texts are clear, so the usage route need not be asked.
_OTHERWISE = re.compile(
    r"封禁|banned|blocked|禁用|停用|弃用|棄用|deprecated|disabled|[状狀][态態]不可用|status (?:is )?unavailable|"
    r"(?<![a-z])ips?(?![a-z])|分组|分組|\bgroup\b|渠道|管道|\bchannel\b|未提供|not provided|missing|"
    r"数据库|資料庫|database"
)
_OF_KEY = re.compile(
    r"令牌|密钥|密鑰|登录|登錄|登入|授权|授權|权限|權限|无权|無權|鉴权|鑑權|认证|認證|过期|過期|封禁|禁用|"
    r"\b(?:api[ _-]?)?keys?\b|tokens?\b|secret|auth|log[ _-]?in|sign[ _-]?in|log[ _-]?on|expired|credential|"
    r"forbidden|denied|permission|not allowed|account|session"
)
"""What else is said of a key, a log-in or an account that is not accepted."""
_LIMITED = re.compile(
    r"(?:(?:无权|無權|不允许|不允許).{0,8}(?:模型)|"
    r"(?:no|not have|lacks?) (?:access|permission)\b.{0,40}?\bmodels?\b|"
    r"(?:not (?:allowed|authori[sz]ed|permitted)|denied|cannot|may not)\b.{0,40}?\bmodels?\b|"
    r"\bmodels?\b.{0,60}?(?:not (?:allowed|authori[sz]ed|permitted)|forbidden|denied)\b)"
    r"\s?[:\uff1a]?\s?[`'\"]?(?P<model>[\w./-]*)"
)
_THIS_MODEL = re.compile(r"(?:该|此|這個|这个)模型|(?:this|that|the(?: requested)?) model\b")
_NO_ACCOUNT = ("无可用的账号", "账号不可用", "no available account", "account instance", "無可用的帳號", "帳號不可用")
_QUEUE_FULL = ("队列已满", "队列数已达上限", "并发数已达上限", "queue is full", "queue full", "佇列已滿")
_PARENT_BUSY = ("关联任务状态错误", "關聯任務狀態錯誤", "task_status_not_success")
_PARENT_GONE = (
    "task_not_found",
    "关联任务不存在",
    "已失效",
    "该任务所属渠道已被禁用",
    "該任務所屬管道已被禁用",
    "channel associated with this task has been disabled",
)
_PARENT_UNCHANGEABLE = ("关联任务不允许执行变化",)
_NO_CHANNEL = (
    "无可用渠道",
    "無可用管道",
    "無可用渠道",
    "no available channel",
    "no channel available",
    "get available channel",
    "可用渠道失败",
    "可用管道失敗",
    "model_not_found",
)
# new-api fails here with the upstream's acceptance in its hands: the job runs, and may be billed.
_AFTER_ACCEPTANCE = (
    "insert_midjourney_task_failed",
    "copy_response_body_failed",
    "close_response_body_failed",
    "billing_failed",
)
# new-api lost its upstream: it billed nothing, and works on nothing any more. Forks may bill it all the same.
_UPSTREAM_LOST = (
    "do_request_failed",
    "unmarshal_response_body_failed",
    "read_response_body_failed",
    "read_request_body_failed",
)
_MODEL_REFUSED = re.compile(r"(?:模型|model)\s*mj_")

# Somebody on the way stopped waiting, which tells nothing of what became of the submit.
_TIMEOUTS = frozenset({408, 499})
# Cloudflare could not even connect to the relay; 520, 522 and 524 leave open what arrived.
_NOT_DELIVERED = frozenset({521, 523, 525, 526, 530})


@dataclass(frozen=True)
class RelayResponse:
    """An HTTP answer as it came; `retry_after` in seconds where the relay said it.

    `secret` is the key that was sent, which no reason may repeat; `data` are the bytes, of which `text` may be the
    beginning.
    """

    status: int
    text: str
    retry_after: float | None = None
    secret: str = field(default="", repr=False)
    data: bytes = field(default=b"", repr=False)

    @property
    def is_success(self) -> bool:
        """Whether the status says that it went well."""
        return 200 <= self.status < 300

    @property
    def is_html(self) -> bool:
        """Whether the body is a page rather than an answer."""
        return self.text.lstrip("\ufeff \t\r\n").startswith("<")


@dataclass(frozen=True)
class RelayMessage:
    """What a body says, whatever its shape; `low` holds every word of it, for comparing.

    `own` tells that it has the shape of the relay's own errors, {"error": {"message": ...}}: what an upstream answers
    to a relay has another one.
    """

    reason: str
    lowercase: str
    code: int = 0
    is_relay_error: bool = False

    def contains_any(self, some: tuple[str, ...]) -> bool:
        """Whether it says one of these, which are in lower case."""
        return any(word in self.lowercase for word in some)


def decode_json(answer: RelayResponse) -> Any:  # noqa: ANN401 - JSON is what it is
    """Read the body as JSON, None where it is none."""
    try:
        return json.loads(answer.text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return None


def extract_message(answer: RelayResponse, body: object) -> RelayMessage:
    """Find what an answer, decoded as `body`, says in words."""
    if not is_json_object(body):
        said = "" if answer.is_html else coerce_text(body) or answer.text
        return RelayMessage(sanitize_reason(said, answer.secret) or f"HTTP {answer.status}", said[:2000].lower())
    error = body.get("error")
    told: Mapping[Any, Any] = error if is_json_object(error) else body
    fields = ("description", "message", "msg", "detail", "title", "error")
    said = next((text for name in fields if (text := coerce_text(told.get(name)).strip())), "")
    low = " ".join((said[:2000], coerce_text(told.get("code")), coerce_text(told.get("type")))).lower()
    own = is_json_object(error) and bool(coerce_text(error.get("message")).strip())
    reason = sanitize_reason(said, answer.secret) or f"HTTP {answer.status}"
    return RelayMessage(reason, low, SubmitResponse.model_validate(body).code, own)


def make_unreachable_error(answer: RelayResponse, words: RelayMessage) -> RelayError:
    """Make of a read's answer that it is none."""
    return RelayUnreachable(words.reason, retry_after=answer.retry_after)


def find_common_error(answer: RelayResponse, words: RelayMessage, *, forwarded: bool = False) -> RelayError | None:
    """Read what is said to reads and submits alike: about the key, the money, the load.

    `forwarded`: the relay forwards such a request to its upstream. A 401 or 403 is then about the relay's own secret,
    unless it has the shape of the relay's own errors, which come before it forwards.
    """
    # A page with 403 is a firewall's, which has not looked at the key.
    if answer.status in {401, 402, 403} and not (answer.status == 403 and answer.is_html):
        refusal = _of_key(answer, words)
        upstream = forwarded and not words.is_relay_error and not isinstance(refusal, BalanceExhausted)
        return UpstreamKeyRefused(words.reason) if upstream else refusal
    if answer.status == 429 or words.code == 30:
        return RelayBusy(words.reason, retry_after=answer.retry_after)
    return None


def _of_key(answer: RelayResponse, words: RelayMessage) -> RelayError:
    """Tell what is wrong with the key, as far as the words say it."""
    kind: type[RelayError] = KeyRefused
    if _LIMITED.search(words.reason.lower()):
        kind = KeyLimited
    elif answer.status == 402 or _EXHAUSTED.search(words.lowercase):
        kind = BalanceExhausted
    elif _EXPIRED.search(words.lowercase):
        kind = KeyExpired
    elif _UNKNOWN_KEY.search(words.lowercase) and not _OTHERWISE.search(words.lowercase):
        kind = KeyUnknown
    return kind(words.reason)


def is_ambiguous_key_error(refused: RelayError) -> bool:
    """Whether a refusal's words may stand for a wrong, an expired and an exhausted key alike."""
    return type(refused) in {KeyRefused, KeyUnknown} and not _OTHERWISE.search(refused.reason.lower())


def names_unknown_key(words: RelayMessage) -> bool:
    """Whether the words say that there is no such key, once it is known that they mean no expired or exhausted one."""
    return bool(_INVALID_TOKEN.search(words.lowercase) or _UNKNOWN_KEY.search(words.lowercase))


def may_reject_key(words: RelayMessage) -> bool:
    """Whether the words of a success may refuse the key all the same: {"success": false, "message": "未登录"}."""
    return words.code in {401, 402, 403} or bool(_OF_KEY.search(words.lowercase) or _EXHAUSTED.search(words.lowercase))


def may_be_wrong_header(answer: RelayResponse) -> bool:
    """Whether a read may have been refused because the key came in the wrong header.

    TrueAI's proxy answers 403 in plain text where it looks at an Authorization that it cannot read.
    """
    if answer.status != 403 or answer.is_html:
        return answer.status == 401
    return not extract_message(answer, decode_json(answer)).is_relay_error


def find_missing_path_error(answer: RelayResponse, words: RelayMessage) -> RelayError | None:
    """Read that the relay lacks the path that was asked."""
    # new-api answers a path that it lacks with its web console: HTTP 200, or 301 with a separate frontend.
    if 300 <= answer.status < 400 or answer.status in {404, 405} or (answer.is_success and answer.is_html):
        return ActionUnsupported(words.reason, lasting=True)
    return None


def _names_model(words: RelayMessage) -> bool:
    """Whether a submit is refused for the model that it asks for: without one it is the key that is limited."""
    said = words.reason.lower()
    limited = _LIMITED.search(said)
    return bool(_MODEL_REFUSED.search(said) or (limited and (limited["model"] or _THIS_MODEL.search(said))))


def find_gateway_error(answer: RelayResponse, words: RelayMessage) -> RelayError | None:
    """Read what stands before Midjourney: new-api's middleware, a web server, a firewall."""
    if answer.status in {401, 403} and _names_model(words):
        return ActionUnsupported(words.reason, lasting=True)
    if words.contains_any(_NO_CHANNEL) and (
        answer.status == 503 or (words.is_relay_error and answer.status not in {200, 429})
    ):
        return ActionUnsupported(words.reason, lasting=False)
    if refusal := find_common_error(answer, words, forwarded=True):
        return refusal
    # Its parser of customIds panics, and only that panic is known to come before anything is sent.
    if "unknown_action" in words.lowercase or (
        "panic detected" in words.lowercase and "index out of range" in words.lowercase
    ):
        return ActionUnsupported(words.reason, lasting=True)
    # new-api's middleware, under that name, stands before the relaying; what comes after is an upstream_error.
    stopped_before = answer.status >= 500 and "new_api_error" in words.lowercase
    if stopped_before or answer.status in _NOT_DELIVERED or (answer.status == 403 and answer.is_html):
        return make_unreachable_error(answer, words)
    return find_missing_path_error(answer, words)


def classify_by_status(answer: RelayResponse, words: RelayMessage) -> RelayError:
    """Judge by the status alone: half a JSON may have been new-api's code 5, which is HTTP 400."""
    half = answer.text.lstrip().startswith("{") and decode_json(answer) is None
    if 400 <= answer.status < 500 and answer.status not in _TIMEOUTS and not half:
        return SubmitRefused(0, words.reason)
    return SubmitOutcomeUnknown(words.reason)


def _no_room(answer: RelayResponse, words: RelayMessage, told: SubmitResponse) -> RelayError | None:
    if not words.contains_any(_NO_ACCOUNT) and (told.code == 23 or words.contains_any(_QUEUE_FULL)):
        # With an id something may have come to be, so it is not sent again by itself.
        kind = RelayBusy if told.result else QueueFull
        return kind(words.reason, retry_after=answer.retry_after)
    return NoAccountAvailable(words.reason, retry_after=answer.retry_after) if words.contains_any(_NO_ACCOUNT) else None


def _of_parent(words: RelayMessage) -> RelayError | None:
    if words.contains_any(_PARENT_BUSY):
        return ParentBusy(words.reason)
    if words.contains_any(_PARENT_GONE):
        return ParentGone(words.reason)
    return ParentUnchangeable(words.reason) if words.contains_any(_PARENT_UNCHANGEABLE) else None


def classify_submit_error(
    answer: RelayResponse, words: RelayMessage, told: SubmitResponse, *, claims_success: bool
) -> RelayError:
    """Read a proxy's {code, description} (or TrueAI's {success, code, message})."""
    turned_away = answer.status in {401, 402, 403, 429}
    if (told.code in {1, 21, 22} and not turned_away) or words.contains_any(_AFTER_ACCEPTANCE):
        # Accepted, and billed, but where it went is not known.
        return SubmitOutcomeUnknown(words.reason, accepted=True)
    if told.code == 5 and not turned_away:
        # The gateway asked upstream and lost the answer. A proxy on the way, behind which the relay may still be
        # working, answers with a status or with words of its own.
        return SubmitOutcomeUnknown(words.reason, answered=answer.status == 400 and words.contains_any(_UPSTREAM_LOST))
    if told.code == 24:
        return PromptBanned(told.properties.banned_word, words.reason)
    if "quota_not_enough" in words.lowercase:
        return BalanceExhausted(words.reason)
    if refusal := _of_parent(words) or _no_room(answer, words, told):
        return refusal
    if told.code == 3:
        return ParentGone(words.reason)
    if refusal := find_gateway_error(answer, words):
        return refusal
    known = told.code in {4, 9}
    if answer.status >= 500 or answer.status in _TIMEOUTS or claims_success or (told.result and not known):
        return SubmitOutcomeUnknown(words.reason)
    return SubmitRefused(told.code, words.reason)
