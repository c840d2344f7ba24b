"""How the poller meets outages and refusals of a relay, on virtual time."""

import logging
from datetime import timedelta

import pytest

from bot.errors import BalanceExhausted, KeyLimited, KeyRefused, RelayBusy, RelayError, RelayUnreachable
from bot.polling.poller import Poller
from bot.relay.relay_problems import describe_relay_problem
from tests.fakes.clock import FakeClock
from tests.fakes.feed_reader import Reader
from tests.fakes.relay import FakeRelay
from tests.fakes.sample_entities import task


async def test_an_outage_is_reported_after_15_s_and_logged_once(
    clock: FakeClock, relay: FakeRelay, poller: Poller, caplog: pytest.LogCaptureFixture
) -> None:
    """Its end is reported at once, and logged once."""
    caplog.set_level(logging.INFO)
    relay.set(task("1", progress=5))
    reader = Reader(poller, "1")
    await clock.advance(1.0)
    relay.failure = RelayUnreachable("no answer")
    await clock.advance(5.0)
    silent = clock.start + timedelta(seconds=5.05)
    hiccup = Reader(poller, "1")
    await clock.advance(13.0)
    assert reader.silences == [None]
    assert hiccup.silences == [None]
    await clock.advance(2.0)
    assert [None, pytest.approx(silent, abs=timedelta(seconds=0.2))] == reader.silences
    late = Reader(poller, "1")
    await clock.settle()
    assert reader.silences[1:] == late.silences
    relay.failure = None
    relay.set(task("1", progress=50))
    await clock.advance(60.0)
    assert [*dict.fromkeys(reader.progress[:1]), *reader.progress[1:2], reader.progress[-1]] == [5, 5, 50]
    assert reader.silences[-1] is None
    spoken = [record.levelname for record in caplog.records]
    assert spoken == ["WARNING", "INFO"]
    for one in (reader, hiccup, late):
        await one.leave()


