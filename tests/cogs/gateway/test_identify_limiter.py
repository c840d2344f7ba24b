"""When a shard may IDENTIFY, over hours that tests of whole processes cannot wait for."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.gateway.identify_limiter import IdentifyLimiter, SessionStartLimit, compute_reserve, next_identify_at

_DAY = 86_400.0


class Discord:
    """Discord's count of a day, shared by all processes, on a clock that only sleeping moves."""

    def __init__(self, remaining: int = 1000, reset_after: float = _DAY) -> None:
        self.now, self.slept = 1000.0, list[float]()
        self.remaining, self.resets_at = remaining, self.now + reset_after
        self.asked, self.away, self.least = 0, False, remaining

    async def ask(self) -> Mapping[str, Any] | None:
        """Answer, or not."""
        self.asked += 1
        if self.away:
            return None
        if self.now >= self.resets_at:
            self.remaining, self.resets_at = 1000, self.resets_at + _DAY
        after = int((self.resets_at - self.now) * 1000)
        return {"total": 1000, "remaining": self.remaining, "reset_after": after, "max_concurrency": 1}

    async def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.slept.append(seconds)
        self.now += seconds

    def process(self) -> IdentifyLimiter:
        """Start a process, which knows nothing yet."""
        return IdentifyLimiter(self.ask, lambda: self.now, self.sleep)

    async def identify(self, identifies: IdentifyLimiter, shard: int = 0) -> None:
        """Let a shard connect."""
        await identifies.acquire(shard)
        self.remaining -= 1
        self.least = min(self.least, self.remaining)


@pytest.mark.parametrize(
    ("remaining", "shards", "since", "at"),
    [
        (1000, 1, 0.0, 0.0),
        (501, 1, 0.0, 0.0),
        (501, 16, 0.0, 0.0),
        (500, 1, 100.0, 100.0 + 9000.0 / 450),  # 450 above the reserve, for 9000 s
        (500, 16, 100.0, 100.0 + 16 * 9000.0 / 450),
        (51, 1, 100.0, 1000.0),  # the last, and a restarted process starts to wait again
        (50, 1, 100.0, 9100.0),
        (0, 1, 0.0, 9100.0),
        (-5, 1, 0.0, 9100.0),
        (120, 60, 100.0, 1000.0),  # many shards keep one more start in reserve
        (119, 60, 0.0, 9100.0),
    ],
)
def test_remaining_starts_are_spread_until_the_reset(remaining: int, shards: int, since: float, at: float) -> None:
    """Much left: at once; less: evenly until the reset; at the reserve: at the reset."""
    assert next_identify_at(SessionStartLimit(1000, remaining, 100.0, 9100.0), shards, since) == pytest.approx(at)


@given(
    total=st.integers(1, 20_000),
    remaining=st.integers(-50, 20_000),
    shards=st.integers(1, 200),
    wait=st.floats(1, _DAY),
    ago=st.floats(0, _DAY),
)
def test_the_reserve_is_never_used(total: int, remaining: int, shards: int, wait: float, ago: float) -> None:
    """Before the reset nothing connects that would use the reserve, and after it everything may."""
    limit = SessionStartLimit(total, min(remaining, total), 0.0, wait)
    at = next_identify_at(limit, shards, -ago)
    assert at <= wait
    plenty = limit.remaining > total / 2 and limit.remaining >= shards
    assert plenty or at == wait or limit.remaining - shards >= compute_reserve(limit, shards)


async def test_a_restart_storm_ends_at_the_reserve() -> None:
    """A platform that restarts the process after each IDENTIFY gets 500 at once, and the rest over the day."""
    discord = Discord()
    ends = 1000.0 + _DAY
    day = 0
    while discord.now < ends:
        await discord.identify(discord.process())
        day += 1
    assert 900 < day <= 951
    assert discord.least >= 50
    assert max(discord.slept) < 600.1


