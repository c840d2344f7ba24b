"""Choose the error for a response that holds no value; `submit_errors` does so for submits. Pure.

Relays differ in status, body and language for the same event. The patterns come from the source code of new-api,
midjourney-proxy(-plus) and TrueAI's proxy. A `find_` function returns None if the response is not its case.
"""

import re

from bot.errors import (
    ActionUnsupported,
    BalanceExhausted,
    KeyExpired,
    KeyLimited,
    KeyRefused,
    KeyUnknown,
    RelayBusy,
    RelayError,
    RelayUnreachable,
    UpstreamKeyRefused,
)
from bot.relay.responses.missing_paths import find_missing_path_error
from bot.relay.responses.redirects import classify_read_redirect
from bot.relay.responses.relay_response import RelayMessage, RelayResponse, decode_json, extract_message

# new-api speaks simplified or traditional Chinese, or English (its i18n/locales); one-hub and others have their own.
_EXHAUSTED = re.compile(
    r"额度|額度|余额|餘額|欠费|欠費|quota|\bbalance\b|exhausted|used up|"
    r"(?:insufficient|out of|no|not enough|run out of) (?:\w+ )?(?:credits?|funds?)\b"
)
_EXPIRED = re.compile(r"过期|過期|\bexpired\b")
_UNKNOWN_KEY = re.compile(
    r"(?:无效的?|無效的?)(?:令牌|密钥|密鑰)|(?:invalid|incorrect|unknown|wrong)[ _](?:api[ _]?)?key\b"
)
# new-api of 2026 says this of unknown, expired and exhausted keys alike; other relays only of unknown ones.
_INVALID_TOKEN = re.compile(r"invalid (?:access )?token|token (?:is )?invalid")
# Other reasons for which a key is refused. These texts are clear, so the usage route need not be asked.
_OTHER_KEY_REASONS = re.compile(
    r"封禁|banned|blocked|禁用|停用|弃用|棄用|deprecated|disabled|[状狀][态態]不可用|status (?:is )?unavailable|"
    r"(?<![a-z])ips?(?![a-z])|分组|分組|\bgroup\b|渠道|管道|\bchannel\b|未提供|not provided|missing|"
    r"数据库|資料庫|database"
)
_KEY_OR_LOGIN = re.compile(
    r"令牌|密钥|密鑰|登录|登錄|登入|授权|授權|权限|權限|无权|無權|鉴权|鑑權|认证|認證|过期|過期|封禁|禁用|"
    r"\b(?:api[ _-]?)?keys?\b|tokens?\b|secret|auth|log[ _-]?in|sign[ _-]?in|log[ _-]?on|expired|credential|"
    r"forbidden|denied|permission|not allowed|account|session"
)
"""Further words for a key, a login or an account that is not accepted."""
_LIMITED_TO_MODELS = re.compile(
    r"(?:(?:无权|無權|不允许|不允許).{0,8}(?:模型)|"
    r"(?:no|not have|lacks?) (?:access|permission)\b.{0,40}?\bmodels?\b|"
    r"(?:not (?:allowed|authori[sz]ed|permitted)|denied|cannot|may not)\b.{0,40}?\bmodels?\b|"
    r"\bmodels?\b.{0,60}?(?:not (?:allowed|authori[sz]ed|permitted)|forbidden|denied)\b)"
    r"\s?[:\uff1a]?\s?[`'\"]?(?P<model>[\w./-]*)"
)
_THIS_MODEL = re.compile(r"(?:该|此|這個|这个)模型|(?:this|that|the(?: requested)?) model\b")
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
_MIDDLEWARE = re.compile(r"overload|过载|過載|负载过高|負載過高|rate_limit_check_failed")
_MODEL_REFUSED = re.compile(r"(?:模型|model)\s*mj_")
# Cloudflare could not connect to the relay. After 520, 522 and 524 the request may have arrived.
_NOT_DELIVERED = frozenset({521, 523, 525, 526, 530})


def make_unreachable_error(response: RelayResponse, message: RelayMessage) -> RelayError:
    """Return the error for a read whose response holds no usable answer."""
    no_route = response.status in {404, 405}
    return RelayUnreachable(message.reason, retry_after=response.retry_after, no_route=no_route)


