"""The watcher: one loop, batches, feeds, on virtual time."""

import asyncio
import gc
import logging
import weakref
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from bot.errors import (
    BalanceExhausted,
    KeyLimited,
    KeyRefused,
    RelayBusy,
    RelayError,
    RelayUnreachable,
    TaskUnknown,
)
from bot.midjourney.task import Status, Task
from bot.tracking.feeds import Feed
from bot.tracking.poll_schedule import PollSchedule
from bot.tracking.poller import Poller
from tests.fakes.clock import FakeClock
from tests.fakes.relay import FakeRelay
from tests.fakes.rows import task


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def relay(clock: FakeClock) -> FakeRelay:
    return FakeRelay(clock)


@pytest.fixture
async def watcher(clock: FakeClock, relay: FakeRelay) -> AsyncIterator[Poller]:
    """A watcher whose loop runs, without jitter."""
    async with running(clock, relay) as watcher:
        yield watcher


@asynccontextmanager
async def running(clock: FakeClock, relay: FakeRelay) -> AsyncGenerator[Poller]:
    watcher = Poller(relay, PollSchedule(5.0, random_fraction=lambda: 0.5), clock.clock)
    loop = asyncio.create_task(watcher.run())
    yield watcher
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    assert loop.cancelled()


class Reader:
    """Somebody who reads a feed to its end, remembering what came."""

    def __init__(self, watcher: Poller, task_id: str, **given: object) -> None:
        self.seen: list[Task] = []
        self.silences: list[object] = []
        self.refusals: list[RelayError | None] = []
        self.feed: Feed | None = None
        self._given = given
        self.done = asyncio.create_task(self._read(watcher, task_id))

    async def _read(self, watcher: Poller, task_id: str) -> None:
        async with watcher.watch(task_id, **self._given) as feed:  # type: ignore[arg-type]
            self.feed = feed
            async for snapshot in feed:
                self.seen.append(snapshot)
                self.silences.append(feed.silent_since)
                self.refusals.append(feed.key_refusal)

    @property
    def progress(self) -> list[int | None]:
        """What a message would have shown."""
        return [snapshot.progress for snapshot in self.seen]

    async def leave(self) -> None:
        """Stop reading."""
        self.done.cancel()
        await asyncio.gather(self.done, return_exceptions=True)


def ids(count: int) -> list[str]:
    return [str(10**15 + number) for number in range(count)]


