"""The cause and the cure for each error of the key."""

import pytest

from bot.errors import (
    BalanceExhausted,
    KeyExpired,
    KeyLimited,
    KeyRefused,
    KeyUnknown,
    RelayError,
    RelayUnreachable,
    UpstreamKeyRefused,
)
from bot.relay.key_advice import describe_key_error


@pytest.mark.parametrize(
    ("error", "what", "cure"),
    [
        (KeyLimited("This token has no access to model"), "limited to some models", "Remove the model limits"),
        (KeyExpired(), "has expired", "Renew the key"),
        (KeyUnknown("无效的令牌"), "does not know", "Copy MJ_API_KEY again"),
        (KeyRefused("无效的令牌"), "(the key is not valid)", "Copy MJ_API_KEY again"),
        (KeyRefused("用户已被封禁"), "has banned the account", "Ask the relay's support"),
        (KeyRefused("User has been banned"), "has banned the account", "another key of the same account won't help"),
        (KeyRefused("Your account is suspended"), "has banned the account", "Ask the relay's support"),
        (KeyRefused("帳戶已被停用"), "has banned the account", "Ask the relay's support"),
        (KeyRefused("该令牌状态不可用"), "is switched off", "Switch the key on"),
        (KeyRefused("This token status is unavailable"), "is switched off", "Switch the key on"),
        (KeyRefused("API key has been revoked"), "is switched off", "or make a new one"),
        (KeyRefused("該令牌狀態不可用"), "is switched off", "Switch the key on"),
        (KeyRefused("该令牌已过期"), "MJ_API_KEY has expired", "Renew the key"),
        (KeyRefused("您的 IP 不在令牌允许访问的列表中"), "from this machine's IP address", "Add that address"),
        (KeyRefused("Your IP 203.0.113.7 is not allowed"), "from this machine's IP address", "Add that address"),
        (KeyRefused("client address is not in the whitelist"), "from this machine's IP address", "remove that limit"),
        (KeyRefused("令牌分组 vip 已被禁用"), "the group of MJ_API_KEY is not available", "Choose another group"),
        (KeyRefused("分组 default 已被弃用"), "the group of MJ_API_KEY is not available", "Choose another group"),
        (KeyRefused("No permission to access this group"), "the group of MJ_API_KEY", "Choose another group"),
        (
            KeyRefused("当前分组 drawing 下对于模型 mj_imagine 无可用渠道"),
            "no channel that can draw",
            "Choose another group",
        ),
        (
            RelayUnreachable("No available channel for model mj_fetch under group g"),
            "no channel",
            "Choose another group",
        ),
        (RelayUnreachable("當前分組下對於模型 mj_imagine 無可用管道"), "no channel", "which group has Midjourney"),
        (KeyRefused("未提供令牌"), "the relay got no key", "removes the header Authorization"),
        (KeyRefused("Authorization header missing"), "the relay got no key", "Check whether MJ_API_URL"),
        (KeyRefused("数据库错误"), "own database has a problem", "Wait"),
        (
            BalanceExhausted("该令牌额度已用尽 TokenStatusExhausted[sk-a]"),
            "the quota of MJ_API_KEY",
            "Raise the key's quota",
        ),
        (BalanceExhausted("This token's quota is exhausted"), "the quota of MJ_API_KEY", "or make it unlimited"),
        (BalanceExhausted("the key's quota is used up"), "the quota of MJ_API_KEY", "Raise the key's quota"),
        (BalanceExhausted("用户额度不足, 剩余额度: 0"), "the balance of MJ_API_KEY", "Top it up"),
        (BalanceExhausted("user quota is not enough"), "the balance of MJ_API_KEY", "Top it up"),
        (KeyRefused(), "refuses MJ_API_KEY", "switched on"),
        (BalanceExhausted("quota"), "used up", "Top it up"),
    ],
)
def test_each_key_error_has_its_cause_and_cure(error: RelayError, what: str, cure: str) -> None:
    advice = describe_key_error(error)
    assert advice is not None
    assert what in advice[0]
    assert advice[1].startswith(cure) or cure in advice[1]
    assert advice[1].endswith(".")


@pytest.mark.parametrize("error", [RelayUnreachable("HTTP 502"), UpstreamKeyRefused("HTTP 401")])
def test_other_errors_have_no_key_advice(error: RelayError) -> None:
    assert describe_key_error(error) is None


def test_unknown_words_of_a_relay_are_quoted_only_for_operators() -> None:
    error = KeyRefused("ask Bob at 10.0.0.7")
    plain, quoting = describe_key_error(error), describe_key_error(error, quoting=True)
    assert plain is not None
    assert quoting is not None
    assert ("Bob" in plain[0], "Bob" in quoting[0]) == (False, True)
