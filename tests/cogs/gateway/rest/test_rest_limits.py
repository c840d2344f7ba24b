"""When requests to Discord go on after a pause that it asked for, on virtual time."""

import asyncio
import json
import logging

import pytest
from multidict import CIMultiDict

from cogs.gateway.rest.rest_limits import RestLimits, RestRequest
from cogs.messaging.blocked_requests import RequestsBlocked
from tests.fakes.clock import FakeClock

TOKEN = "aW50ZXJhY3Rpb246MTIz"
EDIT = RestRequest("PATCH", "/channels/1/messages/2", is_authorized=True)
OTHER_EDIT = RestRequest("PATCH", "/channels/1/messages/3", is_authorized=True)
ELSEWHERE = RestRequest("PATCH", "/channels/9/messages/2", is_authorized=True)
FOLLOWUP = RestRequest("POST", f"/webhooks/5/{TOKEN}", is_authorized=False)
FIRST_RESPONSE = RestRequest("POST", f"/interactions/7/{TOKEN}/callback", is_authorized=False)
PROBE = RestRequest("GET", "/gateway/bot", is_authorized=True)
ALL = (EDIT, OTHER_EDIT, ELSEWHERE, FOLLOWUP, FIRST_RESPONSE)


class Limits:
    """Limits on virtual time."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.limits = RestLimits(self.clock.clock)

    def refuse(
        self, request: RestRequest, seconds: float | None = None, *, everywhere: bool = False
    ) -> RequestsBlocked | None:
        """Let the API refuse a request with 429."""
        body = {"global": everywhere} | ({} if seconds is None else {"retry_after": seconds})
        return self.limits.record_refusal(request, 429, CIMultiDict({"Via": "1"}), json.dumps(body).encode())

    def block(
        self,
        status: int = 429,
        body: bytes = b"error code: 1015",
        retry_after: str = "",
        request: RestRequest = EDIT,
    ) -> RequestsBlocked:
        """Let Cloudflare refuse a request."""
        blocked = self.limits.record_refusal(request, status, CIMultiDict({"Retry-After": retry_after}), body)
        assert blocked is not None
        return blocked

    async def wait(self, request: RestRequest) -> float:
        """Return for how long a request had to wait."""
        begun = self.clock.time
        await self.clock.run_until(self.limits.wait(request))
        return self.clock.time - begun


async def find_held(limits: Limits) -> set[RestRequest]:
    """Return the requests that may not be sent now."""
    waiting = {request: asyncio.create_task(limits.limits.wait(request)) for request in ALL}
    await limits.clock.settle()
    held = {request for request, wait in waiting.items() if not wait.done() or wait.exception()}
    for wait in waiting.values():
        wait.cancel()
    await asyncio.gather(*waiting.values(), return_exceptions=True)
    return held


@pytest.mark.parametrize(
    ("refused", "everywhere", "held"),
    [
        (EDIT, False, {EDIT, OTHER_EDIT}),
        (FOLLOWUP, False, {FOLLOWUP}),
        (EDIT, True, {EDIT, OTHER_EDIT, ELSEWHERE}),
        (FOLLOWUP, True, {FOLLOWUP}),
        (FIRST_RESPONSE, True, {FOLLOWUP}),
    ],
)
async def test_a_limit_holds_back_what_it_applies_to(
    refused: RestRequest, *, everywhere: bool, held: set[RestRequest]
) -> None:
    """A route's limit holds its major id; a global one the requests of the same credentials, never a first response."""
    limits = Limits()
    limits.refuse(refused, 10, everywhere=everywhere)
    assert await find_held(limits) == held
    await limits.clock.advance(10)
    assert await find_held(limits) == set()


async def test_a_block_of_the_address_holds_back_everything() -> None:
    """First responses too where Discord names the end: they would fail, and prolong the block."""
    limits = Limits()
    limits.block(retry_after="20")
    assert await find_held(limits) == set(ALL)
    await limits.clock.advance(20)
    assert await find_held(limits) == set()


