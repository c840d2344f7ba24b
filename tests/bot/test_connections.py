"""The key's headers, against servers that read only one of them."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager

import pytest

from bot.api import MidjourneyAPI
from bot.connections import KeyHeaders
from bot.errors import KeyRefused, RelayError
from bot.refusals import Answer
from tests.fakes.clock import FakeClock
from tests.fakes.key_relay import KEY, KeyRelay, of_bare_authorization, of_either, of_secret
from tests.fakes.socket_relay import Slept
from tests.recorded import Reply, real_reply

WRONG = "sk-AnotherSecretKey"
TRUE_AI = Reply(403, "未登录")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(autouse=True)
def _no_key_in_any_log(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """Whatever a test does, no log line holds the key."""
    caplog.set_level(logging.DEBUG)
    yield
    assert "SecretKey" not in caplog.text


@asynccontextmanager
async def opened(it: KeyRelay, clock: FakeClock, key: str = KEY) -> AsyncGenerator[MidjourneyAPI]:
    async with it.serve(), MidjourneyAPI.open(it.url, key, now=clock.now, sleep=Slept()) as api:
        yield api


async def _press(api: MidjourneyAPI) -> None:
    await api.submit_action("5", "MJ::JOB::upsample::2::u", state="s")


@pytest.mark.parametrize("admits", [of_either, of_secret])
async def test_both_headers_go_with_everything(admits: object, clock: FakeClock) -> None:
    """new-api reads Authorization, one-hub and midjourney-proxy mj-api-secret: the first request suits each."""
    it = KeyRelay(admits=admits, refusal=real_reply("onehub_401"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    async with opened(it, clock) as api:
        await api.check()
        await _press(api)
    assert it.asked == {"read": 1, "submit": 1}
    for sent in it.headers.values():
        assert (sent["Authorization"], sent["mj-api-secret"]) == (f"Bearer {KEY}", KEY)


@pytest.mark.parametrize("refusal", [TRUE_AI, Reply(401, ""), Reply(401, "账号已禁用"), real_reply("onehub_401")])
async def test_the_second_header_alone_is_found_out_and_kept(refusal: Reply, clock: FakeClock) -> None:
    """A relay that takes "Bearer " for a part of the key is asked once more; that header stays, for submits too."""
    it = KeyRelay(admits=of_bare_authorization, refusal=refusal)
    async with opened(it, clock) as api:
        await api.check()
        assert it.asked == {"read": 2}
        await api.check()
        await _press(api)
        await clock.advance(3600)
        await api.check()
    assert it.asked == {"read": 4, "submit": 1}
    assert "Authorization" not in it.headers["read"] | it.headers["submit"]
    assert it.headers["submit"]["mj-api-secret"] == KEY


async def test_reads_that_are_refused_together_find_out_once(clock: FakeClock) -> None:
    """None of them is told that the key is refused."""
    it = KeyRelay(admits=of_bare_authorization)
    async with opened(it, clock) as api:
        await asyncio.gather(*(api.check() for _ in range(5)))
        await api.check()
    assert it.asked["read"] == 11


@pytest.mark.parametrize("refusal", [Reply(401, ""), real_reply("2026_key_refused_any_reason"), TRUE_AI])
async def test_a_key_that_neither_header_brings_in_is_not_asked_for_twice_each_time(
    refusal: Reply, clock: FakeClock
) -> None:
    """The second header is tried again after a minute, no sooner; the first answer is the one that is told."""
    it = KeyRelay(refusal=refusal)
    async with opened(it, clock, WRONG) as api:
        counts: list[int] = []
        for pause in (0, 10, 49, 2, 1):
            await clock.advance(pause)
            with pytest.raises(KeyRefused) as refused:
                await api.check()
            assert WRONG not in f"{refused.value!r} {refused.value.reason}"
            counts.append(it.asked["read"])
        assert counts == [2, 3, 4, 6, 7]
    assert it.headers["read"]["Authorization"] == f"Bearer {WRONG}"


@pytest.mark.parametrize("name", ["2026_key_refused_any_reason", "upstream_secret_wrong_401", "nov_401_empty"])
async def test_a_submit_tries_no_second_header(name: str, clock: FakeClock) -> None:
    """Its refusal is its answer: a submit is sent once."""
    it = KeyRelay(submit=real_reply(name))
    async with opened(it, clock) as api:
        with pytest.raises(RelayError):
            await _press(api)
    assert it.asked["submit"] == 1


async def test_a_403_of_the_relays_own_is_no_matter_of_headers(clock: FakeClock) -> None:
    """It has read the key, and says what it thinks of it."""
    it = KeyRelay(read=real_reply("2026_model_limits_on_fetch"))
    async with opened(it, clock) as api:
        with pytest.raises(KeyRefused):
            await api.check()
    assert it.asked["read"] == 1


@pytest.mark.parametrize(
    ("status", "alone"),
    [(200, True), (400, True), (404, True), (401, False), (403, False), (402, False), (429, False), (408, False)]
    + [(status, False) for status in (500, 502, 503)],
)
def test_only_an_answer_that_shows_it_makes_the_second_header_stay(status: int, *, alone: bool) -> None:
    """What a relay answers that is down or busy says nothing of the key."""
    headers = KeyHeaders(KEY, FakeClock().now)
    assert headers.learn(Answer(status, "")) is alone
    assert ("Authorization" not in headers.current) is alone
