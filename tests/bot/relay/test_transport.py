"""The key's headers, against servers that read only one of them."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from aiohttp import web

from bot.errors import KeyRefused, RelayError
from bot.relay.client import RelayClient
from bot.relay.key_diagnosis import USAGE_PATH
from bot.relay.requests import PressButton
from tests.fakes.clock import FakeClock
from tests.fakes.key_relay import KEY, UNKNOWN, KeyRelay, of_bare_authorization, of_either, of_secret
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
async def opened(it: KeyRelay, clock: FakeClock, key: str = KEY) -> AsyncGenerator[RelayClient]:
    async with it.serve(), RelayClient.open(it.url, key, now=clock.now, sleep=Slept()) as api:
        yield api


async def _press(api: RelayClient) -> None:
    await api.submit(PressButton(task_id="5", custom_id="MJ::JOB::upsample::2::u"), state="s")


@pytest.mark.parametrize("admits", [of_either, of_secret])
async def test_both_headers_go_with_everything(admits: object, clock: FakeClock) -> None:
    """new-api reads Authorization, one-hub and midjourney-proxy mj-api-secret: the first request suits each."""
    it = KeyRelay(admits=admits, refusal=real_reply("onehub_401"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    async with opened(it, clock) as api:
        await api.check_key()
        await _press(api)
    assert it.asked == {"read": 1, "submit": 1}
    for sent in it.headers.values():
        assert (sent["Authorization"], sent["mj-api-secret"]) == (f"Bearer {KEY}", KEY)


@pytest.mark.parametrize("refusal", [TRUE_AI, Reply(401, ""), Reply(401, "账号已禁用"), real_reply("onehub_401")])
async def test_the_second_header_alone_is_found_out_and_kept(refusal: Reply, clock: FakeClock) -> None:
    """A relay that takes "Bearer " for a part of the key is asked once more; that header stays, for submits too."""
    it = KeyRelay(admits=of_bare_authorization, refusal=refusal)
    async with opened(it, clock) as api:
        await api.check_key()
        assert it.asked == {"read": 2}
        await api.check_key()
        await _press(api)
        await clock.advance(3600)
        await api.check_key()
    assert it.asked == {"read": 4, "submit": 1}
    assert "Authorization" not in it.headers["read"] | it.headers["submit"]
    assert it.headers["submit"]["mj-api-secret"] == KEY


async def test_reads_that_are_refused_together_find_out_once(clock: FakeClock) -> None:
    """None of them is told that the key is refused."""
    it = KeyRelay(admits=of_bare_authorization)
    async with opened(it, clock) as api:
        await asyncio.gather(*(api.check_key() for _ in range(5)))
        await api.check_key()
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
                await api.check_key()
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
            await api.check_key()
    assert it.asked["read"] == 1


PAGES = [
    Reply(302, ""),
    Reply(301, "<html>log in</html>"),
    Reply(404, "not found"),
    Reply(404, ""),
    Reply(404, "<html>log in</html>"),
    Reply(200, "<html>log in</html>"),
    Reply(200, "please log in"),
    Reply(200, '{"success":false,"message":"未登录"}'),
    Reply(200, '{"code":401,"message":"no"}'),
    Reply(400, '{"message":"which key?"}'),
]
"""What a gateway answers to a request without Authorization: none of it is a relay's answer to a key."""


@dataclass
class Changing(KeyRelay):
    """A relay, or a gateway before it, that answers differently to both headers and to the second alone.

    Where one of them is None the request is taken as KeyRelay takes it.
    """

    to_both: Reply | None = None
    to_alone: Reply | None = None

    async def answer(self, request: web.Request) -> web.Response:
        """Note the request, and answer it by its headers."""
        both = "Authorization" in request.headers
        reply = self.to_both if both else self.to_alone
        if reply is None or request.path == USAGE_PATH:
            return await super().answer(request)
        self.asked["both" if both else "alone"] += 1
        return web.Response(status=reply.status, body=reply.text.encode())


