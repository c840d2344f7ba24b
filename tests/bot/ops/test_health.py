"""Why the bot is not ready: checks that fail, hang and break, and each reason in plain words."""

import asyncio
import logging

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
    RelayMoved,
    RelayUnreachable,
)
from bot.ops.health import Health, HealthCheck, KeyCheck, Readiness, find_polling_problem
from bot.polling.poll_schedule import PollSchedule
from bot.polling.poller import Poller
from bot.tracking.task_supervisor import TaskSupervisor
from tests.fakes.clock import FakeClock
from tests.fakes.relay import FakeRelay
from tests.fakes.sample_entities import task


async def never() -> str:
    await asyncio.Event().wait()
    return ""


async def good() -> str:
    return ""


def broken() -> str:
    raise ZeroDivisionError("sk-secret")


async def test_a_check_that_hangs_or_fails_hides_no_other_problem(caplog: pytest.LogCaptureFixture) -> None:
    """Checks may be plain or async functions; internal errors reveal nothing."""
    caplog.set_level(logging.ERROR)
    checks: dict[str, HealthCheck] = {
        "a": lambda: "",
        "b": good,
        "c": lambda: "bad",
        "d": never,
        "e": broken,
        "f": never,
    }
    async with asyncio.timeout(60):
        found = await Health(checks, seconds=0.05).find_problems()
    late = "no answer within 0.05 s"
    assert found == {"c": "bad", "d": late, "e": "cannot be checked (ZeroDivisionError)", "f": late}
    assert "health check e failed" in caplog.text


async def test_readiness_reports_the_current_connection() -> None:
    """Without a connection it reports what the process waits for."""
    readiness = Readiness()
    assert await readiness.find_problems() == {"gateway": "starting"}
    readiness.set_waiting_reason("store", "The database cannot be used yet")
    with readiness.delegate_to(Health({"key": lambda: "no"})):
        assert await readiness.find_problems() == {"key": "no"}
    assert await readiness.find_problems() == {"gateway": "the connection to Discord has ended"}
    with readiness.delegate_to(Health({})):
        assert await readiness.find_problems() == {}


class Key:
    """A relay that is asked about its key: it takes `seconds` and raises `error`."""

    def __init__(self, clock: FakeClock, error: Exception | None = None) -> None:
        self.clock = clock
        self.error = error
        self.asked: list[float] = []
        self.seconds = 0.0

    async def check(self) -> None:
        self.asked.append(self.clock.time)
        if self.seconds:
            await self.clock.sleep(self.seconds)
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (None, ""),
        (KeyRefused("sk-secret is invalid"), "the relay refuses MJ_API_KEY"),
        (KeyUnknown("sk-secret"), "the relay does not know MJ_API_KEY"),
        (KeyExpired("sk-secret"), "MJ_API_KEY has expired"),
        (KeyLimited("sk-secret"), "MJ_API_KEY is limited to some models, so the relay won't let it read tasks"),
        (KeyRefused("用户已被封禁"), "the relay refuses MJ_API_KEY (the account is banned)"),
        (BalanceExhausted("sk-secret"), "the balance of MJ_API_KEY is used up"),
        (RelayUnreachable("sk-secret"), "the relay does not answer"),
        (
            RelayUnreachable("sk-secret", proxy_problem="The proxy sk-secret refused."),
            "the proxy lets no request through to the relay",
        ),
        (
            RelayMoved("sk-secret", address="https://sk-secret.example"),
            "the relay redirects to another address, to which MJ_API_URL must be changed",
        ),
        (RelayBusy("sk-secret"), "the relay is too busy to check the key"),
        (
            ActionUnsupported("sk-secret", lasting=True),
            "the relay sent an invalid answer (ActionUnsupported)",
        ),
    ],
)
async def test_key_problems_are_described_without_the_relays_words(error: RelayError | None, said: str) -> None:
    """Each answer is a reason in our words, never in the relay's."""
    clock, supervisor = FakeClock(), TaskSupervisor()
    async with supervisor.serve():
        assert await KeyCheck(Key(clock, error).check, supervisor, clock.now).find_problem() == said


async def test_the_key_is_checked_once_a_minute() -> None:
    """Simultaneous callers share one request, whose result is used for a minute."""
    clock, supervisor = FakeClock(), TaskSupervisor()
    key = Key(clock, KeyRefused())
    check = KeyCheck(key.check, supervisor, clock.now)
    async with supervisor.serve():
        assert key.asked == [], "no request has asked for it"
        said = await asyncio.gather(*(check.find_problem() for _ in range(20)))
        assert set(said) == {"the relay refuses MJ_API_KEY"}
        key.error = None
        await clock.advance(59)
        assert await check.find_problem() == "the relay refuses MJ_API_KEY"
        await clock.advance(1)
        assert await check.find_problem() == ""
        clock.time -= 3600
        assert await check.find_problem() == "", "a clock that was put back stops nothing"
    assert key.asked == [0.0, 60.0, -3540.0]


async def test_a_slow_key_check_is_not_repeated_meanwhile() -> None:
    """Meanwhile the previous result is returned, and a canceled caller does not cancel the request."""
    clock, supervisor = FakeClock(), TaskSupervisor()
    key = Key(clock)
    key.seconds = 300
    check = KeyCheck(key.check, supervisor, clock.now, timeout_seconds=0.1)
    async with supervisor.serve():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await check.find_problem()
        await clock.advance(200)
        assert "not confirmed the key yet" in await check.find_problem()
        await clock.advance(101)
        key.error = KeyRefused()
        assert await check.find_problem() == "", "the first try came to its end, and the second is on its way"
        assert key.asked == [0.0, 301.0]


async def test_polls_without_an_answer_become_a_problem() -> None:
    """At rest, and while answers come, nothing is wrong; a watched task without them is, after 60 s or six polls."""
    clock = FakeClock()
    relay = FakeRelay(clock)
    relay.set(task("1"))
    poller = Poller(relay, PollSchedule(5.0, random_fraction=lambda: 0.5), clock.clock)
    loop = asyncio.create_task(poller.run())
    assert find_polling_problem(poller, 5.0) == ""
    async with poller.watch("1"):
        await clock.advance(300)
        assert find_polling_problem(poller, 5.0) == ""
        relay.failure = RelayUnreachable("down")
        await clock.advance(55)
        assert find_polling_problem(poller, 5.0) == ""
        await clock.advance(15)
        assert find_polling_problem(poller, 5.0).startswith("the relay has answered no poll for ")
        assert find_polling_problem(poller, 12.0) == ""
    assert find_polling_problem(poller, 5.0) == ""
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyLimited("This token has no access to model"), "MJ_API_KEY is limited to some models"),
        (KeyRefused("ask sk-secret"), "the relay refuses MJ_API_KEY"),
        (BalanceExhausted(), "the balance of MJ_API_KEY is used up"),
    ],
)
async def test_refused_polls_are_a_problem_at_once(error: RelayError, said: str) -> None:
    """While a message is watched; otherwise the key check reports the key."""
    clock = FakeClock()
    relay = FakeRelay(clock)
    relay.set(task("1"))
    poller = Poller(relay, PollSchedule(5.0, random_fraction=lambda: 0.5), clock.clock)
    loop = asyncio.create_task(poller.run())
    async with poller.watch("1"):
        await clock.advance(1)
        relay.failure = error
        await clock.advance(7)
        assert find_polling_problem(poller, 5.0).startswith(f"polls are refused: {said}")
        assert "secret" not in find_polling_problem(poller, 5.0)
    assert find_polling_problem(poller, 5.0) == ""
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
