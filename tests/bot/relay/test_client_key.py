"""What the client makes of refusals of the key: what is sent, what is not, and whom it blames."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

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
    SubmitRefused,
    UpstreamKeyRefused,
)
from bot.relay.client import RelayClient
from bot.relay.requests import Imagine, PressButton, SubmitModal
from tests.fakes.clock import FakeClock
from tests.fakes.key_relay import KEY, UNKNOWN, KeyRelay
from tests.fakes.socket_relay import Slept
from tests.recorded import Reply, real_reply

Call = Callable[[RelayClient], Awaitable[object]]

ANY_REASON = real_reply("2026_key_refused_any_reason")
LIMITED = real_reply("2026_model_limits_on_fetch")
EMPTY_401 = real_reply("upstream_secret_wrong_401")
NOT_LOGGED_IN = Reply(403, '{"code":4,"description":"未登录"}')


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@asynccontextmanager
async def opened(it: KeyRelay, clock: FakeClock) -> AsyncGenerator[RelayClient]:
    async with it.serve(), RelayClient.open(it.url, KEY, now=clock.now, sleep=Slept()) as api:
        yield api


async def _imagine(api: RelayClient) -> None:
    await api.submit(Imagine(prompt="a pig"), state="s")


SUBMITS: dict[str, Call] = {
    "imagine": _imagine,
    "action": lambda api: api.submit(PressButton(task_id="5", custom_id="MJ::JOB::upsample::2::u"), state="s"),
    "change": lambda api: api.submit_change("5", "UPSCALE", 2, state="s"),
    "modal": lambda api: api.submit(SubmitModal(task_id="5", prompt="a pig"), state="s"),
    "upload": lambda api: api.upload_images([b"PNG"]),
}


@pytest.mark.parametrize("submit", SUBMITS.values(), ids=SUBMITS)
@pytest.mark.parametrize(
    ("read", "kind"),
    [
        (LIMITED, KeyLimited),
        (Reply(403, '{"error":{"message":"该令牌无权访问模型 "}}'), KeyLimited),
        (ANY_REASON, KeyRefused),
        (real_reply("onehub_401"), KeyUnknown),
        (real_reply("nov_401_empty"), KeyRefused),
        (Reply(401, '{"error":{"message":"该令牌额度已用尽"}}'), BalanceExhausted),
        (Reply(502, "<html>"), RelayUnreachable),
        (Reply(429, "", 30), RelayBusy),
    ],
)
async def test_a_key_that_cannot_read_does_not_spend(
    read: Reply, kind: type[RelayError], submit: Call, clock: FakeClock
) -> None:
    """Of every kind of submit nothing is sent, and the read's own error is told; later one check is enough."""
    it = KeyRelay(read=read)
    async with opened(it, clock) as api:
        with pytest.raises(RelayError) as refused:
            await submit(api)
        assert type(refused.value) is kind
        assert it.asked["submit"] == 0
        it.read = UNKNOWN
        before = it.asked["read"]
        for _ in range(3):
            with_links = submit is SUBMITS["upload"]
            if with_links:
                it.submit = Reply(200, '{"code":1,"description":"ok","result":["https://cdn.test/a.png"]}')
            await submit(api)
        assert (it.asked["submit"], it.asked["read"]) == (3, before + 1)


async def test_submits_that_come_together_ask_once(clock: FakeClock) -> None:
    it = KeyRelay()
    async with opened(it, clock) as api:
        await asyncio.gather(*(_imagine(api) for _ in range(6)))
    assert it.asked == {"read": 1, "submit": 6}


async def test_the_reads_of_polling_are_proof_enough(clock: FakeClock) -> None:
    """In a steady state no submit asks for anything; a refused poll brings the check back."""
    it = KeyRelay(read=Reply(200, "[]"))
    async with opened(it, clock) as api:
        await api.fetch_tasks(["5"])
        await _imagine(api)
        assert it.asked == {"read": 1, "submit": 1}
        it.read = LIMITED
        with pytest.raises(KeyLimited):
            await api.fetch_tasks(["5"])
        with pytest.raises(KeyLimited):
            await _imagine(api)
        assert it.asked["submit"] == 1
        it.read = Reply(200, "[]")
        await api.fetch_tasks(["5"])
        before = it.asked["read"]
        await _imagine(api)
        assert (it.asked["submit"], it.asked["read"]) == (2, before)


async def test_an_outage_between_two_submits_is_no_refusal(clock: FakeClock) -> None:
    """What the relay said of the key before stands."""
    it = KeyRelay()
    async with opened(it, clock) as api:
        await _imagine(api)
        it.read = Reply(502, "<html>")
        with pytest.raises(RelayUnreachable):
            await api.fetch_task("5")
        await _imagine(api)
    assert it.asked["submit"] == 2


@pytest.mark.parametrize(
    "reply",
    [
        EMPTY_401,
        NOT_LOGGED_IN,
        Reply(401, ""),
        Reply(403, ""),
        Reply(403, "未登录"),
        Reply(401, '{"code":4,"description":"Unauthorized"}'),
        Reply(401, '{"success":false,"code":401,"message":"账号已禁用"}'),
        Reply(401, '{"detail":"Unauthorized"}'),
    ],
)
async def test_an_upstreams_refusal_is_not_blamed_on_the_key(reply: Reply, clock: FakeClock) -> None:
    """Reads work: the key is fine, and the next submit is sent as ever."""
    it = KeyRelay(submit=reply)
    async with opened(it, clock) as api:
        with pytest.raises(UpstreamKeyRefused):
            await _imagine(api)
        await api.check_key()
        before = it.asked["read"]
        it.submit = Reply(200, '{"code":1,"description":"Submit success","result":"7"}')
        await _imagine(api)
    assert (it.asked["submit"], it.asked["read"], it.asked["usage"]) == (2, before, 0)


