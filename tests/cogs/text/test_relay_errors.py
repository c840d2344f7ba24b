"""What the relay refuses is said in the reader's language, the relay's known words too."""

import pytest

from bot.errors import BalanceExhausted, KeyExpired, KeyRefused, KeyUnknown, RelayError
from cogs.text.relay_errors import describe_key_problem
from tests.fakes.catalog import find_untranslated


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            KeyUnknown("x"),
            (
                "I can't use the service: the relay does not know `MJ_API_KEY`. The operator of this bot has to copy "
                "`MJ_API_KEY` again from the relay's console."
            ),
        ),
        (
            KeyRefused("computer says no"),
            (
                "I can't use the service: the relay refuses `MJ_API_KEY`. It says: `computer says no`. The operator of "
                "this bot has to copy `MJ_API_KEY` again from the relay's console."
            ),
        ),
        (RelayError("computer says no"), ""),
    ],
)
def test_a_problem_of_the_key_comes_with_its_cure(error: RelayError, text: str) -> None:
    assert describe_key_problem(error) == text


@pytest.mark.usefixtures("pseudo_language")
@pytest.mark.parametrize(
    "reason",
    ["", "分组", "无可用渠道", "数据库", "ip", "用户已被封禁", "未提供令牌", "令牌已被禁用", "token quota used up"],
)
@pytest.mark.parametrize("kind", [BalanceExhausted, KeyExpired, KeyRefused, KeyUnknown])
def test_each_problem_of_the_key_is_translated(kind: type[RelayError], reason: str) -> None:
    assert find_untranslated(describe_key_problem(kind(reason))) == []
