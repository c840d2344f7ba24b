"""Outages of Discord in virtual time: the real editor and discord.py, the services, and tasks that finish meanwhile."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from bot.midjourney.task import Status
from cogs.messaging.message_editor import DiscordMessageEditor
from cogs.messaging.rate_limits import RateLimiter
from tests.fakes.clock import FakeClock
from tests.fakes.discord_session import FakeDiscordSession
from tests.fakes.sample_entities import job, place, task
from tests.worlds.services import ServiceWorld

_BEGIN = 30.0
"""When an outage begins; tasks end a little later."""
_COUNT = 9
_HOUR = 3600.0
_OLD = timedelta(minutes=20)


class _AsyncioOnClock:
    """What discord.py sees of asyncio: its own pauses are virtual."""

    def __init__(self, clock: FakeClock) -> None:
        self.sleep = clock.sleep

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(asyncio, name)


@dataclass
class OutageWorld:
    """A service world whose editor is the real one, and the Discord behind it."""

    services: ServiceWorld
    discord: FakeDiscordSession
    rate_limiter: RateLimiter

    @property
    def clock(self) -> FakeClock:
        """The time of both."""
        return self.services.clock

    def fail(self, status: int, seconds: float, headers: dict[str, str] | None = None, **body: object) -> None:
        """Let every request fail from _BEGIN on."""
        self.discord.find_fault = lambda now: status if _BEGIN <= now < _BEGIN + seconds else None
        self.discord.fault_headers, self.discord.fault_body = headers or {}, body

    def title(self, number: int) -> str:
        """What a message shows."""
        message = self.discord.messages.get(number)
        return str(message.embed.get("title", "")) if message else ""

    def unfinished(self) -> list[int]:
        """The messages that do not show their pictures yet."""
        return [number for number in range(1, _COUNT + 1) if not self.title(number).startswith("✅")]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> OutageWorld:
    services = ServiceWorld()
    clock = services.clock
    monkeypatch.setattr("discord.webhook.async_.asyncio", _AsyncioOnClock(clock))
    monkeypatch.setattr("discord.http.asyncio", _AsyncioOnClock(clock))
    session = FakeDiscordSession(clock)
    rate_limiter = RateLimiter(clock.clock.monotonic, clock.sleep)
    services.editor = DiscordMessageEditor(session.open_client(), rate_limiter, clock.clock)  # type: ignore[assignment]
    return OutageWorld(services, session, rate_limiter)


async def _follow(world: OutageWorld, follow: Callable[..., Any]) -> None:
    """Follow tasks: by a young token, as the bot after it has expired, and privately by the token only."""
    for number in range(1, _COUNT + 1):
        where = place(number, reachable=True)
        if number % 3 == 0:
            where = place(number, born=where.token_expires_at - _OLD)
        world.services.relay.set(task(str(number), progress=10))
        await follow(job(number, str(number), place=where))
    await world.clock.advance(_BEGIN)
    for number in range(1, _COUNT + 1):
        world.services.relay.set(task(str(number), Status.SUCCESS, progress=100))


@pytest.mark.parametrize(
    ("status", "seconds", "headers", "longest_lag"),
    [
        (0, 140.0, {}, 190.0),
        (503, 330.0, {}, 190.0),
        (500, 330.0, {}, 190.0),
        (502, _HOUR, {}, 700.0),
        (0, _HOUR, {}, 700.0),
        (429, _HOUR, {}, 1300.0),
        (429, 330.0, {"Via": "1.1 google"}, 400.0),
        (403, 140.0, {}, 300.0),
    ],
)
async def test_no_result_is_lost_in_an_outage(
    world: OutageWorld, status: int, seconds: float, headers: dict[str, str], longest_lag: float
) -> None:
    """Cut connections, failures, rate limits without an end, a firewall: each is shown, once Discord is back."""
    world.fail(status, seconds, headers, retry_after=20.0)
    async with world.services.process() as process:
        await _follow(world, process.jobs.follow_job)
        await world.clock.advance(seconds)
        assert len(world.unfinished()) == _COUNT
        assert world.services.store.closed == set()
        await world.clock.advance(longest_lag)
        assert world.unfinished() == []
        await world.clock.advance(30.0)
    assert len(world.services.store.closed) == _COUNT
    await world.rate_limiter.close()


@pytest.mark.parametrize("stop_at", [135.0, 900.0])
async def test_a_restart_in_an_outage_is_no_storm(world: OutageWorld, stop_at: float) -> None:
    """Five lives in a row try no more often than one long life, and lose nothing."""
    world.fail(503, _HOUR)
    async with world.services.process() as process:
        await _follow(world, process.jobs.follow_job)
        await world.clock.advance(stop_at)
    for _ in range(3):
        async with world.services.process():
            await world.clock.advance(15.0)
    async with world.services.process():
        await world.clock.advance(_HOUR + _BEGIN - world.clock.time)
        tries = len(world.discord.requests) / _COUNT
        assert len(world.unfinished()) == _COUNT
        await world.clock.advance(760.0)
        assert world.unfinished() == []
    # Eight tries in two minutes for each of about ten drawings; a start in the middle of one begins it anew.
    assert tries < 110
    await world.rate_limiter.close()


async def test_two_outages_in_a_row(world: OutageWorld) -> None:
    """The second begins while the first's messages are drawn."""
    ends = _BEGIN + 300.0
    world.discord.find_fault = lambda now: 0 if _BEGIN <= now < ends or ends + 5.0 <= now < ends + 300.0 else None
    async with world.services.process() as process:
        await _follow(world, process.jobs.follow_job)
        await world.clock.advance(1400.0)
        assert world.unfinished() == []
    await world.rate_limiter.close()
