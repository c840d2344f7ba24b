"""The diagnosis of a refused key: what the usage shows, and how often it is read."""

import json

import pytest

from bot.errors import (
    BalanceExhausted,
    KeyExpired,
    KeyLimited,
    KeyRefused,
    KeyUnknown,
    RelayError,
    RelayUnreachable,
)
from bot.relay.account_rate_limiter import MAX_CALLS, AccountRateLimiter
from bot.relay.key_diagnosis import KeyDiagnosis
from bot.relay.responses.relay_response import RelayResponse
from tests.fakes.clock import START, FakeClock
from tests.recordings import Reply, real_reply

NOW = int(START.timestamp())
REFUSED = KeyRefused("Invalid token")


def make_usage(
    available: object = 500_000, expires_at: object = -1, *, unlimited: bool = False, **more: object
) -> Reply:
    data = {"object": "token_usage", "total_available": available, "expires_at": expires_at}
    return Reply(200, json.dumps({"code": True, "data": {**data, "unlimited_quota": unlimited, **more}}))


class UsageRoute:
    """The usage route of a relay."""

    def __init__(self, reply: Reply | None) -> None:
        self.reply = reply
        self.asked = 0

    async def __call__(self) -> RelayResponse:
        """Return the response."""
        self.asked += 1
        if self.reply is None:
            raise RelayUnreachable("no answer")
        return self.reply.answer


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


WRONG_KEY = Reply(401, '{"success":false,"message":"Invalid token"}')


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (real_reply("2026_usage_token_exhausted"), BalanceExhausted),
        (make_usage(0), BalanceExhausted),
        (make_usage(-120), BalanceExhausted),
        (make_usage("0"), BalanceExhausted),
        (make_usage(-5, unlimited=True), KeyRefused),
        (make_usage(expires_at=NOW - 1), KeyExpired),
        (make_usage(expires_at=str(NOW)), KeyExpired),
        (make_usage(0, NOW - 1), KeyExpired),
        (make_usage(expires_at=NOW + 60), KeyRefused),
        (make_usage(expires_at=0), KeyRefused),
        (make_usage(None, None), KeyRefused),
        (make_usage("many", "never"), KeyRefused),
        (WRONG_KEY, KeyUnknown),
        (Reply(401, '{"success":false,"message":"无效的令牌"}'), KeyUnknown),
        (Reply(401, '{"success":false,"message":"This token status is unavailable"}'), KeyRefused),
        (Reply(401, '{"success":false,"message":"无权进行此操作"}'), KeyRefused),
        (Reply(401, ""), KeyRefused),
        (Reply(404, "{}"), KeyRefused),
        (Reply(200, "<html>console</html>"), KeyRefused),
        (Reply(200, '{"data":[]}'), KeyRefused),
        (Reply(200, '{"data":{}}'), KeyRefused),
        (Reply(500, ""), KeyRefused),
        (None, KeyRefused),
    ],
)
async def test_usage_names_the_problem(reply: Reply | None, kind: type[RelayError], clock: FakeClock) -> None:
    error = await KeyDiagnosis(UsageRoute(reply), AccountRateLimiter(clock.now), clock.now).explain(REFUSED)
    assert type(error) is kind


async def test_disabled_key_is_explained_by_the_refusal(clock: FakeClock) -> None:
    relay = UsageRoute(Reply(401, '{"success":false,"message":"This token status is unavailable"}'))
    error = await KeyDiagnosis(relay, AccountRateLimiter(clock.now), clock.now).explain(REFUSED)
    assert error.reason == "This token status is unavailable"


async def test_known_key_is_not_called_unknown(clock: FakeClock) -> None:
    """A localized relay of 2026 says 无效的令牌 of every key that it refuses."""
    relay = UsageRoute(make_usage())
    error = await KeyDiagnosis(relay, AccountRateLimiter(clock.now), clock.now).explain(KeyUnknown("无效的令牌"))
    assert (type(error), error.reason) == (KeyRefused, "无效的令牌")


@pytest.mark.parametrize(
    "refused",
    [
        KeyExpired("This token has expired"),
        KeyLimited("This token has no access to model"),
        BalanceExhausted("该令牌额度已用尽"),
        KeyRefused("您的 IP 不在令牌允许访问的列表中"),
        KeyRefused("This token status is unavailable"),
        KeyRefused("User has been banned"),
        KeyRefused("分组 vip 已被弃用"),
    ],
)
async def test_clear_refusals_are_not_diagnosed(refused: RelayError, clock: FakeClock) -> None:
    relay = UsageRoute(make_usage(0))
    assert await KeyDiagnosis(relay, AccountRateLimiter(clock.now), clock.now).explain(refused) is refused
    assert relay.asked == 0


async def test_usage_is_read_once_in_five_minutes(clock: FakeClock) -> None:
    relay = UsageRoute(make_usage(0))
    diagnosis = KeyDiagnosis(relay, AccountRateLimiter(clock.now), clock.now)
    for _ in range(10):
        assert type(await diagnosis.explain(REFUSED)) is BalanceExhausted
        await clock.advance(29)
    assert relay.asked == 1
    diagnosis.forget()
    assert await diagnosis.explain(REFUSED) is REFUSED
    relay.reply = make_usage(expires_at=1)
    await clock.advance(10)
    assert type(await diagnosis.explain(REFUSED)) is KeyExpired
    assert relay.asked == 2


async def test_usage_is_not_read_beyond_the_rate_limit(clock: FakeClock) -> None:
    relay = UsageRoute(make_usage(0))
    calls = AccountRateLimiter(clock.now)
    for _ in range(MAX_CALLS):
        calls.try_acquire()
    diagnosis = KeyDiagnosis(relay, calls, clock.now)
    assert await diagnosis.explain(REFUSED) is REFUSED
    assert relay.asked == 0
    await clock.advance(1300)
    assert type(await diagnosis.explain(REFUSED)) is BalanceExhausted


async def test_429_pauses_the_rate_limiter(clock: FakeClock) -> None:
    calls = AccountRateLimiter(clock.now)
    assert await KeyDiagnosis(UsageRoute(Reply(429, "", 1179)), calls, clock.now).explain(REFUSED) is REFUSED
    await clock.advance(1178)
    assert not calls.try_acquire()
    await clock.advance(1)
    assert calls.try_acquire()
