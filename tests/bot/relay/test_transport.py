"""The key's headers against servers that read only one of them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from aiohttp import web

from bot.errors import KeyRefused, RelayError
from bot.relay.client import RelayClient
from bot.relay.key_diagnosis import USAGE_PATH
from tests.fakes.clock import FakeClock
from tests.fakes.key_relay import (
    UNKNOWN,
    KeyRelay,
    read_bare_authorization,
    read_either_header,
    read_secret_header,
)
from tests.fakes.socket_relay import KEY, Slept, press_button
from tests.recordings import Reply, real_reply

WRONG = "sk-AnotherSecretKey"
TRUE_AI = Reply(403, "未登录")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@asynccontextmanager
async def open_client(it: KeyRelay, clock: FakeClock, key: str = KEY) -> AsyncGenerator[RelayClient]:
    async with it.serve(), RelayClient.open(it.url, key, now=clock.now, sleep=Slept()) as api:
        yield api


@pytest.mark.parametrize("admits", [read_either_header, read_secret_header])
async def test_both_headers_are_sent_at_first(admits: object, clock: FakeClock) -> None:
    """new-api reads Authorization, one-hub and midjourney-proxy read mj-api-secret."""
    it = KeyRelay(admits=admits, refusal=real_reply("onehub_401"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    async with open_client(it, clock) as api:
        await api.check_key()
        await press_button(api)
    assert it.asked == {"read": 1, "submit": 1}
    for sent in it.headers.values():
        assert (sent["Authorization"], sent["mj-api-secret"]) == (f"Bearer {KEY}", KEY)


@pytest.mark.parametrize("refusal", [TRUE_AI, Reply(401, ""), Reply(401, "账号已禁用"), real_reply("onehub_401")])
async def test_secret_alone_is_tried_and_kept(refusal: Reply, clock: FakeClock) -> None:
    """For a relay that mistakes "Bearer " for a part of the key."""
    it = KeyRelay(admits=read_bare_authorization, refusal=refusal)
    async with open_client(it, clock) as api:
        await api.check_key()
        assert it.asked == {"read": 2}
        await api.check_key()
        await press_button(api)
        await clock.advance(3600)
        await api.check_key()
    assert it.asked == {"read": 4, "submit": 1}
    assert "Authorization" not in it.headers["read"] | it.headers["submit"]
    assert it.headers["submit"]["mj-api-secret"] == KEY


async def test_concurrent_refused_reads_try_the_alternative_once(clock: FakeClock) -> None:
    it = KeyRelay(admits=read_bare_authorization)
    async with open_client(it, clock) as api:
        await asyncio.gather(*(api.check_key() for _ in range(5)))
        await api.check_key()
    assert it.asked["read"] == 11


@pytest.mark.parametrize("refusal", [Reply(401, ""), real_reply("2026_key_refused_any_reason"), TRUE_AI])
async def test_useless_alternative_is_tried_once_a_minute(refusal: Reply, clock: FakeClock) -> None:
    """The first response is the one that counts."""
    it = KeyRelay(refusal=refusal)
    async with open_client(it, clock, WRONG) as api:
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
async def test_submit_does_not_try_the_alternative(name: str, clock: FakeClock) -> None:
    it = KeyRelay(submit=real_reply(name))
    async with open_client(it, clock) as api:
        with pytest.raises(RelayError):
            await press_button(api)
    assert it.asked["submit"] == 1


async def test_relays_own_403_does_not_try_the_alternative(clock: FakeClock) -> None:
    """The relay has read the key."""
    it = KeyRelay(read=real_reply("2026_model_limits_on_fetch"))
    async with open_client(it, clock) as api:
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
"""Responses of a gateway to a request without Authorization; none shows that a relay accepted the key."""


@dataclass
class ChangingRelay(KeyRelay):
    """A relay, or a gateway before it, that responds differently to both headers and to mj-api-secret alone.

    If a response is None, the request is handled by KeyRelay.
    """

    to_both: Reply | None = None
    to_alone: Reply | None = None

    async def answer(self, request: web.Request) -> web.Response:
        """Record the request, and respond by its headers."""
        both = "Authorization" in request.headers
        reply = self.to_both if both else self.to_alone
        if reply is None or request.path == USAGE_PATH:
            return await super().answer(request)
        self.asked["both" if both else "alone"] += 1
        return web.Response(status=reply.status, body=reply.text.encode())


@pytest.mark.parametrize("page", PAGES)
async def test_login_page_does_not_prove_the_key(page: Reply, clock: FakeClock) -> None:
    """After a temporary 401, a gateway that reads only Authorization still gets it."""
    it = ChangingRelay(to_both=Reply(401, ""), to_alone=page)
    async with open_client(it, clock) as api:
        for call in (api.check_key, lambda: api.fetch_tasks(["5"])):
            with pytest.raises(RelayError):
                await call()
        it.to_both = None
        await api.check_key()
        await press_button(api)
    assert it.asked["submit"] == 1
    assert it.headers["submit"]["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
async def test_outage_changes_no_headers(status: int, clock: FakeClock) -> None:
    it = ChangingRelay(to_both=Reply(401, ""), to_alone=Reply(status, ""))
    async with open_client(it, clock) as api:
        with pytest.raises(KeyRefused):
            await api.check_key()
        it.to_alone = UNKNOWN
        await api.check_key()
        it.to_alone, asked = Reply(status, ""), it.asked["both"]
        with pytest.raises(RelayError):
            await api.check_key()
        it.to_alone = None
        await press_button(api)
    assert it.asked["both"] == asked
    assert "Authorization" not in it.headers["submit"]


@pytest.mark.parametrize("page", [Reply(401, ""), Reply(403, "未登录"), *PAGES])
async def test_both_headers_are_sent_again_when_the_secret_is_refused(page: Reply, clock: FakeClock) -> None:
    it = ChangingRelay(to_both=Reply(401, ""), to_alone=UNKNOWN)
    async with open_client(it, clock) as api:
        await api.check_key()
        it.to_alone, it.to_both = page, UNKNOWN
        await api.check_key()
        it.to_both = None
        await press_button(api)
    assert it.headers["submit"]["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("page", [real_reply("onehub_401"), Reply(401, ""), Reply(302, ""), Reply(403, "<html>")])
async def test_submit_refused_with_the_secret_alone_triggers_a_check(page: Reply, clock: FakeClock) -> None:
    """If nothing is polled, no read would find out."""
    it = ChangingRelay(to_both=Reply(401, ""), to_alone=UNKNOWN)
    async with open_client(it, clock) as api:
        await api.check_key()
        it.to_alone, it.to_both = page, None
        with pytest.raises(RelayError):
            await press_button(api)
        await press_button(api)
    assert it.asked["submit"] == 1
    assert it.headers["submit"]["Authorization"] == f"Bearer {KEY}"


async def test_refused_seed_is_read_again_after_the_headers_changed(clock: FakeClock) -> None:
    """A read beside it found the accepted headers."""
    it = KeyRelay(admits=read_bare_authorization, seed=Reply(200, '{"code":1,"description":"ok","result":"7"}'))
    async with open_client(it, clock) as api:
        seeds = await asyncio.gather(api.check_key(), *(api.fetch_seed("5") for _ in range(4)))
    assert seeds[1:] == ["7"] * 4


async def test_temporary_refusal_changes_no_headers(clock: FakeClock) -> None:
    it = ChangingRelay(to_both=Reply(401, ""), to_alone=UNKNOWN)
    async with open_client(it, clock) as api:
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


async def test_seed_proves_nothing_about_the_headers(clock: FakeClock) -> None:
    """The relay forwards it to its upstream."""
    it = ChangingRelay(to_both=Reply(401, ""), to_alone=Reply(200, '{"code":1,"description":"ok","result":"7"}'))
    async with open_client(it, clock) as api:
        assert await api.fetch_seed("5") == "7"
        it.to_both, it.to_alone = UNKNOWN, None
        await api.check_key()
    assert (it.asked["both"], it.asked["alone"], it.asked["read"]) == (2, 1, 0)
