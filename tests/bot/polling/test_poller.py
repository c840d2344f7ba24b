"""The poller: one loop, batches, feeds, on virtual time."""

import asyncio
import gc
import logging
import weakref
from datetime import timedelta

import pytest

from bot.errors import RelayUnreachable, TaskUnknown
from bot.midjourney.task import Status
from bot.polling.poll_schedule import PollSchedule
from bot.polling.poller import Poller
from tests.fakes.clock import FakeClock
from tests.fakes.feed_reader import Reader, make_ids, run_poller
from tests.fakes.relay import FakeRelay
from tests.fakes.sample_entities import task


async def test_a_new_watch_is_polled_within_100_ms(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """Also when the loop has just started to wait for an hour."""
    relay.set(task("1", progress=5))
    await clock.advance(100.0)
    reader = Reader(poller, "1")
    await clock.advance(0.1)
    assert reader.progress == [5]
    await reader.leave()


async def test_a_task_is_polled_until_it_has_ended(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """At every interval; the reader gets only changes, and the watch ends with the success."""
    relay.set(task("1", progress=5))
    reader = Reader(poller, "1")
    await clock.advance(11.0)
    relay.set(task("1", progress=40))
    await clock.advance(5.0)
    relay.set(task("1", Status.SUCCESS, 100))
    await clock.advance(5.0)
    assert reader.progress == [5, 40, 100]
    assert reader.done.done()
    assert len(poller.watch_list) == 0
    assert len(relay.requests) == 5
    await clock.advance(600.0)
    assert len(relay.requests) == 5


async def test_120_tasks_cost_three_requests_a_round(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """Watches that begin together share batches of 50."""
    readers = []
    for task_id in make_ids(120):
        relay.set(task(task_id))
        readers.append(Reader(poller, task_id))
    await clock.advance(1.0)
    assert [len(request.ids) for request in relay.requests] == [50, 50, 20]
    assert {"list"} == {request.what for request in relay.requests}
    await clock.advance(5.0)
    assert len(relay.requests) == 6
    for reader in readers:
        await reader.leave()


async def test_two_watches_of_one_task_share_its_poll(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """The second gets at once what the first has read; the task is watched until both have left."""
    relay.set(task("1", progress=5))
    first = Reader(poller, "1")
    await clock.advance(1.0)
    second = Reader(poller, "1")
    await clock.settle()
    assert second.progress == [5]
    assert len(poller.watch_list) == 1
    await first.leave()
    assert len(poller.watch_list) == 1
    await second.leave()
    assert len(poller.watch_list) == 0


async def test_a_new_message_about_an_old_task_has_it_polled_often(
    clock: FakeClock, relay: FakeRelay, poller: Poller
) -> None:
    """As often as a young task, with one read at a time."""
    relay.set(task("1"))
    first = Reader(poller, "1", since=clock.now() - timedelta(hours=1))
    await clock.advance(1.0)
    second = Reader(poller, "1")
    await clock.advance(5.1)
    assert len(relay.requests) == 2
    relay.seconds = 30.0
    await clock.advance(6.0)
    third = Reader(poller, "1", since=clock.now())
    await clock.advance(20.0)
    assert len(relay.requests) == 3
    for reader in (first, second, third):
        await reader.leave()


async def test_an_old_task_is_polled_less_often(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """From 20 minutes on, every 20 s."""
    relay.set(task("1"))
    reader = Reader(poller, "1", since=clock.now() - timedelta(minutes=30))
    await clock.advance(61.0)
    assert [round(at) for at in relay.asked()] == [0, 20, 40, 60]
    await reader.leave()


async def test_only_an_id_that_is_missing_in_a_batch_is_fetched_singly(
    clock: FakeClock, relay: FakeRelay, poller: Poller
) -> None:
    """A task that is missing in a list may exist."""
    relay.set(task("1", progress=3))
    relay.set(task("2", progress=4))
    relay.hidden.add("2")
    readers = [Reader(poller, "1"), Reader(poller, "2")]
    await clock.advance(1.0)
    assert [(request.what, request.ids) for request in relay.requests] == [("list", ("1", "2")), ("fetch", ("2",))]
    assert [reader.progress for reader in readers] == [[3], [4]]
    for reader in readers:
        await reader.leave()


async def test_a_missing_id_does_not_delay_its_batch(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """The rest of the batch is published before the missing task is fetched."""
    relay.set(task("1"))
    relay.set(task("2"))
    relay.hidden.add("2")
    readers = [Reader(poller, "1"), Reader(poller, "2")]
    await clock.settle()
    relay.seconds = 1.0
    await clock.advance(1.5)
    assert [len(reader.seen) for reader in readers] == [1, 0]
    for reader in readers:
        await reader.leave()


async def test_an_unknown_task_ends_its_feed(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """Once its message is older than the time that a relay may need to find a new task."""
    reader = Reader(poller, "1", since=clock.now() - timedelta(seconds=31))
    await clock.advance(1.0)
    assert isinstance(reader.done.exception(), TaskUnknown)
    assert len(poller.watch_list) == 0


@pytest.mark.parametrize("seconds", [1.0, 8.0, 45.0])
async def test_a_task_that_was_seen_survives_odd_answers(
    seconds: float, clock: FakeClock, relay: FakeRelay, poller: Poller
) -> None:
    """However often they come, if not for a minute; whether it was seen by this process or an earlier one."""
    old = clock.now() - timedelta(minutes=3)
    for one in (seen := [task("1", progress=10), task("2", progress=10)]):
        relay.set(one)
    readers = [Reader(poller, "1", since=old), Reader(poller, "2", since=old, seed=seen[1], resumed=True)]
    for _ in range(3):
        await clock.advance(10.0)
        relay.tasks.clear()
        await clock.advance(seconds)
        for one in seen:
            relay.set(one)
    for one in seen:
        relay.set(task(one.id, Status.SUCCESS, progress=100))
    await clock.advance(10.0)
    assert [reader.progress[-1] for reader in readers] == [100, 100]
    for reader in readers:
        await reader.leave()


async def test_a_task_that_was_seen_and_stays_unknown_ends_its_feed(
    clock: FakeClock, relay: FakeRelay, poller: Poller
) -> None:
    """After a minute."""
    relay.set(task("1", progress=10))
    reader = Reader(poller, "1", since=clock.now() - timedelta(minutes=3))
    await clock.advance(5.0)
    relay.tasks.clear()
    await clock.advance(50.0)
    assert not reader.done.done()
    await clock.advance(30.0)
    assert isinstance(reader.done.exception(), TaskUnknown)


async def test_a_new_task_may_be_unknown_for_half_a_minute(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """It is read again for that long, and found."""
    reader = Reader(poller, "1")
    await clock.advance(12.0)
    relay.set(task("1", progress=1))
    await clock.advance(5.0)
    assert reader.progress == [1]
    await reader.leave()


async def test_a_relay_without_lists_is_detected_once(
    clock: FakeClock, relay: FakeRelay, poller: Poller, caplog: pytest.LogCaptureFixture
) -> None:
    """From then on each task is fetched singly, eight at a time."""
    caplog.set_level(logging.INFO)
    relay.has_lists = False
    relay.seconds = 0.2
    readers = []
    for task_id in make_ids(60):
        relay.set(task(task_id))
        readers.append(Reader(poller, task_id))
    await clock.advance(2.5)
    assert len(relay.asked("list")) == 2
    assert len(relay.asked("fetch")) == 60
    assert relay.most_under_way == 8
    await clock.advance(5.0)
    assert len(relay.asked("list")) == 2
    assert len(relay.asked("fetch")) == 120
    assert sum("list-by-condition" in message for message in caplog.messages) == 1
    for reader in readers:
        await reader.leave()


async def test_an_error_page_in_an_outage_is_not_a_missing_list(
    clock: FakeClock, relay: FakeRelay, poller: Poller
) -> None:
    """One task is fetched, not all, and lists are used again after the outage."""
    for task_id in make_ids(60):
        relay.set(task(task_id))
    readers = [Reader(poller, task_id) for task_id in make_ids(60)]
    await clock.advance(1.0)
    answered = len(relay.asked("list"))
    relay.has_lists = False
    relay.broken = {task_id: RelayUnreachable("a page") for task_id in make_ids(60)}
    await clock.advance(6.0)
    assert len(relay.asked("fetch")) == len(relay.asked("list")) - answered == 2
    relay.has_lists, relay.broken = True, {}
    await clock.advance(30.0)
    assert len(relay.asked("fetch")) < 6
    for reader in readers:
        await reader.leave()


async def test_tasks_are_read_singly_when_lists_stop_working(
    clock: FakeClock, relay: FakeRelay, poller: Poller
) -> None:
    """All of a batch, at every interval."""
    relay.set(task("1", progress=1))
    relay.set(task("2", progress=1))
    readers = [Reader(poller, "1"), Reader(poller, "2")]
    await clock.advance(1.0)
    relay.has_lists = False
    for progress in (2, 3):
        for task_id in ("1", "2"):
            relay.set(task(task_id, progress=progress))
        await clock.advance(5.5)
    for reader in readers:
        assert reader.progress == [1, 2, 3]
        await reader.leave()


async def test_at_most_eight_requests_are_under_way(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """However many batches are due."""
    relay.seconds = 1.0
    readers = []
    for task_id in make_ids(1000):
        relay.set(task(task_id))
        readers.append(Reader(poller, task_id))
    await clock.advance(3.9)
    assert relay.most_under_way == 8
    assert {task_id for request in relay.requests for task_id in request.ids} == set(make_ids(1000))
    for reader in readers:
        await reader.leave()


async def test_batches_that_began_together_come_one_after_the_other(
    clock: FakeClock, relay: FakeRelay, poller: Poller
) -> None:
    """After a start with 200 tasks: each is read at once and then at least at every interval, a batch at a time."""
    readers = []
    for task_id in make_ids(200):
        relay.set(task(task_id))
        readers.append(Reader(poller, task_id))
    await clock.advance(10.2)
    asked = relay.asked("list")
    assert asked[:4] == pytest.approx([0.05] * 4, abs=0.1)
    assert asked[4:12] == pytest.approx([1.3, 2.55, 3.8, 5.05, 6.35, 7.6, 8.85, 10.1], abs=0.2)
    assert len(asked) == 12
    for reader in readers:
        await reader.leave()


async def test_a_slow_batch_does_not_delay_other_tasks(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """Other tasks are read at their interval beside a request that takes half a minute."""
    relay.set(task("1"))
    relay.set(task("2"))
    relay.slow["1"] = 30.0
    slow = Reader(poller, "1")
    await clock.advance(1.0)
    quick = Reader(poller, "2")
    await clock.advance(16.0)
    assert slow.seen == []
    assert sum("2" in request.ids for request in relay.requests) == 4
    await slow.leave()
    await quick.leave()


async def test_lookups_at_the_same_time_share_a_poll(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """Five lookups of five tasks are one request; a lookup of a watched task is none."""
    for task_id in make_ids(5):
        relay.set(task(task_id, progress=2))
    found = await clock.run_until(asyncio.gather(*map(poller.fetch_task, make_ids(5))), within=0.2)
    assert make_ids(5) == [one.id for one in found]
    assert len(relay.requests) == 1
    reader = Reader(poller, make_ids(1)[0], seed=found[0])
    await clock.settle()
    await clock.run_until(poller.fetch_task(make_ids(1)[0]), within=0.2)
    assert len(relay.requests) == 1
    await reader.leave()


async def test_a_lookup_of_an_unknown_task_fails_at_once(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """Only messages wait for a new task to be found, not a mistyped id."""
    with pytest.raises(TaskUnknown):
        await clock.run_until(poller.fetch_task("1"), within=0.2)
    assert len(poller.watch_list) == 0


async def test_a_feed_expires_at_its_time(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """It ends to the second, even between two polls; a feed with a later end goes on."""
    relay.set(task("1"))
    reader = Reader(poller, "1", until=clock.now() + timedelta(seconds=12))
    other = Reader(poller, "1", until=clock.now() + timedelta(seconds=50))
    await clock.advance(11.9)
    assert not reader.done.done()
    await clock.advance(0.2)
    assert reader.done.done()
    assert reader.feed is not None
    assert reader.feed.is_expired
    assert len(poller.watch_list) == 1
    await other.leave()


async def test_a_feed_that_ended_is_not_kept_until_its_deadline(clock: FakeClock, poller: Poller) -> None:
    """70 minutes of finished tasks at 10,000 an hour took 100 MiB."""
    until = clock.now() + timedelta(minutes=70)
    async with poller.watch("1", until=until, seed=task("1")) as feed:
        left = weakref.ref(feed)
    del feed
    gc.collect()
    assert left() is None
    await clock.advance(71 * 60.0)
    assert len(poller.watch_list) == 0


async def test_a_programming_error_ends_one_poll_only(
    clock: FakeClock, relay: FakeRelay, poller: Poller, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged with its traceback, and its tasks are read again like all others."""
    relay.broken["1"] = ZeroDivisionError()
    relay.hidden.add("1")
    relay.set(task("1", progress=1))
    relay.set(task("2", progress=2))
    hurt = Reader(poller, "1")
    await clock.advance(1.0)
    well = Reader(poller, "2")
    await clock.advance(1.0)
    assert well.progress == [2]
    assert [ZeroDivisionError] == [record.exc_info[0] for record in caplog.records if record.exc_info]
    relay.broken.clear()
    await clock.advance(5.0)
    assert hurt.progress == [1]
    await hurt.leave()
    await well.leave()


async def test_a_programming_error_keeps_what_the_batch_brought(
    clock: FakeClock, relay: FakeRelay, poller: Poller
) -> None:
    """The tasks that were read are published, and keep their next time."""
    relay.set(task("1"))
    relay.set(task("2"))
    relay.hidden.add("2")
    relay.broken["2"] = ZeroDivisionError()
    readers = [Reader(poller, "1"), Reader(poller, "2")]
    await clock.advance(1.0)
    relay.broken.clear()
    await clock.advance(5.0)
    assert [len(reader.seen) for reader in readers] == [1, 1]
    assert len(relay.asked("list")) == 2
    for reader in readers:
        await reader.leave()


@pytest.mark.parametrize("seconds", [0.0, 10.0])
async def test_cancelling_the_loop_leaves_nothing_behind(clock: FakeClock, relay: FakeRelay, seconds: float) -> None:
    """Polls under way are canceled with it, and awaited."""
    relay.seconds = seconds
    relay.set(task("1"))
    async with run_poller(clock, relay) as poller:
        reader = Reader(poller, "1")
        await clock.advance(1.0)
        assert (1 if seconds else 0) == relay.under_way
    assert relay.under_way == 0
    await reader.leave()
    await clock.settle()
    assert len(asyncio.all_tasks()) == 1


async def test_watches_are_kept_until_the_loop_starts(clock: FakeClock, relay: FakeRelay) -> None:
    """Also when one of them has ended before."""
    relay.set(task("1", progress=1))
    poller = Poller(relay, PollSchedule(5.0), clock.clock)
    async with poller.watch("2"):
        reader = Reader(poller, "1")
        await clock.settle()
    loop = asyncio.create_task(poller.run())
    await clock.advance(0.1)
    assert [request.ids for request in relay.requests] == [("1",)]
    assert reader.progress == [1]
    loop.cancel()
    await reader.leave()


async def test_a_success_without_its_picture_is_polled_again(
    clock: FakeClock, relay: FakeRelay, poller: Poller
) -> None:
    """The picture often comes at the next interval; the reader gets both."""
    relay.set(task("1", Status.SUCCESS, 100, image_url="", buttons=()))
    reader = Reader(poller, "1")
    await clock.advance(6.0)
    assert not reader.done.done()
    relay.set(task("1", Status.SUCCESS, 100))
    await clock.advance(5.0)
    assert reader.done.done()
    assert [one.picture_url for one in reader.seen] == ["", "https://cdn.test/1.png"]


async def test_a_success_that_never_gets_a_picture_ends_after_a_minute(
    clock: FakeClock, relay: FakeRelay, poller: Poller
) -> None:
    """The reader gets the same snapshot again as the last one."""
    relay.set(task("1", Status.SUCCESS, 100, image_url="", buttons=()))
    reader = Reader(poller, "1")
    await clock.advance(59.0)
    assert not reader.done.done()
    await clock.advance(7.0)
    assert reader.done.done()
    assert len(reader.seen) == 2


@pytest.mark.parametrize("status", [Status.SUCCESS, Status.FAILURE, Status.CANCEL])
async def test_a_task_known_to_have_ended_is_not_polled(
    clock: FakeClock, relay: FakeRelay, poller: Poller, status: Status
) -> None:
    """Its message needs no request, and no relay that answers."""
    relay.failure = RelayUnreachable("no answer")
    reader = Reader(poller, "1", seed=task("1", status))
    await clock.advance(10.0)
    assert reader.done.done()
    assert [status] == [one.status for one in reader.seen]
    assert relay.requests == []


async def test_a_new_signature_of_a_link_is_no_change(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """`rand` changes with every answer, and is not visible."""
    reader = Reader(poller, "1")
    for rand in range(5):
        relay.set(task("1", progress=5, image_url=f"https://cdn.test/1.png?rand={rand}"))
        await clock.advance(5.0)
    assert len(reader.seen) == 1
    await reader.leave()


async def test_progress_never_goes_back(clock: FakeClock, relay: FakeRelay, poller: Poller) -> None:
    """Nor does the status: two instances of a relay may disagree."""
    reader = Reader(poller, "1", seed=task("1", progress=30))
    relay.set(task("1", Status.NOT_START, 0))
    await clock.advance(5.0)
    relay.set(task("1", progress=46))
    await clock.advance(5.0)
    relay.set(task("1", progress=31))
    await clock.advance(5.0)
    assert reader.progress == [30, 46]
    await reader.leave()


@pytest.mark.parametrize("step", [-3600.0, -5.0, 5.0, 11.0, 3600.0])
async def test_setting_the_time_moves_no_deadline(
    clock: FakeClock, relay: FakeRelay, poller: Poller, step: float
) -> None:
    relay.set(task("1", progress=5))
    reader = Reader(poller, "1", until=clock.now() + timedelta(seconds=12))
    await clock.advance(1.0)
    clock.step(step)
    await clock.advance(10.5)
    assert not reader.done.done()
    await clock.advance(1.0)
    assert reader.done.done()


@pytest.mark.parametrize("step", [-3600.0, 660.0, 86400.0])
async def test_setting_the_time_neither_stalls_a_task_nor_ends_an_unknown_one(
    clock: FakeClock, relay: FakeRelay, poller: Poller, step: float
) -> None:
    relay.set(task("1", progress=5))
    stalled, unknown = Reader(poller, "1"), Reader(poller, "2")
    await clock.advance(1.0)
    clock.step(step)
    await clock.advance(12.0)
    assert not unknown.done.done()
    assert stalled.feed is not None
    assert stalled.feed.unchanged_since is None
    await clock.advance(600.0)
    assert stalled.feed.unchanged_since == pytest.approx(
        clock.now() - timedelta(seconds=612.95), abs=timedelta(seconds=1)
    )
    assert unknown.done.done()
    with pytest.raises(TaskUnknown):
        await unknown.done
    await stalled.leave()