@pytest.mark.parametrize("page", PAGES)
async def test_a_login_page_is_no_answer_to_learn_from(page: Reply, clock: FakeClock) -> None:
    """After one passing 401, a gateway that reads Authorization only is still sent it."""
    it = Changing(to_both=Reply(401, ""), to_alone=page)
    async with opened(it, clock) as api:
        for call in (api.check_key, lambda: api.fetch_tasks(["5"])):
            with pytest.raises(RelayError):
                await call()
        it.to_both = None
        await api.check_key()
        await _press(api)
    assert it.asked["submit"] == 1
    assert it.headers["submit"]["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
async def test_an_outage_says_nothing_of_the_headers(status: int, clock: FakeClock) -> None:
    """Neither while both are sent, nor while the second is sent alone."""
    it = Changing(to_both=Reply(401, ""), to_alone=Reply(status, ""))
    async with opened(it, clock) as api:
        with pytest.raises(KeyRefused):
            await api.check_key()
        it.to_alone = UNKNOWN
        await api.check_key()
        it.to_alone, asked = Reply(status, ""), it.asked["both"]
        with pytest.raises(RelayError):
            await api.check_key()
        it.to_alone = None
        await _press(api)
    assert it.asked["both"] == asked
    assert "Authorization" not in it.headers["submit"]


@pytest.mark.parametrize("page", [Reply(401, ""), Reply(403, "未登录"), *PAGES])
async def test_what_no_longer_takes_the_second_header_alone_is_sent_both(page: Reply, clock: FakeClock) -> None:
    """By the very read that finds it out, and by submits from there on."""
    it = Changing(to_both=Reply(401, ""), to_alone=UNKNOWN)
    async with opened(it, clock) as api:
        await api.check_key()
        it.to_alone, it.to_both = page, UNKNOWN
        await api.check_key()
        it.to_both = None
        await _press(api)
    assert it.headers["submit"]["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("page", [real_reply("onehub_401"), Reply(401, ""), Reply(302, ""), Reply(403, "<html>")])
async def test_a_submit_that_is_refused_with_the_second_header_has_it_looked_at(page: Reply, clock: FakeClock) -> None:
    """Where nothing is polled nobody else would find out: the next submit goes with both."""
    it = Changing(to_both=Reply(401, ""), to_alone=UNKNOWN)
    async with opened(it, clock) as api:
        await api.check_key()
        it.to_alone, it.to_both = page, None
        with pytest.raises(RelayError):
            await _press(api)
        await _press(api)
    assert it.asked["submit"] == 1
    assert it.headers["submit"]["Authorization"] == f"Bearer {KEY}"


async def test_seeds_that_are_refused_meanwhile_are_asked_for_again(clock: FakeClock) -> None:
    """Though they show nothing themselves: a read beside them has found out which header is taken."""
    it = KeyRelay(admits=of_bare_authorization, seed=Reply(200, '{"code":1,"description":"ok","result":"7"}'))
    async with opened(it, clock) as api:
        seeds = await asyncio.gather(api.check_key(), *(api.fetch_seed("5") for _ in range(4)))
    assert seeds[1:] == ["7"] * 4


async def test_a_passing_refusal_changes_nothing(clock: FakeClock) -> None:
    """Where both are refused as well, the second goes on alone, and the others are not tried for a minute."""
    it = Changing(to_both=Reply(401, ""), to_alone=UNKNOWN)
    async with opened(it, clock) as api:
        await api.check_key()
        it.to_alone = Reply(401, "")
        for _ in range(3):
            with pytest.raises(KeyRefused):
                await api.check_key()
        assert (it.asked["both"], it.asked["alone"]) == (2, 4)
        it.to_alone = UNKNOWN
        await api.check_key()
        await clock.advance(61)
        it.to_alone, it.to_both = Reply(401, ""), UNKNOWN
        await api.check_key()
    assert (it.asked["both"], it.asked["alone"]) == (3, 6)


async def test_a_seed_shows_nothing_of_the_headers(clock: FakeClock) -> None:
    """It is handed on to an upstream, or to nobody: its answer counts, and the next read has both headers again."""
    it = Changing(to_both=Reply(401, ""), to_alone=Reply(200, '{"code":1,"description":"ok","result":"7"}'))
    async with opened(it, clock) as api:
        assert await api.fetch_seed("5") == "7"
        it.to_both, it.to_alone = UNKNOWN, None
        await api.check_key()
    assert (it.asked["both"], it.asked["alone"], it.asked["read"]) == (2, 1, 0)