@pytest.mark.parametrize("reply", [EMPTY_401, NOT_LOGGED_IN, Reply(401, "")])
async def test_it_is_the_key_after_all_where_every_read_is_refused(reply: Reply, clock: FakeClock) -> None:
    """As with a midjourney-proxy whose secret was changed since the last read."""
    it = KeyRelay()
    async with opened(it, clock) as api:
        await _imagine(api)
        it.submit, it.read = reply, real_reply("nov_401_empty")
        with pytest.raises(KeyRefused):
            await _imagine(api)
        with pytest.raises(KeyRefused):
            await _imagine(api)
    assert it.asked["submit"] == 2


async def test_an_upstreams_refusal_stands_where_nothing_more_can_be_asked(clock: FakeClock) -> None:
    it = KeyRelay()
    async with opened(it, clock) as api:
        await _imagine(api)
        it.submit, it.read = EMPTY_401, Reply(502, "<html>")
        with pytest.raises(UpstreamKeyRefused):
            await _imagine(api)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (EMPTY_401, UpstreamKeyRefused),
        (NOT_LOGGED_IN, UpstreamKeyRefused),
        (ANY_REASON, KeyRefused),
        (LIMITED, KeyLimited),
        (Reply(403, '{"error":{"message":"This token has no access to model mj_seed"}}'), KeyLimited),
    ],
)
async def test_seeds_are_asked_of_the_upstream_too(reply: Reply, kind: type[RelayError], clock: FakeClock) -> None:
    it = KeyRelay(seed=reply)
    async with opened(it, clock) as api:
        with pytest.raises(RelayError) as refused:
            await api.fetch_seed("5")
    assert type(refused.value) is kind


@pytest.mark.parametrize(
    ("usage", "kind"),
    [
        (real_reply("2026_usage_token_exhausted"), BalanceExhausted),
        (Reply(200, '{"data":{"total_available":7,"expires_at":1767225600}}'), KeyExpired),
        (Reply(401, '{"success":false,"message":"Invalid token"}'), KeyUnknown),
        (Reply(404, "{}"), KeyRefused),
    ],
)
async def test_one_text_for_three_problems_is_asked_about(
    usage: Reply, kind: type[RelayError], clock: FakeClock
) -> None:
    """Reads and submits tell which it is, from one question, with the key in the header that this route reads."""
    it = KeyRelay(usage=usage)
    async with opened(it, clock) as api:
        await _imagine(api)
        it.read = it.submit = ANY_REASON
        calls: tuple[Call, ...] = (_imagine, RelayClient.check_key, lambda api: api.fetch_tasks(["5"]), _imagine)
        for call in calls:
            with pytest.raises(RelayError) as refused:
                await call(api)
            assert type(refused.value) is kind
    assert (it.asked["usage"], it.asked["submit"]) == (1, 2)
    assert it.headers["usage"]["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(403, '{"error":{"message":"This token has no access to model mj_imagine"}}'), ActionUnsupported),
        (Reply(403, '{"error":{"message":"该令牌无权访问模型 mj_imagine"}}'), ActionUnsupported),
        (
            Reply(
                503,
                '{"error":{"message":"No available channel for model mj_imagine under group default (distributor)",'
                '"code":"model_not_found"}}',
            ),
            ActionUnsupported,
        ),
        (real_reply("2026_unknown_action"), ActionUnsupported),
        (Reply(400, '{"code":4,"description":"prompt_is_required"}'), SubmitRefused),
    ],
)
async def test_what_a_submit_is_refused_for_closes_nothing(
    reply: Reply, kind: type[RelayError], clock: FakeClock
) -> None:
    it = KeyRelay(submit=reply)
    async with opened(it, clock) as api:
        for _ in range(2):
            with pytest.raises(kind):
                await _imagine(api)
    assert it.asked == {"read": 1, "submit": 2}


STRANGE = [
    '{"code":4,"description":"no such task"}',
    '{"code":0,"data":null}',
    '{"success":false,"message":"not exist"}',
    '{"error":"not found"}',
    '{"task":{"id":"5"}}',
]


@pytest.mark.parametrize("text", STRANGE)
async def test_an_answer_in_an_unknown_shape_lets_submits_pass(text: str, clock: FakeClock) -> None:
    """The relay has taken the key; `check` says all the same that nobody can read this."""
    it = KeyRelay(read=Reply(200, text))
    async with opened(it, clock) as api:
        with pytest.raises(RelayUnreachable):
            await api.check_key()
        await _imagine(api)
        before = it.asked["read"]
        await _imagine(api)
    assert (it.asked["submit"], it.asked["read"]) == (2, before)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, "ok"),
        Reply(200, "[]"),
        Reply(200, "<html>"),
        Reply(200, '{"code":401,"message":"no"}'),
        Reply(200, '{"code":0,"message":"Unauthorized"}'),
        Reply(200, '{"success":false,"message":"未登录"}'),
        Reply(200, '{"error":{"message":"Invalid token"}}'),
        Reply(200, '{"error":{"message":"该令牌额度已用尽"}}'),
        Reply(200, '{"message":"Your quota is used up"}'),
        Reply(200, '{"message":"please sign in"}'),
        Reply(302, '{"code":4}'),
        Reply(500, '{"code":4}'),
        Reply(400, '{"code":0}'),
    ],
)
async def test_what_may_refuse_the_key_lets_none_pass(reply: Reply, clock: FakeClock) -> None:
    """A success that says so, and what is none of an API's."""
    it = KeyRelay(read=reply)
    async with opened(it, clock) as api:
        with pytest.raises(RelayError):
            await _imagine(api)
    assert it.asked["submit"] == 0