async def test_a_new_watch_is_answered_within_100_ms(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """Also where the loop has just gone to sleep for an hour."""
    relay.set(task("1", progress=5))
    await clock.advance(100.0)
    reader = Reader(watcher, "1")
    await clock.advance(0.1)
    assert reader.progress == [5]
    await reader.leave()


async def test_a_task_is_asked_for_until_it_is_settled(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """Every interval, changes only, ending with the success and with nobody left watching."""
    relay.set(task("1", progress=5))
    reader = Reader(watcher, "1")
    await clock.advance(11.0)
    relay.set(task("1", progress=40))
    await clock.advance(5.0)
    relay.set(task("1", Status.SUCCESS, 100))
    await clock.advance(5.0)
    assert reader.progress == [5, 40, 100]
    assert reader.done.done()
    assert watcher.watched_count == 0
    assert len(relay.requests) == 5
    await clock.advance(600.0)
    assert len(relay.requests) == 5


async def test_120_tasks_cost_three_requests_a_round(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """Watches that begin together share batches of 50."""
    readers = []
    for task_id in ids(120):
        relay.set(task(task_id))
        readers.append(Reader(watcher, task_id))
    await clock.advance(1.0)
    assert [len(request.ids) for request in relay.requests] == [50, 50, 20]
    assert {"list"} == {request.what for request in relay.requests}
    await clock.advance(5.0)
    assert len(relay.requests) == 6
    for reader in readers:
        await reader.leave()


async def test_two_watches_of_one_task_share_its_poll(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """The second is shown at once what the first has seen; the last one out stops it."""
    relay.set(task("1", progress=5))
    first = Reader(watcher, "1")
    await clock.advance(1.0)
    second = Reader(watcher, "1")
    await clock.settle()
    assert second.progress == [5]
    assert watcher.watched_count == 1
    await first.leave()
    assert watcher.watched_count == 1
    await second.leave()
    assert watcher.watched_count == 0


async def test_a_new_message_makes_an_old_task_young(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """Whoever asks now is served at the pace of the young, and does not ask twice at a time."""
    relay.set(task("1"))
    first = Reader(watcher, "1", since=clock.now() - timedelta(hours=1))
    await clock.advance(1.0)
    second = Reader(watcher, "1")
    await clock.advance(5.1)
    assert len(relay.requests) == 2
    relay.seconds = 30.0
    await clock.advance(6.0)
    third = Reader(watcher, "1", since=clock.now())
    await clock.advance(20.0)
    assert len(relay.requests) == 3
    for reader in (first, second, third):
        await reader.leave()


async def test_an_old_task_is_asked_for_less_often(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """From 20 minutes on, every 20 s."""
    relay.set(task("1"))
    reader = Reader(watcher, "1", since=clock.now() - timedelta(minutes=30))
    await clock.advance(61.0)
    assert [round(at) for at in relay.asked()] == [0, 20, 40, 60]
    await reader.leave()


async def test_only_a_missing_id_is_fetched_by_itself(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """A list that lacks a task which the relay has does not make it unknown."""
    relay.set(task("1", progress=3))
    relay.set(task("2", progress=4))
    relay.hidden.add("2")
    readers = [Reader(watcher, "1"), Reader(watcher, "2")]
    await clock.advance(1.0)
    assert [(request.what, request.ids) for request in relay.requests] == [("list", ("1", "2")), ("fetch", ("2",))]
    assert [reader.progress for reader in readers] == [[3], [4]]
    for reader in readers:
        await reader.leave()


async def test_a_missing_id_does_not_hold_up_its_batch(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """What the list told is passed on before the stray is looked for."""
    relay.set(task("1"))
    relay.set(task("2"))
    relay.hidden.add("2")
    readers = [Reader(watcher, "1"), Reader(watcher, "2")]
    await clock.settle()
    relay.seconds = 1.0
    await clock.advance(1.5)
    assert [len(reader.seen) for reader in readers] == [1, 0]
    for reader in readers:
        await reader.leave()


async def test_an_unknown_task_ends_its_feed(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """Once its message is older than the moment that a relay may need to find it."""
    reader = Reader(watcher, "1", since=clock.now() - timedelta(seconds=31))
    await clock.advance(1.0)
    assert isinstance(reader.done.exception(), TaskUnknown)
    assert watcher.watched_count == 0


async def test_a_task_that_was_just_accepted_may_be_unknown(
    clock: FakeClock, relay: FakeRelay, watcher: Poller
) -> None:
    """It is asked for again for half a minute, and found."""
    reader = Reader(watcher, "1")
    await clock.advance(12.0)
    relay.set(task("1", progress=1))
    await clock.advance(5.0)
    assert reader.progress == [1]
    await reader.leave()


async def test_a_relay_without_lists_is_learnt_once(
    clock: FakeClock, relay: FakeRelay, watcher: Poller, caplog: pytest.LogCaptureFixture
) -> None:
    """From then on each task is fetched by itself, eight at a time."""
    caplog.set_level(logging.INFO)
    relay.has_lists = False
    relay.seconds = 0.2
    readers = []
    for task_id in ids(60):
        relay.set(task(task_id))
        readers.append(Reader(watcher, task_id))
    await clock.advance(4.0)
    assert len(relay.asked("list")) == 2
    assert len(relay.asked("fetch")) == 60
    assert relay.most_under_way == 8
    await clock.advance(5.0)
    assert len(relay.asked("list")) == 2
    assert len(relay.asked("fetch")) == 120
    assert sum("list-by-condition" in message for message in caplog.messages) == 1
    for reader in readers:
        await reader.leave()


async def test_a_page_in_an_outage_teaches_nothing(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """A proxy's page reads like a path that is lacking: one task is asked for, not all, and lists go on after."""
    for task_id in ids(60):
        relay.set(task(task_id))
    readers = [Reader(watcher, task_id) for task_id in ids(60)]
    await clock.advance(1.0)
    answered = len(relay.asked("list"))
    relay.has_lists = False
    relay.broken = {task_id: RelayUnreachable("a page") for task_id in ids(60)}
    await clock.advance(6.0)
    assert len(relay.asked("fetch")) == len(relay.asked("list")) - answered == 2
    relay.has_lists, relay.broken = True, {}
    await clock.advance(30.0)
    assert len(relay.asked("fetch")) < 6
    for reader in readers:
        await reader.leave()


async def test_a_list_that_is_lost_for_good_is_done_without(
    clock: FakeClock, relay: FakeRelay, watcher: Poller
) -> None:
    """Where single tasks are still told, all of a batch are asked for so, each round."""
    relay.set(task("1", progress=1))
    relay.set(task("2", progress=1))
    readers = [Reader(watcher, "1"), Reader(watcher, "2")]
    await clock.advance(1.0)
    relay.has_lists = False
    for progress in (2, 3):
        for task_id in ("1", "2"):
            relay.set(task(task_id, progress=progress))
        await clock.advance(5.5)
    for reader in readers:
        assert reader.progress == [1, 2, 3]
        await reader.leave()


async def test_eight_requests_at_most_are_under_way(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """However many batches are due."""
    relay.seconds = 1.0
    readers = []
    for task_id in ids(1000):
        relay.set(task(task_id))
        readers.append(Reader(watcher, task_id))
    await clock.advance(3.9)
    assert relay.most_under_way == 8
    assert len(relay.requests) == 20
    for reader in readers:
        await reader.leave()


async def test_a_slow_batch_holds_up_nobody_else(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """A request that takes half a minute leaves the other tasks their pace."""
    relay.set(task("1"))
    relay.set(task("2"))
    relay.slow["1"] = 30.0
    slow = Reader(watcher, "1")
    await clock.advance(1.0)
    quick = Reader(watcher, "2")
    await clock.advance(16.0)
    assert slow.seen == []
    assert sum("2" in request.ids for request in relay.requests) == 4
    await slow.leave()
    await quick.leave()


async def test_an_outage_is_logged_once_and_its_end_once(
    clock: FakeClock, relay: FakeRelay, watcher: Poller, caplog: pytest.LogCaptureFixture
) -> None:
    """Messages hear of it after 15 s, and of its end at once."""
    caplog.set_level(logging.INFO)
    relay.set(task("1", progress=5))
    reader = Reader(watcher, "1")
    await clock.advance(1.0)
    relay.failure = RelayUnreachable("no answer")
    await clock.advance(5.0)
    silent = clock.start + timedelta(seconds=5.05)
    hiccup = Reader(watcher, "1")
    await clock.advance(13.0)
    assert reader.silences == [None]
    assert hiccup.silences == [None]
    await clock.advance(2.0)
    assert [None, pytest.approx(silent, abs=timedelta(seconds=0.2))] == reader.silences
    late = Reader(watcher, "1")
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


async def test_an_outage_is_met_with_growing_pauses(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """A relay that is down all day gets a request a minute."""
    relay.failure = RelayUnreachable("no answer")
    reader = Reader(watcher, "1")
    await clock.advance(600.0)
    pauses = [round(later - earlier) for earlier, later in zip(relay.asked(), relay.asked()[1:], strict=False)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 60
    await reader.leave()


async def test_retry_after_is_obeyed(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """No request before its time, not even for a new watch, and messages hear of the silence meanwhile."""
    relay.failure = RelayBusy("429", retry_after=120.0)
    relay.set(task("2"))
    old = Reader(watcher, "1", seed=task("1", progress=7))
    await clock.advance(1.0)
    relay.failure = None
    new = Reader(watcher, "2")
    await clock.advance(118.0)
    assert len(relay.requests) == 1
    assert old.progress == [7, 7]
    assert old.silences[1] is not None
    await clock.advance(2.0)
    assert len(new.seen) == 1
    await old.leave()
    await new.leave()


async def test_a_long_retry_after_holds_everybody_no_longer_than_two_minutes(
    clock: FakeClock, relay: FakeRelay, watcher: Poller
) -> None:
    """One answer that asks for an hour leaves no message alone for an hour."""
    relay.failure = RelayBusy("429", retry_after=3600.0)
    reader = Reader(watcher, "1")
    await clock.advance(1.0)
    relay.failure = None
    relay.set(task("1", progress=5))
    await clock.advance(118.0)
    assert reader.progress == []
    await clock.advance(2.0)
    assert reader.progress == [5]
    await reader.leave()


@pytest.mark.parametrize("error", [None, RelayBusy("429", retry_after=60.0), RelayUnreachable("no answer")])
async def test_a_clock_put_back_leaves_no_task_alone(
    clock: FakeClock, relay: FakeRelay, watcher: Poller, error: RelayError | None
) -> None:
    """What was due, or held, by the clock of before is due by the clock of now; nothing is asked for more often."""
    relay.set(task("1", progress=5))
    reader = Reader(watcher, "1")
    await clock.advance(11.0)
    relay.failure = error
    await clock.advance(11.0)
    relay.failure = None
    clock.start -= timedelta(hours=1)
    relay.set(task("1", progress=40))
    await clock.advance(60.0)
    assert reader.progress[-1] == 40
    before = len(relay.requests)
    await clock.advance(60.0)
    assert 10 <= len(relay.requests) - before <= 13
    await reader.leave()


async def test_a_hold_still_counts_after_the_clock_was_put_back(
    clock: FakeClock, relay: FakeRelay, watcher: Poller
) -> None:
    """An old Retry-After is forgotten, a new one obeyed, and whoever looks is told the new one."""
    relay.failure = RelayBusy("429", retry_after=60.0)
    reader = Reader(watcher, "1")
    await clock.advance(1.0)
    clock.start -= timedelta(hours=1)
    relay.failure = RelayBusy("429", retry_after=30.0)
    await clock.advance(60.0)
    asked = relay.asked()
    assert len(asked) == 3
    with pytest.raises(RelayBusy) as told:
        await clock.run_until(watcher.fetch_task("1"), within=0.2)
    assert 0 < (told.value.retry_after or 0) <= 30
    assert asked == relay.asked()
    await reader.leave()


async def test_a_retry_after_of_nothing_is_no_hot_loop(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """The base interval is kept whatever the relay says."""
    relay.failure = RelayBusy("429", retry_after=0.0)
    reader = Reader(watcher, "1")
    await clock.advance(21.0)
    assert len(relay.requests) == 5
    await reader.leave()


async def test_whoever_looks_is_told_at_once_of_an_outage(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """The first by the poll, the next by a fetch of their own while the loop waits."""
    relay.failure = KeyRefused("invalid token")
    for _ in range(2):
        with pytest.raises(KeyRefused):
            await clock.run_until(watcher.fetch_task("1"), within=0.2)
    relay.failure = None
    relay.set(task("1", progress=9))
    assert (await clock.run_until(watcher.fetch_task("1"), within=0.2)).progress == 9
    assert watcher.watched_count == 0


async def test_whoever_looks_while_the_relay_asks_to_wait_is_told_how_long(
    clock: FakeClock, relay: FakeRelay, watcher: Poller
) -> None:
    """Without a request, which the relay has forbidden."""
    relay.failure = RelayBusy("429", retry_after=100.0)
    with pytest.raises(RelayBusy):
        await clock.run_until(watcher.fetch_task("1"))
    await clock.advance(40.0)
    with pytest.raises(RelayBusy) as told:
        await clock.run_until(watcher.fetch_task("1"), within=0.2)
    assert round(told.value.retry_after or 0) == 60
    assert len(relay.requests) == 1


async def test_a_look_shares_the_poll(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """Five looks at five tasks are one request; a look at a watched task is none."""
    for task_id in ids(5):
        relay.set(task(task_id, progress=2))
    found = await clock.run_until(asyncio.gather(*map(watcher.fetch_task, ids(5))), within=0.2)
    assert ids(5) == [one.id for one in found]
    assert len(relay.requests) == 1
    reader = Reader(watcher, ids(1)[0], seed=found[0])
    await clock.settle()
    await clock.run_until(watcher.fetch_task(ids(1)[0]), within=0.2)
    assert len(relay.requests) == 1
    await reader.leave()


async def test_an_unknown_task_is_unknown_at_once_to_whoever_looks(
    clock: FakeClock, relay: FakeRelay, watcher: Poller
) -> None:
    """The grace is for messages that wait for their child, not for a mistyped id."""
    with pytest.raises(TaskUnknown):
        await clock.run_until(watcher.fetch_task("1"), within=0.2)
    assert watcher.watched_count == 0


async def test_a_feed_expires_at_its_time(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """To the second, whatever the interval, and alone: who came later goes on."""
    relay.set(task("1"))
    reader = Reader(watcher, "1", until=clock.now() + timedelta(seconds=12))
    other = Reader(watcher, "1", until=clock.now() + timedelta(seconds=50))
    await clock.advance(11.9)
    assert not reader.done.done()
    await clock.advance(0.2)
    assert reader.done.done()
    assert reader.feed is not None
    assert reader.feed.is_expired
    assert watcher.watched_count == 1
    await other.leave()


async def test_a_feed_that_ended_is_not_kept_until_its_deadline(clock: FakeClock, watcher: Poller) -> None:
    """70 minutes of finished tasks at 10,000 an hour were 100 MiB."""
    until = clock.now() + timedelta(minutes=70)
    async with watcher.watch("1", until=until, seed=task("1")) as feed:
        left = weakref.ref(feed)
    del feed
    gc.collect()
    assert left() is None
    await clock.advance(71 * 60.0)
    assert watcher.watched_count == 0


async def test_an_error_of_ours_ends_one_poll_only(
    clock: FakeClock, relay: FakeRelay, watcher: Poller, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged with its traceback, and its tasks are asked for again like all others."""
    relay.broken["1"] = ZeroDivisionError("ours")
    relay.hidden.add("1")
    relay.set(task("1", progress=1))
    relay.set(task("2", progress=2))
    hurt = Reader(watcher, "1")
    await clock.advance(1.0)
    well = Reader(watcher, "2")
    await clock.advance(1.0)
    assert well.progress == [2]
    assert [ZeroDivisionError] == [record.exc_info[0] for record in caplog.records if record.exc_info]
    relay.broken.clear()
    await clock.advance(5.0)
    assert hurt.progress == [1]
    await hurt.leave()
    await well.leave()


async def test_an_error_of_ours_spares_what_the_batch_has_told(
    clock: FakeClock, relay: FakeRelay, watcher: Poller
) -> None:
    """The tasks of a batch that were read are told, and keep their next time."""
    relay.set(task("1"))
    relay.set(task("2"))
    relay.hidden.add("2")
    relay.broken["2"] = ZeroDivisionError("ours")
    readers = [Reader(watcher, "1"), Reader(watcher, "2")]
    await clock.advance(1.0)
    relay.broken.clear()
    await clock.advance(5.0)
    assert [len(reader.seen) for reader in readers] == [1, 1]
    assert len(relay.asked("list")) == 2
    for reader in readers:
        await reader.leave()


@pytest.mark.parametrize("seconds", [0.0, 10.0])
async def test_cancelling_the_loop_leaves_nothing_behind(clock: FakeClock, relay: FakeRelay, seconds: float) -> None:
    """Polls under way are cancelled with it, and awaited."""
    relay.seconds = seconds
    relay.set(task("1"))
    async with running(clock, relay) as watcher:
        reader = Reader(watcher, "1")
        await clock.advance(1.0)
        assert (1 if seconds else 0) == relay.under_way
    assert relay.under_way == 0
    await reader.leave()
    await clock.settle()
    assert len(asyncio.all_tasks()) == 1


async def test_watches_are_kept_until_the_loop_starts(clock: FakeClock, relay: FakeRelay) -> None:
    """Also one whose reader has left before."""
    relay.set(task("1", progress=1))
    watcher = Poller(relay, PollSchedule(5.0), clock.clock)
    async with watcher.watch("2"):
        reader = Reader(watcher, "1")
        await clock.settle()
    loop = asyncio.create_task(watcher.run())
    await clock.advance(0.1)
    assert [request.ids for request in relay.requests] == [("1",)]
    assert reader.progress == [1]
    loop.cancel()
    await reader.leave()


async def test_a_success_without_its_picture_is_asked_for_again(
    clock: FakeClock, relay: FakeRelay, watcher: Poller
) -> None:
    """The picture often comes a round later; the message has both."""
    relay.set(task("1", Status.SUCCESS, 100, image_url="", buttons=()))
    reader = Reader(watcher, "1")
    await clock.advance(6.0)
    assert not reader.done.done()
    relay.set(task("1", Status.SUCCESS, 100))
    await clock.advance(5.0)
    assert reader.done.done()
    assert [one.picture_url for one in reader.seen] == ["", "https://cdn.test/1.png"]


async def test_a_success_that_never_gets_a_picture_ends_after_a_minute(
    clock: FakeClock, relay: FakeRelay, watcher: Poller
) -> None:
    """With the same snapshot once more, as the end is news."""
    relay.set(task("1", Status.SUCCESS, 100, image_url="", buttons=()))
    reader = Reader(watcher, "1")
    await clock.advance(59.0)
    assert not reader.done.done()
    await clock.advance(7.0)
    assert reader.done.done()
    assert len(reader.seen) == 2


@pytest.mark.parametrize("status", [Status.SUCCESS, Status.FAILURE, Status.CANCEL])
async def test_what_is_known_to_have_ended_is_not_asked_for(
    clock: FakeClock, relay: FakeRelay, watcher: Poller, status: Status
) -> None:
    """A message about it needs no request, nor a relay."""
    relay.failure = RelayUnreachable("no answer")
    reader = Reader(watcher, "1", seed=task("1", status))
    await clock.advance(10.0)
    assert reader.done.done()
    assert [status] == [one.status for one in reader.seen]
    assert relay.requests == []


async def test_a_link_signed_anew_is_no_news(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """`rand` changes with every answer, and nobody sees it."""
    reader = Reader(watcher, "1")
    for rand in range(5):
        relay.set(task("1", progress=5, image_url=f"https://cdn.test/1.png?rand={rand}"))
        await clock.advance(5.0)
    assert len(reader.seen) == 1
    await reader.leave()


async def test_progress_never_goes_back(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """Nor does a state: two instances of a relay may disagree."""
    reader = Reader(watcher, "1", seed=task("1", progress=30))
    relay.set(task("1", Status.NOT_START, 0))
    await clock.advance(5.0)
    relay.set(task("1", progress=46))
    await clock.advance(5.0)
    relay.set(task("1", progress=31))
    await clock.advance(5.0)
    assert reader.progress == [30, 46]
    await reader.leave()


async def test_a_slow_reader_gets_the_newest_only(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """Never a backlog."""
    async with watcher.watch("1") as feed:
        for progress in (10, 20, 30):
            relay.set(task("1", progress=progress))
            await clock.advance(5.0)
        news = aiter(feed)
        assert (await anext(news)).progress == 30
        relay.set(task("1", Status.SUCCESS, 100))
        await clock.advance(5.0)
        assert (await anext(news)).progress == 100
        with pytest.raises(StopAsyncIteration):
            await anext(news)


async def test_news_of_an_end_that_comes_while_it_is_read_is_not_lost(clock: FakeClock) -> None:
    """A reader that is busy with the last snapshot sees what came after it."""
    feed = Feed()
    news = aiter(feed)
    feed.publish(task("1", Status.SUCCESS, 100, buttons=()), over=True)
    assert (await anext(news)).buttons == ()
    feed.publish(task("1", Status.SUCCESS, 100), over=True)
    assert (await anext(news)).buttons


async def test_silence_before_anything_is_known_is_no_snapshot(clock: FakeClock) -> None:
    """A feed with nothing to show stays quiet through an outage."""
    feed = Feed()
    feed.report_outage(clock.now())
    feed.report_outage(clock.now())
    reading = asyncio.ensure_future(anext(aiter(feed)))
    await clock.settle()
    assert not reading.done()
    feed.publish(task("1"), over=False)
    assert (await reading).id == "1"


async def test_the_last_answer_is_dated(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """An operator's health check asks for it; an unknown task is an answer, too."""
    assert watcher.last_answer_at is None
    reader = Reader(watcher, "1")
    await clock.advance(0.1)
    assert watcher.last_answer_at is not None
    await reader.leave()


@pytest.mark.parametrize("error", [RelayUnreachable("no answer", retry_after=30.0), RelayBusy("23"), RelayError("?")])
async def test_every_failure_of_a_relay_is_waited_out(
    clock: FakeClock, relay: FakeRelay, watcher: Poller, error: RelayError
) -> None:
    """A job's feed never ends by it."""
    relay.failure = error
    relay.set(task("1", progress=1))
    reader = Reader(watcher, "1")
    await clock.advance(20.0)
    relay.failure = None
    await clock.advance(60.0)
    assert reader.progress == [1]
    await reader.leave()


async def test_a_single_fetch_that_fails_is_waited_out(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """Also behind a list that lacks the task."""
    relay.set(task("1", progress=1))
    relay.hidden.add("1")
    relay.broken["1"] = RelayUnreachable("no answer")
    reader = Reader(watcher, "1")
    await clock.advance(1.0)
    assert reader.seen == []
    relay.broken.clear()
    await clock.advance(10.0)
    assert reader.progress == [1]
    await reader.leave()


async def test_what_a_reader_takes_by_itself_is_no_news(clock: FakeClock) -> None:
    """But an end that it takes is still told as one."""
    feed = Feed()
    news = aiter(feed)
    feed.publish(task("1", progress=1), over=False)
    await anext(news)
    feed.publish(task("1", progress=2), over=False)
    assert feed.take_latest() == task("1", progress=2)
    reading = asyncio.ensure_future(anext(news))
    await clock.settle()
    assert not reading.done()
    feed.publish(task("1", Status.SUCCESS), over=True)
    feed.take_latest()
    assert (await reading).status is Status.SUCCESS


def _refusals(reader: Reader) -> list[str]:
    return ["" if one is None else type(one).__name__ for one in reader.refusals]


@pytest.mark.parametrize("error", [KeyLimited("no access"), KeyRefused("no"), BalanceExhausted("spent")])
async def test_a_refusal_of_the_key_is_told_at_once_and_why(
    clock: FakeClock, relay: FakeRelay, watcher: Poller, caplog: pytest.LogCaptureFixture, error: RelayError
) -> None:
    """A second poll confirms it after a second; it ends by itself, and is logged with its cure."""
    caplog.set_level(logging.INFO)
    relay.set(task("1", progress=5))
    reader = Reader(watcher, "1")
    await clock.advance(1.0)
    relay.failure = error
    await clock.advance(6.0)
    assert _refusals(reader) == ["", type(error).__name__]
    assert watcher.key_refusal is error
    async with watcher.watch("2") as late:
        assert (late.silent_since, late.key_refusal) == (reader.silences[-1], error)
    relay.failure = None
    relay.set(task("1", progress=50))
    await clock.advance(70.0)
    assert _refusals(reader)[-1] == ""
    assert reader.silences[-1] is None
    assert watcher.key_refusal is None
    assert caplog.text.count("refuses this bot's key") == 2
    assert "still trying" in caplog.text
    await reader.leave()


async def test_one_refused_poll_is_not_told(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """A relay whose database hiccups refuses a good key once."""
    relay.set(task("1", progress=5))
    reader = Reader(watcher, "1")
    await clock.advance(1.0)
    relay.failure = KeyRefused("Invalid token")
    await clock.advance(4.5)
    relay.failure = None
    await clock.advance(60.0)
    assert _refusals(reader) == [""]
    await reader.leave()


async def test_batches_refused_together_confirm_nothing(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    """Sixty tasks are asked for in two requests, which may meet the same hiccup."""
    readers = [Reader(watcher, str(number)) for number in range(60)]
    for number in range(60):
        relay.set(task(str(number), progress=5))
    await clock.advance(1.0)
    relay.failure = KeyRefused("Invalid token")
    await clock.advance(4.5)
    assert len(relay.asked("list")) >= 4
    relay.failure = None
    await clock.advance(60.0)
    assert [_refusals(reader) for reader in readers] == [[""]] * 60
    for reader in readers:
        await reader.leave()


async def test_another_refusal_and_an_outage_are_told_apart(
    clock: FakeClock, relay: FakeRelay, watcher: Poller
) -> None:
    """What was silence turns into a refusal, and one refusal into another; silence after it adds nothing."""
    relay.set(task("1", progress=5))
    reader = Reader(watcher, "1")
    await clock.advance(1.0)
    relay.failure = RelayUnreachable("HTTP 502")
    await clock.advance(30.0)
    assert reader.silences[-1] is not None
    for error in (KeyRefused("Invalid token"), BalanceExhausted(), RelayUnreachable("HTTP 502")):
        relay.failure = error
        await clock.advance(200.0)
    assert _refusals(reader) == ["", "", "KeyRefused", "BalanceExhausted"]
    await reader.leave()


async def test_a_new_feed_is_told_of_a_refusal_at_once(clock: FakeClock, relay: FakeRelay, watcher: Poller) -> None:
    relay.failure = KeyLimited("no access")
    with pytest.raises(KeyLimited):
        await clock.run_until(watcher.fetch_task("1"))
