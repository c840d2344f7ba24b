"""What is wrong with a key that the relay refuses, and the cure: the one place for both. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.errors import (
    BalanceExhausted,
    KeyExpired,
    KeyLimited,
    KeyRefused,
    KeyUnknown,
    RelayError,
    RelayUnreachable,
)
from bot.languages import N_
from bot.midjourney.reasons.refusal_reasons import translate_known_refusal, translate_refusal


@dataclass(frozen=True)
class KeyAdvice:
    """What is wrong with a key: `problem` is a clause for operators, which names the setting.

    `cure` is an infinitive phrase that completes "The operator of this bot has to ..."; `details` follows it where
    only operators read. `problem` and `cure` are marked, and translated where members read them.
    """

    problem: str
    cure: str
    details: str = ""


_LIMITED: Final = KeyAdvice(
    N_("MJ_API_KEY is limited to some models, so the relay won't let it read tasks"),
    N_("remove the model limits of the key in the relay's console"),
)
_EXPIRED: Final = KeyAdvice(
    N_("MJ_API_KEY has expired"),
    N_("renew the key in the relay's console, or make a new one"),
)
_UNKNOWN: Final = KeyAdvice(
    N_("the relay does not know MJ_API_KEY"),
    N_("copy MJ_API_KEY again from the relay's console"),
)
_REFUSED: Final = KeyAdvice(
    N_("the relay refuses MJ_API_KEY"),
    N_("copy MJ_API_KEY again from the relay's console"),
    " (for a midjourney-proxy, its mj.api-secret), and check there whether the key is switched on",
)
_NO_BALANCE: Final = KeyAdvice(
    N_("the balance of MJ_API_KEY is used up"),
    N_("top it up at the relay"),
)
_NO_QUOTA: Final = KeyAdvice(
    N_("the quota of MJ_API_KEY is used up"),
    N_("raise the key's quota in the relay's console, or make it unlimited"),
)
_DISABLED: Final = KeyAdvice(
    N_("MJ_API_KEY is switched off at the relay"),
    N_("switch the key on in the relay's console, or make a new one"),
)
_BANNED: Final = KeyAdvice(
    N_("the relay has banned the account of MJ_API_KEY"),
    N_("ask the relay's support about the account"),
    ": another key of the same account won't help",
)
_ADDRESS: Final = KeyAdvice(
    N_("the relay does not accept MJ_API_KEY from this machine's IP address"),
    N_("add that address to those that the key allows in the relay's console, or remove that limit"),
)
_GROUP: Final = KeyAdvice(
    N_("the group of MJ_API_KEY is not available at the relay"),
    N_("choose another group for the key in the relay's console"),
)
_NO_CHANNEL: Final = KeyAdvice(
    N_("the group of MJ_API_KEY has no channel that can draw"),
    N_("choose another group for the key in the relay's console"),
    ", or ask the relay's support which group has Midjourney",
)
_NOT_SENT: Final = KeyAdvice(
    N_("the relay got no key"),
    N_("check whether MJ_API_URL is the relay itself"),
    ", or a proxy before it that removes the header Authorization",
)
_DATABASE: Final = KeyAdvice(
    N_("the relay's own database has a problem, so it can't check MJ_API_KEY"),
    N_("wait, and tell the relay's support if it lasts"),
)

_BY_TYPE: Final[Mapping[type[RelayError], KeyAdvice]] = {
    KeyLimited: _LIMITED,
    KeyExpired: _EXPIRED,
    KeyUnknown: _UNKNOWN,
    KeyRefused: _REFUSED,
    BalanceExhausted: _NO_BALANCE,
}
"""The advice for each error of the key; the errors that are not in it are not about the key."""

# In English, simplified and traditional Chinese, in lower case. The first that matches counts.
_CHANNELS: Final = re.compile(
    r"(?:无可用|無可用)(?:渠道|管道)|可用(?:渠道|管道)失[败敗]|no (?:available channel|channel available)|"
    r"get available channel|available channels? for model"
)
_BY_REASON: Final[tuple[tuple[re.Pattern[str], KeyAdvice], ...]] = (
    (_CHANNELS, _NO_CHANNEL),
    (re.compile(r"数据库|資料庫|database"), _DATABASE),
    (re.compile(r"(?<![a-z])ips?(?![a-z])|白名单|白名單|whitelist|allowlist"), _ADDRESS),
    (re.compile(r"分组|分組|\bgroup\b"), _GROUP),
    (
        re.compile(
            r"(?:用户|使用者|账[号户]|帳[號戶]|帐[号户])\w{0,6}(?:封禁|禁用|停用|冻结|凍結|注销)|"
            r"\b(?:user|account)\b.{0,16}\b(?:banned|blocked|suspended|disabled|deactivated|frozen|deleted)\b"
        ),
        _BANNED,
    ),
    (
        re.compile(r"未提供|not provided|\bmissing\b|\bno (?:api[ _-]?)?(?:key|token) (?:was )?(?:sent|given)"),
        _NOT_SENT,
    ),
    (
        re.compile(
            r"(?:令牌|密钥|密鑰)\w{0,4}(?:[状狀][态態]不可用|禁用|停用|弃用|棄用|删除|刪除)|"
            r"\b(?:token|key)\b.{0,20}\b(?:unavailable|disabled|inactive|revoked|deleted|blocked|banned|switched off)\b"
        ),
        _DISABLED,
    ),
    (re.compile(r"过期|過期|\bexpired\b"), _EXPIRED),
)
"""What the reason of a KeyRefused says."""
_KEY_QUOTA: Final = re.compile(
    r"(?:令牌|密钥|密鑰)\w{0,4}(?:额度|額度)|tokenstatusexhausted|\b(?:token|key)\b.{0,20}\bquota\b"
)


def find_key_advice(error: RelayError) -> KeyAdvice | None:
    """Return the advice for an error that is about the key or its group; None for any other."""
    words = error.reason.lower()
    if isinstance(error, BalanceExhausted):
        return _NO_QUOTA if _KEY_QUOTA.search(words) else _NO_BALANCE
    if type(error) is KeyRefused:
        return next((advice for pattern, advice in _BY_REASON if pattern.search(words)), _REFUSED)
    if isinstance(error, RelayUnreachable) and _CHANNELS.search(words):
        return _NO_CHANNEL
    return _BY_TYPE.get(type(error))


def is_reason_open(error: RelayError) -> bool:
    """Whether the advice does not say why the key is refused, so that the relay's own words are worth quoting."""
    return type(error) is KeyRefused and find_key_advice(error) is _REFUSED


def describe_key_error(error: RelayError, *, quoting: bool = False) -> tuple[str, str] | None:
    """Return what is wrong with the key, as a clause, and the cure, as a sentence; None for any other error.

    `quoting` includes the relay's own words when they are not a known text; only operators may read those.
    """
    advice = find_key_advice(error)
    if advice is None:
        return None
    problem = advice.problem
    if is_reason_open(error):
        words = translate_refusal(error.reason) if quoting else translate_known_refusal(error.reason)
        problem += f" ({words})" if words else ""
    return problem, f"{advice.cure[0].upper()}{advice.cure[1:]}{advice.details}."
