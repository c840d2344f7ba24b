"""Whether the relay accepts the key: what /readyz is told, and what the log says when."""

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
from bot.ops.diagnostics import check_relay
from bot.ops.key_check import KeyCheck
from bot.tracking.task_supervisor import TaskSupervisor
from tests.fakes.clock import FakeClock

URL = "https://relay.example"


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
        (KeyRefused("用户已被封禁"), "the relay has banned the account of MJ_API_KEY"),
        (KeyRefused("未登录"), "the relay refuses MJ_API_KEY (it is not logged in)"),
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
            "the address in MJ_API_URL has no /mj routes",
        ),
    ],
)
async def test_key_problems_are_described_without_the_relays_words(error: RelayError | None, said: str) -> None:
    """Each answer is a reason in our words, never in the relay's."""
    clock, supervisor = FakeClock(), TaskSupervisor()
    async with supervisor.serve():
        assert await KeyCheck(Key(clock, error).check, URL, supervisor, clock.clock).find_problem() == said


async def test_the_key_is_checked_once_a_minute() -> None:
    """Simultaneous callers share one request, whose result is used for a minute."""
    clock, supervisor = FakeClock(), TaskSupervisor()
    key = Key(clock, KeyRefused())
    check = KeyCheck(key.check, URL, supervisor, clock.clock)
    async with supervisor.serve():
        assert key.asked == [], "no request has asked for it"
        said = await asyncio.gather(*(check.find_problem() for _ in range(20)))
        assert set(said) == {"the relay refuses MJ_API_KEY"}
        key.error = None
        await clock.advance(59)
        assert await check.find_problem() == "the relay refuses MJ_API_KEY"
        await clock.advance(1)
        assert await check.find_problem() == ""
        clock.step(-3600)
        await clock.advance(60)
        assert await check.find_problem() == "", "a clock that was put back stops nothing"
    assert key.asked == [0.0, 60.0, 120.0]


async def test_a_slow_key_check_is_not_repeated_meanwhile() -> None:
    """Meanwhile the previous result is returned, and a canceled caller does not cancel the request."""
    clock, supervisor = FakeClock(), TaskSupervisor()
    key = Key(clock)
    key.seconds = 300
    check = KeyCheck(key.check, URL, supervisor, clock.clock, wait_seconds=0.1)
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


async def read_log(caplog: pytest.LogCaptureFixture, *turns: tuple[float, Exception | None]) -> list[str]:
    """Let a check run by itself, each time for so many seconds with such a relay; return what it logged."""
    caplog.set_level(logging.INFO, "bot.ops.key_check")
    clock, supervisor = FakeClock(), TaskSupervisor()
    key = Key(clock)
    async with supervisor.serve():
        running = asyncio.create_task(KeyCheck(key.check, URL, supervisor, clock.clock).run())
        for seconds, key.error in turns:
            await clock.advance(seconds)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return [f"{record.levelname} {record.getMessage()}" for record in caplog.records]


GOOD = f"INFO API key: accepted by {URL}"


@pytest.mark.parametrize(
    "error",
    [
        KeyUnknown("无效的令牌"),
        KeyExpired(),
        KeyRefused("用户已被封禁"),
        BalanceExhausted("该令牌额度已用尽"),
        RelayUnreachable("HTTP 502"),
        RelayUnreachable("cannot connect", no_host=True),
        RelayMoved("HTTP 301", address="https://new.example"),
    ],
)
async def test_a_start_with_a_problem_logs_the_sentence_of_check(
    caplog: pytest.LogCaptureFixture, error: RelayError
) -> None:
    """Within seconds, although no task is watched; and once, however long it lasts."""
    found = await check_relay(Key(FakeClock(), error).check, URL)
    assert await read_log(caplog, (0.0, error), (3600.0, error)) == [
        f"WARNING {found.name}: {found.message} {found.advice}"
    ]


async def test_a_good_start_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    assert await read_log(caplog, (7200.0, None)) == [f"{GOOD}."]