@pytest.mark.parametrize("seconds", [0.3, 5, 25, 30])
async def test_a_request_goes_on_when_the_pause_ends(seconds: float) -> None:
    """A moment after its end, neither before it nor much later."""
    limits = Limits()
    limits.refuse(EDIT, seconds, everywhere=True)
    assert seconds <= await limits.wait(ELSEWHERE) < seconds + 0.1
    assert await limits.wait(ELSEWHERE) == 0


async def test_a_canceled_wait_leaves_nothing_behind() -> None:
    """The others go on at the end of the pause, whoever waited first."""
    limits = Limits()
    limits.refuse(EDIT, 25, everywhere=True)
    waits = [asyncio.create_task(limits.limits.wait(EDIT)) for _ in range(5)]
    await limits.clock.advance(20)
    for wait in waits[:-1]:
        wait.cancel()
    await limits.clock.advance(6)
    assert [wait.cancelled() for wait in waits] == [True] * 4 + [False]
    assert waits[-1].done()
    assert await limits.wait(EDIT) == 0


async def test_requests_go_on_one_after_the_other() -> None:
    """A hundred that waited for the same end are spread over the seconds after it: Discord allows fifty a second."""
    limits, ended = Limits(), list[float]()
    limits.refuse(EDIT, 10, everywhere=True)

    async def send() -> None:
        await limits.limits.wait(EDIT)
        ended.append(limits.clock.time)

    waits = [asyncio.create_task(send()) for _ in range(100)]
    await limits.clock.run_until(asyncio.gather(*waits))
    assert max(sum(at <= other < at + 1 for other in ended) for at in ended) <= 41


@pytest.mark.parametrize("seconds", [30.5, 3600, 82_721, 10**9])
async def test_a_long_pause_fails_the_request_at_once(seconds: float) -> None:
    """With the time of its end, a day at most."""
    limits = Limits()
    limits.refuse(EDIT, seconds, everywhere=True)
    with pytest.raises(RequestsBlocked, match="all requests of this bot until 2026-01-0") as blocked:
        await limits.limits.wait(EDIT)
    assert blocked.value.seconds == min(seconds, 86_400)
    await limits.clock.advance(seconds - 25)
    assert await limits.wait(EDIT) <= 25.1


async def test_a_longer_pause_is_not_shortened_by_a_later_one() -> None:
    """The last end counts."""
    limits = Limits()
    limits.refuse(EDIT, 25, everywhere=True)
    limits.refuse(OTHER_EDIT, 1, everywhere=True)
    assert await limits.wait(EDIT) >= 25


async def test_a_block_without_an_end_lasts_longer_each_time() -> None:
    """One, two, four minutes, up to fifteen, until a request succeeds; the error names no end."""
    limits, lengths = Limits(), list[float]()
    for _ in range(7):
        assert limits.block().until is None
        begun = limits.clock.time
        while await find_held(limits):
            await limits.clock.advance(20)
        lengths.append(limits.clock.time - begun)
    assert lengths == [60, 120, 240, 480, 900, 900, 900]
    limits.limits.record_success()
    limits.block()
    await limits.clock.advance(60)
    assert await find_held(limits) == set()


_FIREWALL_BODIES = [b'{"message": "internal network error", "code": 40333}', b"error code: 1020", b"", b"[" * 100_000]


@pytest.mark.parametrize("body", _FIREWALL_BODIES)
@pytest.mark.parametrize("retry_after", ["", "3600"])
async def test_messages_that_a_firewall_refuses_stop_nothing(body: bytes, retry_after: str) -> None:
    """However many, on whatever routes: members write what is in them."""
    limits = Limits()
    for _ in range(20):
        for request in ALL:
            assert limits.block(403, body, retry_after, request).until is None
    assert await find_held(limits) == set()
    assert limits.limits.find_problem() == ""