async def test_three_processes_share_what_is_left() -> None:
    """Processes that know nothing of each other stay above the reserve, in any order of restarts."""
    discord = Discord(400, reset_after=3600)
    for _ in range(150):
        three = [discord.process() for _ in range(3)]
        await asyncio.gather(*(discord.identify(one) for one in three))
        if discord.now >= 1000 + 3600:
            break
    assert discord.least >= 48


async def test_a_long_wait_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """The reset is waited for in steps, because Discord may allow more in between."""
    discord = Discord(40, reset_after=7200)
    await discord.identify(discord.process())
    assert discord.now == pytest.approx(1000 + 7200)
    assert discord.asked == 13
    (said,) = (one.message for one in caplog.records)
    assert said.startswith(
        "Discord allows 1000 sessions a day, of which 40 are left and kept in reserve: waiting 7200 s"
    )


async def test_a_wait_ends_when_discord_allows_more() -> None:
    """A token that was given a new day ends the wait within ten minutes."""
    discord = Discord(0)

    async def sleep(seconds: float) -> None:
        discord.now += seconds
        discord.remaining = 1000

    await IdentifyLimiter(discord.ask, lambda: discord.now, sleep).wait_until_allowed({0})
    assert discord.now == 1600


async def test_many_shards_share_one_request() -> None:
    """A first connection of sixteen shards asks once, and takes sixteen from the count at once."""
    discord = Discord()
    identifies = discord.process()
    await identifies.wait_until_allowed(range(16))
    for shard in range(16):
        discord.now += 5.0
        await discord.identify(identifies, shard)
    assert discord.asked == 1
    assert discord.slept == []


async def test_unused_permissions_count() -> None:
    """They are not available to other shards, and are returned if unused."""
    discord = Discord(52, reset_after=100)
    identifies = discord.process()
    await identifies.wait_until_allowed({0})
    assert discord.now == pytest.approx(1050)
    await identifies.wait_until_allowed({0})
    assert discord.now == pytest.approx(1075)
    identifies.update_limit(await discord.ask())
    await identifies.wait_until_allowed({1})
    assert discord.now == pytest.approx(1100)
    assert discord.remaining == 1000


async def test_the_own_limit_applies_without_discords(caplog: pytest.LogCaptureFixture) -> None:
    """A Discord that cannot be asked bounds nothing: ten in ten minutes, and another shard does not wait for that."""
    discord = Discord()
    discord.away = True
    identifies = discord.process()
    for _ in range(10):
        await discord.identify(identifies)
    assert identifies.count_recent(0) == 10
    await discord.identify(identifies, 1)
    assert discord.slept == []
    await discord.identify(identifies)
    assert discord.now == 1600
    assert "Shard 0 connects too often: waiting 600 s." in caplog.text
    for _ in range(400):
        await discord.identify(identifies)
    assert discord.now > 1000 + _DAY


async def test_a_limit_is_valid_until_its_reset() -> None:
    """A Discord that goes away while its reset is waited for does not open the gate."""
    discord = Discord(10, reset_after=3600)
    identifies = discord.process()
    identifies.update_limit(await discord.ask())
    discord.away = True
    await discord.identify(identifies)
    assert discord.now == pytest.approx(1000 + 3600)


@pytest.mark.parametrize("said", [{}, {"total": 1000}, {"total": None, "remaining": 1, "reset_after": 1}, None])
async def test_malformed_limits_are_ignored(said: Mapping[str, Any] | None) -> None:
    """A gateway of another make may omit the limit."""
    slept: list[float] = []

    async def ask() -> Mapping[str, Any] | None:
        return said

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    await IdentifyLimiter(ask, lambda: 0.0, sleep).acquire(0)
    assert slept == []


async def test_a_wait_can_be_canceled() -> None:
    """SIGTERM cancels it, and no permission is kept."""
    discord = Discord(0)
    asleep = asyncio.Event()

    async def sleep(seconds: float) -> None:
        asleep.set()
        await asyncio.sleep(seconds)

    identifies = IdentifyLimiter(discord.ask, lambda: 1000.0, sleep)
    waiting = asyncio.create_task(identifies.wait_until_allowed({0}))
    await asleep.wait()
    assert identifies.has_waiting_shards
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not identifies.has_waiting_shards