async def test_reads_in_an_outage_become_rarer(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """A relay that is down all day gets a request a minute."""
    relay.failure = RelayUnreachable("no answer")
    reader = Reader(poller, "1")
    await clock.advance(600.0)
    pauses = [round(later - earlier) for earlier, later in zip(relay.asked(), relay.asked()[1:], strict=False)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 60
    await reader.leave()


async def test_retry_after_pauses_every_read(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """Also the first read of a new watch; feeds report the silence meanwhile."""
    relay.failure = RelayBusy("429", retry_after=120.0)
    relay.set(task("2"))
    old = Reader(poller, "1", seed=task("1", progress=7))
    await clock.advance(1.0)
    relay.failure = None
    new = Reader(poller, "2")
    await clock.advance(118.0)
    assert len(relay.requests) == 1
    assert old.progress == [7, 7]
    assert old.silences[1] is not None
    await clock.advance(2.0)
    assert len(new.seen) == 1
    await old.leave()
    await new.leave()


async def test_retry_after_pauses_reads_for_two_minutes_at_most(
    clock: FakeClock, relay: FakeRelay, poller: Poller
) -> None:
    """Even if the relay asks for an hour."""
    relay.failure = RelayBusy("429", retry_after=3600.0)
    reader = Reader(poller, "1")
    await clock.advance(1.0)
    relay.failure = None
    relay.set(task("1", progress=5))
    await clock.advance(118.0)
    assert reader.progress == []
    await clock.advance(2.0)
    assert reader.progress == [5]
    await reader.leave()


CLOCK_STEPS = [-7.0, -60.0, -599.0, -3600.0, -86400.0, 60.0, 600.0, 86400.0]


@pytest.mark.parametrize("step", CLOCK_STEPS)
@pytest.mark.parametrize("error", [None, RelayBusy("429", retry_after=20.0), RelayUnreachable("no answer")])
async def test_setting_the_time_delays_no_read(
    clock: FakeClock, relay: FakeRelay, poller: Poller, error: RelayError | None, step: float
) -> None:
    """No task is read later, and none more often."""
    relay.set(task("1", progress=5))
    reader = Reader(poller, "1")
    await clock.advance(11.0)
    relay.failure = error
    await clock.advance(11.0)
    relay.failure = None
    clock.step(step)
    relay.set(task("1", progress=40))
    before = len(relay.requests)
    await clock.advance(25.0)
    assert reader.progress[-1] == 40
    assert len(relay.requests) - before <= 6
    before = len(relay.requests)
    await clock.advance(60.0)
    assert 10 <= len(relay.requests) - before <= 13
    await reader.leave()


@pytest.mark.parametrize("step", CLOCK_STEPS)
async def test_setting_the_time_neither_shows_nor_hides_an_outage(
    clock: FakeClock, relay: FakeRelay, poller: Poller, step: float
) -> None:
    relay.set(task("1", progress=5))
    reader = Reader(poller, "1")
    await clock.advance(1.0)
    relay.failure = RelayUnreachable("no answer")
    await clock.advance(8.0)
    clock.step(step)
    await clock.advance(5.0)
    assert reader.feed is not None
    assert reader.feed.silent_since is None
    await clock.advance(15.0)
    assert reader.feed.silent_since is not None
    assert poller.unanswered_seconds == pytest.approx(28.95, abs=0.2)
    await reader.leave()


async def test_retry_after_is_obeyed_after_the_clock_was_set_back(
    clock: FakeClock, relay: FakeRelay, poller: Poller
) -> None:
    """Both pauses are obeyed, and a lookup reports the new one."""
    relay.failure = RelayBusy("429", retry_after=60.0)
    reader = Reader(poller, "1")
    await clock.advance(1.0)
    clock.start -= timedelta(hours=1)
    relay.failure = RelayBusy("429", retry_after=30.0)
    await clock.advance(60.0)
    asked = relay.asked()
    assert len(asked) == 2
    with pytest.raises(RelayBusy) as raised:
        await clock.run_until(poller.fetch_task("1"), within=0.2)
    assert 0 < (raised.value.retry_after or 0) <= 30
    assert asked == relay.asked()
    await reader.leave()


async def test_a_retry_after_of_zero_keeps_the_base_interval(
    clock: FakeClock, relay: FakeRelay, poller: Poller
) -> None:
    """So it causes no hot loop."""
    relay.failure = RelayBusy("429", retry_after=0.0)
    reader = Reader(poller, "1")
    await clock.advance(21.0)
    assert len(relay.requests) == 5
    await reader.leave()


async def test_a_lookup_in_an_outage_fails_at_once(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """The first by the poll, the next by a read of its own while the loop waits."""
    relay.failure = KeyRefused("invalid token")
    for _ in range(2):
        with pytest.raises(KeyRefused):
            await clock.run_until(poller.fetch_task("1"), within=0.2)
    relay.failure = None
    relay.set(task("1", progress=9))
    assert (await clock.run_until(poller.fetch_task("1"), within=0.2)).progress == 9
    assert len(poller.watch_list) == 0


async def test_a_lookup_during_retry_after_says_how_long_to_wait(
    clock: FakeClock, relay: FakeRelay, poller: Poller
) -> None:
    """Without a request."""
    relay.failure = RelayBusy("429", retry_after=100.0)
    with pytest.raises(RelayBusy):
        await clock.run_until(poller.fetch_task("1"))
    await clock.advance(40.0)
    with pytest.raises(RelayBusy) as raised:
        await clock.run_until(poller.fetch_task("1"), within=0.2)
    assert round(raised.value.retry_after or 0) == 60
    assert len(relay.requests) == 1


async def test_the_time_of_the_last_answer_is_kept(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """The health check needs it; that a task is unknown is an answer, too."""
    assert poller.outage.last_answer_at is None
    reader = Reader(poller, "1")
    await clock.advance(0.1)
    assert poller.outage.last_answer_at is not None
    await reader.leave()


@pytest.mark.parametrize("error", [RelayUnreachable("no answer", retry_after=30.0), RelayBusy("23"), RelayError("?")])
async def test_a_feed_survives_every_failure_of_the_relay(
    clock: FakeClock, relay: FakeRelay, poller: Poller, error: RelayError
) -> None:
    """It goes on once the relay answers."""
    relay.failure = error
    relay.set(task("1", progress=1))
    reader = Reader(poller, "1")
    await clock.advance(20.0)
    relay.failure = None
    await clock.advance(60.0)
    assert reader.progress == [1]
    await reader.leave()


async def test_a_feed_survives_a_failed_single_fetch(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """Also one that follows a list without the task."""
    relay.set(task("1", progress=1))
    relay.hidden.add("1")
    relay.broken["1"] = RelayUnreachable("no answer")
    reader = Reader(poller, "1")
    await clock.advance(1.0)
    assert reader.seen == []
    relay.broken.clear()
    await clock.advance(10.0)
    assert reader.progress == [1]
    await reader.leave()


def _name_refusals(reader: Reader) -> list[str]:
    return ["" if one is None else type(one).__name__ for one in reader.refusals]


@pytest.mark.parametrize("error", [KeyLimited("no access"), KeyRefused("no"), BalanceExhausted("spent")])
async def test_a_confirmed_refusal_of_the_key_is_reported_and_logged(
    clock: FakeClock, relay: FakeRelay, poller: Poller, caplog: pytest.LogCaptureFixture, error: RelayError
) -> None:
    """A second read confirms it after a second; the log names the cure."""
    caplog.set_level(logging.INFO)
    relay.set(task("1", progress=5))
    reader = Reader(poller, "1")
    await clock.advance(1.0)
    relay.failure = error
    await clock.advance(6.0)
    assert _name_refusals(reader) == ["", type(error).__name__]
    assert poller.outage.key_refusal is error
    async with poller.watch("2") as late:
        assert (late.silent_since, late.key_refusal) == (reader.silences[-1], error)
    relay.failure = None
    relay.set(task("1", progress=50))
    await clock.advance(70.0)
    assert _name_refusals(reader)[-1] == ""
    assert reader.silences[-1] is None
    assert poller.outage.key_refusal is None
    logged = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert logged == 2 * [f"Polls fail, and go on. {describe_relay_problem(error)}"]
    await reader.leave()


async def test_one_refused_read_is_not_reported(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """A relay whose database has a hiccup refuses a good key once."""
    relay.set(task("1", progress=5))
    reader = Reader(poller, "1")
    await clock.advance(1.0)
    relay.failure = KeyRefused("Invalid token")
    await clock.advance(4.5)
    relay.failure = None
    await clock.advance(60.0)
    assert _name_refusals(reader) == [""]
    await reader.leave()


async def test_batches_refused_together_confirm_nothing(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """Sixty tasks are read in two requests, which may meet the same hiccup."""
    readers = [Reader(poller, str(number)) for number in range(60)]
    for number in range(60):
        relay.set(task(str(number), progress=5))
    relay.failure = KeyRefused("Invalid token")
    await clock.advance(0.5)
    assert len(relay.asked("list")) == 2
    relay.failure = None
    await clock.advance(60.0)
    assert [_name_refusals(reader) for reader in readers] == [[""]] * 60
    for reader in readers:
        await reader.leave()


async def test_a_change_of_refusal_is_reported(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """From silence to a refusal, and from one refusal to another; silence after it adds nothing."""
    relay.set(task("1", progress=5))
    reader = Reader(poller, "1")
    await clock.advance(1.0)
    relay.failure = RelayUnreachable("HTTP 502")
    await clock.advance(30.0)
    assert reader.silences[-1] is not None
    for error in (KeyRefused("Invalid token"), BalanceExhausted(), RelayUnreachable("HTTP 502")):
        relay.failure = error
        await clock.advance(200.0)
    assert _name_refusals(reader) == ["", "", "KeyRefused", "BalanceExhausted"]
    await reader.leave()


async def test_a_lookup_fails_with_the_refusal_of_the_key(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    relay.failure = KeyLimited("no access")
    with pytest.raises(KeyLimited):
        await clock.run_until(poller.fetch_task("1"))


async def test_a_proxy_in_the_way_is_logged_as_such(
    clock: FakeClock, relay: FakeRelay, poller: Poller, caplog: pytest.LogCaptureFixture
) -> None:
    """With the next step, as `check` has it."""
    relay.set(task("1", progress=5))
    problem, advice = "The proxy p.test:3128 can't be reached (Connection refused).", "Check HTTPS_PROXY."
    relay.failure = RelayUnreachable(problem, proxy_problem=problem, proxy_advice=advice)
    reader = Reader(poller, "1")
    await clock.advance(1.0)
    assert caplog.messages == [f"Polls fail, and go on. Relay: {problem} Check HTTPS_PROXY."]
    await reader.leave()
