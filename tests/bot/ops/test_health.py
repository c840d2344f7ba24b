"""Why the bot is not ready: checks that fail, hang and break, and each reason in plain words."""

import asyncio
import logging

import pytest

from bot.errors import BalanceExhausted, KeyLimited, KeyRefused, RelayError, RelayUnreachable
from bot.ops.health import Health, HealthCheck, Readiness, find_polling_problem
from bot.polling.poll_schedule import PollSchedule
from bot.polling.poller import Poller
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