@pytest.mark.parametrize("body", _FIREWALL_BODIES)
async def test_a_firewall_that_also_refuses_the_probe_refuses_the_address(body: bytes) -> None:
    """The probe alone shows nothing, nor does one after a success; first responses are always tried."""
    limits = Limits()
    limits.block(403, body, request=PROBE)
    assert await find_held(limits) == set()
    limits.limits.record_success()
    limits.block(403, body)
    limits.limits.record_success()
    limits.block(403, body, request=PROBE)
    assert await find_held(limits) == set()
    lengths = list[float]()
    for _ in range(3):
        assert "this machine's address" in str(limits.block(403, body, request=PROBE))
        assert await find_held(limits) == set(ALL) - {FIRST_RESPONSE}
        begun = limits.clock.time
        while await find_held(limits):
            await limits.clock.advance(20)
        lengths.append(limits.clock.time - begun)
    assert lengths == [60, 120, 240]


@pytest.mark.parametrize("body", [b"error code: 1015", b"<html>Too many requests</html>", b""])
async def test_a_first_response_is_not_held_by_a_guessed_pause(body: bytes) -> None:
    """It has three seconds, and the end of the pause is unknown."""
    limits = Limits()
    limits.block(429, body)
    assert await find_held(limits) == set(ALL) - {FIRST_RESPONSE}


@pytest.mark.parametrize(("seconds", "is_sent"), [("1", True), ("2.4", True), ("4", False), ("20", False)])
async def test_a_first_response_waits_only_while_discord_accepts_it(seconds: str, *, is_sent: bool) -> None:
    limits = Limits()
    limits.block(retry_after=seconds)
    if is_sent:
        assert 1 <= await limits.wait(FIRST_RESPONSE) < 3
        return
    with pytest.raises(RequestsBlocked):
        await limits.limits.wait(FIRST_RESPONSE)


@pytest.mark.parametrize("other", [FOLLOWUP, FIRST_RESPONSE, ELSEWHERE])
async def test_a_pause_does_not_prolong_that_of_another_route(other: RestRequest) -> None:
    """A second stays a second while others wait for longer."""
    limits = Limits()
    limits.refuse(EDIT, 12)
    waits = [asyncio.create_task(limits.limits.wait(EDIT)) for _ in range(100)]
    await limits.clock.settle()
    limits.limits.record_exhaustion(other, 1.0)
    assert await limits.wait(other) < 1.1
    await limits.clock.run_until(asyncio.gather(*waits))


@pytest.mark.parametrize("canceled_after", [1.0, 24.9, 25.5, 30.0])
async def test_canceled_waits_give_their_places_back(canceled_after: float) -> None:
    """Before the end of the pause or after it: the next request goes on as if they had not been there."""
    limits = Limits()
    limits.refuse(EDIT, 25, everywhere=True)
    waits = [asyncio.create_task(limits.limits.wait(EDIT)) for _ in range(2000)]
    await limits.clock.advance(1.0)
    last = asyncio.create_task(limits.limits.wait(EDIT))
    await limits.clock.advance(canceled_after - 1.0)
    for wait in waits:
        wait.cancel()
    await limits.clock.advance(max(25.0 - canceled_after, 0.0) + 0.1)
    assert last.done()


async def test_a_global_limit_that_has_ended_already_holds_for_a_second() -> None:
    limits = Limits()
    for _ in range(5):
        limits.refuse(EDIT, 0, everywhere=True)
        assert 0.9 < await limits.wait(ELSEWHERE) < 1.1


