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
        (KeyRefused("用户已被封禁"), "(the account is banned)", "Copy MJ_API_KEY again"),
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