def find_common_error(response: RelayResponse, message: RelayMessage, *, forwarded: bool = False) -> RelayError | None:
    """Return the error that both reads and submits may meet: about the key, the balance, the load or the address.

    `forwarded` says that the relay forwards such a request to its upstream. A 401 or 403 is then about the relay's own
    secret, unless the body has the shape of the relay's own errors, which come before it forwards.
    """
    if response.is_redirect:
        return classify_read_redirect(response)
    # A web page with 403 comes from a firewall, which has not looked at the key.
    if response.status in {401, 402, 403} and not (response.status == 403 and response.is_html):
        refusal = _classify_key_error(response, message)
        is_upstream = forwarded and not message.is_relay_error and not isinstance(refusal, BalanceExhausted)
        return UpstreamKeyRefused(message.reason) if is_upstream else refusal
    if response.status == 429 or message.code == 30:
        return RelayBusy(message.reason, retry_after=response.retry_after)
    return None


def _classify_key_error(response: RelayResponse, message: RelayMessage) -> RelayError:
    """Return the most precise error about the key that the message supports."""
    kind: type[RelayError] = KeyRefused
    if _LIMITED_TO_MODELS.search(message.reason.lower()):
        kind = KeyLimited
    elif response.status == 402 or _EXHAUSTED.search(message.lowercase):
        kind = BalanceExhausted
    elif _EXPIRED.search(message.lowercase):
        kind = KeyExpired
    elif _UNKNOWN_KEY.search(message.lowercase) and not _OTHER_KEY_REASONS.search(message.lowercase):
        kind = KeyUnknown
    return kind(message.reason)


def is_ambiguous_key_error(refusal: RelayError) -> bool:
    """Whether the reason of a refusal may mean an unknown, an expired or an exhausted key."""
    return type(refusal) in {KeyRefused, KeyUnknown} and not _OTHER_KEY_REASONS.search(refusal.reason.lower())


def names_unknown_key(message: RelayMessage) -> bool:
    """Whether the message means an unknown key, given that the key is neither expired nor exhausted."""
    return bool(_INVALID_TOKEN.search(message.lowercase) or _UNKNOWN_KEY.search(message.lowercase))


def may_reject_key(message: RelayMessage) -> bool:
    """Whether the message of a 2xx response may refuse the key: {"success": false, "message": "未登录"}."""
    words = message.lowercase
    return message.code in {401, 402, 403} or bool(_KEY_OR_LOGIN.search(words) or _EXHAUSTED.search(words))


def may_be_wrong_header(response: RelayResponse) -> bool:
    """Whether a read may have been refused because the key came in the wrong header.

    TrueAI's proxy answers 403 in plain text if it cannot read the Authorization header.
    """
    if response.status != 403 or response.is_html:
        return response.status == 401
    return not extract_message(response, decode_json(response)).is_relay_error


def _names_refused_model(message: RelayMessage) -> bool:
    """Whether a submit is refused for its model; a refusal without a model's name means that the key is limited."""
    words = message.reason.lower()
    limited = _LIMITED_TO_MODELS.search(words)
    return bool(_MODEL_REFUSED.search(words) or (limited and (limited["model"] or _THIS_MODEL.search(words))))


def find_gateway_error(response: RelayResponse, message: RelayMessage) -> RelayError | None:
    """Return the error of what stands before Midjourney: new-api's middleware, a web server, a firewall."""
    if response.status in {401, 403} and _names_refused_model(message):
        return ActionUnsupported(message.reason, lasting=True)
    is_channel_error = response.status == 503 or (message.is_relay_error and response.status not in {200, 429})
    if is_channel_error and message.contains_any(_NO_CHANNEL):
        return ActionUnsupported(message.reason, lasting=False)
    if refusal := find_common_error(response, message, forwarded=True):
        return refusal
    # new-api's parser of customIds panics. Only that panic is known to happen before anything is sent.
    words = message.lowercase
    is_parser_panic = response.is_action and "panic detected" in words and "index out of range" in words
    if "unknown_action" in words or is_parser_panic:
        return ActionUnsupported(message.reason, lasting=True)
    # new-api's middleware runs before relaying. In forks, later errors have its name, new_api_error, too.
    is_middleware = response.status >= 500 and message.is_relay_error and bool(_MIDDLEWARE.search(words))
    if is_middleware or response.status in _NOT_DELIVERED or (response.status == 403 and response.is_html):
        return make_unreachable_error(response, message)
    return find_missing_path_error(response, message)


def classify_read_error(response: RelayResponse, body: object) -> RelayError:
    """Classify the response to a read that the relay answers itself, whose JSON is `body`."""
    message = extract_message(response, body)
    return (
        find_common_error(response, message)
        or find_missing_path_error(response, message)
        or make_unreachable_error(response, message)
    )