async def test_each_change_of_state_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """The key expires, the relay goes away and comes back with the expired key, and the key is renewed."""
    down, expired = RelayUnreachable("HTTP 502"), KeyExpired()
    lines = await read_log(
        caplog, (600.0, None), (600.0, expired), (600.0, down), (600.0, expired), (600.0, None), (600.0, None)
    )
    assert [line.partition(". ")[0] for line in lines] == [
        f"{GOOD}.",
        "WARNING API key: MJ_API_KEY has expired",
        f"WARNING Relay: {URL} doesn't respond properly (HTTP 502)",
        "WARNING API key: MJ_API_KEY has expired",
        f"{GOOD} again.",
    ]


@pytest.mark.parametrize("error", [RelayUnreachable("timeout"), KeyRefused("HTTP 401"), RelayBusy("429")])
async def test_a_hiccup_is_not_logged(caplog: pytest.LogCaptureFixture, error: RelayError) -> None:
    """A problem that the next read, ten seconds later, no longer meets."""
    assert await read_log(caplog, (299.0, None), (9.0, error), (600.0, None)) == [f"{GOOD}."]


async def test_other_words_for_the_same_cause_are_no_change(caplog: pytest.LogCaptureFixture) -> None:
    answers = [RelayUnreachable(f"HTTP {status}") for status in (502, 503, 521)]
    assert len(await read_log(caplog, *((120.0, error) for error in answers))) == 1


@pytest.mark.parametrize("error", [RelayUnreachable("HTTP 502"), KeyExpired(), BalanceExhausted("HTTP 400")])
@pytest.mark.parametrize("way", ["refused command", "/mjcheck", "/readyz"])
async def test_a_relay_that_fails_later_is_logged_soon(
    caplog: pytest.LogCaptureFixture, way: str, error: RelayError
) -> None:
    """Who notices it first does not matter, and neither does how often it is noticed; the recovery is logged too."""
    caplog.set_level(logging.INFO, "bot.ops.key_check")
    clock, supervisor = FakeClock(), TaskSupervisor()
    key = Key(clock)
    check = KeyCheck(key.check, URL, supervisor, clock.clock)

    async def notice() -> None:
        if way == "refused command":
            check.report_error(error)
        elif way == "/readyz":
            await check.find_problem()
        else:
            await check_relay(check.read, URL)

    async with supervisor.serve():
        running = asyncio.create_task(check.run())
        await clock.advance(90)
        key.error = error
        for _ in range(3):
            await notice()
            await clock.advance(10)
        assert len(caplog.messages) == 2, "the start, and the problem"
        key.error = None
        await clock.advance(70)
        assert caplog.messages[2:] == [f"API key: accepted by {URL} again."]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("error", [ActionUnsupported("no", lasting=True), RelayBusy("429")])
async def test_an_error_of_one_request_reads_nothing(error: RelayError) -> None:
    clock, supervisor = FakeClock(), TaskSupervisor()
    key = Key(clock)
    check = KeyCheck(key.check, URL, supervisor, clock.clock)
    async with supervisor.serve():
        check.report_error(error)
        await clock.advance(1)
    assert not key.asked


async def test_the_operator_is_told_once_of_each_problem_and_of_its_end() -> None:
    """Without the relay's words, and not of a start at which all is well."""
    clock, supervisor, told = FakeClock(), TaskSupervisor(), list[str]()
    key = Key(clock)
    async with supervisor.serve():
        check = KeyCheck(key.check, URL, supervisor, clock.clock)
        check.alarm = told.append
        for error in (None, KeyExpired("sk-secret"), KeyExpired("sk-secret"), KeyExpired("sk-secret"), None, None):
            key.error = error
            if error is None:
                await check.read()
            else:
                with pytest.raises(RelayError):
                    await check.read()
    assert told == [
        "MJ_API_KEY has expired. The bot's log and `/mjcheck` say what to do.",
        "The relay answers again, and accepts the key.",
    ]
