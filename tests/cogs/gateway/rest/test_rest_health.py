"""Whether Discord serves this bot's requests, on virtual time."""

import asyncio
import logging

import pytest

from cogs.gateway.rest.rest_health import RestHealth
from tests.fakes.clock import FakeClock


class Discord:
    """Answers a probe as `reason` says: empty for a success."""

    def __init__(self, clock: FakeClock, reason: str = "") -> None:
        self.health = RestHealth(clock.clock)
        self.reason = reason
        self.probes = 0

    async def probe(self) -> None:
        """Send a request."""
        self.probes += 1
        if self.reason:
            self.health.record_failure(self.reason)
            raise ConnectionError
        self.health.record_success()


@pytest.mark.parametrize(
    "reason", ["HTTP 503", "no answer", "ServerDisconnectedError", "Discord refuses DISCORD_TOKEN"]
)
async def test_a_minute_of_failures_is_reported_until_one_succeeds(
    reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The probes end it, also where the bot is idle; the log has one line at each change."""
    caplog.set_level(logging.WARNING)
    clock = FakeClock()
    discord = Discord(clock, reason)
    running = asyncio.create_task(discord.health.run(discord.probe))
    discord.health.record_failure(reason)
    await clock.advance(59)
    assert discord.health.find_problem() == ""
    await clock.advance(81)
    assert discord.health.find_problem() == f"every request to Discord has failed for 140 s ({reason})"
    discord.reason = ""
    await clock.advance(20)
    assert discord.health.find_problem() == ""
    await clock.advance(3600)
    assert len(caplog.records) == 2
    assert caplog.records[1].getMessage().startswith("Discord answers again")
    assert discord.probes <= 9
    running.cancel()


@pytest.mark.parametrize("other", ["success", "nothing"])
async def test_a_single_failure_is_no_problem(other: str, caplog: pytest.LogCaptureFixture) -> None:
    """Another request of the bot succeeds, or the first probe does."""
    clock = FakeClock()
    discord = Discord(clock)
    running = asyncio.create_task(discord.health.run(discord.probe))
    discord.health.record_failure("HTTP 500")
    if other == "success":
        await clock.advance(5)
        discord.health.record_success()
    await clock.advance(3600)
    assert discord.health.find_problem() == ""
    assert discord.probes == (other == "nothing")
    assert not caplog.records
    running.cancel()


async def test_a_second_outage_is_reported_again() -> None:
    """The time counts from its own first failure."""
    clock = FakeClock()
    discord = Discord(clock)
    running = asyncio.create_task(discord.health.run(discord.probe))
    for _ in range(2):
        discord.reason = "HTTP 502"
        discord.health.record_failure("HTTP 502")
        await clock.advance(100)
        assert "has failed for 100 s (HTTP 502)" in discord.health.find_problem()
        discord.reason = ""
        await clock.advance(20)
        assert discord.health.find_problem() == ""
    running.cancel()