async def test_a_route_without_a_time_pauses_for_seconds() -> None:
    limits = Limits()
    limits.refuse(EDIT)
    assert await find_held(limits) == {EDIT, OTHER_EDIT}
    assert 0 < await limits.wait(EDIT) < 10


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("PATCH", "/channels/1/messages/2", "PATCH /channels/1/messages/*"),
        ("PATCH", f"/webhooks/5/{TOKEN}/messages/@original", f"PATCH /webhooks/5/{TOKEN}/messages/*"),
        ("DELETE", f"/webhooks/5/{TOKEN}/messages/77", f"DELETE /webhooks/5/{TOKEN}/messages/*"),
        ("GET", "/guilds/3/members/4", "GET /guilds/3/members/*"),
        ("PUT", "/applications/3/commands", "PUT /applications/*/commands"),
        ("GET", "/gateway/bot", "GET /gateway/bot"),
    ],
)
def test_routes_share_a_limit_by_their_major_ids(method: str, path: str, route: str) -> None:
    """As Discord counts them."""
    assert RestRequest(method, path, is_authorized=True).route == route


async def test_routes_are_forgotten() -> None:
    """Thousands of tokens leave no memory behind."""
    limits = Limits()
    for number in range(5000):
        limits.limits.record_exhaustion(RestRequest("POST", f"/webhooks/5/t{number}", is_authorized=False), 2.0)
        await limits.clock.advance(0.1)
    assert len(vars(limits.limits)["_pauses"]) <= 256


@pytest.mark.parametrize("count", [300, 5000, 20_000])
async def test_routes_that_all_pause_are_bounded(count: int) -> None:
    """Those that end first are forgotten, but never a pause of all requests; each is added in constant time."""
    limits = Limits()
    limits.refuse(EDIT, 1.5, everywhere=True)
    pauses, copies = vars(limits.limits), 0
    for number in range(count):
        before = pauses["_pauses"]
        request = RestRequest("POST", f"/webhooks/5/t{number}", is_authorized=False)
        limits.limits.record_exhaustion(request, 2.0 + number)
        copies += pauses["_pauses"] is not before
    assert len(pauses["_pauses"]) <= 4096
    assert copies <= 20
    assert await find_held(limits) == {EDIT, OTHER_EDIT, ELSEWHERE}


@pytest.mark.parametrize(
    ("seconds", "everywhere", "problem"),
    [
        (3600, True, "Discord blocks all requests of this bot until 2026-01-01 13:00 UTC (HTTP 429)"),
        (25, True, ""),
        (3600, False, ""),
    ],
)
async def test_a_long_pause_of_all_requests_is_a_problem(seconds: float, *, everywhere: bool, problem: str) -> None:
    """A short one, and one of a single route, are not."""
    limits = Limits()
    limits.refuse(EDIT, seconds, everywhere=everywhere)
    assert limits.limits.find_problem() == problem
    await limits.clock.advance(seconds)
    assert limits.limits.find_problem() == ""


async def test_pauses_that_follow_each_other_are_a_problem_after_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """Each is short, but none lets a request through."""
    caplog.set_level(logging.WARNING)
    limits = Limits()
    for _ in range(3):
        assert limits.limits.find_problem() == ""
        limits.refuse(EDIT, 25, everywhere=True)
        await limits.clock.advance(25.1)
    limits.refuse(EDIT, 25, everywhere=True)
    assert "all requests of this bot" in limits.limits.find_problem()
    assert "Discord blocks all requests of this bot until" in caplog.text


@pytest.mark.parametrize("refusals", [2, 3, 8])
async def test_a_refused_token_pauses_what_uses_it(refusals: int) -> None:
    """The second time in a row: 10,000 refusals in ten minutes would block the address."""
    limits = Limits()
    limits.limits.record_unauthorized(EDIT)
    assert await find_held(limits) == set()
    for _ in range(refusals - 1):
        limits.limits.record_unauthorized(ELSEWHERE)
    assert await find_held(limits) == {EDIT, OTHER_EDIT, ELSEWHERE}
    assert "(HTTP 401, DISCORD_TOKEN is refused)" in limits.limits.find_problem()
    await limits.clock.advance(900)
    assert await find_held(limits) == set()
