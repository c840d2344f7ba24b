"""Submits and reads of a key that the relay refuses: what is sent, and which error is raised."""

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
from tests.fakes.key_relay import UNKNOWN, KeyRelay
from tests.fakes.socket_relay import KEY, Slept
from tests.recordings import Reply, real_reply

Call = Callable[[RelayClient], Awaitable[object]]

ANY_REASON = real_reply("2026_key_refused_any_reason")
LIMITED = real_reply("2026_model_limits_on_fetch")
EMPTY_401 = real_reply("upstream_secret_wrong_401")
NOT_LOGGED_IN = Reply(403, '{"code":4,"description":"未登录"}')


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@asynccontextmanager
async def open_client(it: KeyRelay, clock: FakeClock) -> AsyncGenerator[RelayClient]:
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
async def test_key_that_cannot_read_does_not_submit(
    read: Reply, kind: type[RelayError], submit: Call, clock: FakeClock
) -> None:
    """Later, when reads work, one check is enough."""
    it = KeyRelay(read=read)
    async with open_client(it, clock) as api:
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


async def test_concurrent_submits_share_one_check(clock: FakeClock) -> None:
    it = KeyRelay()
    async with open_client(it, clock) as api:
        await asyncio.gather(*(_imagine(api) for _ in range(6)))
    assert it.asked == {"read": 1, "submit": 6}


async def test_polling_replaces_the_check(clock: FakeClock) -> None:
    """A refused poll brings the check back."""
    it = KeyRelay(read=Reply(200, "[]"))
    async with open_client(it, clock) as api:
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


async def test_outage_between_submits_does_not_close_the_gate(clock: FakeClock) -> None:
    it = KeyRelay()
    async with open_client(it, clock) as api:
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
async def test_upstream_refusal_is_not_a_key_error_while_reads_work(reply: Reply, clock: FakeClock) -> None:
    it = KeyRelay(submit=reply)
    async with open_client(it, clock) as api:
        with pytest.raises(UpstreamKeyRefused):
            await _imagine(api)
        await api.check_key()
        before = it.asked["read"]
        it.submit = Reply(200, '{"code":1,"description":"Submit success","result":"7"}')
        await _imagine(api)
    assert (it.asked["submit"], it.asked["read"], it.asked["usage"]) == (2, before, 0)


@pytest.mark.parametrize("reply", [EMPTY_401, NOT_LOGGED_IN, Reply(401, "")])
async def test_upstream_refusal_is_a_key_error_if_reads_are_refused_too(reply: Reply, clock: FakeClock) -> None:
    """As with a midjourney-proxy whose secret was changed since the last read."""
    it = KeyRelay()
    async with open_client(it, clock) as api:
        await _imagine(api)
        it.submit, it.read = reply, real_reply("nov_401_empty")
        with pytest.raises(KeyRefused):
            await _imagine(api)
        with pytest.raises(KeyRefused):
            await _imagine(api)
    assert it.asked["submit"] == 2


async def test_upstream_refusal_stands_during_an_outage(clock: FakeClock) -> None:
    it = KeyRelay()
    async with open_client(it, clock) as api:
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
async def test_refused_seed_is_classified_like_a_forwarded_request(
    reply: Reply, kind: type[RelayError], clock: FakeClock
) -> None:
    it = KeyRelay(seed=reply)
    async with open_client(it, clock) as api:
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
async def test_ambiguous_refusal_is_diagnosed_once(usage: Reply, kind: type[RelayError], clock: FakeClock) -> None:
    """The usage route reads the key from Authorization."""
    it = KeyRelay(usage=usage)
    async with open_client(it, clock) as api:
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
async def test_refused_submit_does_not_close_the_gate(reply: Reply, kind: type[RelayError], clock: FakeClock) -> None:
    it = KeyRelay(submit=reply)
    async with open_client(it, clock) as api:
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
async def test_unreadable_response_of_an_accepted_key_lets_submits_pass(text: str, clock: FakeClock) -> None:
    """`check_key` raises all the same."""
    it = KeyRelay(read=Reply(200, text))
    async with open_client(it, clock) as api:
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
async def test_response_that_may_refuse_the_key_holds_submits_back(reply: Reply, clock: FakeClock) -> None:
    it = KeyRelay(read=reply)
    async with open_client(it, clock) as api:
        with pytest.raises(RelayError):
            await _imagine(api)
    assert it.asked["submit"] == 0
