"""What a start asks of Discord until it is done, on virtual time."""

import asyncio
import logging
from unittest.mock import Mock

import aiohttp
import discord
import pytest

from cogs.gateway.start_requests import RARELY, SOON, StartRequest
from cogs.messaging.blocked_requests import RequestsBlocked
from tests.fakes.clock import FakeClock

ACTION = "tell who owns this application"


def refusal(status: int, code: int = 0) -> discord.HTTPException:
    """Return the error of a response of Discord."""
    kind = {403: discord.Forbidden, 404: discord.NotFound}.get(status, discord.HTTPException)
    return kind(Mock(status=status, reason="refused"), {"code": code, "message": "no"})


class Discord:
    """Fails with `error` until it is None; `times` are those at which it was asked."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.clock = FakeClock()
        self.times: list[float] = []

    async def ask(self) -> None:
        """Answer, or fail."""
        self.times.append(self.clock.time)
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (refusal(403, 50001), "403 refused (error code: 50001): no"),
        (refusal(404), "HTTP 404"),
        (refusal(401), "HTTP 401"),
        (refusal(400, 50035), "400 refused (error code: 50035): no"),
        (refusal(429), "HTTP 429"),
        (refusal(500), "HTTP 500"),
        (aiohttp.ServerDisconnectedError(), "ServerDisconnectedError"),
        (TimeoutError(), "TimeoutError"),
        (RequestsBlocked("this machine's address", "HTTP 429", None, None), "RequestsBlocked"),
        (KeyError("owner"), "KeyError"),
        (TypeError("string indices"), "TypeError"),
    ],
)
async def test_every_failure_is_asked_again_until_it_succeeds(
    error: Exception, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """After pauses that grow to five minutes; the log has one line for it, and one for its end."""
    caplog.set_level(logging.WARNING)
    playing = Discord(error)
    request = StartRequest(ACTION, playing.ask, playing.clock.clock, consequence=", so nobody may draw")
    assert request.find_problem() == f"Discord doesn't {ACTION} (not asked yet), so nobody may draw"
    running = asyncio.create_task(request.repeat_until_done())
    await playing.clock.run_until(request.wait_for_first_try(), within=0)
    await playing.clock.advance(sum(SOON) + 2 * SOON[-1])
    pauses = [later - at for at, later in zip(playing.times, playing.times[1:], strict=False)]
    assert pauses == [*SOON, SOON[-1], SOON[-1]]
    assert request.find_problem() == f"Discord doesn't {ACTION} ({reason}), so nobody may draw"
    playing.error = None
    await playing.clock.advance(SOON[-1])
    assert running.done()
    assert request.find_problem() == ""
    assert len(caplog.records) == 2
    assert reason in caplog.messages[0]
    assert caplog.messages[1] == f"Discord agrees to {ACTION} now."


@pytest.mark.parametrize("error", [refusal(400, 50035), refusal(403, 20001), refusal(400, 30034)])
async def test_what_needs_a_change_is_asked_rarely(error: Exception) -> None:
    """A refusal once an hour; an outage in between soon."""
    playing = Discord(error)
    request = StartRequest("register the commands", playing.ask, playing.clock.clock, pauses_if_refused=RARELY)
    running = asyncio.create_task(request.repeat_until_done())
    await playing.clock.advance(7200)
    assert playing.times == [0, 3600, 7200]
    playing.error = refusal(503)
    await playing.clock.advance(3605)
    assert playing.times[3:] == [10_800, 10_805]
    playing.error = None
    await playing.clock.advance(10)
    assert running.done()


async def test_a_new_reason_is_logged_again(caplog: pytest.LogCaptureFixture) -> None:
    """The same one is not."""
    caplog.set_level(logging.WARNING)
    playing = Discord(refusal(403, 50001))
    request = StartRequest(ACTION, playing.ask, playing.clock.clock)
    running = asyncio.create_task(request.repeat_until_done())
    await playing.clock.advance(20)
    playing.error = refusal(404)
    await playing.clock.advance(600)
    assert len(caplog.records) == 2
    running.cancel()


async def test_a_success_at_once_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """As at nearly every start."""
    playing = Discord(None)
    request = StartRequest(ACTION, playing.ask, playing.clock.clock)
    await playing.clock.run_until(request.repeat_until_done(), within=0)
    await request.wait_for_first_try()
    assert (request.find_problem(), caplog.records) == ("", [])
